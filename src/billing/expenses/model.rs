//! Expenses: rows, the list and the verbs.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::draft::check_project;
use crate::clients::model as clients;
use crate::db::saved::Saved;
use crate::db::schema::{
    billed_expenses, clients as client_rows, expenses, invoice_lines, invoices, projects,
};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ExpenseId, InvoiceId, ProjectId};
use crate::types::money::{Currency, Money};
use crate::types::pagination::{PER_PAGE, has_more};
use crate::types::zone;

/// Something that was bought for a client. Amounts are minor units of the client's currency.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = expenses)]
pub struct Expense {
    /// Which.
    pub id: ExpenseId,
    /// For whom.
    pub client_id: ClientId,
    /// For which of its projects.
    pub project_id: Option<ProjectId>,
    /// When it was bought.
    pub spent_on: NaiveDate,
    /// What it is.
    pub title: String,
    /// From whom.
    pub supplier: String,
    /// What it cost us, without tax.
    pub cost_cents: i64,
    /// What the client pays for it.
    pub price_cents: i64,
    /// Tax on it in thousandths of a percent; `None` follows the client.
    pub tax_rate_millis: Option<i64>,
    /// Whether the client pays for it.
    pub is_billable: bool,
    /// Whether it waits for an invoice.
    pub is_unbilled: bool,
    /// When it was noted.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

/// An expense to be stored, valid by construction.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = expenses)]
#[diesel(treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are those of Expense")]
pub struct NewExpense {
    pub client_id: ClientId,
    pub project_id: Option<ProjectId>,
    pub spent_on: NaiveDate,
    pub title: String,
    pub supplier: String,
    pub cost_cents: i64,
    pub price_cents: i64,
    pub tax_rate_millis: Option<i64>,
    pub is_billable: bool,
}

/// A row of the list.
#[derive(Debug, Clone)]
pub struct ExpenseRow {
    /// The expense.
    pub expense: Expense,
    /// Its client's name.
    pub client: String,
    /// Its amounts' currency.
    pub currency: Currency,
    /// Its project's name.
    pub project: Option<String>,
    /// The invoice that bills it: which, and its number if it has one.
    pub invoice: Option<(InvoiceId, Option<String>)>,
}

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct ExpenseFilter {
    /// Of one client.
    pub client: Option<ClientId>,
    /// Of one project.
    pub project: Option<ProjectId>,
    /// Only what waits for an invoice.
    pub unbilled: bool,
    /// The rows after this one.
    pub after: Option<ExpenseId>,
}

/// A page of expenses, newest first, and the row after which the next begins.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &ExpenseFilter,
) -> AppResult<(Vec<ExpenseRow>, Option<ExpenseId>)> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut query = expenses::table
        .inner_join(client_rows::table)
        .left_join(projects::table.on(projects::id.nullable().eq(expenses::project_id)))
        .left_join(billed_expenses::table.inner_join(invoice_lines::table.inner_join(invoices::table)))
        .select((
            Expense::as_select(),
            client_rows::name,
            client_rows::currency,
            projects::name.nullable(),
            invoices::id.nullable(),
            invoices::number.nullable(),
        ))
        .order(expenses::id.desc())
        .limit(PER_PAGE + 1)
        .into_boxed();
    if let Some(client) = filter.client {
        query = query.filter(expenses::client_id.eq(client));
    }
    if let Some(project) = filter.project {
        query = query.filter(expenses::project_id.eq(project));
    }
    if filter.unbilled {
        query = query.filter(expenses::is_unbilled);
    }
    if let Some(after) = filter.after {
        query = query.filter(expenses::id.lt(after));
    }
    type Row = (Expense, String, Currency, Option<String>, Option<InvoiceId>, Option<String>);
    let rows: Vec<Row> = query.load(conn)?;
    let mut rows: Vec<ExpenseRow> = rows
        .into_iter()
        .map(|(expense, client, currency, project, invoice, number)| ExpenseRow {
            expense,
            client,
            currency,
            project,
            invoice: invoice.map(|id| (id, number)),
        })
        .collect();
    let more = has_more(&mut rows, PER_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.expense.id);
    Ok((rows, next))
}

/// The expense, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: ExpenseId) -> AppResult<Expense> {
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    Ok(expenses::table.find(id).select(Expense::as_select()).first(conn)?)
}

/// What is yet to be bought is billed once it is.
fn refuse_future(actor: &Actor, now: UtcTime, new: &NewExpense) -> AppResult<()> {
    if new.spent_on > zone::local_date(now, actor.zone()) {
        return Err(AppError::invalid("spent_on", "lies ahead"));
    }
    Ok(())
}

/// Notes an expense.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewExpense) -> AppResult<Expense> {
    refuse_future(actor, now, new)?;
    check_project(conn, new.client_id, new.project_id)?;
    let id: ExpenseId = diesel::insert_into(expenses::table)
        .values((
            new,
            expenses::is_unbilled.eq(new.is_billable),
            expenses::created_by.eq(actor.id),
            expenses::created_at.eq(now),
            expenses::updated_at.eq(now),
        ))
        .returning(expenses::id)
        .get_result(conn)?;
    note(conn, actor, now, Action::Created, id, None, new)?;
    find(conn, actor, id)
}

/// Saves an expense over version `version`, unless it is on an invoice.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: ExpenseId,
    version: i64,
    new: &NewExpense,
) -> AppResult<Saved<Expense>> {
    dialect::lock_row(conn, dialect::LockedTable::Expenses, id.0)?;
    let before = find(conn, actor, id)?;
    if before.version != version {
        return Ok(Saved::Stale(before));
    }
    refuse_billed(conn, id)?;
    refuse_future(actor, now, new)?;
    check_project(conn, new.client_id, new.project_id)?;
    diesel::update(expenses::table.find(id))
        .set((
            new,
            expenses::is_unbilled.eq(new.is_billable),
            expenses::updated_at.eq(now),
            expenses::version.eq(version + 1),
        ))
        .execute(conn)?;
    note(conn, actor, now, Action::Updated, id, Some(&before), new)?;
    find(conn, actor, id).map(Saved::Done)
}

/// Deletes an expense, unless it is on an invoice.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ExpenseId) -> AppResult<()> {
    dialect::lock_row(conn, dialect::LockedTable::Expenses, id.0)?;
    let expense = find(conn, actor, id)?;
    refuse_billed(conn, id)?;
    diesel::delete(expenses::table.find(id)).execute(conn)?;
    let entry = Entry::new(Action::Deleted, Subject::Expense, id.0, &expense.title).client(expense.client_id);
    audit::record(conn, Some(actor.id), now, &entry)
}

fn refuse_billed(conn: &mut Conn, id: ExpenseId) -> AppResult<()> {
    let claim: Option<Option<String>> = billed_expenses::table
        .inner_join(invoice_lines::table.inner_join(invoices::table))
        .filter(billed_expenses::expense_id.eq(id))
        .select(invoices::number)
        .first(conn)
        .optional()?;
    match claim {
        None => Ok(()),
        Some(Some(number)) => Err(AppError::Conflict(format!(
            "This expense is on invoice {number}; what was billed does not change."
        ))),
        Some(None) => {
            Err(AppError::Conflict("This expense is on a draft. Take it off the draft first.".into()))
        }
    }
}

fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    action: Action,
    id: ExpenseId,
    before: Option<&Expense>,
    new: &NewExpense,
) -> AppResult<()> {
    let currency = clients::find(conn, actor, new.client_id)?.currency;
    let money = |cents: Option<i64>| Money::text_of(cents, currency);
    let mut entry = Entry::new(action, Subject::Expense, id.0, &new.title)
        .client(new.client_id)
        .change("title", before.map_or("", |before| &before.title), &new.title)
        .change("cost", money(before.map(|before| before.cost_cents)), money(Some(new.cost_cents)))
        .change("price", money(before.map(|before| before.price_cents)), money(Some(new.price_cents)));
    if let Some(project) = new.project_id {
        entry = entry.project(project);
    }
    if before.is_some() && !entry.has_changes() {
        return Ok(());
    }
    audit::record(conn, Some(actor.id), now, &entry)
}
