//! Invoices: rows, queries, the list and its figures.

use chrono::{Months, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::filter::{InvoiceFilter, StatusFilter};
use super::tax::TaxCategory;
use super::totals::Priced;
use crate::auth::user::Actor;
use crate::db::schema::{clients, invoice_lines, invoices, payment_allocations, payments, projects};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, InvoiceLineId, ProjectId};
use crate::types::money::{self, Currency, plain_decimal};
use crate::types::pagination::{PER_PAGE, has_more};
use crate::types::text::fold;

/// What could be billed, for the dashboard.
pub use super::figures::{Ready, ready};

crate::text_enum! {
    /// How hours become lines.
    pub enum Grouping {
        /// One line a task.
        Task = "task", "Task";
        /// One line a project.
        Project = "project", "Project";
        /// One line a day.
        Day = "day", "Day";
        /// One line an entry.
        Entry = "entry", "Entry";
    }
}

crate::text_enum! {
    /// What a quantity counts, as UN/ECE Recommendation 20 codes it.
    pub enum Unit {
        /// Hours.
        Hour = "HUR", "hours";
        /// Days.
        Day = "DAY", "days";
        /// Pieces.
        Piece = "C62", "pieces";
        /// Months.
        Month = "MON", "months";
    }
}

impl Unit {
    /// What stands behind a printed quantity: "3.5 h", "2 d", "1 mo", and nothing behind pieces.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Hour => "\u{a0}h",
            Self::Day => "\u{a0}d",
            Self::Piece => "",
            Self::Month => "\u{a0}mo",
        }
    }
}

crate::text_enum! {
    /// Where an invoice stands; derived, never stored.
    pub enum InvoiceStatus {
        /// Not issued: no number, free to change.
        Draft = "draft", "Draft";
        /// Issued and not yet due.
        Open = "open", "Open";
        /// Part of it is paid and the rest is not yet due.
        PartlyPaid = "partly_paid", "Partly paid";
        /// Nothing is left to pay.
        Paid = "paid", "Paid";
        /// Past its due date in the agency's zone.
        Overdue = "overdue", "Overdue";
    }
}

/// An invoice, draft or issued. Amounts are minor units of its currency.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invoices)]
pub struct Invoice {
    /// Which.
    pub id: InvoiceId,
    /// Whom it is for.
    pub client_id: ClientId,
    /// The one project it is about, if any.
    pub project_id: Option<ProjectId>,
    /// Its number; a draft has none.
    pub number: Option<String>,
    /// Its currency.
    pub currency: Currency,
    /// Date on the document.
    pub issue_on: Option<NaiveDate>,
    /// Last day to pay.
    pub due_on: Option<NaiveDate>,
    /// First day of delivery.
    pub delivery_from: Option<NaiveDate>,
    /// Last day of delivery.
    pub delivery_to: Option<NaiveDate>,
    /// How hours become lines.
    pub grouping: Grouping,
    /// Words to the client.
    pub note: String,
    /// Words on payment.
    pub terms: String,
    /// Sum of the lines.
    pub net_cents: i64,
    /// Sum of the taxes.
    pub tax_cents: i64,
    /// Net and tax.
    pub total_cents: i64,
    /// Sum of the payments.
    pub paid_cents: i64,
    /// Sum of the credits.
    pub credited_cents: i64,
    /// When it got its number.
    pub issued_at: Option<UtcTime>,
    /// When nothing was left to pay.
    pub settled_at: Option<UtcTime>,
    /// When the draft began.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl Invoice {
    /// Whether it may still change.
    pub fn is_draft(&self) -> bool {
        self.issued_at.is_none()
    }

    /// What is left to pay.
    pub fn balance(&self) -> i64 {
        self.total_cents - self.paid_cents - self.credited_cents
    }

    /// Where it stands on `today`, a day in the agency's zone.
    pub fn status(&self, today: NaiveDate) -> InvoiceStatus {
        if self.is_draft() {
            InvoiceStatus::Draft
        } else if self.settled_at.is_some() {
            InvoiceStatus::Paid
        } else if self.days_late(today) > 0 {
            InvoiceStatus::Overdue
        } else if self.paid_cents > 0 {
            InvoiceStatus::PartlyPaid
        } else {
            InvoiceStatus::Open
        }
    }

    /// Days since it was due while something is left to pay; 0 or less when it is not late.
    pub fn days_late(&self, today: NaiveDate) -> i64 {
        self.due_on.map_or(0, |due| today.signed_duration_since(due).num_days())
    }

    /// The badge's words: "Overdue" becomes "12 days late".
    pub fn badge(&self, today: &NaiveDate) -> String {
        match self.status(*today) {
            InvoiceStatus::Overdue => {
                let days = self.days_late(*today);
                format!("{days} day{} late", if days == 1 { "" } else { "s" })
            }
            status => status.label().to_owned(),
        }
    }

    /// The badge's colour.
    pub fn tone(&self, today: &NaiveDate) -> &'static str {
        match self.status(*today) {
            InvoiceStatus::Draft => "",
            InvoiceStatus::Open => "badge-info",
            InvoiceStatus::PartlyPaid => "badge-warn",
            InvoiceStatus::Paid => "badge-ok",
            InvoiceStatus::Overdue => "badge-bad",
        }
    }

    /// "INV-2026-0007", or "Draft".
    pub fn name(&self) -> &str {
        self.number.as_deref().unwrap_or("Draft")
    }
}

/// A line of an invoice.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invoice_lines)]
pub struct InvoiceLine {
    /// Which.
    pub id: InvoiceLineId,
    /// Its place, from 1.
    pub position: i64,
    /// What it is for.
    pub title: String,
    /// More about it.
    pub details: String,
    /// Quantity in ten-thousandths.
    pub quantity_e4: i64,
    /// What the quantity counts.
    pub unit: Unit,
    /// Price of one unit.
    pub unit_price_cents: i64,
    /// Tax in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// Why it is taxed so.
    pub tax_category: TaxCategory,
    /// Quantity times price, rounded.
    pub net_cents: i64,
    /// Seconds of the hours it claims; `None` for a free line.
    pub logged_seconds: Option<i64>,
    /// The sum of those hours' own values.
    pub logged_cents: Option<i64>,
    /// The price of an hour that they agree on.
    pub logged_rate_cents: Option<i64>,
    /// Why it bills less or more than they say.
    pub adjustment_reason: String,
}

impl InvoiceLine {
    /// What counts of it.
    pub fn priced(&self) -> Priced {
        Priced {
            quantity_e4: self.quantity_e4,
            unit_price_cents: self.unit_price_cents,
            tax_rate_millis: self.tax_rate_millis,
            tax_category: self.tax_category,
        }
    }

    /// Whether it bills less or more than its hours say.
    pub fn is_adjusted(&self) -> bool {
        let Some((seconds, rate)) = self.logged_seconds.zip(self.logged_rate_cents) else { return false };
        self.unit != Unit::Hour
            || self.unit_price_cents != rate
            || money::hours_e4(seconds) != Some(self.quantity_e4)
    }

    /// "3.5 h".
    pub fn quantity(&self) -> String {
        format!("{}{}", plain_decimal(self.quantity_e4, 4), self.unit.suffix())
    }
}

/// A line to be stored, valid by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    /// What it is for.
    pub title: String,
    /// More about it.
    pub details: String,
    /// Quantity in ten-thousandths.
    pub quantity_e4: i64,
    /// What the quantity counts.
    pub unit: Unit,
    /// Price of one unit.
    pub unit_price_cents: i64,
    /// Tax in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// Why it is taxed so.
    pub tax_category: TaxCategory,
    /// Why it bills less or more than its hours say; blank when it does not.
    pub adjustment_reason: String,
}

impl NewLine {
    /// What counts of it.
    pub fn priced(&self) -> Priced {
        Priced {
            quantity_e4: self.quantity_e4,
            unit_price_cents: self.unit_price_cents,
            tax_rate_millis: self.tax_rate_millis,
            tax_category: self.tax_category,
        }
    }
}

type Invoices<'a> = invoices::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The invoices that `actor` may see: all, for a role that sees money; none, for the others.
pub fn visible_to<'a>(actor: &Actor) -> Invoices<'a> {
    let query = invoices::table.into_boxed();
    if actor.sees_money() { query } else { query.filter(sql::<Bool>("1 = 0")) }
}

/// The invoice, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: InvoiceId) -> AppResult<Invoice> {
    Ok(visible_to(actor).filter(invoices::id.eq(id)).select(Invoice::as_select()).first(conn)?)
}

/// The invoice, locked until the transaction ends: what is decided on it stays true.
pub fn find_locked(conn: &mut Conn, actor: &Actor, id: InvoiceId) -> AppResult<Invoice> {
    dialect::lock_row(conn, dialect::LockedTable::Invoices, id.0)?;
    find(conn, actor, id)
}

/// A draft, locked; a conflict when it is issued, or when `version` is not the one it has.
pub fn find_draft(conn: &mut Conn, actor: &Actor, id: InvoiceId, version: Option<i64>) -> AppResult<Invoice> {
    let invoice = find_locked(conn, actor, id)?;
    if let Some(number) = &invoice.number {
        return Err(AppError::Conflict(format!("{number} is issued and stays as it is.")));
    }
    if version.is_some_and(|version| version != invoice.version) {
        return Err(AppError::Conflict(
            "Somebody else changed this draft meanwhile. Reload to see how it stands.".into(),
        ));
    }
    Ok(invoice)
}

/// An invoice's lines, in order.
pub fn lines_of(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<InvoiceLine>> {
    Ok(invoice_lines::table
        .filter(invoice_lines::invoice_id.eq(id))
        .order(invoice_lines::position)
        .select(InvoiceLine::as_select())
        .load(conn)?)
}

/// A project's name.
pub fn project_name(conn: &mut Conn, id: Option<ProjectId>) -> AppResult<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    Ok(projects::table.find(id).select(projects::name).first(conn).optional()?)
}

/// Id and name of a client's projects, by name, for a choice.
pub fn project_choices(conn: &mut Conn, client: ClientId) -> AppResult<Vec<(ProjectId, String)>> {
    Ok(projects::table
        .filter(projects::client_id.eq(client))
        .order((projects::name_key, projects::id))
        .select((projects::id, projects::name))
        .load(conn)?)
}

/// A row of the list.
#[derive(Debug, Clone)]
pub struct InvoiceRow {
    /// The invoice.
    pub invoice: Invoice,
    /// Its client's name today.
    pub client: String,
    /// Its project's name.
    pub project: Option<String>,
}

/// A page of the list and the row after which the next begins. What is open stands in the order of due dates,
/// everything else newest first.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &InvoiceFilter,
    today: NaiveDate,
) -> AppResult<(Vec<InvoiceRow>, Option<InvoiceId>)> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut query = invoices::table
        .inner_join(clients::table)
        .left_join(projects::table)
        .select((Invoice::as_select(), clients::name, projects::name.nullable()))
        .limit(PER_PAGE + 1)
        .into_boxed();
    let by_due = matches!(filter.status, StatusFilter::Open | StatusFilter::Overdue);
    query = match filter.status {
        StatusFilter::All => query,
        StatusFilter::Draft => query.filter(invoices::issued_at.is_null()),
        StatusFilter::Open | StatusFilter::Overdue => {
            query.filter(invoices::issued_at.is_not_null()).filter(invoices::settled_at.is_null())
        }
        StatusFilter::Paid => query.filter(invoices::settled_at.is_not_null()),
    };
    if filter.status == StatusFilter::Overdue {
        query = query.filter(invoices::due_on.lt(today));
    }
    if let Some(client) = filter.client {
        query = query.filter(invoices::client_id.eq(client));
    }
    if let Some(project) = filter.project {
        query = query.filter(invoices::project_id.eq(project));
    }
    for word in fold(&filter.q).split(' ').filter(|word| !word.is_empty()) {
        let pattern = dialect::contains(word);
        let in_number = sql::<Bool>("lower(coalesce(invoices.number, '')) LIKE ")
            .bind::<Text, _>(pattern.clone())
            .sql(" ESCAPE '\\'");
        query = query.filter(in_number.or(clients::name_key.like(pattern).escape('\\')));
    }
    if let Some(month) = filter.paid_in {
        let end = month.checked_add_months(Months::new(1)).unwrap_or(month);
        let paid = payment_allocations::table
            .inner_join(payments::table)
            .filter(payments::received_on.ge(month))
            .filter(payments::received_on.lt(end))
            .select(payment_allocations::invoice_id);
        query = query.filter(invoices::id.eq_any(paid));
    }
    if let Some(after) = filter.after {
        query = if by_due {
            let due: Option<NaiveDate> =
                invoices::table.find(after).select(invoices::due_on).first(conn).optional()?.flatten();
            let due = due.unwrap_or_default();
            query.filter(
                invoices::due_on
                    .gt(due)
                    .or(invoices::due_on.eq(due).and(invoices::id.gt(after)))
                    .assume_not_null(),
            )
        } else {
            query.filter(invoices::id.lt(after))
        };
    }
    query =
        if by_due { query.order((invoices::due_on, invoices::id)) } else { query.order(invoices::id.desc()) };
    let rows: Vec<(Invoice, String, Option<String>)> = query.load(conn)?;
    let mut rows: Vec<InvoiceRow> =
        rows.into_iter().map(|(invoice, client, project)| InvoiceRow { invoice, client, project }).collect();
    let more = has_more(&mut rows, PER_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.invoice.id);
    Ok((rows, next))
}
