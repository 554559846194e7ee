//! The JSON API of retainers.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{PeriodForm, RetainerForm};
use super::ledger::{Period, RetainerUnit};
use super::model::{self, Charge, ChargeKind, LedgerPeriod, Retainer};
use crate::auth::extract::{Manager, Teammate};
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::ids::ProjectId;
use crate::types::money::Currency;
use crate::web::App;
use crate::web::json::Json;
use crate::web::page::today;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_retainer, update_retainer, close_retainer_period, charge_retainer_fee))]
pub struct ApiDoc;

/// What was agreed. `granted` and `roll_cap` are seconds or minor units, as `unit` says.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Retainer")]
pub struct TermsJson {
    pub unit: RetainerUnit,
    pub period: Period,
    pub starts_on: NaiveDate,
    pub granted: i64,
    pub roll_cap: Option<i64>,
    pub expires_after: Option<i64>,
    /// Absent for roles without money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_cents: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overage_rate_cents: Option<i64>,
    pub note: String,
    pub version: i64,
}

/// A period: `granted + carried_in + overage + debt_out = used + adjusted + debt_in + expired + carried_out`.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Numbers")]
pub struct PeriodJson {
    pub seq: i64,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub is_closed: bool,
    pub granted: i64,
    pub carried_in: i64,
    pub debt_in: i64,
    pub used: i64,
    pub adjusted: i64,
    pub expired: i64,
    pub carried_out: i64,
    pub debt_out: i64,
    pub overage: i64,
    /// Absent for roles without money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overage_cents: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_cents: Option<i64>,
    /// What invoices can take or have taken; absent for roles without money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charges: Option<Vec<ChargeJson>>,
}

/// Something that a period was charged with, once.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Charge")]
pub struct ChargeJson {
    pub kind: ChargeKind,
    pub amount_cents: i64,
    pub is_unbilled: bool,
}

/// A project's retainer and its periods so far.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetainerJson {
    /// Which project.
    pub project_id: ProjectId,
    /// `null` where there is none, or none for this role.
    pub terms: Option<TermsJson>,
    /// Those that have begun, in order.
    pub periods: Vec<PeriodJson>,
    /// Of all amounts; absent for roles without money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

fn charges(period: &LedgerPeriod) -> Vec<ChargeJson> {
    let kinds = [(ChargeKind::Fee, period.fee), (ChargeKind::Overage, period.overage)];
    let charge = |(kind, charge): (ChargeKind, Option<Charge>)| {
        let Charge { amount_cents, is_unbilled } = charge?;
        Some(ChargeJson { kind, amount_cents, is_unbilled })
    };
    kinds.into_iter().filter_map(charge).collect()
}

fn period(period: LedgerPeriod, money: bool) -> PeriodJson {
    let charges = money.then(|| charges(&period));
    let numbers = period.numbers;
    PeriodJson {
        seq: period.seq,
        starts_on: period.starts_on,
        ends_on: period.ends_on,
        is_closed: period.is_closed,
        granted: numbers.granted,
        carried_in: numbers.carried_in,
        debt_in: numbers.debt_in,
        used: numbers.used,
        adjusted: numbers.adjusted,
        expired: numbers.expired,
        carried_out: numbers.carry.amount(),
        debt_out: numbers.carry.debt,
        overage: numbers.overage,
        overage_cents: money.then_some(period.overage_cents),
        fee_cents: money.then_some(period.fee_cents),
        charges,
    }
}

fn stored(
    conn: &mut Conn,
    money: bool,
    id: ProjectId,
    currency: Currency,
    today: NaiveDate,
) -> AppResult<RetainerJson> {
    let retainer = model::of_project(conn, id)?.filter(|retainer| retainer.is_shown(money));
    let periods = match &retainer {
        Some(retainer) => model::ledger(conn, retainer, today)?,
        None => Vec::new(),
    };
    let terms = |retainer: Retainer| TermsJson {
        unit: retainer.unit,
        period: retainer.period,
        starts_on: retainer.starts_on,
        granted: retainer.granted,
        roll_cap: retainer.roll_cap,
        expires_after: retainer.expires_after,
        fee_cents: retainer.fee_cents.filter(|_| money),
        overage_rate_cents: retainer.overage_rate_cents.filter(|_| money),
        note: retainer.note,
        version: retainer.version,
    };
    Ok(RetainerJson {
        project_id: id,
        terms: retainer.map(terms),
        periods: periods.into_iter().map(|row| period(row, money)).collect(),
        currency: money.then_some(currency),
    })
}

/// A project's retainer with its ledger.
#[utoipa::path(get, path = "/api/projects/{id}/retainer", tag = "projects", params(("id" = i64, Path)), responses((status = 200, body = RetainerJson)))]
pub async fn find_retainer(
    user: Teammate,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app
        .db
        .read(move |conn| {
            let currency = model::currency(conn, &actor, id)?;
            let today = today(conn, now)?;
            stored(conn, actor.sees_money(), id, currency, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Agrees on a retainer, or on other terms. `version` must be the one that was read, and blank for a new one; else 409.
#[utoipa::path(put, path = "/api/projects/{id}/retainer", tag = "projects", params(("id" = i64, Path)), request_body = RetainerForm, responses((status = 200, body = RetainerJson)))]
pub async fn update_retainer(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
    body: Json<RetainerForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            let currency = model::currency(conn, &actor, id)?;
            let new = form.check(currency)?;
            let version = form.version.trim().parse().ok();
            let saved = model::set(conn, &actor, now, id, version, &new)?;
            saved.done("this retainer", |retainer| retainer.version)?;
            let today = today(conn, now)?;
            stored(conn, actor.sees_money(), id, currency, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Closes the first period that has ended and is open. Its numbers stay; what comes later is adjusted in the next.
#[utoipa::path(post, path = "/api/projects/{id}/retainer/close", tag = "projects", params(("id" = i64, Path)), request_body = PeriodForm, responses((status = 200, body = PeriodJson)))]
pub async fn close_retainer_period(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
    body: Json<PeriodForm>,
) -> AppResult<HttpResponse> {
    let starts_on = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let closed = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            Ok(period(model::close(conn, &actor, now, today, (id, starts_on))?, actor.sees_money()))
        })
        .await?;
    Ok(HttpResponse::Ok().json(closed))
}

/// Charges the fee of the first period that has begun and is not charged, ahead of its close.
#[utoipa::path(post, path = "/api/projects/{id}/retainer/fee", tag = "projects", params(("id" = i64, Path)), request_body = PeriodForm, responses((status = 200, body = PeriodJson)))]
pub async fn charge_retainer_fee(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
    body: Json<PeriodForm>,
) -> AppResult<HttpResponse> {
    let starts_on = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let charged = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            Ok(period(model::charge_fee(conn, &actor, now, today, (id, starts_on))?, actor.sees_money()))
        })
        .await?;
    Ok(HttpResponse::Ok().json(charged))
}
