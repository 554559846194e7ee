//! What a task carries along in lists and on cards: its labels, the progress of its checklist, what it waits for.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::labels::model::{self as labels, Label};
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{checklist_items, task_dependencies, tasks};
use crate::error::AppResult;
use crate::types::ids::TaskId;

/// What one task carries.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// Its labels, by name.
    pub labels: Vec<Label>,
    /// Steps of its checklist.
    pub steps: i64,
    /// Steps that are ticked.
    pub steps_done: i64,
    /// Open tasks that it waits for.
    pub open_blockers: i64,
}

impl Parts {
    /// Whether it waits for another task.
    pub fn is_blocked(&self) -> bool {
        self.open_blockers > 0
    }

    /// "Waits for 2 tasks".
    pub fn waiting(&self) -> String {
        format!("Waits for {} task{}", self.open_blockers, if self.open_blockers == 1 { "" } else { "s" })
    }
}

/// Lengths of the lists that are asked for: few, so that the statements are, too.
const LENGTHS: [usize; 4] = [1, 32, 128, 640];

/// `tasks`, filled up with the last to one of [`LENGTHS`].
fn padded(tasks: &[TaskId]) -> Vec<TaskId> {
    let mut ids = tasks.to_vec();
    if let (Some(last), Some(length)) = (tasks.last(), LENGTHS.iter().find(|length| **length >= tasks.len()))
    {
        ids.resize(*length, *last);
    }
    ids
}

/// What each of `tasks` carries; one that carries nothing is left out.
pub fn of(conn: &mut Conn, tasks: &[TaskId]) -> AppResult<BTreeMap<TaskId, Parts>> {
    let mut parts: BTreeMap<TaskId, Parts> = BTreeMap::new();
    if tasks.is_empty() {
        return Ok(parts);
    }
    let ids = padded(tasks);
    for (task, label) in labels::of_tasks(conn, &ids)? {
        parts.entry(task).or_default().labels.push(label);
    }
    let steps: Vec<(TaskId, bool, i64)> = checklist_items::table
        .filter(checklist_items::task_id.eq_any(&ids))
        .group_by((checklist_items::task_id, checklist_items::is_done))
        .select((checklist_items::task_id, checklist_items::is_done, count_star()))
        .cached()
        .load(conn)?;
    for (task, is_done, count) in steps {
        let parts = parts.entry(task).or_default();
        parts.steps += count;
        parts.steps_done += if is_done { count } else { 0 };
    }
    let blockers: Vec<(TaskId, i64)> = task_dependencies::table
        .inner_join(tasks::table.on(tasks::id.eq(task_dependencies::blocker_id)))
        .filter(task_dependencies::task_id.eq_any(&ids))
        .filter(tasks::completed_at.is_null())
        .group_by(task_dependencies::task_id)
        .select((task_dependencies::task_id, count_star()))
        .cached()
        .load(conn)?;
    for (task, count) in blockers {
        parts.entry(task).or_default().open_blockers = count;
    }
    Ok(parts)
}
