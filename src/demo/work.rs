//! Tasks and hours in batches.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, RngExt};

use super::morning_of;
use crate::db::Conn;
use crate::db::schema::{tasks, time_entries};
use crate::error::AppResult;
use crate::rates::model::{self as rates, Prices, Resolved, Work};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, TaskId, UserId};
use crate::types::money;

/// Rows written at a time: SQLite takes at most 32,766 values in one statement, PostgreSQL 65,535.
const BATCH: usize = 1_000;

// Without a default for an absent value a batch is one statement on SQLite; else it is a savepoint around one statement
// a row, each of which walks all that the savepoint has kept so far.
/// A task to be written.
#[derive(Insertable)]
#[diesel(table_name = tasks, treat_none_as_default_value = false)]
pub(super) struct TaskRow {
    pub client_id: ClientId,
    pub project_id: ProjectId,
    pub title: String,
    pub title_key: String,
    pub description: String,
    pub description_html: String,
    pub status: &'static str,
    pub priority: &'static str,
    pub is_client_visible: bool,
    pub assignee_id: Option<UserId>,
    pub due_on: Option<NaiveDate>,
    pub due_order: NaiveDate,
    pub estimate_seconds: Option<i64>,
    pub is_billable: bool,
    pub completed_at: Option<UtcTime>,
    pub created_by: Option<UserId>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// Where "no date" stands in the order of due dates.
pub(super) fn far() -> NaiveDate {
    crate::tasks::model::NO_DUE
}

/// Writes tasks.
pub(super) fn insert_tasks(conn: &mut Conn, rows: &[TaskRow]) -> AppResult<()> {
    for batch in rows.chunks(BATCH) {
        crate::insert_batch!(conn, tasks::table, batch)?;
    }
    Ok(())
}

/// Ids of a project's tasks with whether each is billable.
pub(super) fn tasks_of(conn: &mut Conn, project: ProjectId) -> AppResult<Vec<(TaskId, bool)>> {
    Ok(tasks::table
        .filter(tasks::project_id.eq(project))
        .order(tasks::id)
        .select((tasks::id, tasks::is_billable))
        .load(conn)?)
}

/// Hours to be written.
#[derive(Insertable)]
#[diesel(table_name = time_entries, treat_none_as_default_value = false)]
pub(super) struct EntryRow {
    user_id: UserId,
    client_id: ClientId,
    project_id: ProjectId,
    task_id: Option<TaskId>,
    started_at: UtcTime,
    ended_at: UtcTime,
    duration_seconds: i64,
    time_zone: &'static str,
    local_on: NaiveDate,
    note: &'static str,
    is_billable: bool,
    rate_cents: Option<i64>,
    rate_source: String,
    cost_rate_cents: Option<i64>,
    cost_rate_source: String,
    amount_cents: i64,
    is_unbilled: bool,
    created_at: UtcTime,
    updated_at: UtcTime,
}

/// A project that hours are logged on.
#[derive(Clone)]
pub(super) struct Place {
    pub client: ClientId,
    pub project: ProjectId,
    pub is_billable: bool,
    pub tasks: Vec<(TaskId, bool)>,
}

const NOTES: [&str; 12] = [
    "Template and styles",
    "Review with the client",
    "Fixed what the test found",
    "Call and notes",
    "Copy and pictures",
    "Accessibility pass",
    "Deployment",
    "Sketches for two variants",
    "Migrated content",
    "Analytics and consent",
    "Cross-browser check",
    "",
];

/// One stretch of work that begins `offset` seconds after nine o'clock.
pub(super) fn entry(
    rng: &mut StdRng,
    place: &Place,
    user: UserId,
    on: NaiveDate,
    offset: i64,
    seconds: i64,
    prices: &Prices,
) -> EntryRow {
    let started_at = morning_of(on).plus_seconds(offset);
    let ended_at = started_at.plus_seconds(seconds);
    let task = pick(rng, &place.tasks).copied();
    let is_billable =
        place.is_billable && task.is_none_or(|(_, is_billable)| is_billable) && rng.random_range(0..20) > 0;
    let stored = |rate: &Option<Resolved>| match rate {
        Some(rate) => (Some(rate.cents), rate.source.clone()),
        None => (None, String::new()),
    };
    let (rate_cents, rate_source) = stored(&prices.bill);
    let (cost_rate_cents, cost_rate_source) = stored(&prices.cost);
    EntryRow {
        user_id: user,
        client_id: place.client,
        project_id: place.project,
        task_id: task.map(|(id, _)| id),
        started_at,
        ended_at,
        duration_seconds: seconds,
        time_zone: super::ZONE,
        local_on: on,
        note: pick(rng, &NOTES).copied().unwrap_or_default(),
        is_billable,
        rate_cents,
        rate_source,
        cost_rate_cents,
        cost_rate_source,
        amount_cents: rate_cents
            .filter(|_| is_billable)
            .and_then(|cents| money::entry_amount(seconds, cents))
            .unwrap_or(0),
        is_unbilled: is_billable,
        created_at: ended_at,
        updated_at: ended_at,
    }
}

/// Writes hours.
pub(super) fn insert_entries(conn: &mut Conn, rows: &[EntryRow]) -> AppResult<()> {
    for batch in rows.chunks(BATCH) {
        crate::insert_batch!(conn, time_entries::table, batch)?;
    }
    Ok(())
}

/// The rates of `user` on `place`, as the verb would find them.
pub(super) fn prices(conn: &mut Conn, place: &Place, user: UserId, on: NaiveDate) -> AppResult<Prices> {
    let work = Work { user, client: place.client, project: place.project, task: None };
    rates::resolve(conn, work, on)
}

/// Whether people work on `date`.
pub(super) fn is_workday(date: NaiveDate) -> bool {
    date.weekday().number_from_monday() <= 5
}

/// One of `items`.
pub(super) fn pick<'a, T>(rng: &mut impl Rng, items: &'a [T]) -> Option<&'a T> {
    if items.is_empty() {
        return None;
    }
    items.get(rng.random_range(0..items.len()))
}
