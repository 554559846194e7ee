//! What stands on an invoice besides hours and is billed once as well: expenses, milestones and charges of retainers.

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::hours::HoursFilter;
use super::lines::insert_line;
use super::model::{NewLine, Unit};
use super::tax::{TaxCategory, TaxRates};
use super::totals::Discount;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::schema::{
    billed_charges, billed_expenses, billed_milestones, expenses, invoice_lines, released_costs,
};
use crate::error::AppResult;
use crate::projects::milestones::model as milestones;
use crate::projects::retainers::model as retainers;
use crate::types::calendar::day_month_year;
use crate::types::ids::{ClientId, ExpenseId, InvoiceId, InvoiceLineId, MilestoneId, RetainerChargeId};

/// What a line claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Something that was bought.
    Expense(ExpenseId),
    /// Something that was reached.
    Milestone(MilestoneId),
    /// The fee or the overage of a retainer's period.
    Retainer(RetainerChargeId),
}

/// A cost that waits to be billed.
#[derive(Debug, Clone)]
pub struct Cost {
    /// What it is.
    pub claim: Claim,
    /// The line's title.
    pub title: String,
    /// The line's details.
    pub details: String,
    /// The day it belongs to.
    pub on: NaiveDate,
    /// What the client pays, in minor units.
    pub price_cents: i64,
    /// Tax in thousandths of a percent; `None` follows the client.
    pub tax_rate_millis: Option<i64>,
}

impl Cost {
    fn line(&self, rates: TaxRates, untaxed: TaxCategory) -> NewLine {
        let tax_rate_millis = self.tax_rate_millis.unwrap_or(rates.first_millis);
        NewLine {
            title: self.title.clone(),
            details: self.details.clone(),
            quantity_e4: 10_000,
            unit: Unit::Piece,
            unit_price_cents: self.price_cents,
            discount: Discount::NONE,
            tax_rate_millis,
            second_tax_rate_millis: rates.second_millis,
            tax_category: untaxed.at_rate(tax_rate_millis),
            adjustment_reason: String::new(),
        }
    }
}

/// Costs that no invoice holds: milestones first, then charges of retainers, then expenses by day.
pub fn unbilled(conn: &mut Conn, filter: &HoursFilter) -> AppResult<Vec<Cost>> {
    let within =
        |on: NaiveDate| filter.from.is_none_or(|from| from <= on) && filter.to.is_none_or(|to| on <= to);
    let reached = milestones::unbilled(conn, filter.client, filter.project)?;
    let mut costs: Vec<Cost> = reached
        .into_iter()
        .filter_map(|row| {
            let (on, price_cents) = row.reached_on.zip(row.amount_cents)?;
            Some(Cost {
                claim: Claim::Milestone(row.id),
                title: row.title,
                details: format!("{}, reached on {}", row.project_name, day_month_year(on)),
                on,
                price_cents,
                tax_rate_millis: None,
            })
        })
        .filter(|cost| within(cost.on))
        .collect();
    let charged = retainers::unbilled(conn, filter.client, filter.project)?;
    costs.extend(charged.into_iter().filter(|row| within(row.charged_on)).map(|row| Cost {
        claim: Claim::Retainer(row.id),
        details: format!(
            "{}, {} to {}",
            row.project_name,
            day_month_year(row.starts_on),
            day_month_year(row.ends_on)
        ),
        title: row.title,
        on: row.charged_on,
        price_cents: row.amount_cents,
        tax_rate_millis: None,
    }));
    let mut query = expenses::table
        .filter(expenses::client_id.eq(filter.client))
        .filter(expenses::is_unbilled)
        .order((expenses::spent_on, expenses::id))
        .select((
            expenses::id,
            expenses::title,
            expenses::supplier,
            expenses::spent_on,
            expenses::price_cents,
            expenses::tax_rate_millis,
        ))
        .into_boxed();
    if let Some(project) = filter.project {
        query = query.filter(expenses::project_id.eq(project));
    }
    type Row = (ExpenseId, String, String, NaiveDate, i64, Option<i64>);
    let bought: Vec<Row> = query.load(conn)?;
    costs.extend(bought.into_iter().filter(|row| within(row.3)).map(
        |(id, title, supplier, on, price_cents, tax_rate_millis)| {
            let day = day_month_year(on);
            let details = if supplier.is_empty() { day } else { format!("{supplier}, {day}") };
            Cost { claim: Claim::Expense(id), title, details, on, price_cents, tax_rate_millis }
        },
    ));
    Ok(costs)
}

/// The same for a draft that claims them: of two at once, the second waits and finds what is left.
pub fn unbilled_locked(conn: &mut Conn, filter: &HoursFilter) -> AppResult<Vec<Cost>> {
    lock_row(conn, LockedTable::CostsOfClient, filter.client.0)?;
    unbilled(conn, filter)
}

/// Adds a line for a cost and claims it. The primary keys refuse what is taken.
pub(in crate::billing) fn insert_cost(
    conn: &mut Conn,
    id: InvoiceId,
    position: i64,
    cost: &Cost,
    rates: TaxRates,
    untaxed: TaxCategory,
) -> AppResult<()> {
    let line = insert_line(conn, id, position, &cost.line(rates, untaxed), None)?;
    claim(conn, line, cost.claim, cost.price_cents)
}

/// Claims a cost of `cents` for a line.
pub(in crate::billing) fn claim(
    conn: &mut Conn,
    line: InvoiceLineId,
    claim: Claim,
    cents: i64,
) -> AppResult<()> {
    diesel::update(invoice_lines::table.find(line))
        .set(invoice_lines::claimed_cents.eq(cents))
        .execute(conn)?;
    match claim {
        Claim::Expense(expense) => {
            diesel::insert_into(billed_expenses::table)
                .values((billed_expenses::expense_id.eq(expense), billed_expenses::invoice_line_id.eq(line)))
                .execute(conn)?;
        }
        Claim::Milestone(milestone) => {
            milestones::claim(conn, &[milestone])?;
            diesel::insert_into(billed_milestones::table)
                .values((
                    billed_milestones::milestone_id.eq(milestone),
                    billed_milestones::invoice_line_id.eq(line),
                ))
                .execute(conn)?;
        }
        Claim::Retainer(charge) => {
            diesel::insert_into(billed_charges::table)
                .values((billed_charges::charge_id.eq(charge), billed_charges::invoice_line_id.eq(line)))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// Whether lines of an invoice claim costs.
pub(in crate::billing) fn are_on(conn: &mut Conn, id: InvoiceId) -> AppResult<bool> {
    let lines = || invoice_lines::table.filter(invoice_lines::invoice_id.eq(id)).select(invoice_lines::id);
    let expenses = billed_expenses::table.filter(billed_expenses::invoice_line_id.eq_any(lines()));
    let milestones = billed_milestones::table.filter(billed_milestones::invoice_line_id.eq_any(lines()));
    let charges = billed_charges::table.filter(billed_charges::invoice_line_id.eq_any(lines()));
    Ok(diesel::select(exists(expenses).or(exists(milestones)).or(exists(charges))).get_result(conn)?)
}

/// Gives the costs of a line back that a credit note took back; which line billed them first stays on record.
pub(in crate::billing) fn release_credited(
    conn: &mut Conn,
    of: InvoiceLineId,
    credit: InvoiceLineId,
) -> AppResult<()> {
    let expenses: Vec<ExpenseId> = billed_expenses::table
        .filter(billed_expenses::invoice_line_id.eq(of))
        .select(billed_expenses::expense_id)
        .load(conn)?;
    let milestones: Vec<MilestoneId> = billed_milestones::table
        .filter(billed_milestones::invoice_line_id.eq(of))
        .select(billed_milestones::milestone_id)
        .load(conn)?;
    let charges: Vec<RetainerChargeId> = billed_charges::table
        .filter(billed_charges::invoice_line_id.eq(of))
        .select(billed_charges::charge_id)
        .load(conn)?;
    let claims = expenses.into_iter().map(Claim::Expense);
    let claims = claims.chain(milestones.into_iter().map(Claim::Milestone));
    for claim in claims.chain(charges.into_iter().map(Claim::Retainer)) {
        let (expense, milestone, charge) = match claim {
            Claim::Expense(id) => (Some(id), None, None),
            Claim::Milestone(id) => (None, Some(id), None),
            Claim::Retainer(id) => (None, None, Some(id)),
        };
        diesel::insert_into(released_costs::table)
            .values((
                released_costs::expense_id.eq(expense),
                released_costs::milestone_id.eq(milestone),
                released_costs::charge_id.eq(charge),
                released_costs::invoice_line_id.eq(of),
                released_costs::credit_line_id.eq(credit),
            ))
            .execute(conn)?;
    }
    release(conn, &[of])
}

/// What credit notes gave back of these lines, and what it costs while it waits to be billed to `client` again.
pub(in crate::billing) fn released(
    conn: &mut Conn,
    client: ClientId,
    lines: &[InvoiceLineId],
) -> AppResult<Vec<(InvoiceLineId, Claim, Option<i64>)>> {
    type Row = (InvoiceLineId, Option<ExpenseId>, Option<MilestoneId>, Option<RetainerChargeId>);
    let rows: Vec<Row> = released_costs::table
        .filter(released_costs::invoice_line_id.eq_any(lines))
        .order(released_costs::id)
        .select((
            released_costs::invoice_line_id,
            released_costs::expense_id,
            released_costs::milestone_id,
            released_costs::charge_id,
        ))
        .load(conn)?;
    let waiting: Vec<(Claim, i64)> = match rows.is_empty() {
        true => Vec::new(),
        false => {
            let filter = HoursFilter { client, project: None, from: None, to: None };
            unbilled(conn, &filter)?.into_iter().map(|cost| (cost.claim, cost.price_cents)).collect()
        }
    };
    let claim = |(line, expense, milestone, charge): Row| {
        let expense = expense.map(Claim::Expense);
        let claim = expense.or(milestone.map(Claim::Milestone)).or(charge.map(Claim::Retainer))?;
        let waits = waiting.iter().find(|(of, _)| *of == claim);
        Some((line, claim, waits.map(|(_, cents)| *cents)))
    };
    Ok(rows.into_iter().filter_map(claim).collect())
}

/// Gives the costs of lines back.
pub(in crate::billing) fn release(conn: &mut Conn, lines: &[InvoiceLineId]) -> AppResult<()> {
    diesel::delete(billed_expenses::table.filter(billed_expenses::invoice_line_id.eq_any(lines)))
        .execute(conn)?;
    diesel::delete(billed_charges::table.filter(billed_charges::invoice_line_id.eq_any(lines)))
        .execute(conn)?;
    let of_lines = || billed_milestones::table.filter(billed_milestones::invoice_line_id.eq_any(lines));
    let freed: Vec<MilestoneId> = of_lines().select(billed_milestones::milestone_id).load(conn)?;
    diesel::delete(of_lines()).execute(conn)?;
    if freed.is_empty() { Ok(()) } else { milestones::release(conn, &freed) }
}
