//! The JSON API of hours.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::form::{TimeEntryForm, TimeEntryQuery};
use super::list;
use super::model::{self, Logged};
use super::rows::{self, Billing, EntryRow};
use super::timer::form::{StopForm, parse_end};
use super::timer::model::{self as timer, Stopped};
use super::timesheets::locks;
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::query::Query;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_time_entries,
    find_time_entry,
    create_time_entry,
    update_time_entry,
    delete_time_entry,
    find_timer,
    start_timer,
    stop_timer
))]
pub struct ApiDoc;

/// Hours as JSON. Durations are raw seconds, amounts minor units.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of TimeEntry")]
pub struct TimeEntryJson {
    pub id: TimeEntryId,
    pub user_id: UserId,
    pub client_id: ClientId,
    pub project_id: ProjectId,
    pub task_id: Option<TaskId>,
    pub started_at: UtcTime,
    pub ended_at: Option<UtcTime>,
    pub break_seconds: i64,
    /// Seconds of work; while it runs, up to now.
    pub duration_seconds: i64,
    pub time_zone: String,
    pub local_on: NaiveDate,
    pub note: String,
    pub is_running: bool,
    pub is_billable: bool,
    /// Where the hours stand; null while they run.
    pub billing: Option<Billing>,
    pub write_off_reason: Option<String>,
    /// Value and prices; absent for roles without money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<MoneyJson>,
    /// In the answer to a change: another time was taken than was sent, or other hours overlap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub version: i64,
}

/// What hours are worth, at the rates stored with them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of TimeEntry")]
pub struct MoneyJson {
    pub currency: Currency,
    pub amount_cents: i64,
    pub rate_cents: Option<i64>,
    pub rate_source: String,
    pub cost_rate_cents: Option<i64>,
    pub cost_rate_source: String,
    pub invoice_id: Option<InvoiceId>,
}

/// A page of hours.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TimeEntryList {
    /// The rows.
    pub time_entries: Vec<TimeEntryJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// An entry as `actor` may see it.
pub(in crate::time_entries) fn json(actor: &Actor, row: EntryRow, now: UtcTime) -> TimeEntryJson {
    let billing = row.billing();
    let entry = row.entry;
    TimeEntryJson {
        duration_seconds: entry.seconds(&now),
        is_running: entry.is_running(),
        billing,
        write_off_reason: row.written_off,
        money: actor.sees_money().then_some(MoneyJson {
            currency: row.currency,
            amount_cents: entry.amount_cents,
            rate_cents: entry.rate_cents,
            rate_source: entry.rate_source,
            cost_rate_cents: entry.cost_rate_cents,
            cost_rate_source: entry.cost_rate_source,
            invoice_id: row.invoice.map(|(id, _)| id),
        }),
        id: entry.id,
        user_id: entry.user_id,
        client_id: entry.client_id,
        project_id: entry.project_id,
        task_id: entry.task_id,
        started_at: entry.started_at,
        ended_at: entry.ended_at,
        break_seconds: entry.break_seconds,
        time_zone: entry.time_zone,
        local_on: entry.local_on,
        note: entry.note,
        is_billable: entry.is_billable,
        notice: None,
        created_at: entry.created_at,
        updated_at: entry.updated_at,
        version: entry.version,
    }
}

/// Hours, newest first, 50 a page: everybody's for roles that see money, else one's own.
#[utoipa::path(get, path = "/api/time-entries", tag = "time-entries", params(TimeEntryQuery), responses((status = 200, body = TimeEntryList)))]
pub async fn list_time_entries(
    user: CurrentUser,
    app: web::Data<App>,
    query: Query<TimeEntryQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let list = app
        .db
        .read(move |conn| {
            // Whoever sees no money is told of no invoice.
            list::billed_by(conn, &actor, &filter)?;
            let (rows, next) = list::list(conn, &actor, &filter)?;
            let time_entries: Vec<TimeEntryJson> =
                rows.into_iter().map(|row| json(&actor, row, now)).collect();
            let meta =
                Meta { count: time_entries.len(), next: next.map(|next| next.to_string()), total: None };
            Ok(TimeEntryList { time_entries, meta })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// One entry.
#[utoipa::path(get, path = "/api/time-entries/{id}", tag = "time-entries", params(("id" = i64, Path)), responses((status = 200, body = TimeEntryJson)))]
pub async fn find_time_entry(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app.db.read(move |conn| Ok(json(&actor, rows::row(conn, &actor, id)?, now))).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Logs hours of one's own. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/time-entries", tag = "time-entries", request_body = TimeEntryForm, responses((status = 201, body = TimeEntryJson)))]
pub async fn create_time_entry(
    user: Worker,
    app: web::Data<App>,
    body: Json<TimeEntryForm>,
) -> AppResult<HttpResponse> {
    let form = body.0;
    let new = form.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let created = app
        .db
        .write(move |conn| {
            let created = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let log = |conn: &mut Conn| model::create(conn, &actor, now, &new);
                let why = form.lock_reason.trim();
                let logged = locks::past(conn, &actor, now, why, log, |logged| {
                    (logged.entry.id, "locked hours".to_owned())
                })?;
                Ok((logged.entry.id.0, logged))
            })?;
            changed(conn, &actor, now, created.first()?)
        })
        .await?;
    let location = format!("/api/time-entries/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Replaces an entry's fields. `version` must be the one that was read; else 409, as for hours on an invoice.
#[utoipa::path(put, path = "/api/time-entries/{id}", tag = "time-entries", params(("id" = i64, Path)), request_body = TimeEntryForm, responses((status = 200, body = TimeEntryJson)))]
pub async fn update_time_entry(
    user: Worker,
    app: web::Data<App>,
    id: web::Path<TimeEntryId>,
    body: Json<TimeEntryForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let version = edited_version(&body.0.version)?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let saved = app
        .db
        .write(move |conn| {
            let change = |conn: &mut Conn| model::update(conn, &actor, now, id, version, &new);
            let why = body.0.lock_reason.trim();
            let saved = locks::past(conn, &actor, now, why, change, |_| (id, "locked hours".to_owned()))?;
            changed(conn, &actor, now, saved.done("these hours", |logged| logged.entry.version)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Hours that were just saved, with what there is to say about that.
fn changed(conn: &mut Conn, actor: &Actor, now: UtcTime, logged: Logged) -> AppResult<TimeEntryJson> {
    let row = rows::row(conn, actor, logged.entry.id)?;
    Ok(TimeEntryJson { notice: logged.notice, ..json(actor, row, now) })
}

/// Deletes an entry that is neither on an invoice nor written off.
#[utoipa::path(delete, path = "/api/time-entries/{id}", tag = "time-entries", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_time_entry(
    user: Worker,
    app: web::Data<App>,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// One's running timer; 204 when none runs.
#[utoipa::path(get, path = "/api/time-entries/timer", tag = "time-entries", responses((status = 200, body = TimeEntryJson), (status = 204)))]
pub async fn find_timer(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let running = app
        .db
        .read(move |conn| match model::running(conn, &actor)? {
            Some(entry) => Ok(Some(json(&actor, rows::row(conn, &actor, entry.id)?, now))),
            None => Ok(None),
        })
        .await?;
    Ok(answer(running))
}

/// Starts a timer and stops the one that runs at the same instant. One that runs on the same work already goes on, with
/// 200.
#[utoipa::path(post, path = "/api/time-entries/timer", tag = "time-entries", request_body = TimeEntryForm, responses((status = 200, body = TimeEntryJson), (status = 201, body = TimeEntryJson)))]
pub async fn start_timer(
    user: Worker,
    app: web::Data<App>,
    body: Json<TimeEntryForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check_timer()?;
    let ended_at = parse_end(&body.0.ended_at, user.actor.zone())?;
    let (actor, now) = (user.actor, app.clock.now());
    let (started, is_new) = app
        .db
        .write(move |conn| {
            let started = timer::start(conn, &actor, now, &new, ended_at)?;
            let is_new = started.before.is_some();
            Ok((json(&actor, rows::row(conn, &actor, started.entry.id)?, now), is_new))
        })
        .await?;
    if !is_new {
        return Ok(HttpResponse::Ok().json(started));
    }
    let location = format!("/api/time-entries/{}", started.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(started))
}

/// Stops one's timer and answers with its entry; 204 when none ran, or for no time at all. After more than 24 hours `ended_at` must say
/// when the work ended.
#[utoipa::path(delete, path = "/api/time-entries/timer", tag = "time-entries", params(StopForm), responses((status = 200, body = TimeEntryJson), (status = 204)))]
pub async fn stop_timer(
    user: Worker,
    app: web::Data<App>,
    query: Query<StopForm>,
) -> AppResult<HttpResponse> {
    let ended_at = parse_end(&query.0.ended_at, user.actor.zone())?;
    let (actor, now) = (user.actor, app.clock.now());
    let stopped = app
        .db
        .write(move |conn| match timer::stop(conn, &actor, now, ended_at)? {
            Stopped::Kept(entry) => Ok(Some(json(&actor, rows::row(conn, &actor, entry.id)?, now))),
            Stopped::Dropped | Stopped::Nothing => Ok(None),
        })
        .await?;
    Ok(answer(stopped))
}

fn answer(entry: Option<TimeEntryJson>) -> HttpResponse {
    match entry {
        Some(entry) => HttpResponse::Ok().json(entry),
        None => HttpResponse::NoContent().finish(),
    }
}
