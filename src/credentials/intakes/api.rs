//! Links by which a client puts something in, in the JSON API.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::IntakeForm;
use super::model::{self, Intake};
use crate::auth::extract::VaultUser;
use crate::credentials::model::{Access, Kind};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, IntakeId, UserId};
use crate::web::App;
use crate::web::json::{Json, Meta};
use crate::web::secret_links::address;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_intakes, create_intake, withdraw_intake))]
pub struct ApiDoc;

/// A link that waits for a client.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Intake")]
pub struct IntakeJson {
    pub id: IntakeId,
    pub client_id: ClientId,
    pub kind: Kind,
    pub label: String,
    pub message: String,
    pub access: Access,
    pub created_by: UserId,
    pub created_at: UtcTime,
    pub expires_at: UtcTime,
    /// The link itself: in the answer that made it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Links that wait.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IntakeList {
    /// The newest first.
    pub intakes: Vec<IntakeJson>,
    /// How many.
    pub meta: Meta,
}

fn json(intake: Intake, link: Option<String>) -> IntakeJson {
    IntakeJson {
        id: intake.id,
        client_id: intake.client_id,
        kind: intake.kind,
        label: intake.label,
        message: intake.message,
        access: intake.access,
        created_by: intake.created_by,
        created_at: intake.created_at,
        expires_at: intake.expires_at,
        link,
    }
}

/// Links that wait for a client: one's own, and everybody's for owners and admins.
#[utoipa::path(get, path = "/api/credentials/intakes", tag = "vault", responses((status = 200, body = IntakeList)))]
pub async fn list_intakes(user: VaultUser, app: web::Data<App>) -> AppResult<HttpResponse> {
    let waiting = app.db.read(move |conn| model::waiting(conn, &user.actor)).await?;
    let intakes: Vec<IntakeJson> = waiting.into_iter().map(|row| json(row.intake, None)).collect();
    let meta = Meta { count: intakes.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(IntakeList { intakes, meta }))
}

/// Makes a link by which the client puts a credential in, once. It is in the answer, and never again.
#[utoipa::path(post, path = "/api/credentials/intakes", tag = "vault", request_body = IntakeForm, responses((status = 201, body = IntakeJson)))]
pub async fn create_intake(
    user: VaultUser,
    app: web::Data<App>,
    body: Json<IntakeForm>,
) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let new = body.0.check()?;
    let (intake, token) = app.db.write(move |conn| model::create(conn, &actor, now, &new)).await?;
    let link = address(&app, &format!("/intakes/{token}"));
    Ok(HttpResponse::Created().json(json(intake, Some(link))))
}

/// Makes a link open no more.
#[utoipa::path(delete, path = "/api/credentials/intakes/{id}", tag = "vault", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn withdraw_intake(
    user: VaultUser,
    app: web::Data<App>,
    id: web::Path<IntakeId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::withdraw(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
