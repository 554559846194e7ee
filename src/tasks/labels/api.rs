//! The JSON API of labels.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::form::LabelForm;
use super::model::{self, Label, LabelColour};
use crate::auth::extract::{CurrentUser, Manager};
use crate::error::AppResult;
use crate::types::ids::LabelId;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_labels, find_label, create_label, update_label, delete_label))]
pub struct ApiDoc;

/// A label as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Label")]
pub struct LabelJson {
    pub id: LabelId,
    pub name: String,
    pub colour: LabelColour,
    pub version: i64,
}

impl From<Label> for LabelJson {
    fn from(label: Label) -> Self {
        Self { id: label.id, name: label.name, colour: label.colour, version: label.version }
    }
}

/// Every label.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LabelList {
    /// The rows.
    pub labels: Vec<LabelJson>,
    /// How many.
    pub meta: Meta,
}

/// Every label, by name.
#[utoipa::path(get, path = "/api/labels", tag = "labels", responses((status = 200, body = LabelList)))]
pub async fn list_labels(_: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let labels = app.db.read(model::all).await?;
    let labels: Vec<LabelJson> = labels.into_iter().map(LabelJson::from).collect();
    let meta = Meta { count: labels.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(LabelList { labels, meta }))
}

/// One label.
#[utoipa::path(get, path = "/api/labels/{id}", tag = "labels", params(("id" = i64, Path)), responses((status = 200, body = LabelJson)))]
pub async fn find_label(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<LabelId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = app.db.read(move |conn| model::find(conn, &actor, id)).await?;
    Ok(HttpResponse::Ok().json(LabelJson::from(found)))
}

/// Adds a label.
#[utoipa::path(post, path = "/api/labels", tag = "labels", request_body = LabelForm, responses((status = 201, body = LabelJson)))]
pub async fn create_label(
    user: Manager,
    app: web::Data<App>,
    body: Json<LabelForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let created = app.db.write(move |conn| model::create(conn, &actor, now, &new)).await?;
    let location = format!("/api/labels/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(LabelJson::from(created)))
}

/// Replaces a label's fields. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/labels/{id}", tag = "labels", params(("id" = i64, Path)), request_body = LabelForm, responses((status = 200, body = LabelJson)))]
pub async fn update_label(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<LabelId>,
    body: Json<LabelForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let version = edited_version(&body.0.version)?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let saved = app
        .db
        .write(move |conn| {
            model::update(conn, &actor, now, id, version, &new)?.done("this label", |label| label.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(LabelJson::from(saved)))
}

/// Deletes a label and takes it off every task.
#[utoipa::path(delete, path = "/api/labels/{id}", tag = "labels", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_label(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<LabelId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
