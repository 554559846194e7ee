//! Drafts: made from unbilled hours and free lines, changed, thrown away. A draft claims its hours at once.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::hours::{self, HoursFilter, Key, Plan};
use super::lines::{
    extend_line, insert_hours, insert_line, remove_lines, store_totals, treated_as, update_line,
};
use super::model::{self, Grouping, Invoice, NewLine};
use super::tax::Treatment;
use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model::{self as clients, Client};
use crate::db::Conn;
use crate::db::schema::{invoice_lines, invoice_taxes, invoices, projects};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, InvoiceLineId, ProjectId};
use crate::types::money::Money;
use crate::types::zone;

/// Lines that one invoice may have.
pub const MAX_LINES: usize = 500;

/// A draft to be made, valid by construction but for what only the database knows.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// For whom.
    pub client: ClientId,
    /// About one project.
    pub project: Option<ProjectId>,
    /// How hours become lines.
    pub grouping: Grouping,
    /// Whether unbilled hours are taken.
    pub include_time: bool,
    /// Hours from this local day on.
    pub from: Option<NaiveDate>,
    /// Hours to this local day.
    pub to: Option<NaiveDate>,
    /// Lines of their own, after those of the hours.
    pub lines: Vec<NewLine>,
    /// Date on the document; `None` is today.
    pub issue_on: Option<NaiveDate>,
    /// Last day to pay; `None` follows the terms of client or agency.
    pub due_on: Option<NaiveDate>,
    /// First day of delivery; `None` is that of the hours.
    pub delivery_from: Option<NaiveDate>,
    /// Last day of delivery; `None` is that of the hours.
    pub delivery_to: Option<NaiveDate>,
    /// Words to the client.
    pub note: String,
    /// Words on payment; `None` takes the agency's.
    pub terms: Option<String>,
    /// How lines at 0 % are treated.
    pub treatment: Treatment,
}

impl NewDraft {
    /// All unbilled hours of `client`, by task.
    pub fn of_hours(client: ClientId) -> Self {
        Self {
            client,
            project: None,
            grouping: Grouping::Task,
            include_time: true,
            from: None,
            to: None,
            lines: Vec::new(),
            issue_on: None,
            due_on: None,
            delivery_from: None,
            delivery_to: None,
            note: String::new(),
            terms: None,
            treatment: Treatment::default(),
        }
    }

    fn hours(&self) -> HoursFilter {
        HoursFilter { client: self.client, project: self.project, from: self.from, to: self.to }
    }
}

/// What the editor may set.
#[derive(Debug, Clone)]
pub struct DraftChanges {
    /// Date on the document.
    pub issue_on: Option<NaiveDate>,
    /// Last day to pay.
    pub due_on: Option<NaiveDate>,
    /// First day of delivery.
    pub delivery_from: Option<NaiveDate>,
    /// Last day of delivery.
    pub delivery_to: Option<NaiveDate>,
    /// Words to the client.
    pub note: String,
    /// Words on payment.
    pub terms: String,
    /// How lines at 0 % are treated.
    pub treatment: Treatment,
    /// Every line in order; one with an id keeps its claim on hours, one that is missing gives it up.
    pub lines: Vec<(Option<InvoiceLineId>, NewLine)>,
}

/// Tax of a client's new lines, in thousandths of a percent.
pub fn tax_rate(conn: &mut Conn, client: &Client) -> AppResult<i64> {
    match client.tax_rate_millis {
        Some(rate) => Ok(rate),
        None => Ok(agency::load(conn)?.tax_rate_millis),
    }
}

/// The project must be the client's own: hours of others are never touched.
pub fn check_project(conn: &mut Conn, client: ClientId, project: Option<ProjectId>) -> AppResult<()> {
    let Some(project) = project else { return Ok(()) };
    let owner: Option<ClientId> =
        projects::table.find(project).select(projects::client_id).first(conn).optional()?;
    if owner == Some(client) {
        Ok(())
    } else {
        Err(AppError::invalid("project_id", "is no project of this client"))
    }
}

/// Makes a draft and claims the hours it bills.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewDraft) -> AppResult<InvoiceId> {
    let client = clients::find(conn, actor, new.client)?;
    if client.is_archived() {
        return Err(AppError::invalid("client_id", "is archived; restore it first"));
    }
    check_project(conn, client.id, new.project)?;
    let plan = if new.include_time {
        Plan::new(hours::unbilled_locked(conn, &new.hours())?, new.grouping)
    } else {
        Plan::default()
    };
    if new.include_time && plan.groups.is_empty() && new.lines.is_empty() {
        let reason = if plan.without_rate.is_empty() { "" } else { " with a rate" };
        return Err(AppError::invalid("include_time", format!("found no unbilled hours{reason} here")));
    }
    check_line_count(plan.groups.len() + new.lines.len(), "grouping")?;
    let agency = agency::load(conn)?;
    let tax_rate = client.tax_rate_millis.unwrap_or(agency.tax_rate_millis);
    let issue_on = new.issue_on.unwrap_or_else(|| zone::local_date(now, agency.zone()));
    let terms_days = client.payment_terms_days.unwrap_or(agency.payment_terms_days);
    let due_on = new.due_on.or_else(|| due_after(issue_on, terms_days));
    let id: InvoiceId = diesel::insert_into(invoices::table)
        .values((
            invoices::kind.eq("invoice"),
            invoices::client_id.eq(client.id),
            invoices::project_id.eq(new.project),
            invoices::currency.eq(client.currency),
            invoices::issue_on.eq(issue_on),
            invoices::due_on.eq(due_on),
            invoices::delivery_from.eq(new.delivery_from.or(plan.first)),
            invoices::delivery_to.eq(new.delivery_to.or(plan.last)),
            invoices::grouping.eq(new.grouping),
            invoices::note.eq(&new.note),
            invoices::terms.eq(new.terms.as_ref().unwrap_or(&agency.invoice_terms)),
            invoices::created_by.eq(actor.id),
            invoices::created_at.eq(now),
            invoices::updated_at.eq(now),
        ))
        .returning(invoices::id)
        .get_result(conn)?;
    let mut position = 0;
    for group in &plan.groups {
        position += 1;
        insert_hours(conn, id, position, group, tax_rate, new.treatment.category)?;
    }
    for line in &new.lines {
        position += 1;
        insert_line(conn, id, position, line, None)?;
    }
    let totals = store_totals(conn, id, Some(&new.treatment.reason))?;
    let entry = entry(Action::Created, id, &client, new.project).change(
        "total",
        "",
        Money::new(totals.total, client.currency),
    );
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(id)
}

/// Saves the editor's fields and lines over version `version`. The hours of lines that are gone are free again.
pub fn save(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    version: i64,
    changes: &DraftChanges,
) -> AppResult<Invoice> {
    let before = model::find_draft(conn, actor, id, Some(version))?;
    check_line_count(changes.lines.len(), "lines")?;
    let stored = model::lines_of(conn, id)?;
    let kept: Vec<InvoiceLineId> = changes.lines.iter().filter_map(|(line, _)| *line).collect();
    let known = |wanted: &InvoiceLineId| stored.iter().any(|line| line.id == *wanted);
    let mut unique = kept.clone();
    unique.sort_unstable();
    unique.dedup();
    if unique.len() != kept.len() || !kept.iter().all(known) {
        return Err(AppError::invalid("lines", "name a line that is not on this draft"));
    }
    let gone: Vec<InvoiceLineId> =
        stored.iter().map(|line| line.id).filter(|line| !kept.contains(line)).collect();
    remove_lines(conn, &gone)?;
    // Positions are unique at every moment: the old ones step aside below zero first.
    diesel::update(invoice_lines::table.filter(invoice_lines::invoice_id.eq(id)))
        .set(invoice_lines::position.eq(invoice_lines::position * -1))
        .execute(conn)?;
    for (position, (line, new)) in (1..).zip(&changes.lines) {
        match line {
            Some(line) => update_line(conn, *line, position, new)?,
            None => {
                insert_line(conn, id, position, new, None)?;
            }
        }
    }
    diesel::update(invoices::table.find(id))
        .set((
            invoices::issue_on.eq(changes.issue_on),
            invoices::due_on.eq(changes.due_on),
            invoices::delivery_from.eq(changes.delivery_from),
            invoices::delivery_to.eq(changes.delivery_to),
            invoices::note.eq(&changes.note),
            invoices::terms.eq(&changes.terms),
            invoices::updated_at.eq(now),
            invoices::version.eq(invoices::version + 1),
        ))
        .execute(conn)?;
    let totals = store_totals(conn, id, Some(&changes.treatment.reason))?;
    let client = clients::find(conn, actor, before.client_id)?;
    let date = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let entry = entry(Action::Updated, id, &client, before.project_id)
        .change("issue_on", date(before.issue_on), date(changes.issue_on))
        .change("due_on", date(before.due_on), date(changes.due_on))
        .change("delivery_from", date(before.delivery_from), date(changes.delivery_from))
        .change("delivery_to", date(before.delivery_to), date(changes.delivery_to))
        .change("note", &before.note, &changes.note)
        .change("terms", &before.terms, &changes.terms)
        .change("lines", stored.len(), changes.lines.len())
        .change(
            "total",
            Money::new(before.total_cents, before.currency),
            Money::new(totals.total, before.currency),
        );
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    model::find(conn, actor, id)
}

/// Throws a draft away; its hours are free again.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: InvoiceId) -> AppResult<()> {
    let draft = model::find_draft(conn, actor, id, None)?;
    let client = clients::find(conn, actor, draft.client_id)?;
    let lines: Vec<InvoiceLineId> = model::lines_of(conn, id)?.into_iter().map(|line| line.id).collect();
    remove_lines(conn, &lines)?;
    diesel::delete(invoice_taxes::table.filter(invoice_taxes::invoice_id.eq(id))).execute(conn)?;
    diesel::delete(invoices::table.find(id)).execute(conn)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Deleted, id, &client, draft.project_id))
}

/// Unbilled hours that [`add_hours`] would take, and those without a rate.
pub fn addable(conn: &mut Conn, draft: &Invoice) -> AppResult<Plan> {
    Ok(Plan::new(hours::unbilled(conn, &all_hours(draft))?, draft.grouping))
}

fn all_hours(draft: &Invoice) -> HoursFilter {
    HoursFilter { client: draft.client_id, project: draft.project_id, from: None, to: None }
}

/// Claims the hours logged since. They join the line of their group and rate where there is one; a line whose
/// quantity was changed by hand keeps the difference.
pub fn add_hours(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    version: Option<i64>,
) -> AppResult<Invoice> {
    let draft = model::find_draft(conn, actor, id, version)?;
    let client = clients::find(conn, actor, draft.client_id)?;
    let plan = Plan::new(hours::unbilled_locked(conn, &all_hours(&draft))?, draft.grouping);
    if plan.groups.is_empty() {
        return Err(AppError::Conflict("There are no unbilled hours with a rate to add.".into()));
    }
    let tax_rate = tax_rate(conn, &client)?;
    let lines = model::lines_of(conn, id)?;
    let category = treated_as(&lines);
    let keys: Vec<(InvoiceLineId, Option<Key>)> = hours::claimed(conn, id)?
        .iter()
        .map(|(line, entry)| (*line, Key::of(entry, draft.grouping)))
        .collect();
    let mut position = lines.iter().map(|line| line.position).max().unwrap_or(0);
    for group in &plan.groups {
        let same = keys.iter().find(|(_, key)| key.as_ref() == Some(&group.key)).map(|(line, _)| *line);
        let line =
            lines.iter().find(|line| Some(line.id) == same && line.unit_price_cents == group.rate_cents);
        match line {
            Some(line) => extend_line(conn, line, group)?,
            None => {
                position += 1;
                insert_hours(conn, id, position, group, tax_rate, category)?;
            }
        }
    }
    check_line_count(usize::try_from(position).unwrap_or(usize::MAX), "lines")?;
    let first = [draft.delivery_from, plan.first].into_iter().flatten().min();
    let last = [draft.delivery_to, plan.last].into_iter().flatten().max();
    diesel::update(invoices::table.find(id))
        .set((invoices::delivery_from.eq(first), invoices::delivery_to.eq(last)))
        .execute(conn)?;
    finish(conn, actor, now, &draft, &client, "hours_added", plan.seconds())
}

/// Sets every line of hours back to what its entries say: quantity, price and logged time.
pub fn reset(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    version: Option<i64>,
) -> AppResult<Invoice> {
    let draft = model::find_draft(conn, actor, id, version)?;
    let client = clients::find(conn, actor, draft.client_id)?;
    let claimed = hours::claimed(conn, id)?;
    let mut reset = 0;
    for line in model::lines_of(conn, id)?.iter().filter(|line| line.logged_seconds.is_some()) {
        let entries = || claimed.iter().filter(|(of, _)| *of == line.id).map(|(_, entry)| entry);
        let seconds: i64 = entries().map(|entry| entry.seconds).sum();
        let cents: i64 = entries().map(|entry| entry.cents).sum();
        let rate = entries().find_map(|entry| entry.rate_cents).unwrap_or(line.unit_price_cents);
        diesel::update(invoice_lines::table.find(line.id))
            .set((
                invoice_lines::quantity_e4.eq(hours::quantity(seconds)?),
                invoice_lines::unit.eq(model::Unit::Hour),
                invoice_lines::unit_price_cents.eq(rate),
                invoice_lines::logged_seconds.eq(seconds),
                invoice_lines::logged_cents.eq(cents),
                invoice_lines::logged_rate_cents.eq(rate),
                invoice_lines::adjustment_reason.eq(""),
            ))
            .execute(conn)?;
        reset += 1;
    }
    finish(conn, actor, now, &draft, &client, "lines_reset", reset)
}

/// Adds the stored lines up anew.
pub fn recalculate(conn: &mut Conn, actor: &Actor, id: InvoiceId) -> AppResult<Invoice> {
    model::find_draft(conn, actor, id, None)?;
    store_totals(conn, id, None)?;
    model::find(conn, actor, id)
}

fn finish(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    draft: &Invoice,
    client: &Client,
    what: &str,
    count: i64,
) -> AppResult<Invoice> {
    diesel::update(invoices::table.find(draft.id))
        .set((invoices::updated_at.eq(now), invoices::version.eq(invoices::version + 1)))
        .execute(conn)?;
    let totals = store_totals(conn, draft.id, None)?;
    let entry = entry(Action::Updated, draft.id, client, draft.project_id).change(what, 0, count).change(
        "total",
        Money::new(draft.total_cents, draft.currency),
        Money::new(totals.total, draft.currency),
    );
    audit::record(conn, Some(actor.id), now, &entry)?;
    model::find(conn, actor, draft.id)
}

fn check_line_count(count: usize, field: &str) -> AppResult<()> {
    if count <= MAX_LINES {
        return Ok(());
    }
    Err(AppError::invalid(field, format!("makes {count} lines; an invoice holds {MAX_LINES}")))
}

fn due_after(issue_on: NaiveDate, days: i64) -> Option<NaiveDate> {
    issue_on.checked_add_days(Days::new(u64::try_from(days).ok()?))
}

/// An entry of the activity log about a draft.
fn entry(action: Action, id: InvoiceId, client: &Client, project: Option<ProjectId>) -> Entry {
    let label = format!("draft for {}", client.name);
    let entry = Entry::new(action, Subject::Invoice, id.0, &label).client(client.id).invoice(id);
    match project {
        Some(project) => entry.project(project),
        None => entry,
    }
}
