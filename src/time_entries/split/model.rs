//! Splitting hours: the verb.

use crate::audit::model::{self as audit, Action, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult};
use crate::time_entries::model::{self, NewTimeEntry, TimeEntry, same};
use crate::time_entries::place::Place;
use crate::time_entries::price::prices_of;
use crate::time_entries::span::{Span, duration_text};
use crate::time_entries::stored::{self, Columns};
use crate::time_entries::timesheets::locks::refuse_locked;
use crate::time_entries::write_offs::model::refuse_settled;
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, TaskId, TimeEntryId};
use crate::types::zone;

/// How hours are split, and what becomes of the second part.
#[derive(Debug, Clone)]
pub struct Split {
    /// Worked seconds of the first part.
    pub first_seconds: i64,
    /// The second part's project; `None` with no task stays.
    pub project_id: Option<ProjectId>,
    /// The second part's task.
    pub task_id: Option<TaskId>,
    /// What was done in it; blank stays.
    pub note: String,
    /// Whether it is billable; `None` stays, or on other work follows it.
    pub is_billable: Option<bool>,
}

/// Both parts.
#[derive(Debug, Clone)]
pub struct Parts {
    /// What is left of the entry.
    pub first: TimeEntry,
    /// What follows it, a new entry.
    pub second: TimeEntry,
}

/// Splits version `version` of an entry. Refused for hours that run, are on an invoice, written off or locked.
pub fn split(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: TimeEntryId,
    version: i64,
    how: &Split,
) -> AppResult<Saved<Parts>> {
    lock_row(conn, LockedTable::TimeEntries, id.0)?;
    let before = model::find(conn, actor, id)?;
    refuse_settled(conn, id)?;
    let Some(ended_at) = before.ended_at else {
        return Err(AppError::Conflict("This timer still runs. Stop it before you split its hours.".into()));
    };
    if before.version != version {
        return Ok(Saved::Stale(Parts { first: before.clone(), second: before }));
    }
    if !(1..before.duration_seconds).contains(&how.first_seconds) {
        let message =
            format!("must leave something of {} for the second part", duration_text(before.duration_seconds));
        return Err(AppError::invalid("first_part", message));
    }
    let cut = before.started_at.plus_seconds(how.first_seconds);
    let on = zone::local_date(cut, before.zone());
    refuse_locked(conn, now, before.user_id, &[before.local_on, on])?;

    let stays = Place::find(conn, actor, Some(before.project_id), before.task_id, Some(before.project_id))?;
    let (project, task) = match (how.project_id, how.task_id) {
        (None, None) => (Some(before.project_id), before.task_id),
        typed => typed,
    };
    let goes = Place::find(conn, actor, project, task, Some(before.project_id))?;

    let mut first = same(conn, actor, &before)?;
    first.when.break_seconds = 0;
    let span =
        Span { started_at: before.started_at, ended_at: Some(cut), seconds: how.first_seconds, notice: None };
    let columns = Columns::new(&stays, &first, &span, before.local_on, before.prices())?;
    stored::replace(conn, now, (id, version), &columns)?;

    let is_same = (goes.project, goes.task) == (before.project_id, before.task_id);
    let new = NewTimeEntry {
        note: if how.note.is_empty() { before.note.clone() } else { how.note.clone() },
        is_billable: how.is_billable.or(is_same.then_some(before.is_billable)),
        when: same(conn, actor, &before)?.when,
        ..first
    };
    let seconds = before.duration_seconds - how.first_seconds;
    let span = Span { started_at: cut, ended_at: Some(ended_at), seconds, notice: None };
    let mut prices = prices_of(conn, before.user_id, &goes, on)?;
    if is_same && on == before.local_on {
        let known = before.prices();
        prices.bill = known.bill.or(prices.bill);
        prices.cost = known.cost.or(prices.cost);
    } else if goes.client == before.client_id
        && let Some(own) = before.prices().bill.filter(|_| before.own_rate().is_some())
    {
        // A price that was typed comes before every agreed one.
        prices.bill = Some(own);
    }
    let columns = Columns::new(&goes, &new, &span, on, prices)?;
    let second = stored::insert(conn, actor, now, (before.user_id, before.zone()), &columns)?;

    let note = stays.note(Action::Updated, Subject::TimeEntry, id).change(
        "duration",
        duration_text(before.duration_seconds),
        duration_text(how.first_seconds),
    );
    audit::record(conn, Some(actor.id), now, &note)?;
    let note = goes
        .note(Action::Created, Subject::TimeEntry, second.id)
        .change("date", "", second.local_on)
        .change("duration", "", duration_text(seconds));
    audit::record(conn, Some(actor.id), now, &note)?;
    Ok(Saved::Done(Parts { first: model::find(conn, actor, id)?, second }))
}
