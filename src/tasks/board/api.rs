//! Moving a card through the JSON API.

use actix_web::{HttpResponse, web};

use super::form::MoveForm;
use super::model;
use crate::auth::extract::Worker;
use crate::error::AppResult;
use crate::tasks::figures;
use crate::tasks::figures::TaskRow;
use crate::types::ids::TaskId;
use crate::web::App;
use crate::web::json::Json;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(place_task))]
pub struct ApiDoc;

/// Where a card stands.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Placed {
    /// The task.
    pub id: TaskId,
    /// Its column.
    pub status: crate::tasks::model::TaskStatus,
    /// The place in it, from the top.
    pub position: i64,
    /// Open tasks that it waits for.
    pub open_blockers: i64,
    /// Counts the edits; another place in the same column is none.
    pub version: i64,
}

impl From<TaskRow> for Placed {
    fn from(row: TaskRow) -> Self {
        Self {
            id: row.task.id,
            status: row.task.status,
            position: row.task.position,
            open_blockers: row.parts.open_blockers,
            version: row.task.version,
        }
    }
}

/// Moves a task to a column of the board, and to a place in it.
#[utoipa::path(put, path = "/api/tasks/{id}/place", tag = "tasks", params(("id" = i64, Path)), request_body = MoveForm, responses((status = 200, body = Placed)))]
pub async fn place_task(
    user: Worker,
    app: web::Data<App>,
    id: web::Path<TaskId>,
    body: Json<MoveForm>,
) -> AppResult<HttpResponse> {
    let to = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let row = app
        .db
        .write(move |conn| {
            model::place(conn, &actor, now, id, to)?;
            figures::row(conn, &actor, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(Placed::from(row)))
}
