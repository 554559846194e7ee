//! The JSON API of schedules.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::ScheduleForm;
use super::model::{self, RhythmUnit, Schedule, ScheduleMode};
use crate::auth::extract::{Manager, Teammate};
use crate::error::AppResult;
use crate::tasks::model::TaskPriority;
use crate::types::ids::{ProjectId, ScheduleId, UserId};
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::page::today;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_schedules, find_schedule, create_schedule, update_schedule, delete_schedule))]
pub struct ApiDoc;

/// A task that comes back, as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Schedule")]
pub struct ScheduleJson {
    pub id: ScheduleId,
    pub project_id: ProjectId,
    pub title: String,
    /// Markdown.
    pub description: String,
    /// A line each.
    pub steps: String,
    pub priority: TaskPriority,
    pub assignee_id: Option<UserId>,
    pub estimate_seconds: Option<i64>,
    pub every: i64,
    pub unit: RhythmUnit,
    pub anchor_on: NaiveDate,
    pub mode: ScheduleMode,
    pub next_on: Option<NaiveDate>,
    pub is_paused: bool,
    pub version: i64,
}

impl From<Schedule> for ScheduleJson {
    fn from(schedule: Schedule) -> Self {
        Self {
            id: schedule.id,
            project_id: schedule.project_id,
            title: schedule.title,
            description: schedule.description,
            steps: schedule.steps,
            priority: schedule.priority,
            assignee_id: schedule.assignee_id,
            estimate_seconds: schedule.estimate_seconds,
            every: schedule.every,
            unit: schedule.unit,
            anchor_on: schedule.anchor_on,
            mode: schedule.mode,
            next_on: schedule.next_on,
            is_paused: schedule.is_paused,
            version: schedule.version,
        }
    }
}

/// Every task that comes back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ScheduleList {
    /// The rows.
    pub schedules: Vec<ScheduleJson>,
    /// How many.
    pub meta: Meta,
}

/// Every task that comes back, the next first.
#[utoipa::path(get, path = "/api/schedules", tag = "schedules", responses((status = 200, body = ScheduleList)))]
pub async fn list_schedules(_: Teammate, app: web::Data<App>) -> AppResult<HttpResponse> {
    let rows = app.db.read(model::all).await?;
    let schedules: Vec<ScheduleJson> = rows.into_iter().map(|(schedule, ..)| schedule.into()).collect();
    let meta = Meta { count: schedules.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(ScheduleList { schedules, meta }))
}

/// One task that comes back.
#[utoipa::path(get, path = "/api/schedules/{id}", tag = "schedules", params(("id" = i64, Path)), responses((status = 200, body = ScheduleJson)))]
pub async fn find_schedule(
    user: Teammate,
    app: web::Data<App>,
    id: web::Path<ScheduleId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = app.db.read(move |conn| model::find(conn, &actor, id)).await?;
    Ok(HttpResponse::Ok().json(ScheduleJson::from(found)))
}

/// Adds a task that comes back. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/schedules", tag = "schedules", request_body = ScheduleForm, responses((status = 201, body = ScheduleJson)))]
pub async fn create_schedule(
    user: Manager,
    app: web::Data<App>,
    body: Json<ScheduleForm>,
) -> AppResult<HttpResponse> {
    let form = body.0;
    let new = form.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let created = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            let created = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let schedule = model::create(conn, &actor, now, today, &new)?;
                Ok((schedule.id.0, schedule))
            })?;
            created.first()
        })
        .await?;
    let location = format!("/api/schedules/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(ScheduleJson::from(created)))
}

/// Replaces the fields of a task that comes back. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/schedules/{id}", tag = "schedules", params(("id" = i64, Path)), request_body = ScheduleForm, responses((status = 200, body = ScheduleJson)))]
pub async fn update_schedule(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ScheduleId>,
    body: Json<ScheduleForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let version = edited_version(&body.0.version)?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let saved = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::update(conn, &actor, now, today, (id, version), &new)?
                .done("this recurring task", |schedule| schedule.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(ScheduleJson::from(saved)))
}

/// Deletes a task that comes back; those that were made stay.
#[utoipa::path(delete, path = "/api/schedules/{id}", tag = "schedules", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_schedule(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ScheduleId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
