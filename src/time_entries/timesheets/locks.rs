//! What locks hours, in words, and how one change gets past it.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::model::{Status, Timesheet};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Policy;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::{lifted_locks, timesheets};
use crate::error::{AppError, AppResult};
use crate::time_entries::settings::model as settings;
use crate::time_entries::week::Week;
use crate::types::calendar::day_month_year;
use crate::types::clock::UtcTime;
use crate::types::ids::{TimeEntryId, UserId};
use crate::types::text::is_blank;

/// Why the hours of `user` on `on` are locked; `None` while they may change.
pub(in crate::time_entries) fn reason(
    conn: &mut Conn,
    now: UtcTime,
    user: UserId,
    on: NaiveDate,
) -> AppResult<Option<String>> {
    let locked = settings::locked(conn, now)?;
    if let Some(until) = locked.filter(|until| on <= *until) {
        return Ok(Some(format!("Hours up to {} are locked.", day_month_year(until))));
    }
    let near = Days::new(6);
    let from = on.checked_sub_days(near).unwrap_or(on);
    let to = on.checked_add_days(near).unwrap_or(on);
    // Two weeks share days where somebody's weeks once began on another day.
    let sheets: Vec<Timesheet> = timesheets::table
        .filter(timesheets::user_id.eq(user))
        .filter(timesheets::thursday.between(from, to))
        .filter(timesheets::first_on.le(on))
        .filter(timesheets::last_on.ge(on))
        .order(timesheets::thursday)
        .select(Timesheet::as_select())
        .load(conn)?;
    Ok(sheets.iter().find_map(Timesheet::lock))
}

/// What `user` handed in for `week`, if anything.
pub(in crate::time_entries) fn of_week(
    conn: &mut Conn,
    user: UserId,
    week: Week,
) -> AppResult<Option<Timesheet>> {
    Ok(timesheets::table
        .filter(timesheets::user_id.eq(user))
        .filter(timesheets::thursday.eq(week.thursday()))
        .select(Timesheet::as_select())
        .first(conn)
        .optional()?)
}

/// Refuses to touch hours of `user` on a locked day, unless the lock is lifted.
pub(in crate::time_entries) fn refuse_locked(
    conn: &mut Conn,
    now: UtcTime,
    user: UserId,
    days: &[NaiveDate],
) -> AppResult<()> {
    if lifted_locks::table.select(lifted_locks::id).first::<i64>(conn).optional()?.is_some() {
        return Ok(());
    }
    settings::advance(conn, now)?;
    for on in days {
        if let Some(reason) = reason(conn, now, user, *on)? {
            return Err(AppError::Conflict(reason));
        }
    }
    Ok(())
}

/// Runs one change past the locks when `why` says why, and puts that into the activity log at `entry`; a blank one runs
/// it as ever. For whoever runs the agency.
pub fn past<T>(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    why: &str,
    change: impl FnOnce(&mut Conn) -> AppResult<T>,
    entry: impl FnOnce(&T) -> (TimeEntryId, String),
) -> AppResult<T> {
    if is_blank(why) {
        return change(conn);
    }
    if !actor.may(Policy::Administer) {
        return Err(AppError::invalid("lock_reason", "is for who runs the agency"));
    }
    diesel::insert_into(lifted_locks::table)
        .values((lifted_locks::id.eq(1_i64), lifted_locks::user_id.eq(actor.id)))
        .execute(conn)?;
    let changed = change(conn)?;
    diesel::delete(lifted_locks::table).execute(conn)?;
    let (id, label) = entry(&changed);
    let note = Entry::new(Action::Overrode, Subject::TimeEntry, id.0, &label).change("reason", "", why);
    audit::record(conn, Some(actor.id), now, &note)?;
    Ok(changed)
}

/// What is locked from a day on, for many hours.
#[derive(Debug)]
pub(in crate::time_entries) struct Locks {
    until: Option<NaiveDate>,
    weeks: BTreeMap<UserId, Vec<(NaiveDate, NaiveDate)>>,
}

impl Locks {
    /// What is locked from `from` on.
    pub fn load(conn: &mut Conn, now: UtcTime, from: NaiveDate) -> AppResult<Self> {
        let rows: Vec<(UserId, NaiveDate, NaiveDate)> = timesheets::table
            .filter(timesheets::thursday.ge(from.checked_sub_days(Days::new(6)).unwrap_or(from)))
            .filter(timesheets::status.ne(Status::Reopened))
            .select((timesheets::user_id, timesheets::first_on, timesheets::last_on))
            .load(conn)?;
        let mut weeks: BTreeMap<UserId, Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
        for (user, first, last) in rows {
            weeks.entry(user).or_default().push((first, last));
        }
        Ok(Self { until: settings::locked(conn, now)?, weeks })
    }

    /// Whether hours of `user` on `on` are locked.
    pub fn hold(&self, user: UserId, on: NaiveDate) -> bool {
        let mut weeks = self.weeks.get(&user).into_iter().flatten();
        self.until.is_some_and(|until| on <= until)
            || weeks.any(|(first, last)| (*first..=*last).contains(&on))
    }
}

impl Timesheet {
    /// Why its hours do not change; `None` once it is reopened.
    pub fn lock(&self) -> Option<String> {
        let week = self.week().title();
        match self.status {
            Status::Submitted => Some(format!("The week of {week} is handed in: take it back first.")),
            Status::Approved => Some(format!("The week of {week} is approved: a manager can reopen it.")),
            Status::Reopened => None,
        }
    }
}
