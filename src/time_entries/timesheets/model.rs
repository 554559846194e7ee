//! Timesheets: rows, queries, verbs.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::locks;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Role;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::{time_entries, timesheets, users};
use crate::error::{AppError, AppResult};
use crate::time_entries::model::worked_seconds;
use crate::time_entries::week::{Week, WeekName};
use crate::types::calendar::WeekStart;
use crate::types::clock::UtcTime;
use crate::types::ids::UserId;
use crate::types::zone;

crate::text_enum! {
    /// How far a week is.
    pub enum Status {
        /// Handed in.
        Submitted = "submitted", "Handed in";
        /// A manager agrees.
        Approved = "approved", "Approved";
        /// Open again.
        Reopened = "reopened", "Reopened";
    }
}

impl Status {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Submitted => "badge-info",
            Self::Approved => "badge-ok",
            Self::Reopened => "badge-warn",
        }
    }
}

/// A week that was handed in.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = timesheets)]
pub struct Timesheet {
    /// Whose.
    pub user_id: UserId,
    /// The Thursday of its week, which names it.
    pub thursday: NaiveDate,
    /// Its first day.
    pub first_on: NaiveDate,
    /// How far it is.
    pub status: Status,
    /// Seconds when it was handed in.
    pub seconds: i64,
    /// Why it was reopened.
    pub reason: String,
    /// Counts the changes.
    pub version: i64,
}

impl Timesheet {
    /// Its week as it was handed in.
    pub fn week(&self) -> Week {
        Week::from(self.first_on)
    }
}

/// Hands in a week of `actor`; harmless when it is handed in already.
pub fn submit(conn: &mut Conn, actor: &Actor, now: UtcTime, week: Week) -> AppResult<Timesheet> {
    let before = locks::of_week(conn, actor.id, week)?;
    if let Some(sheet) = &before
        && sheet.status != Status::Reopened
    {
        return Ok(sheet.clone());
    }
    if week.first() > zone::local_date(now, actor.zone()) {
        return Err(AppError::Conflict("This week has not begun.".into()));
    }
    let running: Option<i64> = time_entries::table
        .filter(time_entries::user_id.eq(actor.id))
        .filter(time_entries::ended_at.is_null())
        .filter(time_entries::local_on.between(week.first(), week.last()))
        .select(time_entries::id)
        .first(conn)
        .optional()?;
    if running.is_some() {
        return Err(AppError::Conflict("A timer runs in this week. Stop it first.".into()));
    }
    let seconds = worked_seconds(conn, actor.id, week.first(), week.last(), now)?;
    let common = (
        timesheets::status.eq(Status::Submitted),
        timesheets::seconds.eq(seconds),
        timesheets::submitted_at.eq(now),
        timesheets::reason.eq(""),
    );
    match before {
        Some(_) => diesel::update(this(actor.id, week))
            .set((common, timesheets::version.eq(timesheets::version + 1)))
            .execute(conn)?,
        None => {
            diesel::insert_into(timesheets::table)
                .values((
                    timesheets::user_id.eq(actor.id),
                    timesheets::thursday.eq(week.thursday()),
                    timesheets::first_on.eq(week.first()),
                    timesheets::last_on.eq(week.last()),
                    common,
                ))
                .execute(conn)?;
            // Whoever saw the week before it was taken back has seen another version than any of these.
            diesel::update(this(actor.id, week))
                .set(timesheets::version.eq(timesheets::id * 1_000))
                .execute(conn)?
        }
    };
    record(conn, actor, now, actor.id, week, Action::Submitted, "")?;
    locks::of_week(conn, actor.id, week)?.ok_or(AppError::NotFound)
}

/// Takes back a week of `actor` that nobody has approved; harmless when none is handed in.
pub fn withdraw(conn: &mut Conn, actor: &Actor, now: UtcTime, week: Week) -> AppResult<()> {
    match locks::of_week(conn, actor.id, week)?.map(|sheet| sheet.status) {
        Some(Status::Submitted) => {
            diesel::delete(this(actor.id, week)).execute(conn)?;
            record(conn, actor, now, actor.id, week, Action::Withdrawn, "")
        }
        Some(Status::Approved) => {
            Err(AppError::Conflict("This week is approved: a manager can reopen it.".into()))
        }
        Some(Status::Reopened) | None => Ok(()),
    }
}

/// What a manager says about a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is right.
    Approve,
    /// It is open again, and why.
    Reopen(String),
}

/// Approves or reopens the week of `user` that was seen at `version`.
pub fn decide(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    user: UserId,
    week: Week,
    version: i64,
    decision: &Decision,
) -> AppResult<Timesheet> {
    let before = locks::of_week(conn, user, week)?.ok_or(AppError::NotFound)?;
    let (status, reason, action) = match decision {
        Decision::Approve => (Status::Approved, "", Action::Approved),
        Decision::Reopen(reason) => (Status::Reopened, reason.as_str(), Action::Reopened),
    };
    if before.status == status {
        return Ok(before);
    }
    if before.status == Status::Reopened {
        return Err(AppError::Conflict("This week is open: its person hands it in again first.".into()));
    }
    let updated = diesel::update(this(user, week).filter(timesheets::version.eq(version)))
        .set((
            timesheets::status.eq(status),
            timesheets::reason.eq(reason),
            timesheets::decided_by.eq(actor.id),
            timesheets::decided_at.eq(now),
            timesheets::version.eq(timesheets::version + 1),
        ))
        .execute(conn)?;
    if updated == 0 {
        return Err(AppError::Conflict("This week changed meanwhile. Look at it again.".into()));
    }
    record(conn, actor, now, user, week, action, reason)?;
    locks::of_week(conn, user, week)?.ok_or(AppError::NotFound)
}

type This = diesel::dsl::Filter<
    diesel::dsl::Filter<timesheets::table, diesel::dsl::Eq<timesheets::user_id, UserId>>,
    diesel::dsl::Eq<timesheets::thursday, NaiveDate>,
>;

fn this(user: UserId, week: Week) -> This {
    timesheets::table.filter(timesheets::user_id.eq(user)).filter(timesheets::thursday.eq(week.thursday()))
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    user: UserId,
    week: Week,
    action: Action,
    reason: &str,
) -> AppResult<()> {
    let name: String = users::table.find(user).select(users::name).first(conn)?;
    let label = format!("{name}, {}", week.title());
    let note = Entry::new(action, Subject::Timesheet, user.0, &label).change("reason", "", reason);
    audit::record(conn, Some(actor.id), now, &note)
}

/// One person's week as managers look at it.
#[derive(Debug, Clone)]
pub struct PersonWeek {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Seconds logged.
    pub seconds: i64,
    /// What they handed in.
    pub sheet: Option<Timesheet>,
}

/// The week of everybody who logs hours, by name.
pub fn of_everybody(conn: &mut Conn, week: Week) -> AppResult<Vec<PersonWeek>> {
    let people: Vec<(UserId, String, Role, WeekStart)> = users::table
        .filter(users::disabled_at.is_null())
        .order((users::name, users::id))
        .select((users::id, users::name, users::role, users::week_starts_on))
        .load(conn)?;
    // Each person's week is their own, so it begins up to six days before its Thursday and ends up to six days after.
    let (thursday, six) = (week.thursday(), Days::new(6));
    let from = thursday.checked_sub_days(six).unwrap_or(thursday);
    let to = thursday.checked_add_days(six).unwrap_or(thursday);
    let hours: Vec<(UserId, NaiveDate, i64)> = time_entries::table
        .filter(time_entries::local_on.between(from, to))
        .select((time_entries::user_id, time_entries::local_on, time_entries::duration_seconds))
        .load(conn)?;
    let starts: BTreeMap<UserId, WeekStart> = people.iter().map(|(id, .., start)| (*id, *start)).collect();
    let mut sums: BTreeMap<UserId, i64> = BTreeMap::new();
    for (user, on, seconds) in hours {
        if starts.get(&user).is_some_and(|start| Week::of(on, *start).thursday() == thursday) {
            *sums.entry(user).or_default() += seconds;
        }
    }
    let sheets: Vec<Timesheet> = timesheets::table
        .filter(timesheets::thursday.eq(thursday))
        .select(Timesheet::as_select())
        .load(conn)?;
    Ok(people
        .into_iter()
        .filter(|(id, _, role, _)| *role != Role::Bookkeeper || sums.contains_key(id))
        .map(|(id, name, ..)| PersonWeek {
            user_id: id,
            name,
            seconds: sums.get(&id).copied().unwrap_or(0),
            sheet: sheets.iter().find(|sheet| sheet.user_id == id).cloned(),
        })
        .collect())
}

/// Weeks that wait for approval, the oldest first, each with how many people's.
pub fn waiting(conn: &mut Conn) -> AppResult<Vec<(WeekName, usize)>> {
    let thursdays: Vec<NaiveDate> = timesheets::table
        .filter(timesheets::status.eq(Status::Submitted))
        .order(timesheets::thursday)
        .select(timesheets::thursday)
        .load(conn)?;
    let mut weeks: BTreeMap<NaiveDate, usize> = BTreeMap::new();
    for thursday in thursdays {
        *weeks.entry(thursday).or_default() += 1;
    }
    Ok(weeks.into_iter().map(|(thursday, count)| (WeekName::of(thursday), count)).collect())
}
