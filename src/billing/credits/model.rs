//! Credit notes: what can still be credited, and the verbs.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::deposits::{self, refuse_deducted};
use crate::billing::issue::freeze;
use crate::billing::lines::store_sums;
use crate::billing::model::{self, Invoice, InvoiceLine, Kind};
use crate::billing::series::Series;
use crate::billing::totals::{self, LineSum, Priced, SumFault, Totals};
use crate::billing::write_offs::model as write_offs;
use crate::billing::{costs, tax};
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{billed_entries, credit_allocations, invoice_lines, invoices, released_entries};
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, InvoiceLineId, TimeEntryId};
use crate::types::money::{self, Currency, Money};
use crate::types::zone;

/// Rows of one insert: well below what a statement may bind.
const BATCH: usize = 1_000;

/// A line of an invoice and what can still be taken back of it.
#[derive(Debug, Clone)]
pub struct Creditable {
    /// The line.
    pub line: InvoiceLine,
    /// Quantity that no credit note has taken back, in ten-thousandths.
    pub left_e4: i64,
    /// Whether a credit note takes something of it back.
    is_corrected: bool,
}

impl Creditable {
    /// Whether it bills hours or a cost that can be billed again.
    pub fn gives_back(&self) -> bool {
        self.line.logged_seconds.is_some() || self.line.claimed_cents.is_some()
    }

    /// Whether it holds hours or a cost for nothing: rounded down to none, or given away.
    fn is_nil(&self) -> bool {
        self.line.quantity_e4 == 0 && self.gives_back() && !self.is_corrected
    }
}

/// What is to be taken back.
#[derive(Debug, Clone)]
pub struct NewCredit {
    /// Why; printed.
    pub reason: String,
    /// Lines and quantities in ten-thousandths; `None` is everything that is left.
    pub lines: Option<Vec<(InvoiceLineId, i64)>>,
    /// Whether hours and costs on its lines can be billed again: those it takes back the last part of.
    pub releases_hours: bool,
}

/// What can still be credited of an issued invoice, in the order of its lines.
pub fn creditable(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<Creditable>> {
    let lines = model::lines_of(conn, id)?;
    let ids: Vec<InvoiceLineId> = lines.iter().map(|line| line.id).collect();
    let mut credited: BTreeMap<InvoiceLineId, i64> = BTreeMap::new();
    let rows: Vec<(Option<InvoiceLineId>, i64)> = invoice_lines::table
        .filter(invoice_lines::corrects_line_id.eq_any(&ids))
        .select((invoice_lines::corrects_line_id, invoice_lines::quantity_e4))
        .cached()
        .load(conn)?;
    for (line, quantity) in rows {
        if let Some(line) = line {
            *credited.entry(line).or_default() += quantity;
        }
    }
    let left = |line: &InvoiceLine| line.quantity_e4 - credited.get(&line.id).copied().unwrap_or(0);
    let creditable = |line: InvoiceLine| Creditable {
        left_e4: left(&line),
        is_corrected: credited.contains_key(&line.id),
        line,
    };
    Ok(lines.into_iter().map(creditable).collect())
}

/// Whether nothing of an issued invoice is left to credit.
pub fn is_taken_back(conn: &mut Conn, id: InvoiceId) -> AppResult<bool> {
    Ok(creditable(conn, id)?.iter().all(|of| of.left_e4 <= 0))
}

/// The invoice, locked, if it can be credited.
fn find_creditable(conn: &mut Conn, actor: &Actor, id: InvoiceId) -> AppResult<Invoice> {
    let invoice = model::find_locked(conn, actor, id)?;
    if invoice.is_draft() {
        return Err(AppError::Conflict("A draft needs no credit note: change it, or delete it.".into()));
    }
    if invoice.is_credit_note() {
        return Err(AppError::Conflict("A credit note cannot be credited.".into()));
    }
    Ok(invoice)
}

/// Issues a credit note on invoice `id`. It takes the place of what is written off of the invoice and settles it as far
/// as something is left to pay.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    new: &NewCredit,
) -> AppResult<Invoice> {
    let invoice = find_creditable(conn, actor, id)?;
    refuse_deducted(conn, id)?;
    let open = creditable(conn, id)?;
    let taken = chosen(&open, new)?;
    // The note that takes the last of an invoice back gives back what its lines hold for nothing, too.
    let takes_all = open.iter().zip(&taken).all(|(of, quantity)| *quantity == of.left_e4.max(0));
    let gives_nil = |of: &Creditable| new.releases_hours && takes_all && of.is_nil();
    if new.releases_hours {
        refuse_half_given_back(&open, &taken, new.lines.as_deref())?;
    }
    let sums = credited(&open, &taken, &invoice)?;
    refuse_more_than_left(conn, &invoice, sums.total)?;
    let agency = agency::load(conn)?;
    let client = clients::find(conn, actor, invoice.client_id)?;
    let series = Series::locked(conn, Kind::CreditNote.as_str())?;
    let today = zone::local_date(now, agency.zone());
    let issue_on = series.last_issue_on.map_or(today, |last| last.max(today));
    let note = insert_note(conn, actor, now, &invoice, &new.reason, issue_on)?;
    let mut released: Vec<(InvoiceLineId, InvoiceLineId)> = Vec::new();
    let mut line_sums = sums.lines.iter();
    let parts = open.iter().zip(&taken).filter(|(of, quantity)| **quantity > 0 || gives_nil(of));
    for (position, (of, quantity)) in (1..).zip(parts) {
        let charged = if *quantity > 0 { line_sums.next() } else { None };
        let sum = charged.unwrap_or(&LineSum { discount_cents: 0, amount_cents: 0 });
        let releases = new.releases_hours && *quantity == of.left_e4;
        let line = insert_line(conn, note, position, of, *quantity, *sum, releases)?;
        if releases {
            released.push((of.line.id, line));
        }
    }
    let taxes = tax::taxes_of(conn, id)?;
    store_sums(conn, note, &sums, |category| {
        let of = taxes.iter().find(|tax| tax.tax_category == category);
        of.map(|tax| tax.exemption_reason.clone()).unwrap_or_default()
    })?;
    let draft = model::find(conn, actor, note)?;
    let issued = freeze(conn, actor, now, &draft, &agency, &client, &series)?;
    for (of, line) in released {
        release(conn, of, line)?;
        costs::release_credited(conn, of, line)?;
    }
    let whole = open.iter().zip(&taken).filter(|(of, quantity)| of.left_e4 == **quantity);
    deposits::release(conn, &whole.map(|(of, _)| of.line.id).collect::<Vec<_>>())?;
    write_offs::give_way(conn, actor, now, &invoice, &issued)?;
    let invoice = model::find(conn, actor, id)?;
    let settles = issued.total_cents.min(invoice.balance());
    if settles > 0 {
        apply_locked(conn, actor, now, &issued, &invoice, settles)?;
    }
    model::find(conn, actor, note)
}

/// How much of each line is taken back; every fault at once.
fn chosen(open: &[Creditable], new: &NewCredit) -> AppResult<Vec<i64>> {
    let mut errors = FormErrors::default();
    let mut taken: Vec<Option<i64>> = vec![None; open.len()];
    match &new.lines {
        None => taken = open.iter().map(|of| Some(of.left_e4.max(0))).collect(),
        Some(wanted) => {
            for (index, (id, quantity)) in wanted.iter().enumerate() {
                let field = format!("lines[{index}].quantity");
                match open.iter().zip(&mut taken).find(|(of, _)| of.line.id == *id) {
                    None => errors.add(&format!("lines[{index}].id"), "is not a line of this invoice"),
                    Some((_, Some(_))) => errors.add(&format!("lines[{index}].id"), "stands twice"),
                    Some((of, _)) if *quantity > of.left_e4 => {
                        let left = money::plain_decimal(of.left_e4, 4);
                        errors.add(&field, format!("is more than the {left} left to credit"));
                    }
                    Some((_, taken)) => *taken = Some(*quantity),
                }
            }
        }
    }
    let taken: Vec<i64> = taken.into_iter().map(Option::unwrap_or_default).collect();
    let gives_nil =
        new.releases_hours && open.iter().all(|of| of.left_e4 <= 0) && open.iter().any(Creditable::is_nil);
    if errors.is_empty() && !gives_nil && taken.iter().all(|quantity| *quantity == 0) {
        errors.add("lines", "name nothing that is left to credit");
    }
    if errors.is_empty() { Ok(taken) } else { Err(errors.into()) }
}

/// Hours and costs are given back as a whole, by the note that takes the last part of their line.
fn refuse_half_given_back(
    open: &[Creditable],
    taken: &[i64],
    wanted: Option<&[(InvoiceLineId, i64)]>,
) -> AppResult<()> {
    let mut errors = FormErrors::default();
    let wanted = wanted.unwrap_or_default();
    for (of, quantity) in open.iter().zip(taken) {
        let is_half = *quantity > 0 && *quantity < of.left_e4;
        let place = wanted.iter().position(|(id, _)| *id == of.line.id);
        if let Some(index) = place.filter(|_| is_half && of.gives_back()) {
            let left = money::plain_decimal(of.left_e4, 4);
            let message = format!(
                "leaves a part billed, so what the line bills cannot be billed again; take all {left} back, or choose that nothing is billed again"
            );
            errors.add(&format!("lines[{index}].quantity"), message);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
}

/// What a credit note charges back that takes `taken` of what is left of `open`, the lines of `invoice`.
fn credited(open: &[Creditable], taken: &[i64], invoice: &Invoice) -> Result<Totals, SumFault> {
    let lines: Vec<Priced> = open.iter().map(|of| of.line.priced()).collect();
    let before: Vec<i64> = open.iter().map(|of| of.line.quantity_e4 - of.left_e4).collect();
    totals::credited(&lines, &before, taken, &invoice.pricing())
}

/// Where a line reduces an invoice, the others alone are worth more than all of it.
fn refuse_more_than_left(conn: &mut Conn, invoice: &Invoice, total: i64) -> AppResult<()> {
    let credited: i64 = of_invoice(conn, invoice.id)?.iter().map(|note| note.total_cents).sum();
    let left = invoice.total_cents - credited;
    if total < 0 {
        return Err(AppError::invalid("lines", "add up to less than nothing"));
    }
    if total > left {
        let (total, left) = (Money::new(total, invoice.currency), Money::new(left, invoice.currency));
        return Err(AppError::invalid(
            "lines",
            format!(
                "add up to {total}, but only {left} is left to credit; take back what reduces the invoice, too"
            ),
        ));
    }
    Ok(())
}

/// A draft of a credit note without lines.
fn insert_note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    invoice: &Invoice,
    reason: &str,
    issue_on: NaiveDate,
) -> AppResult<InvoiceId> {
    Ok(diesel::insert_into(invoices::table)
        .values((
            invoices::kind.eq(Kind::CreditNote),
            invoices::client_id.eq(invoice.client_id),
            invoices::project_id.eq(invoice.project_id),
            invoices::corrects_id.eq(invoice.id),
            invoices::reason.eq(reason),
            invoices::currency.eq(invoice.currency),
            invoices::issue_on.eq(issue_on),
            invoices::due_on.eq(issue_on),
            (
                invoices::delivery_from.eq(invoice.delivery_from),
                invoices::delivery_to.eq(invoice.delivery_to),
            ),
            invoices::grouping.eq(invoice.grouping),
            invoices::prices_include_tax.eq(invoice.prices_include_tax),
            (
                invoices::tax_name.eq(&invoice.tax_name),
                invoices::second_tax_name.eq(&invoice.second_tax_name),
            ),
            invoices::discount_millis.eq(invoice.discount_millis),
            invoices::rounding_step_cents.eq(invoice.rounding_step_cents),
            invoices::exchange_rate_e6.eq(invoice.exchange_rate_e6),
            invoices::created_by.eq(actor.id),
            invoices::created_at.eq(now),
            invoices::updated_at.eq(now),
        ))
        .returning(invoices::id)
        .get_result(conn)?)
}

fn insert_line(
    conn: &mut Conn,
    note: InvoiceId,
    position: i64,
    of: &Creditable,
    quantity: i64,
    sum: LineSum,
    releases: bool,
) -> AppResult<InvoiceLineId> {
    let line = &of.line;
    Ok(diesel::insert_into(invoice_lines::table)
        .values((
            invoice_lines::invoice_id.eq(note),
            invoice_lines::position.eq(position),
            (invoice_lines::title.eq(&line.title), invoice_lines::details.eq(&line.details)),
            invoice_lines::quantity_e4.eq(quantity),
            invoice_lines::unit.eq(line.unit),
            invoice_lines::unit_price_cents.eq(line.unit_price_cents),
            invoice_lines::tax_rate_millis.eq(line.tax_rate_millis),
            invoice_lines::second_tax_rate_millis.eq(line.second_tax_rate_millis),
            invoice_lines::tax_category.eq(line.tax_category),
            invoice_lines::discount_millis.eq(line.discount_millis),
            invoice_lines::discount_cents.eq(sum.discount_cents),
            invoice_lines::amount_cents.eq(sum.amount_cents),
            invoice_lines::logged_seconds.eq(line.logged_seconds.filter(|_| releases)),
            invoice_lines::logged_cents.eq(line.logged_cents.filter(|_| releases)),
            invoice_lines::logged_rate_cents.eq(line.logged_rate_cents.filter(|_| releases)),
            invoice_lines::rounded_seconds.eq(line.rounded_seconds.filter(|_| releases)),
            invoice_lines::corrects_line_id.eq(line.id),
        ))
        .returning(invoice_lines::id)
        .get_result(conn)?)
}

/// Gives the hours of a line back; who billed them first stays on record.
fn release(conn: &mut Conn, of: InvoiceLineId, credit: InvoiceLineId) -> AppResult<()> {
    let entries: Vec<TimeEntryId> = billed_entries::table
        .filter(billed_entries::invoice_line_id.eq(of))
        .select(billed_entries::time_entry_id)
        .order(billed_entries::time_entry_id)
        .load(conn)?;
    for batch in entries.chunks(BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .map(|entry| {
                (
                    released_entries::time_entry_id.eq(*entry),
                    released_entries::invoice_line_id.eq(of),
                    released_entries::credit_line_id.eq(credit),
                )
            })
            .collect();
        crate::insert_batch!(conn, released_entries::table, &rows)?;
    }
    diesel::delete(billed_entries::table.filter(billed_entries::invoice_line_id.eq(of))).execute(conn)?;
    Ok(())
}

/// Settles an invoice with what is left of a credit note of the same client and currency.
pub fn apply(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    note: InvoiceId,
    invoice: InvoiceId,
    cents: i64,
) -> AppResult<()> {
    let note = model::find_locked(conn, actor, note)?;
    if note.is_draft() || !note.is_credit_note() {
        return Err(AppError::Conflict("Only an issued credit note can settle an invoice.".into()));
    }
    let invoice = match model::find_locked(conn, actor, invoice) {
        Err(AppError::NotFound) => return Err(AppError::invalid("invoice_id", "is not an invoice")),
        found => found?,
    };
    let fits =
        (invoice.client_id, invoice.currency, invoice.kind) == (note.client_id, note.currency, Kind::Invoice);
    if invoice.is_draft() || !fits {
        return Err(AppError::invalid(
            "invoice_id",
            "is not an open invoice of this client in this currency",
        ));
    }
    let most = note.balance().min(invoice.balance());
    if cents > most {
        let most = Money::new(most, note.currency);
        return Err(AppError::invalid("amount", format!("is more than the {most} that can be applied")));
    }
    apply_locked(conn, actor, now, &note, &invoice, cents)
}

fn apply_locked(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    note: &Invoice,
    invoice: &Invoice,
    cents: i64,
) -> AppResult<()> {
    diesel::insert_into(credit_allocations::table)
        .values((
            credit_allocations::credit_note_id.eq(note.id),
            credit_allocations::invoice_id.eq(invoice.id),
            credit_allocations::amount_cents.eq(cents),
            credit_allocations::created_by.eq(actor.id),
            credit_allocations::created_at.eq(now),
        ))
        .execute(conn)?;
    for side in [note, invoice] {
        let settled_at = (side.balance() == cents).then_some(now);
        diesel::update(invoices::table.find(side.id))
            .set((
                invoices::credited_cents.eq(side.credited_cents + cents),
                invoices::settled_at.eq(settled_at),
                invoices::updated_at.eq(now),
            ))
            .execute(conn)?;
    }
    let mut entry = Entry::new(Action::Credited, Subject::Invoice, invoice.id.0, invoice.name())
        .client(invoice.client_id)
        .invoice(invoice.id)
        .change("credit_note", "", note.name())
        .change(
            "credited",
            Money::new(invoice.credited_cents, invoice.currency),
            Money::new(invoice.credited_cents + cents, invoice.currency),
        );
    if let Some(project) = invoice.project_id {
        entry = entry.project(project);
    }
    audit::record(conn, Some(actor.id), now, &entry)
}

/// The credit notes on an invoice, oldest first.
pub fn of_invoice(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<Invoice>> {
    Ok(invoices::table
        .filter(invoices::corrects_id.eq(id))
        .order(invoices::id)
        .select(Invoice::as_select())
        .load(conn)?)
}

/// What a credit note settled: invoice, its number, minor units; oldest first.
pub fn applications(conn: &mut Conn, note: InvoiceId) -> AppResult<Vec<(InvoiceId, String, i64)>> {
    let rows: Vec<(InvoiceId, Option<String>, i64)> = credit_allocations::table
        .inner_join(invoices::table.on(invoices::id.eq(credit_allocations::invoice_id)))
        .filter(credit_allocations::credit_note_id.eq(note))
        .order(credit_allocations::id)
        .select((invoices::id, invoices::number, credit_allocations::amount_cents))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, number, cents)| (id, number.unwrap_or_default(), cents)).collect())
}

/// Open invoices of a client in one currency, by due date, for a choice.
pub fn open_invoices_of(conn: &mut Conn, client: ClientId, currency: Currency) -> AppResult<Vec<Invoice>> {
    Ok(invoices::table
        .filter(invoices::client_id.eq(client))
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::settled_at.is_null())
        .filter(invoices::kind.eq(Kind::Invoice))
        .filter(invoices::currency.eq(currency))
        .order((invoices::due_on, invoices::id))
        .select(Invoice::as_select())
        .load(conn)?)
}
