//! The project and task that hours are put on.

use diesel::prelude::*;

use crate::audit::model::{Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients_model;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::schema::tasks;
use crate::error::{AppError, AppResult};
use crate::projects::model::{self as projects_model, Project, ProjectStatus};
use crate::tasks::model as tasks_model;
use crate::types::ids::{ClientId, ProjectId, TaskId, TimeEntryId};

/// What hours are put on, checked.
#[derive(Debug, Clone)]
pub(in crate::time_entries) struct Place {
    /// For whom: the project's client.
    pub client: ClientId,
    /// On which project.
    pub project: ProjectId,
    /// On which task.
    pub task: Option<TaskId>,
    /// The task, or the project when there is none.
    pub label: String,
    /// Whether hours here are billable unless somebody says otherwise.
    pub is_billable: bool,
}

impl Place {
    /// Where `project` and `task` lead. New hours need an open project; hours that `stay` on theirs do not.
    pub fn find(
        conn: &mut Conn,
        actor: &Actor,
        project: Option<ProjectId>,
        task: Option<TaskId>,
        stay: Option<ProjectId>,
    ) -> AppResult<Self> {
        let unknown = |field: &'static str| {
            move |error| match error {
                AppError::NotFound => AppError::invalid(field, "must be one of the choices"),
                other => other,
            }
        };
        // Neither the task nor the project moves away, and the currency stays, before the hours are written.
        if let Some(id) = task {
            lock_row(conn, LockedTable::TaskKey, id.0)?;
        }
        let task = match task {
            Some(id) => Some(tasks_model::find(conn, actor, id).map_err(unknown("task_id"))?),
            None => None,
        };
        let id = project
            .or(task.as_ref().map(|task| task.project_id))
            .ok_or_else(|| AppError::invalid("project_id", "can't be blank"))?;
        lock_row(conn, LockedTable::ProjectKey, id.0)?;
        let project = projects_model::find(conn, actor, id).map_err(unknown("project_id"))?;
        if task.as_ref().is_some_and(|task| task.project_id != id) {
            return Err(AppError::invalid("task_id", "belongs to another project"));
        }
        lock_row(conn, LockedTable::ClientKey, project.client_id.0)?;
        if stay != Some(id) {
            refuse_closed(conn, actor, &project)?;
        }
        Ok(Self {
            client: project.client_id,
            project: id,
            is_billable: project.is_billable() && task.as_ref().is_none_or(|task| task.is_billable),
            task: task.as_ref().map(|task| task.id),
            label: task.map_or(project.name, |task| task.title),
        })
    }

    /// An entry of the activity log about hours here.
    pub fn note(&self, action: Action, subject: Subject, id: TimeEntryId) -> Entry {
        let entry = Entry::new(action, subject, id.0, &self.label).client(self.client).project(self.project);
        match self.task {
            Some(task) => entry.task(task),
            None => entry,
        }
    }
}

fn refuse_closed(conn: &mut Conn, actor: &Actor, project: &Project) -> AppResult<()> {
    if matches!(project.status, ProjectStatus::Done | ProjectStatus::Archived) {
        let message = format!("is {}: it takes no new hours", project.status.label().to_lowercase());
        return Err(AppError::invalid("project_id", message));
    }
    if clients_model::find(conn, actor, project.client_id)?.is_archived() {
        return Err(AppError::invalid("project_id", "belongs to an archived client: it takes no new hours"));
    }
    Ok(())
}

/// A task that hours can be put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskChoice {
    /// Which.
    pub id: TaskId,
    /// Its title.
    pub title: String,
    /// On which project.
    pub project_id: ProjectId,
}

/// Tasks offered when no project is chosen: enough for an agency, little enough for a page.
const MOST_TASKS: i64 = 200;

/// Open tasks of one project, or the most urgent of all projects, one's own before others'.
pub fn task_choices(
    conn: &mut Conn,
    actor: &Actor,
    project: Option<ProjectId>,
) -> AppResult<Vec<TaskChoice>> {
    if let Some(project_id) = project {
        let choices = tasks_model::choices(conn, actor, project_id)?;
        return Ok(choices.into_iter().map(|(id, title)| TaskChoice { id, title, project_id }).collect());
    }
    let open = || {
        tasks_model::visible_to(actor)
            .filter(tasks::completed_at.is_null())
            .order((tasks::due_order, tasks::id))
            .select((tasks::id, tasks::title, tasks::project_id))
            .limit(MOST_TASKS)
    };
    let mut rows: Vec<(TaskId, String, ProjectId)> =
        open().filter(tasks::assignee_id.eq(actor.id)).load(conn)?;
    let others: Vec<(TaskId, String, ProjectId)> = open().load(conn)?;
    for row in others {
        if rows.len() < MOST_TASKS as usize && !rows.iter().any(|known| known.0 == row.0) {
            rows.push(row);
        }
    }
    Ok(rows.into_iter().map(|(id, title, project_id)| TaskChoice { id, title, project_id }).collect())
}
