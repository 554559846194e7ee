//! The JSON API of who works for a client.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::ClientMemberForm;
use super::model;
use crate::auth::extract::{Manager, Teammate};
use crate::clients::model as clients;
use crate::error::AppResult;
use crate::types::ids::{ClientId, UserId};
use crate::web::App;
use crate::web::json::Json;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_client_members, create_client_member, delete_client_member))]
pub struct ApiDoc;

/// Somebody who works for a client as a whole.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClientMemberJson {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
}

/// Who works for a client as a whole.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClientMemberList {
    /// By name.
    pub members: Vec<ClientMemberJson>,
}

/// Who works for a client as a whole, on all of its projects.
#[utoipa::path(get, path = "/api/clients/{id}/members", tag = "clients", params(("id" = i64, Path)), responses((status = 200, body = ClientMemberList)))]
pub async fn list_client_members(
    user: Teammate,
    app: web::Data<App>,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let members = app
        .db
        .read(move |conn| {
            clients::find(conn, &actor, id)?;
            model::of_client(conn, id)
        })
        .await?;
    let json = |(user_id, name)| ClientMemberJson { user_id, name };
    Ok(HttpResponse::Ok().json(ClientMemberList { members: members.into_iter().map(json).collect() }))
}

/// Assigns somebody to a client. A contractor sees it, its projects and their tasks from then on.
#[utoipa::path(post, path = "/api/clients/{id}/members", tag = "clients", params(("id" = i64, Path)), request_body = ClientMemberForm, responses((status = 201, body = ClientMemberJson)))]
pub async fn create_client_member(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ClientId>,
    body: Json<ClientMemberForm>,
) -> AppResult<HttpResponse> {
    let user_id = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let name = app.db.write(move |conn| model::add(conn, &actor, now, id, user_id)).await?;
    let location = format!("/api/clients/{id}/members/{user_id}");
    Ok(HttpResponse::Created().insert_header(("location", location)).json(ClientMemberJson { user_id, name }))
}

/// Takes somebody off a client. Where they are on single projects of it they stay.
#[utoipa::path(delete, path = "/api/clients/{client_id}/members/{user_id}", tag = "clients", params(("client_id" = i64, Path), ("user_id" = i64, Path)), responses((status = 204)))]
pub async fn delete_client_member(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(ClientId, UserId)>,
) -> AppResult<HttpResponse> {
    let ((client, member), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| model::remove(conn, &actor, now, client, member)).await?;
    Ok(HttpResponse::NoContent().finish())
}
