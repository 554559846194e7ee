//! The timer: one running entry per person. Starting another stops the first at the same instant; the database
//! holds that there is never a second. Timers count whole seconds, so that the stretches of a day add up.

use diesel::prelude::*;

use super::model::{self, NewTimeEntry, Place, TimeEntry};
use super::span::Span;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;

/// A timer that ran longer does not stop without being told when the work ended.
pub const MAX_SECONDS: i64 = 24 * 3_600;

/// What starting a timer did.
#[derive(Debug, Clone)]
pub struct Started {
    /// The entry that runs now.
    pub entry: TimeEntry,
    /// The one that it stopped.
    pub stopped: Option<TimeEntry>,
}

/// Starts a timer on what `new` says and stops the running one, at `ended_at` if given and else at this instant.
pub fn start(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    new: &NewTimeEntry,
    ended_at: Option<UtcTime>,
) -> AppResult<Started> {
    let place = Place::find(conn, actor, new.project_id, new.task_id, None)?;
    let stopped = stop(conn, actor, now, ended_at)?;
    let span = Span { started_at: now.whole_seconds(), ended_at: None, seconds: 0, notice: None };
    let entry = model::insert(conn, actor, now, &place, new, &span)?;
    audit::record(conn, Some(actor.id), now, &place.note(Action::Started, Subject::Timer, entry.id))?;
    Ok(Started { entry, stopped })
}

/// Stops the running timer of `actor` at `ended_at` or now; `None` when none runs. A timer that ran for more than
/// 24 hours is a fault at `ended_at` until that is given.
pub fn stop(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    ended_at: Option<UtcTime>,
) -> AppResult<Option<TimeEntry>> {
    lock_row(conn, LockedTable::Users, actor.id.0)?;
    let Some(entry) = model::running(conn, actor)? else { return Ok(None) };
    let ended_at = match ended_at {
        Some(at) if at < entry.started_at => {
            return Err(AppError::invalid("ended_at", "lies before the start"));
        }
        Some(at) if at > now => return Err(AppError::invalid("ended_at", "lies ahead")),
        Some(at) => at,
        // A clock that was put back must not make time run backwards.
        None => now.whole_seconds().max(entry.started_at),
    };
    let seconds = ended_at.seconds_since(entry.started_at) - entry.break_seconds;
    if seconds > MAX_SECONDS {
        return Err(AppError::invalid(
            "ended_at",
            "must say when the work ended: the timer ran for more than 24 hours",
        ));
    }
    let seconds = seconds.max(0);
    diesel::update(time_entries::table.find(entry.id))
        .set((
            time_entries::ended_at.eq(ended_at),
            time_entries::duration_seconds.eq(seconds),
            time_entries::amount_cents.eq(model::worth(seconds, entry.rate_cents, entry.is_billable)?),
            time_entries::is_unbilled.eq(entry.is_billable),
            time_entries::updated_at.eq(now),
            time_entries::version.eq(time_entries::version + 1),
        ))
        .execute(conn)?;
    let row = model::row(conn, actor, entry.id)?;
    let mut note = Entry::new(Action::Stopped, Subject::Timer, entry.id.0, row.label())
        .client(entry.client_id)
        .project(entry.project_id)
        .change("duration", "", super::span::duration_text(seconds));
    if let Some(task) = entry.task_id {
        note = note.task(task);
    }
    audit::record(conn, Some(actor.id), now, &note)?;
    Ok(Some(row.entry))
}
