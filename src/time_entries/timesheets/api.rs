//! The JSON API of timesheets.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::{ApprovalsQuery, DecisionForm, SubmissionForm};
use super::model::{self, PersonWeek, Status, Timesheet};
use crate::auth::extract::{Manager, Worker};
use crate::error::AppResult;
use crate::time_entries::week::Week;
use crate::types::ids::UserId;
use crate::web::App;
use crate::web::json::Json;
use crate::web::page::today;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(submit_week, withdraw_week, list_approvals, decide_week))]
pub struct ApiDoc;

/// A week that was handed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Timesheet")]
pub struct TimesheetJson {
    pub user_id: UserId,
    pub week: String,
    pub status: Status,
    /// Seconds when it was handed in.
    pub seconds: i64,
    pub reason: String,
    pub version: i64,
}

/// One person's week.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PersonWeekJson {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Seconds logged.
    pub seconds: i64,
    /// What they handed in; null is nothing yet.
    pub timesheet: Option<TimesheetJson>,
}

/// Everybody's weeks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApprovalsJson {
    /// As `2026-W47`.
    pub week: String,
    /// By name.
    pub people: Vec<PersonWeekJson>,
}

fn json(sheet: Timesheet) -> TimesheetJson {
    TimesheetJson {
        user_id: sheet.user_id,
        week: sheet.week().to_string(),
        status: sheet.status,
        seconds: sheet.seconds,
        reason: sheet.reason,
        version: sheet.version,
    }
}

/// Hands in a week of one's own; its hours do not change until it is taken back or reopened.
#[utoipa::path(post, path = "/api/time-entries/submission", tag = "time-entries", request_body = SubmissionForm, responses((status = 200, body = TimesheetJson)))]
pub async fn submit_week(
    user: Worker,
    app: web::Data<App>,
    body: Json<SubmissionForm>,
) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let week = body.0.check(actor.week_starts_on)?;
    let sheet = app.db.write(move |conn| model::submit(conn, &actor, now, week)).await?;
    Ok(HttpResponse::Ok().json(json(sheet)))
}

/// Takes back a week that nobody has approved; harmless when none is handed in.
#[utoipa::path(delete, path = "/api/time-entries/submission", tag = "time-entries", params(SubmissionForm), responses((status = 204)))]
pub async fn withdraw_week(
    user: Worker,
    app: web::Data<App>,
    query: Query<SubmissionForm>,
) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let week = query.0.check(actor.week_starts_on)?;
    app.db.write(move |conn| model::withdraw(conn, &actor, now, week)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The week of everybody who logs hours, by name; without `week` this one.
#[utoipa::path(get, path = "/api/time-entries/approvals", tag = "time-entries", params(ApprovalsQuery), responses((status = 200, body = ApprovalsJson)))]
pub async fn list_approvals(
    user: Manager,
    app: web::Data<App>,
    query: Query<ApprovalsQuery>,
) -> AppResult<HttpResponse> {
    let (start, now) = (user.actor.week_starts_on, app.clock.now());
    let asked = query.0.check(start)?;
    let list = app
        .db
        .read(move |conn| {
            let week = match asked {
                Some(week) => week,
                None => Week::of(today(conn, now)?, start),
            };
            let person = |row: PersonWeek| PersonWeekJson {
                user_id: row.user_id,
                name: row.name,
                seconds: row.seconds,
                timesheet: row.sheet.map(json),
            };
            let people = model::of_everybody(conn, week)?.into_iter().map(person).collect();
            Ok(ApprovalsJson { week: week.to_string(), people })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Approves or reopens somebody's week as it was seen at `version`; else 409.
#[utoipa::path(put, path = "/api/time-entries/approvals", tag = "time-entries", request_body = DecisionForm, responses((status = 200, body = TimesheetJson)))]
pub async fn decide_week(
    user: Manager,
    app: web::Data<App>,
    body: Json<DecisionForm>,
) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let (person, week, version, decision) = body.0.check(actor.week_starts_on)?;
    let sheet =
        app.db.write(move |conn| model::decide(conn, &actor, now, person, week, version, &decision)).await?;
    Ok(HttpResponse::Ok().json(json(sheet)))
}
