//! The JSON API of templates. Amounts are minor units of the template's currency.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::form::{SaveForm, StartForm, TemplateForm, TemplateTaskForm};
use super::lines::{self, Line};
use super::model::{self, Template};
use crate::auth::extract::Manager;
use crate::db::Conn;
use crate::error::AppResult;
use crate::projects::model::BillingModel;
use crate::tasks::model::TaskPriority;
use crate::types::color::Color;
use crate::types::ids::{LabelId, ProjectId, TemplateId, TemplateTaskId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::page::today;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_templates,
    create_template,
    find_template,
    update_template,
    delete_template,
    start_template,
    create_template_task,
    update_template_task,
    delete_template_task
))]
pub struct ApiDoc;

/// A template as a list shows it.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Template")]
pub struct TemplateJson {
    pub id: TemplateId,
    pub name: String,
    pub description: String,
    pub color: Color,
    pub billing_model: BillingModel,
    pub currency: Currency,
    pub price_cents: Option<i64>,
    pub rate_cents: Option<i64>,
    pub budget_seconds: Option<i64>,
    pub budget_cents: Option<i64>,
    pub due_days: Option<i64>,
    pub version: i64,
}

impl From<Template> for TemplateJson {
    fn from(template: Template) -> Self {
        Self {
            id: template.id,
            name: template.name,
            description: template.description,
            color: template.color,
            billing_model: template.billing_model,
            currency: template.currency,
            price_cents: template.price_cents,
            rate_cents: template.rate_cents,
            budget_seconds: template.budget_seconds,
            budget_cents: template.budget_cents,
            due_days: template.due_days,
            version: template.version,
        }
    }
}

/// A task of a template.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of TemplateTask")]
pub struct TemplateTaskJson {
    pub id: TemplateTaskId,
    pub title: String,
    /// Markdown.
    pub description: String,
    /// A line each.
    pub steps: String,
    pub priority: TaskPriority,
    pub estimate_seconds: Option<i64>,
    pub due_days: Option<i64>,
    pub is_client_visible: bool,
    pub labels: Vec<LabelId>,
    pub version: i64,
}

impl From<Line> for TemplateTaskJson {
    fn from(line: Line) -> Self {
        let task = line.task;
        Self {
            id: task.id,
            title: task.title,
            description: task.description,
            steps: task.steps,
            priority: task.priority,
            estimate_seconds: task.estimate_seconds,
            due_days: task.due_days,
            is_client_visible: task.is_client_visible,
            labels: line.labels.into_iter().map(|label| label.id).collect(),
            version: task.version,
        }
    }
}

/// A template with its tasks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TemplateFullJson {
    /// The template.
    #[serde(flatten)]
    pub template: TemplateJson,
    /// Its tasks, in their order.
    pub tasks: Vec<TemplateTaskJson>,
}

/// Every template.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TemplateList {
    /// The rows.
    pub project_templates: Vec<TemplateJson>,
    /// How many.
    pub meta: Meta,
}

/// The project that was begun.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StartedJson {
    /// Which.
    pub project_id: ProjectId,
}

fn full(conn: &mut Conn, template: Template) -> AppResult<TemplateFullJson> {
    let tasks = lines::of_template(conn, template.id)?.into_iter().map(TemplateTaskJson::from).collect();
    Ok(TemplateFullJson { template: template.into(), tasks })
}

/// Every template, by name.
#[utoipa::path(get, path = "/api/project-templates", tag = "project templates", responses((status = 200, body = TemplateList)))]
pub async fn list_templates(_: Manager, app: web::Data<App>) -> AppResult<HttpResponse> {
    let rows = app.db.read(model::all).await?;
    let project_templates: Vec<TemplateJson> =
        rows.into_iter().map(|(template, _)| template.into()).collect();
    let meta = Meta { count: project_templates.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(TemplateList { project_templates, meta }))
}

/// Saves a project as a template. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/project-templates", tag = "project templates", request_body = SaveForm, responses((status = 201, body = TemplateFullJson)))]
pub async fn create_template(
    user: Manager,
    app: web::Data<App>,
    body: Json<SaveForm>,
) -> AppResult<HttpResponse> {
    let form = body.0;
    let (project, name) = form.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let saved = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            let saved = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let template = model::save(conn, &actor, now, today, project, &name)?;
                Ok((template.id.0, template))
            })?;
            full(conn, saved.first()?)
        })
        .await?;
    let location = format!("/api/project-templates/{}", saved.template.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(saved))
}

/// One template with its tasks.
#[utoipa::path(get, path = "/api/project-templates/{id}", tag = "project templates", params(("id" = i64, Path)), responses((status = 200, body = TemplateFullJson)))]
pub async fn find_template(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<TemplateId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let found = app
        .db
        .read(move |conn| {
            let template = model::find(conn, &actor, id)?;
            full(conn, template)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Replaces the fields of a template. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/project-templates/{id}", tag = "project templates", params(("id" = i64, Path)), request_body = TemplateForm, responses((status = 200, body = TemplateJson)))]
pub async fn update_template(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<TemplateId>,
    body: Json<TemplateForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            let new = form.check(model::find(conn, &actor, id)?.currency)?;
            let version = edited_version(&form.version)?;
            let saved = model::update(conn, &actor, now, (id, version), &new)?;
            saved.done("this template", |template| template.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(TemplateJson::from(saved)))
}

/// Deletes a template; the projects that were begun from it stay.
#[utoipa::path(delete, path = "/api/project-templates/{id}", tag = "project templates", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_template(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<TemplateId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Begins a project from a template. The same `idempotency_key` again is a 409 and changes nothing.
#[utoipa::path(post, path = "/api/project-templates/{id}/projects", tag = "project templates", params(("id" = i64, Path)), request_body = StartForm, responses((status = 201, body = StartedJson)))]
pub async fn start_template(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<TemplateId>,
    body: Json<StartForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let project_id = app
        .db
        .write(move |conn| {
            model::find(conn, &actor, id)?;
            let new = form.check()?;
            let begun = once(conn, actor.id, now, &form.idempotency_key, &(id, &form), |conn| {
                let project = model::start(conn, &actor, now, id, &new)?.id;
                Ok((project.0, project))
            })?;
            begun.first()
        })
        .await?;
    let location = format!("/api/projects/{project_id}");
    Ok(HttpResponse::Created().insert_header(("location", location)).json(StartedJson { project_id }))
}

/// Adds a task to a template.
#[utoipa::path(post, path = "/api/project-templates/{id}/tasks", tag = "project templates", params(("id" = i64, Path)), request_body = TemplateTaskForm, responses((status = 201, body = TemplateTaskJson)))]
pub async fn create_template_task(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<TemplateId>,
    body: Json<TemplateTaskForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let added = app
        .db
        .write(move |conn| {
            model::find(conn, &actor, id)?;
            lines::create(conn, &actor, now, id, &form.check()?)
        })
        .await?;
    let location = format!("/api/project-templates/{id}/tasks/{}", added.task.id);
    let json = TemplateTaskJson::from(added);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(json))
}

/// Replaces the fields of a template's task. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/project-templates/{template_id}/tasks/{line_id}", tag = "project templates", params(("template_id" = i64, Path), ("line_id" = i64, Path)), request_body = TemplateTaskForm, responses((status = 200, body = TemplateTaskJson)))]
pub async fn update_template_task(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(TemplateId, TemplateTaskId)>,
    body: Json<TemplateTaskForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, path, form) = (user.actor, app.clock.now(), path.into_inner(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            lines::find(conn, &actor, path)?;
            let new = form.check()?;
            let version = edited_version(&form.version)?;
            let saved = lines::update(conn, &actor, now, path, version, &new)?;
            saved.done("this task", |line| line.task.version)
        })
        .await?;
    Ok(HttpResponse::Ok().json(TemplateTaskJson::from(saved)))
}

/// Takes a task off its template.
#[utoipa::path(delete, path = "/api/project-templates/{template_id}/tasks/{line_id}", tag = "project templates", params(("template_id" = i64, Path), ("line_id" = i64, Path)), responses((status = 204)))]
pub async fn delete_template_task(
    user: Manager,
    app: web::Data<App>,
    path: web::Path<(TemplateId, TemplateTaskId)>,
) -> AppResult<HttpResponse> {
    let (actor, now, path) = (user.actor, app.clock.now(), path.into_inner());
    app.db.write(move |conn| lines::delete(conn, &actor, now, path)).await?;
    Ok(HttpResponse::NoContent().finish())
}
