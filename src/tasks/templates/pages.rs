//! The pages of templates: the list, saving a project as one, its form with its tasks, and beginning a project.

use actix_web::{HttpResponse, web};
use askama::Template as _;

use super::form::{SaveForm, StartForm, TemplateForm};
use super::lines::{self, Line};
use super::model::{self, Template};
use crate::auth::extract::Manager;
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model::{self as projects, BillingModel, Project};
use crate::types::ids::{ClientId, ProjectId, TemplateId};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{self, Section, Shell, View};
use crate::web::{App, filters};

#[derive(askama::Template)]
#[template(path = "tasks/templates/index.html", blocks = ["list"])]
struct TemplatesIndex {
    shell: Shell,
    /// Each with how many tasks it has.
    rows: Vec<(Template, i64)>,
}

#[derive(askama::Template)]
#[template(path = "tasks/templates/save.html", blocks = ["fields"])]
struct SavePage {
    shell: Shell,
    project: Project,
    form: SaveForm,
    errors: FormErrors,
}

#[derive(askama::Template)]
#[template(path = "tasks/templates/form.html", blocks = ["fields"])]
struct TemplateFormPage {
    shell: Shell,
    template: Template,
    tasks: Vec<Line>,
    form: TemplateForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

#[derive(askama::Template)]
#[template(path = "tasks/templates/start.html", blocks = ["fields"])]
struct StartPage {
    shell: Shell,
    template: Template,
    clients: Vec<(ClientId, String)>,
    form: StartForm,
    errors: FormErrors,
}

/// Every template.
pub async fn index(user: Manager, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            Ok(TemplatesIndex { shell, rows: model::all(conn)? })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The form that saves a project as a template.
pub async fn new(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let page = save_page(&app, &user.actor, &view, id.into_inner(), None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a project as a template.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    form: Form<SaveForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let mut form = SaveForm { project_id: Some(id).into(), ..form.0 };
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                projects::find(conn, &actor, id)?;
                let (project, name) = form.check()?;
                let today = page::today(conn, now)?;
                once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                    let template = model::save(conn, &actor, now, today, project, &name)?;
                    Ok((template.id.0, template.id))
                })
            })
            .await
    };
    match saved {
        Ok(Once::First(id)) => view.redirect(&format!("/project-templates/{id}/edit"), "Template saved."),
        Ok(Once::Again(id)) => {
            view.redirect(&format!("/project-templates/{id}/edit"), "This template was saved already.")
        }
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = save_page(&app, &actor, &view, id, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// A template with its tasks.
pub async fn edit(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<TemplateId>,
) -> AppResult<HttpResponse> {
    let page = form_page(&app, &user.actor, &view, id.into_inner(), None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a template.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<TemplateId>,
    form: Form<TemplateForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check(model::find(conn, &actor, id)?.currency)?;
                let version = edited_version(&form.version)?;
                model::update(conn, &actor, now, (id, version), &new)
            })
            .await
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect("/project-templates", "Template saved."),
        Ok(Saved::Stale(template)) => {
            let stored = TemplateForm::filled(&template);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect("/project-templates", "Template saved.");
            }
            let form = TemplateForm { version: stored.version, ..form };
            let page = form_page(&app, &actor, &view, id, Some(form), FormErrors::default()).await?;
            let page = TemplateFormPage { conflict, ..page };
            view.stale("#template_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &actor, &view, id, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Deletes a template.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<TemplateId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect("/project-templates", "Template deleted.")
}

/// The form that begins a project.
pub async fn start(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<TemplateId>,
) -> AppResult<HttpResponse> {
    let page = start_page(&app, &user.actor, &view, id.into_inner(), None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Begins a project.
pub async fn begin(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<TemplateId>,
    form: Form<StartForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, mut form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let begun = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                model::find(conn, &actor, id)?;
                let new = form.check()?;
                once(conn, actor.id, now, &form.idempotency_key, &(id, &form), |conn| {
                    let project = model::start(conn, &actor, now, id, &new)?;
                    Ok((project.id.0, project))
                })
            })
            .await
    };
    match begun {
        Ok(Once::First(project)) => {
            view.redirect(&format!("/projects/{}", project.id), &format!("{} is set up.", project.name))
        }
        Ok(Once::Again(id)) => view.redirect(&format!("/projects/{id}"), "This project was set up already."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = start_page(&app, &actor, &view, id, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

async fn save_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: ProjectId,
    form: Option<SaveForm>,
    errors: FormErrors,
) -> AppResult<SavePage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Projects)?;
            let project = projects::find(conn, &actor, id)?;
            let form = form.unwrap_or_else(|| SaveForm {
                name: project.name.clone(),
                idempotency_key: once::new_key(),
                ..SaveForm::default()
            });
            Ok(SavePage { shell, project, form, errors })
        })
        .await
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: TemplateId,
    form: Option<TemplateForm>,
    errors: FormErrors,
) -> AppResult<TemplateFormPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Projects)?;
            let template = model::find(conn, &actor, id)?;
            let tasks = lines::of_template(conn, id)?;
            let form = form.unwrap_or_else(|| TemplateForm::filled(&template));
            Ok(TemplateFormPage { shell, template, tasks, form, errors, conflict: Vec::new() })
        })
        .await
}

async fn start_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: TemplateId,
    form: Option<StartForm>,
    errors: FormErrors,
) -> AppResult<StartPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Projects)?;
            let template = model::find(conn, &actor, id)?;
            let clients = clients::choices(conn, &actor)?;
            let form = form.unwrap_or_else(|| StartForm {
                name: template.name.clone(),
                starts_on: shell.today.to_string(),
                idempotency_key: once::new_key(),
                ..StartForm::default()
            });
            Ok(StartPage { shell, template, clients, form, errors })
        })
        .await
}
