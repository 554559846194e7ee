//! The JSON API of recurring invoices. Amounts are minor units.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{NewRecurringForm, RecurringForm, RecurringQuery};
use super::intake;
use super::model::{self, Covers, Recurring, RecurringStatus, RecurringUnit};
use super::verbs;
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::outline_json::OutlineJson;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ProjectId, RecurringId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::page::today;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_recurring, create_recurring, find_recurring, update_recurring, delete_recurring))]
pub struct ApiDoc;

/// A recurring invoice as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Recurring")]
pub struct RecurringJson {
    pub id: RecurringId,
    pub client_id: ClientId,
    pub project_id: Option<ProjectId>,
    pub currency: Currency,
    pub title: String,
    pub status: RecurringStatus,
    pub total_cents: i64,
    pub every: i64,
    pub unit: RecurringUnit,
    pub covers: Covers,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub most: Option<i64>,
    pub made: i64,
    pub next_on: Option<NaiveDate>,
    pub is_paused: bool,
    /// What each invoice says; absent in lists, as are the days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<OutlineJson>,
    /// The next twelve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upcoming: Option<Vec<UpcomingJson>>,
    /// The latest, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub periods: Option<Vec<PeriodJson>>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub version: i64,
}

/// A day to come as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpcomingJson {
    /// When its draft is made.
    pub on: NaiveDate,
    /// First day that it covers.
    pub from: NaiveDate,
    /// Last day that it covers.
    pub to: NaiveDate,
    /// What it will add up to.
    pub total_cents: i64,
}

/// A day that was invoiced as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PeriodJson {
    /// The day.
    pub on: NaiveDate,
    /// Its invoice; null when its draft was thrown away.
    pub invoice_id: Option<InvoiceId>,
}

/// A page of recurring invoices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecurringList {
    /// The rows.
    pub recurring: Vec<RecurringJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

fn brief(recurring: Recurring) -> RecurringJson {
    RecurringJson {
        status: recurring.status(),
        id: recurring.id,
        client_id: recurring.client_id,
        project_id: recurring.project_id,
        currency: recurring.currency,
        title: recurring.title,
        total_cents: recurring.total_cents,
        every: recurring.every,
        unit: recurring.unit,
        covers: recurring.covers,
        starts_on: recurring.starts_on,
        ends_on: recurring.ends_on,
        most: recurring.most,
        made: recurring.made,
        next_on: recurring.next_on,
        is_paused: recurring.is_paused,
        content: None,
        upcoming: None,
        periods: None,
        created_at: recurring.created_at,
        updated_at: recurring.updated_at,
        version: recurring.version,
    }
}

fn whole(conn: &mut Conn, actor: &Actor, now: UtcTime, id: RecurringId) -> AppResult<RecurringJson> {
    let recurring = model::find(conn, actor, id)?;
    let total_cents = recurring.total_cents;
    let days = recurring.upcoming(today(conn, now)?).into_iter();
    let upcoming =
        days.map(|day| UpcomingJson { on: day.on, from: day.from, to: day.to, total_cents }).collect();
    let made = model::made(conn, id)?.into_iter();
    let periods = made.map(|(on, invoice_id, _)| PeriodJson { on, invoice_id }).collect();
    Ok(RecurringJson {
        content: Some(OutlineJson::of(&model::outline(conn, id)?)),
        upcoming: Some(upcoming),
        periods: Some(periods),
        ..brief(recurring)
    })
}

/// Recurring invoices, newest first. 25 a page.
#[utoipa::path(get, path = "/api/billing/recurring", tag = "billing", params(RecurringQuery), responses((status = 200, body = RecurringList)))]
pub async fn list_recurring(
    user: Biller,
    app: web::Data<App>,
    query: Query<RecurringQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let actor = user.actor;
    let (rows, next) = app.db.read(move |conn| model::list(conn, &actor, &filter)).await?;
    let recurring: Vec<RecurringJson> = rows.into_iter().map(|row| brief(row.recurring)).collect();
    let meta = Meta { count: recurring.len(), next: next.map(|id| id.to_string()), total: None };
    Ok(HttpResponse::Ok().json(RecurringList { recurring, meta }))
}

/// One recurring invoice with what it says, its next twelve days and what was made of it.
#[utoipa::path(get, path = "/api/billing/recurring/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = RecurringJson)))]
pub async fn find_recurring(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<RecurringId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app.db.read(move |conn| whole(conn, &actor, now, id)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Begins a recurring invoice, which rests until it has lines. The same `idempotency_key` again is a 409.
#[utoipa::path(post, path = "/api/billing/recurring", tag = "billing", request_body = NewRecurringForm, responses((status = 201, body = RecurringJson)))]
pub async fn create_recurring(
    user: Biller,
    app: web::Data<App>,
    body: Json<NewRecurringForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let created = app
        .db
        .write(move |conn| {
            let new = form.check()?;
            let id = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let id = verbs::create(conn, &actor, now, &new)?;
                Ok((id.0, id))
            })?
            .first()?;
            whole(conn, &actor, now, id)
        })
        .await?;
    let location = format!("/api/billing/recurring/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Replaces its fields and lines; what has come due is made at once. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/billing/recurring/{id}", tag = "billing", params(("id" = i64, Path)), request_body = RecurringForm, responses((status = 200, body = RecurringJson)))]
pub async fn update_recurring(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<RecurringId>,
    body: Json<RecurringForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            let saved = intake::save(conn, &actor, now, id, &form)?;
            saved.done("this recurring invoice", |recurring| recurring.version)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Deletes a recurring invoice of which nothing was made.
#[utoipa::path(delete, path = "/api/billing/recurring/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_recurring(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<RecurringId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| verbs::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
