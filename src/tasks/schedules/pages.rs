//! The pages of schedules.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::form::ScheduleForm;
use super::model::{self, RhythmUnit, Schedule, ScheduleMode};
use crate::auth::extract::{Manager, Teammate};
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors, found};
use crate::projects::model::{self as projects, ProjectChoice};
use crate::tasks::model::{self as tasks, TaskPriority};
use crate::types::ids::{ScheduleId, TaskId, UserId};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{self, Section, Shell, View};
use crate::web::query::{Query, id_of};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "tasks/schedules/index.html", blocks = ["list"])]
struct SchedulesIndex {
    shell: Shell,
    /// Each with its project and client.
    rows: Vec<(Schedule, String, String)>,
}

#[derive(Template)]
#[template(path = "tasks/schedules/form.html", blocks = ["fields"])]
struct ScheduleFormPage {
    shell: Shell,
    id: Option<ScheduleId>,
    projects: Vec<(String, Vec<ProjectChoice>)>,
    people: Vec<(UserId, String)>,
    form: ScheduleForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

impl ScheduleFormPage {
    fn action(&self) -> String {
        self.id.map_or_else(|| "/schedules".to_owned(), |id| format!("/schedules/{id}"))
    }
}

/// What a new schedule may be told before it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewScheduleQuery {
    /// The task that is to come back.
    task_id: String,
}

/// Every schedule.
pub async fn index(user: Teammate, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            Ok(SchedulesIndex { shell, rows: model::all(conn)? })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The form of a new schedule.
pub async fn new(
    user: Manager,
    app: web::Data<App>,
    view: View,
    query: Query<NewScheduleQuery>,
) -> AppResult<HttpResponse> {
    let reader = user.actor.clone();
    let task: Option<TaskId> = id_of("task_id", &query.0.task_id)?;
    let form = app
        .db
        .read(move |conn| {
            let task = task.map(|id| found(tasks::find(conn, &reader, id))).transpose()?.flatten();
            Ok(task.as_ref().map_or_else(ScheduleForm::blank, ScheduleForm::like))
        })
        .await?;
    let form = ScheduleForm { idempotency_key: once::new_key(), ..form };
    let page = form_page(&app, &user.actor, &view, None, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Adds a schedule.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<ScheduleForm>,
) -> AppResult<HttpResponse> {
    let mut form = form.0;
    let created = match form.check() {
        Ok(new) => {
            let (actor, now, sent) = (user.actor.clone(), app.clock.now(), form.clone());
            app.db
                .write(move |conn| {
                    let today = page::today(conn, now)?;
                    once(conn, actor.id, now, &sent.idempotency_key, &sent, |conn| {
                        Ok((model::create(conn, &actor, now, today, &new)?.id.0, ()))
                    })
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(Once::First(())) => view.redirect("/schedules", "Recurring task added."),
        Ok(Once::Again(_)) => view.redirect("/schedules", "This recurring task was added already."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, &user.actor, &view, None, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a stored schedule.
pub async fn edit(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ScheduleId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor.clone(), id.into_inner());
    let schedule = app.db.read(move |conn| model::find(conn, &actor, id)).await?;
    let form = ScheduleForm::filled(&schedule);
    let page = form_page(&app, &user.actor, &view, Some(id), form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a schedule.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ScheduleId>,
    form: Form<ScheduleForm>,
) -> AppResult<HttpResponse> {
    let (id, form) = (id.into_inner(), form.0);
    let saved = match (form.check(), edited_version(&form.version)) {
        (Ok(new), Ok(version)) => {
            let (actor, now) = (user.actor.clone(), app.clock.now());
            app.db
                .write(move |conn| {
                    let today = page::today(conn, now)?;
                    model::update(conn, &actor, now, today, (id, version), &new)
                })
                .await
        }
        (Err(errors), _) => Err(errors.into()),
        (_, Err(error)) => Err(error),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect("/schedules", "Recurring task saved."),
        Ok(Saved::Stale(schedule)) => {
            let stored = ScheduleForm::filled(&schedule);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect("/schedules", "Recurring task saved.");
            }
            let form = ScheduleForm { version: stored.version, ..form };
            let page = form_page(&app, &user.actor, &view, Some(id), form, FormErrors::default()).await?;
            let page = ScheduleFormPage { conflict, ..page };
            view.stale("#schedule_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &user.actor, &view, Some(id), form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Deletes a schedule.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ScheduleId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect("/schedules", "Recurring task deleted.")
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: Option<ScheduleId>,
    form: ScheduleForm,
    errors: FormErrors,
) -> AppResult<ScheduleFormPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let stored = id.map(|id| model::find(conn, &actor, id)).transpose()?;
            let shell = Shell::load(conn, &actor, now, &view, Section::Tasks)?;
            let mut people = tasks::assignees(conn, &actor, None)?;
            if let Some(assignee) = stored.as_ref().and_then(|schedule| schedule.assignee_id)
                && people.iter().all(|(id, _)| *id != assignee)
            {
                people.extend(tasks::person(conn, Some(assignee))?.map(|name| (assignee, name)));
            }
            let chosen = stored.map(|schedule| schedule.project_id).or_else(|| form.project_id.parse().ok());
            let projects = projects::by_client(projects::choices_with(conn, &actor, chosen)?);
            Ok(ScheduleFormPage { shell, id, projects, people, form, errors, conflict: Vec::new() })
        })
        .await
}
