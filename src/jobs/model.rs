//! Jobs: what they are, how they are put down, and what is shown of them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::dialect;
use crate::db::schema::jobs;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::JobId;

crate::text_enum! {
    /// How far a job is.
    pub enum JobState {
        /// It waits for its moment.
        Available = "available", "Waiting";
        /// Somebody has it in hand.
        Running = "running", "Running";
        /// It failed and is tried again later.
        Retry = "retry", "Trying again";
        /// It is done.
        Done = "done", "Done";
        /// It failed for good, or too often.
        Dead = "dead", "Given up";
        /// Somebody took it out.
        Cancelled = "cancelled", "Cancelled";
    }
}

/// Work to be done once, later. What is stored of it names rows, and holds no secret.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// What it is called in the database.
    const KIND: &'static str;
    /// Attempts after which it is given up.
    const MOST_ATTEMPTS: i64;
    /// Seconds after which an attempt has failed.
    const TIMEOUT: u64;

    /// Of jobs of one kind with the same key only one waits or runs.
    fn unique_key(&self) -> Option<String> {
        None
    }
}

/// Why an attempt came to nothing, in words that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It may go better later.
    Again(String),
    /// It never will.
    Never(String),
}

impl From<AppError> for Fault {
    fn from(error: AppError) -> Self {
        match error {
            // What was to be worked on is gone.
            AppError::NotFound => Self::Never("What it was about is gone.".to_owned()),
            error => Self::Again(error.to_string()),
        }
    }
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: JobId,
}

/// Puts `job` down in the caller's transaction, to be done from `at` on. Nothing where the same work waits already.
pub fn enqueue<J: Job>(conn: &mut Conn, now: UtcTime, at: UtcTime, job: &J) -> AppResult<Option<JobId>> {
    let args = serde_json::to_string(job).map_err(AppError::internal)?;
    let row: Option<Id> = diesel::sql_query(
        "INSERT INTO jobs (kind, args, unique_key, state, run_at, most_attempts, created_at) \
         VALUES ($1, $2, $3, 'available', $4, $5, $6) \
         ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL AND finished_at IS NULL \
         DO NOTHING RETURNING id",
    )
    .bind::<Text, _>(J::KIND)
    .bind::<Text, _>(args)
    .bind::<Nullable<Text>, _>(job.unique_key())
    .bind::<Timestamp, _>(at)
    .bind::<BigInt, _>(J::MOST_ATTEMPTS)
    .bind::<Timestamp, _>(now)
    .get_result(conn)
    .optional()?;
    Ok(row.map(|row| row.id))
}

/// [`enqueue`] to be done at once, also where the same work waits for a later moment; answers with the job.
pub fn enqueue_now<J: Job>(conn: &mut Conn, now: UtcTime, job: &J) -> AppResult<JobId> {
    if let Some(id) = enqueue(conn, now, now, job)? {
        return Ok(id);
    }
    let same = || {
        jobs::table
            .filter(jobs::kind.eq(J::KIND))
            .filter(jobs::unique_key.eq(job.unique_key()))
            .filter(jobs::finished_at.is_null())
    };
    diesel::update(same().filter(jobs::state.ne(JobState::Running)))
        .set(jobs::run_at.eq(now))
        .execute(conn)?;
    Ok(same().select(jobs::id).first(conn)?)
}

/// A job as it is shown: without its arguments.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub struct JobRow {
    /// Which.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// How far it is.
    pub state: JobState,
    /// From when on it may run.
    pub run_at: UtcTime,
    /// Attempts so far.
    pub attempt: i64,
    /// Attempts after which it is given up.
    pub most_attempts: i64,
    /// How often who ran it went away over it.
    pub crash_count: i64,
    /// What the last attempt that failed said.
    pub error: String,
    /// When it was put down.
    pub created_at: UtcTime,
    /// When it was done, given up or cancelled.
    pub finished_at: Option<UtcTime>,
}

impl JobRow {
    /// Whether it may be run again, or at once.
    pub fn can_retry(&self) -> bool {
        matches!(self.state, JobState::Retry | JobState::Dead | JobState::Cancelled)
    }

    /// Attempts that its kind is granted at once.
    fn granted(&self) -> i64 {
        (self.most_attempts - self.attempt).max(RETRIES)
    }

    /// Whether it may be taken out.
    pub fn can_cancel(&self) -> bool {
        matches!(self.state, JobState::Available | JobState::Retry)
    }
}

/// Attempts that a job is granted at the least when somebody has it tried again.
const RETRIES: i64 = 5;

/// Jobs on a page.
pub const PER_PAGE: i64 = 50;

/// Jobs, the newest first, at most `limit`, older than `before`; those in `state` only where one is named.
pub fn list(
    conn: &mut Conn,
    state: Option<JobState>,
    before: Option<JobId>,
    limit: i64,
) -> AppResult<Vec<JobRow>> {
    let mut query = jobs::table.order(jobs::id.desc()).limit(limit).select(JobRow::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(jobs::state.eq(state));
    }
    if let Some(before) = before {
        query = query.filter(jobs::id.lt(before));
    }
    Ok(query.cached().load(conn)?)
}

/// Jobs by state, each counted up to a hundred.
#[derive(Debug, Clone, Copy, Default, QueryableByName, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Those that wait.
    #[diesel(sql_type = BigInt)]
    pub available: i64,
    /// Those that run.
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Those that failed and are tried again.
    #[diesel(sql_type = BigInt)]
    pub retry: i64,
    /// Those that were given up.
    #[diesel(sql_type = BigInt)]
    pub dead: i64,
}

/// How many wait, run, are tried again and were given up.
pub fn counts(conn: &mut Conn) -> AppResult<Counts> {
    let count = |state: &str| {
        format!("(SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = '{state}' LIMIT 100) c) AS {state}")
    };
    let states = ["available", "running", "retry", "dead"].map(count).join(", ");
    Ok(diesel::sql_query(format!("SELECT {states}")).cached().get_result(conn)?)
}

/// A job by id.
pub fn find(conn: &mut Conn, id: JobId) -> AppResult<JobRow> {
    Ok(jobs::table.find(id).select(JobRow::as_select()).first(conn)?)
}

/// Has a job that failed or was cancelled done again, from now on and with some attempts more.
pub fn retry(conn: &mut Conn, actor: &Actor, now: UtcTime, id: JobId) -> AppResult<JobRow> {
    let before = find(conn, id)?;
    let changed = diesel::update(jobs::table.find(id).filter(jobs::state.eq_any([
        JobState::Retry,
        JobState::Dead,
        JobState::Cancelled,
    ])))
    .set((
        jobs::state.eq(JobState::Available),
        jobs::run_at.eq(now),
        // The number of the attempt fences who ran it before, so it goes on and the limit with it.
        jobs::most_attempts.eq(jobs::attempt + before.granted()),
        jobs::crash_count.eq(0),
        jobs::finished_at.eq(None::<UtcTime>),
    ))
    .execute(conn)
    .map_err(|error| match dialect::violated_unique(&error) {
        Some(_) => AppError::Conflict("The same work waits already.".into()),
        None => error.into(),
    })?;
    if changed == 0 {
        return Err(AppError::Conflict(format!("This job is {}.", before.state.label().to_lowercase())));
    }
    audit::record(conn, Some(actor.id), now, &Entry::new(Action::Retried, Subject::Job, id.0, &before.kind))?;
    find(conn, id)
}

/// Takes a job that waits out. One that runs goes on to its end.
pub fn cancel(conn: &mut Conn, actor: &Actor, now: UtcTime, id: JobId) -> AppResult<JobRow> {
    let before = find(conn, id)?;
    let waits = jobs::state.eq_any([JobState::Available, JobState::Retry]);
    let changed = diesel::update(jobs::table.find(id).filter(waits))
        .set((
            jobs::state.eq(JobState::Cancelled),
            jobs::error.eq("Somebody took it out."),
            jobs::finished_at.eq(now),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(AppError::Conflict(format!("This job is {}.", before.state.label().to_lowercase())));
    }
    audit::record(
        conn,
        Some(actor.id),
        now,
        &Entry::new(Action::Cancelled, Subject::Job, id.0, &before.kind),
    )?;
    find(conn, id)
}
