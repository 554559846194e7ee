//! A week that begins as the one before it.

use std::collections::BTreeSet;

use chrono::Days;
use diesel::prelude::*;

use super::kept;
use super::model::RowKey;
use crate::auth::user::Actor;
use crate::db::schema::{clients, projects, time_entries};
use crate::db::{Conn, assigned};
use crate::error::{AppError, AppResult};
use crate::projects::model::ProjectStatus;
use crate::time_entries::model::{self as entries, NewTimeEntry, TimeEntry};
use crate::time_entries::span::{self, Length, Occurrence, When};
use crate::time_entries::week::Week;
use crate::types::clock::UtcTime;
use crate::types::ids::ProjectId;

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Copied {
    /// Rows of last week that stand in this one now.
    pub rows: usize,
    /// Entries that were logged like last week's.
    pub entries: usize,
    /// Entries that were left out: their cell has hours, their day lies ahead, or their project takes none.
    pub left_out: usize,
}

/// Gives `week` of `actor` the rows of the week before, and with `hours` its entries, too, where there are none yet.
pub fn last_week(conn: &mut Conn, actor: &Actor, now: UtcTime, week: Week, hours: bool) -> AppResult<Copied> {
    let before = of_week(conn, actor, week.previous())?;
    let mut rows: BTreeSet<RowKey> = before.iter().map(key).collect();
    let kept = kept::of_week(conn, actor, week.previous())?;
    rows.extend(kept.iter().filter(|row| row.thursday.is_some()).map(kept::KeptRow::key));
    let open = open_projects(conn, actor, &rows)?;
    rows.retain(|row| open.contains(&row.project));
    for row in &rows {
        kept::insert(conn, actor, now, Some(week), *row)?;
    }
    let mut copied = Copied { rows: rows.len(), ..Copied::default() };
    if !hours {
        return Ok(copied);
    }
    let present: BTreeSet<_> =
        of_week(conn, actor, week)?.iter().map(|entry| (key(entry), entry.local_on)).collect();
    for entry in before {
        let on = entry.local_on.checked_add_days(Days::new(7)).unwrap_or(entry.local_on);
        let is_free =
            !entry.is_running() && open.contains(&entry.project_id) && !present.contains(&(key(&entry), on));
        if is_free && log_again(conn, actor, now, &entry, on)? {
            copied.entries += 1;
        } else {
            copied.left_out += 1;
        }
    }
    Ok(copied)
}

fn key(entry: &TimeEntry) -> RowKey {
    RowKey { project: entry.project_id, task: entry.task_id }
}

fn of_week(conn: &mut Conn, actor: &Actor, week: Week) -> AppResult<Vec<TimeEntry>> {
    Ok(time_entries::table
        .filter(time_entries::user_id.eq(actor.id))
        .filter(time_entries::local_on.between(week.first(), week.last()))
        .order((time_entries::local_on, time_entries::started_at, time_entries::id))
        .select(TimeEntry::as_select())
        .load(conn)?)
}

/// Those of the projects of `rows` that take new hours.
fn open_projects(conn: &mut Conn, actor: &Actor, rows: &BTreeSet<RowKey>) -> AppResult<BTreeSet<ProjectId>> {
    let wanted: BTreeSet<ProjectId> = rows.iter().map(|row| row.project).collect();
    let mut open = projects::table
        .inner_join(clients::table)
        .filter(projects::id.eq_any(wanted))
        .filter(projects::status.ne_all([ProjectStatus::Done, ProjectStatus::Archived]))
        .filter(clients::archived_at.is_null())
        .select(projects::id)
        .into_boxed();
    if let Some(user) = actor.only_assigned() {
        open = open.filter(assigned::to_project("projects.id", user));
    }
    let open: Vec<ProjectId> = open.load(conn)?;
    Ok(open.into_iter().collect())
}

/// Logs an entry like `entry` on another day; `false` when that day takes none yet.
fn log_again(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    entry: &TimeEntry,
    on: chrono::NaiveDate,
) -> AppResult<bool> {
    let new = NewTimeEntry {
        project_id: Some(entry.project_id),
        task_id: entry.task_id,
        when: When {
            on,
            starts: Some(span::time_of_day(entry.started_at, entry.zone())),
            length: Length::Lasting(entry.duration_seconds),
            break_seconds: entry.break_seconds,
            start_occurrence: Some(Occurrence::First),
            end_occurrence: None,
        },
        note: entry.note.clone(),
        is_billable: Some(entry.is_billable),
        rate: String::new(),
    };
    match entries::create(conn, actor, now, &new) {
        Ok(_) => Ok(true),
        Err(AppError::Invalid(errors)) if errors.get("date").is_some() => Ok(false),
        Err(error) => Err(error),
    }
}
