//! The JSON API of one's sessions.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::auth::extract::CurrentUser;
use crate::auth::session;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::SessionId;
use crate::web::App;
use crate::web::json::Meta;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_sessions, end_session))]
pub struct ApiDoc;

/// A browser in which one is signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionJson {
    /// Which.
    pub id: SessionId,
    /// "Firefox on Linux".
    pub device: String,
    /// Where it was signed in from.
    pub ip: String,
    /// The same in words: "This machine", "Your own network" or "The internet", with the address.
    pub place: String,
    /// When.
    pub created_at: UtcTime,
    /// When it was last used, to the minute.
    pub last_seen_at: UtcTime,
}

/// Where one is signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionList {
    /// The sessions, the one used last first.
    pub sessions: Vec<SessionJson>,
    /// How many.
    pub meta: Meta,
}

/// Where one is signed in.
#[utoipa::path(get, path = "/api/profile/sessions", tag = "users", responses((status = 200, body = SessionList)))]
pub async fn list_sessions(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (id, now, idle) = (user.actor.id, app.clock.now(), app.config.session.idle_seconds);
    let open = app.db.read(move |conn| session::open_of(conn, id, now, idle)).await?;
    let sessions: Vec<SessionJson> = open
        .into_iter()
        .map(|row| SessionJson {
            id: row.id,
            device: row.device(),
            place: row.place(),
            ip: row.ip,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
        })
        .collect();
    let meta = Meta { count: sessions.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(SessionList { sessions, meta }))
}

/// Ends a session of one's own.
#[utoipa::path(delete, path = "/api/profile/sessions/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn end_session(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<SessionId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| session::revoke(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
