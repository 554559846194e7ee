//! Steps of checklists: rows and verbs.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::schema::checklist_items;
use crate::error::{AppError, AppResult};
use crate::tasks::model::{self as tasks, Task};
use crate::types::clock::UtcTime;
use crate::types::ids::{StepId, TaskId};

/// A step.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = checklist_items)]
pub struct Step {
    /// Which.
    pub id: StepId,
    /// Of which task.
    pub task_id: TaskId,
    /// What is to be done.
    pub title: String,
    /// Whether it is ticked.
    pub is_done: bool,
    /// Counts the edits.
    pub version: i64,
}

/// What a form may change; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct StepChanges {
    /// What is to be done.
    pub title: Option<String>,
    /// Whether it is ticked.
    pub is_done: Option<bool>,
    /// The version that was edited, for who cares.
    pub version: Option<i64>,
}

crate::text_enum! {
    /// Where a step goes.
    pub enum StepPlace {
        /// One up.
        Up = "up", "Up";
        /// One down.
        Down = "down", "Down";
        /// Above all others.
        Top = "top", "To the top";
        /// Below all others.
        Bottom = "bottom", "To the bottom";
    }
}

/// Steps that a task may have.
pub const MOST: usize = 200;

/// A task's steps, in their order. The caller has found the task.
pub fn of_task(conn: &mut Conn, task: TaskId) -> AppResult<Vec<Step>> {
    Ok(checklist_items::table
        .filter(checklist_items::task_id.eq(task))
        .order((checklist_items::position, checklist_items::id))
        .select(Step::as_select())
        .load(conn)?)
}

/// The step, if `actor` may see its task and it is that task's.
pub fn find(conn: &mut Conn, actor: &Actor, task: TaskId, id: StepId) -> AppResult<Step> {
    tasks::find(conn, actor, task)?;
    Ok(checklist_items::table
        .filter(checklist_items::task_id.eq(task))
        .filter(checklist_items::id.eq(id))
        .select(Step::as_select())
        .first(conn)?)
}

/// Puts steps behind those that are there, without a word in the activity: for whoever makes the whole task.
pub fn create_many(conn: &mut Conn, now: UtcTime, task: TaskId, titles: &[String]) -> AppResult<()> {
    lock_row(conn, LockedTable::Tasks, task.0)?;
    let (count, last): (i64, Option<i64>) = checklist_items::table
        .filter(checklist_items::task_id.eq(task))
        .select((diesel::dsl::count_star(), diesel::dsl::max(checklist_items::position)))
        .first(conn)?;
    if usize::try_from(count).unwrap_or(MOST) + titles.len() > MOST {
        return Err(AppError::invalid("title", format!("makes more than {MOST} steps")));
    }
    for (title, position) in titles.iter().zip(last.unwrap_or(0) + 1..) {
        diesel::insert_into(checklist_items::table)
            .values((
                checklist_items::task_id.eq(task),
                checklist_items::position.eq(position),
                checklist_items::title.eq(title),
                checklist_items::created_at.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Adds steps behind those that are there; answers with all of them.
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    task: TaskId,
    titles: &[String],
) -> AppResult<Vec<Step>> {
    let task = tasks::find(conn, actor, task)?;
    let before = of_task(conn, task.id)?;
    create_many(conn, now, task.id, titles)?;
    note(conn, actor, now, &task, &before, |entry| entry.change("step", "", titles.join(", ")))
}

/// Renames or ticks a step. A conflict when it was changed meanwhile and the version was named.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (task, id): (TaskId, StepId),
    changes: &StepChanges,
) -> AppResult<Step> {
    let step = find(conn, actor, task, id)?;
    let task = tasks::find(conn, actor, task)?;
    let version = changes.version.unwrap_or(step.version);
    let title = changes.title.as_ref().unwrap_or(&step.title);
    let is_done = changes.is_done.unwrap_or(step.is_done);
    if version == step.version && *title == step.title && is_done == step.is_done {
        return Ok(step);
    }
    let before = of_task(conn, task.id)?;
    let this = checklist_items::table
        .filter(checklist_items::id.eq(id))
        .filter(checklist_items::version.eq(version));
    let updated = diesel::update(this)
        .set((
            checklist_items::title.eq(title),
            checklist_items::is_done.eq(is_done),
            checklist_items::version.eq(checklist_items::version + 1),
        ))
        .execute(conn)?;
    if updated == 0 {
        return Err(AppError::Conflict("This step was changed meanwhile. Reload to see how.".into()));
    }
    note(conn, actor, now, &task, &before, |entry| entry.change("step", &step.title, title))?;
    find(conn, actor, task.id, id)
}

/// Moves a step among the others. Their order is no edit of any of them.
pub fn place(
    conn: &mut Conn,
    actor: &Actor,
    (task, id): (TaskId, StepId),
    to: StepPlace,
) -> AppResult<Vec<Step>> {
    find(conn, actor, task, id)?;
    lock_row(conn, LockedTable::Tasks, task.0)?;
    let mut order: Vec<StepId> = of_task(conn, task)?.iter().map(|step| step.id).collect();
    let Some(at) = order.iter().position(|other| *other == id) else { return Err(AppError::NotFound) };
    let last = order.len().saturating_sub(1);
    let target = match to {
        StepPlace::Up => at.saturating_sub(1),
        StepPlace::Down => (at + 1).min(last),
        StepPlace::Top => 0,
        StepPlace::Bottom => last,
    };
    order.remove(at);
    order.insert(target, id);
    for (id, position) in order.iter().zip(1_i64..) {
        diesel::update(
            checklist_items::table
                .filter(checklist_items::id.eq(id))
                .filter(checklist_items::position.ne(position)),
        )
        .set(checklist_items::position.eq(position))
        .execute(conn)?;
    }
    of_task(conn, task)
}

/// Deletes a step.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, task: TaskId, id: StepId) -> AppResult<()> {
    let step = find(conn, actor, task, id)?;
    let task = tasks::find(conn, actor, task)?;
    let before = of_task(conn, task.id)?;
    diesel::delete(checklist_items::table.find(id)).execute(conn)?;
    note(conn, actor, now, &task, &before, |entry| entry.change("step", &step.title, ""))?;
    Ok(())
}

/// "2 of 5".
pub fn progress(steps: &[Step]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    format!("{} of {}", steps.iter().filter(|step| step.is_done).count(), steps.len())
}

/// Records what became of the checklist that was `before`; answers with it as it is now.
fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    task: &Task,
    before: &[Step],
    what: impl FnOnce(audit::Entry) -> audit::Entry,
) -> AppResult<Vec<Step>> {
    let after = of_task(conn, task.id)?;
    let entry = tasks::entry(Action::Updated, task).change("checklist", progress(before), progress(&after));
    audit::record(conn, Some(actor.id), now, &what(entry))?;
    Ok(after)
}
