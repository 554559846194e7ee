//! The JSON API of members of a project.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::form::MemberForm;
use super::model::{self, Member};
use crate::auth::extract::{CurrentUser, Manager};
use crate::auth::user::Actor;
use crate::error::AppResult;
use crate::projects::milestones::form::currency;
use crate::types::ids::{ProjectId, UserId};
use crate::web::App;
use crate::web::json::Json;
use crate::web::page::today;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_members, create_member, delete_member))]
pub struct ApiDoc;

/// Somebody on a project. Rates are minor units per hour, and absent for roles without money.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Member")]
pub struct MemberJson {
    pub user_id: UserId,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_cents: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_cents: Option<i64>,
}

/// Who is on a project.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MemberList {
    /// By name.
    pub members: Vec<MemberJson>,
}

fn json(actor: &Actor, member: Member) -> MemberJson {
    let money = actor.sees_money();
    MemberJson {
        user_id: member.user_id,
        name: member.name,
        rate_cents: member.rate_cents.filter(|_| money),
        cost_cents: member.cost_cents.filter(|_| money),
    }
}

/// The members of a project.
#[utoipa::path(get, path = "/api/projects/{id}/members", tag = "projects", params(("id" = i64, Path)), responses((status = 200, body = MemberList)))]
pub async fn list_members(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let list = app
        .db
        .read(move |conn| {
            currency(conn, &actor, id)?;
            let today = today(conn, now)?;
            let members = model::of_project(conn, id, today)?;
            Ok(MemberList { members: members.into_iter().map(|member| json(&actor, member)).collect() })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Adds somebody to a project, with rates of their own there where they are given.
#[utoipa::path(post, path = "/api/projects/{id}/members", tag = "projects", params(("id" = i64, Path)), request_body = MemberForm, responses((status = 201, body = MemberJson)))]
pub async fn create_member(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
    body: Json<MemberForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let added = app
        .db
        .write(move |conn| {
            let new = form.check(currency(conn, &actor, id)?)?;
            let today = today(conn, now)?;
            Ok(json(&actor, model::add(conn, &actor, now, today, id, &new)?))
        })
        .await?;
    let location = format!("/api/projects/{id}/members/{}", added.user_id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(added))
}

/// Takes somebody off a project. Their rates there end; their hours stay.
#[utoipa::path(delete, path = "/api/projects/{project_id}/members/{user_id}", tag = "projects", params(("project_id" = i64, Path), ("user_id" = i64, Path)), responses((status = 204)))]
pub async fn delete_member(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(ProjectId, UserId)>,
) -> AppResult<HttpResponse> {
    let ((project, member), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::remove(conn, &actor, now, today, project, member)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
