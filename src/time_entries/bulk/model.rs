//! Bulk changes: the verb and its preview.

use diesel::Connection;
use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult};
use crate::time_entries::model::{self, TimeEntry, same};
use crate::time_entries::rows::{self, EntryRow};
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, TaskId, TimeEntryId};

/// An entry that is to change.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    /// Which.
    pub id: TimeEntryId,
    /// The version at which somebody looked at it.
    pub version: Option<i64>,
}

/// What changes; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The project they go to.
    pub project_id: Option<ProjectId>,
    /// The task they go to; hours that go to a project without one are on none.
    pub task_id: Option<TaskId>,
    /// Whether they are billable.
    pub is_billable: Option<bool>,
    /// What was done.
    pub note: Option<String>,
}

impl Change {
    /// Whether everything stays.
    pub fn is_nothing(&self) -> bool {
        self.project_id.is_none()
            && self.task_id.is_none()
            && self.is_billable.is_none()
            && self.note.is_none()
    }
}

/// What becomes of one entry.
#[derive(Debug, Clone)]
pub struct Effect {
    /// As it was.
    pub before: EntryRow,
    /// As it is then, or why it stays.
    pub outcome: Result<EntryRow, String>,
}

/// The entries of `ids` that `actor` may see, in their order; 404 when one is not among them.
pub fn chosen(conn: &mut Conn, actor: &Actor, ids: &[TimeEntryId]) -> AppResult<Vec<EntryRow>> {
    let entries: Vec<TimeEntry> = model::visible_to(actor)
        .filter(time_entries::id.eq_any(ids))
        .order((time_entries::local_on, time_entries::started_at, time_entries::id))
        .select(TimeEntry::as_select())
        .load(conn)?;
    if entries.len() != ids.len() {
        return Err(AppError::NotFound);
    }
    rows::with_names(conn, entries)
}

/// Changes what may change of `wanted` and says of each what became of it.
pub fn carry_out(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    wanted: &[Chosen],
    change: &Change,
) -> AppResult<Vec<Effect>> {
    let ids: Vec<TimeEntryId> = wanted.iter().map(|one| one.id).collect();
    let before = chosen(conn, actor, &ids)?;
    let mut refused: Vec<(TimeEntryId, String)> = Vec::new();
    for row in &before {
        let shown = wanted.iter().find(|one| one.id == row.entry.id).and_then(|one| one.version);
        if let Some(reason) = change_one(conn, actor, now, row, shown, change)? {
            refused.push((row.entry.id, reason));
        }
    }
    let after = chosen(conn, actor, &ids)?;
    let effects = before.into_iter().map(|before| {
        let id = before.entry.id;
        let outcome = match refused.iter().find(|(refused, _)| *refused == id) {
            Some((_, reason)) => Err(reason.clone()),
            None => {
                after.iter().find(|row| row.entry.id == id).cloned().ok_or_else(|| "It is gone.".to_owned())
            }
        };
        Effect { before, outcome }
    });
    Ok(effects.collect())
}

/// Changes one entry, or says why it stays.
fn change_one(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    row: &EntryRow,
    shown: Option<i64>,
    change: &Change,
) -> AppResult<Option<String>> {
    let entry = &row.entry;
    if entry.is_running() {
        return Ok(Some("This timer still runs.".to_owned()));
    }
    let changed_meanwhile = || Ok(Some("Somebody changed it meanwhile.".to_owned()));
    if shown.is_some_and(|version| version != entry.version) {
        return changed_meanwhile();
    }
    let mut new = same(conn, actor, entry)?;
    if change.project_id.is_some() || change.task_id.is_some() {
        new.project_id = change.project_id;
        new.task_id = change.task_id;
    }
    new.is_billable = change.is_billable.or(new.is_billable);
    if let Some(note) = &change.note {
        new.note.clone_from(note);
    }
    let saved = conn.transaction(|conn| model::update(conn, actor, now, entry.id, entry.version, &new));
    match saved {
        Ok(Saved::Done(_)) => Ok(None),
        Ok(Saved::Stale(_)) => changed_meanwhile(),
        Err(AppError::Conflict(reason)) => Ok(Some(reason)),
        // The same place is wrong for every entry: that is a fault of the form.
        Err(AppError::Invalid(errors)) if errors.get("project_id").or(errors.get("task_id")).is_none() => {
            Ok(Some(errors.iter().map(|(_, message)| message).collect::<Vec<_>>().join("; ")))
        }
        Err(error) => Err(error),
    }
}

/// How a preview ends: never with anything stored.
enum Ended {
    Shown(Vec<Effect>),
    Failed(AppError),
}

impl From<diesel::result::Error> for Ended {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What [`carry_out`] would do, which it does and takes back.
pub fn preview(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    wanted: &[Chosen],
    change: &Change,
) -> AppResult<Vec<Effect>> {
    let ended = conn.transaction(|conn| {
        let effects = carry_out(conn, actor, now, wanted, change).map_err(Ended::Failed)?;
        Err::<(), Ended>(Ended::Shown(effects))
    });
    match ended {
        Err(Ended::Shown(effects)) => Ok(effects),
        Err(Ended::Failed(error)) => Err(error),
        Ok(()) => Ok(Vec::new()),
    }
}
