//! The JSON API of the settings about hours.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::form::TimeSettingsForm;
use super::model::{self, Overlap, TimeSettings};
use crate::auth::extract::Admin;
use crate::error::AppResult;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::Json;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_time_settings, update_time_settings))]
pub struct ApiDoc;

/// The settings about hours as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of TimeSettings")]
pub struct TimeSettingsJson {
    pub overlap: Overlap,
    pub locked_until: Option<NaiveDate>,
    pub lock_after_days: Option<i64>,
    pub version: i64,
}

fn json(settings: TimeSettings) -> TimeSettingsJson {
    let TimeSettings { overlap, locked_until, lock_after_days, version } = settings;
    TimeSettingsJson { overlap, locked_until, lock_after_days, version }
}

/// Whether hours may overlap, and from when on they are locked.
#[utoipa::path(get, path = "/api/settings/time", tag = "time-entries", responses((status = 200, body = TimeSettingsJson)))]
pub async fn find_time_settings(_user: Admin, app: web::Data<App>) -> AppResult<HttpResponse> {
    Ok(HttpResponse::Ok().json(json(app.db.read(model::load).await?)))
}

/// Saves the settings. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/settings/time", tag = "time-entries", request_body = TimeSettingsForm, responses((status = 200, body = TimeSettingsJson)))]
pub async fn update_time_settings(
    user: Admin,
    app: web::Data<App>,
    body: Json<TimeSettingsForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let version = edited_version(&body.0.version)?;
    let (actor, now) = (user.actor, app.clock.now());
    let saved = app
        .db
        .write(move |conn| {
            let saved = model::update(conn, &actor, now, version, &new)?;
            saved.done("these settings", |settings| settings.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(json(saved)))
}
