//! "Reissue corrected": a draft that begins as an invoice was that is credited in full.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::model::is_taken_back;
use crate::auth::user::Actor;
use crate::billing::costs::{self, Claim};
use crate::billing::deposits;
use crate::billing::draft::{self, NewDraft, Options};
use crate::billing::hours;
use crate::billing::lines::store_totals;
use crate::billing::model::{self, Invoice, InvoiceLine, NewLine};
use crate::billing::tax::{self, Treatment};
use crate::billing::totals::Discount;
use crate::db::Conn;
use crate::db::schema::{invoice_lines, invoices, released_entries, time_entries};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, InvoiceLineId, TimeEntryId};

/// Makes a draft with the lines of an invoice that is credited in full. Lines of hours and costs that a credit note
/// gave back, and that are free still, claim them again; those that another invoice bills by now are left out. Deposits
/// are deducted anew as far as that is possible. There is one such draft: once it is deleted there may be another, once it
/// is issued there is none any more.
pub fn reissue(conn: &mut Conn, actor: &Actor, now: UtcTime, id: InvoiceId) -> AppResult<InvoiceId> {
    let invoice = model::find_locked(conn, actor, id)?;
    refuse_billing(conn, &invoice)?;
    refuse_second(conn, &invoice)?;
    let all = model::lines_of(conn, id)?;
    let released = Released::load(conn, invoice.client_id, &all)?;
    let lines: Vec<&InvoiceLine> = all
        .iter()
        .filter(|line| line.deducts_id.is_none() && !released.is_billed_elsewhere(line.id))
        .collect();
    let new = copy_of(conn, &invoice, &lines)?;
    let draft = draft::create(conn, actor, now, &new)?;
    diesel::update(invoices::table.find(draft)).set(invoices::reissues_id.eq(id)).execute(conn)?;
    for (line, copy) in lines.iter().zip(&model::lines_of(conn, draft)?) {
        released.claim_again(conn, line, copy.id)?;
    }
    store_totals(conn, draft, None)?;
    let open: Vec<InvoiceId> = {
        let draft = model::find(conn, actor, draft)?;
        deposits::deductible(conn, &draft)?.iter().map(|deposit| deposit.id).collect()
    };
    let mut deducted: Vec<InvoiceId> = all.iter().filter_map(|line| line.deducts_id).collect();
    deducted.dedup();
    for deposit in deducted.into_iter().filter(|deposit| open.contains(deposit)) {
        deposits::deduct(conn, actor, now, draft, None, deposit)?;
    }
    Ok(draft)
}

/// The draft or invoice that bills the lines of invoice `id` anew.
pub fn of_invoice(conn: &mut Conn, id: InvoiceId) -> AppResult<Option<Invoice>> {
    Ok(invoices::table
        .filter(invoices::reissues_id.eq(id))
        .select(Invoice::as_select())
        .first(conn)
        .optional()?)
}

/// Lines that were drafted anew are not drafted a second time.
fn refuse_second(conn: &mut Conn, invoice: &Invoice) -> AppResult<()> {
    match of_invoice(conn, invoice.id)? {
        None => Ok(()),
        Some(draft) if draft.is_draft() => Err(AppError::Conflict(format!(
            "{} has a corrected draft already: /billing/{}. Finish that, or delete it.",
            invoice.name(),
            draft.id
        ))),
        Some(issued) => Err(AppError::Conflict(format!(
            "{} was issued in place of {}. If that is wrong as well, credit it and draft it anew.",
            issued.name(),
            invoice.name()
        ))),
    }
}

/// Only what was taken back in full can be billed again.
fn refuse_billing(conn: &mut Conn, invoice: &Invoice) -> AppResult<()> {
    if invoice.is_draft() || invoice.is_credit_note() {
        return Err(AppError::Conflict("Only an issued invoice can be drafted anew.".into()));
    }
    if !is_taken_back(conn, invoice.id)? {
        return Err(AppError::Conflict(format!(
            "{} still bills some of its lines. Credit it in full first, so that nothing is billed twice.",
            invoice.name()
        )));
    }
    Ok(())
}

fn copy_of(conn: &mut Conn, invoice: &Invoice, lines: &[&InvoiceLine]) -> AppResult<NewDraft> {
    let taxes = tax::taxes_of(conn, invoice.id)?;
    let untaxed = taxes.iter().find(|tax| !tax.exemption_reason.is_empty());
    Ok(NewDraft {
        project: invoice.project_id,
        grouping: invoice.grouping,
        include_time: false,
        lines: lines.iter().map(|line| copied(line)).collect(),
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
            rounding_step_cents: Some(invoice.rounding_step_cents),
        },
        prices_include_tax: Some(invoice.prices_include_tax),
        ..NewDraft::of_hours(invoice.client_id)
    })
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

/// An entry that was given back, as it is now.
#[derive(Queryable)]
struct GivenBack {
    id: TimeEntryId,
    client: ClientId,
    seconds: i64,
    cents: i64,
    rate: Option<i64>,
    is_unbilled: bool,
}

/// What credit notes gave back of lines.
struct Released {
    client: ClientId,
    hours: BTreeMap<InvoiceLineId, Vec<GivenBack>>,
    /// Line, cost, and what that costs while it is free.
    costs: Vec<(InvoiceLineId, Claim, Option<i64>)>,
}

impl Released {
    fn load(conn: &mut Conn, client: ClientId, lines: &[InvoiceLine]) -> AppResult<Self> {
        let ids: Vec<InvoiceLineId> = lines.iter().map(|line| line.id).collect();
        let rows: Vec<(InvoiceLineId, GivenBack)> = released_entries::table
            .inner_join(time_entries::table)
            .filter(released_entries::invoice_line_id.eq_any(&ids))
            .order(time_entries::id)
            .select((
                released_entries::invoice_line_id,
                (
                    time_entries::id,
                    time_entries::client_id,
                    time_entries::duration_seconds,
                    time_entries::amount_cents,
                    time_entries::rate_cents,
                    time_entries::is_unbilled,
                ),
            ))
            .load(conn)?;
        let mut hours: BTreeMap<InvoiceLineId, Vec<GivenBack>> = BTreeMap::new();
        for (line, entry) in rows {
            hours.entry(line).or_default().push(entry);
        }
        Ok(Self { client, hours, costs: costs::released(conn, client, &ids)? })
    }

    /// Entries that a line gave back and that wait to be billed to the same client.
    fn free(&self, line: InvoiceLineId) -> impl Iterator<Item = &GivenBack> {
        let of = self.hours.get(&line).into_iter().flatten();
        of.filter(|entry| entry.is_unbilled && entry.client == self.client && entry.rate.is_some())
    }

    /// Whether a line gave something back of which nothing waits any more.
    fn is_billed_elsewhere(&self, line: InvoiceLineId) -> bool {
        let mut costs = self.costs.iter().filter(|(of, ..)| *of == line).peekable();
        let gave_back = self.hours.contains_key(&line) || costs.peek().is_some();
        gave_back && self.free(line).next().is_none() && !costs.any(|(.., free)| free.is_some())
    }

    /// Claims for `copy` what `line` billed before it was given back, as it is now.
    fn claim_again(&self, conn: &mut Conn, line: &InvoiceLine, copy: InvoiceLineId) -> AppResult<()> {
        for (_, claim, cents) in self.costs.iter().filter(|(of, ..)| *of == line.id) {
            if let Some(cents) = cents {
                costs::claim(conn, copy, *claim, *cents)?;
            }
        }
        let Some(rate) = self.free(line.id).find_map(|entry| entry.rate) else { return Ok(()) };
        let seconds: i64 = self.free(line.id).map(|entry| entry.seconds).sum();
        // The copy bills what the line billed: as it was rounded while its hours are the same.
        let rounded = line.rounded_seconds.filter(|_| line.logged_seconds == Some(seconds));
        diesel::update(invoice_lines::table.find(copy))
            .set((
                invoice_lines::logged_seconds.eq(seconds),
                invoice_lines::rounded_seconds.eq(rounded),
                invoice_lines::logged_cents.eq(self.free(line.id).map(|entry| entry.cents).sum::<i64>()),
                invoice_lines::logged_rate_cents.eq(rate),
            ))
            .execute(conn)?;
        let entries: Vec<TimeEntryId> = self.free(line.id).map(|entry| entry.id).collect();
        hours::claim(conn, copy, &entries)
    }
}
