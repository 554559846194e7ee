//! Hours of one person that lie over each other. Ends that touch do not.

use chrono::{Days, Duration, NaiveDate, NaiveTime};
use diesel::prelude::*;

use super::model::TimeEntry;
use super::rows::with_names;
use super::settings::model::{self as settings, Overlap};
use super::span::{MORNING, Span};
use crate::db::Conn;
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{TimeEntryId, UserId};
use crate::types::zone::{self, Tz};

/// Where hours of `seconds` that name no start begin: after the last entry of day `on`, in the morning when there is none,
/// or, where they would lie over others there, in the first gap of the day that holds them. `None` is the morning.
pub(in crate::time_entries) fn free_start(
    conn: &mut Conn,
    (user, zone): (UserId, Tz),
    on: NaiveDate,
    seconds: i64,
    but: Option<TimeEntryId>,
) -> AppResult<Option<UtcTime>> {
    let rows: Vec<(NaiveDate, UtcTime, Option<UtcTime>)> = time_entries::table
        .filter(time_entries::user_id.eq(user))
        .filter(time_entries::local_on.between(on.pred_opt().unwrap_or(on), on.succ_opt().unwrap_or(on)))
        .filter(time_entries::id.ne(but.map_or(0, |id| id.0)))
        .order((time_entries::started_at, time_entries::id))
        .select((time_entries::local_on, time_entries::started_at, time_entries::ended_at))
        .load(conn)?;
    let at = |day: NaiveDate, seconds: i64| {
        let local = day.and_time(NaiveTime::MIN) + Duration::seconds(seconds);
        zone::resolve(local, zone).map(|instant| instant.earliest())
    };
    let is_free = |start: UtcTime| {
        let end = start.plus_seconds(seconds);
        rows.iter().all(|(_, from, to)| end <= *from || to.is_some_and(|to| to <= start))
    };
    let ends = rows.iter().filter(|(day, ..)| *day == on).filter_map(|(.., to)| *to);
    // Where the last one ran into the next day, nothing typed for this one may begin.
    let last = ends.max().filter(|last| zone::local_date(*last, zone) == on);
    let (Some(first), Some(morning), Some(next)) =
        (at(on, 0), at(on, MORNING), on.succ_opt().and_then(|next| at(next, 0)))
    else {
        return Ok(last);
    };
    if is_free(last.unwrap_or(morning)) {
        return Ok(last);
    }
    let ended = rows.iter().filter_map(|(.., to)| *to);
    let mut gaps: Vec<UtcTime> = ended.filter(|end| (morning..next).contains(end)).collect();
    gaps.sort();
    let gaps = std::iter::once(morning).chain(gaps).chain([first]);
    let fits = |start: &UtcTime| start.plus_seconds(seconds) <= next && is_free(*start);
    Ok(gaps.into_iter().find(fits).or(last))
}

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
