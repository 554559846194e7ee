//! The JSON API of re-pricing.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::form::RepricingForm;
use super::model::{self, Change};
use crate::auth::extract::Manager;
use crate::error::AppResult;
use crate::types::ids::TimeEntryId;
use crate::types::money::Currency;
use crate::web::App;
use crate::web::json::Json;
use crate::web::page::today;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(preview_repricing, reprice_time_entries))]
pub struct ApiDoc;

/// An entry that another rate is agreed for. Amounts are minor units.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Change")]
pub struct ChangeJson {
    pub time_entry_id: TimeEntryId,
    pub local_on: NaiveDate,
    pub currency: Currency,
    pub old_rate_cents: Option<i64>,
    pub new_rate_cents: i64,
    pub new_rate_source: String,
    pub difference_cents: i64,
    /// Why it stays as it is; absent for what changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<&'static str>,
}

/// What re-pricing would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlanJson {
    /// Names these changes; re-pricing asks for it.
    pub plan: String,
    /// Entries that get another rate.
    pub changes: Vec<ChangeJson>,
    /// Entries that keep theirs, and why.
    pub skipped: Vec<ChangeJson>,
}

/// What was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RepricedJson {
    /// Entries that have another rate now.
    pub repriced: usize,
}

fn json(change: Change) -> ChangeJson {
    ChangeJson {
        time_entry_id: change.row.entry.id,
        local_on: change.row.entry.local_on,
        currency: change.row.currency,
        old_rate_cents: change.old_cents,
        new_rate_cents: change.new.cents,
        new_rate_source: change.new.source,
        difference_cents: change.difference,
        skipped: change.skipped,
    }
}

/// What would change if the hours of a period got the rates that are agreed now; without `from`, from today on.
#[utoipa::path(get, path = "/api/time-entries/repricing", tag = "rates", params(RepricingForm), responses((status = 200, body = PlanJson)))]
pub async fn preview_repricing(
    user: Manager,
    app: web::Data<App>,
    query: Query<RepricingForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, mut form) = (user.actor, app.clock.now(), query.0);
    let plan = app
        .db
        .read(move |conn| {
            if form.from.trim().is_empty() {
                form.from = today(conn, now)?.to_string();
            }
            model::plan(conn, &actor, now, &form.check()?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(PlanJson {
        plan: plan.fingerprint(),
        changes: plan.changes.into_iter().map(json).collect(),
        skipped: plan.skipped.into_iter().map(json).collect(),
    }))
}

/// Carries out the `plan` of a preview; 409, and no change, when hours or rates are others by now.
#[utoipa::path(post, path = "/api/time-entries/repricing", tag = "rates", request_body = RepricingForm, responses((status = 200, body = RepricedJson)))]
pub async fn reprice_time_entries(
    user: Manager,
    app: web::Data<App>,
    body: Json<RepricingForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let period = form.check()?;
    let repriced = app.db.write(move |conn| model::carry_out(conn, &actor, now, &period, &form.plan)).await?;
    Ok(HttpResponse::Ok().json(RepricedJson { repriced }))
}
