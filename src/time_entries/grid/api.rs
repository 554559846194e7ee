//! The JSON API of the grid.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::copy::{self, Copied};
use super::form::{CopyForm, RowForm, WeekForm};
use super::{kept, model};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::{self, Actor};
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::time_entries::form::WeekQuery;
use crate::time_entries::week::{self, Week};
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, TaskId, UserId};
use crate::types::zone;
use crate::web::App;
use crate::web::json::Json;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_week, update_week, add_row, remove_row, copy_rows))]
pub struct ApiDoc;

/// A week as rows and cells. Durations are raw seconds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WeekJson {
    /// As `2026-W47`.
    pub week: String,
    /// Whose.
    pub user_id: UserId,
    /// By client, project and task.
    pub rows: Vec<RowJson>,
    /// Seconds of the week.
    pub seconds: i64,
    /// Of that, billable.
    pub billable_seconds: i64,
    /// Seconds that its person means to work in a week.
    pub target_seconds: Option<i64>,
}

/// The work on one task, or on a project without one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of GridRow")]
pub struct RowJson {
    pub project_id: ProjectId,
    pub task_id: Option<TaskId>,
    pub is_favourite: bool,
    pub seconds: i64,
    /// Monday to Sunday.
    pub cells: Vec<CellJson>,
}

/// One day of a row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CellJson {
    /// The local day.
    pub date: NaiveDate,
    /// Seconds worked.
    pub seconds: i64,
    /// Entries in it.
    pub entries: usize,
    /// The version to send when the cell is saved; null while it is empty.
    pub version: Option<i64>,
    /// Whether it takes hours: not when it holds several entries or hours that do not change any more.
    pub is_editable: bool,
}

fn load(conn: &mut Conn, actor: &Actor, person: UserId, week: Week, now: UtcTime) -> AppResult<WeekJson> {
    let today = zone::local_date(now, actor.zone());
    let sheet = week::sheet(conn, actor, person, week, today, now)?;
    let cell = |(day, cell): (&week::Day, &week::Cell)| CellJson {
        date: day.on,
        seconds: cell.seconds,
        entries: cell.entries,
        version: cell.seen.map(|seen| seen.version),
        is_editable: sheet.is_editable && cell.is_editable(),
    };
    Ok(WeekJson {
        week: week.to_string(),
        user_id: person,
        rows: sheet
            .rows
            .iter()
            .map(|row| RowJson {
                project_id: row.project_id,
                task_id: row.task_id,
                is_favourite: row.is_favourite,
                seconds: row.total(),
                cells: sheet.cells(row).map(cell).collect(),
            })
            .collect(),
        seconds: sheet.seconds,
        billable_seconds: sheet.billable_seconds,
        target_seconds: sheet.target_seconds,
    })
}

/// A week of one's own, or of somebody else's for roles that see all hours.
#[utoipa::path(get, path = "/api/time-entries/week", tag = "time-entries", params(WeekQuery), responses((status = 200, body = WeekJson)))]
pub async fn find_week(
    user: CurrentUser,
    app: web::Data<App>,
    query: Query<WeekQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let today = zone::local_date(now, actor.zone());
    let (week, person, _) = query.0.check(today, actor.week_starts_on)?;
    let found = app
        .db
        .read(move |conn| {
            let person = person.unwrap_or(actor.id);
            let is_known = person == actor.id
                || actor.sees_all_time() && user::choices(conn)?.iter().any(|(id, _)| *id == person);
            if !is_known {
                return Err(AppError::NotFound);
            }
            load(conn, &actor, person, week, now)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Saves cells of one's own, all or none, and answers with the week of the first.
#[utoipa::path(put, path = "/api/time-entries/week", tag = "time-entries", request_body = WeekForm, responses((status = 200, body = WeekJson)))]
pub async fn update_week(user: Worker, app: web::Data<App>, body: Json<WeekForm>) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let (week, edits) = body.0.check(actor.week_starts_on)?;
    let saved = app
        .db
        .write(move |conn| {
            model::save(conn, &actor, now, &edits)?;
            load(conn, &actor, actor.id, week, now)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Keeps a row without hours in one's timesheet: of one week, or without `week` of every week.
#[utoipa::path(post, path = "/api/time-entries/rows", tag = "time-entries", request_body = RowForm, responses((status = 204)))]
pub async fn add_row(user: Worker, app: web::Data<App>, body: Json<RowForm>) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let (week, row) = body.0.check(actor.week_starts_on)?;
    app.db.write(move |conn| kept::add(conn, &actor, now, week, row)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Keeps a row no longer; harmless when it is not kept. Hours on it stay.
#[utoipa::path(delete, path = "/api/time-entries/rows", tag = "time-entries", params(RowForm), responses((status = 204)))]
pub async fn remove_row(user: Worker, app: web::Data<App>, query: Query<RowForm>) -> AppResult<HttpResponse> {
    let actor = user.actor;
    let (week, row) = query.0.check(actor.week_starts_on)?;
    app.db.write(move |conn| kept::remove(conn, &actor, week, row)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Begins a week of one's own as the one before it: its rows, and with `hours` its entries where there are none.
#[utoipa::path(post, path = "/api/time-entries/rows/copy", tag = "time-entries", request_body = CopyForm, responses((status = 200, body = Copied)))]
pub async fn copy_rows(user: Worker, app: web::Data<App>, body: Json<CopyForm>) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let (week, hours) = body.0.check(actor.week_starts_on)?;
    let copied = app.db.write(move |conn| copy::last_week(conn, &actor, now, week, hours)).await?;
    Ok(HttpResponse::Ok().json(copied))
}
