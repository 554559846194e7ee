//! The JSON API of splitting.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::SplitForm;
use super::model;
use crate::auth::extract::Worker;
use crate::db::Conn;
use crate::error::AppResult;
use crate::time_entries::api::{TimeEntryJson, json};
use crate::time_entries::rows;
use crate::time_entries::timesheets::locks;
use crate::types::ids::TimeEntryId;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::Json;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(split_time_entry))]
pub struct ApiDoc;

/// Both parts of what was one entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PartsJson {
    /// What is left of the entry.
    pub first: TimeEntryJson,
    /// What follows it, a new entry.
    pub second: TimeEntryJson,
}

/// Splits hours into two entries that follow each other. `version` must be the one that was read; else 409.
#[utoipa::path(post, path = "/api/time-entries/{id}/split", tag = "time-entries", params(("id" = i64, Path)), request_body = SplitForm, responses((status = 201, body = PartsJson)))]
pub async fn split_time_entry(
    user: Worker,
    app: web::Data<App>,
    id: web::Path<TimeEntryId>,
    body: Json<SplitForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let (how, version) = (form.check()?, edited_version(&form.version)?);
    let parts = app
        .db
        .write(move |conn| {
            let split = |conn: &mut Conn| model::split(conn, &actor, now, id, version, &how);
            let done = locks::past(conn, &actor, now, form.lock_reason.trim(), split, |_| {
                (id, "locked hours".to_owned())
            })?;
            let parts = done.done("these hours", |parts| parts.first.version)?;
            Ok(PartsJson {
                first: json(&actor, rows::row(conn, &actor, parts.first.id)?, now),
                second: json(&actor, rows::row(conn, &actor, parts.second.id)?, now),
            })
        })
        .await?;
    let location = format!("/api/time-entries/{}", parts.second.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(parts))
}
