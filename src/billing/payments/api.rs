//! The JSON API of payments. Amounts are minor units.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{PaymentForm, RefundForm, SharedPaymentForm};
use super::list::{self, PaymentQuery};
use super::model::{self, Payment, PaymentMethod, PaymentRow, ReversalKind};
use super::{refunds, reversals};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::credits::form::ApplicationForm;
use crate::billing::{intake, model as invoices};
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, PaymentId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::json::{Json, Meta};
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_payments,
    find_payment,
    create_payment,
    apply_payment,
    refund_payment,
    list_invoice_payments,
    create_invoice_payment,
    reverse_payment,
    charge_back_payment,
    refund_credit_note
))]
pub struct ApiDoc;

/// A payment with what it means for one invoice, as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Payment")]
pub struct InvoicePaymentJson {
    pub id: PaymentId,
    pub received_on: NaiveDate,
    /// Negative for a reversal or refund.
    pub amount_cents: i64,
    /// What of it went to this invoice.
    pub allocated_cents: i64,
    /// What the bank kept; negative where a reversal gives it back.
    pub fee_cents: i64,
    /// What the exchange rate gained (above zero) or lost on the share since the invoice, in the agency's currency; null
    /// where the invoice is in that or a rate is not known.
    pub exchange_difference_cents: Option<i64>,
    pub currency: Currency,
    pub method: PaymentMethod,
    pub reference: String,
    pub reverses_id: Option<PaymentId>,
    /// Why it takes that payment back.
    pub reversal_kind: Option<ReversalKind>,
    pub is_reversed: bool,
    pub created_at: UtcTime,
}

/// The payments on an invoice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoicePaymentList {
    /// The rows.
    pub payments: Vec<InvoicePaymentJson>,
    /// How many.
    pub meta: Meta,
}

/// A payment as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Payment")]
pub struct PaymentJson {
    pub id: PaymentId,
    pub client_id: ClientId,
    pub received_on: NaiveDate,
    /// Negative for a reversal or refund.
    pub amount_cents: i64,
    /// What the bank kept; negative where a reversal gives it back.
    pub fee_cents: i64,
    /// The amount less the fee.
    pub received_cents: i64,
    pub currency: Currency,
    /// The agency's currency at that time.
    pub base_currency: Option<Currency>,
    /// One unit of its currency in millionths of that.
    pub exchange_rate_e6: Option<i64>,
    pub method: PaymentMethod,
    pub reference: String,
    pub reverses_id: Option<PaymentId>,
    /// Why it takes that payment back.
    pub reversal_kind: Option<ReversalKind>,
    /// The payment whose rest it gives back.
    pub refunds_id: Option<PaymentId>,
    /// What it settled, and what of it settles nothing yet. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Vec<ShareJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unallocated_cents: Option<i64>,
    /// What the exchange rate gained or lost on the shares, in `base_currency`. Absent in lists and where no share has
    /// a difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_difference_cents: Option<i64>,
    pub created_at: UtcTime,
}

/// What of a payment went to which invoice.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields explain themselves")]
pub struct ShareJson {
    pub invoice_id: InvoiceId,
    pub number: String,
    pub amount_cents: i64,
    /// What the exchange rate gained (above zero) or lost on it since the invoice, in the agency's currency; null where
    /// the invoice is in that or a rate is not known.
    pub exchange_difference_cents: Option<i64>,
}

/// A page of payments.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentList {
    /// The rows.
    pub payments: Vec<PaymentJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

fn brief(payment: Payment) -> PaymentJson {
    PaymentJson {
        id: payment.id,
        client_id: payment.client_id,
        received_on: payment.received_on,
        amount_cents: payment.amount_cents,
        fee_cents: payment.fee_cents,
        received_cents: payment.received_cents(),
        currency: payment.currency,
        base_currency: payment.base_currency,
        exchange_rate_e6: payment.exchange_rate_e6,
        method: payment.method,
        reference: payment.reference,
        reverses_id: payment.reverses_id,
        reversal_kind: payment.reversal_kind,
        refunds_id: payment.refunds_id,
        shares: None,
        unallocated_cents: None,
        exchange_difference_cents: None,
        created_at: payment.created_at,
    }
}

fn whole(conn: &mut Conn, actor: &Actor, id: PaymentId) -> AppResult<PaymentJson> {
    let payment = model::find(conn, actor, id)?;
    let left = model::unallocated(conn, &payment)?;
    let shares = list::shares(conn, &payment)?;
    let difference = list::difference_of(&payment, &shares);
    let shares = shares.into_iter().map(|share| ShareJson {
        invoice_id: share.invoice_id,
        number: share.number,
        amount_cents: share.amount_cents,
        exchange_difference_cents: share.difference.map(|money| money.cents),
    });
    Ok(PaymentJson {
        shares: Some(shares.collect()),
        unallocated_cents: Some(left),
        exchange_difference_cents: difference.map(|money| money.cents),
        ..brief(payment)
    })
}

fn on_invoice(row: PaymentRow) -> InvoicePaymentJson {
    InvoicePaymentJson {
        id: row.payment.id,
        received_on: row.payment.received_on,
        amount_cents: row.payment.amount_cents,
        allocated_cents: row.allocated_cents,
        fee_cents: row.payment.fee_cents,
        exchange_difference_cents: row.difference.map(|money| money.cents),
        currency: row.payment.currency,
        method: row.payment.method,
        reference: row.payment.reference,
        reverses_id: row.payment.reverses_id,
        reversal_kind: row.payment.reversal_kind,
        is_reversed: row.is_reversed,
        created_at: row.payment.created_at,
    }
}

fn found_on(conn: &mut Conn, id: InvoiceId, payment: PaymentId) -> AppResult<InvoicePaymentJson> {
    model::of_invoice(conn, id)?
        .into_iter()
        .find(|row| row.payment.id == payment)
        .map(on_invoice)
        .ok_or(AppError::NotFound)
}

/// Payments, refunds and reversals, newest first. 25 a page.
#[utoipa::path(get, path = "/api/billing/payments", tag = "billing", params(PaymentQuery), responses((status = 200, body = PaymentList)))]
pub async fn list_payments(
    user: Biller,
    app: web::Data<App>,
    query: Query<PaymentQuery>,
) -> AppResult<HttpResponse> {
    let (client, after) = query.0.check()?;
    let actor = user.actor;
    let (rows, next) = app.db.read(move |conn| list::page(conn, &actor, client, after)).await?;
    let payments: Vec<PaymentJson> = rows.into_iter().map(|(payment, _)| brief(payment)).collect();
    let meta = Meta { count: payments.len(), next: next.map(|id| id.to_string()), total: None };
    Ok(HttpResponse::Ok().json(PaymentList { payments, meta }))
}

/// One payment with what it settled.
#[utoipa::path(get, path = "/api/billing/payments/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = PaymentJson)))]
pub async fn find_payment(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<PaymentId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = app.db.read(move |conn| whole(conn, &actor, id)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Records a payment of a client and shares it out; what is left is the client's credit. The same `idempotency_key`
/// again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/billing/payments", tag = "billing", request_body = SharedPaymentForm, responses((status = 201, body = PaymentJson)))]
pub async fn create_payment(
    user: Biller,
    app: web::Data<App>,
    body: Json<SharedPaymentForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let created = app
        .db
        .write(move |conn| {
            let id = intake::record_shared_payment(conn, &actor, now, &form)?;
            whole(conn, &actor, id)
        })
        .await?;
    let location = format!("/api/billing/payments/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Settles an invoice with what is left of a payment.
#[utoipa::path(post, path = "/api/billing/payments/{id}/applications", tag = "billing", params(("id" = i64, Path)), request_body = ApplicationForm, responses((status = 200, body = PaymentJson)))]
pub async fn apply_payment(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<PaymentId>,
    body: Json<ApplicationForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let payment = app
        .db
        .write(move |conn| {
            intake::apply_payment(conn, &actor, now, id, &form)?;
            whole(conn, &actor, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(payment))
}

/// Gives back what is left of a payment.
#[utoipa::path(post, path = "/api/billing/payments/{id}/refund", tag = "billing", params(("id" = i64, Path)), request_body = RefundForm, responses((status = 201, body = PaymentJson)))]
pub async fn refund_payment(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<PaymentId>,
    body: Json<RefundForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let refund = app
        .db
        .write(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            let payment = model::find(conn, &actor, id)?;
            let new = form.check(payment.currency)?;
            let refund = refunds::of_payment(conn, &actor, now, today, id, &new)?;
            whole(conn, &actor, refund)
        })
        .await?;
    let location = format!("/api/billing/payments/{}", refund.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(refund))
}

/// The payments on an invoice, oldest first.
#[utoipa::path(get, path = "/api/billing/{id}/payments", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = InvoicePaymentList)))]
pub async fn list_invoice_payments(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let list = app
        .db
        .read(move |conn| {
            invoices::find(conn, &actor, id)?;
            let payments: Vec<InvoicePaymentJson> =
                model::of_invoice(conn, id)?.into_iter().map(on_invoice).collect();
            let meta = Meta { count: payments.len(), next: None, total: None };
            Ok(InvoicePaymentList { payments, meta })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Records a payment on one invoice. With `keep_rest`, what is more than is left to pay is the client's credit. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/billing/{id}/payments", tag = "billing", params(("id" = i64, Path)), request_body = PaymentForm, responses((status = 201, body = InvoicePaymentJson)))]
pub async fn create_invoice_payment(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<PaymentForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let recorded = app
        .db
        .write(move |conn| {
            let payment = intake::record_payment(conn, &actor, now, id, &form)?;
            match found_on(conn, id, payment) {
                // Nothing was left to pay, and all of it is the client's credit.
                Err(AppError::NotFound) => {
                    Ok(on_invoice(PaymentRow::beside(model::find(conn, &actor, payment)?)))
                }
                found => found,
            }
        })
        .await?;
    let location = format!("/api/billing/payments/{}", recorded.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(recorded))
}

/// Takes a payment back by a row of the opposite sign; both stay in the ledger.
#[utoipa::path(post, path = "/api/billing/{id}/payments/{payment_id}/reversal", tag = "billing", params(("id" = i64, Path), ("payment_id" = i64, Path)), responses((status = 201, body = InvoicePaymentJson)))]
pub async fn reverse_payment(
    user: Biller,
    app: web::Data<App>,
    path: web::Path<(InvoiceId, PaymentId)>,
) -> AppResult<HttpResponse> {
    taken_back(user.actor, &app, path.into_inner(), ReversalKind::Correction).await
}

/// Records that the client had its bank take a payment back: a reversal that keeps the fee.
#[utoipa::path(post, path = "/api/billing/{id}/payments/{payment_id}/chargeback", tag = "billing", params(("id" = i64, Path), ("payment_id" = i64, Path)), responses((status = 201, body = InvoicePaymentJson)))]
pub async fn charge_back_payment(
    user: Biller,
    app: web::Data<App>,
    path: web::Path<(InvoiceId, PaymentId)>,
) -> AppResult<HttpResponse> {
    taken_back(user.actor, &app, path.into_inner(), ReversalKind::Chargeback).await
}

async fn taken_back(
    actor: Actor,
    app: &App,
    place: (InvoiceId, PaymentId),
    kind: ReversalKind,
) -> AppResult<HttpResponse> {
    let now = app.clock.now();
    let reversed = app
        .db
        .write(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            let reversal = reversals::reverse(conn, &actor, now, today, place, kind)?;
            found_on(conn, place.0, reversal)
        })
        .await?;
    let location = format!("/api/billing/payments/{}", reversed.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(reversed))
}

/// Pays out what is left of a credit note.
#[utoipa::path(post, path = "/api/billing/{id}/refunds", tag = "billing", params(("id" = i64, Path)), request_body = RefundForm, responses((status = 201, body = PaymentJson)))]
pub async fn refund_credit_note(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<RefundForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let refund = app
        .db
        .write(move |conn| {
            let refund = intake::refund_credit_note(conn, &actor, now, id, &form)?;
            whole(conn, &actor, refund)
        })
        .await?;
    let location = format!("/api/billing/payments/{}", refund.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(refund))
}
