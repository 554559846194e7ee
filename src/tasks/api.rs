//! The JSON API of tasks. A task is finished and taken up again by its status.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::figures::{self, TaskRow};
use super::form::TaskForm;
use super::labels::model::{Label, LabelColour};
use super::model;
use super::query::TaskQuery;
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, LabelId, ProjectId, TaskId, UserId};
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::query::Query;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_tasks, find_task, create_task, update_task, delete_task))]
pub struct ApiDoc;

/// A task as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Task and TaskRow")]
pub struct TaskJson {
    pub id: TaskId,
    pub client_id: ClientId,
    pub client_name: String,
    pub project_id: ProjectId,
    pub project_name: String,
    pub title: String,
    /// Markdown.
    pub description: String,
    pub status: model::TaskStatus,
    pub priority: model::TaskPriority,
    /// By name.
    pub labels: Vec<TaskLabel>,
    pub assignee_id: Option<UserId>,
    pub assignee_name: Option<String>,
    pub due_on: Option<NaiveDate>,
    pub estimate_seconds: Option<i64>,
    pub logged_seconds: i64,
    pub is_billable: bool,
    pub is_client_visible: bool,
    /// The place in its column of the board, from the top.
    pub position: i64,
    /// Steps of its checklist.
    pub steps: i64,
    /// Steps that are ticked.
    pub steps_done: i64,
    /// Open tasks that it waits for.
    pub open_blockers: i64,
    pub completed_at: Option<UtcTime>,
    pub created_by: Option<UserId>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub version: i64,
}

/// A label on a task.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Label")]
pub struct TaskLabel {
    pub id: LabelId,
    pub name: String,
    pub colour: LabelColour,
}

impl From<Label> for TaskLabel {
    fn from(label: Label) -> Self {
        Self { id: label.id, name: label.name, colour: label.colour }
    }
}

impl From<TaskRow> for TaskJson {
    fn from(row: TaskRow) -> Self {
        let (task, parts) = (row.task, row.parts);
        Self {
            id: task.id,
            client_id: task.client_id,
            client_name: row.client_name,
            project_id: task.project_id,
            project_name: row.project_name,
            title: task.title,
            description: task.description,
            status: task.status,
            priority: task.priority,
            labels: parts.labels.into_iter().map(TaskLabel::from).collect(),
            assignee_id: task.assignee_id,
            assignee_name: row.assignee_name,
            due_on: task.due_on,
            estimate_seconds: task.estimate_seconds,
            logged_seconds: row.logged_seconds,
            is_billable: task.is_billable,
            is_client_visible: task.is_client_visible,
            position: task.position,
            steps: parts.steps,
            steps_done: parts.steps_done,
            open_blockers: parts.open_blockers,
            completed_at: task.completed_at,
            created_by: task.created_by,
            created_at: task.created_at,
            updated_at: task.updated_at,
            version: task.version,
        }
    }
}

/// A page of tasks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskList {
    /// The rows.
    pub tasks: Vec<TaskJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

fn stored(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<TaskJson> {
    figures::row(conn, actor, id).map(TaskJson::from)
}

/// Tasks by due date, 25 a page; `meta.total` stops at 1001 and is absent when words are searched.
#[utoipa::path(get, path = "/api/tasks", tag = "tasks", params(TaskQuery), responses((status = 200, body = TaskList)))]
pub async fn list_tasks(
    user: CurrentUser,
    app: web::Data<App>,
    query: Query<TaskQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let page = app
        .db
        .read(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            figures::list(conn, &actor, &filter, today)
        })
        .await?;
    let meta =
        Meta { count: page.rows.len(), next: page.next.map(|cursor| cursor.to_string()), total: page.total };
    let tasks = page.rows.into_iter().map(TaskJson::from).collect();
    Ok(HttpResponse::Ok().json(TaskList { tasks, meta }))
}

/// One task.
#[utoipa::path(get, path = "/api/tasks/{id}", tag = "tasks", params(("id" = i64, Path)), responses((status = 200, body = TaskJson)))]
pub async fn find_task(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = app.db.read(move |conn| stored(conn, &actor, id)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Adds a task. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/tasks", tag = "tasks", request_body = TaskForm, responses((status = 201, body = TaskJson)))]
pub async fn create_task(user: Worker, app: web::Data<App>, body: Json<TaskForm>) -> AppResult<HttpResponse> {
    let form = body.0;
    let new = form.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let created = app
        .db
        .write(move |conn| {
            let created = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let id = model::create(conn, &actor, now, &new)?.id;
                Ok((id.0, id))
            })?;
            stored(conn, &actor, created.first()?)
        })
        .await?;
    let location = format!("/api/tasks/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Replaces a task's fields. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/tasks/{id}", tag = "tasks", params(("id" = i64, Path)), request_body = TaskForm, responses((status = 200, body = TaskJson)))]
pub async fn update_task(
    user: Worker,
    app: web::Data<App>,
    id: web::Path<TaskId>,
    body: Json<TaskForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let version = edited_version(&body.0.version)?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let saved = app
        .db
        .write(move |conn| {
            let saved = model::update(conn, &actor, now, id, version, &new)?;
            saved.done("this task", |task| task.version)?;
            stored(conn, &actor, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Deletes a task without hours, and its comments.
#[utoipa::path(delete, path = "/api/tasks/{id}", tag = "tasks", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_task(
    user: Worker,
    app: web::Data<App>,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
