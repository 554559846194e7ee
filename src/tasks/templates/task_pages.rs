//! The form of a template's task.

use actix_web::{HttpResponse, web};
use askama::Template as _;

use super::form::TemplateTaskForm;
use super::lines;
use super::model::{self, Template};
use crate::auth::extract::Manager;
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::tasks::labels::model::{self as labels, Label};
use crate::tasks::model::TaskPriority;
use crate::types::ids::{TemplateId, TemplateTaskId};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(askama::Template)]
#[template(path = "tasks/templates/task.html", blocks = ["fields"])]
struct TemplateTaskPage {
    shell: Shell,
    template: Template,
    id: Option<TemplateTaskId>,
    labels: Vec<Label>,
    form: TemplateTaskForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

impl TemplateTaskPage {
    fn action(&self) -> String {
        let base = format!("/project-templates/{}/tasks", self.template.id);
        self.id.map_or_else(|| base.clone(), |id| format!("{base}/{id}"))
    }
}

fn address(template: TemplateId) -> String {
    format!("/project-templates/{template}/edit")
}

/// The form of a new task.
pub async fn new(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<TemplateId>,
) -> AppResult<HttpResponse> {
    let place = (id.into_inner(), None);
    let form = Some(TemplateTaskForm::blank());
    let page = form_page(&app, &user.actor, &view, place, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Adds a task.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<TemplateId>,
    form: Form<TemplateTaskForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let added = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                model::find(conn, &actor, id)?;
                lines::create(conn, &actor, now, id, &form.check()?)
            })
            .await
    };
    match added {
        Ok(_) => view.redirect(&address(id), "Task added to the template."),
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &actor, &view, (id, None), Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a stored task.
pub async fn edit(
    user: Manager,
    app: web::Data<App>,
    view: View,
    path: web::Path<(TemplateId, TemplateTaskId)>,
) -> AppResult<HttpResponse> {
    let (template, id) = path.into_inner();
    let place = (template, Some(id));
    let page = form_page(&app, &user.actor, &view, place, None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a task.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    path: web::Path<(TemplateId, TemplateTaskId)>,
    form: Form<TemplateTaskForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, path, form) = (user.actor, app.clock.now(), path.into_inner(), form.0);
    let place = (path.0, Some(path.1));
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                lines::find(conn, &actor, path)?;
                let new = form.check()?;
                let version = edited_version(&form.version)?;
                lines::update(conn, &actor, now, path, version, &new)
            })
            .await
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect(&address(path.0), "Task saved."),
        Ok(Saved::Stale(line)) => {
            let stored = TemplateTaskForm::filled(&line);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect(&address(path.0), "Task saved.");
            }
            let form = TemplateTaskForm { version: stored.version, ..form };
            let page = form_page(&app, &actor, &view, place, Some(form), FormErrors::default()).await?;
            let page = TemplateTaskPage { conflict, ..page };
            view.stale("#template_task_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &actor, &view, place, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Takes a task off its template.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    path: web::Path<(TemplateId, TemplateTaskId)>,
) -> AppResult<HttpResponse> {
    let (actor, now, path) = (user.actor, app.clock.now(), path.into_inner());
    app.db.write(move |conn| lines::delete(conn, &actor, now, path)).await?;
    view.redirect(&address(path.0), "Task taken off the template.")
}

/// The page of `form`, or of the stored task where there is none.
async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    (template, id): (TemplateId, Option<TemplateTaskId>),
    form: Option<TemplateTaskForm>,
    errors: FormErrors,
) -> AppResult<TemplateTaskPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Projects)?;
            let stored = id.map(|id| lines::find(conn, &actor, (template, id))).transpose()?;
            let template = model::find(conn, &actor, template)?;
            let form = form.or_else(|| stored.as_ref().map(TemplateTaskForm::filled));
            let (form, labels) = (form.unwrap_or_default(), labels::all(conn)?);
            Ok(TemplateTaskPage { shell, template, id, labels, form, errors, conflict: Vec::new() })
        })
        .await
}
