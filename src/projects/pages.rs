//! The pages of projects.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::figures::{self, ProjectHead};
use super::form::{ProjectForm, ProjectQuery, StatusForm};
use super::model::{self, BillingModel, NewProject, Project, ProjectStatus};
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::extract::{CurrentUser, Manager, Teammate};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{ActivityId, ClientId, ProjectId};
use crate::types::pagination::{Pager, has_more};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::{BeforeQuery, Query, id_of};
use crate::web::{App, filters};

/// Entries on a page of the activity tab.
const ACTIVITY_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "projects/index.html", blocks = ["list"])]
struct ProjectsIndex {
    shell: Shell,
    query: ProjectQuery,
    clients: Arc<Vec<(ClientId, String)>>,
    rows: Vec<ProjectHead>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "projects/activity.html", blocks = ["entries"])]
struct ProjectActivity {
    shell: Shell,
    head: ProjectHead,
    entries: Vec<TimelineEntry>,
    older: Option<ActivityId>,
}

impl ProjectActivity {
    fn tab(&self) -> &'static str {
        "activity"
    }
}

#[derive(Template)]
#[template(path = "projects/form.html", blocks = ["fields"])]
struct ProjectFormPage {
    shell: Shell,
    /// The stored project when it is edited, `None` when it is new.
    project: Option<Project>,
    clients: Arc<Vec<(ClientId, String)>>,
    form: ProjectForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

impl ProjectFormPage {
    fn action(&self) -> String {
        self.project
            .as_ref()
            .map_or_else(|| "/projects".to_owned(), |project| format!("/projects/{}", project.id))
    }
}

#[derive(Template)]
#[template(path = "projects/_status.html")]
struct ProjectStatusPart {
    shell: Shell,
    head: ProjectHead,
}

/// The list, or its table for htmx.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: Query<ProjectQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let (rows, pager) = figures::list(conn, &actor, &filter)?;
            let clients = if look.is_fragment() {
                Arc::default()
            } else {
                clients::kept_choices(conn, &actor, &offers.clients, filter.client_id)?
            };
            Ok(ProjectsIndex { shell, query, clients, rows, pager })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// What happened around one project, newest first.
pub async fn activity(
    user: Teammate,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    query: Query<BeforeQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let before: Option<ActivityId> = query.0.check()?;
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = figures::head(conn, &actor, id, shell.today)?;
            let mut entries = timeline(conn, Scope::Project(id), actor.sight(), before, ACTIVITY_PAGE + 1)?;
            let more = has_more(&mut entries, ACTIVITY_PAGE);
            let older = entries.last().filter(|_| more).map(|entry| entry.activity.id);
            Ok(ProjectActivity { shell, head, entries, older })
        })
        .await?;
    view.html(|| page.render(), || page.as_entries().render())
}

/// What a new project may be told before it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewQuery {
    client_id: String,
}

/// The form of a new project.
pub async fn new(
    user: Manager,
    app: web::Data<App>,
    view: View,
    query: Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let client = id_of("client_id", &query.0.client_id)?;
    let form = ProjectForm { idempotency_key: once::new_key(), ..ProjectForm::blank(client) };
    let page = form_page(&app, &user.actor, &view, None, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Adds a project.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<ProjectForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, mut form) = (user.actor, app.clock.now(), form.0);
    let created = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check_for(conn, &actor)?;
                once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                    let id = model::create(conn, &actor, now, &new)?.id;
                    Ok((id.0, id))
                })
            })
            .await
    };
    match created {
        Ok(Once::First(id)) => view.redirect(&format!("/projects/{id}"), "Project added."),
        Ok(Once::Again(id)) => view.redirect(&format!("/projects/{id}"), "This project was added already."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, &actor, &view, None, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a stored project.
pub async fn edit(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let reader = actor.clone();
    let form = app
        .db
        .read(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            stored_form(conn, &reader, id, today)
        })
        .await?;
    let page = form_page(&app, &actor, &view, Some(id), form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a project. When somebody else was faster, shows both versions and keeps what was typed.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    form: Form<ProjectForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let saved = match edited_version(&form.version) {
        Ok(version) => {
            let (actor, form) = (actor.clone(), form.clone());
            app.db
                .write(move |conn| {
                    model::find(conn, &actor, id)?;
                    let new = form.check_for(conn, &actor)?;
                    let today = crate::web::page::today(conn, now)?;
                    model::update(conn, &actor, now, today, id, version, &new)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect(&format!("/projects/{id}"), "Project saved."),
        Ok(Saved::Stale(_)) => {
            let reader = actor.clone();
            let stored = app
                .db
                .read(move |conn| {
                    let today = crate::web::page::today(conn, now)?;
                    stored_form(conn, &reader, id, today)
                })
                .await?;
            let merged = ProjectForm { version: stored.version.clone(), ..form };
            let mut page = form_page(&app, &actor, &view, Some(id), merged, FormErrors::default()).await?;
            page.conflict = page.form.differences(&stored, |id| {
                let found = page.clients.iter().find(|(client, _)| client.to_string() == id);
                found.map(|(_, name)| name.clone()).unwrap_or_default()
            });
            if page.conflict.is_empty() {
                return view.redirect(&format!("/projects/{id}"), "Project saved.");
            }
            view.stale("#project_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &actor, &view, Some(id), form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Changes the status alone, in place.
pub async fn update_status(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    form: Form<StatusForm>,
) -> AppResult<HttpResponse> {
    let (status, version) = form.0.check()?;
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let part = app
        .db
        .write(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            let project = model::find(conn, &actor, id)?;
            let rate_cents = model::own_rate(conn, id, today)?;
            let new = NewProject { status, ..NewProject::same(&project, rate_cents) };
            match model::update(conn, &actor, now, today, id, version, &new)? {
                Saved::Done(_) => Ok(ProjectStatusPart {
                    shell: Shell::load(conn, &actor, now, &look, Section::Projects)?,
                    head: figures::head(conn, &actor, id, today)?,
                }),
                Saved::Stale(_) => Err(AppError::Conflict(
                    "Somebody else changed this project meanwhile. Reload to see how.".into(),
                )),
            }
        })
        .await?;
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        view.redirect(&format!("/projects/{id}"), "Status changed.")
    }
}

/// Puts a project away.
pub async fn archive(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::archive(conn, &actor, now, id)).await?;
    view.redirect(&format!("/projects/{id}"), "Project archived. Its history stays.")
}

/// Takes a project back out.
pub async fn restore(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::restore(conn, &actor, now, id)).await?;
    view.redirect(&format!("/projects/{id}"), "Project restored.")
}

/// Deletes a project on which nothing hangs.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect("/projects", "Project deleted.")
}

fn stored_form(
    conn: &mut Conn,
    actor: &Actor,
    id: ProjectId,
    today: chrono::NaiveDate,
) -> AppResult<ProjectForm> {
    let project = model::find(conn, actor, id)?;
    let currency = clients::find(conn, actor, project.client_id)?.currency;
    Ok(ProjectForm::filled(&project, model::own_rate(conn, id, today)?, currency))
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: Option<ProjectId>,
    form: ProjectForm,
    errors: FormErrors,
) -> AppResult<ProjectFormPage> {
    let (actor, view, now, offers) = (actor.clone(), view.clone(), app.clock.now(), app.offers.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Projects)?;
            let project = id.map(|id| model::find(conn, &actor, id)).transpose()?;
            let stored = project.as_ref().map(|project| project.client_id);
            let clients = clients::kept_choices(conn, &actor, &offers.clients, stored)?;
            Ok(ProjectFormPage { shell, project, clients, form, errors, conflict: Vec::new() })
        })
        .await
}
