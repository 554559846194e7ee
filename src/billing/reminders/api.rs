//! The JSON API of reminders. Amounts are minor units.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{LadderForm, ReminderForm, ReminderPauseForm, SendingForm};
use super::ladder::{self, Ladder, ReminderStep};
use super::model::{self, LateRow, Next, Reminder};
use super::verbs;
use crate::agency::model as agency;
use crate::auth::extract::Biller;
use crate::error::{AppError, AppResult};
use crate::types::ids::{ClientId, InvoiceId, ReminderId, ReminderPauseId};
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::page::today;
use crate::web::query::{AfterQuery, Query};

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_due_reminders,
    create_reminder,
    find_reminder,
    delete_reminder,
    send_reminder,
    find_reminder_settings,
    update_reminder_settings,
    pause_reminders,
    resume_reminders
))]
pub struct ApiDoc;

/// A letter as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Reminder")]
pub struct ReminderJson {
    pub id: ReminderId,
    pub invoice_id: InvoiceId,
    pub client_id: ClientId,
    pub step: i64,
    pub title: String,
    pub made_on: NaiveDate,
    pub pay_until: NaiveDate,
    pub balance_cents: i64,
    /// Named in the letter; billed by nobody.
    pub fee_cents: i64,
    pub interest_cents: i64,
    /// When somebody sent it; null for a draft.
    pub sent_on: Option<NaiveDate>,
}

/// A late invoice as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of LateRow")]
pub struct LateJson {
    pub invoice_id: InvoiceId,
    pub number: String,
    pub client_id: ClientId,
    pub balance_cents: i64,
    pub due_on: Option<NaiveDate>,
    pub days_late: i64,
    /// The letter that was made last.
    pub last: Option<ReminderJson>,
    /// due, waits, draft, done or paused.
    pub state: String,
    /// The step that is due.
    pub next_step: Option<i64>,
    /// From when the next step is due.
    pub next_from: Option<NaiveDate>,
    /// The pause that holds.
    pub pause_id: Option<ReminderPauseId>,
}

/// A page of late invoices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LateList {
    /// The rows.
    pub invoices: Vec<LateJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// The ladder as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LadderJson {
    /// The steps, the mildest first.
    pub steps: Vec<ReminderStep>,
    /// Whether a step that falls on a weekend is due on the Monday after.
    pub skips_weekends: bool,
    /// Counts the edits.
    pub version: i64,
}

/// A pause as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReminderPauseJson {
    /// Which.
    pub id: ReminderPauseId,
}

fn json(reminder: Reminder) -> ReminderJson {
    ReminderJson {
        id: reminder.id,
        invoice_id: reminder.invoice_id,
        client_id: reminder.client_id,
        step: reminder.step,
        title: reminder.title,
        made_on: reminder.made_on,
        pay_until: reminder.pay_until,
        balance_cents: reminder.balance_cents,
        fee_cents: reminder.fee_cents,
        interest_cents: reminder.interest_cents,
        sent_on: reminder.sent_on,
    }
}

fn late_json(row: LateRow, today: NaiveDate) -> LateJson {
    let (state, next_step, next_from) = match row.next {
        Next::Step(place, _) => ("due", Some(place), None),
        Next::Waits(from) => ("waits", None, Some(from)),
        Next::Draft(_) => ("draft", None, None),
        Next::Done => ("done", None, None),
        Next::Paused => ("paused", None, None),
    };
    LateJson {
        invoice_id: row.invoice.id,
        number: row.invoice.name().to_owned(),
        client_id: row.invoice.client_id,
        balance_cents: row.invoice.balance(),
        due_on: row.invoice.due_on,
        days_late: row.invoice.days_late(today),
        last: row.last.map(json),
        state: state.to_owned(),
        next_step,
        next_from,
        pause_id: row.pause.map(|pause| pause.id),
    }
}

fn ladder_json(ladder: Ladder) -> LadderJson {
    LadderJson { steps: ladder.steps, skips_weekends: ladder.skips_weekends, version: ladder.version }
}

/// Unpaid invoices that are late with what comes next, by due date. 25 a page.
#[utoipa::path(get, path = "/api/billing/reminders", tag = "billing", params(AfterQuery), responses((status = 200, body = LateList)))]
pub async fn list_due_reminders(
    user: Biller,
    app: web::Data<App>,
    query: Query<AfterQuery>,
) -> AppResult<HttpResponse> {
    let after = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let list = app
        .db
        .read(move |conn| {
            let today = today(conn, now)?;
            let (rows, next) = model::late(conn, &actor, after, today)?;
            let invoices: Vec<LateJson> = rows.into_iter().map(|row| late_json(row, today)).collect();
            let meta = Meta { count: invoices.len(), next: next.map(|id| id.to_string()), total: None };
            Ok(LateList { invoices, meta })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Makes the letter of an invoice's next step, as a draft.
#[utoipa::path(post, path = "/api/billing/reminders", tag = "billing", request_body = ReminderForm, responses((status = 201, body = ReminderJson)))]
pub async fn create_reminder(
    user: Biller,
    app: web::Data<App>,
    body: Json<ReminderForm>,
) -> AppResult<HttpResponse> {
    let invoice = body.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let made = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            let made = verbs::create(conn, &actor, now, today, &[invoice])?;
            let id = made.first().copied().ok_or(AppError::NotFound)?;
            model::find(conn, &actor, id)
        })
        .await?;
    let location = format!("/api/billing/reminders/{}", made.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(json(made)))
}

/// One letter.
#[utoipa::path(get, path = "/api/billing/reminders/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = ReminderJson)))]
pub async fn find_reminder(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<ReminderId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = app.db.read(move |conn| model::find(conn, &actor, id)).await?;
    Ok(HttpResponse::Ok().json(json(found)))
}

/// Throws a letter away that was not sent.
#[utoipa::path(delete, path = "/api/billing/reminders/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_reminder(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<ReminderId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| verbs::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Notes that somebody sent the letter; nothing is sent by this.
#[utoipa::path(post, path = "/api/billing/reminders/{id}/sending", tag = "billing", params(("id" = i64, Path)), request_body = SendingForm, responses((status = 200, body = ReminderJson)))]
pub async fn send_reminder(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<ReminderId>,
    body: Json<SendingForm>,
) -> AppResult<HttpResponse> {
    let sent_on = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let sent = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            verbs::send(conn, &actor, now, today, id, sent_on)?;
            model::find(conn, &actor, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(json(sent)))
}

/// The ladder.
#[utoipa::path(get, path = "/api/billing/reminders/settings", tag = "billing", responses((status = 200, body = LadderJson)))]
pub async fn find_reminder_settings(_: Biller, app: web::Data<App>) -> AppResult<HttpResponse> {
    let ladder = app.db.read(ladder::load).await?;
    Ok(HttpResponse::Ok().json(ladder_json(ladder)))
}

/// Replaces the ladder. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/billing/reminders/settings", tag = "billing", request_body = LadderForm, responses((status = 200, body = LadderJson)))]
pub async fn update_reminder_settings(
    user: Biller,
    app: web::Data<App>,
    body: Json<LadderForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            let changes = form.check(agency::load(conn)?.currency)?;
            ladder::save(conn, &actor, now, edited_version(&form.version)?, &changes)?
                .done("the steps", |ladder| ladder.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(ladder_json(saved)))
}

/// Leaves an invoice, or all of its client, in peace.
#[utoipa::path(post, path = "/api/billing/reminders/pauses", tag = "billing", request_body = ReminderPauseForm, responses((status = 201, body = ReminderPauseJson)))]
pub async fn pause_reminders(
    user: Biller,
    app: web::Data<App>,
    body: Json<ReminderPauseForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let id = app.db.write(move |conn| verbs::pause(conn, &actor, now, &new)).await?;
    Ok(HttpResponse::Created().json(ReminderPauseJson { id }))
}

/// Ends a pause.
#[utoipa::path(delete, path = "/api/billing/reminders/pauses/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn resume_reminders(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<ReminderPauseId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| verbs::resume(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
