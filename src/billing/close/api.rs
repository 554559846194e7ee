//! The JSON API of the close. Amounts are minor units.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::form::{CloseForm, CloseQuery};
use super::model::{self, Close, CloseRow};
use crate::auth::extract::Biller;
use crate::billing::api::TermsJson;
use crate::error::AppResult;
use crate::projects::retainers::model::OpenPeriods;
use crate::types::ids::InvoiceId;
use crate::web::App;
use crate::web::json::Json;
use crate::web::page::today;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_close, create_drafts))]
pub struct ApiDoc;

/// What a month leaves to be billed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CloseJson {
    /// The last day whose hours and costs count.
    pub to: NaiveDate,
    /// Clients with something unbilled, by name.
    pub clients: Vec<CloseRow>,
    /// Where all billable hours and costs of all months are, by currency.
    pub equations: Vec<TermsJson>,
    /// Whether each of them adds up.
    pub holds: bool,
    /// Retainers with periods that ended by then and are not closed, so that nothing of them can be billed yet.
    pub retainers: Vec<OpenPeriods>,
}

/// The drafts that were made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftsJson {
    /// In the order of the clients' ids.
    pub drafts: Vec<InvoiceId>,
}

/// What is unbilled up to the end of a month, client by client, and the proof that nothing leaks.
#[utoipa::path(get, path = "/api/billing/close", tag = "billing", params(CloseQuery), responses((status = 200, body = CloseJson)))]
pub async fn find_close(
    user: Biller,
    app: web::Data<App>,
    query: Query<CloseQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, query) = (user.actor, app.clock.now(), query.0);
    let close = app
        .db
        .read(move |conn| {
            let today = today(conn, now)?;
            model::load(conn, &actor, query.check(today)?, today)
        })
        .await?;
    let holds = close.holds();
    let Close { to, rows: clients, equations, retainers, .. } = close;
    let equations = equations.into_iter().map(TermsJson::from).collect();
    let json = CloseJson { to, clients, equations, holds, retainers };
    Ok(HttpResponse::Ok().json(json))
}

/// Makes a draft for each client with its hours and costs up to the end of the month, all or none.
#[utoipa::path(post, path = "/api/billing/close", tag = "billing", request_body = CloseForm, responses((status = 201, body = DraftsJson)))]
pub async fn create_drafts(
    user: Biller,
    app: web::Data<App>,
    body: Json<CloseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let drafts = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            let (month, grouping, clients) = form.check(today)?;
            model::create_drafts(conn, &actor, (now, today), month, grouping, &clients)
        })
        .await?;
    Ok(HttpResponse::Created().json(DraftsJson { drafts }))
}
