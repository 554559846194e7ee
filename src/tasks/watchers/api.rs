//! The JSON API of watchers: one begins and stops for oneself.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::model;
use crate::auth::extract::CurrentUser;
use crate::auth::user::Actor;
use crate::error::AppResult;
use crate::tasks::model as tasks;
use crate::types::ids::{TaskId, UserId};
use crate::web::App;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_watchers, watch_task, unwatch_task))]
pub struct ApiDoc;

/// Somebody who follows a task.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WatcherJson {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
}

/// Who follows a task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WatcherList {
    /// By name.
    pub watchers: Vec<WatcherJson>,
}

/// Who follows a task.
#[utoipa::path(get, path = "/api/tasks/{task_id}/watchers", tag = "watchers", params(("task_id" = i64, Path)), responses((status = 200, body = WatcherList)))]
pub async fn list_watchers(
    user: CurrentUser,
    app: web::Data<App>,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, task) = (user.actor, task.into_inner());
    let people = app
        .db
        .read(move |conn| {
            tasks::find(conn, &actor, task)?;
            model::of_task(conn, task)
        })
        .await?;
    let watchers = people.into_iter().map(|(id, name)| WatcherJson { id, name }).collect();
    Ok(HttpResponse::Ok().json(WatcherList { watchers }))
}

/// Begins to follow a task.
#[utoipa::path(post, path = "/api/tasks/{task_id}/watchers", tag = "watchers", params(("task_id" = i64, Path)), responses((status = 204)))]
pub async fn watch_task(
    user: CurrentUser,
    app: web::Data<App>,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    change(user.actor, &app, task.into_inner(), true).await
}

/// Stops following a task.
#[utoipa::path(delete, path = "/api/tasks/{task_id}/watchers", tag = "watchers", params(("task_id" = i64, Path)), responses((status = 204)))]
pub async fn unwatch_task(
    user: CurrentUser,
    app: web::Data<App>,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    change(user.actor, &app, task.into_inner(), false).await
}

async fn change(actor: Actor, app: &App, task: TaskId, follows: bool) -> AppResult<HttpResponse> {
    let now = app.clock.now();
    app.db.write(move |conn| model::set(conn, &actor, now, task, follows)).await?;
    Ok(HttpResponse::NoContent().finish())
}
