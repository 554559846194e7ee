//! Refunds: money that goes back to a client, of what is left of a payment or of a credit note.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::exchange::Rate;
use super::model::{self as ledger, PaymentMethod};
use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::issue::PAR_E6;
use crate::billing::model::{self, Invoice};
use crate::db::schema::payments;
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, PaymentId};
use crate::types::money::{Currency, Money};

/// A refund to be recorded.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// When it went out.
    pub refunded_on: NaiveDate,
    /// Minor units, more than nothing.
    pub amount_cents: i64,
    /// How it went out.
    pub method: PaymentMethod,
    /// What the bank statement says.
    pub reference: String,
    /// The same key is never recorded twice.
    pub idempotency_key: Option<String>,
}

/// Gives back what is left of a payment. `today` is the agency's.
pub fn of_payment(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: PaymentId,
    new: &NewRefund,
) -> AppResult<PaymentId> {
    dialect::lock_row(conn, dialect::LockedTable::Payments, id.0)?;
    let payment = ledger::find(conn, actor, id)?;
    let left = ledger::unallocated(conn, &payment)?;
    if new.amount_cents > left {
        let left = Money::new(left, payment.currency);
        return Err(AppError::invalid("amount", format!("is more than the {left} left of the payment")));
    }
    let place = (payment.client_id, payment.currency);
    // What goes back is worth what came in, so that no exchange rate gains by it.
    let refund = insert(conn, actor, now, today, place, Some(id), payment.rate(), new)?;
    let entry = Entry::new(Action::Refunded, Subject::Payment, id.0, &payment.reference)
        .client(payment.client_id)
        .change("amount", "", Money::new(new.amount_cents, payment.currency));
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(refund)
}

/// Pays out what is left of a credit note. `today` is the agency's.
pub fn of_credit_note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: InvoiceId,
    new: &NewRefund,
) -> AppResult<PaymentId> {
    let note = model::find_locked(conn, actor, id)?;
    if note.is_draft() || !note.is_credit_note() {
        return Err(AppError::Conflict(
            "Only a credit note, or what is left of a payment, can be refunded.".into(),
        ));
    }
    if new.amount_cents > note.balance() {
        let left = Money::new(note.balance(), note.currency);
        return Err(AppError::invalid("amount", format!("is more than the {left} left of the credit note")));
    }
    refuse_unpaid(conn, actor, &note, new.amount_cents)?;
    let place = (note.client_id, note.currency);
    let base = agency::load(conn)?.currency;
    let e6 = if base == note.currency { Some(PAR_E6) } else { note.exchange_rate_e6 };
    let refund = insert(conn, actor, now, today, place, None, Rate::stored(Some(base), e6), new)?;
    ledger::allocate(conn, now, &note, refund, -new.amount_cents)?;
    let entry = Entry::new(Action::Refunded, Subject::Invoice, id.0, note.name())
        .client(note.client_id)
        .invoice(id)
        .change("amount", "", Money::new(new.amount_cents, note.currency));
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(refund)
}

/// A payment that is taken back after the credit opens its invoice again: what nobody paid is settled, not paid out.
fn refuse_unpaid(conn: &mut Conn, actor: &Actor, note: &Invoice, cents: i64) -> AppResult<()> {
    let Some(of) = note.corrects_id else { return Ok(()) };
    let of = model::find_locked(conn, actor, of)?;
    let unpaid = of.balance() + of.written_off_cents;
    let most = (note.balance() - unpaid).max(0);
    if cents <= most {
        return Ok(());
    }
    let (most, unpaid) = (Money::new(most, note.currency), Money::new(unpaid, note.currency));
    let message = format!(
        "is more than the {most} to pay out: {unpaid} of {} is not paid; settle that first",
        of.name()
    );
    Err(AppError::invalid("amount", message))
}

#[expect(clippy::too_many_arguments, reason = "each is a column of the row")]
fn insert(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    (client, currency): (ClientId, Currency),
    refunds: Option<PaymentId>,
    rate: Option<Rate>,
    new: &NewRefund,
) -> AppResult<PaymentId> {
    if new.refunded_on > today {
        return Err(AppError::invalid("refunded_on", "lies in the future"));
    }
    diesel::insert_into(payments::table)
        .values((
            payments::client_id.eq(client),
            payments::received_on.eq(new.refunded_on),
            payments::amount_cents.eq(-new.amount_cents),
            payments::currency.eq(currency),
            payments::base_currency.eq(rate.map(|rate| rate.base)),
            payments::exchange_rate_e6.eq(rate.map(|rate| rate.e6)),
            payments::method.eq(new.method),
            payments::reference.eq(&new.reference),
            payments::refunds_id.eq(refunds),
            payments::idempotency_key.eq(&new.idempotency_key),
            payments::created_by.eq(actor.id),
            payments::created_at.eq(now),
        ))
        .returning(payments::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => ledger::twice(),
            None => error.into(),
        })
}
