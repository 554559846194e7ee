//! The JSON API of dependencies.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::form::DependencyForm;
use super::model::{self, Linked};
use crate::auth::extract::{CurrentUser, Worker};
use crate::error::AppResult;
use crate::tasks::model::{self as tasks, TaskStatus};
use crate::types::ids::TaskId;
use crate::web::App;
use crate::web::json::Json;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_dependencies, create_dependency, delete_dependency))]
pub struct ApiDoc;

/// A task at the other end, as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Linked")]
pub struct LinkedJson {
    pub id: TaskId,
    pub title: String,
    pub status: TaskStatus,
}

impl From<Linked> for LinkedJson {
    fn from(linked: Linked) -> Self {
        Self { id: linked.id, title: linked.title, status: linked.status }
    }
}

/// What a task waits for, and what waits for it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DependencyList {
    /// What it waits for.
    pub blocked_by: Vec<LinkedJson>,
    /// What waits for it.
    pub blocks: Vec<LinkedJson>,
}

fn json(linked: Vec<Linked>) -> Vec<LinkedJson> {
    linked.into_iter().map(LinkedJson::from).collect()
}

/// What a task waits for, and what waits for it.
#[utoipa::path(get, path = "/api/tasks/{task_id}/dependencies", tag = "dependencies", params(("task_id" = i64, Path)), responses((status = 200, body = DependencyList)))]
pub async fn list_dependencies(
    user: CurrentUser,
    app: web::Data<App>,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, task) = (user.actor, task.into_inner());
    let list = app
        .db
        .read(move |conn| {
            tasks::find(conn, &actor, task)?;
            let blocked_by = json(model::blockers(conn, &actor, task)?);
            Ok(DependencyList { blocked_by, blocks: json(model::waiting(conn, &actor, task)?) })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Makes a task wait for another. A circle is refused at `blocker_id`.
#[utoipa::path(post, path = "/api/tasks/{task_id}/dependencies", tag = "dependencies", params(("task_id" = i64, Path)), request_body = DependencyForm, responses((status = 201, body = DependencyList)))]
pub async fn create_dependency(
    user: Worker,
    app: web::Data<App>,
    task: web::Path<TaskId>,
    body: Json<DependencyForm>,
) -> AppResult<HttpResponse> {
    let blocker = body.0.check()?;
    let (actor, now, task) = (user.actor, app.clock.now(), task.into_inner());
    let list = app
        .db
        .write(move |conn| {
            let blocked_by = json(model::add(conn, &actor, now, task, blocker)?);
            Ok(DependencyList { blocked_by, blocks: json(model::waiting(conn, &actor, task)?) })
        })
        .await?;
    let location = format!("/api/tasks/{task}/dependencies");
    Ok(HttpResponse::Created().insert_header(("location", location)).json(list))
}

/// Lets a task go on without another.
#[utoipa::path(delete, path = "/api/tasks/{task_id}/dependencies/{blocker_id}", tag = "dependencies", params(("task_id" = i64, Path), ("blocker_id" = i64, Path)), responses((status = 204)))]
pub async fn delete_dependency(
    user: Worker,
    app: web::Data<App>,
    path: web::Path<(TaskId, TaskId)>,
) -> AppResult<HttpResponse> {
    let ((task, blocker), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| model::remove(conn, &actor, now, task, blocker)).await?;
    Ok(HttpResponse::NoContent().finish())
}
