//! The lists of tasks: all of them, and the tabs of clients and projects.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::figures::{self, TaskRow};
use super::filter::{TaskDue, TaskFilter, TaskState};
use super::filter_bar::FilterBar;
use super::model::TaskPriority;
use super::query::TaskQuery;
use crate::auth::extract::CurrentUser;
use crate::clients::model::{self as clients, ClientHead};
use crate::db::Conn;
use crate::error::AppResult;
use crate::projects::model::{self as projects, ProjectHead};
use crate::types::ids::{ClientId, ProjectId};
use crate::web::once;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

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
    bar: FilterBar,
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
            let bar = FilterBar::load(conn, &actor, (&look, &offers), "/tasks", query, &filter)?;
            Ok(TasksIndex { shell, bar, lines })
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
