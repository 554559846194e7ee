//! The JSON API of people.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::form::{AssignmentForm, HandOverForm, RoleForm};
use super::model::{self, Assignments};
use crate::auth::extract::Admin;
use crate::auth::policy::Role;
use crate::auth::step_up::SteppedUpAdmin;
use crate::auth::user::{self, Person, User};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, UserId};
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::page::today;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_users,
    find_user,
    update_user,
    disable_user,
    enable_user,
    list_assignments,
    create_assignment,
    remove_second_factor
))]
pub struct ApiDoc;

/// A person as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of User")]
pub struct UserJson {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub time_zone: String,
    /// Since when they may come in no more.
    pub disabled_at: Option<UtcTime>,
    /// The last day, in the agency's zone, on which a contractor may come in.
    pub access_ends_on: Option<NaiveDate>,
    /// When a session of theirs was last in use; in the list only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<UtcTime>,
    pub version: i64,
}

fn json(user: User) -> UserJson {
    UserJson {
        id: user.id,
        email: user.email,
        name: user.name,
        role: user.role,
        time_zone: user.time_zone,
        disabled_at: user.disabled_at,
        access_ends_on: user.access_ends_on,
        last_seen_at: None,
        version: user.version,
    }
}

/// Everybody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserList {
    /// The people, by name; those who may come in no more at the end.
    pub users: Vec<UserJson>,
    /// How many.
    pub meta: Meta,
}

/// Everybody.
#[utoipa::path(get, path = "/api/users", tag = "users", responses((status = 200, body = UserList)))]
pub async fn list_users(_user: Admin, app: web::Data<App>) -> AppResult<HttpResponse> {
    let people = app.db.read(user::all).await?;
    let row = |person: Person| UserJson { last_seen_at: person.last_seen_at, ..json(person.user) };
    let users: Vec<UserJson> = people.into_iter().map(row).collect();
    let meta = Meta { count: users.len(), next: None, total: Some(users.len() as i64) };
    Ok(HttpResponse::Ok().json(UserList { users, meta }))
}

/// One person.
#[utoipa::path(get, path = "/api/users/{id}", tag = "users", params(("id" = i64, Path)), responses((status = 200, body = UserJson)))]
pub async fn find_user(_user: Admin, app: web::Data<App>, id: web::Path<UserId>) -> AppResult<HttpResponse> {
    let id = id.into_inner();
    Ok(HttpResponse::Ok().json(json(app.db.read(move |conn| user::find(conn, id)).await?)))
}

/// Gives another role, which counts from the next request on. Only an owner makes owners or changes one.
#[utoipa::path(put, path = "/api/users/{id}", tag = "users", params(("id" = i64, Path)), request_body = RoleForm, responses((status = 200, body = UserJson)))]
pub async fn update_user(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    id: web::Path<UserId>,
    body: Json<RoleForm>,
) -> AppResult<HttpResponse> {
    let standing = body.0.check()?;
    let (actor, now, id, version) =
        (user.actor, app.clock.now(), id.into_inner(), edited_version(&body.0.version)?);
    let saved = app
        .db
        .write(move |conn| {
            user::set_standing(conn, &actor, now, (id, version), standing)?
                .done("this person", |user| user.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(json(saved)))
}

/// Lets somebody come in no more and gives their open tasks to somebody else.
#[utoipa::path(post, path = "/api/users/{id}/disabling", tag = "users", params(("id" = i64, Path)), request_body = HandOverForm, responses((status = 200, body = UserJson)))]
pub async fn disable_user(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    id: web::Path<UserId>,
    body: Json<HandOverForm>,
) -> AppResult<HttpResponse> {
    let to = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let (person, _) = app.db.write(move |conn| model::disable(conn, &actor, now, id, to)).await?;
    Ok(HttpResponse::Ok().json(json(person)))
}

/// Lets somebody come in again.
#[utoipa::path(post, path = "/api/users/{id}/enabling", tag = "users", params(("id" = i64, Path)), responses((status = 200, body = UserJson)))]
pub async fn enable_user(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let person = app.db.write(move |conn| user::enable(conn, &actor, now, id)).await?;
    Ok(HttpResponse::Ok().json(json(person)))
}

/// Takes the second factor off somebody who has lost it. Their sessions and tokens are void.
#[utoipa::path(delete, path = "/api/users/{id}/second-factor", tag = "users", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn remove_second_factor(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::remove_second_factor(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What somebody works for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssignmentsJson {
    /// Clients as a whole, by name.
    pub clients: Vec<AssignedClient>,
    /// Single projects, by name.
    pub projects: Vec<AssignedProject>,
}

/// A client that somebody works for as a whole.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssignedClient {
    /// Which.
    pub client_id: ClientId,
    /// Its name.
    pub name: String,
}

/// A project that somebody is on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssignedProject {
    /// Which.
    pub project_id: ProjectId,
    /// The names of its client and its own.
    pub name: String,
}

impl From<Assignments> for AssignmentsJson {
    fn from(found: Assignments) -> Self {
        let client = |(client_id, name)| AssignedClient { client_id, name };
        let project = |(project_id, name)| AssignedProject { project_id, name };
        Self {
            clients: found.clients.into_iter().map(client).collect(),
            projects: found.projects.into_iter().map(project).collect(),
        }
    }
}

/// What somebody works for. Of a contractor it is all that they see.
#[utoipa::path(get, path = "/api/users/{id}/assignments", tag = "users", params(("id" = i64, Path)), responses((status = 200, body = AssignmentsJson)))]
pub async fn list_assignments(
    _user: Admin,
    app: web::Data<App>,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let id = id.into_inner();
    let found = app
        .db
        .read(move |conn| {
            user::find(conn, id)?;
            model::assignments(conn, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(AssignmentsJson::from(found)))
}

/// Assigns somebody to a client as a whole, or to one project. They are taken off by the members of that client or project.
#[utoipa::path(post, path = "/api/users/{id}/assignments", tag = "users", params(("id" = i64, Path)), request_body = AssignmentForm, responses((status = 201, body = AssignmentsJson)))]
pub async fn create_assignment(
    user: Admin,
    app: web::Data<App>,
    id: web::Path<UserId>,
    body: Json<AssignmentForm>,
) -> AppResult<HttpResponse> {
    let to = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::assign(conn, &actor, now, today, id, to)?;
            model::assignments(conn, id)
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header(("location", format!("/api/users/{id}/assignments")))
        .json(AssignmentsJson::from(found)))
}
