//! What somebody knows, in the JSON API.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::model::{self, Known};
use crate::auth::extract::Admin;
use crate::auth::user;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, CredentialId, TaskId, UserId};
use crate::web::App;
use crate::web::json::Meta;
use crate::web::page::today;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_rotations, create_rotations))]
pub struct ApiDoc;

/// A secret that somebody knows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Known")]
pub struct RotationJson {
    pub credential_id: CredentialId,
    pub client_id: ClientId,
    pub label: String,
    pub field: String,
    pub version: i64,
    pub last_at: UtcTime,
    pub looks: i64,
    pub task_id: Option<TaskId>,
}

/// What somebody knows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RotationList {
    /// By client and name.
    pub rotations: Vec<RotationJson>,
    /// How many.
    pub meta: Meta,
}

fn json(known: Known) -> RotationJson {
    RotationJson {
        credential_id: known.credential_id,
        client_id: known.client_id,
        label: known.label,
        field: known.field.text(),
        version: known.version,
        last_at: known.last_at,
        looks: known.looks,
        task_id: known.task_id,
    }
}

fn list(conn: &mut Conn, id: UserId) -> AppResult<RotationList> {
    user::find(conn, id)?;
    let rotations: Vec<RotationJson> = model::known_by(conn, id)?.into_iter().map(json).collect();
    let meta = Meta { count: rotations.len(), next: None, total: None };
    Ok(RotationList { rotations, meta })
}

/// Every current secret that somebody looked at, copied or stored, and the task by which it is changed.
#[utoipa::path(get, path = "/api/users/{id}/rotations", tag = "vault", params(("id" = i64, Path)), responses((status = 200, body = RotationList)))]
pub async fn list_rotations(
    _user: Admin,
    app: web::Data<App>,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let id = id.into_inner();
    let known = app.db.read(move |conn| list(conn, id)).await?;
    Ok(HttpResponse::Ok().json(known))
}

/// Adds a task for each of them that has none.
#[utoipa::path(post, path = "/api/users/{id}/rotations", tag = "vault", params(("id" = i64, Path)), responses((status = 200, body = RotationList)))]
pub async fn create_rotations(
    user: Admin,
    app: web::Data<App>,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let known = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::create_tasks(conn, &actor, now, today, id)?;
            list(conn, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(known))
}
