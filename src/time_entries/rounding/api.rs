//! The JSON API of rounding.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::{RoundingForm, WhoseForm};
use super::model::{self, NamedRule, RoundingBasis, RoundingMode};
use crate::auth::extract::{Biller, Manager};
use crate::error::AppResult;
use crate::types::ids::{ClientId, ProjectId};
use crate::web::App;
use crate::web::json::Json;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_rounding, set_rounding, remove_rounding))]
pub struct ApiDoc;

/// A rule as JSON; without client and project it is the agency's.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Rule")]
pub struct RuleJson {
    pub client_id: Option<ClientId>,
    pub project_id: Option<ProjectId>,
    pub mode: RoundingMode,
    pub step_seconds: i64,
    pub minimum_seconds: i64,
    pub basis: RoundingBasis,
    /// Whether it is a project's whose client has a rule of its own, which comes first.
    pub is_overruled: bool,
}

/// Every rule.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RoundingJson {
    /// The agency's, then by client and project.
    pub rules: Vec<RuleJson>,
}

fn json(rules: Vec<NamedRule>) -> RoundingJson {
    let rule = |named: NamedRule| RuleJson {
        client_id: named.whose.client,
        project_id: named.whose.project,
        mode: named.rule.mode,
        step_seconds: named.rule.step_seconds,
        minimum_seconds: named.rule.minimum_seconds,
        basis: named.rule.basis,
        is_overruled: named.is_overruled,
    };
    RoundingJson { rules: rules.into_iter().map(rule).collect() }
}

/// How worked seconds become billed seconds: every rule. The client's counts before those of its projects, and these
/// before the agency's.
#[utoipa::path(get, path = "/api/time-entries/rounding", tag = "time-entries", responses((status = 200, body = RoundingJson)))]
pub async fn list_rounding(_user: Biller, app: web::Data<App>) -> AppResult<HttpResponse> {
    Ok(HttpResponse::Ok().json(json(app.db.read(model::all).await?)))
}

/// Sets the rule of the agency, a client or a project. Invoices keep what is on them.
#[utoipa::path(put, path = "/api/time-entries/rounding", tag = "time-entries", request_body = RoundingForm, responses((status = 200, body = RoundingJson)))]
pub async fn set_rounding(
    user: Manager,
    app: web::Data<App>,
    body: Json<RoundingForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, (whose, rule)) = (user.actor, app.clock.now(), body.0.check()?);
    let rules = app
        .db
        .write(move |conn| {
            model::set(conn, &actor, now, whose, &rule)?;
            model::all(conn)
        })
        .await?;
    Ok(HttpResponse::Ok().json(json(rules)))
}

/// Takes a rule away; harmless when there is none.
#[utoipa::path(delete, path = "/api/time-entries/rounding", tag = "time-entries", params(WhoseForm), responses((status = 204)))]
pub async fn remove_rounding(
    user: Manager,
    app: web::Data<App>,
    query: Query<WhoseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, whose) = (user.actor, app.clock.now(), query.0.check()?);
    app.db.write(move |conn| model::remove(conn, &actor, now, whose)).await?;
    Ok(HttpResponse::NoContent().finish())
}
