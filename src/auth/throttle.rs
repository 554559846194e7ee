//! Slows guessing down: failures by account and by address, kept in the database.

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::sign_in_throttles as t;
use crate::error::{AppError, AppResult};
use crate::keys::sha256_hex;
use crate::types::clock::UtcTime;

/// What failures are counted by.
#[derive(Debug, Clone)]
pub enum Subject {
    /// The e-mail address that was typed.
    Account(String),
    /// The network it came from: an IPv4 address or an IPv6 /64.
    Address(String),
}

impl Subject {
    fn hash(&self) -> String {
        match self {
            Self::Account(email) => sha256_hex(&format!("account:{}", email.to_lowercase())),
            Self::Address(network) => sha256_hex(&format!("address:{network}")),
        }
    }

    /// Failures that cost nothing. An office shares one address, so it gets more.
    fn free_failures(&self) -> i64 {
        match self {
            Self::Account(_) => 5,
            Self::Address(_) => 30,
        }
    }
}

/// The longest wait in seconds: guessing is slow, but nobody is locked out for long.
const LONGEST_WAIT: i64 = 900;
/// Seconds after which old failures are forgotten.
const MEMORY: i64 = 24 * 3_600;

/// Refuses with the seconds to wait while any of `subjects` is blocked.
pub fn check(conn: &mut Conn, now: UtcTime, subjects: &[Subject]) -> AppResult<()> {
    let hashes: Vec<String> = subjects.iter().map(Subject::hash).collect();
    let blocked: Option<UtcTime> = t::table
        .filter(t::subject_hash.eq_any(hashes))
        .filter(t::blocked_until.gt(now))
        .select(t::blocked_until)
        .order(t::blocked_until.desc())
        .first::<Option<UtcTime>>(conn)
        .optional()?
        .flatten();
    match blocked {
        Some(until) => Err(AppError::TooMany(until.seconds_since(now).max(1))),
        None => Ok(()),
    }
}

/// Counts a failure; from the first that is not free each doubles the wait.
pub fn failed(conn: &mut Conn, now: UtcTime, subjects: &[Subject]) -> AppResult<()> {
    for subject in subjects {
        let hash = subject.hash();
        let known: Option<(i64, UtcTime)> =
            t::table.find(&hash).select((t::failures, t::last_failed_at)).first(conn).optional()?;
        let failures = match known {
            Some((failures, last)) if now.seconds_since(last) < MEMORY => failures.saturating_add(1),
            _ => 1,
        };
        let over = failures - subject.free_failures();
        let wait = if over < 0 {
            0
        } else {
            30_i64.checked_shl(over.min(10) as u32).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
        };
        let blocked_until = (wait > 0).then(|| now.plus_seconds(wait));
        let values =
            (t::failures.eq(failures), t::last_failed_at.eq(now), t::blocked_until.eq(blocked_until));
        if known.is_some() {
            diesel::update(t::table.find(&hash)).set(values).execute(conn)?;
        } else {
            diesel::insert_into(t::table).values((t::subject_hash.eq(&hash), values)).execute(conn)?;
        }
    }
    Ok(())
}

/// Forgets the failures of an account that got in.
pub fn succeeded(conn: &mut Conn, subjects: &[Subject]) -> AppResult<()> {
    let hashes: Vec<String> =
        subjects.iter().filter(|subject| matches!(subject, Subject::Account(_))).map(Subject::hash).collect();
    diesel::delete(t::table.filter(t::subject_hash.eq_any(hashes))).execute(conn)?;
    Ok(())
}
