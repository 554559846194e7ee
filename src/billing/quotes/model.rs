//! Quotes: rows, queries and where they stand.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date};

use super::filter::{QuoteFilter, QuoteStatusFilter};
use crate::auth::user::Actor;
use crate::billing::outline::Outline;
use crate::db::cached::Cache;
use crate::db::schema::{
    clients, invoices, projects, quote_answers, quote_conversions, quote_versions, quotes,
};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ProjectId, QuoteId, QuoteVersionId, UserId};
use crate::types::money::Currency;
use crate::types::pagination::{PER_PAGE, has_more};

crate::text_enum! {
    /// Where a quote stands; derived, never stored.
    pub enum QuoteStatus {
        /// Nothing was sent yet.
        Draft = "draft", "Draft";
        /// Sent, and waits for an answer.
        Sent = "sent", "Sent";
        /// Not answered by its last day.
        Expired = "expired", "Expired";
        /// The client agreed.
        Accepted = "accepted", "Accepted";
        /// The client did not agree to the latest version.
        Declined = "declined", "Declined";
        /// It became an invoice.
        Converted = "converted", "Converted";
    }
}

crate::text_enum! {
    /// What a client said.
    pub enum AnswerKind {
        /// Yes.
        Accepted = "accepted", "Accepted";
        /// No.
        Declined = "declined", "Declined";
    }
}

/// A quote. What it says is in its versions.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = quotes)]
pub struct Quote {
    /// Which.
    pub id: QuoteId,
    /// For whom.
    pub client_id: ClientId,
    /// For which of its projects.
    pub project_id: Option<ProjectId>,
    /// What its amounts are of.
    pub currency: Currency,
    /// Its number; none before the first version is sent.
    pub number: Option<String>,
    /// When it began.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
}

impl Quote {
    /// "QUO-2026-0007", or "Draft".
    pub fn name(&self) -> &str {
        self.number.as_deref().unwrap_or("Draft")
    }
}

/// A version without its lines. Amounts are minor units of the quote's currency.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = quote_versions)]
pub struct QuoteVersion {
    /// Which.
    pub id: QuoteVersionId,
    /// Of which quote.
    pub quote_id: QuoteId,
    /// Its place, from 1.
    pub ordinal: i64,
    /// What it is about.
    pub title: String,
    /// Sum without tax.
    pub net_cents: i64,
    /// Sum of the taxes.
    pub tax_cents: i64,
    /// Net, tax and rounding.
    pub total_cents: i64,
    /// The last day to accept it.
    pub expires_on: Option<NaiveDate>,
    /// Date on the document.
    pub issue_on: Option<NaiveDate>,
    /// SHA-256 of the document as it was sent.
    pub sha256: Option<String>,
    /// When it was sent.
    pub issued_at: Option<UtcTime>,
    /// When it began.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl QuoteVersion {
    /// Whether it may still change.
    pub fn is_draft(&self) -> bool {
        self.issued_at.is_none()
    }

    /// Whether its last day to accept has passed.
    pub fn is_expired(&self, today: NaiveDate) -> bool {
        self.expires_on.is_some_and(|last| last < today)
    }
}

/// What was answered to a version.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = quote_answers)]
pub struct Answer {
    /// To which version.
    pub version_id: QuoteVersionId,
    /// Of which quote.
    pub quote_id: QuoteId,
    /// Yes or no.
    pub answer: AnswerKind,
    /// Who answered.
    pub name: String,
    /// Why not.
    pub reason: String,
    /// Where it came from; none when one of us noted it.
    pub ip: Option<String>,
    /// Which of us noted it.
    pub recorded_by: Option<UserId>,
    /// SHA-256 of what was answered.
    pub document_sha256: String,
    /// When.
    pub answered_at: UtcTime,
}

/// A quote with all that tells where it stands.
#[derive(Debug, Clone)]
pub struct QuoteRow {
    /// The quote.
    pub quote: Quote,
    /// Its client's name today.
    pub client: String,
    /// Its project's name.
    pub project: Option<String>,
    /// Its versions, newest first.
    pub versions: Vec<QuoteVersion>,
    /// What was answered.
    pub answers: Vec<Answer>,
    /// The invoice that was made of it: which, and its number if it has one.
    pub invoice: Option<(InvoiceId, Option<String>)>,
}

impl QuoteRow {
    /// The version that may still change.
    pub fn draft(&self) -> Option<&QuoteVersion> {
        self.versions.iter().find(|version| version.is_draft())
    }

    /// The version that was sent last.
    pub fn sent(&self) -> Option<&QuoteVersion> {
        self.versions.iter().find(|version| !version.is_draft())
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&QuoteVersion> {
        self.versions.first()
    }

    /// The version that counts: the one that was accepted, else the newest.
    pub fn shown(&self) -> Option<&QuoteVersion> {
        if self.is_accepted() { self.sent() } else { self.newest() }
    }

    /// What was answered to a version.
    pub fn answer_to(&self, id: &QuoteVersionId) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.version_id == *id)
    }

    /// The answer that counts: to the version that was sent last.
    pub fn answer(&self) -> Option<&Answer> {
        self.answer_to(&self.sent()?.id)
    }

    /// Whether the client agreed.
    pub fn is_accepted(&self) -> bool {
        self.answer().is_some_and(|answer| answer.answer == AnswerKind::Accepted)
    }

    /// Where it stands on `today`, a day in the agency's zone.
    pub fn status(&self, today: NaiveDate) -> QuoteStatus {
        let Some(sent) = self.sent() else { return QuoteStatus::Draft };
        match self.answer().map(|answer| answer.answer) {
            Some(AnswerKind::Accepted) if self.invoice.is_some() => QuoteStatus::Converted,
            Some(AnswerKind::Accepted) => QuoteStatus::Accepted,
            Some(AnswerKind::Declined) => QuoteStatus::Declined,
            None if sent.is_expired(today) => QuoteStatus::Expired,
            None => QuoteStatus::Sent,
        }
    }

    /// The words of its badge.
    pub fn badge(&self, today: &NaiveDate) -> &'static str {
        self.status(*today).label()
    }

    /// The colour of its badge.
    pub fn tone(&self, today: &NaiveDate) -> &'static str {
        match self.status(*today) {
            QuoteStatus::Draft | QuoteStatus::Converted => "",
            QuoteStatus::Sent => "badge-info",
            QuoteStatus::Expired => "badge-warn",
            QuoteStatus::Accepted => "badge-ok",
            QuoteStatus::Declined => "badge-bad",
        }
    }
}

/// The quote, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: QuoteId) -> AppResult<QuoteRow> {
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    load(conn, id)
}

/// [`find`], locked until the transaction ends: what is decided on it stays true.
pub fn find_locked(conn: &mut Conn, actor: &Actor, id: QuoteId) -> AppResult<QuoteRow> {
    dialect::lock_row(conn, dialect::LockedTable::Quotes, id.0)?;
    find(conn, actor, id)
}

/// The quote, for whoever has shown that they may see it.
pub(super) fn load(conn: &mut Conn, id: QuoteId) -> AppResult<QuoteRow> {
    let row: (Quote, String, Option<String>) = quotes::table
        .inner_join(clients::table)
        .left_join(projects::table.on(projects::id.nullable().eq(quotes::project_id)))
        .filter(quotes::id.eq(id))
        .select((Quote::as_select(), clients::name, projects::name.nullable()))
        .first(conn)?;
    gather(conn, vec![row])?.pop().ok_or(AppError::NotFound)
}

/// What a version says.
pub fn outline(conn: &mut Conn, id: QuoteVersionId) -> AppResult<Outline> {
    Ok(quote_versions::table.find(id).select(quote_versions::content).first(conn)?)
}

/// The document of a version as it was sent; `None` for a draft.
pub fn document(conn: &mut Conn, id: QuoteVersionId) -> AppResult<Option<String>> {
    Ok(quote_versions::table.find(id).select(quote_versions::html).first(conn)?)
}

/// The sent version that stands on `quotes.id`, in SQL.
const SENT: &str = "(SELECT v.id FROM quote_versions v WHERE v.quote_id = quotes.id AND v.issued_at IS NOT NULL \
                    ORDER BY v.ordinal DESC LIMIT 1)";
/// Its last day to be accepted.
const LAST_DAY: &str = "(SELECT v.expires_on FROM quote_versions v WHERE v.quote_id = quotes.id \
                        AND v.issued_at IS NOT NULL ORDER BY v.ordinal DESC LIMIT 1)";
/// Whether an invoice was made of it.
const CONVERTED: &str = "EXISTS (SELECT 1 FROM quote_conversions c WHERE c.quote_id = quotes.id)";

/// A page of quotes, newest first, and the row after which the next begins.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &QuoteFilter,
    today: NaiveDate,
) -> AppResult<(Vec<QuoteRow>, Option<QuoteId>)> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut query = quotes::table
        .inner_join(clients::table)
        .left_join(projects::table.on(projects::id.nullable().eq(quotes::project_id)))
        .select((Quote::as_select(), clients::name, projects::name.nullable()))
        .order(quotes::id.desc())
        .limit(PER_PAGE + 1)
        .into_boxed();
    let answered = |kind: &str| {
        format!("EXISTS (SELECT 1 FROM quote_answers a WHERE a.version_id = {SENT} AND a.answer = '{kind}')")
    };
    let open = format!(
        "quotes.number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM quote_answers a WHERE a.version_id = {SENT})"
    );
    query = match filter.status {
        QuoteStatusFilter::All => query,
        QuoteStatusFilter::Draft => query.filter(quotes::number.is_null()),
        QuoteStatusFilter::Sent => {
            query.filter(sql::<Bool>(&format!("{open} AND {LAST_DAY} >= ")).bind::<Date, _>(today))
        }
        QuoteStatusFilter::Expired => {
            query.filter(sql::<Bool>(&format!("{open} AND {LAST_DAY} < ")).bind::<Date, _>(today))
        }
        QuoteStatusFilter::Accepted => {
            query.filter(sql::<Bool>(&format!("{} AND NOT {CONVERTED}", answered("accepted"))))
        }
        QuoteStatusFilter::Declined => query.filter(sql::<Bool>(&answered("declined"))),
        QuoteStatusFilter::Converted => query.filter(sql::<Bool>(CONVERTED)),
    };
    if let Some(client) = filter.client {
        query = query.filter(quotes::client_id.eq(client));
    }
    if let Some(project) = filter.project {
        query = query.filter(quotes::project_id.eq(project));
    }
    if let Some(after) = filter.after {
        query = query.filter(quotes::id.lt(after));
    }
    let mut rows: Vec<(Quote, String, Option<String>)> = query.cached().load(conn)?;
    let more = has_more(&mut rows, PER_PAGE);
    let next = rows.last().filter(|_| more).map(|(quote, ..)| quote.id);
    Ok((gather(conn, rows)?, next))
}

/// Quotes with their versions, answers and invoices: three queries, however many.
fn gather(conn: &mut Conn, rows: Vec<(Quote, String, Option<String>)>) -> AppResult<Vec<QuoteRow>> {
    let ids: Vec<QuoteId> = rows.iter().map(|(quote, ..)| quote.id).collect();
    let mut versions: Vec<QuoteVersion> = quote_versions::table
        .filter(quote_versions::quote_id.eq_any(&ids))
        .select(QuoteVersion::as_select())
        .cached()
        .load(conn)?;
    versions.sort_by_key(|version| std::cmp::Reverse(version.ordinal));
    let answers: Vec<Answer> = quote_answers::table
        .filter(quote_answers::quote_id.eq_any(&ids))
        .select(Answer::as_select())
        .cached()
        .load(conn)?;
    let made: Vec<(QuoteId, InvoiceId, Option<String>)> = quote_conversions::table
        .inner_join(invoices::table)
        .filter(quote_conversions::quote_id.eq_any(&ids))
        .select((quote_conversions::quote_id, invoices::id, invoices::number))
        .cached()
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(quote, client, project)| QuoteRow {
            versions: versions.iter().filter(|version| version.quote_id == quote.id).cloned().collect(),
            answers: answers.iter().filter(|answer| answer.quote_id == quote.id).cloned().collect(),
            invoice: made
                .iter()
                .find(|(of, ..)| *of == quote.id)
                .map(|(_, invoice, number)| (*invoice, number.clone())),
            quote,
            client,
            project,
        })
        .collect())
}
