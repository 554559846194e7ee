//! The timer: one running entry per person. Starting another stops the first at the same instant; the database
//! holds that there is never a second. Timers count whole seconds, so that the stretches of a day add up.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult};
use crate::time_entries::model::{self, NewTimeEntry, TimeEntry};
use crate::time_entries::place::Place;
use crate::time_entries::price::worth;
use crate::time_entries::rows;
use crate::time_entries::span::{Span, duration_text};
use crate::types::clock::UtcTime;
use crate::types::ids::TimeEntryId;

/// A timer that ran longer does not stop without being told when the work ended.
pub const MAX_SECONDS: i64 = 24 * 3_600;

/// What starting a timer did.
#[derive(Debug, Clone)]
pub struct Started {
    /// The entry that runs now.
    pub entry: TimeEntry,
    /// What became of the one before; `None` when the one that runs was to be started, and simply goes on.
    pub before: Option<Stopped>,
}

/// What became of a timer that was to stop.
#[derive(Debug, Clone)]
pub enum Stopped {
    /// None ran.
    Nothing,
    /// It had run for no time at all, so that there are no hours to keep.
    Dropped,
    /// Its hours are logged.
    Kept(Box<TimeEntry>),
}

/// Starts a timer on what `new` says and stops the running one, at `ended_at` if given and else at this instant. A
/// second start of the same work leaves the timer alone.
pub fn start(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    new: &NewTimeEntry,
    ended_at: Option<UtcTime>,
) -> AppResult<Started> {
    let place = Place::find(conn, actor, new.project_id, new.task_id, None)?;
    lock_row(conn, LockedTable::Users, actor.id.0)?;
    if let Some(entry) = model::running(conn, actor)? {
        let same_place = (entry.project_id, entry.task_id) == (place.project, place.task);
        let same_work = same_place
            && (new.note.is_empty() || new.note == entry.note)
            && new.is_billable.is_none_or(|is_billable| is_billable == entry.is_billable);
        if same_work && ended_at.is_none() && entry.seconds(&now) <= MAX_SECONDS {
            return Ok(Started { entry, before: None });
        }
    }
    let before = stop(conn, actor, now, ended_at)?;
    let span = Span { started_at: now.whole_seconds(), ended_at: None, seconds: 0, notice: None };
    let entry = model::insert(conn, actor, now, &place, new, &span)?;
    audit::record(conn, Some(actor.id), now, &place.note(Action::Started, Subject::Timer, entry.id))?;
    Ok(Started { entry, before: Some(before) })
}

/// Stops the running timer of `actor` at `ended_at` or now. A timer that ran for more than 24 hours is a fault at
/// `ended_at` until that is given.
pub fn stop(conn: &mut Conn, actor: &Actor, now: UtcTime, ended_at: Option<UtcTime>) -> AppResult<Stopped> {
    lock_row(conn, LockedTable::Users, actor.id.0)?;
    let Some(running) = model::running(conn, actor)? else { return Ok(Stopped::Nothing) };
    // Somebody may be saving another start, break or task on it; what they saved counts.
    lock_row(conn, LockedTable::TimeEntries, running.id.0)?;
    let Some(entry) = model::running(conn, actor)? else { return Ok(Stopped::Nothing) };
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
    if seconds <= 0 {
        drop_entry(conn, actor, now, entry.id)?;
        return Ok(Stopped::Dropped);
    }
    diesel::update(time_entries::table.find(entry.id))
        .set((
            time_entries::ended_at.eq(ended_at),
            time_entries::duration_seconds.eq(seconds),
            time_entries::amount_cents.eq(worth(seconds, entry.rate_cents, entry.is_billable)?),
            time_entries::is_unbilled.eq(entry.is_billable),
            time_entries::updated_at.eq(now),
            time_entries::version.eq(time_entries::version + 1),
        ))
        .execute(conn)?;
    let row = rows::row(conn, actor, entry.id)?;
    let note = row.note(Action::Stopped, Subject::Timer).change("duration", "", duration_text(seconds));
    audit::record(conn, Some(actor.id), now, &note)?;
    Ok(Stopped::Kept(Box::new(row.entry)))
}

fn drop_entry(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TimeEntryId) -> AppResult<()> {
    let row = rows::row(conn, actor, id)?;
    diesel::delete(time_entries::table.find(id)).execute(conn)?;
    audit::record(conn, Some(actor.id), now, &row.note(Action::Deleted, Subject::Timer))
}
