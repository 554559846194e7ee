//! Dependencies: rows and verbs.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::audit::model::{self as audit, Action};
use crate::auth::user::Actor;
use crate::db::schema::{task_dependencies, tasks};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult, found};
use crate::tasks::model::{self as tasks_model, Task, TaskStatus, Tasks};
use crate::types::clock::UtcTime;
use crate::types::ids::TaskId;

/// A task at the other end.
#[derive(Debug, Clone, Queryable)]
pub struct Linked {
    /// Which.
    pub id: TaskId,
    /// What is to be done.
    pub title: String,
    /// How far it is.
    pub status: TaskStatus,
}

impl Linked {
    /// Whether it is finished, and so holds up nothing.
    pub fn is_done(&self) -> bool {
        self.status == TaskStatus::Done
    }
}

/// Tasks that one task may wait for.
const MOST: usize = 50;
/// Tasks that are offered to be waited for.
const OFFERED: i64 = 200;

/// What a task waits for, finished or not, as far as `actor` may see it. The caller has found the task.
pub fn blockers(conn: &mut Conn, actor: &Actor, task: TaskId) -> AppResult<Vec<Linked>> {
    let ahead = task_dependencies::table
        .filter(task_dependencies::task_id.eq(task))
        .select(task_dependencies::blocker_id);
    linked(conn, tasks_model::visible_to(actor).filter(tasks::id.eq_any(ahead)))
}

/// What waits for a task, as far as `actor` may see it. The caller has found the task.
pub fn waiting(conn: &mut Conn, actor: &Actor, task: TaskId) -> AppResult<Vec<Linked>> {
    let behind = task_dependencies::table
        .filter(task_dependencies::blocker_id.eq(task))
        .select(task_dependencies::task_id);
    linked(conn, tasks_model::visible_to(actor).filter(tasks::id.eq_any(behind)))
}

fn linked(conn: &mut Conn, query: Tasks<'_>) -> AppResult<Vec<Linked>> {
    Ok(query.order(tasks::id).select((tasks::id, tasks::title, tasks::status)).load(conn)?)
}

/// What a task could wait for: other open tasks of its project.
pub fn choices(conn: &mut Conn, actor: &Actor, task: &Task) -> AppResult<Vec<(TaskId, String)>> {
    Ok(tasks_model::visible_to(actor)
        .filter(tasks::project_id.eq(task.project_id))
        .filter(tasks::completed_at.is_null())
        .filter(tasks::id.ne(task.id))
        .order((tasks::due_order, tasks::id))
        .limit(OFFERED)
        .select((tasks::id, tasks::title))
        .load(conn)?)
}

/// What a task still waits for, in words; `None` when it could go on.
pub fn hold_up(conn: &mut Conn, actor: &Actor, task: TaskId) -> AppResult<Option<String>> {
    let open: Vec<String> = blockers(conn, actor, task)?
        .into_iter()
        .filter(|blocker| !blocker.is_done())
        .map(|blocker| format!("“{}”", blocker.title))
        .collect();
    Ok(match open.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        [first, rest @ ..] => Some(format!("{first} and {} more", rest.len())),
    })
}

/// Makes `task` wait for `blocker`; harmless when it does already.
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    task: TaskId,
    blocker: TaskId,
) -> AppResult<Vec<Linked>> {
    // Two that are added at once could close a circle that neither sees.
    dialect::lock_dependencies(conn)?;
    let task = tasks_model::find(conn, actor, task)?;
    let refused = |message: &str| Err(AppError::invalid("blocker_id", message));
    let Some(other) = found(tasks_model::find(conn, actor, blocker))? else {
        return refused("must be one of the choices");
    };
    if task.id == other.id {
        return refused("cannot be the task itself");
    }
    let before = blockers(conn, actor, task.id)?;
    if before.iter().any(|linked| linked.id == other.id) {
        return Ok(before);
    }
    if before.len() >= MOST {
        return refused("would be one too many to wait for");
    }
    if waits_for(conn, other.id, task.id)? {
        return refused("waits for this task itself");
    }
    diesel::insert_into(task_dependencies::table)
        .values((
            task_dependencies::task_id.eq(task.id),
            task_dependencies::blocker_id.eq(other.id),
            task_dependencies::created_at.eq(now),
        ))
        .execute(conn)?;
    note(conn, actor, now, &task, &before)
}

/// Lets `task` go on without `blocker`; not found when it does not wait for it.
pub fn remove(conn: &mut Conn, actor: &Actor, now: UtcTime, task: TaskId, blocker: TaskId) -> AppResult<()> {
    let task = tasks_model::find(conn, actor, task)?;
    tasks_model::find(conn, actor, blocker)?;
    let before = blockers(conn, actor, task.id)?;
    if diesel::delete(task_dependencies::table.find((task.id, blocker))).execute(conn)? == 0 {
        return Err(AppError::NotFound);
    }
    note(conn, actor, now, &task, &before).map(drop)
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    found: i64,
}

/// Whether `task` waits for `other`, at once or by way of others.
fn waits_for(conn: &mut Conn, task: TaskId, other: TaskId) -> AppResult<bool> {
    let row: Found = diesel::sql_query(
        "WITH RECURSIVE ahead (id) AS (SELECT CAST($1 AS BIGINT) UNION \
         SELECT d.blocker_id FROM task_dependencies d JOIN ahead a ON d.task_id = a.id) \
         SELECT count(*) AS found FROM ahead WHERE id = $2",
    )
    .bind::<BigInt, _>(task)
    .bind::<BigInt, _>(other)
    .get_result(conn)?;
    Ok(row.found > 0)
}

fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    task: &Task,
    before: &[Linked],
) -> AppResult<Vec<Linked>> {
    let titles =
        |list: &[Linked]| list.iter().map(|linked| linked.title.as_str()).collect::<Vec<_>>().join(", ");
    let after = blockers(conn, actor, task.id)?;
    let entry = tasks_model::entry(Action::Updated, task).change("waits_for", titles(before), titles(&after));
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(after)
}
