//! Tasks with names and hours, as the list, the tabs and a task's page show them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::filter::{Assignee, Cursor, TaskDue, TaskFilter, TaskState};
use super::model::{NO_DUE, Task, TaskStatus, Tasks, visible_to};
use super::parts::{self, Parts};
use crate::auth::user::Actor;
use crate::db::cached::Cache;
use crate::db::count::Capped;
use crate::db::schema::{clients, projects, task_labels, tasks, time_entries, users};
use crate::db::sum::sum;
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::ids::{TaskId, UserId};
use crate::types::pagination::has_more;
use crate::types::text::fold;

/// A row of the list.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// The task.
    pub task: Task,
    /// Its client's name.
    pub client_name: String,
    /// Its project's name.
    pub project_name: String,
    /// Who does it.
    pub assignee_name: Option<String>,
    /// Seconds logged.
    pub logged_seconds: i64,
    /// Whether the timer of the one who asks runs on it.
    pub is_running: bool,
    /// Labels, checklist, what it waits for.
    pub parts: Parts,
}

impl TaskRow {
    /// Whether more was logged than estimated.
    pub fn is_over(&self) -> bool {
        self.task.estimate_seconds.is_some_and(|estimate| self.logged_seconds > estimate)
    }

    /// "Below Fix the cart", for a choice of places.
    pub fn below(&self) -> String {
        format!("Below {}", self.task.title)
    }

    /// Whether lists point anything out about it.
    pub fn has_marks(&self) -> bool {
        let Parts { labels, steps, open_blockers, .. } = &self.parts;
        self.task.priority.is_marked() || !labels.is_empty() || *steps > 0 || *open_blockers > 0
    }

    /// The place after this row.
    pub fn cursor(&self) -> Cursor {
        Cursor { due_order: self.task.due_order, id: self.task.id }
    }
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct TaskPage {
    /// The rows.
    pub rows: Vec<TaskRow>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// Rows in all, up to [`COUNT_CAP`]; `None` where counting would read too much.
    pub total: Option<i64>,
}

/// Rows on a page.
pub const TASKS_PER_PAGE: i64 = 25;
/// Counting stops here.
pub const COUNT_CAP: i64 = 1_001;

/// Each filter leads one of the `tasks_*` indexes, or narrows the walk along `tasks_order_idx`.
pub(in crate::tasks) fn filtered<'a>(actor: &Actor, filter: &TaskFilter, today: NaiveDate) -> Tasks<'a> {
    let mut query = visible_to(actor);
    query = match filter.state {
        // Said so, for the partial indexes.
        TaskState::Open => query.filter(tasks::completed_at.is_null()),
        TaskState::Todo => query.filter(tasks::status.eq(TaskStatus::Todo)),
        TaskState::Doing => query.filter(tasks::status.eq(TaskStatus::Doing)),
        TaskState::Review => query.filter(tasks::status.eq(TaskStatus::Review)),
        TaskState::Done => query.filter(tasks::status.eq(TaskStatus::Done)),
        TaskState::All => query,
    };
    if let Some(client) = filter.client_id {
        query = query.filter(tasks::client_id.eq(client));
    }
    if let Some(project) = filter.project_id {
        query = query.filter(tasks::project_id.eq(project));
    }
    query = match filter.assignee {
        Assignee::Anybody => query,
        Assignee::Me => query.filter(tasks::assignee_id.eq(actor.id)),
        Assignee::Nobody => query.filter(tasks::assignee_id.is_null()),
        Assignee::One(id) => query.filter(tasks::assignee_id.eq(id)),
    };
    query = match filter.due {
        None => query,
        Some(TaskDue::Late) => query.filter(tasks::due_order.lt(today)).filter(tasks::completed_at.is_null()),
        Some(TaskDue::Today) => query.filter(tasks::due_order.eq(today)),
        Some(TaskDue::Week) => {
            let end = today.checked_add_days(chrono::Days::new(6)).unwrap_or(today);
            query.filter(tasks::due_order.ge(today)).filter(tasks::due_order.le(end))
        }
        Some(TaskDue::None) => query.filter(tasks::due_order.eq(NO_DUE)),
    };
    if let Some(priority) = filter.priority {
        query = query.filter(tasks::priority.eq(priority));
    }
    if let Some(label) = filter.label {
        // Looked up row by row, so that the walk along the index of tasks stays the plan.
        let carried = task_labels::table
            .filter(task_labels::task_id.eq(tasks::id))
            .filter(task_labels::label_id.eq(label))
            .select(task_labels::label_id)
            .single_value();
        query = query.filter(carried.is_not_null());
    }
    for word in fold(&filter.q).split(' ').filter(|word| !word.is_empty()) {
        query = query.filter(tasks::title_key.like(dialect::contains(word)).escape('\\'));
    }
    query
}

/// A page of the list, the most urgent first.
pub fn list(conn: &mut Conn, actor: &Actor, filter: &TaskFilter, today: NaiveDate) -> AppResult<TaskPage> {
    let mut query = filtered(actor, filter, today);
    if let Some(after) = filter.after {
        query = query
            .filter(tasks::due_order.ge(after.due_order))
            .filter(tasks::due_order.gt(after.due_order).or(tasks::id.gt(after.id)));
    }
    let page = query.order((tasks::due_order, tasks::id)).limit(TASKS_PER_PAGE + 1);
    let mut rows = with_figures(conn, actor, page)?;
    let more = has_more(&mut rows, TASKS_PER_PAGE);
    let next = rows.last().filter(|_| more).map(TaskRow::cursor);
    let total = if filter.q.is_empty() {
        let all = filtered(actor, filter, today).select(tasks::id).limit(COUNT_CAP);
        Some(Capped(all).get_result(conn)?)
    } else {
        None
    };
    Ok(TaskPage { rows, next, total })
}

/// One row of the list.
pub fn row(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<TaskRow> {
    let query = visible_to(actor).filter(tasks::id.eq(id));
    with_figures(conn, actor, query)?.pop().ok_or(AppError::NotFound)
}

type Figures = (Task, Option<String>, Option<String>, Option<String>, Option<i64>);

/// Names and hours come by look-ups of single rows, so that the walk along the index of tasks stays the plan.
pub(in crate::tasks) fn with_figures(
    conn: &mut Conn,
    actor: &Actor,
    query: Tasks<'_>,
) -> AppResult<Vec<TaskRow>> {
    let rows: Vec<Figures> = query
        .select((
            Task::as_select(),
            clients::table.filter(clients::id.eq(tasks::client_id)).select(clients::name).single_value(),
            projects::table.filter(projects::id.eq(tasks::project_id)).select(projects::name).single_value(),
            users::table
                .filter(users::id.nullable().eq(tasks::assignee_id))
                .select(users::name)
                .single_value(),
            time_entries::table
                .filter(time_entries::task_id.eq(tasks::id.nullable()))
                .select(sum(time_entries::duration_seconds))
                .single_value(),
        ))
        .load(conn)?;
    let running: Option<Option<TaskId>> = time_entries::table
        .filter(time_entries::user_id.eq(actor.id))
        .filter(time_entries::ended_at.is_null())
        .select(time_entries::task_id)
        .first(conn)
        .optional()?;
    let running = running.flatten();
    let ids: Vec<TaskId> = rows.iter().map(|row| row.0.id).collect();
    let mut parts = parts::of(conn, &ids)?;
    let own = match actor.only_assigned() {
        Some(user) => Some(own_hours(conn, user, &ids)?),
        None => None,
    };
    Ok(rows
        .into_iter()
        .map(|(task, client_name, project_name, assignee_name, logged_seconds)| TaskRow {
            is_running: running == Some(task.id),
            parts: parts.remove(&task.id).unwrap_or_default(),
            logged_seconds: match &own {
                Some(own) => own.get(&task.id).copied().unwrap_or(0),
                None => logged_seconds.unwrap_or(0),
            },
            task,
            client_name: client_name.unwrap_or_default(),
            project_name: project_name.unwrap_or_default(),
            assignee_name,
        })
        .collect())
}

/// What `user` logged on each of `tasks`: all that a contractor is shown.
fn own_hours(conn: &mut Conn, user: UserId, tasks: &[TaskId]) -> AppResult<BTreeMap<TaskId, i64>> {
    let rows: Vec<(Option<TaskId>, Option<i64>)> = time_entries::table
        .filter(time_entries::user_id.eq(user))
        .filter(time_entries::task_id.eq_any(tasks))
        .group_by(time_entries::task_id)
        .select((time_entries::task_id, sum(time_entries::duration_seconds)))
        .cached()
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(task, seconds)| Some((task?, seconds?))).collect())
}

/// Seconds logged on a task by person, the most first; only their own for roles that do not see all hours.
pub fn logged_by(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<Vec<(UserId, String, i64)>> {
    let mut query = time_entries::table
        .inner_join(users::table)
        .filter(time_entries::task_id.eq(id))
        .group_by((users::id, users::name))
        .select((users::id, users::name, sum(time_entries::duration_seconds)))
        .into_boxed();
    if !actor.sees_all_time() {
        query = query.filter(time_entries::user_id.eq(actor.id));
    }
    let rows: Vec<(UserId, String, Option<i64>)> = query.load(conn)?;
    let mut people: Vec<_> = rows.into_iter().map(|(id, name, sum)| (id, name, sum.unwrap_or(0))).collect();
    people.sort_by_key(|(id, _, seconds)| (std::cmp::Reverse(*seconds), *id));
    Ok(people)
}
