//! Versions of quotes: the one draft, changed and sent; after that a change is a new version.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{self, QuoteRow, QuoteVersion};
use crate::agency::model::{self as agency, Agency};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::draft::check_project;
use crate::billing::outline::{Basis, Outline};
use crate::billing::parties::{Buyer, Seller, billing_contact};
use crate::billing::print::{Document, QuoteHead};
use crate::billing::series::Series;
use crate::clients::model::{self as clients, Client};
use crate::db::schema::{quote_versions, quotes};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult, FormErrors};
use crate::keys::sha256_hex;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, QuoteId};
use crate::types::money::{Currency, Money};
use crate::types::zone;

/// Versions that one quote may have.
const MOST: i64 = 100;

/// A quote to be made, valid by construction but for what only the database knows.
#[derive(Debug, Clone)]
pub struct NewQuote {
    /// For whom.
    pub client: ClientId,
    /// For which of its projects.
    pub project: Option<ProjectId>,
    /// What it is about.
    pub title: String,
    /// The last day to accept it.
    pub expires_on: Option<NaiveDate>,
}

/// What the editor may set.
#[derive(Debug, Clone)]
pub struct QuoteChanges {
    /// What it is about.
    pub title: String,
    /// The last day to accept it.
    pub expires_on: Option<NaiveDate>,
    /// Its lines, not added up yet.
    pub outline: Outline,
}

/// Begins a quote with an empty draft.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewQuote) -> AppResult<QuoteId> {
    let client = match clients::find_held(conn, actor, new.client) {
        Err(AppError::NotFound) => return Err(AppError::invalid("client_id", "is not a client")),
        found => found?,
    };
    if client.is_archived() {
        return Err(AppError::invalid("client_id", "is archived; restore it first"));
    }
    check_project(conn, client.id, new.project)?;
    let id: QuoteId = diesel::insert_into(quotes::table)
        .values((
            quotes::client_id.eq(client.id),
            quotes::project_id.eq(new.project),
            quotes::currency.eq(client.currency),
            quotes::created_by.eq(actor.id),
            quotes::created_at.eq(now),
            quotes::updated_at.eq(now),
        ))
        .returning(quotes::id)
        .get_result(conn)?;
    let outline = Outline::empty(&Basis::load(conn, &client, client.currency)?);
    insert(conn, actor, now, (id, 1), &new.title, new.expires_on, &outline)?;
    let row = model::find(conn, actor, id)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Created, &row))?;
    Ok(id)
}

fn insert(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (quote, ordinal): (QuoteId, i64),
    title: &str,
    expires_on: Option<NaiveDate>,
    outline: &Outline,
) -> AppResult<()> {
    diesel::insert_into(quote_versions::table)
        .values((
            quote_versions::quote_id.eq(quote),
            quote_versions::ordinal.eq(ordinal),
            quote_versions::title.eq(title),
            quote_versions::expires_on.eq(expires_on),
            quote_versions::content.eq(outline.text()?),
            quote_versions::net_cents.eq(outline.totals.net),
            quote_versions::tax_cents.eq(outline.totals.tax),
            quote_versions::total_cents.eq(outline.totals.total),
            quote_versions::created_by.eq(actor.id),
            quote_versions::created_at.eq(now),
            quote_versions::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The quote and its draft, locked; a conflict when there is none, or when `version` is not the one it has.
fn find_draft(
    conn: &mut Conn,
    actor: &Actor,
    id: QuoteId,
    version: Option<i64>,
) -> AppResult<(QuoteRow, QuoteVersion)> {
    let row = model::find_locked(conn, actor, id)?;
    let Some(draft) = row.draft().cloned() else {
        let name = row.quote.name();
        return Err(AppError::Conflict(format!("{name} was sent and stays as it is. Make a new version.")));
    };
    if version.is_some_and(|version| version != draft.version) {
        return Err(AppError::Conflict(
            "Somebody else changed this draft meanwhile. Reload to see how it stands.".into(),
        ));
    }
    Ok((row, draft))
}

/// The draft as it stands, for who is about to change it.
pub fn editable(conn: &mut Conn, actor: &Actor, id: QuoteId) -> AppResult<(QuoteRow, QuoteVersion)> {
    find_draft(conn, actor, id, None)
}

/// Saves the editor's fields and lines over version `version` of the draft.
pub fn save(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: QuoteId,
    version: i64,
    changes: QuoteChanges,
) -> AppResult<()> {
    let (row, draft) = find_draft(conn, actor, id, Some(version))?;
    let outline = changes.outline.added_up()?;
    diesel::update(quote_versions::table.find(draft.id))
        .set((
            quote_versions::title.eq(&changes.title),
            quote_versions::expires_on.eq(changes.expires_on),
            quote_versions::content.eq(outline.text()?),
            quote_versions::net_cents.eq(outline.totals.net),
            quote_versions::tax_cents.eq(outline.totals.tax),
            quote_versions::total_cents.eq(outline.totals.total),
            quote_versions::updated_at.eq(now),
            quote_versions::version.eq(version + 1),
        ))
        .execute(conn)?;
    touch(conn, now, id)?;
    let money = |cents: i64| Money::new(cents, row.quote.currency);
    let date = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let entry = entry(Action::Updated, &row)
        .change("title", &draft.title, &changes.title)
        .change("expires_on", date(draft.expires_on), date(changes.expires_on))
        .change("total", money(draft.total_cents), money(outline.totals.total));
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(())
}

fn touch(conn: &mut Conn, now: UtcTime, id: QuoteId) -> AppResult<()> {
    diesel::update(quotes::table.find(id)).set(quotes::updated_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Everything that still stops a draft from being sent on `today`, by field.
fn lint(
    draft: &QuoteVersion,
    outline: &Outline,
    agency: &Agency,
    client: &Client,
    today: NaiveDate,
) -> FormErrors {
    let mut faults = FormErrors::default();
    let mut require = |holds: bool, field: &str, message: &str| {
        if !holds {
            faults.add(field, message);
        }
    };
    require(!agency.name.is_empty(), "seller_name", "can't be blank");
    require(!client.name.is_empty(), "buyer_name", "can't be blank");
    require(!outline.lines.is_empty(), "lines", "can't be blank");
    require(!outline.lacks_treatment(), "tax_category", "must be chosen for the lines at 0 %");
    match draft.expires_on {
        Some(last) => require(last >= today, "expires_on", "has passed"),
        None => require(false, "expires_on", "can't be blank"),
    }
    faults
}

/// Sends the draft: the quote gets its number with the first version, and the version is frozen with its document. All
/// faults are named at once, and a draft with faults takes no number.
pub fn issue(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: QuoteId,
    version: Option<i64>,
) -> AppResult<QuoteRow> {
    let (row, draft) = find_draft(conn, actor, id, version)?;
    if row.is_accepted() {
        return Err(AppError::Conflict("This quote was accepted already. Offer more by a new one.".into()));
    }
    let outline = model::outline(conn, draft.id)?;
    let agency = agency::load(conn)?;
    let client = clients::find(conn, actor, row.quote.client_id)?;
    let today = zone::local_date(now, agency.zone());
    let faults = lint(&draft, &outline, &agency, &client, today);
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let (number, issue_on) = match &row.quote.number {
        Some(number) => (number.clone(), today),
        None => take_number(conn, id, today)?,
    };
    let seller = Seller::of(&agency);
    let buyer = Buyer::of(&client, billing_contact(conn, client.id)?);
    let stored = (
        serde_json::to_string(&seller).map_err(AppError::internal)?,
        serde_json::to_string(&buyer).map_err(AppError::internal)?,
    );
    let head = head(&draft, Some(&number), Some(issue_on), row.quote.currency);
    let html = Document::of_quote(conn, head, &outline, seller, buyer)?.html()?;
    diesel::update(quote_versions::table.find(draft.id))
        .set((
            quote_versions::issue_on.eq(issue_on),
            quote_versions::seller.eq(stored.0),
            quote_versions::buyer.eq(stored.1),
            quote_versions::sha256.eq(sha256_hex(&html)),
            quote_versions::html.eq(&html),
            quote_versions::issued_at.eq(now),
            quote_versions::issued_by.eq(actor.id),
            quote_versions::updated_at.eq(now),
            quote_versions::version.eq(draft.version + 1),
        ))
        .execute(conn)?;
    touch(conn, now, id)?;
    let row = model::find(conn, actor, id)?;
    let entry = entry(Action::Issued, &row).change("version", "", draft.ordinal).change(
        "total",
        "",
        Money::new(draft.total_cents, row.quote.currency),
    );
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(row)
}

/// Takes the next number for a quote of `today`; in order of dates, as invoices.
fn take_number(conn: &mut Conn, id: QuoteId, today: NaiveDate) -> AppResult<(String, NaiveDate)> {
    let series = Series::locked(conn, "quote")?;
    let issue_on = series.last_issue_on.map_or(today, |last| last.max(today));
    let place = series.next(issue_on);
    series.take(conn, &place, issue_on)?;
    diesel::update(quotes::table.find(id))
        .set((
            quotes::series_id.eq(series.id),
            quotes::series_year.eq(place.year),
            quotes::seq.eq(place.seq),
            quotes::number.eq(&place.number),
        ))
        .execute(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict(format!("The number {} is taken already.", place.number)),
            None => error.into(),
        })?;
    Ok((place.number, issue_on))
}

/// What is printed beside the lines of a version.
fn head(
    version: &QuoteVersion,
    number: Option<&str>,
    issue_on: Option<NaiveDate>,
    currency: Currency,
) -> QuoteHead {
    let number = number.map(|number| match version.ordinal {
        1 => number.to_owned(),
        ordinal => format!("{number}, version {ordinal}"),
    });
    QuoteHead { number, title: version.title.clone(), issue_on, expires_on: version.expires_on, currency }
}

/// The document of a draft as it would be sent.
pub fn preview(conn: &mut Conn, actor: &Actor, row: &QuoteRow, draft: &QuoteVersion) -> AppResult<String> {
    let outline = model::outline(conn, draft.id)?;
    let agency = agency::load(conn)?;
    let client = clients::find(conn, actor, row.quote.client_id)?;
    let buyer = Buyer::of(&client, billing_contact(conn, client.id)?);
    let head = head(draft, None, None, row.quote.currency);
    Document::of_quote(conn, head, &outline, Seller::of(&agency), buyer)?.html()
}

/// Makes a draft of what was sent last, for a new version.
pub fn revise(conn: &mut Conn, actor: &Actor, now: UtcTime, id: QuoteId) -> AppResult<QuoteRow> {
    let row = model::find_locked(conn, actor, id)?;
    if row.draft().is_some() {
        return Err(AppError::Conflict("This quote has a draft already. Change that one.".into()));
    }
    if row.is_accepted() {
        return Err(AppError::Conflict("This quote was accepted already. Offer more by a new one.".into()));
    }
    let sent = row.sent().ok_or(AppError::NotFound)?;
    if sent.ordinal >= MOST {
        return Err(AppError::Conflict(format!("A quote has {MOST} versions at most.")));
    }
    let outline = model::outline(conn, sent.id)?;
    insert(conn, actor, now, (id, sent.ordinal + 1), &sent.title, sent.expires_on, &outline)?;
    touch(conn, now, id)?;
    audit::record(
        conn,
        Some(actor.id),
        now,
        &entry(Action::Updated, &row).change("draft", "", sent.ordinal + 1),
    )?;
    model::find(conn, actor, id)
}

/// Throws the draft away; with it the quote, if nothing of it was sent.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: QuoteId) -> AppResult<()> {
    let (row, draft) = find_draft(conn, actor, id, None)?;
    diesel::delete(quote_versions::table.find(draft.id)).execute(conn)?;
    let entry = if row.quote.number.is_none() {
        diesel::delete(quotes::table.find(id)).execute(conn)?;
        entry(Action::Deleted, &row)
    } else {
        entry(Action::Updated, &row).change("draft", draft.ordinal, "")
    };
    audit::record(conn, Some(actor.id), now, &entry)
}

/// An entry of the activity log about a quote.
pub(super) fn entry(action: Action, row: &QuoteRow) -> Entry {
    let label = match &row.quote.number {
        Some(number) => number.clone(),
        None => format!("draft for {}", row.client),
    };
    let entry = Entry::new(action, Subject::Quote, row.quote.id.0, &label).client(row.quote.client_id);
    match row.quote.project_id {
        Some(project) => entry.project(project),
        None => entry,
    }
}
