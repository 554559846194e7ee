//! Reversals: a payment is taken back by a row of the opposite sign, everywhere it went to.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{self as ledger, ReversalKind};
use crate::audit::model::Action;
use crate::auth::user::Actor;
use crate::billing::model;
use crate::db::schema::{payment_allocations, payments};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, PaymentId};

/// Takes a payment on the invoice `id` back, at its own rate whatever the rate of today. `today` is the agency's.
pub fn reverse(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    (id, payment): (InvoiceId, PaymentId),
    kind: ReversalKind,
) -> AppResult<PaymentId> {
    model::find_locked(conn, actor, id)?;
    let found = ledger::of_invoice(conn, id)?
        .into_iter()
        .find(|row| row.payment.id == payment)
        .ok_or(AppError::NotFound)?;
    if found.payment.amount_cents < 0 {
        return Err(AppError::Conflict("Only a payment that came in can be reversed.".into()));
    }
    if !found.can_reverse() {
        return Err(twice());
    }
    let paid = found.payment;
    let refunded: i64 = payments::table.filter(payments::refunds_id.eq(paid.id)).count().get_result(conn)?;
    if refunded > 0 {
        return Err(AppError::Conflict(
            "A part of this payment was refunded; it cannot be reversed any more.".into(),
        ));
    }
    let fee = match kind {
        ReversalKind::Correction => -paid.fee_cents,
        ReversalKind::Chargeback => 0,
    };
    let reversal: PaymentId = diesel::insert_into(payments::table)
        .values((
            payments::client_id.eq(paid.client_id),
            payments::received_on.eq(today),
            payments::amount_cents.eq(-paid.amount_cents),
            payments::currency.eq(paid.currency),
            payments::base_currency.eq(paid.base_currency),
            payments::exchange_rate_e6.eq(paid.exchange_rate_e6),
            payments::fee_cents.eq(fee),
            payments::method.eq(paid.method),
            payments::reference.eq(&paid.reference),
            payments::reverses_id.eq(paid.id),
            payments::reversal_kind.eq(kind),
            payments::created_by.eq(actor.id),
            payments::created_at.eq(now),
        ))
        .returning(payments::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => twice(),
            None => error.into(),
        })?;
    let allocations: Vec<(InvoiceId, i64)> = payment_allocations::table
        .filter(payment_allocations::payment_id.eq(paid.id))
        .order(payment_allocations::invoice_id)
        .select((payment_allocations::invoice_id, payment_allocations::amount_cents))
        .load(conn)?;
    let action = match kind {
        ReversalKind::Correction => Action::Reversed,
        ReversalKind::Chargeback => Action::ChargedBack,
    };
    for (on, cents) in allocations {
        let invoice = model::find_locked(conn, actor, on)?;
        ledger::allocate(conn, now, &invoice, reversal, -cents)?;
        ledger::note(conn, actor, now, &invoice, action, -cents)?;
    }
    Ok(reversal)
}

fn twice() -> AppError {
    AppError::Conflict("This payment is reversed already.".into())
}
