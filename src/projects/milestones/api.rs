//! The JSON API of milestones.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{MilestoneForm, ReachForm, currency};
use super::model::{self, Milestone, MilestoneState};
use crate::auth::extract::{CurrentUser, Manager};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::ids::{MilestoneId, ProjectId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::Json;
use crate::web::once::once;
use crate::web::page::today;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_milestones,
    create_milestone,
    update_milestone,
    delete_milestone,
    bill_price,
    reach_milestone,
    reopen_milestone
))]
pub struct ApiDoc;

/// A milestone as JSON. Its amount is in minor units of `currency`; roles without money see neither.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Milestone")]
pub struct MilestoneJson {
    pub id: MilestoneId,
    pub project_id: ProjectId,
    pub title: String,
    pub state: MilestoneState,
    pub due_on: Option<NaiveDate>,
    pub reached_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_cents: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    pub version: i64,
}

/// A project's milestones.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MilestoneList {
    /// By due date, those without one last.
    pub milestones: Vec<MilestoneJson>,
}

fn json(actor: &Actor, milestone: Milestone, currency: Currency, today: NaiveDate) -> MilestoneJson {
    let money = actor.sees_money();
    MilestoneJson {
        state: milestone.shown_state(money, &today),
        amount_cents: milestone.amount_cents.filter(|_| money),
        currency: money.then_some(currency),
        id: milestone.id,
        project_id: milestone.project_id,
        title: milestone.title,
        due_on: milestone.due_on,
        reached_on: milestone.reached_on,
        version: milestone.version,
    }
}

fn answer(
    conn: &mut Conn,
    actor: &Actor,
    milestone: Milestone,
    today: NaiveDate,
) -> AppResult<MilestoneJson> {
    let currency = currency(conn, actor, milestone.project_id)?;
    Ok(json(actor, milestone, currency, today))
}

/// The milestones of a project.
#[utoipa::path(get, path = "/api/projects/{id}/milestones", tag = "projects", params(("id" = i64, Path)), responses((status = 200, body = MilestoneList)))]
pub async fn list_milestones(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let list = app
        .db
        .read(move |conn| {
            let (currency, today) = (currency(conn, &actor, id)?, today(conn, now)?);
            let rows = model::of_project(conn, id)?;
            let milestones = rows.into_iter().map(|row| json(&actor, row, currency, today)).collect();
            Ok(MilestoneList { milestones })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// Adds a milestone. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/projects/{id}/milestones", tag = "projects", params(("id" = i64, Path)), request_body = MilestoneForm, responses((status = 201, body = MilestoneJson)))]
pub async fn create_milestone(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
    body: Json<MilestoneForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, project, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let created = app
        .db
        .write(move |conn| {
            let new = form.check_for(conn, &actor, project)?;
            let created = once(conn, actor.id, now, &form.idempotency_key, &(project, &form), |conn| {
                let milestone = model::create(conn, &actor, now, project, &new)?;
                Ok((milestone.id.0, milestone))
            })?;
            let today = today(conn, now)?;
            answer(conn, &actor, created.first()?, today)
        })
        .await?;
    let location = format!("/api/projects/{project}/milestones/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Replaces a milestone's fields. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/projects/{project_id}/milestones/{id}", tag = "projects", params(("project_id" = i64, Path), ("id" = i64, Path)), request_body = MilestoneForm, responses((status = 200, body = MilestoneJson)))]
pub async fn update_milestone(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(ProjectId, MilestoneId)>,
    body: Json<MilestoneForm>,
) -> AppResult<HttpResponse> {
    let ((project, id), actor, now, form) = (path.into_inner(), user.actor, app.clock.now(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            model::find(conn, &actor, project, id)?;
            let new = form.check_for(conn, &actor, project)?;
            let version = edited_version(&form.version)?;
            let saved = model::update(conn, &actor, now, project, id, version, &new)?;
            let saved = saved.done("this milestone", |milestone| milestone.version)?;
            let today = today(conn, now)?;
            answer(conn, &actor, saved, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Deletes a milestone that is on no invoice.
#[utoipa::path(delete, path = "/api/projects/{project_id}/milestones/{id}", tag = "projects", params(("project_id" = i64, Path), ("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_milestone(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(ProjectId, MilestoneId)>,
) -> AppResult<HttpResponse> {
    let ((project, id), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| model::delete(conn, &actor, now, project, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Notes that a milestone was reached. One that was reached before stays as it is.
#[utoipa::path(post, path = "/api/projects/{project_id}/milestones/{id}/reach", tag = "projects", params(("project_id" = i64, Path), ("id" = i64, Path)), request_body = ReachForm, responses((status = 200, body = MilestoneJson)))]
pub async fn reach_milestone(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(ProjectId, MilestoneId)>,
    body: Json<ReachForm>,
) -> AppResult<HttpResponse> {
    let ((project, id), actor, now, form) = (path.into_inner(), user.actor, app.clock.now(), body.0);
    let reached = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            let on = form.check()?;
            let reached = model::reach(conn, &actor, now, (project, id), on, today)?;
            answer(conn, &actor, reached, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(reached))
}

/// Makes what is left of a fixed price ready to be billed, as a milestone that is reached today; 409 when nothing is left.
#[utoipa::path(post, path = "/api/projects/{id}/milestones/price", tag = "projects", params(("id" = i64, Path)), responses((status = 201, body = MilestoneJson)))]
pub async fn bill_price(
    user: Manager,
    app: web::Data<App>,
    project: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (project, actor, now) = (project.into_inner(), user.actor, app.clock.now());
    let milestone = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            let milestone = model::bill_price(conn, &actor, now, project, today)?;
            answer(conn, &actor, milestone, today)
        })
        .await?;
    let location = format!("/api/projects/{project}/milestones/{}", milestone.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(milestone))
}

/// Takes back that a milestone was reached, unless it is on an invoice.
#[utoipa::path(post, path = "/api/projects/{project_id}/milestones/{id}/reopen", tag = "projects", params(("project_id" = i64, Path), ("id" = i64, Path)), responses((status = 200, body = MilestoneJson)))]
pub async fn reopen_milestone(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(ProjectId, MilestoneId)>,
) -> AppResult<HttpResponse> {
    let ((project, id), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    let reopened = app
        .db
        .write(move |conn| {
            let reopened = model::reopen(conn, &actor, now, project, id)?;
            let today = today(conn, now)?;
            answer(conn, &actor, reopened, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(reopened))
}
