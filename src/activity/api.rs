//! The JSON API of the log.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::Value;

use super::filter::LogQuery;
use crate::audit::log;
use crate::audit::model::{Action, Subject, TimelineEntry};
use crate::auth::extract::Admin;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ActivityId, ClientId, InvoiceId, ProjectId, TaskId, UserId};
use crate::types::pagination::PER_PAGE;
use crate::web::App;
use crate::web::json::Meta;
use crate::web::query::Query;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_activity))]
pub struct ApiDoc;

/// An entry of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Activity")]
pub struct LogEntryJson {
    pub id: ActivityId,
    pub occurred_at: UtcTime,
    /// null is Bureau itself or its command line.
    pub user_id: Option<UserId>,
    pub person: String,
    pub action: Action,
    pub subject: Subject,
    pub subject_id: i64,
    pub label: String,
    pub client_id: Option<ClientId>,
    pub project_id: Option<ProjectId>,
    pub task_id: Option<TaskId>,
    pub invoice_id: Option<InvoiceId>,
    /// Each field with its values before and after.
    #[schema(value_type = Object)]
    pub changes: Value,
}

/// A page of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LogList {
    /// The latest first.
    pub activities: Vec<LogEntryJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

fn json(entry: TimelineEntry) -> LogEntryJson {
    let person = entry.actor().to_owned();
    let activity = entry.activity;
    LogEntryJson {
        id: activity.id,
        occurred_at: activity.occurred_at,
        user_id: activity.actor_id,
        person,
        action: activity.action,
        subject: activity.subject_type,
        subject_id: activity.subject_id,
        label: activity.subject_label,
        client_id: activity.client_id,
        project_id: activity.project_id,
        task_id: activity.task_id,
        invoice_id: activity.invoice_id,
        changes: serde_json::from_str(&activity.changes).unwrap_or_default(),
    }
}

/// The whole log, narrowed by person, client, kind, action and days.
#[utoipa::path(get, path = "/api/activity", tag = "activity", params(LogQuery), responses((status = 200, body = LogList), (status = 422)))]
pub async fn list_activity(
    user: Admin,
    app: web::Data<App>,
    query: Query<LogQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check(user.actor.zone())?;
    let (entries, next) = app.db.read(move |conn| log::page(conn, &filter, PER_PAGE)).await?;
    let activities: Vec<LogEntryJson> = entries.into_iter().map(json).collect();
    let meta = Meta { count: activities.len(), next: next.map(|id| id.to_string()), total: None };
    Ok(HttpResponse::Ok().json(LogList { activities, meta }))
}
