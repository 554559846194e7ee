//! The JSON API of comments.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::form::CommentForm;
use super::model::{self, Comment, FormerText};
use crate::auth::extract::{CurrentUser, Worker};
use crate::error::{AppError, AppResult};
use crate::tasks::model as tasks;
use crate::types::clock::UtcTime;
use crate::types::ids::{CommentId, TaskId, UserId};
use crate::types::pagination::has_more;
use crate::web::App;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::query::{AfterQuery, Query};

type Path = web::Path<(TaskId, CommentId)>;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_comments,
    find_comment,
    create_comment,
    update_comment,
    delete_comment,
    list_comment_versions
))]
pub struct ApiDoc;

/// A comment as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Comment")]
pub struct CommentJson {
    pub id: CommentId,
    pub task_id: TaskId,
    pub author_id: UserId,
    pub author_name: String,
    /// Markdown.
    pub body: String,
    /// The same as sanitised HTML.
    pub body_html: String,
    pub edited_at: Option<UtcTime>,
    pub created_at: UtcTime,
    pub version: i64,
}

impl From<Comment> for CommentJson {
    fn from(comment: Comment) -> Self {
        Self {
            id: comment.id,
            task_id: comment.task_id,
            author_id: comment.author_id,
            author_name: comment.author_name,
            body: comment.body,
            body_html: comment.body_html,
            edited_at: comment.edited_at,
            created_at: comment.created_at,
            version: comment.version,
        }
    }
}

/// Comments in one answer.
const PER_PAGE: i64 = 100;

/// Comments on a task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CommentList {
    /// The rows.
    pub comments: Vec<CommentJson>,
    /// How many.
    pub meta: Meta,
}

/// The comments on a task, the oldest first.
#[utoipa::path(get, path = "/api/tasks/{task_id}/comments", tag = "comments", params(("task_id" = i64, Path), AfterQuery), responses((status = 200, body = CommentList)))]
pub async fn list_comments(
    user: CurrentUser,
    app: web::Data<App>,
    task: web::Path<TaskId>,
    query: Query<AfterQuery>,
) -> AppResult<HttpResponse> {
    let (actor, task) = (user.actor, task.into_inner());
    let after: Option<CommentId> = query.0.check()?;
    let mut comments = app
        .db
        .read(move |conn| {
            tasks::find(conn, &actor, task)?;
            model::page(conn, task, after, PER_PAGE + 1)
        })
        .await?;
    let more = has_more(&mut comments, PER_PAGE);
    let next = comments.last().filter(|_| more).map(|comment| comment.id.to_string());
    let comments: Vec<CommentJson> = comments.into_iter().map(CommentJson::from).collect();
    let meta = Meta { count: comments.len(), next, total: None };
    Ok(HttpResponse::Ok().json(CommentList { comments, meta }))
}

/// One comment.
#[utoipa::path(get, path = "/api/tasks/{task_id}/comments/{id}", tag = "comments", params(("task_id" = i64, Path), ("id" = i64, Path)), responses((status = 200, body = CommentJson)))]
pub async fn find_comment(user: CurrentUser, app: web::Data<App>, path: Path) -> AppResult<HttpResponse> {
    let ((task, id), actor) = (path.into_inner(), user.actor);
    let found = app.db.read(move |conn| model::find(conn, &actor, task, id)).await?;
    Ok(HttpResponse::Ok().json(CommentJson::from(found)))
}

/// Adds a comment. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/tasks/{task_id}/comments", tag = "comments", params(("task_id" = i64, Path)), request_body = CommentForm, responses((status = 201, body = CommentJson)))]
pub async fn create_comment(
    user: Worker,
    app: web::Data<App>,
    task: web::Path<TaskId>,
    body: Json<CommentForm>,
) -> AppResult<HttpResponse> {
    let form = body.0;
    let text = form.check()?;
    let (actor, now, task) = (user.actor, app.clock.now(), task.into_inner());
    let created = app
        .db
        .write(move |conn| {
            let created = once(conn, actor.id, now, &form.idempotency_key, &(task, &form), |conn| {
                let comment = model::create(conn, &actor, now, task, &text)?;
                Ok((comment.id.0, comment))
            })?;
            created.first()
        })
        .await?;
    let location = format!("/api/tasks/{task}/comments/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(CommentJson::from(created)))
}

/// Changes one's own comment. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/tasks/{task_id}/comments/{id}", tag = "comments", params(("task_id" = i64, Path), ("id" = i64, Path)), request_body = CommentForm, responses((status = 200, body = CommentJson)))]
pub async fn update_comment(
    user: Worker,
    app: web::Data<App>,
    path: Path,
    body: Json<CommentForm>,
) -> AppResult<HttpResponse> {
    let text = body.0.check()?;
    let version = body
        .0
        .version
        .parse()
        .map_err(|_| AppError::invalid("version", "must be the version that was read"))?;
    let (actor, now, path) = (user.actor, app.clock.now(), path.into_inner());
    let saved = app.db.write(move |conn| model::update(conn, &actor, now, path, version, &text)).await?;
    let saved = saved.done("this comment", |comment| comment.version)?;
    Ok(HttpResponse::Ok().json(CommentJson::from(saved)))
}

/// Deletes one's own comment; who runs the installation may delete any.
#[utoipa::path(delete, path = "/api/tasks/{task_id}/comments/{id}", tag = "comments", params(("task_id" = i64, Path), ("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_comment(user: Worker, app: web::Data<App>, path: Path) -> AppResult<HttpResponse> {
    let ((task, id), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| model::delete(conn, &actor, now, task, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What a comment said before, as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of FormerText")]
pub struct FormerTextJson {
    pub version: i64,
    /// Markdown.
    pub body: String,
    /// The same as sanitised HTML.
    pub body_html: String,
    pub written_at: UtcTime,
}

impl From<FormerText> for FormerTextJson {
    fn from(text: FormerText) -> Self {
        Self {
            version: text.version,
            body: text.body,
            body_html: text.body_html,
            written_at: text.written_at,
        }
    }
}

/// Everything that a comment said before.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FormerTextList {
    /// The latest first.
    pub versions: Vec<FormerTextJson>,
}

/// Everything that a comment said before, the latest first.
#[utoipa::path(get, path = "/api/tasks/{task_id}/comments/{id}/versions", tag = "comments", params(("task_id" = i64, Path), ("id" = i64, Path)), responses((status = 200, body = FormerTextList)))]
pub async fn list_comment_versions(
    user: CurrentUser,
    app: web::Data<App>,
    path: Path,
) -> AppResult<HttpResponse> {
    let ((task, id), actor) = (path.into_inner(), user.actor);
    let former = app
        .db
        .read(move |conn| {
            model::find(conn, &actor, task, id)?;
            model::former_texts(conn, id)
        })
        .await?;
    let versions = former.into_iter().map(FormerTextJson::from).collect();
    Ok(HttpResponse::Ok().json(FormerTextList { versions }))
}
