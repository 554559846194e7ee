//! The JSON API of write-offs.

use actix_web::{HttpResponse, web};

use super::form::InvoiceWriteOffForm;
use super::model;
use crate::auth::extract::Biller;
use crate::billing::api::{InvoiceJson, whole};
use crate::error::AppResult;
use crate::types::ids::InvoiceId;
use crate::web::App;
use crate::web::json::Json;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(write_off_invoice, write_on_invoice))]
pub struct ApiDoc;

/// Writes off what is left to pay of an issued invoice.
#[utoipa::path(post, path = "/api/billing/{id}/write-off", tag = "billing", params(("id" = i64, Path)), request_body = InvoiceWriteOffForm, responses((status = 200, body = InvoiceJson)))]
pub async fn write_off_invoice(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<InvoiceWriteOffForm>,
) -> AppResult<HttpResponse> {
    let reason = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let invoice = app
        .db
        .write(move |conn| {
            model::write_off(conn, &actor, now, id, &reason)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(invoice))
}

/// Takes back what was written off.
#[utoipa::path(post, path = "/api/billing/{id}/write-on", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = InvoiceJson)))]
pub async fn write_on_invoice(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let invoice = app
        .db
        .write(move |conn| {
            model::write_on(conn, &actor, now, id)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(invoice))
}
