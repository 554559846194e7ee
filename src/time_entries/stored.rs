//! How an entry is written into its row.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{self, NewTimeEntry, TimeEntry};
use super::place::Place;
use super::price::worth;
use super::span::Span;
use crate::auth::user::Actor;
use crate::db::schema::time_entries;
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::rates::model::{Prices, Resolved};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::zone::Tz;

/// The columns that a save writes.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = time_entries, treat_none_as_null = true)]
pub(in crate::time_entries) struct Columns {
    client_id: ClientId,
    project_id: ProjectId,
    task_id: Option<TaskId>,
    started_at: UtcTime,
    ended_at: Option<UtcTime>,
    break_seconds: i64,
    duration_seconds: i64,
    local_on: NaiveDate,
    note: String,
    is_billable: bool,
    rate_cents: Option<i64>,
    rate_source: String,
    cost_rate_cents: Option<i64>,
    cost_rate_source: String,
    amount_cents: i64,
    is_unbilled: bool,
}

impl Columns {
    /// What `new` stores at `place`, worth what `prices` say.
    pub fn new(
        place: &Place,
        new: &NewTimeEntry,
        span: &Span,
        on: NaiveDate,
        prices: Prices,
    ) -> AppResult<Self> {
        let stored = |rate: Option<Resolved>| match rate {
            Some(rate) => (Some(rate.cents), rate.source),
            None => (None, String::new()),
        };
        let (rate_cents, rate_source) = stored(prices.bill);
        let (cost_rate_cents, cost_rate_source) = stored(prices.cost);
        let is_billable = new.is_billable.unwrap_or(place.is_billable);
        Ok(Self {
            client_id: place.client,
            project_id: place.project,
            task_id: place.task,
            started_at: span.started_at,
            ended_at: span.ended_at,
            break_seconds: new.when.break_seconds,
            duration_seconds: span.seconds,
            local_on: on,
            note: new.note.clone(),
            is_billable,
            rate_cents,
            rate_source,
            cost_rate_cents,
            cost_rate_source,
            amount_cents: worth(span.seconds, rate_cents, is_billable)?,
            is_unbilled: is_billable && span.ended_at.is_some(),
        })
    }
}

/// Adds a row for `user` in `zone` and returns it, as far as `actor` may see it.
pub(in crate::time_entries) fn insert(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (user, zone): (UserId, Tz),
    columns: &Columns,
) -> AppResult<TimeEntry> {
    let id: TimeEntryId = diesel::insert_into(time_entries::table)
        .values((
            columns,
            time_entries::user_id.eq(user),
            time_entries::time_zone.eq(zone.name()),
            time_entries::created_at.eq(now),
            time_entries::updated_at.eq(now),
        ))
        .returning(time_entries::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict("Another timer of yours runs already.".into()),
            None => error.into(),
        })?;
    model::find(conn, actor, id)
}

/// Writes `columns` over version `version` of an entry; `false` when that is not its version any more.
pub(in crate::time_entries) fn replace(
    conn: &mut Conn,
    now: UtcTime,
    (id, version): (TimeEntryId, i64),
    columns: &Columns,
) -> AppResult<bool> {
    let row = time_entries::table.filter(time_entries::id.eq(id)).filter(time_entries::version.eq(version));
    let count = diesel::update(row)
        .set((columns, time_entries::updated_at.eq(now), time_entries::version.eq(time_entries::version + 1)))
        .execute(conn)?;
    Ok(count == 1)
}
