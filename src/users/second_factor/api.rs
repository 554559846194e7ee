//! The JSON API of one's second factor.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::auth::extract::CurrentUser;
use crate::auth::second_factor::{self, State};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::web::App;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_second_factor))]
pub struct ApiDoc;

/// How it stands with a second factor.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SecondFactorJson {
    /// Whether it is asked for.
    pub is_on: bool,
    /// Since when a code of an app is; null when none is.
    pub on_since: Option<UtcTime>,
    /// Passkeys, each of which will do.
    pub passkeys: i64,
    /// Recovery codes that still open.
    pub recovery_codes_left: i64,
}

/// How it stands with one's second factor.
#[utoipa::path(get, path = "/api/profile/second-factor", tag = "users", responses((status = 200, body = SecondFactorJson)))]
pub async fn find_second_factor(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let id = user.actor.id;
    let state = app.db.read(move |conn| second_factor::state(conn, id)).await?;
    let State { on_since, passkeys, recovery_codes_left } = state;
    Ok(HttpResponse::Ok().json(SecondFactorJson {
        is_on: state.is_on(),
        on_since,
        passkeys,
        recovery_codes_left,
    }))
}
