//! The statement of a retainer's period: the hours that used it up, and who closed it.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::LedgerPeriod;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{retainer_periods, tasks, time_entries, users};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, TimeEntryId, UserId};
use crate::types::money::entry_amount;

/// An hour of a statement.
#[derive(Debug, Clone, Queryable)]
pub struct StatementRow {
    /// Which.
    pub id: TimeEntryId,
    /// On which day.
    pub local_on: NaiveDate,
    /// Who worked.
    pub person: String,
    /// On what.
    pub task: Option<String>,
    /// What was done.
    pub note: String,
    /// Seconds.
    pub seconds: i64,
    /// Its price, in minor units per hour.
    pub rate_cents: Option<i64>,
}

impl StatementRow {
    /// What it is worth, in minor units.
    pub fn cents(&self) -> i64 {
        self.rate_cents.and_then(|rate| entry_amount(self.seconds, rate)).unwrap_or(0)
    }
}

/// Rows that a statement lists at most.
pub const STATEMENT_ROWS: i64 = 1_000;

/// The hours of a period as they are now, by day: everybody's, or one's own for who sees no others'.
pub fn statement(
    conn: &mut Conn,
    actor: &Actor,
    project: ProjectId,
    period: &LedgerPeriod,
) -> AppResult<Vec<StatementRow>> {
    let own = (!actor.sees_all_time()).then_some(actor.id);
    let mut query = time_entries::table
        .inner_join(users::table)
        .left_join(tasks::table)
        .filter(time_entries::project_id.eq(project))
        .filter(time_entries::local_on.between(period.starts_on, period.ends_on))
        .filter(time_entries::is_billable.eq(false))
        .order((time_entries::local_on, time_entries::id))
        .limit(STATEMENT_ROWS)
        .select((
            time_entries::id,
            time_entries::local_on,
            users::name,
            tasks::title.nullable(),
            time_entries::note,
            time_entries::duration_seconds,
            time_entries::rate_cents,
        ))
        .into_boxed();
    if let Some(own) = own {
        query = query.filter(time_entries::user_id.eq(own));
    }
    Ok(query.cached().load(conn)?)
}

/// Who closed a period, for its statement.
pub fn closed_by(
    conn: &mut Conn,
    project: ProjectId,
    seq: i64,
) -> AppResult<Option<(UserId, String, UtcTime)>> {
    Ok(retainer_periods::table
        .inner_join(users::table.on(users::id.eq(retainer_periods::closed_by)))
        .filter(retainer_periods::project_id.eq(project))
        .filter(retainer_periods::seq.eq(seq))
        .select((users::id, users::name, retainer_periods::closed_at))
        .first(conn)
        .optional()?)
}
