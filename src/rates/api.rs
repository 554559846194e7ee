//! The JSON API of rates.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::agreed;
use super::form::{RateForm, RateQuery};
use super::model::{Rate, RateKind};
use crate::auth::extract::{Biller, Manager};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, RateId, TaskId, UserId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::json::Json;
use crate::web::query::Query;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_rates, create_rate, delete_rate))]
pub struct ApiDoc;

/// An agreed rate as JSON: minor units an hour from a day on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Rate")]
pub struct RateJson {
    pub id: RateId,
    pub kind: RateKind,
    pub client_id: Option<ClientId>,
    pub project_id: Option<ProjectId>,
    pub task_id: Option<TaskId>,
    pub user_id: Option<UserId>,
    /// null ends what was agreed before.
    pub amount_cents: Option<i64>,
    /// null counts from the beginning.
    pub valid_from: Option<NaiveDate>,
    pub created_at: UtcTime,
}

/// The rates of one scope.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RateList {
    /// What the amounts are in.
    pub currency: Currency,
    /// Prices, then costs, the latest first.
    pub rates: Vec<RateJson>,
}

fn json(rate: Rate) -> RateJson {
    RateJson {
        valid_from: rate.since(),
        id: rate.id,
        kind: rate.kind,
        client_id: rate.client_id,
        project_id: rate.project_id,
        task_id: rate.task_id,
        user_id: rate.user_id,
        amount_cents: rate.amount_cents,
        created_at: rate.created_at,
    }
}

/// The dated rates of a client, project, task, person or person on a project; without any id the agency's own.
#[utoipa::path(get, path = "/api/rates", tag = "rates", params(RateQuery), responses((status = 200, body = RateList)))]
pub async fn list_rates(
    user: Biller,
    app: web::Data<App>,
    query: Query<RateQuery>,
) -> AppResult<HttpResponse> {
    let (actor, scope) = (user.actor, query.0.check()?);
    let list = app
        .db
        .read(move |conn| {
            let currency = agreed::party(conn, &actor, scope)?.currency;
            let rates = agreed::history(conn, scope)?.into_iter().map(json).collect();
            Ok(RateList { currency, rates })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Agrees on a rate from a day on, in place of one that starts on the same day. Hours that are logged keep theirs.
#[utoipa::path(post, path = "/api/rates", tag = "rates", request_body = RateForm, responses((status = 200, body = RateList)))]
pub async fn create_rate(
    user: Manager,
    app: web::Data<App>,
    body: Json<RateForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let list = app
        .db
        .write(move |conn| {
            let (party, new) = form.check_for(conn, &actor)?;
            agreed::agree(conn, &actor, now, &new)?;
            let rates = agreed::history(conn, new.scope)?.into_iter().map(json).collect();
            Ok(RateList { currency: party.currency, rates })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Takes an agreed rate back. Hours that are logged keep theirs.
#[utoipa::path(delete, path = "/api/rates/{id}", tag = "rates", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_rate(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<RateId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| agreed::withdraw(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
