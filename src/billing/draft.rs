//! Drafts: made from unbilled hours and free lines, changed, thrown away. A draft claims its hours at once.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::base;
use super::costs::{self, insert_cost};
use super::hours::{self, HoursFilter, Plan};
use super::lines::{insert_hours, insert_line, remove_lines, store_totals, update_line};
use super::model::{self, Grouping, Invoice, NewLine};
use super::quotes;
use super::tax::{TaxRates, Treatment};
use super::totals::Discount;
use crate::agency::model::{self as agency, Agency};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model::{self as clients, Client};
use crate::db::Conn;
use crate::db::schema::{invoice_lines, invoice_taxes, invoices, projects};
use crate::error::{AppError, AppResult, FormErrors};
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
    /// Whether expenses and milestones that wait are taken.
    pub include_costs: bool,
    /// Hours and costs from this local day on.
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
    /// What of the document can be chosen.
    pub options: Options,
    /// Whether tax is in its prices; `None` follows the agency.
    pub prices_include_tax: Option<bool>,
}

/// What can be chosen for a document as a whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// What is taken off the sum of the lines.
    pub discount: Discount,
    /// Whether its hours are listed on a page of their own.
    pub with_time_detail: bool,
    /// Whether it asks for money before the work.
    pub is_deposit: bool,
    /// One unit of its currency in millionths of the agency's; `None` takes the last one that was used.
    pub exchange_rate_e6: Option<i64>,
    /// The smallest coin that its total is rounded to; `None` takes the agency's in the agency's currency, and else leaves
    /// a draft as it is.
    pub rounding_step_cents: Option<i64>,
}

impl NewDraft {
    /// All unbilled hours of `client`, by task.
    pub fn of_hours(client: ClientId) -> Self {
        Self {
            client,
            project: None,
            grouping: Grouping::Task,
            include_time: true,
            include_costs: false,
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
            options: Options::default(),
            prices_include_tax: None,
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
    /// What of the document can be chosen.
    pub options: Options,
    /// Whether tax is in its prices.
    pub prices_include_tax: bool,
    /// Every line in order; one with an id keeps its claim on hours, one that is missing gives it up.
    pub lines: Vec<(Option<InvoiceLineId>, NewLine)>,
}

/// Taxes of a client's new lines.
pub fn tax_rates(conn: &mut Conn, client: &Client) -> AppResult<TaxRates> {
    Ok(rates_of(&agency::load(conn)?, client))
}

/// A client that is not taxed is not taxed a second time.
fn rates_of(agency: &Agency, client: &Client) -> TaxRates {
    let first_millis = client.tax_rate_millis.unwrap_or(agency.tax_rate_millis);
    let second_millis = if client.tax_rate_millis == Some(0) { 0 } else { agency.second_tax_rate_millis };
    TaxRates { first_millis, second_millis }
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
    let costs = if new.include_costs { costs::unbilled_locked(conn, &new.hours())? } else { Vec::new() };
    if plan.groups.is_empty() && new.lines.is_empty() && costs.is_empty() {
        refuse_nothing_found(new, &plan)?;
    }
    check_line_count(plan.groups.len() + costs.len() + new.lines.len(), "grouping")?;
    let mut delivery: Vec<NaiveDate> =
        plan.first.into_iter().chain(plan.last).chain(costs.iter().map(|cost| cost.on)).collect();
    delivery.sort_unstable();
    let agency = agency::load(conn)?;
    let rates = rates_of(&agency, &client);
    let issue_on = new.issue_on.unwrap_or_else(|| zone::local_date(now, agency.zone()));
    let terms = client.payment_terms().unwrap_or_else(|| agency.payment_terms());
    let due_on = new.due_on.or_else(|| terms.due_on(issue_on));
    let in_base = client.currency == agency.currency;
    let exchange_rate = match new.options.exchange_rate_e6 {
        _ if in_base => None,
        Some(rate) => Some(rate),
        None => base::last_exchange_rate(conn, client.currency)?,
    };
    let id: InvoiceId = diesel::insert_into(invoices::table)
        .values((
            invoices::kind.eq("invoice"),
            invoices::client_id.eq(client.id),
            invoices::project_id.eq(new.project),
            invoices::currency.eq(client.currency),
            invoices::issue_on.eq(issue_on),
            invoices::due_on.eq(due_on),
            invoices::delivery_from.eq(new.delivery_from.or(delivery.first().copied())),
            invoices::delivery_to.eq(new.delivery_to.or(delivery.last().copied())),
            invoices::grouping.eq(new.grouping),
            invoices::note.eq(&new.note),
            invoices::terms.eq(new.terms.as_ref().unwrap_or(&agency.invoice_terms)),
            invoices::prices_include_tax.eq(new.prices_include_tax.unwrap_or(agency.prices_include_tax)),
            invoices::tax_name.eq(&agency.tax_name),
            invoices::second_tax_name.eq(&agency.second_tax_name),
            invoices::discount_millis.eq(new.options.discount.millis()),
            invoices::discount_cents.eq(agreed(new.options.discount)),
            invoices::rounding_step_cents.eq(new.options.rounding_step_cents.unwrap_or(if in_base {
                agency.rounding_step_cents
            } else {
                1
            })),
            invoices::with_time_detail.eq(new.options.with_time_detail),
            invoices::is_deposit.eq(new.options.is_deposit),
            invoices::exchange_rate_e6.eq(exchange_rate),
            invoices::created_by.eq(actor.id),
            invoices::created_at.eq(now),
            invoices::updated_at.eq(now),
        ))
        .returning(invoices::id)
        .get_result(conn)?;
    let mut position = 0;
    for group in &plan.groups {
        position += 1;
        insert_hours(conn, id, position, group, rates, new.treatment.category)?;
    }
    for cost in &costs {
        position += 1;
        insert_cost(conn, id, position, cost, rates, new.treatment.category)?;
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

/// A draft that asks for what waits and finds none of it would be empty.
fn refuse_nothing_found(new: &NewDraft, plan: &Plan) -> AppResult<()> {
    let mut errors = FormErrors::default();
    if new.include_time {
        let reason = if plan.without_rate.is_empty() { "" } else { " with a rate" };
        errors.add("include_time", format!("found no unbilled hours{reason} here"));
    }
    if new.include_costs {
        errors.add("include_costs", "found no unbilled costs here");
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
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
    super::deposits::refuse_changed(&before, &stored, changes)?;
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
    let agency = agency::load(conn)?;
    let rounding_step = changes.options.rounding_step_cents.unwrap_or(before.rounding_step_cents);
    diesel::update(invoices::table.find(id))
        .set((
            invoices::issue_on.eq(changes.issue_on),
            invoices::due_on.eq(changes.due_on),
            invoices::delivery_from.eq(changes.delivery_from),
            invoices::delivery_to.eq(changes.delivery_to),
            invoices::note.eq(&changes.note),
            invoices::terms.eq(&changes.terms),
            invoices::prices_include_tax.eq(changes.prices_include_tax),
            invoices::tax_name.eq(&agency.tax_name),
            invoices::second_tax_name.eq(&agency.second_tax_name),
            invoices::discount_millis.eq(changes.options.discount.millis()),
            invoices::discount_cents.eq(agreed(changes.options.discount)),
            invoices::rounding_step_cents.eq(rounding_step),
            invoices::with_time_detail.eq(changes.options.with_time_detail),
            invoices::is_deposit.eq(changes.options.is_deposit),
            invoices::exchange_rate_e6.eq(if before.currency == agency.currency {
                None
            } else {
                changes.options.exchange_rate_e6
            }),
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
        .change("prices_include_tax", before.prices_include_tax, changes.prices_include_tax)
        .change(
            "discount",
            before.pricing().discount.typed(before.currency),
            changes.options.discount.typed(before.currency),
        )
        .change(
            "rounding_step",
            Money::new(before.rounding_step_cents, before.currency),
            Money::new(rounding_step, before.currency),
        )
        .change("with_time_detail", before.with_time_detail, changes.options.with_time_detail)
        .change("is_deposit", before.is_deposit, changes.options.is_deposit)
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
    quotes::convert::release(conn, id)?;
    diesel::delete(invoice_taxes::table.filter(invoice_taxes::invoice_id.eq(id))).execute(conn)?;
    diesel::delete(invoices::table.find(id)).execute(conn)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Deleted, id, &client, draft.project_id))
}

/// Adds the stored lines up anew.
pub fn recalculate(conn: &mut Conn, actor: &Actor, id: InvoiceId) -> AppResult<Invoice> {
    model::find_draft(conn, actor, id, None)?;
    store_totals(conn, id, None)?;
    model::find(conn, actor, id)
}

/// Adds a changed draft up anew, counts its version and notes what was done.
pub(in crate::billing) fn finish(
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

pub(super) fn check_line_count(count: usize, field: &str) -> AppResult<()> {
    if count <= MAX_LINES {
        return Ok(());
    }
    Err(AppError::invalid(field, format!("makes {count} lines; an invoice holds {MAX_LINES}")))
}

/// What is stored as taken off until the lines are added up: the amount, or nothing yet of a percentage.
fn agreed(discount: Discount) -> i64 {
    match discount {
        Discount::Amount(cents) => cents,
        Discount::Percent(_) => 0,
    }
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
