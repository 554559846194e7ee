//! Tasks: rows, queries, verbs.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::tasks;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, TaskId, UserId};

crate::text_enum! {
    /// How far a task is.
    pub enum TaskStatus {
        /// Not begun.
        Todo = "todo", "To do";
        /// Somebody is at it.
        Doing = "doing", "In progress";
        /// Waits for a second look.
        Review = "review", "Review";
        /// Finished.
        Done = "done", "Done";
    }
}

impl TaskStatus {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Todo => "",
            Self::Doing => "badge-info",
            Self::Review => "badge-warn",
            Self::Done => "badge-ok",
        }
    }
}

/// A task.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = tasks)]
pub struct Task {
    /// Which.
    pub id: TaskId,
    /// For whom: its project's client.
    pub client_id: ClientId,
    /// On which project.
    pub project_id: ProjectId,
    /// What is to be done.
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// The description rendered and sanitised.
    pub description_html: String,
    /// How far it is.
    pub status: TaskStatus,
    /// Who does it.
    pub assignee_id: Option<UserId>,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// The due date with "no date" at the far end.
    pub due_order: NaiveDate,
    /// Estimate in seconds.
    pub estimate_seconds: Option<i64>,
    /// Whether new hours on it are billable.
    pub is_billable: bool,
    /// When it was finished.
    pub completed_at: Option<UtcTime>,
    /// Who added it.
    pub created_by: Option<UserId>,
    /// When it was added.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl Task {
    /// Whether it is finished.
    pub fn is_done(&self) -> bool {
        self.completed_at.is_some()
    }

    /// Whether it is open and its day has passed.
    pub fn is_late(&self, today: &NaiveDate) -> bool {
        !self.is_done() && self.due_on.is_some_and(|due_on| due_on < *today)
    }
}

type Tasks<'a> = tasks::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The tasks that `actor` may see: all of them, for every role there is so far.
pub fn visible_to<'a>(_actor: &Actor) -> Tasks<'a> {
    tasks::table.into_boxed()
}

/// The task, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<Task> {
    Ok(visible_to(actor).filter(tasks::id.eq(id)).select(Task::as_select()).first(conn)?)
}

/// Id and title of a project's open tasks, the most urgent first, for a choice.
pub fn choices(conn: &mut Conn, actor: &Actor, project: ProjectId) -> AppResult<Vec<(TaskId, String)>> {
    Ok(visible_to(actor)
        .filter(tasks::project_id.eq(project))
        .filter(tasks::completed_at.is_null())
        .order((tasks::due_order, tasks::id))
        .select((tasks::id, tasks::title))
        .load(conn)?)
}
