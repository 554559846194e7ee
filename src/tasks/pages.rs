//! The pages of tasks: the list, the tabs of clients and projects that show it, the task.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::comments::form::CommentForm;
use super::comments::model::{self as comments, Comment};
use super::figures::{self, TaskRow};
use super::filter::{TaskDue, TaskFilter, TaskState};
use super::form::{DetailsForm, Names, TaskForm, TaskQuery};
use super::model::{self, TaskStatus};
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::{self, Actor};
use crate::clients::model::{self as clients, ClientHead};
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model::{self as projects, ProjectChoice, ProjectHead};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, TaskId, UserId};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

/// Entries of the activity on a task's page.
const ACTIVITY_ROWS: i64 = 30;

/// A page of tasks as the list and the tabs show it.
struct TaskLines {
    rows: Vec<TaskRow>,
    /// The address of the first page, when this is a later one.
    first: Option<String>,
    /// The address of the next page, if there is one.
    next: Option<String>,
    total: Option<i64>,
}

impl TaskLines {
    /// "50 of 1,000+", "12 tasks".
    fn range(&self) -> String {
        let shown = self.rows.len();
        match self.total {
            Some(total) if total >= figures::COUNT_CAP => format!("{shown} of 1,000+"),
            Some(total) if usize::try_from(total) != Ok(shown) => format!("{shown} of {total}"),
            _ => format!("{shown} task{}", if shown == 1 { "" } else { "s" }),
        }
    }
}

#[derive(Template)]
#[template(path = "tasks/index.html", blocks = ["list"])]
struct TasksIndex {
    shell: Shell,
    query: TaskQuery,
    clients: Arc<Vec<(ClientId, String)>>,
    people: Vec<(UserId, String)>,
    /// The project it is narrowed to.
    project: Option<(ProjectId, String)>,
    lines: TaskLines,
}

#[derive(Template)]
#[template(path = "tasks/of_client.html", blocks = ["list"])]
struct TasksOfClient {
    shell: Shell,
    query: TaskQuery,
    head: ClientHead,
    lines: TaskLines,
}

#[derive(Template)]
#[template(path = "tasks/of_project.html", blocks = ["list"])]
struct TasksOfProject {
    shell: Shell,
    query: TaskQuery,
    head: ProjectHead,
    lines: TaskLines,
    /// Of the line that adds a task.
    idempotency_key: String,
}

impl TasksOfClient {
    fn tab(&self) -> &'static str {
        "tasks"
    }
}

impl TasksOfProject {
    fn tab(&self) -> &'static str {
        "tasks"
    }
}

#[derive(Template)]
#[template(path = "tasks/show.html", blocks = ["details_part"])]
struct TaskShow {
    shell: Shell,
    row: TaskRow,
    description_html: String,
    creator: Option<String>,
    people: Vec<(UserId, String)>,
    logged: Vec<(UserId, String, i64)>,
    details: DetailsForm,
    errors: FormErrors,
    /// Details that somebody else changed meanwhile.
    conflict: Vec<Difference>,
    comments: Vec<Comment>,
    form: CommentForm,
    entries: Vec<TimelineEntry>,
}

#[derive(Template)]
#[template(path = "tasks/form.html", blocks = ["fields"])]
struct TaskFormPage {
    shell: Shell,
    /// The stored task when it is edited, `None` when it is new.
    id: Option<TaskId>,
    projects: Vec<(String, Vec<ProjectChoice>)>,
    people: Vec<(UserId, String)>,
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

/// The list, or its table for htmx.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: Query<TaskQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            let lines = lines(conn, &shell, &filter, &query, "/tasks")?;
            let (clients, people, project) = if look.is_fragment() {
                Default::default()
            } else {
                let project = filter.project_id.map(|id| projects::find(conn, &actor, id)).transpose()?;
                (
                    clients::kept_choices(conn, &actor, &offers.clients, filter.client_id)?,
                    user::choices(conn)?,
                    project.map(|project| (project.id, project.name)),
                )
            };
            Ok(TasksIndex { shell, query, clients, people, project, lines })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The tasks of one client.
pub async fn of_client(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<ClientId>,
    query: Query<TaskQuery>,
) -> AppResult<HttpResponse> {
    let (id, query) = (id.into_inner(), query.0);
    let filter = query.check_of_client(id)?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let head = clients::head(conn, &actor, id, shell.today)?;
            let lines = lines(conn, &shell, &filter, &query, &format!("/clients/{id}/tasks"))?;
            Ok(TasksOfClient { shell, query, head, lines })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The page of one project: its tasks.
pub async fn of_project(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    query: Query<TaskQuery>,
) -> AppResult<HttpResponse> {
    let (id, query) = (id.into_inner(), query.0);
    let filter = query.check_of_project(id)?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = projects::head(conn, &actor, id, shell.today)?;
            let lines = lines(conn, &shell, &filter, &query, &format!("/projects/{id}"))?;
            Ok(TasksOfProject { shell, query, head, lines, idempotency_key: once::new_key() })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

fn lines(
    conn: &mut Conn,
    shell: &Shell,
    filter: &TaskFilter,
    query: &TaskQuery,
    path: &str,
) -> AppResult<TaskLines> {
    let page = figures::list(conn, &shell.actor, filter, shell.today)?;
    Ok(TaskLines {
        rows: page.rows,
        first: query.is_paged().then(|| query.address(path, "")),
        next: page.next.map(|cursor| query.address(path, &cursor.to_string())),
        total: page.total,
    })
}

/// One task with its comments and what happened around it.
pub async fn show(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app.db.read(move |conn| show_page(conn, &actor, now, &look, id, None)).await?;
    view.html(|| page.render(), || page.render())
}

/// Why the details of a task were not saved.
enum Refusal {
    /// They do not hold.
    Invalid(FormErrors),
    /// Somebody else was faster.
    Stale,
}

/// The page of one task; `refused` are details that were not saved, and why.
fn show_page(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    look: &View,
    id: TaskId,
    refused: Option<(DetailsForm, Refusal)>,
) -> AppResult<TaskShow> {
    let row = figures::row(conn, actor, id)?;
    let shell = Shell::load(conn, actor, now, look, Section::Tasks)?;
    let people = people(conn, Some(&row))?;
    let stored = DetailsForm::filled(&row.task);
    let (details, errors, conflict) = match refused {
        None => (stored, FormErrors::default(), Vec::new()),
        Some((typed, Refusal::Invalid(errors))) => (typed, errors, Vec::new()),
        Some((typed, Refusal::Stale)) => {
            let conflict = typed.differences(&stored, &people);
            (DetailsForm { version: stored.version, ..typed }, FormErrors::default(), conflict)
        }
    };
    Ok(TaskShow {
        description_html: model::description_html(conn, id)?,
        creator: model::person(conn, row.task.created_by)?,
        people,
        logged: figures::logged_by(conn, actor, id)?,
        details,
        errors,
        conflict,
        comments: comments::of_task(conn, id)?,
        form: CommentForm { idempotency_key: once::new_key(), ..CommentForm::default() },
        entries: timeline(conn, Scope::Task(id), actor.sees_money(), None, ACTIVITY_ROWS)?,
        shell,
        row,
    })
}

/// What a new task may be told before it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewQuery {
    project_id: String,
}

/// The form of a new task.
pub async fn new(
    user: Worker,
    app: web::Data<App>,
    view: View,
    query: Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let project = query.0.project_id.parse().ok();
    let form = TaskForm { idempotency_key: once::new_key(), ..TaskForm::blank(project) };
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
        Err(AppError::Invalid(errors)) => {
            once::renew(&mut form.idempotency_key, &errors);
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
    let task = app.db.read(move |conn| model::find(conn, &reader, id)).await?;
    let form = TaskForm::filled(&task);
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
        Ok(Saved::Stale(task)) => {
            let stored = TaskForm::filled(&task);
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

/// Changes status, assignee and due date on the task's page.
pub async fn update_details(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
    form: Form<DetailsForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id, form) = (user.actor, app.clock.now(), view.clone(), id.into_inner(), form.0);
    let version = edited_version(&form.version)?;
    let saved = {
        let (actor, look, form) = (actor.clone(), look.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check(&model::find(conn, &actor, id)?)?;
                let saved = model::update(conn, &actor, now, id, version, &new)?;
                let is_stale = matches!(saved, Saved::Stale(_));
                let refused = is_stale.then(|| (form.clone(), Refusal::Stale));
                Ok((show_page(conn, &actor, now, &look, id, refused)?, is_stale))
            })
            .await
    };
    match saved {
        Ok((page, true)) => view.stale("#task_details", || page.render(), || page.as_details_part().render()),
        Ok((page, false)) if view.is_fragment() => {
            view.html(|| page.as_details_part().render(), || page.as_details_part().render())
        }
        Ok(_) => view.redirect(&format!("/tasks/{id}"), "Task saved."),
        Err(AppError::Invalid(errors)) => {
            let refused = Some((form, Refusal::Invalid(errors)));
            let page = app.db.read(move |conn| show_page(conn, &actor, now, &look, id, refused)).await?;
            view.invalid(|| page.render(), || page.as_details_part().render())
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

/// People to choose from; who has the task is among them even when they may not come in any more.
fn people(conn: &mut Conn, row: Option<&TaskRow>) -> AppResult<Vec<(UserId, String)>> {
    let mut people = user::choices(conn)?;
    let chosen = row.and_then(|row| row.task.assignee_id.zip(row.assignee_name.clone()));
    people.extend(chosen.filter(|(id, _)| people.iter().all(|(other, _)| other != id)));
    Ok(people)
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
            let people = people(conn, stored.as_ref())?;
            let chosen = stored.map(|row| row.task.project_id).or_else(|| form.project_id.parse().ok());
            let projects = projects::by_client(projects::choices_with(conn, &actor, chosen)?);
            Ok(TaskFormPage { shell, id, projects, people, form, errors, conflict: Vec::new() })
        })
        .await
}
