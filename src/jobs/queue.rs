//! The queue as its runner sees it: claims, leases, what becomes of an attempt.
//!
//! Who claims a job holds it for [`LEASE`] seconds and says so again while it works. A lease that ran out means that its
//! holder is gone: the job is taken up by another, and what the first one has to say later counts no more, since the
//! number of the attempt is another one. A job over which its holders went away time and again is put aside.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp};

use super::model::{Fault, JobState};
use crate::db::cached::Cache;
use crate::db::schema::jobs;
use crate::db::{Conn, dialect};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::JobId;

/// Seconds for which a job is held at a time.
pub const LEASE: i64 = 60;
/// Crashes after which a job is put aside.
const MOST_CRASHES: i64 = 3;
/// The longest wait between two attempts in seconds.
const LONGEST_WAIT: i64 = 3_600;
/// Seconds for which jobs that are done are kept.
const KEPT: i64 = 30 * 86_400;

/// What waits and is in nobody's hand: the words of the index.
const FREE: &str = "finished_at IS NULL AND locked_by IS NULL";

/// A job in hand.
#[derive(Debug, Clone, QueryableByName)]
pub struct Claim {
    /// Which.
    #[diesel(sql_type = BigInt)]
    pub id: JobId,
    /// What it is about.
    #[diesel(sql_type = Text)]
    pub args: String,
    /// The number of this attempt.
    #[diesel(sql_type = BigInt)]
    pub attempt: i64,
    /// Attempts after which it is given up.
    #[diesel(sql_type = BigInt)]
    most_attempts: i64,
    #[diesel(sql_type = BigInt)]
    crash_count: i64,
    /// Who has it.
    #[diesel(sql_type = Text)]
    locked_by: String,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done.
    Done,
    /// It is not.
    Failed(Fault),
    /// It panicked.
    Crashed,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    found: i64,
}

fn is_there(conn: &mut Conn, condition: &str, at: UtcTime) -> AppResult<bool> {
    let sql = format!("SELECT count(*) AS found FROM (SELECT 1 FROM jobs WHERE {condition} LIMIT 1) c");
    let row: Found = diesel::sql_query(sql).bind::<Timestamp, _>(at).cached().get_result(conn)?;
    Ok(row.found > 0)
}

/// Those of `kinds` of which a job is due. Only reads, so that a queue with nothing to do costs no write.
pub fn due(conn: &mut Conn, now: UtcTime, kinds: &[&'static str]) -> AppResult<Vec<&'static str>> {
    let mut due = Vec::new();
    for kind in kinds {
        let condition = format!("kind = '{kind}' AND {FREE} AND run_at <= $1");
        if is_there(conn, &condition, now)? {
            due.push(*kind);
        }
    }
    Ok(due)
}

/// Whether a lease ran out, or jobs that are done are old enough to go.
pub fn needs_tidying(conn: &mut Conn, now: UtcTime) -> AppResult<bool> {
    Ok(is_there(conn, "state = 'running' AND lease_expires_at < $1", now)?
        || is_there(conn, "state IN ('done', 'cancelled') AND finished_at < $1", now.plus_seconds(-KEPT))?)
}

/// Takes the job of `kind` that has waited longest in hand for `worker`.
pub fn claim(conn: &mut Conn, now: UtcTime, worker: &str, kind: &str) -> AppResult<Option<Claim>> {
    let sql = format!(
        "UPDATE jobs SET state = 'running', attempt = attempt + 1, locked_by = $1, lease_expires_at = $2 \
         WHERE id = (SELECT id FROM jobs WHERE kind = $3 AND {FREE} AND run_at <= $4 \
         ORDER BY run_at, id LIMIT 1 {}) \
         RETURNING id, args, attempt, most_attempts, crash_count, locked_by",
        dialect::skip_locked(conn)
    );
    Ok(diesel::sql_query(sql)
        .bind::<Text, _>(worker)
        .bind::<Timestamp, _>(now.plus_seconds(LEASE))
        .bind::<Text, _>(kind)
        .bind::<Timestamp, _>(now)
        .get_result(conn)
        .optional()?)
}

/// The row of a claim, as long as it stands.
macro_rules! held {
    ($claim:expr) => {
        jobs::table
            .find($claim.id)
            .filter(jobs::state.eq(JobState::Running))
            .filter(jobs::attempt.eq($claim.attempt))
            .filter(jobs::locked_by.eq(&$claim.locked_by))
    };
}

/// Holds a job for another [`LEASE`]; `false` when it is no longer this claim's.
pub fn extend(conn: &mut Conn, now: UtcTime, claim: &Claim) -> AppResult<bool> {
    let changed =
        diesel::update(held!(claim)).set(jobs::lease_expires_at.eq(now.plus_seconds(LEASE))).execute(conn)?;
    Ok(changed > 0)
}

/// Notes how an attempt ended; `false` when the job is no longer this claim's, and then nothing changes.
pub fn finish(conn: &mut Conn, now: UtcTime, claim: &Claim, outcome: &Outcome) -> AppResult<bool> {
    let crashes = claim.crash_count + i64::from(*outcome == Outcome::Crashed);
    let (state, error) = match outcome {
        Outcome::Done => (JobState::Done, ""),
        Outcome::Failed(Fault::Never(error)) => (JobState::Dead, error.as_str()),
        Outcome::Failed(Fault::Again(error)) => (after(claim, crashes), error.as_str()),
        Outcome::Crashed => (after(claim, crashes), "The work on it came to a sudden end."),
    };
    let waits = state == JobState::Retry;
    let changed = diesel::update(held!(claim))
        .set((
            jobs::state.eq(state),
            jobs::error.eq(error),
            jobs::crash_count.eq(crashes),
            jobs::run_at.eq(if waits { now.plus_seconds(wait(claim.attempt)) } else { now }),
            jobs::locked_by.eq(None::<String>),
            jobs::lease_expires_at.eq(None::<UtcTime>),
            jobs::finished_at.eq((!waits).then_some(now)),
        ))
        .execute(conn)?;
    Ok(changed > 0)
}

fn after(claim: &Claim, crashes: i64) -> JobState {
    let is_over = claim.attempt >= claim.most_attempts || crashes >= MOST_CRASHES;
    if is_over { JobState::Dead } else { JobState::Retry }
}

/// Seconds between the attempt of this number and the next: its fourth power, up to an hour, and up to a tenth more, so
/// that what failed together does not come back together.
pub fn wait(attempt: i64) -> i64 {
    let wait = attempt.clamp(1, 100).pow(4).min(LONGEST_WAIT);
    wait + rand::random_range(0..=wait / 10)
}

/// Gives back what `worker` has in hand, for another to begin at once.
pub fn release(conn: &mut Conn, now: UtcTime, worker: &str) -> AppResult<usize> {
    let own = jobs::table.filter(jobs::state.eq(JobState::Running)).filter(jobs::locked_by.eq(worker));
    Ok(diesel::update(own)
        .set((
            jobs::state.eq(JobState::Available),
            jobs::run_at.eq(now),
            jobs::locked_by.eq(None::<String>),
            jobs::lease_expires_at.eq(None::<UtcTime>),
        ))
        .execute(conn)?)
}

/// Takes jobs back whose lease ran out, puts those aside over which that happened too often, and clears away what was
/// done long ago. What was given up stays until somebody has seen to it.
pub fn tidy(conn: &mut Conn, now: UtcTime) -> AppResult<()> {
    let lapsed =
        || jobs::table.filter(jobs::state.eq(JobState::Running)).filter(jobs::lease_expires_at.lt(now));
    let is_over = jobs::crash_count.ge(MOST_CRASHES - 1).or(jobs::attempt.ge(jobs::most_attempts));
    let free = || (jobs::locked_by.eq(None::<String>), jobs::lease_expires_at.eq(None::<UtcTime>));
    diesel::update(lapsed().filter(is_over))
        .set((
            free(),
            jobs::state.eq(JobState::Dead),
            jobs::error.eq("Who worked on it went away, time and again. It was put aside."),
            jobs::crash_count.eq(jobs::crash_count + 1),
            jobs::finished_at.eq(now),
        ))
        .execute(conn)?;
    diesel::update(lapsed())
        .set((
            free(),
            jobs::state.eq(JobState::Retry),
            jobs::error.eq("Who worked on it went away."),
            jobs::crash_count.eq(jobs::crash_count + 1),
            jobs::run_at.eq(now),
        ))
        .execute(conn)?;
    diesel::delete(
        jobs::table
            .filter(jobs::state.eq_any([JobState::Done, JobState::Cancelled]))
            .filter(jobs::finished_at.lt(now.plus_seconds(-KEPT))),
    )
    .execute(conn)?;
    Ok(())
}
