//! Hours of one person that lie over each other. Ends that touch do not.

use chrono::Days;
use diesel::prelude::*;

use super::model::TimeEntry;
use super::rows::with_names;
use super::settings::model::{self as settings, Overlap};
use super::span::Span;
use crate::db::Conn;
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult};
use crate::types::ids::{TimeEntryId, UserId};
use crate::types::zone::{self, Tz};

/// What there is to say about hours of `user` at `span` that lie over others, entry `but` left out: nothing where they may,
/// a sentence where that is to be said, a fault at `duration` where they may not. What still runs counts; a timer itself is
/// never refused.
pub(in crate::time_entries) fn check(
    conn: &mut Conn,
    user: UserId,
    zone: Tz,
    span: &Span,
    but: Option<TimeEntryId>,
) -> AppResult<Option<String>> {
    let rule = settings::load(conn)?.overlap;
    let Some(ended_at) = span.ended_at.filter(|_| rule != Overlap::Allow) else { return Ok(None) };
    // No entry is longer than a day and some: those that reach into this one start at most the day before.
    let day = zone::local_date(span.started_at, zone);
    let last = zone::local_date(ended_at, zone);
    let first = day.checked_sub_days(Days::new(2)).unwrap_or(day);
    let others: Vec<TimeEntry> = time_entries::table
        .filter(time_entries::user_id.eq(user))
        .filter(time_entries::local_on.between(first, last.succ_opt().unwrap_or(last)))
        .filter(time_entries::id.ne(but.map_or(0, |id| id.0)))
        .filter(time_entries::started_at.lt(ended_at))
        // What still runs has no end yet, and lies over whatever ends after it began.
        .filter(
            time_entries::ended_at.is_null().or(time_entries::ended_at.gt(span.started_at)).assume_not_null(),
        )
        .order((time_entries::started_at, time_entries::id))
        .select(TimeEntry::as_select())
        .limit(1)
        .load(conn)?;
    let Some(other) = with_names(conn, others)?.pop() else { return Ok(None) };
    let text = format!("overlaps {} on {}", other.entry.clock_range(), other.label());
    match rule {
        Overlap::Forbid => Err(AppError::invalid("duration", text)),
        _ => Ok(Some(format!("It {text}."))),
    }
}
