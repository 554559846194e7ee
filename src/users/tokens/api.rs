//! The JSON API of one's tokens.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::auth::extract::CurrentUser;
use crate::auth::token;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::TokenId;
use crate::web::App;
use crate::web::json::Meta;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_tokens, revoke_token))]
pub struct ApiDoc;

/// A token without its text.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenJson {
    /// Which.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// "clients:read tasks:write"; empty opens all that its owner may do.
    pub scopes: String,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it was last used, to the minute.
    pub last_used_at: Option<UtcTime>,
    /// When it ends.
    pub expires_at: Option<UtcTime>,
}

/// One's tokens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenList {
    /// The tokens, the newest first.
    pub tokens: Vec<TokenJson>,
    /// How many.
    pub meta: Meta,
}

/// One's tokens that open something.
#[utoipa::path(get, path = "/api/profile/tokens", tag = "users", responses((status = 200, body = TokenList)))]
pub async fn list_tokens(user: CurrentUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (id, now) = (user.actor.id, app.clock.now());
    let rows = app.db.read(move |conn| token::of(conn, id, now)).await?;
    let tokens: Vec<TokenJson> = rows
        .into_iter()
        .map(|row| TokenJson {
            id: row.id,
            scopes: row.scopes().map(|scopes| scopes.text()).unwrap_or_default(),
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        })
        .collect();
    let meta = Meta { count: tokens.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(TokenList { tokens, meta }))
}

/// Makes a token of one's own open nothing any more.
#[utoipa::path(delete, path = "/api/profile/tokens/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn revoke_token(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<TokenId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| token::revoke(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
