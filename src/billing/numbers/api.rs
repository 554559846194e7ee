//! The JSON API of number series.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::form::NumbersForm;
use super::model::{self, DocumentKind, Numbers};
use crate::auth::extract::Admin;
use crate::auth::step_up::SteppedUpAdmin;
use crate::error::AppResult;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::Json;
use crate::web::page::today;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_number_series, update_number_series))]
pub struct ApiDoc;

/// A number series as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Numbers")]
pub struct NumbersJson {
    pub kind: DocumentKind,
    pub pattern: String,
    pub resets_yearly: bool,
    /// What a document issued today would be called.
    pub next: String,
    pub last_issue_on: Option<NaiveDate>,
    pub version: i64,
}

/// Number series.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NumbersList {
    /// One a kind of document.
    pub number_series: Vec<NumbersJson>,
}

fn json(series: Numbers, today: NaiveDate) -> NumbersJson {
    NumbersJson {
        next: series.next(&today),
        kind: series.kind,
        pattern: series.pattern,
        resets_yearly: series.resets_yearly,
        last_issue_on: series.last_issue_on,
        version: series.version,
    }
}

/// How each kind of document is numbered.
#[utoipa::path(get, path = "/api/settings/numbers", tag = "billing", responses((status = 200, body = NumbersList)))]
pub async fn list_number_series(_user: Admin, app: web::Data<App>) -> AppResult<HttpResponse> {
    let now = app.clock.now();
    let list = app
        .db
        .read(move |conn| {
            let today = today(conn, now)?;
            let number_series = model::all(conn)?.into_iter().map(|series| json(series, today)).collect();
            Ok(NumbersList { number_series })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Changes how one kind is numbered from the next document on. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/settings/numbers", tag = "billing", request_body = NumbersForm, responses((status = 200, body = NumbersJson)))]
pub async fn update_number_series(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    body: Json<NumbersForm>,
) -> AppResult<HttpResponse> {
    let (kind, new) = body.0.check()?;
    let version = edited_version(&body.0.version)?;
    let (actor, now) = (user.actor, app.clock.now());
    let saved = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            let saved = model::update(conn, &actor, now, today, kind, version, &new)?;
            Ok(json(saved.done("this series", |series| series.version)?, today))
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}
