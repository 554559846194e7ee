//! The payment ledger: rows only ever added, a reversal is a row with the opposite sign.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::issue::PAR_E6;
use super::model::{self, Invoice};
use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::schema::{invoices, payment_allocations, payments};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, PaymentId};
use crate::types::money::{Currency, Money};

crate::text_enum! {
    /// How money came in.
    pub enum PaymentMethod {
        /// Into our account.
        BankTransfer = "bank_transfer", "Bank transfer";
        /// By card.
        Card = "card", "Card";
        /// In notes.
        Cash = "cash", "Cash";
        /// Collected by us.
        DirectDebit = "direct_debit", "Direct debit";
        /// Any other way.
        Other = "other", "Other";
    }
}

/// A payment, or the reversal of one.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payments)]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// From whom.
    pub client_id: ClientId,
    /// When it came in.
    pub received_on: NaiveDate,
    /// Minor units; negative for a reversal.
    pub amount_cents: i64,
    /// Their currency.
    pub currency: Currency,
    /// How it came in.
    pub method: PaymentMethod,
    /// What the bank statement says.
    pub reference: String,
    /// The payment that this row takes back.
    pub reverses_id: Option<PaymentId>,
    /// When it was recorded.
    pub created_at: UtcTime,
}

/// A payment with what it means for one invoice.
#[derive(Debug, Clone)]
pub struct PaymentRow {
    /// The payment.
    pub payment: Payment,
    /// What of it went to this invoice.
    pub allocated_cents: i64,
    /// Whether a later row takes it back.
    pub is_reversed: bool,
}

impl PaymentRow {
    /// Whether it may be taken back.
    pub fn can_reverse(&self) -> bool {
        !self.is_reversed && self.payment.reverses_id.is_none()
    }
}

/// A payment to be recorded.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// When it came in.
    pub received_on: NaiveDate,
    /// Minor units, more than nothing.
    pub amount_cents: i64,
    /// How it came in.
    pub method: PaymentMethod,
    /// What the bank statement says.
    pub reference: String,
    /// The same key is never recorded twice.
    pub idempotency_key: Option<String>,
}

/// The payments on an invoice, oldest first.
pub fn of_invoice(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<PaymentRow>> {
    let rows: Vec<(Payment, i64)> = payment_allocations::table
        .inner_join(payments::table)
        .filter(payment_allocations::invoice_id.eq(id))
        .order(payment_allocations::id)
        .select((Payment::as_select(), payment_allocations::amount_cents))
        .load(conn)?;
    let reversed: Vec<PaymentId> = rows.iter().filter_map(|(payment, _)| payment.reverses_id).collect();
    Ok(rows
        .into_iter()
        .map(|(payment, allocated_cents)| PaymentRow {
            is_reversed: reversed.contains(&payment.id),
            payment,
            allocated_cents,
        })
        .collect())
}

/// Records a payment on an issued invoice. `today` is the agency's.
pub fn record(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: InvoiceId,
    new: &NewPayment,
) -> AppResult<PaymentId> {
    let invoice = model::find_locked(conn, actor, id)?;
    if invoice.is_draft() {
        return Err(AppError::Conflict("A draft cannot be paid. Issue it first.".into()));
    }
    if let Some(key) = &new.idempotency_key {
        let known: Option<PaymentId> = payments::table
            .filter(payments::idempotency_key.eq(key))
            .select(payments::id)
            .first(conn)
            .optional()?;
        if known.is_some() {
            return Err(twice());
        }
    }
    if new.received_on > today {
        return Err(AppError::invalid("received_on", "lies in the future"));
    }
    let balance = invoice.balance();
    if new.amount_cents > balance {
        let left = Money::new(balance, invoice.currency);
        return Err(AppError::invalid("amount", format!("is more than the {left} left to pay")));
    }
    let base = agency::load(conn)?.currency;
    let payment: PaymentId = diesel::insert_into(payments::table)
        .values((
            payments::client_id.eq(invoice.client_id),
            payments::received_on.eq(new.received_on),
            payments::amount_cents.eq(new.amount_cents),
            payments::currency.eq(invoice.currency),
            payments::base_currency.eq(base),
            payments::exchange_rate_e6.eq((base == invoice.currency).then_some(PAR_E6)),
            payments::method.eq(new.method),
            payments::reference.eq(&new.reference),
            payments::idempotency_key.eq(&new.idempotency_key),
            payments::created_by.eq(actor.id),
            payments::created_at.eq(now),
        ))
        .returning(payments::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => twice(),
            None => error.into(),
        })?;
    allocate(conn, now, &invoice, payment, new.amount_cents)?;
    note(conn, actor, now, &invoice, Action::Paid, new.amount_cents)?;
    Ok(payment)
}

/// Takes a payment back by a row of the opposite sign, on every invoice it went to.
pub fn reverse(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: InvoiceId,
    payment: PaymentId,
) -> AppResult<PaymentId> {
    model::find_locked(conn, actor, id)?;
    let found =
        of_invoice(conn, id)?.into_iter().find(|row| row.payment.id == payment).ok_or(AppError::NotFound)?;
    if !found.can_reverse() {
        return Err(AppError::Conflict("This payment is reversed already.".into()));
    }
    let paid = found.payment;
    // A reversal is worth what was paid, whatever the rate of today.
    let (base, rate): (Option<Currency>, Option<i64>) = payments::table
        .find(paid.id)
        .select((payments::base_currency, payments::exchange_rate_e6))
        .first(conn)?;
    let reversal: PaymentId = diesel::insert_into(payments::table)
        .values((
            payments::client_id.eq(paid.client_id),
            payments::received_on.eq(today),
            payments::amount_cents.eq(-paid.amount_cents),
            payments::currency.eq(paid.currency),
            payments::base_currency.eq(base),
            payments::exchange_rate_e6.eq(rate),
            payments::method.eq(paid.method),
            payments::reference.eq(&paid.reference),
            payments::reverses_id.eq(paid.id),
            payments::created_by.eq(actor.id),
            payments::created_at.eq(now),
        ))
        .returning(payments::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict("This payment is reversed already.".into()),
            None => error.into(),
        })?;
    let allocations: Vec<(InvoiceId, i64)> = payment_allocations::table
        .filter(payment_allocations::payment_id.eq(paid.id))
        .order(payment_allocations::invoice_id)
        .select((payment_allocations::invoice_id, payment_allocations::amount_cents))
        .load(conn)?;
    for (on, cents) in allocations {
        let invoice = model::find_locked(conn, actor, on)?;
        allocate(conn, now, &invoice, reversal, -cents)?;
        note(conn, actor, now, &invoice, Action::Reversed, -cents)?;
    }
    Ok(reversal)
}

/// Puts `cents` of a payment on an invoice that the caller holds locked, and settles or reopens it.
fn allocate(
    conn: &mut Conn,
    now: UtcTime,
    invoice: &Invoice,
    payment: PaymentId,
    cents: i64,
) -> AppResult<()> {
    diesel::insert_into(payment_allocations::table)
        .values((
            payment_allocations::payment_id.eq(payment),
            payment_allocations::invoice_id.eq(invoice.id),
            payment_allocations::amount_cents.eq(cents),
        ))
        .execute(conn)?;
    let settled_at = if invoice.balance() == cents { Some(now) } else { None };
    diesel::update(invoices::table.find(invoice.id))
        .set((
            invoices::paid_cents.eq(invoice.paid_cents + cents),
            invoices::settled_at.eq(settled_at),
            invoices::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    invoice: &Invoice,
    action: Action,
    cents: i64,
) -> AppResult<()> {
    let mut entry = Entry::new(action, Subject::Invoice, invoice.id.0, invoice.name())
        .client(invoice.client_id)
        .invoice(invoice.id)
        .change(
            "paid",
            Money::new(invoice.paid_cents, invoice.currency),
            Money::new(invoice.paid_cents + cents, invoice.currency),
        );
    if let Some(project) = invoice.project_id {
        entry = entry.project(project);
    }
    audit::record(conn, Some(actor.id), now, &entry)
}

fn twice() -> AppError {
    AppError::Conflict("This payment has been recorded already.".into())
}
