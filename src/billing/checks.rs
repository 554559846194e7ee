//! What must hold of numbers, payments, totals and documents, and between hours, tasks, projects and clients.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::base::{Amounts, added};
use super::model::{Invoice, InvoiceLine};
use super::parties::{Buyer, Seller};
use super::print::Document;
use super::totals::{self, Priced, SumFault, Totals};
use crate::db::Conn;
use crate::db::schema::{invoice_documents, invoice_lines, invoices};
use crate::error::AppResult;
use crate::keys::sha256_hex;
use crate::types::ids::{InvoiceId, InvoiceLineId};

/// Documents and invoices read at a time.
const BATCH: i64 = 500;

#[derive(QueryableByName)]
struct Sequence {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    year: i64,
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    last: Option<i64>,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    next: Option<i64>,
}

/// A sentence for every series and year whose numbers do not follow each other without a gap from the first one on.
pub fn number_gaps(conn: &mut Conn) -> AppResult<Vec<String>> {
    let rows: Vec<Sequence> = diesel::sql_query(
        "SELECT s.kind, y.year, y.first_seq AS first, CAST(max(i.seq) AS BIGINT) AS last, count(i.id) AS count, \
                CASE WHEN s.year = y.year THEN s.next_seq END AS next \
         FROM invoice_series_years y JOIN invoice_series s ON s.id = y.series_id \
         LEFT JOIN (SELECT id, series_id, series_year, seq FROM invoices WHERE seq IS NOT NULL UNION ALL \
           SELECT id, series_id, series_year, seq FROM quotes WHERE seq IS NOT NULL) i ON i.series_id = y.series_id AND i.series_year = y.year \
         GROUP BY s.id, s.kind, s.year, s.next_seq, y.year, y.first_seq ORDER BY s.id, y.year",
    )
    .load(conn)?;
    let mut gaps = Vec::new();
    for row in rows {
        let series = format!("Series {} of {}", row.kind, row.year);
        let last = row.last.unwrap_or(row.first);
        let missing = last - row.first + 1 - row.count;
        if missing != 0 {
            gaps.push(format!("{series}: {missing} of the numbers {} to {last} are missing.", row.first));
        }
        if row.next.is_some_and(|next| next != last + 1) {
            gaps.push(format!("{series}: the next number does not follow the last one, {last}."));
        }
    }
    let begun: Vec<Fault> = diesel::sql_query(
        "SELECT i.id FROM invoices i LEFT JOIN invoice_series_years y ON y.series_id = i.series_id AND y.year = i.series_year \
         WHERE i.series_id IS NOT NULL AND (y.first_seq IS NULL OR i.seq < y.first_seq) ORDER BY i.id LIMIT 50",
    )
    .load(conn)?;
    gaps.extend(
        begun.iter().map(|row| format!("Invoice {}: its number stands before its series began.", row.id)),
    );
    Ok(gaps)
}

#[derive(QueryableByName)]
struct Fault {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

const LEDGER: &[(&str, &str)] = &[
    (
        "what is stored as paid is not the sum of its payments",
        "SELECT i.id FROM invoices i LEFT JOIN (SELECT invoice_id, SUM(amount_cents) AS cents FROM payment_allocations \
         GROUP BY invoice_id) a ON a.invoice_id = i.id \
         WHERE i.paid_cents <> coalesce(CASE WHEN i.kind = 'credit_note' THEN -a.cents ELSE a.cents END, 0) ORDER BY i.id LIMIT 50",
    ),
    (
        "what is stored as credited is not the sum of its credits",
        "SELECT i.id FROM invoices i WHERE i.credited_cents <> coalesce((SELECT SUM(a.amount_cents) FROM credit_allocations a \
           WHERE CASE WHEN i.kind = 'credit_note' THEN a.credit_note_id ELSE a.invoice_id END = i.id), 0) ORDER BY i.id LIMIT 50",
    ),
    (
        "what is stored as written off is not the sum of its write-offs",
        "SELECT i.id FROM invoices i LEFT JOIN (SELECT invoice_id, SUM(amount_cents) AS cents FROM invoice_write_offs \
         GROUP BY invoice_id) w ON w.invoice_id = i.id WHERE i.written_off_cents <> coalesce(w.cents, 0) ORDER BY i.id LIMIT 50",
    ),
    (
        "more of it was credited than it billed",
        "SELECT i.id FROM invoices i JOIN (SELECT corrects_id, SUM(total_cents) AS cents FROM invoices WHERE issued_at IS NOT NULL \
         AND corrects_id IS NOT NULL GROUP BY corrects_id) c ON c.corrects_id = i.id WHERE c.cents > i.total_cents ORDER BY i.id LIMIT 50",
    ),
    (
        "its credit notes give back more than was ever paid of it",
        "SELECT i.id FROM invoices i JOIN (SELECT corrects_id, SUM(total_cents) AS cents FROM invoices WHERE issued_at IS NOT NULL \
         AND corrects_id IS NOT NULL AND NOT is_imported GROUP BY corrects_id) c ON c.corrects_id = i.id LEFT JOIN \
           (SELECT invoice_id, SUM(amount_cents) AS cents FROM payment_allocations WHERE amount_cents > 0 GROUP BY invoice_id) p \
           ON p.invoice_id = i.id WHERE c.cents > i.credited_cents + coalesce(p.cents, 0) ORDER BY i.id LIMIT 50",
    ),
    (
        "it is settled although something is left to pay, or the other way round",
        "SELECT id FROM invoices WHERE issued_at IS NOT NULL \
         AND (settled_at IS NOT NULL) <> (paid_cents + credited_cents + written_off_cents = total_cents) ORDER BY id LIMIT 50",
    ),
    (
        "its taxes do not stand on its lines",
        "SELECT i.id FROM invoices i LEFT JOIN (SELECT invoice_id, SUM(CASE WHEN is_second THEN 0 ELSE base_cents END) AS base, SUM(tax_cents) AS tax \
         FROM invoice_taxes GROUP BY invoice_id) t ON t.invoice_id = i.id \
         WHERE i.net_cents <> coalesce(t.base, 0) OR i.tax_cents <> coalesce(t.tax, 0) ORDER BY i.id LIMIT 50",
    ),
    (
        "it is issued but its document is missing",
        "SELECT i.id FROM invoices i LEFT JOIN invoice_documents d ON d.invoice_id = i.id \
         WHERE i.issued_at IS NOT NULL AND NOT i.is_imported AND d.invoice_id IS NULL ORDER BY i.id LIMIT 50",
    ),
    (
        "a payment on it was shared out to more than its amount",
        "SELECT DISTINCT a.invoice_id AS id FROM payment_allocations a JOIN payments p ON p.id = a.payment_id \
         JOIN (SELECT payment_id, SUM(amount_cents) AS cents FROM payment_allocations GROUP BY payment_id) s \
           ON s.payment_id = p.id WHERE abs(s.cents) > abs(p.amount_cents) OR s.cents * p.amount_cents < 0 ORDER BY id LIMIT 50",
    ),
    (
        "a payment of another client or currency stands on it",
        "SELECT DISTINCT i.id FROM payment_allocations a JOIN payments p ON p.id = a.payment_id \
         JOIN invoices i ON i.id = a.invoice_id WHERE p.client_id <> i.client_id OR p.currency <> i.currency \
         ORDER BY i.id LIMIT 50",
    ),
    (
        "a line does not say what the hours on it say",
        "SELECT DISTINCT l.invoice_id AS id FROM invoice_lines l LEFT JOIN \
           (SELECT x.invoice_line_id, SUM(e.duration_seconds) AS seconds, SUM(e.amount_cents) AS cents \
            FROM billed_entries x JOIN time_entries e ON e.id = x.time_entry_id GROUP BY x.invoice_line_id) b \
           ON b.invoice_line_id = l.id \
         WHERE l.corrects_line_id IS NULL AND NOT EXISTS (SELECT 1 FROM released_entries r WHERE r.invoice_line_id = l.id) AND (coalesce(l.logged_seconds, 0) <> coalesce(b.seconds, 0) OR coalesce(l.logged_cents, 0) <> coalesce(b.cents, 0)) \
         ORDER BY id LIMIT 50",
    ),
    (
        "it takes more off for a deposit than that charged",
        "SELECT DISTINCT v.id FROM (SELECT l.invoice_id, d.deposit_id, -SUM(l.amount_cents) AS cents, COUNT(*) AS parts FROM deducted_deposits d \
         JOIN invoice_lines l ON l.id = d.invoice_line_id GROUP BY l.invoice_id, d.deposit_id) t \
         JOIN invoices v ON v.id = t.invoice_id JOIN invoices i ON i.id = t.deposit_id \
         WHERE t.cents >= t.parts + i.net_cents + CASE WHEN v.prices_include_tax THEN i.tax_cents ELSE 0 END ORDER BY v.id LIMIT 50",
    ),
    (
        "hours of another client are on it",
        "SELECT DISTINCT i.id FROM billed_entries x JOIN time_entries e ON e.id = x.time_entry_id \
         JOIN invoice_lines l ON l.id = x.invoice_line_id JOIN invoices i ON i.id = l.invoice_id \
         WHERE e.client_id <> i.client_id ORDER BY i.id LIMIT 50",
    ),
    (
        "it is issued without saying why no tax is charged",
        "SELECT DISTINCT i.id FROM invoices i JOIN invoice_taxes t ON t.invoice_id = i.id \
         WHERE i.issued_at IS NOT NULL AND NOT i.is_imported AND t.tax_rate_millis = 0 \
           AND (t.tax_category = 'S' OR t.exemption_reason = '') ORDER BY i.id LIMIT 50",
    ),
];

const REFERENCES: &[(&str, &str)] = &[
    (
        "Time entry {id}: its project is another client's.",
        "SELECT e.id FROM time_entries e JOIN projects p ON p.id = e.project_id WHERE p.client_id <> e.client_id ORDER BY e.id LIMIT 50",
    ),
    (
        "Time entry {id}: its task is another project's.",
        "SELECT e.id FROM time_entries e JOIN tasks t ON t.id = e.task_id WHERE t.project_id <> e.project_id ORDER BY e.id LIMIT 50",
    ),
    (
        "Task {id}: its project is another client's.",
        "SELECT t.id FROM tasks t JOIN projects p ON p.id = t.project_id WHERE p.client_id <> t.client_id ORDER BY t.id LIMIT 50",
    ),
    (
        "Time entry {id}: it is claimed by an invoice and written off.",
        "SELECT o.time_entry_id AS id FROM time_write_offs o JOIN billed_entries x ON x.time_entry_id = o.time_entry_id ORDER BY id LIMIT 50",
    ),
    (
        "Project {id}: its hours do not add up to what is stored.",
        "SELECT p.id FROM projects p LEFT JOIN project_hours h ON h.project_id = p.id LEFT JOIN \
           (SELECT project_id, SUM(duration_seconds) AS seconds, SUM(amount_cents) AS cents, \
              SUM(CASE WHEN is_billable THEN duration_seconds ELSE 0 END) AS billable_seconds, \
              SUM(CASE WHEN is_unbilled THEN 1 ELSE 0 END) AS unbilled_entries, \
              SUM(CASE WHEN is_unbilled THEN duration_seconds ELSE 0 END) AS unbilled_seconds, \
              SUM(CASE WHEN is_unbilled THEN amount_cents ELSE 0 END) AS unbilled_cents \
            FROM time_entries GROUP BY project_id) e ON e.project_id = p.id \
         WHERE h.project_id IS NULL OR h.seconds <> coalesce(e.seconds, 0) OR h.cents <> coalesce(e.cents, 0) \
           OR h.billable_seconds <> coalesce(e.billable_seconds, 0) \
           OR h.unbilled_entries <> coalesce(e.unbilled_entries, 0) \
           OR h.unbilled_seconds <> coalesce(e.unbilled_seconds, 0) \
           OR h.unbilled_cents <> coalesce(e.unbilled_cents, 0) ORDER BY p.id LIMIT 50",
    ),
    (
        "Project {id}: its weeks do not add up to its hours.",
        "SELECT p.id FROM projects p LEFT JOIN \
           (SELECT project_id, SUM(seconds) AS seconds, SUM(cents) AS cents, SUM(value_cents) AS value_cents, \
              SUM(cost_cents) AS cost_cents FROM project_weeks GROUP BY project_id) w ON w.project_id = p.id LEFT JOIN \
           (SELECT project_id, SUM(duration_seconds) AS seconds, SUM(amount_cents) AS cents, \
              SUM(duration_seconds / 3600 * coalesce(rate_cents, 0) + (duration_seconds % 3600 * coalesce(rate_cents, 0) + 1800) / 3600) AS value_cents, \
              SUM(duration_seconds / 3600 * coalesce(cost_rate_cents, 0) + (duration_seconds % 3600 * coalesce(cost_rate_cents, 0) + 1800) / 3600) AS cost_cents \
            FROM time_entries GROUP BY project_id) e ON e.project_id = p.id \
         WHERE coalesce(w.seconds, 0) <> coalesce(e.seconds, 0) OR coalesce(w.cents, 0) <> coalesce(e.cents, 0) \
           OR coalesce(w.value_cents, 0) <> coalesce(e.value_cents, 0) \
           OR coalesce(w.cost_cents, 0) <> coalesce(e.cost_cents, 0) ORDER BY p.id LIMIT 50",
    ),
    (
        "Project {id}: the value or cost of its hours is not what its weeks say.",
        "SELECT h.project_id AS id FROM project_hours h LEFT JOIN \
           (SELECT project_id, SUM(value_cents) AS value_cents, SUM(cost_cents) AS cost_cents FROM project_weeks \
            GROUP BY project_id) w ON w.project_id = h.project_id \
         WHERE h.value_cents <> coalesce(w.value_cents, 0) OR h.cost_cents <> coalesce(w.cost_cents, 0) \
         ORDER BY id LIMIT 50",
    ),
    (
        "Time entry {id}: it counts as unbilled and is not, or the other way round.",
        "SELECT e.id FROM time_entries e LEFT JOIN billed_entries x ON x.time_entry_id = e.id \
         LEFT JOIN time_write_offs o ON o.time_entry_id = e.id \
         WHERE e.is_unbilled <> (e.is_billable AND e.ended_at IS NOT NULL AND x.time_entry_id IS NULL AND o.time_entry_id IS NULL) \
         ORDER BY e.id LIMIT 50",
    ),
];

/// A sentence for every entry or task that does not agree with what it refers to.
pub fn reference_faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    let mut faults = Vec::new();
    for (words, query) in REFERENCES {
        let rows: Vec<Fault> = diesel::sql_query(*query).load(conn)?;
        faults.extend(rows.into_iter().map(|row| words.replace("{id}", &row.id.to_string())));
    }
    Ok(faults)
}

/// A sentence for every invoice whose sums, status or stored document do not hold.
pub fn ledger_faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    let mut faults = Vec::new();
    for (words, query) in LEDGER {
        let rows: Vec<Fault> = diesel::sql_query(*query).load(conn)?;
        faults.extend(rows.into_iter().map(|row| format!("Invoice {}: {words}.", row.id)));
    }
    sums_that_do_not_hold(conn, &mut faults)?;
    worth_that_does_not_hold(conn, &mut faults)?;
    documents_that_changed(conn, &mut faults)?;
    Ok(faults)
}

/// Adds every invoice up anew from its lines.
fn sums_that_do_not_hold(conn: &mut Conn, faults: &mut Vec<String>) -> AppResult<()> {
    let mut after = InvoiceId(0);
    loop {
        let rows: Vec<Invoice> = invoices::table
            .filter(invoices::id.gt(after))
            .order(invoices::id)
            .limit(BATCH)
            .select(Invoice::as_select())
            .load(conn)?;
        let Some(last) = rows.last().map(|invoice| invoice.id) else { return Ok(()) };
        let corrected = Corrected::by(conn, &rows)?;
        let lines: Vec<(InvoiceId, InvoiceLine)> = invoice_lines::table
            .filter(invoice_lines::invoice_id.gt(after))
            .filter(invoice_lines::invoice_id.le(last))
            .order((invoice_lines::invoice_id, invoice_lines::position))
            .select((invoice_lines::invoice_id, InvoiceLine::as_select()))
            .load(conn)?;
        after = last;
        let mut lines = lines.into_iter().peekable();
        for invoice in rows {
            let mut own = Vec::new();
            while let Some((_, line)) = lines.next_if(|(of, _)| *of == invoice.id) {
                own.push(line);
            }
            let sums = match corrected.iter().find(|of| Some(of.invoice.id) == invoice.corrects_id) {
                Some(of) => {
                    // What was billed for nothing is taken back for nothing.
                    own.retain(|line| line.quantity_e4 > 0);
                    of.credited_by(invoice.id)
                }
                None => totals::compute(&priced(&own), &invoice.pricing()),
            };
            if !sums.is_ok_and(|sums| says(&invoice, &own, &sums)) {
                faults
                    .push(format!("Invoice {}: its lines and taxes do not add up to its total.", invoice.id));
            }
        }
    }
}

/// Converts every invoice and credit note anew that was issued at a known rate.
fn worth_that_does_not_hold(conn: &mut Conn, faults: &mut Vec<String>) -> AppResult<()> {
    let mut after = InvoiceId(0);
    loop {
        let rows: Vec<Invoice> = invoices::table
            .filter(invoices::id.gt(after))
            .filter(invoices::base_total_cents.is_not_null())
            .filter(invoices::is_imported.eq(false))
            .order(invoices::id)
            .limit(BATCH)
            .select(Invoice::as_select())
            .load(conn)?;
        let Some(last) = rows.last().map(|invoice| invoice.id) else { return Ok(()) };
        after = last;
        let ids: BTreeSet<InvoiceId> = rows.iter().filter_map(|row| row.corrects_id).collect();
        let notes: Vec<Invoice> = invoices::table
            .filter(invoices::corrects_id.eq_any(&ids))
            .filter(invoices::issued_at.is_not_null())
            .select(Invoice::as_select())
            .load(conn)?;
        for invoice in rows {
            let earlier = notes.iter().filter(|note| {
                note.id < invoice.id && note.corrects_id.is_some() && note.corrects_id == invoice.corrects_id
            });
            let before = earlier.map(Amounts::of).fold(Amounts::default(), Amounts::plus);
            let worth = invoice
                .base_currency
                .zip(invoice.exchange_rate_e6)
                .and_then(|(base, rate)| added(before, Amounts::of(&invoice), invoice.currency, base, rate));
            let said = (invoice.base_net_cents, invoice.base_tax_cents, invoice.base_total_cents);
            if worth.is_none_or(|worth| (Some(worth.net), Some(worth.tax), Some(worth.total)) != said) {
                faults.push(format!(
                    "Invoice {}: its amounts in the agency's currency are not those at its rate.",
                    invoice.id
                ));
            }
        }
    }
}

fn priced(lines: &[InvoiceLine]) -> Vec<Priced> {
    lines.iter().map(InvoiceLine::priced).collect()
}

fn says(invoice: &Invoice, lines: &[InvoiceLine], sums: &Totals) -> bool {
    let stored = lines.iter().map(|line| (line.discount_cents, line.amount_cents));
    let computed = sums.lines.iter().map(|sum| (sum.discount_cents, sum.amount_cents));
    stored.eq(computed)
        && (sums.discount, sums.net, sums.tax)
            == (invoice.discount_cents, invoice.net_cents, invoice.tax_cents)
        && (sums.rounding, sums.total) == (invoice.rounding_cents, invoice.total_cents)
}

/// An invoice with credit notes, and what each of them took of its lines.
struct Corrected {
    invoice: Invoice,
    lines: Vec<InvoiceLine>,
    taken: Vec<(InvoiceId, Option<InvoiceLineId>, i64)>,
}

impl Corrected {
    /// What the credit notes among `rows` correct.
    fn by(conn: &mut Conn, rows: &[Invoice]) -> AppResult<Vec<Self>> {
        let ids: BTreeSet<InvoiceId> = rows.iter().filter_map(|row| row.corrects_id).collect();
        let corrected: Vec<Invoice> =
            invoices::table.filter(invoices::id.eq_any(&ids)).select(Invoice::as_select()).load(conn)?;
        let lines: Vec<(InvoiceId, InvoiceLine)> = invoice_lines::table
            .filter(invoice_lines::invoice_id.eq_any(&ids))
            .order(invoice_lines::position)
            .select((invoice_lines::invoice_id, InvoiceLine::as_select()))
            .load(conn)?;
        let taken: Vec<(Option<InvoiceId>, InvoiceId, Option<InvoiceLineId>, i64)> = invoice_lines::table
            .inner_join(invoices::table.on(invoices::id.eq(invoice_lines::invoice_id)))
            .filter(invoices::corrects_id.eq_any(&ids))
            .select((
                invoices::corrects_id,
                invoices::id,
                invoice_lines::corrects_line_id,
                invoice_lines::quantity_e4,
            ))
            .load(conn)?;
        let of = |invoice: Invoice| Self {
            lines: lines.iter().filter(|(id, _)| *id == invoice.id).map(|(_, line)| line.clone()).collect(),
            taken: taken
                .iter()
                .filter(|(of, ..)| *of == Some(invoice.id))
                .map(|(_, note, line, quantity)| (*note, *line, *quantity))
                .collect(),
            invoice,
        };
        Ok(corrected.into_iter().map(of).collect())
    }

    /// What a credit note charges back.
    fn credited_by(&self, note: InvoiceId) -> Result<Totals, SumFault> {
        let sum = |line: &InvoiceLine, counts: fn(&InvoiceId, &InvoiceId) -> bool| -> i64 {
            let of_line = self.taken.iter().filter(|(_, of, _)| *of == Some(line.id));
            of_line.filter(|(by, ..)| counts(by, &note)).map(|(_, _, quantity)| quantity).sum()
        };
        let before: Vec<i64> = self.lines.iter().map(|line| sum(line, InvoiceId::lt)).collect();
        let taken: Vec<i64> = self.lines.iter().map(|line| sum(line, InvoiceId::eq)).collect();
        totals::credited(&priced(&self.lines), &before, &taken, &self.invoice.pricing())
    }
}

fn documents_that_changed(conn: &mut Conn, faults: &mut Vec<String>) -> AppResult<()> {
    let mut after = InvoiceId(0);
    loop {
        let rows: Vec<(Invoice, String, String)> = invoice_documents::table
            .inner_join(invoices::table)
            .filter(invoice_documents::invoice_id.gt(after))
            .order(invoice_documents::invoice_id)
            .limit(BATCH)
            .select((Invoice::as_select(), invoice_documents::html, invoice_documents::sha256))
            .load(conn)?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after = last.id;
        for (invoice, html, stored) in rows {
            let id = invoice.id;
            if sha256_hex(&html) != stored {
                faults.push(format!("Invoice {id}: its document is not the one that was issued."));
                continue;
            }
            let document = Document::load(conn, &invoice, Seller::default(), Buyer::default())?;
            if let Some(what) = document.contradiction(&html) {
                faults.push(format!("Invoice {id}: its {what} is not the one on its document."));
            }
        }
    }
}
