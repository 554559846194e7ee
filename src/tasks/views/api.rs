//! The JSON API of saved views.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::form::TaskViewForm;
use super::model::{self, TaskView};
use crate::auth::extract::CurrentUser;
use crate::error::AppResult;
use crate::types::ids::{TaskViewId, UserId};
use crate::web::App;
use crate::web::json::{Json, Meta};

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_task_views, create_task_view, delete_task_view))]
pub struct ApiDoc;

/// A view as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of TaskView")]
pub struct TaskViewJson {
    pub id: TaskViewId,
    pub user_id: UserId,
    pub name: String,
    pub address: String,
    pub is_shared: bool,
}

impl From<TaskView> for TaskViewJson {
    fn from(view: TaskView) -> Self {
        Self {
            id: view.id,
            user_id: view.user_id,
            name: view.name,
            address: view.address,
            is_shared: view.is_shared,
        }
    }
}

/// Views.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskViewList {
    /// One's own, then those that others share, each by name.
    pub views: Vec<TaskViewJson>,
    /// How many.
    pub meta: Meta,
}

/// One's own views, and those that others share.
#[utoipa::path(get, path = "/api/task-views", tag = "task views", responses((status = 200, body = TaskViewList)))]
pub async fn list_task_views(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let views = app.db.read(move |conn| model::of(conn, &user.actor)).await?;
    let views: Vec<TaskViewJson> = views.into_iter().map(TaskViewJson::from).collect();
    let meta = Meta { count: views.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(TaskViewList { views, meta }))
}

/// Keeps a view.
#[utoipa::path(post, path = "/api/task-views", tag = "task views", request_body = TaskViewForm, responses((status = 201, body = TaskViewJson)))]
pub async fn create_task_view(
    user: CurrentUser,
    app: web::Data<App>,
    body: Json<TaskViewForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let created = app.db.write(move |conn| model::create(conn, &actor, now, &new)).await?;
    Ok(HttpResponse::Created()
        .insert_header(("location", "/api/task-views"))
        .json(TaskViewJson::from(created)))
}

/// Deletes one's own view; who runs the installation may delete any.
#[utoipa::path(delete, path = "/api/task-views/{view_id}", tag = "task views", params(("view_id" = i64, Path)), responses((status = 204)))]
pub async fn delete_task_view(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<TaskViewId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
