//! The JSON API of projects.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::figures::{self, ProjectHead};
use super::form::{ProjectForm, ProjectQuery};
use super::model;
use crate::auth::extract::{CurrentUser, Manager};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::color::Color;
use crate::types::ids::{ClientId, ProjectId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::query::Query;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_projects,
    find_project,
    create_project,
    update_project,
    delete_project,
    archive_project,
    restore_project
))]
pub struct ApiDoc;

/// A project as JSON. Amounts are minor units of `currency`.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Project and ProjectHead")]
pub struct ProjectJson {
    pub id: ProjectId,
    pub client_id: ClientId,
    pub client_name: String,
    pub name: String,
    pub status: model::ProjectStatus,
    pub billing_model: model::BillingModel,
    pub budget_seconds: Option<i64>,
    pub used_seconds: i64,
    pub open_tasks: i64,
    /// Absent for roles without money, as are the value of its hours, its rate and its currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_cents: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_cents: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_cents: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_cents: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    pub starts_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub description: String,
    pub color: Color,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub version: i64,
}

/// A page of projects.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProjectList {
    /// The rows.
    pub projects: Vec<ProjectJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

fn json(actor: &Actor, head: ProjectHead) -> ProjectJson {
    let money = actor.sees_money();
    let project = head.project;
    ProjectJson {
        rate_cents: head.rate_cents.filter(|_| money),
        price_cents: project.price_cents.filter(|_| money),
        budget_cents: project.budget_cents.filter(|_| money),
        used_cents: money.then_some(head.used_cents),
        currency: money.then_some(head.currency),
        id: project.id,
        client_id: project.client_id,
        client_name: head.client_name,
        name: project.name,
        status: project.status,
        billing_model: project.billing_model,
        budget_seconds: project.budget_seconds,
        used_seconds: head.used_seconds,
        open_tasks: head.open_tasks,
        starts_on: project.starts_on,
        due_on: project.due_on,
        description: project.description,
        color: project.color,
        created_at: project.created_at,
        updated_at: project.updated_at,
        version: project.version,
    }
}

fn stored(conn: &mut Conn, actor: &Actor, id: ProjectId, today: NaiveDate) -> AppResult<ProjectJson> {
    Ok(json(actor, figures::head(conn, actor, id, today)?))
}

/// Projects by name, 25 a page.
#[utoipa::path(get, path = "/api/projects", tag = "projects", params(ProjectQuery), responses((status = 200, body = ProjectList)))]
pub async fn list_projects(
    user: CurrentUser,
    app: web::Data<App>,
    query: Query<ProjectQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let list = app
        .db
        .read(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            let (mut rows, pager) = figures::list(conn, &actor, &filter)?;
            // Behind the last page is nothing, so that whoever reads to the end stops.
            if !pager.holds(filter.page) {
                rows.clear();
            }
            figures::add_rates(conn, &actor, &mut rows, today)?;
            let projects: Vec<ProjectJson> = rows.into_iter().map(|head| json(&actor, head)).collect();
            let meta = Meta {
                count: projects.len(),
                next: pager.next().map(|page| page.to_string()),
                total: Some(pager.total),
            };
            Ok(ProjectList { projects, meta })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// One project.
#[utoipa::path(get, path = "/api/projects/{id}", tag = "projects", params(("id" = i64, Path)), responses((status = 200, body = ProjectJson)))]
pub async fn find_project(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app
        .db
        .read(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            stored(conn, &actor, id, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Adds a project. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/projects", tag = "projects", request_body = ProjectForm, responses((status = 201, body = ProjectJson)))]
pub async fn create_project(
    user: Manager,
    app: web::Data<App>,
    body: Json<ProjectForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let created = app
        .db
        .write(move |conn| {
            let new = form.check_for(conn, &actor)?;
            let today = crate::web::page::today(conn, now)?;
            let created = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let id = model::create(conn, &actor, now, &new)?.id;
                Ok((id.0, id))
            })?;
            stored(conn, &actor, created.first()?, today)
        })
        .await?;
    let location = format!("/api/projects/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Replaces a project's fields. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/projects/{id}", tag = "projects", params(("id" = i64, Path)), request_body = ProjectForm, responses((status = 200, body = ProjectJson)))]
pub async fn update_project(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
    body: Json<ProjectForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            model::find(conn, &actor, id)?;
            let new = form.check_for(conn, &actor)?;
            let version = edited_version(&form.version)?;
            let today = crate::web::page::today(conn, now)?;
            let saved = model::update(conn, &actor, now, today, id, version, &new)?;
            saved.done("this project", |project| project.version)?;
            stored(conn, &actor, id, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Deletes a project on which nothing hangs.
#[utoipa::path(delete, path = "/api/projects/{id}", tag = "projects", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_project(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Archives a project; harmless when it is archived already.
#[utoipa::path(post, path = "/api/projects/{id}/archive", tag = "projects", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn archive_project(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::archive(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a project back out of the archive; harmless when it is not in it.
#[utoipa::path(post, path = "/api/projects/{id}/restore", tag = "projects", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn restore_project(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::restore(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
