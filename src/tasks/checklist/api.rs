//! The JSON API of checklists.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::form::{StepChangeForm, StepForm, StepPlaceForm};
use super::model::{self, Step};
use crate::auth::extract::{CurrentUser, Worker};
use crate::error::AppResult;
use crate::tasks::model as tasks;
use crate::types::ids::{StepId, TaskId};
use crate::web::App;
use crate::web::json::{Json, Meta};
use crate::web::once::once;

type Path = web::Path<(TaskId, StepId)>;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_steps, find_step, create_steps, update_step, delete_step, place_step))]
pub struct ApiDoc;

/// A step as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Step")]
pub struct StepJson {
    pub id: StepId,
    pub task_id: TaskId,
    pub title: String,
    pub is_done: bool,
    pub version: i64,
}

impl From<Step> for StepJson {
    fn from(step: Step) -> Self {
        Self {
            id: step.id,
            task_id: step.task_id,
            title: step.title,
            is_done: step.is_done,
            version: step.version,
        }
    }
}

/// A checklist.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StepList {
    /// The steps, in their order.
    pub steps: Vec<StepJson>,
    /// How many.
    pub meta: Meta,
}

impl From<Vec<Step>> for StepList {
    fn from(steps: Vec<Step>) -> Self {
        let steps: Vec<StepJson> = steps.into_iter().map(StepJson::from).collect();
        let meta = Meta { count: steps.len(), next: None, total: None };
        Self { steps, meta }
    }
}

/// The steps of a task, in their order.
#[utoipa::path(get, path = "/api/tasks/{task_id}/checklist", tag = "checklists", params(("task_id" = i64, Path)), responses((status = 200, body = StepList)))]
pub async fn list_steps(
    user: CurrentUser,
    app: web::Data<App>,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, task) = (user.actor, task.into_inner());
    let steps = app
        .db
        .read(move |conn| {
            tasks::find(conn, &actor, task)?;
            model::of_task(conn, task)
        })
        .await?;
    Ok(HttpResponse::Ok().json(StepList::from(steps)))
}

/// One step.
#[utoipa::path(get, path = "/api/tasks/{task_id}/checklist/{id}", tag = "checklists", params(("task_id" = i64, Path), ("id" = i64, Path)), responses((status = 200, body = StepJson)))]
pub async fn find_step(user: CurrentUser, app: web::Data<App>, path: Path) -> AppResult<HttpResponse> {
    let ((task, id), actor) = (path.into_inner(), user.actor);
    let found = app.db.read(move |conn| model::find(conn, &actor, task, id)).await?;
    Ok(HttpResponse::Ok().json(StepJson::from(found)))
}

/// Adds steps, one for each line of `title`. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/tasks/{task_id}/checklist", tag = "checklists", params(("task_id" = i64, Path)), request_body = StepForm, responses((status = 201, body = StepList)))]
pub async fn create_steps(
    user: Worker,
    app: web::Data<App>,
    task: web::Path<TaskId>,
    body: Json<StepForm>,
) -> AppResult<HttpResponse> {
    let form = body.0;
    let titles = form.check()?;
    let (actor, now, task) = (user.actor, app.clock.now(), task.into_inner());
    let steps = app
        .db
        .write(move |conn| {
            let added = once(conn, actor.id, now, &form.idempotency_key, &(task, &form), |conn| {
                Ok((task.0, model::add(conn, &actor, now, task, &titles)?))
            })?;
            added.first()
        })
        .await?;
    let location = format!("/api/tasks/{task}/checklist");
    Ok(HttpResponse::Created().insert_header(("location", location)).json(StepList::from(steps)))
}

/// Renames or ticks a step. With `version` it must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/tasks/{task_id}/checklist/{id}", tag = "checklists", params(("task_id" = i64, Path), ("id" = i64, Path)), request_body = StepChangeForm, responses((status = 200, body = StepJson)))]
pub async fn update_step(
    user: Worker,
    app: web::Data<App>,
    path: Path,
    body: Json<StepChangeForm>,
) -> AppResult<HttpResponse> {
    let changes = body.0.check()?;
    let (actor, now, path) = (user.actor, app.clock.now(), path.into_inner());
    let saved = app.db.write(move |conn| model::update(conn, &actor, now, path, &changes)).await?;
    Ok(HttpResponse::Ok().json(StepJson::from(saved)))
}

/// Moves a step among the others.
#[utoipa::path(put, path = "/api/tasks/{task_id}/checklist/{id}/place", tag = "checklists", params(("task_id" = i64, Path), ("id" = i64, Path)), request_body = StepPlaceForm, responses((status = 200, body = StepList)))]
pub async fn place_step(
    user: Worker,
    app: web::Data<App>,
    path: Path,
    body: Json<StepPlaceForm>,
) -> AppResult<HttpResponse> {
    let to = body.0.check()?;
    let (actor, path) = (user.actor, path.into_inner());
    let steps = app.db.write(move |conn| model::place(conn, &actor, path, to)).await?;
    Ok(HttpResponse::Ok().json(StepList::from(steps)))
}

/// Deletes a step.
#[utoipa::path(delete, path = "/api/tasks/{task_id}/checklist/{id}", tag = "checklists", params(("task_id" = i64, Path), ("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_step(user: Worker, app: web::Data<App>, path: Path) -> AppResult<HttpResponse> {
    let ((task, id), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| model::delete(conn, &actor, now, task, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
