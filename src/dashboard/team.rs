//! What the whole agency is at: its hours of the week, and timers that were probably forgotten.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use super::model::days_of_week;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{clients, projects, time_entries, users};
use crate::error::AppResult;
use crate::time_entries::model::LONG_SECONDS;
use crate::types::clock::UtcTime;
use crate::types::ids::{TimeEntryId, UserId};

/// Hours of everybody in a week.
#[derive(Debug, Clone, Copy)]
pub struct TeamWeek {
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
    /// Seconds, without what still runs.
    pub seconds: i64,
    /// Of those, billable ones.
    pub billable_seconds: i64,
    /// People with hours in it.
    pub people: i64,
}

impl TeamWeek {
    /// Billable share in percent.
    pub fn billable_percent(&self) -> i64 {
        (self.billable_seconds * 100).checked_div(self.seconds).unwrap_or(0)
    }
}

#[derive(QueryableByName)]
struct Hours {
    #[diesel(sql_type = BigInt)]
    seconds: i64,
    #[diesel(sql_type = BigInt)]
    billable: i64,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// Everybody's hours of the week of `today` as it begins for `actor`.
pub fn week(conn: &mut Conn, actor: &Actor, today: NaiveDate) -> AppResult<TeamWeek> {
    let (from, to) = days_of_week(today, actor);
    let hours: Hours = diesel::sql_query(
        "SELECT CAST(coalesce(SUM(duration_seconds), 0) AS BIGINT) AS seconds, count(DISTINCT user_id) AS people, \
           CAST(coalesce(SUM(CASE WHEN is_billable THEN duration_seconds ELSE 0 END), 0) AS BIGINT) AS billable \
         FROM time_entries WHERE local_on >= $1 AND local_on <= $2",
    )
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .cached()
    .get_result(conn)?;
    let Hours { seconds, billable: billable_seconds, people } = hours;
    Ok(TeamWeek { from, to, seconds, billable_seconds, people })
}

/// A timer that has been running for so long that it was probably forgotten.
#[derive(Debug, Clone)]
pub struct LongTimer {
    /// Its entry.
    pub id: TimeEntryId,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub person: String,
    /// On which project.
    pub project: String,
    /// For whom.
    pub client: String,
    /// Seconds so far.
    pub seconds: i64,
}

/// Timers that run for more than ten hours, the longest first: everybody's for who sees them, else one's own.
pub fn long_timers(conn: &mut Conn, actor: &Actor, now: UtcTime) -> AppResult<Vec<LongTimer>> {
    type Row = (TimeEntryId, UserId, String, String, String, UtcTime);
    let people: Vec<UserId> = if actor.sees_all_time() {
        users::table.filter(users::disabled_at.is_null()).select(users::id).load(conn)?
    } else {
        vec![actor.id]
    };
    let rows: Vec<Row> = time_entries::table
        .inner_join(users::table)
        .inner_join(projects::table)
        .inner_join(clients::table)
        .filter(time_entries::user_id.eq_any(people))
        .filter(time_entries::ended_at.is_null())
        .filter(time_entries::started_at.lt(now.plus_seconds(-LONG_SECONDS)))
        .select((
            time_entries::id,
            users::id,
            users::name,
            projects::name,
            clients::name,
            time_entries::started_at,
        ))
        .cached()
        .load(conn)?;
    let timer = |(id, user_id, person, project, client, started_at)| {
        let seconds = now.seconds_since(started_at);
        LongTimer { id, user_id, person, project, client, seconds }
    };
    let mut timers: Vec<LongTimer> = rows.into_iter().map(timer).collect();
    timers.sort_by_key(|timer| (std::cmp::Reverse(timer.seconds), timer.id));
    Ok(timers)
}
