//! The JSON API of one's profile.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::ProfileForm;
use crate::auth::extract::CurrentUser;
use crate::auth::policy::Role;
use crate::auth::user::{self, User};
use crate::error::AppResult;
use crate::types::calendar::WeekStart;
use crate::types::ids::UserId;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::Json;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_profile, update_profile))]
pub struct ApiDoc;

/// Oneself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of User")]
pub struct ProfileJson {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub time_zone: String,
    pub week_starts_on: WeekStart,
    /// Seconds to work in a week.
    pub week_target_seconds: Option<i64>,
    pub version: i64,
}

fn json(user: User) -> ProfileJson {
    ProfileJson {
        id: user.id,
        email: user.email,
        name: user.name,
        role: user.role,
        time_zone: user.time_zone,
        week_starts_on: user.week_starts_on,
        week_target_seconds: user.week_target_seconds,
        version: user.version,
    }
}

/// Who asks.
#[utoipa::path(get, path = "/api/profile", tag = "users", responses((status = 200, body = ProfileJson)))]
pub async fn find_profile(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let id = user.actor.id;
    Ok(HttpResponse::Ok().json(json(app.db.read(move |conn| user::find(conn, id)).await?)))
}

/// Saves one's profile. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/profile", tag = "users", request_body = ProfileForm, responses((status = 200, body = ProfileJson)))]
pub async fn update_profile(
    user: CurrentUser,
    app: web::Data<App>,
    body: Json<ProfileForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let version = edited_version(&body.0.version)?;
    let (actor, now) = (user.actor, app.clock.now());
    let saved = app
        .db
        .write(move |conn| {
            user::update(conn, &actor, now, version, &new)?.done("this profile", |user| user.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(json(saved)))
}
