//! Links to outside in the JSON API.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::SecretShareForm;
use super::link::make;
use super::model::{self, Share};
use crate::auth::extract::{ForVault, VaultUser};
use crate::auth::step_up::SteppedUp;
use crate::credentials::model as credentials;
use crate::credentials::reveal::unkept;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{CredentialId, ShareId, UserId};
use crate::web::App;
use crate::web::json::{Json, Meta};

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_shares, create_share, withdraw_share))]
pub struct ApiDoc;

/// A link that is out.
#[derive(Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Share")]
pub struct SecretShareJson {
    pub id: ShareId,
    pub field: String,
    pub version: i64,
    pub recipient: String,
    pub views_left: i64,
    pub expires_at: UtcTime,
    pub created_by: UserId,
    pub created_at: UtcTime,
    /// The link itself with its key: in the answer that made it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Links that are out.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SecretShareList {
    /// The newest first.
    pub shares: Vec<SecretShareJson>,
    /// How many.
    pub meta: Meta,
}

fn json(share: Share, link: Option<String>) -> SecretShareJson {
    SecretShareJson {
        id: share.id,
        field: share.field,
        version: share.secret_version,
        recipient: share.recipient,
        views_left: share.views_left,
        expires_at: share.expires_at,
        created_by: share.created_by,
        created_at: share.created_at,
        link,
    }
}

/// Links to secrets of a credential that still open.
#[utoipa::path(get, path = "/api/credentials/{id}/shares", tag = "vault", params(("id" = i64, Path)), responses((status = 200, body = SecretShareList)))]
pub async fn list_shares(
    user: VaultUser,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let open = app
        .db
        .read(move |conn| {
            credentials::find(conn, &actor, id)?;
            model::open_of(conn, now, id)
        })
        .await?;
    let shares: Vec<SecretShareJson> = open.into_iter().map(|share| json(share, None)).collect();
    let meta = Meta { count: shares.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(SecretShareList { shares, meta }))
}

/// Makes a link that shows one secret to somebody outside. It counts as a look. Asks for a proof in `Bureau-Step-Up`.
#[utoipa::path(post, path = "/api/credentials/{id}/shares", tag = "vault", params(("id" = i64, Path)), request_body = SecretShareForm, responses((status = 201, body = SecretShareJson)))]
pub async fn create_share(
    user: SteppedUp<ForVault>,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
    body: Json<SecretShareForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let (share, link) = make(&app, &user.actor, id.into_inner(), new).await?;
    Ok(unkept(HttpResponse::Created().json(json(share, Some(link)))))
}

/// Makes a link open no more.
#[utoipa::path(delete, path = "/api/credentials/{id}/shares/{share_id}", tag = "vault", params(("id" = i64, Path), ("share_id" = i64, Path)), responses((status = 204)))]
pub async fn withdraw_share(
    user: VaultUser,
    app: web::Data<App>,
    path: web::Path<(CredentialId, ShareId)>,
) -> AppResult<HttpResponse> {
    let (actor, now, (id, share)) = (user.actor, app.clock.now(), path.into_inner());
    app.db.write(move |conn| model::withdraw(conn, &actor, now, id, share)).await?;
    Ok(HttpResponse::NoContent().finish())
}
