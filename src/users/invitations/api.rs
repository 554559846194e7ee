//! The JSON API of invitations.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::InvitationForm;
use super::letter::deliver;
use crate::auth::extract::Admin;
use crate::auth::invitation::{self, Invitation};
use crate::auth::policy::Role;
use crate::auth::step_up::SteppedUpAdmin;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{InvitationId, UserId};
use crate::web::App;
use crate::web::json::{Json, Meta};

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_invitations, create_invitation, withdraw_invitation))]
pub struct ApiDoc;

/// An invitation as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Invitation")]
pub struct InvitationJson {
    pub id: InvitationId,
    pub email: String,
    pub role: Role,
    pub invited_by: UserId,
    pub created_at: UtcTime,
    pub expires_at: UtcTime,
    /// The link to send them, in the answer to its making only, and only where mail cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

fn json(invitation: Invitation, link: Option<String>) -> InvitationJson {
    InvitationJson {
        id: invitation.id,
        email: invitation.email,
        role: invitation.role,
        invited_by: invitation.invited_by,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
        link,
    }
}

/// What waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvitationList {
    /// The invitations, the newest first.
    pub invitations: Vec<InvitationJson>,
    /// How many.
    pub meta: Meta,
}

/// Invitations that were neither accepted nor withdrawn.
#[utoipa::path(get, path = "/api/users/invitations", tag = "users", responses((status = 200, body = InvitationList)))]
pub async fn list_invitations(_user: Admin, app: web::Data<App>) -> AppResult<HttpResponse> {
    let waiting = app.db.read(invitation::waiting).await?;
    let invitations: Vec<InvitationJson> = waiting.into_iter().map(|row| json(row, None)).collect();
    let meta = Meta { count: invitations.len(), next: None, total: Some(invitations.len() as i64) };
    Ok(HttpResponse::Ok().json(InvitationList { invitations, meta }))
}

/// Asks somebody to join. The link opens once, within seven days; where no mail server is set it is in
/// `link`, this once, and goes by mail otherwise.
#[utoipa::path(post, path = "/api/users/invitations", tag = "users", request_body = InvitationForm, responses((status = 201, body = InvitationJson)))]
pub async fn create_invitation(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    body: Json<InvitationForm>,
) -> AppResult<HttpResponse> {
    let (email, role) = body.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let data = app.clone();
    let (made, link) = app
        .db
        .write(move |conn| {
            let (made, token) = invitation::create(conn, &actor, now, &email, role)?;
            let link = deliver(conn, &data, &actor, now, &made, &token)?;
            Ok((made, link))
        })
        .await?;
    Ok(HttpResponse::Created().json(json(made, link)))
}

/// Makes a link open no more.
#[utoipa::path(delete, path = "/api/users/invitations/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn withdraw_invitation(
    user: Admin,
    app: web::Data<App>,
    id: web::Path<InvitationId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| invitation::withdraw(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
