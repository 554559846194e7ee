//! The JSON API of one's passkeys.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::NameForm;
use crate::auth::extract::CurrentUser;
use crate::auth::passkey::{self, Passkey};
use crate::auth::step_up::SteppedUpUser;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::PasskeyId;
use crate::web::App;
use crate::web::json::{Json, Meta};

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_passkeys, rename_passkey, remove_passkey))]
pub struct ApiDoc;

/// A passkey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PasskeyJson {
    /// Which.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created_at: UtcTime,
    /// When it last opened.
    pub last_used_at: Option<UtcTime>,
}

/// One's passkeys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PasskeyList {
    /// The passkeys, the oldest first.
    pub passkeys: Vec<PasskeyJson>,
    /// How many.
    pub meta: Meta,
}

fn json(row: Passkey) -> PasskeyJson {
    PasskeyJson { id: row.id, name: row.name, created_at: row.created_at, last_used_at: row.last_used_at }
}

/// One's passkeys.
#[utoipa::path(get, path = "/api/profile/passkeys", tag = "users", responses((status = 200, body = PasskeyList)))]
pub async fn list_passkeys(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let id = user.actor.id;
    let rows = app.db.read(move |conn| passkey::of(conn, id)).await?;
    let passkeys: Vec<PasskeyJson> = rows.into_iter().map(json).collect();
    let meta = Meta { count: passkeys.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(PasskeyList { passkeys, meta }))
}

/// Calls a passkey of one's own something else.
#[utoipa::path(put, path = "/api/profile/passkeys/{id}", tag = "users", params(("id" = i64, Path)), request_body = NameForm, responses((status = 200, body = PasskeyJson)))]
pub async fn rename_passkey(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<PasskeyId>,
    body: Json<NameForm>,
) -> AppResult<HttpResponse> {
    let name = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let renamed = app.db.write(move |conn| passkey::rename(conn, &actor, now, id, &name)).await?;
    Ok(HttpResponse::Ok().json(json(renamed)))
}

/// Makes a passkey of one's own open nothing any more. Asks for a proof.
#[utoipa::path(delete, path = "/api/profile/passkeys/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn remove_passkey(
    user: SteppedUpUser,
    app: web::Data<App>,
    id: web::Path<PasskeyId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| passkey::remove(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
