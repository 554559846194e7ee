//! Write-offs of invoices: verbs.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::deposits::refuse_on_draft;
use crate::billing::model::{self, Invoice};
use crate::db::Conn;
use crate::db::schema::{invoice_write_offs, invoices};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::InvoiceId;
use crate::types::money::Money;

/// Writes off what is left to pay of an issued invoice.
pub fn write_off(conn: &mut Conn, actor: &Actor, now: UtcTime, id: InvoiceId, reason: &str) -> AppResult<()> {
    let invoice = model::find_locked(conn, actor, id)?;
    if invoice.is_draft() || invoice.is_credit_note() || invoice.balance() <= 0 {
        return Err(AppError::Conflict(
            "Only an issued invoice with something left to pay can be written off.".into(),
        ));
    }
    refuse_on_draft(conn, id)?;
    book(conn, actor, now, &invoice, invoice.balance(), reason, Action::WrittenOff)
}

/// Takes back what was written off of an invoice; harmless when nothing is.
pub fn write_on(conn: &mut Conn, actor: &Actor, now: UtcTime, id: InvoiceId) -> AppResult<()> {
    let invoice = model::find_locked(conn, actor, id)?;
    if invoice.written_off_cents == 0 {
        return Ok(());
    }
    book(conn, actor, now, &invoice, -invoice.written_off_cents, "Taken back", Action::WrittenOn)
}

/// Takes back what a credit note takes the place of, as much as is written off of the locked `invoice`: what is not owed
/// is no loss, and nobody gets money back that never came in.
pub(in crate::billing) fn give_way(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    invoice: &Invoice,
    note: &Invoice,
) -> AppResult<()> {
    let cents = invoice.written_off_cents.min(note.total_cents);
    if cents <= 0 {
        return Ok(());
    }
    let reason = format!("Credited by {}", note.name());
    book(conn, actor, now, invoice, -cents, &reason, Action::WrittenOn)
}

fn book(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    invoice: &Invoice,
    cents: i64,
    reason: &str,
    action: Action,
) -> AppResult<()> {
    diesel::insert_into(invoice_write_offs::table)
        .values((
            invoice_write_offs::invoice_id.eq(invoice.id),
            invoice_write_offs::amount_cents.eq(cents),
            invoice_write_offs::reason.eq(reason),
            invoice_write_offs::created_by.eq(actor.id),
            invoice_write_offs::created_at.eq(now),
        ))
        .execute(conn)?;
    diesel::update(invoices::table.find(invoice.id))
        .set((
            invoices::written_off_cents.eq(invoice.written_off_cents + cents),
            invoices::settled_at.eq((invoice.balance() == cents).then_some(now)),
            invoices::updated_at.eq(now),
        ))
        .execute(conn)?;
    let mut entry = Entry::new(action, Subject::Invoice, invoice.id.0, invoice.name())
        .client(invoice.client_id)
        .invoice(invoice.id)
        .change("written_off", "", Money::new(cents.abs(), invoice.currency))
        .change("reason", "", reason);
    if let Some(project) = invoice.project_id {
        entry = entry.project(project);
    }
    audit::record(conn, Some(actor.id), now, &entry)
}
