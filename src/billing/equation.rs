//! The proof that every billable hour is billed once: billable = unbilled + drafted + billed + written off, per
//! client, each term counted on its own way through the tables. And the other sums that must hold.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::totals::{self, Priced};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::{invoice_documents, invoice_lines, invoices};
use crate::error::{AppError, AppResult};
use crate::keys::sha256_hex;
use crate::types::duration;
use crate::types::ids::{ClientId, InvoiceId};
use crate::types::money::{Currency, Money};

/// Documents and invoices read at a time.
const BATCH: i64 = 500;

/// The terms of one client, each in seconds and in the value of its hours in minor units.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "each term has its seconds and its minor units")]
pub struct Equation {
    #[diesel(sql_type = BigInt)]
    pub client_id: ClientId,
    #[diesel(sql_type = Text)]
    pub client: String,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub billable_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub billable_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub unbilled_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub unbilled_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub drafted_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub drafted_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub billed_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub billed_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub written_off_seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub written_off_cents: i64,
}

impl Equation {
    /// What the terms miss of the billable seconds; 0 when the equation holds.
    pub fn difference_seconds(&self) -> i64 {
        self.billable_seconds
            - self.unbilled_seconds
            - self.drafted_seconds
            - self.billed_seconds
            - self.written_off_seconds
    }

    /// What the terms miss of the billable value; 0 when the equation holds.
    pub fn difference_cents(&self) -> i64 {
        self.billable_cents
            - self.unbilled_cents
            - self.drafted_cents
            - self.billed_cents
            - self.written_off_cents
    }

    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.difference_seconds() == 0 && self.difference_cents() == 0
    }

    /// Name, seconds, minor units and sign of each term, for a table.
    pub fn terms(&self) -> [(&'static str, i64, i64); 4] {
        [
            ("Unbilled", self.unbilled_seconds, self.unbilled_cents),
            ("On drafts", self.drafted_seconds, self.drafted_cents),
            ("Billed", self.billed_seconds, self.billed_cents),
            ("Written off", self.written_off_seconds, self.written_off_cents),
        ]
    }
}

// Drafted and billed go by the invoice's client, the others by the entry's: an hour on another client's invoice shows.
const TERMS: &str = "\
    SELECT c.id AS client_id, c.name AS client, c.currency, \
      coalesce(b.seconds, 0) AS billable_seconds, coalesce(b.cents, 0) AS billable_cents, \
      coalesce(u.seconds, 0) AS unbilled_seconds, coalesce(u.cents, 0) AS unbilled_cents, \
      coalesce(d.seconds, 0) AS drafted_seconds, coalesce(d.cents, 0) AS drafted_cents, \
      coalesce(i.seconds, 0) AS billed_seconds, coalesce(i.cents, 0) AS billed_cents, \
      coalesce(w.seconds, 0) AS written_off_seconds, coalesce(w.cents, 0) AS written_off_cents \
    FROM clients c \
    LEFT JOIN (SELECT client_id, CAST(SUM(duration_seconds) AS BIGINT) AS seconds, CAST(SUM(amount_cents) AS BIGINT) AS cents \
      FROM time_entries WHERE is_billable AND ended_at IS NOT NULL {entry} GROUP BY client_id) b ON b.client_id = c.id \
    LEFT JOIN (SELECT client_id, CAST(SUM(duration_seconds) AS BIGINT) AS seconds, CAST(SUM(amount_cents) AS BIGINT) AS cents \
      FROM time_entries WHERE is_unbilled {entry} GROUP BY client_id) u ON u.client_id = c.id \
    LEFT JOIN (SELECT v.client_id, CAST(SUM(e.duration_seconds) AS BIGINT) AS seconds, CAST(SUM(e.amount_cents) AS BIGINT) AS cents \
      FROM invoices v JOIN invoice_lines l ON l.invoice_id = v.id JOIN billed_entries x ON x.invoice_line_id = l.id \
      JOIN time_entries e ON e.id = x.time_entry_id \
      WHERE v.issued_at IS NULL {invoice} GROUP BY v.client_id) d ON d.client_id = c.id \
    LEFT JOIN (SELECT v.client_id, CAST(SUM(e.duration_seconds) AS BIGINT) AS seconds, CAST(SUM(e.amount_cents) AS BIGINT) AS cents \
      FROM invoices v JOIN invoice_lines l ON l.invoice_id = v.id JOIN billed_entries x ON x.invoice_line_id = l.id \
      JOIN time_entries e ON e.id = x.time_entry_id \
      WHERE v.issued_at IS NOT NULL {invoice} GROUP BY v.client_id) i ON i.client_id = c.id \
    LEFT JOIN (SELECT e.client_id, CAST(SUM(e.duration_seconds) AS BIGINT) AS seconds, CAST(SUM(e.amount_cents) AS BIGINT) AS cents \
      FROM time_write_offs o JOIN time_entries e ON e.id = o.time_entry_id WHERE TRUE {written_off} GROUP BY e.client_id) w ON w.client_id = c.id \
    WHERE TRUE {client} ORDER BY c.name_key, c.id";

fn terms(conn: &mut Conn, client: Option<ClientId>) -> AppResult<Vec<Equation>> {
    let narrowed = |column: &str| client.map(|_| format!("AND {column} = $1")).unwrap_or_default();
    let text = TERMS
        .replace("{entry}", &narrowed("client_id"))
        .replace("{invoice}", &narrowed("v.client_id"))
        .replace("{written_off}", &narrowed("e.client_id"))
        .replace("{client}", &narrowed("c.id"));
    let query = diesel::sql_query(text);
    Ok(match client {
        Some(client) => query.bind::<BigInt, _>(client).load(conn)?,
        None => query.load(conn)?,
    })
}

/// The equation of one client.
pub fn of_client(conn: &mut Conn, actor: &Actor, client: ClientId) -> AppResult<Equation> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    terms(conn, Some(client))?.pop().ok_or(AppError::NotFound)
}

/// The equations of all clients that have billable hours, by name.
pub fn of_all(conn: &mut Conn, actor: &Actor) -> AppResult<Vec<Equation>> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut all = terms(conn, None)?;
    all.retain(|equation| equation.billable_seconds != 0 || !equation.holds());
    Ok(all)
}

/// A sentence for every client whose equation does not hold.
pub fn faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    Ok(terms(conn, None)?
        .into_iter()
        .filter(|equation| !equation.holds())
        .map(|equation| {
            format!(
                "Client {} ({}): billable hours and the sum of unbilled, drafted, billed and written off differ by {} h and {}.",
                equation.client_id,
                equation.client,
                duration::hours(equation.difference_seconds()),
                Money::new(equation.difference_cents(), equation.currency),
            )
        })
        .collect())
}

#[derive(QueryableByName)]
struct Sequence {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    year: i64,
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    next: Option<i64>,
}

/// A sentence for every series and year whose numbers do not follow each other without a gap.
pub fn number_gaps(conn: &mut Conn) -> AppResult<Vec<String>> {
    let rows: Vec<Sequence> = diesel::sql_query(
        "SELECT s.kind, i.series_year AS year, CAST(min(i.seq) AS BIGINT) AS first, CAST(max(i.seq) AS BIGINT) AS last, \
                count(*) AS count, CASE WHEN s.year = i.series_year THEN s.next_seq END AS next \
         FROM invoices i JOIN invoice_series s ON s.id = i.series_id \
         GROUP BY s.id, s.kind, s.year, s.next_seq, i.series_year ORDER BY s.id, i.series_year",
    )
    .load(conn)?;
    let mut gaps = Vec::new();
    for row in rows {
        let missing = row.last - row.first + 1 - row.count;
        let series = format!("Series {} of {}", row.kind, row.year);
        if missing != 0 {
            gaps.push(format!(
                "{series}: {missing} of the numbers {} to {} are missing.",
                row.first, row.last
            ));
        }
        if row.next.is_some_and(|next| next != row.last + 1) {
            gaps.push(format!("{series}: the next number does not follow the last one, {}.", row.last));
        }
    }
    Ok(gaps)
}

#[derive(QueryableByName)]
struct Fault {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

const LEDGER: [(&str, &str); 5] = [
    (
        "what is stored as paid is not the sum of its payments",
        "SELECT i.id FROM invoices i LEFT JOIN (SELECT invoice_id, SUM(amount_cents) AS cents FROM payment_allocations \
         GROUP BY invoice_id) a ON a.invoice_id = i.id WHERE i.paid_cents <> coalesce(a.cents, 0) ORDER BY i.id LIMIT 50",
    ),
    (
        "it is settled although something is left to pay, or the other way round",
        "SELECT id FROM invoices WHERE issued_at IS NOT NULL \
         AND (settled_at IS NOT NULL) <> (paid_cents + credited_cents = total_cents) ORDER BY id LIMIT 50",
    ),
    (
        "its taxes do not stand on its lines",
        "SELECT i.id FROM invoices i LEFT JOIN (SELECT invoice_id, SUM(base_cents) AS base, SUM(tax_cents) AS tax \
         FROM invoice_taxes GROUP BY invoice_id) t ON t.invoice_id = i.id \
         WHERE i.net_cents <> coalesce(t.base, 0) OR i.tax_cents <> coalesce(t.tax, 0) ORDER BY i.id LIMIT 50",
    ),
    (
        "it is issued but its document is missing",
        "SELECT i.id FROM invoices i LEFT JOIN invoice_documents d ON d.invoice_id = i.id \
         WHERE i.issued_at IS NOT NULL AND d.invoice_id IS NULL ORDER BY i.id LIMIT 50",
    ),
    (
        "a payment on it was shared out to more or less than its amount",
        "SELECT DISTINCT a.invoice_id AS id FROM payment_allocations a JOIN payments p ON p.id = a.payment_id \
         JOIN (SELECT payment_id, SUM(amount_cents) AS cents FROM payment_allocations GROUP BY payment_id) s \
           ON s.payment_id = p.id WHERE s.cents <> p.amount_cents ORDER BY id LIMIT 50",
    ),
];

/// A sentence for every invoice whose sums, status or stored document do not hold.
pub fn ledger_faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    let mut faults = Vec::new();
    for (words, query) in LEDGER {
        let rows: Vec<Fault> = diesel::sql_query(query).load(conn)?;
        faults.extend(rows.into_iter().map(|row| format!("Invoice {}: {words}.", row.id)));
    }
    sums_that_do_not_hold(conn, &mut faults)?;
    documents_that_changed(conn, &mut faults)?;
    Ok(faults)
}

/// Adds every invoice up anew from its lines.
fn sums_that_do_not_hold(conn: &mut Conn, faults: &mut Vec<String>) -> AppResult<()> {
    let mut after = InvoiceId(0);
    loop {
        let rows: Vec<(InvoiceId, i64, i64, i64)> = invoices::table
            .filter(invoices::id.gt(after))
            .order(invoices::id)
            .limit(BATCH)
            .select((invoices::id, invoices::net_cents, invoices::tax_cents, invoices::total_cents))
            .load(conn)?;
        let Some(last) = rows.last() else { return Ok(()) };
        let lines: Vec<(InvoiceId, i64, i64, i64, i64)> = invoice_lines::table
            .filter(invoice_lines::invoice_id.gt(after))
            .filter(invoice_lines::invoice_id.le(last.0))
            .order((invoice_lines::invoice_id, invoice_lines::position))
            .select((
                invoice_lines::invoice_id,
                invoice_lines::quantity_e4,
                invoice_lines::unit_price_cents,
                invoice_lines::tax_rate_millis,
                invoice_lines::net_cents,
            ))
            .load(conn)?;
        after = last.0;
        let mut lines = lines.into_iter().peekable();
        for (id, net, tax, total) in rows {
            let (mut priced, mut nets) = (Vec::new(), Vec::new());
            while let Some((_, quantity_e4, unit_price_cents, tax_rate_millis, net)) =
                lines.next_if(|line| line.0 == id)
            {
                priced.push(Priced { quantity_e4, unit_price_cents, tax_rate_millis });
                nets.push(net);
            }
            let holds = totals::compute(&priced).is_ok_and(|sums| {
                sums.nets == nets && sums.net == net && sums.tax == tax && sums.total == total
            });
            if !holds {
                faults.push(format!("Invoice {id}: its lines and taxes do not add up to its total."));
            }
        }
    }
}

fn documents_that_changed(conn: &mut Conn, faults: &mut Vec<String>) -> AppResult<()> {
    let mut after = InvoiceId(0);
    loop {
        let rows: Vec<(InvoiceId, String, String)> = invoice_documents::table
            .filter(invoice_documents::invoice_id.gt(after))
            .order(invoice_documents::invoice_id)
            .limit(BATCH)
            .select((invoice_documents::invoice_id, invoice_documents::html, invoice_documents::sha256))
            .load(conn)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.0;
        for (id, html, stored) in rows {
            if sha256_hex(&html) != stored {
                faults.push(format!("Invoice {id}: its document is not the one that was issued."));
            }
        }
    }
}
