//! From a form to a verb, for page and API alike: amounts are read in the currency of the client or invoice, which
//! only the database knows.

use super::draft;
use super::form::{DraftForm, InvoiceForm};
use super::model::{self, Invoice};
use super::payment_form::PaymentForm;
use super::payments;
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, PaymentId};
use crate::web::form::edited_version;

/// Makes the draft that a form describes.
pub fn create_draft(conn: &mut Conn, actor: &Actor, now: UtcTime, form: &DraftForm) -> AppResult<InvoiceId> {
    let client = match clients::find_held(conn, actor, form.client()?) {
        Err(AppError::NotFound) => return Err(AppError::invalid("client_id", "is not a client")),
        found => found?,
    };
    let tax_rate = draft::tax_rate(conn, &client)?;
    let new = form.check(client.currency, tax_rate)?;
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
    let tax_rate = draft::tax_rate(conn, &client)?;
    let changes = form.check(invoice.currency, tax_rate)?;
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
