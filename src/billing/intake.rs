//! From a form to a verb, for page and API alike: amounts are read in the currency of the client or invoice, which
//! only the database knows.

use super::credits::form::ApplicationForm;
use super::draft;
use super::expenses::form::ExpenseForm;
use super::expenses::model::{self as expenses, Expense, NewExpense};
use super::form::{DraftForm, InvoiceForm};
use super::model::{self, Invoice};
use super::payments::form::{PaymentForm, RefundForm, SharedPaymentForm};
use super::payments::{model as payments, refunds};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ExpenseId, InvoiceId, PaymentId};
use crate::types::money::Currency;
use crate::web::form::edited_version;

/// Makes the draft that a form describes.
pub fn create_draft(conn: &mut Conn, actor: &Actor, now: UtcTime, form: &DraftForm) -> AppResult<InvoiceId> {
    let client = match clients::find_held(conn, actor, form.client()?) {
        Err(AppError::NotFound) => return Err(AppError::invalid("client_id", "is not a client")),
        found => found?,
    };
    let taxes = draft::tax_rates(conn, &client)?;
    let new = form.check(client.currency, taxes)?;
    draft::create(conn, actor, now, &new)
}

/// Saves a draft as a form has it, unless somebody else was faster.
pub fn save_draft(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    form: &InvoiceForm,
) -> AppResult<Saved<Invoice>> {
    let invoice = model::find_draft(conn, actor, id, None)?;
    let client = clients::find(conn, actor, invoice.client_id)?;
    let taxes = draft::tax_rates(conn, &client)?;
    let changes = form.check(invoice.currency, taxes)?;
    let version = edited_version(&form.version)?;
    if version != invoice.version {
        return Ok(Saved::Stale(invoice));
    }
    draft::save(conn, actor, now, id, version, &changes).map(Saved::Done)
}

/// Records the payment that a form describes.
pub fn record_payment(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    form: &PaymentForm,
) -> AppResult<PaymentId> {
    let invoice = model::find(conn, actor, id)?;
    if invoice.is_draft() {
        return Err(AppError::Conflict("A draft cannot be paid. Issue it first.".into()));
    }
    let new = form.check(invoice.currency)?;
    let today = crate::web::page::today(conn, now)?;
    payments::record(conn, actor, now, today, id, &new)
}

/// Records the payment of a client that a form shares out.
pub fn record_shared_payment(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    form: &SharedPaymentForm,
) -> AppResult<PaymentId> {
    let id = form.client().map_err(|mut errors| {
        // Whatever the currency, the other faults are told as well.
        if let Err(others) = form.check(Currency::EUR) {
            others.iter().for_each(|(field, text)| errors.add(field, text));
        }
        errors
    })?;
    let client = match clients::find_held(conn, actor, id) {
        Err(AppError::NotFound) => return Err(AppError::invalid("client_id", "is not a client")),
        found => found?,
    };
    let currency = form.currency(client.currency)?;
    let (new, shares) = form.check(currency)?;
    let today = crate::web::page::today(conn, now)?;
    payments::record_shared(conn, actor, now, today, (client.id, currency), &shares, &new)
}

/// Settles an invoice with what is left of a payment, as a form has it.
pub fn apply_payment(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: PaymentId,
    form: &ApplicationForm,
) -> AppResult<()> {
    let payment = payments::find(conn, actor, id)?;
    let (invoice, cents) = form.check(payment.currency)?;
    payments::apply(conn, actor, now, id, invoice, cents)
}

/// Pays out what is left of a credit note, as a form has it.
pub fn refund_credit_note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    form: &RefundForm,
) -> AppResult<PaymentId> {
    let note = model::find(conn, actor, id)?;
    let new = form.check(note.currency)?;
    let today = crate::web::page::today(conn, now)?;
    refunds::of_credit_note(conn, actor, now, today, id, &new)
}

/// The expense that a form describes.
pub fn new_expense(conn: &mut Conn, actor: &Actor, form: &ExpenseForm) -> AppResult<NewExpense> {
    let Some(id) = form.client() else { return Ok(form.check(Currency::EUR)?) };
    let client = match clients::find_held(conn, actor, id) {
        Err(AppError::NotFound) => return Err(AppError::invalid("client_id", "is not a client")),
        found => found?,
    };
    Ok(form.check(client.currency)?)
}

/// Saves an expense as a form has it, unless somebody else was faster.
pub fn save_expense(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: ExpenseId,
    form: &ExpenseForm,
) -> AppResult<Saved<Expense>> {
    expenses::find(conn, actor, id)?;
    let new = new_expense(conn, actor, form)?;
    let version = edited_version(&form.version)?;
    expenses::update(conn, actor, now, id, version, &new)
}
