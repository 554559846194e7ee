//! Deposits: issued invoices that asked for money before the work, taken off a later one. Each is deducted once, until
//! a credit note takes the deduction back.

use diesel::prelude::*;

use super::draft::{self, DraftChanges, MAX_LINES};
use super::lines::insert_line;
use super::model::{self, Invoice, InvoiceLine, NewLine, Unit};
use super::tax::TaxCategory;
use super::totals::{self, Discount, Part, Priced};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::schema::{deducted_deposits, invoice_lines, invoices};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, InvoiceLineId};

/// Issued deposits of the draft's client and currency that nothing has deducted or credited, and of which all is expected
/// to be paid, oldest first.
pub fn deductible(conn: &mut Conn, draft: &Invoice) -> AppResult<Vec<Invoice>> {
    let deducted = deducted_deposits::table.select(deducted_deposits::deposit_id);
    // One that was paid settles nothing when it is credited: its credit note tells.
    let credited: Vec<Option<InvoiceId>> = invoices::table
        .filter(invoices::client_id.eq(draft.client_id))
        .filter(invoices::corrects_id.is_not_null())
        .select(invoices::corrects_id)
        .load(conn)?;
    let mut open: Vec<Invoice> = invoices::table
        .filter(invoices::client_id.eq(draft.client_id))
        .filter(invoices::is_deposit)
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::currency.eq(draft.currency))
        .filter(invoices::written_off_cents.eq(0))
        .filter(invoices::id.ne_all(deducted))
        .order(invoices::id)
        .select(Invoice::as_select())
        .load(conn)?;
    open.retain(|deposit| !credited.contains(&Some(deposit.id)));
    Ok(open)
}

/// Refuses to credit a deposit that stands on a later invoice. A credit note on that line gives it back.
pub(in crate::billing) fn refuse_deducted(conn: &mut Conn, deposit: InvoiceId) -> AppResult<()> {
    let lines: i64 = deducted_deposits::table
        .filter(deducted_deposits::deposit_id.eq(deposit))
        .count()
        .get_result(conn)?;
    if lines == 0 {
        return Ok(());
    }
    Err(AppError::Conflict(
        "This deposit is taken off a later invoice. Take it off that draft, or credit that invoice, first."
            .into(),
    ))
}

/// Takes a deposit off a draft: a line for each way in which it is taxed, so that both tax and total come out right.
pub fn deduct(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    version: Option<i64>,
    deposit: InvoiceId,
) -> AppResult<Invoice> {
    let draft = model::find_draft(conn, actor, id, version)?;
    if draft.is_deposit {
        return Err(AppError::Conflict("A deposit takes no other deposit off.".into()));
    }
    lock_row(conn, LockedTable::Invoices, deposit.0)?;
    refuse_written_off(conn, actor, &draft, deposit)?;
    let deposit = deductible(conn, &draft)?.into_iter().find(|open| open.id == deposit).ok_or_else(|| {
        AppError::invalid("deposit_id", "is no issued deposit of this client that is still to be deducted")
    })?;
    let charged: Vec<Priced> = model::lines_of(conn, deposit.id)?.iter().map(InvoiceLine::priced).collect();
    let parts = totals::parts(&charged, &deposit.pricing())?;
    let mut position = model::lines_of(conn, id)?.iter().map(|line| line.position).max().unwrap_or(0);
    for (number, part) in (1_i64..).zip(&parts) {
        position += 1;
        let line = insert_line(conn, id, position, &line(&draft, &deposit, part), None)?;
        diesel::update(invoice_lines::table.find(line))
            .set(invoice_lines::deducts_id.eq(deposit.id))
            .execute(conn)?;
        diesel::insert_into(deducted_deposits::table)
            .values((
                deducted_deposits::deposit_id.eq(deposit.id),
                deducted_deposits::part.eq(number),
                deducted_deposits::invoice_line_id.eq(line),
            ))
            .execute(conn)
            .map_err(|error| match dialect::violated_unique(&error) {
                Some(_) => AppError::Conflict("This deposit was deducted meanwhile.".into()),
                None => error.into(),
            })?;
    }
    if usize::try_from(position).unwrap_or(usize::MAX) > MAX_LINES {
        return Err(AppError::invalid(
            "lines",
            format!("are more than the {MAX_LINES} that an invoice holds"),
        ));
    }
    let client = clients::find(conn, actor, draft.client_id)?;
    draft::finish(conn, actor, now, &draft, &client, "deposit_deducted", deposit.total_cents)
}

/// What is no longer expected of a deposit would be given away by deducting it.
fn refuse_written_off(conn: &mut Conn, actor: &Actor, draft: &Invoice, id: InvoiceId) -> AppResult<()> {
    let deposit: Option<Invoice> = model::visible_to(actor)
        .filter(invoices::id.eq(id))
        .filter(invoices::client_id.eq(draft.client_id))
        .select(Invoice::as_select())
        .first(conn)
        .optional()?;
    if deposit.is_some_and(|deposit| deposit.written_off_cents > 0) {
        return Err(AppError::invalid(
            "deposit_id",
            "is written off in part or in full; take the write-off back, or credit the deposit",
        ));
    }
    Ok(())
}

/// Refuses to write a deposit off that a draft takes off: issued, that would ask for less than is owed.
pub(in crate::billing) fn refuse_on_draft(conn: &mut Conn, deposit: InvoiceId) -> AppResult<()> {
    let drafts: i64 = deducted_deposits::table
        .inner_join(invoice_lines::table.on(invoice_lines::id.eq(deducted_deposits::invoice_line_id)))
        .inner_join(invoices::table.on(invoices::id.eq(invoice_lines::invoice_id)))
        .filter(deducted_deposits::deposit_id.eq(deposit))
        .filter(invoices::issued_at.is_null())
        .count()
        .get_result(conn)?;
    if drafts == 0 {
        return Ok(());
    }
    Err(AppError::Conflict(
        "This deposit is taken off a draft. Take it off there, or issue that draft, first.".into(),
    ))
}

/// A deduction stays what its deposit charged, however its draft is edited: it goes, or it stays.
pub(in crate::billing) fn refuse_changed(
    draft: &Invoice,
    stored: &[InvoiceLine],
    changes: &DraftChanges,
) -> AppResult<()> {
    let mut errors = FormErrors::default();
    let mut deducts = false;
    for (index, (id, new)) in changes.lines.iter().enumerate() {
        let Some(line) = stored.iter().find(|line| Some(line.id) == *id && line.deducts_id.is_some()) else {
            continue;
        };
        deducts = true;
        let charged =
            |line: &Priced| Priced { tax_category: TaxCategory::Standard, is_deduction: true, ..*line };
        if charged(&line.priced()) != charged(&new.priced()) {
            let at = format!("lines[{index}].unit_price");
            errors.add(
                &at,
                "and quantity, discount and tax are those of the deposit; only the whole line can go",
            );
        }
    }
    if deducts && changes.prices_include_tax != draft.prices_include_tax {
        errors.add("prices_include_tax", "cannot change while a deposit is deducted");
    }
    if deducts && changes.options.is_deposit {
        errors.add("is_deposit", "takes no other deposit off");
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
}

/// The line that takes off one part of a deposit.
fn line(draft: &Invoice, deposit: &Invoice, part: &Part) -> NewLine {
    let price = if draft.prices_include_tax { part.gross_cents } else { part.net_cents };
    NewLine {
        title: format!("Deposit invoice {}", deposit.name()),
        details: deposit.issue_on.map(|on| format!("Issued {}", on.format("%-d %B %Y"))).unwrap_or_default(),
        quantity_e4: 10_000,
        unit: Unit::Piece,
        unit_price_cents: -price,
        discount: Discount::NONE,
        tax_rate_millis: part.tax_rate_millis,
        second_tax_rate_millis: part.second_tax_rate_millis,
        tax_category: part.category,
        adjustment_reason: String::new(),
    }
}

/// Gives the deposits of lines back.
pub(in crate::billing) fn release(conn: &mut Conn, lines: &[InvoiceLineId]) -> AppResult<()> {
    diesel::delete(deducted_deposits::table.filter(deducted_deposits::invoice_line_id.eq_any(lines)))
        .execute(conn)?;
    Ok(())
}
