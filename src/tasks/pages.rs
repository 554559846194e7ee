//! Adding, changing and deleting a task.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::figures::{self, TaskRow};
use super::form::{Names, TaskForm};
use super::labels::model::{self as labels, Label};
use super::model::{self, TaskPriority, TaskStatus};
use crate::auth::extract::Worker;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model::{self as projects, ProjectChoice};
use crate::types::ids::{ProjectId, TaskId, UserId};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::{Query, id_of};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "tasks/form.html", blocks = ["fields"])]
struct TaskFormPage {
    shell: Shell,
    /// The stored task when it is edited, `None` when it is new.
    id: Option<TaskId>,
    projects: Vec<(String, Vec<ProjectChoice>)>,
    people: Vec<(UserId, String)>,
    labels: Vec<Label>,
    form: TaskForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

impl TaskFormPage {
    fn action(&self) -> String {
        self.id.map_or_else(|| "/tasks".to_owned(), |id| format!("/tasks/{id}"))
    }

    fn names(&self) -> Names {
        let projects = self.projects.iter().flat_map(|(_, group)| group);
        Names {
            projects: projects.map(|choice| (choice.id, choice.name.clone())).collect(),
            people: self.people.clone(),
            labels: self.labels.clone(),
        }
    }

    fn back(&self) -> String {
        match (self.id, self.form.project_id.is_empty()) {
            (Some(id), _) => format!("/tasks/{id}"),
            (None, false) => format!("/projects/{}", self.form.project_id),
            (None, true) => "/tasks".to_owned(),
        }
    }
}

/// What a new task may be told before it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewQuery {
    project_id: String,
    /// The column of the board that it is added to.
    status: String,
}

/// The form of a new task.
pub async fn new(
    user: Worker,
    app: web::Data<App>,
    view: View,
    query: Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let project = id_of("project_id", &query.0.project_id)?;
    let mut form = TaskForm { idempotency_key: once::new_key(), ..TaskForm::blank(project) };
    if let Ok(status) = query.0.status.parse::<TaskStatus>() {
        form.status = status.to_string();
    }
    let page = form_page(&app, &user.actor, &view, None, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Adds a task.
pub async fn create(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<TaskForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, mut form) = (user.actor, app.clock.now(), form.0);
    let created = match form.check() {
        Ok(new) => {
            let (actor, sent) = (actor.clone(), form.clone());
            app.db
                .write(move |conn| {
                    once(conn, actor.id, now, &sent.idempotency_key, &sent, |conn| {
                        let id = model::create(conn, &actor, now, &new)?.id;
                        Ok((id.0, id))
                    })
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(_) if form.then == "project" => {
            view.redirect(&format!("/projects/{}", form.project_id.trim()), "Task added.")
        }
        Ok(Once::First(id)) => view.redirect(&format!("/tasks/{id}"), "Task added."),
        Ok(Once::Again(id)) => view.redirect(&format!("/tasks/{id}"), "This task was added already."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, &actor, &view, None, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a stored task.
pub async fn edit(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let reader = actor.clone();
    let form = app.db.read(move |conn| stored_form(conn, &reader, id)).await?;
    let page = form_page(&app, &actor, &view, Some(id), form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a task.
pub async fn update(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
    form: Form<TaskForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let saved = match (form.check(), edited_version(&form.version)) {
        (Ok(new), Ok(version)) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::update(conn, &actor, now, id, version, &new)).await
        }
        (Err(errors), _) => Err(errors.into()),
        (_, Err(error)) => Err(error),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect(&format!("/tasks/{id}"), "Task saved."),
        Ok(Saved::Stale(_)) => {
            let reader = actor.clone();
            let stored = app.db.read(move |conn| stored_form(conn, &reader, id)).await?;
            let form = TaskForm { version: stored.version.clone(), ..form };
            let mut page = form_page(&app, &actor, &view, Some(id), form, FormErrors::default()).await?;
            page.conflict = page.form.differences(&stored, &page.names());
            if page.conflict.is_empty() {
                return view.redirect(&format!("/tasks/{id}"), "Task saved.");
            }
            view.stale("#task_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &actor, &view, Some(id), form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Deletes a task without hours.
pub async fn destroy(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect("/tasks", "Task deleted.")
}

/// People to choose from for a task of `project`, or of any; who has the task is among them even when they could not
/// have another.
pub(in crate::tasks) fn people(
    conn: &mut Conn,
    actor: &Actor,
    project: Option<ProjectId>,
    row: Option<&TaskRow>,
) -> AppResult<Vec<(UserId, String)>> {
    let mut people = model::assignees(conn, actor, project)?;
    let chosen = row.and_then(|row| row.task.assignee_id.zip(row.assignee_name.clone()));
    people.extend(chosen.filter(|(id, _)| people.iter().all(|(other, _)| other != id)));
    Ok(people)
}

/// The form of a task as it is stored.
fn stored_form(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<TaskForm> {
    let row = figures::row(conn, actor, id)?;
    Ok(TaskForm::filled(&row.task, &row.parts.labels))
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: Option<TaskId>,
    form: TaskForm,
    errors: FormErrors,
) -> AppResult<TaskFormPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Tasks)?;
            let stored = id.map(|id| figures::row(conn, &actor, id)).transpose()?;
            let chosen =
                stored.as_ref().map(|row| row.task.project_id).or_else(|| form.project_id.parse().ok());
            // The project may still be chosen otherwise, so everybody is offered who could have a task of some.
            let people = people(conn, &actor, None, stored.as_ref())?;
            let projects = projects::by_client(projects::choices_with(conn, &actor, chosen)?);
            let labels = labels::all(conn)?;
            Ok(TaskFormPage { shell, id, projects, people, labels, form, errors, conflict: Vec::new() })
        })
        .await
}
