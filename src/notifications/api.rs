//! The JSON API of notifications: one's own.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::model::{self, Notification, NotificationKind};
use crate::auth::extract::CurrentUser;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{CommentId, InvoiceId, NotificationId, ProjectId, RecurringId, TaskId, UserId};
use crate::types::pagination::has_more;
use crate::web::App;
use crate::web::json::Meta;
use crate::web::query::{AfterQuery, Query};

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_notifications, read_notification, read_notifications))]
pub struct ApiDoc;

/// A notification as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Notification")]
pub struct NotificationJson {
    pub id: NotificationId,
    pub kind: NotificationKind,
    /// What it is about: the name of the task, the project, the client of a draft or the recurring invoice.
    pub title: String,
    /// The page that it leads to.
    pub href: String,
    pub task_id: Option<TaskId>,
    pub comment_id: Option<CommentId>,
    pub project_id: Option<ProjectId>,
    /// How much of the project's budget is used.
    pub percent: Option<i64>,
    pub invoice_id: Option<InvoiceId>,
    pub recurring_id: Option<RecurringId>,
    /// Who did it; nobody where it came with time.
    pub actor_id: Option<UserId>,
    pub actor_name: Option<String>,
    pub created_at: UtcTime,
    pub read_at: Option<UtcTime>,
}

impl From<Notification> for NotificationJson {
    fn from(row: Notification) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            title: row.title().to_owned(),
            href: row.about.href(),
            task_id: row.about.task_id,
            comment_id: row.about.comment_id,
            project_id: row.about.project_id,
            percent: row.percent,
            invoice_id: row.about.invoice_id,
            recurring_id: row.about.recurring_id,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            created_at: row.created_at,
            read_at: row.read_at,
        }
    }
}

/// A page of notifications.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NotificationList {
    /// The rows.
    pub notifications: Vec<NotificationJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// What one was told, the newest first, 50 a page.
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", params(AfterQuery), responses((status = 200, body = NotificationList)))]
pub async fn list_notifications(
    user: CurrentUser,
    app: web::Data<App>,
    query: Query<AfterQuery>,
) -> AppResult<HttpResponse> {
    let (actor, after) = (user.actor, query.0.check()?);
    let mut rows = app.db.read(move |conn| model::of(conn, &actor, after, model::PER_PAGE + 1)).await?;
    let more = has_more(&mut rows, model::PER_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let notifications: Vec<NotificationJson> = rows.into_iter().map(NotificationJson::from).collect();
    let meta = Meta { count: notifications.len(), next, total: None };
    Ok(HttpResponse::Ok().json(NotificationList { notifications, meta }))
}

/// Marks one as read.
#[utoipa::path(post, path = "/api/notifications/{id}/reading", tag = "notifications", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn read_notification(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<NotificationId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::read(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Marks all as read.
#[utoipa::path(post, path = "/api/notifications/reading", tag = "notifications", responses((status = 204)))]
pub async fn read_notifications(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    app.db.write(move |conn| model::read_all(conn, &actor, now)).await?;
    Ok(HttpResponse::NoContent().finish())
}
