//! What the selects of the form offer for project and task.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{Names, NewQuery, TimeEntryForm};
use super::place::{self, TaskChoice};
use crate::auth::extract::Worker;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::{AppResult, found};
use crate::projects::model::{self as projects, ProjectChoice};
use crate::tasks::model as tasks;
use crate::types::ids::{ClientId, ProjectId, TaskId};
use crate::web::App;
use crate::web::form::Check;
use crate::web::page::View;
use crate::web::query::Query;

/// The selects of a form: what is offered for project and task.
pub struct Choices {
    /// By client.
    pub projects: Vec<(String, Vec<ProjectChoice>)>,
    /// By project.
    pub tasks: Vec<(String, Vec<(TaskId, String)>)>,
}

impl Choices {
    /// What the ids are called.
    pub fn names(&self) -> Names {
        let projects = self.projects.iter().flat_map(|(_, group)| group);
        let tasks = self.tasks.iter().flat_map(|(_, group)| group);
        Names {
            projects: projects.map(|choice| (choice.id, choice.name.clone())).collect(),
            tasks: tasks.cloned().collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "time_entries/_task_options.html")]
struct TaskOptions {
    choices: Choices,
    chosen: String,
}

/// The tasks of a project as options of a select.
pub async fn task_options(
    user: Worker,
    app: web::Data<App>,
    view: View,
    query: Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let mut check = Check::new();
    let project: Option<ProjectId> = check.id("project_id", &query.0.project_id);
    check.finish(Some(()))?;
    let actor = user.actor;
    let part = app
        .db
        .read(move |conn| {
            if let Some(id) = project {
                projects::find(conn, &actor, id)?;
            }
            let form = TimeEntryForm { project_id: project.into(), ..TimeEntryForm::default() };
            Ok(TaskOptions { choices: offered(conn, &actor, &form, None)?, chosen: String::new() })
        })
        .await?;
    view.html(|| part.render(), || part.render())
}

/// What the selects of `form` offer, the projects of `client` first. What is chosen already stays a choice, though
/// it be closed.
pub fn offered(
    conn: &mut Conn,
    actor: &Actor,
    form: &TimeEntryForm,
    client: Option<ClientId>,
) -> AppResult<Choices> {
    let project: Option<ProjectId> = form.project_id.parse().ok();
    let mut open = projects::choices_with(conn, actor, project)?;
    open.sort_by_key(|choice| client.is_some_and(|client| choice.client_id != client));
    let mut offered = place::task_choices(conn, actor, project)?;
    let task: Option<TaskId> = form.task_id.parse().ok();
    if let Some(id) = task.filter(|id| !offered.iter().any(|choice| choice.id == *id))
        && let Some(task) = found(tasks::find(conn, actor, id))?
    {
        offered.push(TaskChoice { id, title: task.title, project_id: task.project_id });
    }
    let mut by_project: Vec<(String, Vec<(TaskId, String)>)> = Vec::new();
    for choice in &open {
        let of_this = offered.iter().filter(|task| task.project_id == choice.id);
        let rows: Vec<_> = of_this.map(|task| (task.id, task.title.clone())).collect();
        if !rows.is_empty() {
            by_project.push((format!("{} · {}", choice.client_name, choice.name), rows));
        }
    }
    Ok(Choices { projects: projects::by_client(open), tasks: by_project })
}
