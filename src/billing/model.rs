//! Invoices: rows, queries, the list and its figures.

use chrono::{Months, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::filter::{InvoiceFilter, StatusFilter};
use super::tax::TaxNames;
use super::totals::{Discount, Pricing};
use crate::auth::user::Actor;
use crate::db::schema::{clients, invoice_lines, invoices, mails, payment_allocations, payments, projects};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::mail::model::MailState;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ProjectId};
use crate::types::money::{Currency, Money, plain_decimal};
use crate::types::pagination::{PER_PAGE, has_more};
use crate::types::text::fold;

/// What could be billed, for the dashboard.
pub use super::figures::{Figure, Figures, Sum, of_all};
pub use super::line::{InvoiceLine, NewLine, Unit};

crate::text_enum! {
    /// What an issued document does.
    pub enum Kind {
        /// Bills.
        Invoice = "invoice", "Invoice";
        /// Takes back what an invoice billed.
        CreditNote = "credit_note", "Credit note";
    }
}

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
        /// All of it was taken back by credit notes.
        Credited = "credited", "Credited";
        /// What was left of it is no longer expected.
        WrittenOff = "written_off", "Written off";
        /// A credit note of which something is left to apply or refund.
        Credit = "credit", "Credit";
        /// A credit note that is used up.
        Applied = "applied", "Applied";
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
    /// Whether it bills or takes back.
    pub kind: Kind,
    /// The invoice that a credit note corrects.
    pub corrects_id: Option<InvoiceId>,
    /// Why it does.
    pub reason: String,
    /// Whether it asks for money before the work.
    pub is_deposit: bool,
    /// Whether its hours are listed on a page of their own.
    pub with_time_detail: bool,
    /// Whether tax is in the prices of its lines already.
    pub prices_include_tax: bool,
    /// What the tax is called; blank is "tax".
    pub tax_name: String,
    /// What the second tax is called.
    pub second_tax_name: String,
    /// The discount in thousandths of a percent, where it was agreed so.
    pub discount_millis: Option<i64>,
    /// Taken off the sum of the lines.
    pub discount_cents: i64,
    /// The smallest coin that its total is rounded to.
    pub rounding_step_cents: i64,
    /// What that adds to the total.
    pub rounding_cents: i64,
    /// One unit of its currency in millionths of the agency's, once that is known.
    pub exchange_rate_e6: Option<i64>,
    /// The agency's currency when it was issued.
    pub base_currency: Option<Currency>,
    /// Its net in that currency at that rate: what taxes and rounding leave of the total.
    pub base_net_cents: Option<i64>,
    /// Its taxes in that currency.
    pub base_tax_cents: Option<i64>,
    /// Its total in that currency.
    pub base_total_cents: Option<i64>,
    /// What is left of the lines after the discount, without tax.
    pub net_cents: i64,
    /// Sum of the taxes.
    pub tax_cents: i64,
    /// Net, tax and rounding.
    pub total_cents: i64,
    /// Sum of the payments; for a credit note, of the refunds.
    pub paid_cents: i64,
    /// Sum of the credits; for a credit note, what of it settles invoices.
    pub credited_cents: i64,
    /// What we no longer expect.
    pub written_off_cents: i64,
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
    /// Its total in the agency's currency, where that is another one than its own.
    pub fn base_total(&self) -> Option<Money> {
        let base = self.base_currency.filter(|base| *base != self.currency)?;
        self.base_total_cents.map(|cents| Money::new(cents, base))
    }

    /// One unit of its currency in the agency's, as "1.08".
    pub fn rate(&self) -> Option<String> {
        self.exchange_rate_e6.map(|rate| plain_decimal(rate, 6))
    }

    /// Whether it may still change.
    pub fn is_draft(&self) -> bool {
        self.issued_at.is_none()
    }

    /// What is left to pay; of a credit note, what is left to apply or refund; nothing of a draft.
    pub fn balance(&self) -> i64 {
        if self.is_draft() {
            return 0;
        }
        self.total_cents - self.paid_cents - self.credited_cents - self.written_off_cents
    }

    /// Whether it takes back what an invoice billed.
    pub fn is_credit_note(&self) -> bool {
        self.kind == Kind::CreditNote
    }

    /// How its lines are added up.
    pub fn pricing(&self) -> Pricing {
        Pricing {
            prices_include_tax: self.prices_include_tax,
            discount: Discount::stored(self.discount_millis, self.discount_cents),
            rounding_step_cents: self.rounding_step_cents,
        }
    }

    /// What its taxes are called.
    pub fn tax_names(&self) -> TaxNames<'_> {
        TaxNames { first: &self.tax_name, second: &self.second_tax_name }
    }

    /// Sum of the lines, before the discount.
    pub fn subtotal(&self) -> i64 {
        let discounted =
            if self.prices_include_tax { self.net_cents + self.tax_cents } else { self.net_cents };
        discounted + self.discount_cents
    }

    /// Where it stands on `today`, a day in the agency's zone.
    pub fn status(&self, today: NaiveDate) -> InvoiceStatus {
        if self.is_draft() {
            InvoiceStatus::Draft
        } else if self.is_credit_note() {
            if self.settled_at.is_some() { InvoiceStatus::Applied } else { InvoiceStatus::Credit }
        } else if self.settled_at.is_some() {
            match () {
                () if self.written_off_cents > 0 => InvoiceStatus::WrittenOff,
                () if self.credited_cents > 0 && self.credited_cents == self.total_cents => {
                    InvoiceStatus::Credited
                }
                () => InvoiceStatus::Paid,
            }
        } else if self.days_late(today) > 0 {
            InvoiceStatus::Overdue
        } else if self.paid_cents > 0 || self.credited_cents > 0 {
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
            InvoiceStatus::Draft
            | InvoiceStatus::Credited
            | InvoiceStatus::Applied
            | InvoiceStatus::WrittenOff => "",
            InvoiceStatus::Open | InvoiceStatus::Credit => "badge-info",
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

/// Number and date of an issued invoice.
pub fn number_and_date(conn: &mut Conn, id: InvoiceId) -> AppResult<Option<(String, NaiveDate)>> {
    let found: Option<(Option<String>, Option<NaiveDate>)> =
        invoices::table.find(id).select((invoices::number, invoices::issue_on)).first(conn).optional()?;
    Ok(found.and_then(|(number, issue_on)| number.zip(issue_on)))
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
    /// How far the last mail with it is.
    pub mail: Option<MailState>,
}

impl InvoiceRow {
    /// How far its mail is, where that was not sent.
    pub fn unsent(&self) -> Option<MailState> {
        self.mail.filter(|state| *state != MailState::Sent)
    }
}

/// A page of the list and the row after which the next begins. What is open stands in the order of due dates,
/// everything else newest first.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &InvoiceFilter,
    today: NaiveDate,
) -> AppResult<(Vec<InvoiceRow>, Option<InvoiceId>)> {
    stretch(conn, actor, filter, today, PER_PAGE)
}

/// Rows in a stretch of the whole list.
const STRETCH: i64 = 1_000;

/// All rows of the list, in its order.
pub fn list_all(
    conn: &mut Conn,
    actor: &Actor,
    filter: &InvoiceFilter,
    today: NaiveDate,
) -> AppResult<Vec<InvoiceRow>> {
    let mut filter = filter.clone();
    let mut all = Vec::new();
    loop {
        let (rows, next) = stretch(conn, actor, &filter, today, STRETCH)?;
        all.extend(rows);
        match next {
            Some(_) => filter.after = next,
            None => return Ok(all),
        }
    }
}

fn stretch(
    conn: &mut Conn,
    actor: &Actor,
    filter: &InvoiceFilter,
    today: NaiveDate,
    size: i64,
) -> AppResult<(Vec<InvoiceRow>, Option<InvoiceId>)> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mail = mails::table
        .filter(mails::invoice_id.eq(invoices::id.nullable()))
        .order(mails::id.desc())
        .select(mails::state)
        .single_value();
    let mut query = invoices::table
        .inner_join(clients::table)
        .left_join(projects::table)
        .select((Invoice::as_select(), clients::name, projects::name.nullable(), mail))
        .limit(size + 1)
        .into_boxed();
    let by_due = matches!(filter.status, StatusFilter::Open | StatusFilter::Overdue);
    query = match filter.status {
        StatusFilter::All => query,
        StatusFilter::Draft => query.filter(invoices::issued_at.is_null()),
        StatusFilter::Open | StatusFilter::Overdue => {
            let open = query.filter(invoices::issued_at.is_not_null()).filter(invoices::settled_at.is_null());
            open.filter(invoices::kind.eq(Kind::Invoice))
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
    if let Some(month) = filter.issued_in {
        let end = month.checked_add_months(Months::new(1)).unwrap_or(month);
        query = query.filter(invoices::issued_at.is_not_null());
        query = query.filter(invoices::issue_on.ge(month)).filter(invoices::issue_on.lt(end));
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
    let rows: Vec<(Invoice, String, Option<String>, Option<MailState>)> = query.load(conn)?;
    let mut rows: Vec<InvoiceRow> = rows
        .into_iter()
        .map(|(invoice, client, project, mail)| InvoiceRow { invoice, client, project, mail })
        .collect();
    let more = has_more(&mut rows, size);
    let next = rows.last().filter(|_| more).map(|row| row.invoice.id);
    Ok((rows, next))
}
