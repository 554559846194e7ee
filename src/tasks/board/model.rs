//! The board's columns, and the verb that moves a card.

use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::count::Capped;
use crate::db::schema::tasks;
use crate::error::{AppError, AppResult, found};
use crate::tasks::figures::{COUNT_CAP, TaskRow, filtered, with_figures};
use crate::tasks::filter::{TaskFilter, TaskState};
use crate::tasks::model::{self as tasks_model, NewTask, Task, TaskStatus};
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, TaskId};
use crate::types::pagination::has_more;

/// Open cards on a board: the most urgent ones where there are more.
pub const OPEN_CARDS: i64 = 500;
/// Cards in the last column: those done last.
pub const DONE_CARDS: i64 = 20;
/// How far a card lies from the next when there is room.
const STEP: i64 = 1 << 20;

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// How far its tasks are.
    pub status: TaskStatus,
    /// Its cards, from the top.
    pub rows: Vec<TaskRow>,
    /// Tasks in it, shown or not.
    pub total: i64,
}

impl Column {
    /// "14", or "1,000+" where counting stopped.
    pub fn count(&self) -> String {
        if self.total >= COUNT_CAP { "1,000+".to_owned() } else { self.total.to_string() }
    }

    /// Tasks that are not shown.
    pub fn hidden(&self) -> bool {
        usize::try_from(self.total).is_ok_and(|total| total > self.rows.len())
    }
}

/// A board.
#[derive(Debug, Clone)]
pub struct Board {
    /// To do, in progress, review, done.
    pub columns: Vec<Column>,
    /// Whether there are more open tasks than cards.
    pub is_cut: bool,
}

impl Board {
    /// Whether it has no card.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(|column| column.rows.is_empty())
    }

    /// Cards on it.
    pub fn cards(&self) -> usize {
        self.columns.iter().map(|column| column.rows.len()).sum()
    }
}

/// The board of the tasks that `filter` lets through, whatever status it names.
pub fn board(
    conn: &mut Conn,
    actor: &Actor,
    filter: &TaskFilter,
    today: chrono::NaiveDate,
) -> AppResult<Board> {
    let open = TaskFilter { state: TaskState::Open, after: None, ..filter.clone() };
    // The walk of the list: its indexes find the most urgent, and so many are sorted here.
    let query = filtered(actor, &open, today).order((tasks::due_order, tasks::id)).limit(OPEN_CARDS + 1);
    let mut cards = with_figures(conn, actor, query)?;
    let is_cut = has_more(&mut cards, OPEN_CARDS);
    cards.sort_by_key(|row| (row.task.position, row.task.id));
    let mut columns: Vec<Column> = [TaskStatus::Todo, TaskStatus::Doing, TaskStatus::Review]
        .map(|status| Column { status, rows: Vec::new(), total: 0 })
        .into();
    for row in cards {
        if let Some(column) = columns.iter_mut().find(|column| column.status == row.task.status) {
            column.rows.push(row);
            column.total += 1;
        }
    }
    // What is done is not due any more.
    let done = TaskFilter { state: TaskState::All, due: None, after: None, ..filter.clone() };
    let finished = || filtered(actor, &done, today).filter(tasks::completed_at.is_not_null());
    let latest = finished().order((tasks::completed_at.desc(), tasks::id.desc())).limit(DONE_CARDS);
    let rows = with_figures(conn, actor, latest)?;
    let total = Capped(finished().select(tasks::id).limit(COUNT_CAP)).get_result(conn)?;
    columns.push(Column { status: TaskStatus::Done, rows, total });
    Ok(Board { columns, is_cut })
}

/// Where a card goes in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where it would be anyway.
    Keep,
    /// Above all others of its project.
    Top,
    /// Below all others of its project.
    Bottom,
    /// Below one card and above another, of which one may be missing.
    Between(Option<TaskId>, Option<TaskId>),
}

/// Where a card goes.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// The column.
    pub status: TaskStatus,
    /// The place in it.
    pub place: Place,
}

/// Moves a card. A change of column is an edit of the task like any other; a change of place is none, so that it stands
/// in nobody's way.
pub fn place(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TaskId, to: Move) -> AppResult<Task> {
    let mut task = tasks_model::find(conn, actor, id)?;
    if task.status != to.status {
        let moved = NewTask { status: to.status, ..NewTask::same(&task) };
        task = tasks_model::update(conn, actor, now, id, task.version, &moved)?
            .done("this task", |task| task.version)?;
    }
    if to.status == TaskStatus::Done {
        return Ok(task);
    }
    let position = match to.place {
        Place::Keep => return Ok(task),
        Place::Top => end(conn, task.project_id, id, true)?.map(|first| first.saturating_sub(STEP)),
        Place::Bottom => end(conn, task.project_id, id, false)?.map(|last| last.saturating_add(STEP)),
        Place::Between(above, below) => between(conn, actor, id, above, below)?,
    };
    let Some(position) = position else { return Ok(task) };
    diesel::update(tasks::table.find(id)).set(tasks::position.eq(position)).execute(conn)?;
    Ok(Task { position, ..task })
}

/// The first or last place among a project's other open tasks.
fn end(conn: &mut Conn, project: ProjectId, but: TaskId, is_first: bool) -> AppResult<Option<i64>> {
    let others = tasks::table
        .filter(tasks::project_id.eq(project))
        .filter(tasks::completed_at.is_null())
        .filter(tasks::id.ne(but));
    let found = if is_first {
        others.select(diesel::dsl::min(tasks::position)).first(conn)?
    } else {
        others.select(diesel::dsl::max(tasks::position)).first(conn)?
    };
    Ok(found)
}

/// A place between two cards; makes room where there is none. A neighbour that is gone counts as missing.
fn between(
    conn: &mut Conn,
    actor: &Actor,
    moved: TaskId,
    above: Option<TaskId>,
    below: Option<TaskId>,
) -> AppResult<Option<i64>> {
    let mut find = |id: Option<TaskId>| match id {
        Some(id) => found(tasks_model::find(conn, actor, id)),
        None => Ok::<_, AppError>(None),
    };
    let (above, mut below) = (find(above)?, find(below)?);
    if let (Some(above), None) = (&above, &below) {
        below = next_below(conn, above, moved)?;
    }
    let Some(below) = below else { return Ok(above.map(|task| task.position.saturating_add(STEP))) };
    let Some(above) = above else { return Ok(Some(below.position.saturating_sub(STEP))) };
    if let Some(position) = middle(above.position, below.position) {
        return Ok(Some(position));
    }
    if above.position > below.position {
        // They moved meanwhile: below the one is as good as any place.
        return Ok(Some(above.position.saturating_add(1)));
    }
    diesel::update(tasks::table.filter(tasks::project_id.eq(below.project_id)).filter(
        tasks::position.gt(below.position).or(tasks::position.eq(below.position).and(tasks::id.ge(below.id))),
    ))
    .set(tasks::position.eq(tasks::position + STEP))
    .execute(conn)?;
    Ok(middle(above.position, below.position.saturating_add(STEP)))
}

/// The open task of the same project that stands next below `above`, but for the one that is moved.
fn next_below(conn: &mut Conn, above: &Task, moved: TaskId) -> AppResult<Option<Task>> {
    let below =
        tasks::position.gt(above.position).or(tasks::position.eq(above.position).and(tasks::id.gt(above.id)));
    Ok(tasks::table
        .filter(tasks::project_id.eq(above.project_id))
        .filter(tasks::completed_at.is_null())
        .filter(tasks::id.ne(moved))
        .filter(below)
        .order((tasks::position, tasks::id))
        .select(Task::as_select())
        .first(conn)
        .optional()?)
}

/// A number between two others, if there is one.
pub fn middle(above: i64, below: i64) -> Option<i64> {
    let gap = below.checked_sub(above)?;
    (gap >= 2).then(|| above + gap / 2)
}
