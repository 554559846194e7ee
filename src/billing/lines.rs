//! The lines of drafts as they are stored: written, extended, removed and added up.

use diesel::prelude::*;

use super::hours::{self, Group};
use super::model::{self, InvoiceLine, NewLine};
use super::tax::{self, TaxCategory, TaxRates};
use super::totals::{self, Discount, Pricing, Totals};
use super::{costs, deposits};
use crate::db::Conn;
use crate::db::schema::{invoice_lines, invoice_taxes, invoices};
use crate::error::{AppError, AppResult};
use crate::types::ids::{InvoiceId, InvoiceLineId, TimeEntryId};

/// The category that a draft's lines at 0 % have; standard while nobody has chosen one.
pub(in crate::billing) fn treated_as(lines: &[InvoiceLine]) -> TaxCategory {
    let untaxed = lines.iter().find(|line| line.tax_rate_millis == 0);
    untaxed.map_or(TaxCategory::Standard, |line| line.tax_category)
}

/// Computes and stores what the draft's lines add up to. `reason` says why lines at 0 % are not taxed; `None` keeps
/// what is stored.
pub(in crate::billing) fn store_totals(
    conn: &mut Conn,
    id: InvoiceId,
    reason: Option<&str>,
) -> AppResult<Totals> {
    let stored = tax::taxes_of(conn, id)?;
    let reason_of = |category: TaxCategory| {
        let before = stored.iter().find(|tax| tax.tax_category == category);
        match (category, reason) {
            (TaxCategory::Standard, _) => String::new(),
            (_, Some(reason)) => reason.to_owned(),
            (_, None) => before.map(|tax| tax.exemption_reason.clone()).unwrap_or_default(),
        }
    };
    let lines = model::lines_of(conn, id)?;
    let priced: Vec<_> = lines.iter().map(InvoiceLine::priced).collect();
    let pricing = invoice_pricing(conn, id)?;
    let totals = totals::compute(&priced, &pricing)?;
    if totals.total < 0 {
        return Err(AppError::invalid("lines", "add up to less than nothing"));
    }
    for (line, sum) in lines.iter().zip(&totals.lines) {
        if (line.discount_cents, line.amount_cents) != (sum.discount_cents, sum.amount_cents) {
            diesel::update(invoice_lines::table.find(line.id))
                .set((
                    invoice_lines::discount_cents.eq(sum.discount_cents),
                    invoice_lines::amount_cents.eq(sum.amount_cents),
                ))
                .execute(conn)?;
        }
    }
    diesel::delete(invoice_taxes::table.filter(invoice_taxes::invoice_id.eq(id))).execute(conn)?;
    store_sums(conn, id, &totals, reason_of)?;
    Ok(totals)
}

/// Stores what a document's lines add up to, with why its groups of tax charge none.
pub(in crate::billing) fn store_sums(
    conn: &mut Conn,
    id: InvoiceId,
    totals: &Totals,
    reason_of: impl Fn(TaxCategory) -> String,
) -> AppResult<()> {
    for group in &totals.groups {
        diesel::insert_into(invoice_taxes::table)
            .values((
                invoice_taxes::invoice_id.eq(id),
                invoice_taxes::is_second.eq(group.is_second),
                invoice_taxes::tax_category.eq(group.category),
                invoice_taxes::tax_rate_millis.eq(group.rate_millis),
                invoice_taxes::base_cents.eq(group.base_cents),
                invoice_taxes::tax_cents.eq(group.tax_cents),
                invoice_taxes::exemption_reason.eq(reason_of(group.category)),
            ))
            .execute(conn)?;
    }
    diesel::update(invoices::table.find(id))
        .set((
            invoices::discount_cents.eq(totals.discount),
            invoices::net_cents.eq(totals.net),
            invoices::tax_cents.eq(totals.tax),
            invoices::rounding_cents.eq(totals.rounding),
            invoices::total_cents.eq(totals.total),
        ))
        .execute(conn)?;
    Ok(())
}

/// How the draft's lines are added up. What is stored as taken off is the amount that was agreed, or the percentage.
fn invoice_pricing(conn: &mut Conn, id: InvoiceId) -> AppResult<Pricing> {
    let (prices_include_tax, millis, cents, rounding_step_cents) = invoices::table
        .find(id)
        .select((
            invoices::prices_include_tax,
            invoices::discount_millis,
            invoices::discount_cents,
            invoices::rounding_step_cents,
        ))
        .first::<(bool, Option<i64>, i64, i64)>(conn)?;
    Ok(Pricing { prices_include_tax, discount: Discount::stored(millis, cents), rounding_step_cents })
}

/// Adds a line of hours and claims them. Without tax it is treated as `untaxed`.
pub(in crate::billing) fn insert_hours(
    conn: &mut Conn,
    id: InvoiceId,
    position: i64,
    group: &Group,
    rates: TaxRates,
    untaxed: TaxCategory,
) -> AppResult<()> {
    let line = group.line(rates, untaxed.at_rate(rates.first_millis))?;
    let line = insert_line(conn, id, position, &line, Some(group))?;
    hours::claim(conn, line, &group.entries)
}

/// Adds a line; `logged` are the hours it is about to claim.
pub(in crate::billing) fn insert_line(
    conn: &mut Conn,
    id: InvoiceId,
    position: i64,
    line: &NewLine,
    logged: Option<&Group>,
) -> AppResult<InvoiceLineId> {
    let sum = totals::line_sum(&line.priced())?;
    Ok(diesel::insert_into(invoice_lines::table)
        .values((
            invoice_lines::invoice_id.eq(id),
            invoice_lines::position.eq(position),
            invoice_lines::title.eq(&line.title),
            invoice_lines::details.eq(&line.details),
            invoice_lines::quantity_e4.eq(line.quantity_e4),
            invoice_lines::unit.eq(line.unit),
            invoice_lines::unit_price_cents.eq(line.unit_price_cents),
            invoice_lines::tax_rate_millis.eq(line.tax_rate_millis),
            invoice_lines::second_tax_rate_millis.eq(line.second_tax_rate_millis),
            invoice_lines::tax_category.eq(line.tax_category),
            invoice_lines::discount_millis.eq(line.discount.millis()),
            invoice_lines::discount_cents.eq(sum.discount_cents),
            invoice_lines::amount_cents.eq(sum.amount_cents),
            invoice_lines::logged_seconds.eq(logged.map(|hours| hours.seconds)),
            invoice_lines::rounded_seconds.eq(logged.map(|hours| hours.rounded)),
            invoice_lines::logged_cents.eq(logged.map(|hours| hours.cents)),
            invoice_lines::logged_rate_cents.eq(logged.map(|hours| hours.rate_cents)),
            invoice_lines::adjustment_reason.eq(&line.adjustment_reason),
        ))
        .returning(invoice_lines::id)
        .get_result(conn)?)
}

/// Writes a line over a stored one, which keeps its hours.
pub(in crate::billing) fn update_line(
    conn: &mut Conn,
    id: InvoiceLineId,
    position: i64,
    line: &NewLine,
) -> AppResult<()> {
    let sum = totals::line_sum(&line.priced())?;
    diesel::update(invoice_lines::table.find(id))
        .set((
            invoice_lines::position.eq(position),
            invoice_lines::title.eq(&line.title),
            invoice_lines::details.eq(&line.details),
            invoice_lines::quantity_e4.eq(line.quantity_e4),
            invoice_lines::unit.eq(line.unit),
            invoice_lines::unit_price_cents.eq(line.unit_price_cents),
            invoice_lines::tax_rate_millis.eq(line.tax_rate_millis),
            invoice_lines::second_tax_rate_millis.eq(line.second_tax_rate_millis),
            invoice_lines::tax_category.eq(line.tax_category),
            invoice_lines::discount_millis.eq(line.discount.millis()),
            invoice_lines::discount_cents.eq(sum.discount_cents),
            invoice_lines::amount_cents.eq(sum.amount_cents),
            invoice_lines::adjustment_reason.eq(&line.adjustment_reason),
        ))
        .execute(conn)?;
    Ok(())
}

/// Adds hours to a line of their kind; what was changed by hand stays changed by as much.
pub(in crate::billing) fn extend_line(conn: &mut Conn, line: &InvoiceLine, group: &Group) -> AppResult<()> {
    let entries: &[TimeEntryId] = &group.entries;
    let before = line.due_seconds().unwrap_or(0);
    let seconds =
        line.logged_seconds.unwrap_or(0).checked_add(group.seconds).ok_or(totals::SumFault::TooLarge)?;
    let rounded = before.checked_add(group.rounded).ok_or(totals::SumFault::TooLarge)?;
    let cents = line.logged_cents.unwrap_or(0).checked_add(group.cents).ok_or(totals::SumFault::TooLarge)?;
    let by_hand = line.quantity_e4 - hours::quantity(before)?;
    let quantity = hours::quantity(rounded)?.checked_add(by_hand).ok_or(totals::SumFault::TooLarge)?.max(0);
    diesel::update(invoice_lines::table.find(line.id))
        .set((
            invoice_lines::quantity_e4.eq(quantity),
            invoice_lines::logged_seconds.eq(seconds),
            invoice_lines::rounded_seconds.eq(rounded),
            invoice_lines::logged_cents.eq(cents),
            invoice_lines::logged_rate_cents.eq(group.rate_cents),
        ))
        .execute(conn)?;
    hours::claim(conn, line.id, entries)
}

/// Removes lines; their hours, costs and deposits are free again.
pub(in crate::billing) fn remove_lines(conn: &mut Conn, lines: &[InvoiceLineId]) -> AppResult<()> {
    hours::release(conn, lines)?;
    costs::release(conn, lines)?;
    deposits::release(conn, lines)?;
    diesel::delete(invoice_lines::table.filter(invoice_lines::id.eq_any(lines))).execute(conn)?;
    Ok(())
}
