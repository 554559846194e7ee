//! "Reissue corrected": a draft that begins as a credited invoice was.

use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::billing::draft::{self, NewDraft, Options};
use crate::billing::hours;
use crate::billing::lines::store_totals;
use crate::billing::model::{self, InvoiceLine, NewLine};
use crate::billing::tax::{self, Treatment};
use crate::billing::totals::Discount;
use crate::db::Conn;
use crate::db::schema::{invoice_lines, released_entries, time_entries};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, InvoiceLineId, TimeEntryId};

/// Makes a draft with the lines of an issued invoice. Lines of hours that a credit note gave back, and that are free
/// still, claim them again.
pub fn reissue(conn: &mut Conn, actor: &Actor, now: UtcTime, id: InvoiceId) -> AppResult<InvoiceId> {
    let invoice = model::find_locked(conn, actor, id)?;
    if invoice.is_draft() || invoice.is_credit_note() {
        return Err(AppError::Conflict("Only an issued invoice can be drafted anew.".into()));
    }
    let lines = model::lines_of(conn, id)?;
    let taxes = tax::taxes_of(conn, id)?;
    let untaxed = taxes.iter().find(|tax| !tax.exemption_reason.is_empty());
    let new = NewDraft {
        project: invoice.project_id,
        grouping: invoice.grouping,
        include_time: false,
        lines: lines.iter().map(copied).collect(),
        delivery_from: invoice.delivery_from,
        delivery_to: invoice.delivery_to,
        note: invoice.note.clone(),
        terms: Some(invoice.terms.clone()),
        treatment: untaxed
            .map(|tax| Treatment::new(tax.tax_category, tax.exemption_reason.clone()))
            .unwrap_or_default(),
        options: Options {
            discount: invoice.pricing().discount,
            with_time_detail: invoice.with_time_detail,
            is_deposit: invoice.is_deposit,
            exchange_rate_e6: None,
        },
        prices_include_tax: Some(invoice.prices_include_tax),
        ..NewDraft::of_hours(invoice.client_id)
    };
    let draft = draft::create(conn, actor, now, &new)?;
    let drafted = model::lines_of(conn, draft)?;
    for (line, copy) in lines.iter().zip(&drafted) {
        claim_again(conn, line.id, copy.id)?;
    }
    store_totals(conn, draft, None)?;
    Ok(draft)
}

fn copied(line: &InvoiceLine) -> NewLine {
    NewLine {
        title: line.title.clone(),
        details: line.details.clone(),
        quantity_e4: line.quantity_e4,
        unit: line.unit,
        unit_price_cents: line.unit_price_cents,
        discount: Discount::stored(line.discount_millis, line.discount_cents),
        tax_rate_millis: line.tax_rate_millis,
        second_tax_rate_millis: line.second_tax_rate_millis,
        tax_category: line.tax_category,
        adjustment_reason: line.adjustment_reason.clone(),
    }
}

/// Claims for `copy` the hours that `line` billed before they were given back, as they are now.
fn claim_again(conn: &mut Conn, line: InvoiceLineId, copy: InvoiceLineId) -> AppResult<()> {
    let free: Vec<(TimeEntryId, i64, i64, Option<i64>)> = released_entries::table
        .inner_join(time_entries::table)
        .filter(released_entries::invoice_line_id.eq(line))
        .filter(time_entries::is_unbilled)
        .order(time_entries::id)
        .select((
            time_entries::id,
            time_entries::duration_seconds,
            time_entries::amount_cents,
            time_entries::rate_cents,
        ))
        .load(conn)?;
    let Some(rate) = free.iter().find_map(|(_, _, _, rate)| *rate) else { return Ok(()) };
    let seconds: i64 = free.iter().map(|(_, seconds, _, _)| seconds).sum();
    // The copy bills what the line billed: as it was rounded while its hours are the same.
    let (logged, rounded): (Option<i64>, Option<i64>) = invoice_lines::table
        .find(line)
        .select((invoice_lines::logged_seconds, invoice_lines::rounded_seconds))
        .first(conn)?;
    diesel::update(invoice_lines::table.find(copy))
        .set((
            invoice_lines::logged_seconds.eq(seconds),
            invoice_lines::rounded_seconds.eq(rounded.filter(|_| logged == Some(seconds))),
            invoice_lines::logged_cents.eq(free.iter().map(|(_, _, cents, _)| cents).sum::<i64>()),
            invoice_lines::logged_rate_cents.eq(rate),
        ))
        .execute(conn)?;
    let entries: Vec<TimeEntryId> = free.iter().map(|(entry, ..)| *entry).collect();
    hours::claim(conn, copy, &entries)
}
