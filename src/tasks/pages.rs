//! The pages of tasks: the list, the tabs of clients and projects that show it, the task.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::comments::form::CommentForm;
use super::comments::model::{self as comments, Comment};
use super::form::{DetailsForm, TaskForm, TaskQuery};
use super::model::{self, TaskDue, TaskFilter, TaskRow, TaskState, TaskStatus};
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::{self, Actor};
use crate::clients::model::{self as clients, ClientHead};
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model::{self as projects, ProjectChoice, ProjectHead};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, TaskId, UserId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
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
            Some(total) if total >= model::COUNT_CAP => format!("{shown} of 1,000+"),
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
    clients: Vec<(ClientId, String)>,
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
#[template(path = "tasks/_row.html")]
struct TaskRowPart {
    shell: Shell,
    row: TaskRow,
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
}

impl TaskFormPage {
    fn action(&self) -> String {
        self.id.map_or_else(|| "/tasks".to_owned(), |id| format!("/tasks/{id}"))
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
    query: web::Query<TaskQuery>,
) -> AppResult<HttpResponse> {
    let query = query.into_inner();
    let filter = query.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            let lines = lines(conn, &shell, &filter, &query, "/tasks")?;
            let (clients, people, project) = if look.is_fragment() {
                (Vec::new(), Vec::new(), None)
            } else {
                let project = filter.project_id.map(|id| projects::find(conn, &actor, id)).transpose()?;
                (
                    clients::choices(conn, &actor)?,
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
    query: web::Query<TaskQuery>,
) -> AppResult<HttpResponse> {
    let (id, query) = (id.into_inner(), query.into_inner());
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
    query: web::Query<TaskQuery>,
) -> AppResult<HttpResponse> {
    let (id, query) = (id.into_inner(), query.into_inner());
    let filter = query.check_of_project(id)?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = projects::head(conn, &actor, id, shell.today)?;
            let lines = lines(conn, &shell, &filter, &query, &format!("/projects/{id}"))?;
            Ok(TasksOfProject { shell, query, head, lines })
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
    let page = model::list(conn, &shell.actor, filter, shell.today)?;
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

/// The page of one task; `refused` are details that did not hold, and why.
fn show_page(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    look: &View,
    id: TaskId,
    refused: Option<(DetailsForm, FormErrors)>,
) -> AppResult<TaskShow> {
    let row = model::row(conn, actor, id)?;
    let shell = Shell::load(conn, actor, now, look, Section::Tasks)?;
    let (details, errors) =
        refused.unwrap_or_else(|| (DetailsForm::filled(&row.task), FormErrors::default()));
    let mut people = user::choices(conn)?;
    if let (Some(id), Some(name)) = (row.task.assignee_id, &row.assignee_name) {
        if people.iter().all(|(other, _)| *other != id) {
            people.push((id, name.clone()));
        }
    }
    Ok(TaskShow {
        description_html: model::description_html(conn, id)?,
        creator: model::person(conn, row.task.created_by)?,
        people,
        logged: model::logged_by(conn, actor, id)?,
        details,
        errors,
        comments: comments::of_task(conn, id)?,
        form: CommentForm::default(),
        entries: timeline(conn, Scope::Task(id), actor.sees_money(), None, ACTIVITY_ROWS)?,
        shell,
        row,
    })
}

/// What a new task may be told before it is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewQuery {
    project_id: String,
}

/// The form of a new task.
pub async fn new(
    user: Worker,
    app: web::Data<App>,
    view: View,
    query: web::Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let form = TaskForm::blank(query.project_id.parse().ok());
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
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let created = match form.check() {
        Ok(new) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::create(conn, &actor, now, &new)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(task) if form.then == "project" => {
            view.redirect(&format!("/projects/{}", task.project_id), "Task added.")
        }
        Ok(task) => view.redirect(&format!("/tasks/{}", task.id), "Task added."),
        Err(AppError::Invalid(errors)) => {
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
    let saved = match (form.check(), form.version.parse::<i64>()) {
        (Ok(new), Ok(version)) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::update(conn, &actor, now, id, version, &new)).await
        }
        (Err(errors), _) => Err(errors.into()),
        (_, Err(_)) => Err(missing_version()),
    };
    match saved {
        Ok(_) => view.redirect(&format!("/tasks/{id}"), "Task saved."),
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
    let version: i64 = form.version.parse().map_err(|_| missing_version())?;
    let saved = {
        let (actor, look, form) = (actor.clone(), look.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check(&model::find(conn, &actor, id)?)?;
                model::update(conn, &actor, now, id, version, &new)?;
                show_page(conn, &actor, now, &look, id, None)
            })
            .await
    };
    match saved {
        Ok(page) if view.is_fragment() => {
            view.html(|| page.as_details_part().render(), || page.as_details_part().render())
        }
        Ok(_) => view.redirect(&format!("/tasks/{id}"), "Task saved."),
        Err(AppError::Invalid(errors)) => {
            let page = app
                .db
                .read(move |conn| show_page(conn, &actor, now, &look, id, Some((form, errors))))
                .await?;
            view.invalid(|| page.render(), || page.as_details_part().render())
        }
        Err(error) => Err(error),
    }
}

/// Marks a task done: its row for htmx, its page otherwise.
pub async fn complete(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let part = app
        .db
        .write(move |conn| {
            model::complete(conn, &actor, now, id)?;
            row_part(conn, &actor, now, &look, id)
        })
        .await?;
    changed(&view, &part, "Task done.")
}

/// Takes a task up again: its row for htmx, its page otherwise.
pub async fn reopen(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let part = app
        .db
        .write(move |conn| {
            model::reopen(conn, &actor, now, id)?;
            row_part(conn, &actor, now, &look, id)
        })
        .await?;
    changed(&view, &part, "Task reopened.")
}

fn row_part(conn: &mut Conn, actor: &Actor, now: UtcTime, look: &View, id: TaskId) -> AppResult<TaskRowPart> {
    let shell = Shell::load(conn, actor, now, look, Section::Tasks)?;
    Ok(TaskRowPart { row: model::row(conn, actor, id)?, shell })
}

fn changed(view: &View, part: &TaskRowPart, message: &str) -> AppResult<HttpResponse> {
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        view.redirect(&format!("/tasks/{}", part.row.task.id), message)
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

fn missing_version() -> AppError {
    AppError::BadRequest("The version that was edited is missing.".into())
}

/// Projects to choose from, by client; `chosen` is among them even when it rests.
fn project_choices(
    conn: &mut Conn,
    actor: &Actor,
    chosen: Option<ProjectId>,
) -> AppResult<Vec<(String, Vec<ProjectChoice>)>> {
    let mut choices = projects::choices(conn, actor)?;
    if let Some(id) = chosen.filter(|id| choices.iter().all(|choice| choice.id != *id)) {
        match projects::find(conn, actor, id) {
            Ok(project) => choices.insert(
                0,
                ProjectChoice {
                    is_billable: project.is_billable(),
                    client_name: clients::find(conn, actor, project.client_id)?.name,
                    id,
                    client_id: project.client_id,
                    name: project.name,
                },
            ),
            Err(AppError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    let mut groups: Vec<(String, Vec<ProjectChoice>)> = Vec::new();
    for choice in choices {
        match groups.last_mut() {
            Some((name, group)) if *name == choice.client_name => group.push(choice),
            _ => groups.push((choice.client_name.clone(), vec![choice])),
        }
    }
    Ok(groups)
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
            let stored = id.map(|id| model::row(conn, &actor, id)).transpose()?;
            let mut people = user::choices(conn)?;
            if let Some((id, name)) =
                stored.as_ref().and_then(|row| row.task.assignee_id.zip(row.assignee_name.clone()))
            {
                if people.iter().all(|(other, _)| *other != id) {
                    people.push((id, name));
                }
            }
            let chosen = stored.map(|row| row.task.project_id).or_else(|| form.project_id.parse().ok());
            let projects = project_choices(conn, &actor, chosen)?;
            Ok(TaskFormPage { shell, id, projects, people, form, errors })
        })
        .await
}
