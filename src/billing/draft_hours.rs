//! The hours on a draft: those logged since are added, and lines are set back to what their entries say.

use diesel::prelude::*;

use super::draft::{check_line_count, finish, tax_rates};
use super::hours::{self, HoursFilter, Key, Plan};
use super::lines::{extend_line, insert_hours, treated_as};
use super::model::{self, Invoice};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::schema::{invoice_lines, invoices};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, InvoiceLineId};

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
    let rates = tax_rates(conn, &client)?;
    let lines = model::lines_of(conn, id)?;
    let category = treated_as(&lines);
    let keys: Vec<(InvoiceLineId, Option<Key>)> = hours::claimed(conn, id, draft.client_id)?
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
                insert_hours(conn, id, position, group, rates, category)?;
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
    let claimed = hours::claimed(conn, id, draft.client_id)?;
    let mut reset = 0;
    for line in model::lines_of(conn, id)?.iter().filter(|line| line.logged_seconds.is_some()) {
        let entries = || claimed.iter().filter(|(of, _)| *of == line.id).map(|(_, entry)| entry);
        let seconds: i64 = entries().map(|entry| entry.seconds).sum();
        let rounded: i64 = entries().map(|entry| entry.rounded).sum();
        let cents: i64 = entries().map(|entry| entry.cents).sum();
        let rate = entries().find_map(|entry| entry.rate_cents).unwrap_or(line.unit_price_cents);
        diesel::update(invoice_lines::table.find(line.id))
            .set((
                invoice_lines::quantity_e4.eq(hours::quantity(rounded)?),
                invoice_lines::unit.eq(model::Unit::Hour),
                invoice_lines::unit_price_cents.eq(rate),
                invoice_lines::logged_seconds.eq(seconds),
                invoice_lines::rounded_seconds.eq(rounded),
                invoice_lines::logged_cents.eq(cents),
                invoice_lines::logged_rate_cents.eq(rate),
                invoice_lines::adjustment_reason.eq(""),
            ))
            .execute(conn)?;
        reset += 1;
    }
    finish(conn, actor, now, &draft, &client, "lines_reset", reset)
}
