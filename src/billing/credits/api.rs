//! The JSON API of credit notes.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::{ApplicationForm, CreditForm};
use super::{model, reissue};
use crate::auth::extract::Biller;
use crate::billing::api::{InvoiceJson, brief, whole};
use crate::billing::model as invoices;
use crate::error::AppResult;
use crate::types::ids::InvoiceId;
use crate::web::App;
use crate::web::json::{Json, Meta};

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_credits, create_credit, reissue_invoice, apply_credit))]
pub struct ApiDoc;

/// The credit notes on an invoice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CreditList {
    /// The rows.
    pub credits: Vec<InvoiceJson>,
    /// How many.
    pub meta: Meta,
}

/// The credit notes on an invoice, oldest first.
#[utoipa::path(get, path = "/api/billing/{id}/credits", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = CreditList)))]
pub async fn list_credits(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let list = app
        .db
        .read(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            invoices::find(conn, &actor, id)?;
            let credits: Vec<InvoiceJson> =
                model::of_invoice(conn, id)?.into_iter().map(|note| brief(note, today)).collect();
            let meta = Meta { count: credits.len(), next: None, total: None };
            Ok(CreditList { credits, meta })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Issues a credit note on an issued invoice: the lines that are named, or everything that is left.
#[utoipa::path(post, path = "/api/billing/{id}/credits", tag = "billing", params(("id" = i64, Path)), request_body = CreditForm, responses((status = 201, body = InvoiceJson)))]
pub async fn create_credit(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<CreditForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let created = app
        .db
        .write(move |conn| {
            let note = model::create(conn, &actor, now, id, &new)?;
            whole(conn, &actor, now, note.id)
        })
        .await?;
    let location = format!("/api/billing/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Makes a draft with the lines of an invoice that is credited in full; hours, costs and deposits that credit notes gave
/// back are claimed again. While there is such a draft, and once it is issued, this is a 409 that names it.
#[utoipa::path(post, path = "/api/billing/{id}/reissue", tag = "billing", params(("id" = i64, Path)), responses((status = 201, body = InvoiceJson)))]
pub async fn reissue_invoice(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let created = app
        .db
        .write(move |conn| {
            let draft = reissue::reissue(conn, &actor, now, id)?;
            whole(conn, &actor, now, draft)
        })
        .await?;
    let location = format!("/api/billing/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Settles an invoice with what is left of a credit note of its client and currency.
#[utoipa::path(post, path = "/api/billing/{id}/applications", tag = "billing", params(("id" = i64, Path)), request_body = ApplicationForm, responses((status = 200, body = InvoiceJson)))]
pub async fn apply_credit(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<ApplicationForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let note = app
        .db
        .write(move |conn| {
            let note = invoices::find(conn, &actor, id)?;
            let (invoice, cents) = form.check(note.currency)?;
            model::apply(conn, &actor, now, id, invoice, cents)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(note))
}
