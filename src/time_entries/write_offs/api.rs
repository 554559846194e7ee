//! The JSON API of write-offs.

use actix_web::{HttpResponse, web};

use super::form::WriteOffForm;
use super::model;
use crate::auth::extract::Biller;
use crate::error::AppResult;
use crate::types::ids::TimeEntryId;
use crate::web::App;
use crate::web::json::Json;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(write_off_entry, write_on_entry))]
pub struct ApiDoc;

/// Decides not to bill an entry, and why; 409 once it is on an invoice.
#[utoipa::path(post, path = "/api/time-entries/{id}/write-off", tag = "time-entries", params(("id" = i64, Path)), request_body = WriteOffForm, responses((status = 204)))]
pub async fn write_off_entry(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<TimeEntryId>,
    body: Json<WriteOffForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, reason) = (user.actor, app.clock.now(), id.into_inner(), body.0.check()?);
    app.db.write(move |conn| model::write_off(conn, &actor, now, id, &reason)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a write-off back; harmless when there is none.
#[utoipa::path(delete, path = "/api/time-entries/{id}/write-off", tag = "time-entries", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn write_on_entry(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::write_on(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
