//! Cells: what is in them, and the verb that saves what was typed into some of them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult, FormErrors};
use crate::time_entries::model::{self as entries, NewTimeEntry, TimeEntry};
use crate::time_entries::span::{Length, When};
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::ids::{ProjectId, TaskId};

/// The work of a row: `2_7` is task 7 of project 2, `2_0` project 2 without a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// On which project.
    pub project: ProjectId,
    /// On which task.
    pub task: Option<TaskId>,
}

impl std::fmt::Display for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.project, self.task.map_or(0, |id| id.0))
    }
}

impl std::str::FromStr for RowKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (project, task) = text.split_once('_').ok_or(())?;
        let task: i64 = task.parse().map_err(|_| ())?;
        Ok(Self { project: project.parse().map_err(|_| ())?, task: (task != 0).then_some(TaskId(task)) })
    }
}

/// Which cell: a row and a day. Its text names it in a form: `2_7_2026-11-19`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// The work.
    pub row: RowKey,
    /// The local day.
    pub on: NaiveDate,
}

impl std::fmt::Display for CellKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.row, self.on)
    }
}

impl std::str::FromStr for CellKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (row, on) = text.rsplit_once('_').ok_or(())?;
        let on = crate::types::calendar::date(on).ok_or(())?;
        Ok(Self { row: row.parse()?, on })
    }
}

/// What a cell held when it was shown: the version of its only entry and its seconds. `3-5400`; blank is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The version of the entry.
    pub version: i64,
    /// Its seconds.
    pub seconds: i64,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.version, self.seconds)
    }
}

impl std::str::FromStr for Seen {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (version, seconds) = text.split_once('-').ok_or(())?;
        let number = |text: &str| text.parse().map_err(|_| ());
        Ok(Self { version: number(version)?, seconds: number(seconds)? })
    }
}

/// What was typed into a cell.
#[derive(Debug, Clone, Copy)]
pub struct CellEdit {
    /// Which.
    pub cell: CellKey,
    /// How long, or from when to when; nothing empties it.
    pub length: Length,
    /// What it held when it was shown.
    pub seen: Option<Seen>,
}

impl CellEdit {
    /// Whether it says no more than what was shown.
    fn is_untouched(&self) -> bool {
        match (self.length, self.seen) {
            (Length::Open, None) => true,
            (Length::Lasting(typed), Some(seen)) => typed == seen.seconds,
            _ => false,
        }
    }
}

/// Saves cells of `actor`, all or none. A fault stands at the cell's name; what moved meanwhile is a conflict when it is
/// the only cell.
pub fn save(conn: &mut Conn, actor: &Actor, now: UtcTime, edits: &[CellEdit]) -> AppResult<()> {
    let mut faults = FormErrors::default();
    for edit in edits.iter().filter(|edit| !edit.is_untouched()) {
        let field = edit.cell.to_string();
        match save_cell(conn, actor, now, edit) {
            Ok(()) => {}
            Err(AppError::Invalid(errors)) => {
                for (_, message) in errors.iter() {
                    faults.add(&field, message);
                }
            }
            Err(AppError::Conflict(message)) if edits.len() > 1 => faults.add(&field, message),
            Err(error) => return Err(error),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

fn save_cell(conn: &mut Conn, actor: &Actor, now: UtcTime, edit: &CellEdit) -> AppResult<()> {
    let mut present = entries_of(conn, actor, edit.cell)?;
    if present.len() > 1 {
        return Err(AppError::Conflict(format!("holds {} entries: change them one by one", present.len())));
    }
    let entry = present.pop();
    let seen = edit.seen.map(|seen| seen.version);
    if entry.as_ref().map(|entry| entry.version) != seen {
        let holds = entry.map_or_else(|| "nothing".to_owned(), |entry| duration::clock(entry.seconds(&now)));
        return Err(AppError::Conflict(format!("changed meanwhile: it holds {holds} now")));
    }
    let when = When {
        on: edit.cell.on,
        starts: None,
        length: edit.length,
        break_seconds: 0,
        start_occurrence: None,
        end_occurrence: None,
    };
    match (entry, edit.length) {
        (None, Length::Open) => Ok(()),
        (None, _) => {
            let new = NewTimeEntry {
                project_id: Some(edit.cell.row.project),
                task_id: edit.cell.row.task,
                when,
                note: String::new(),
                is_billable: None,
                rate: String::new(),
            };
            entries::create(conn, actor, now, &new).map(drop)
        }
        (Some(entry), Length::Open) => entries::delete(conn, actor, now, entry.id),
        (Some(entry), _) => {
            if entry.is_running() {
                return Err(AppError::Conflict("runs: stop the timer first".into()));
            }
            let same = entries::same(conn, actor, &entry)?;
            let break_seconds = entry.break_seconds;
            let new = NewTimeEntry { when: When { break_seconds, ..when }, ..same };
            match entries::update(conn, actor, now, entry.id, entry.version, &new)? {
                Saved::Done(_) => Ok(()),
                Saved::Stale(_) => Err(AppError::Conflict("changed meanwhile: look at it again".into())),
            }
        }
    }
}

/// The entries of `actor` in a cell.
fn entries_of(conn: &mut Conn, actor: &Actor, cell: CellKey) -> AppResult<Vec<TimeEntry>> {
    let mut query = time_entries::table
        .filter(time_entries::user_id.eq(actor.id))
        .filter(time_entries::local_on.eq(cell.on))
        .filter(time_entries::project_id.eq(cell.row.project))
        .order((time_entries::started_at, time_entries::id))
        .select(TimeEntry::as_select())
        .into_boxed();
    query = match cell.row.task {
        Some(task) => query.filter(time_entries::task_id.eq(task)),
        None => query.filter(time_entries::task_id.is_null()),
    };
    Ok(query.load(conn)?)
}
