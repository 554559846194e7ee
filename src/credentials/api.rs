//! The JSON API of the vault. One answer holds a secret: that of a reveal.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::access;
use super::form::{CredentialForm, CredentialQuery, GrantForm, LookForm};
use super::model::{self, Access, Credential, Kind};
use super::reveal::unkept;
use super::reveals;
use super::secrets::{self, Version};
use crate::auth::extract::{ForVault, Manager, VaultUser};
use crate::auth::step_up::SteppedUp;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, CredentialId, UserId};
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::page;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_credentials,
    create_credential,
    find_credential,
    update_credential,
    delete_credential,
    archive_credential,
    restore_credential,
    reveal_credential,
    list_credential_reveals,
    grant_credential,
    revoke_credential
))]
pub struct ApiDoc;

/// A stored field of a credential, without what is secret of it.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldJson {
    /// secret, totp, notes, or custom: and a name.
    pub field: String,
    /// Which version is the current one.
    pub version: i64,
    /// Since when.
    pub changed_at: UtcTime,
    /// From 0, guessed at once, to 4; null where that does not apply.
    pub strength: Option<i64>,
    /// Whether another credential has the same.
    pub is_reused: bool,
}

/// A credential as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Credential")]
pub struct CredentialJson {
    pub id: CredentialId,
    pub client_id: ClientId,
    pub kind: Kind,
    pub label: String,
    pub username: String,
    pub urls: Vec<String>,
    pub tags: Vec<String>,
    pub access: Access,
    pub expires_on: Option<NaiveDate>,
    pub rotate_every_days: Option<i64>,
    pub archived_at: Option<UtcTime>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub version: i64,
    /// Its secret fields; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldJson>>,
    /// Whom it names; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted_user_ids: Option<Vec<UserId>>,
}

/// A page of credentials.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CredentialList {
    /// The rows.
    pub credentials: Vec<CredentialJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// A secret that was asked for. Without `Debug`: it holds one.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SecretJson {
    /// secret, totp, notes, or custom: and a name.
    pub field: String,
    /// Which version.
    pub version: i64,
    /// The secret; for totp the code of now.
    pub secret: String,
    /// Seconds for which a code opens; null for what is no code.
    pub seconds_left: Option<u64>,
}

/// A look at a secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Reveal")]
pub struct RevealJson {
    pub user_id: UserId,
    pub field: Option<String>,
    pub version: i64,
    pub is_copy: bool,
    pub reason: String,
    pub revealed_at: UtcTime,
}

/// The latest looks at a credential.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RevealList {
    /// Newest first.
    pub reveals: Vec<RevealJson>,
    /// How many.
    pub meta: Meta,
}

fn json(credential: Credential) -> CredentialJson {
    let lines = |text: Vec<&str>| text.into_iter().map(str::to_owned).collect();
    CredentialJson {
        id: credential.id,
        client_id: credential.client_id,
        kind: credential.kind,
        urls: lines(credential.addresses().collect()),
        tags: lines(credential.words().collect()),
        label: credential.label,
        username: credential.username,
        access: credential.access,
        expires_on: credential.expires_on,
        rotate_every_days: credential.rotate_every_days,
        archived_at: credential.archived_at,
        created_at: credential.created_at,
        updated_at: credential.updated_at,
        version: credential.version,
        fields: None,
        granted_user_ids: None,
    }
}

fn field_json(version: Version) -> FieldJson {
    FieldJson {
        field: version.field.text(),
        version: version.version,
        changed_at: version.created_at,
        strength: version.strength,
        is_reused: version.is_reused,
    }
}

fn whole(conn: &mut Conn, credential: Credential) -> AppResult<CredentialJson> {
    let id = credential.id;
    let kept = secrets::history(conn, id)?.into_iter().filter(|version| version.replaced_at.is_none());
    let granted = access::granted(conn, id)?;
    Ok(CredentialJson {
        fields: Some(kept.map(field_json).collect()),
        granted_user_ids: Some(granted.into_iter().map(|(id, _)| id).collect()),
        ..json(credential)
    })
}

/// Credentials by name. 25 a page.
#[utoipa::path(get, path = "/api/credentials", tag = "vault", params(CredentialQuery), responses((status = 200, body = CredentialList)))]
pub async fn list_credentials(
    user: VaultUser,
    app: web::Data<App>,
    query: Query<CredentialQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let (rows, next) = app
        .db
        .read(move |conn| {
            let today = page::today(conn, now)?;
            model::list(conn, &actor, now, today, &filter)
        })
        .await?;
    let credentials: Vec<CredentialJson> = rows.into_iter().map(|row| json(row.credential)).collect();
    let meta = Meta { count: credentials.len(), next: next.map(|id| id.to_string()), total: None };
    Ok(HttpResponse::Ok().json(CredentialList { credentials, meta }))
}

/// One credential, with its fields and without what is secret of them.
#[utoipa::path(get, path = "/api/credentials/{id}", tag = "vault", params(("id" = i64, Path)), responses((status = 200, body = CredentialJson)))]
pub async fn find_credential(
    user: VaultUser,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = app
        .db
        .read(move |conn| {
            let credential = model::find(conn, &actor, id)?;
            whole(conn, credential)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Keeps a credential. The same `idempotency_key` again is a 409 and adds nothing.
#[utoipa::path(post, path = "/api/credentials", tag = "vault", request_body = CredentialForm, responses((status = 201, body = CredentialJson)))]
pub async fn create_credential(
    user: VaultUser,
    app: web::Data<App>,
    body: Json<CredentialForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form, keys) = (user.actor, app.clock.now(), body.0, app.keys.clone());
    let created = app
        .db
        .write(move |conn| {
            let (new, changes) = form.check()?;
            let content = form.content(keys.vault());
            let credential = once(conn, actor.id, now, &form.idempotency_key, &content, |conn| {
                let credential = model::create(conn, keys.vault(), &actor, now, &new, &changes)?;
                Ok((credential.id.0, credential))
            })?
            .first()?;
            whole(conn, credential)
        })
        .await?;
    let location = format!("/api/credentials/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Replaces what stands in the row; secret fields change only where they are given or named in `remove`. `version` must
/// be the one that was read; else 409.
#[utoipa::path(put, path = "/api/credentials/{id}", tag = "vault", params(("id" = i64, Path)), request_body = CredentialForm, responses((status = 200, body = CredentialJson)))]
pub async fn update_credential(
    user: VaultUser,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
    body: Json<CredentialForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let keys = app.keys.clone();
    let saved = app
        .db
        .write(move |conn| {
            let version = edited_version(&form.version)?;
            let (new, changes) = form.check()?;
            let credential = model::update(conn, keys.vault(), &actor, now, id, version, &new, &changes)?
                .done("this credential", |credential| credential.version)?;
            whole(conn, credential)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Deletes a credential with its secrets. Asks for a proof in `Bureau-Step-Up`.
#[utoipa::path(delete, path = "/api/credentials/{id}", tag = "vault", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_credential(
    user: SteppedUp<ForVault>,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Puts a credential away.
#[utoipa::path(post, path = "/api/credentials/{id}/archive", tag = "vault", params(("id" = i64, Path)), responses((status = 200, body = CredentialJson)))]
pub async fn archive_credential(
    user: VaultUser,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let kept = app.db.write(move |conn| model::set_archived(conn, &actor, now, id, true)).await?;
    Ok(HttpResponse::Ok().json(json(kept)))
}

/// Takes a credential back out.
#[utoipa::path(post, path = "/api/credentials/{id}/restore", tag = "vault", params(("id" = i64, Path)), responses((status = 200, body = CredentialJson)))]
pub async fn restore_credential(
    user: VaultUser,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let kept = app.db.write(move |conn| model::set_archived(conn, &actor, now, id, false)).await?;
    Ok(HttpResponse::Ok().json(json(kept)))
}

/// Looks at a secret: on record before it is opened. Asks for a proof in `Bureau-Step-Up`; 429 after too many in an hour.
#[utoipa::path(post, path = "/api/credentials/{id}/reveals", tag = "vault", params(("id" = i64, Path)), request_body = LookForm, responses((status = 200, body = SecretJson)))]
pub async fn reveal_credential(
    user: SteppedUp<ForVault>,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
    body: Json<LookForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let look = body.0.check()?;
    let limit = app.config.vault_reveals_per_hour;
    let sealed = {
        let look = look.clone();
        app.db.write(move |conn| reveals::record(conn, &actor, now, limit, id, &look)).await?
    };
    let shown = reveals::open(app.keys.vault(), now, &sealed, &look)?;
    let secret = SecretJson {
        field: look.field.text(),
        version: shown.version,
        secret: shown.text.to_string(),
        seconds_left: shown.seconds_left,
    };
    Ok(unkept(HttpResponse::Ok().json(secret)))
}

/// The latest looks at a credential, newest first.
#[utoipa::path(get, path = "/api/credentials/{id}/reveals", tag = "vault", params(("id" = i64, Path)), responses((status = 200, body = RevealList)))]
pub async fn list_credential_reveals(
    user: VaultUser,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let rows = app
        .db
        .read(move |conn| {
            model::find(conn, &actor, id)?;
            reveals::of_credential(conn, id)
        })
        .await?;
    let reveals: Vec<RevealJson> = rows
        .into_iter()
        .map(|row| RevealJson {
            user_id: row.user_id,
            field: row.field.map(|field| field.text()),
            version: row.version,
            is_copy: row.is_copy,
            reason: row.reason,
            revealed_at: row.revealed_at,
        })
        .collect();
    let meta = Meta { count: reveals.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(RevealList { reveals, meta }))
}

/// Opens a credential to somebody by name.
#[utoipa::path(post, path = "/api/credentials/{id}/grants", tag = "vault", params(("id" = i64, Path)), request_body = GrantForm, responses((status = 204)))]
pub async fn grant_credential(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<CredentialId>,
    body: Json<GrantForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let person = body.0.check()?;
    app.db.write(move |conn| access::grant(conn, &actor, now, id, person)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Closes a credential to somebody whom it names.
#[utoipa::path(delete, path = "/api/credentials/{id}/grants/{user_id}", tag = "vault", params(("id" = i64, Path), ("user_id" = i64, Path)), responses((status = 204)))]
pub async fn revoke_credential(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(CredentialId, UserId)>,
) -> AppResult<HttpResponse> {
    let ((id, person), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| access::revoke(conn, &actor, now, id, person)).await?;
    Ok(HttpResponse::NoContent().finish())
}
