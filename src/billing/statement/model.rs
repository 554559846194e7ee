//! What a statement says.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::agency::model as agency;
use crate::auth::user::Actor;
use crate::billing::model::{Invoice, Kind};
use crate::billing::payments::list::credit_of;
use crate::billing::payments::model::ReversalKind;
use crate::db::Conn;
use crate::db::schema::{invoice_write_offs, invoices, payments};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, PaymentId};
use crate::types::money::Currency;
use crate::types::zone;

crate::text_enum! {
    /// What moved the balance; on one day in this order.
    pub enum EntryKind {
        /// An invoice was issued.
        Invoice = "invoice", "Invoice";
        /// A credit note took back.
        CreditNote = "credit_note", "Credit note";
        /// Money came in.
        Payment = "payment", "Payment";
        /// A payment was taken back.
        Reversal = "reversal", "Reversed payment";
        /// The client had its bank take a payment back.
        Chargeback = "chargeback", "Chargeback";
        /// Money went back.
        Refund = "refund", "Refund";
        /// Something is no longer expected.
        WriteOff = "write_off", "Write-off";
    }
}

/// A move of the balance. Amounts are minor units; what the client owes is above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementEntry {
    /// The day.
    pub on: NaiveDate,
    /// What moved it.
    pub kind: EntryKind,
    /// A number, or what the bank statement says.
    pub reference: String,
    /// Where it can be seen.
    pub path: String,
    /// By how much.
    pub amount_cents: i64,
    /// What it is then.
    pub balance_cents: i64,
}

/// A client's account in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Which.
    pub currency: Currency,
    /// The balance before the first day.
    pub opening_cents: i64,
    /// What moved it since, in order.
    pub entries: Vec<StatementEntry>,
    /// The balance on the last day.
    pub closing_cents: i64,
}

impl Statement {
    /// The sum of what was billed, or of what took off.
    pub fn sum(&self, is_billed: bool) -> i64 {
        let of = self.entries.iter().map(|entry| entry.amount_cents);
        of.filter(|cents| (*cents > 0) == is_billed).sum()
    }
}

/// A move with its currency and the row that it stands for, which orders a day.
type Move = (Currency, i64, StatementEntry);

/// The client's accounts from `from` to `to`, both included, by currency.
pub fn load(
    conn: &mut Conn,
    actor: &Actor,
    client: ClientId,
    from: NaiveDate,
    to: NaiveDate,
) -> AppResult<Vec<Statement>> {
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    let mut moves = documents(conn, client, to)?;
    moves.extend(money(conn, client, to)?);
    moves.extend(write_offs(conn, client, to)?);
    moves.sort_by_key(|(_, row, entry)| (entry.on, entry.kind, *row));
    let mut statements: BTreeMap<&'static str, Statement> = BTreeMap::new();
    for (currency, _, mut entry) in moves {
        let statement = statements.entry(currency.code()).or_insert_with(|| Statement {
            currency,
            opening_cents: 0,
            entries: Vec::new(),
            closing_cents: 0,
        });
        statement.closing_cents += entry.amount_cents;
        if entry.on < from {
            statement.opening_cents += entry.amount_cents;
        } else {
            entry.balance_cents = statement.closing_cents;
            statement.entries.push(entry);
        }
    }
    Ok(statements.into_values().collect())
}

fn moved(on: NaiveDate, kind: EntryKind, reference: String, path: String, cents: i64) -> StatementEntry {
    StatementEntry { on, kind, reference, path, amount_cents: cents, balance_cents: 0 }
}

fn documents(conn: &mut Conn, client: ClientId, to: NaiveDate) -> AppResult<Vec<Move>> {
    type Row = (InvoiceId, Kind, Option<String>, Currency, Option<NaiveDate>, i64);
    let rows: Vec<Row> = invoices::table
        .filter(invoices::client_id.eq(client))
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::issue_on.le(to))
        .select((
            invoices::id,
            invoices::kind,
            invoices::number,
            invoices::currency,
            invoices::issue_on,
            invoices::total_cents,
        ))
        .load(conn)?;
    let moves = rows.into_iter().filter_map(|(id, kind, number, currency, on, cents)| {
        let (kind, cents) = match kind {
            Kind::Invoice => (EntryKind::Invoice, cents),
            Kind::CreditNote => (EntryKind::CreditNote, -cents),
        };
        let entry = moved(on?, kind, number.unwrap_or_default(), format!("/billing/{id}"), cents);
        Some((currency, id.0, entry))
    });
    Ok(moves.collect())
}

fn money(conn: &mut Conn, client: ClientId, to: NaiveDate) -> AppResult<Vec<Move>> {
    type Row = (PaymentId, NaiveDate, i64, Currency, String, Option<ReversalKind>);
    let rows: Vec<Row> = payments::table
        .filter(payments::client_id.eq(client))
        .filter(payments::received_on.le(to))
        .select((
            payments::id,
            payments::received_on,
            payments::amount_cents,
            payments::currency,
            payments::reference,
            payments::reversal_kind,
        ))
        .load(conn)?;
    let moves = rows.into_iter().map(|(id, on, cents, currency, reference, reversal)| {
        let kind = match (cents > 0, reversal) {
            (true, _) => EntryKind::Payment,
            (false, Some(ReversalKind::Correction)) => EntryKind::Reversal,
            (false, Some(ReversalKind::Chargeback)) => EntryKind::Chargeback,
            (false, None) => EntryKind::Refund,
        };
        (currency, id.0, moved(on, kind, reference, format!("/billing/payments/{id}"), -cents))
    });
    Ok(moves.collect())
}

fn write_offs(conn: &mut Conn, client: ClientId, to: NaiveDate) -> AppResult<Vec<Move>> {
    let zone = agency::load(conn)?.zone();
    type Row = (i64, InvoiceId, Option<String>, Currency, i64, UtcTime);
    let rows: Vec<Row> = invoice_write_offs::table
        .inner_join(invoices::table)
        .filter(invoices::client_id.eq(client))
        .select((
            invoice_write_offs::id,
            invoices::id,
            invoices::number,
            invoices::currency,
            invoice_write_offs::amount_cents,
            invoice_write_offs::created_at,
        ))
        .load(conn)?;
    let moves = rows.into_iter().map(|(row, id, number, currency, cents, at)| {
        let on = zone::local_date(at, zone);
        let path = format!("/billing/{id}");
        (currency, row, moved(on, EntryKind::WriteOff, number.unwrap_or_default(), path, -cents))
    });
    Ok(moves.filter(|(_, _, entry)| entry.on <= to).collect())
}

/// What a client owes now in each currency as its invoices have it: what is open, and what stands to its credit.
pub fn standing(conn: &mut Conn, client: ClientId) -> AppResult<Vec<(Currency, i64, i64)>> {
    let open: Vec<Invoice> = invoices::table
        .filter(invoices::client_id.eq(client))
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::settled_at.is_null())
        .select(Invoice::as_select())
        .load(conn)?;
    let mut sums: BTreeMap<&'static str, (Currency, i64, i64)> = BTreeMap::new();
    for invoice in open {
        let sum = sums.entry(invoice.currency.code()).or_insert((invoice.currency, 0, 0));
        if invoice.is_credit_note() {
            sum.2 += invoice.balance();
        } else {
            sum.1 += invoice.balance();
        }
    }
    for (currency, cents) in credit_of(conn, client)? {
        sums.entry(currency.code()).or_insert((currency, 0, 0)).2 += cents;
    }
    Ok(sums.into_values().collect())
}
