//! Slows guessing down: failures by account at one network, by account and by network, kept in the database.
//!
//! Whoever guesses at an account is slowed down where they are; others of that name elsewhere are not, until so many
//! networks guess that the account itself is. Even then it opens from a network where it has been signed in, and a
//! browser where it has been is counted by itself, whatever happens around it.

use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamp};

use crate::db::Conn;
use crate::db::schema::sign_in_throttles as t;
use crate::error::{AppError, AppResult};
use crate::keys::sha256_hex;
use crate::types::clock::UtcTime;

/// What failures are counted by.
#[derive(Debug, Clone)]
pub enum Subject {
    /// The e-mail address that was typed and the network it came from.
    Visitor(String, String),
    /// The e-mail address that was typed, from wherever.
    Account(String),
    /// The e-mail address that was typed in a browser that is known of its owner, by what that keeps.
    Browser(String, String),
    /// The network it came from: an IPv4 address or an IPv6 /64.
    Address(String),
    /// The network that asked for a secret link which is not there.
    Link(String),
    /// The e-mail address for which a new password is asked for.
    Reset(String),
    /// The network from which new passwords are asked for.
    ResetFrom(String),
    /// The e-mail address of who is signed in and is asked to prove that it is them.
    Proof(String),
}

impl Subject {
    fn hash(&self) -> String {
        match self {
            Self::Visitor(email, network) => {
                sha256_hex(&format!("visitor:{network}:{}", email.to_lowercase()))
            }
            Self::Browser(email, token) => sha256_hex(&format!("browser:{token}:{}", email.to_lowercase())),
            Self::Account(email) => sha256_hex(&format!("account:{}", email.to_lowercase())),
            Self::Address(network) => sha256_hex(&format!("address:{network}")),
            Self::Link(network) => sha256_hex(&format!("link:{network}")),
            Self::Reset(email) => sha256_hex(&format!("reset:{}", email.to_lowercase())),
            Self::ResetFrom(network) => sha256_hex(&format!("reset-from:{network}")),
            Self::Proof(email) => sha256_hex(&format!("proof:{email}")),
        }
    }

    /// Failures that cost nothing. An office shares one address, so it gets more; an account gets more than one
    /// network can spend, so that none alone can lock it.
    fn free_failures(&self) -> i64 {
        match self {
            Self::Visitor(..) | Self::Browser(..) | Self::Proof(_) => 5,
            Self::Reset(_) => 3,
            Self::Account(_) => 200,
            Self::Address(_) | Self::Link(_) | Self::ResetFrom(_) => 30,
        }
    }

    /// What is left of `failures` after `seconds` without one. Those of an account drain away one by one.
    fn remembered(&self, failures: i64, seconds: i64) -> i64 {
        match self {
            Self::Account(_) => (failures - seconds / (MEMORY / self.free_failures())).max(0),
            _ if seconds < MEMORY => failures,
            _ => 0,
        }
    }
}

/// Where an attempt comes from, for the account that it is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere that it has been signed in from.
    Unknown,
    /// A network from which it has been.
    Network,
    /// A browser in which it has been, by the token that it keeps.
    Browser(String),
}

/// Whom an attempt from `network` is counted for. At a network that is known the account's own count is left out, in a
/// browser that is known every other is.
pub fn subjects(email: &str, network: &str, origin: &Origin) -> Vec<Subject> {
    if let Origin::Browser(token) = origin {
        return vec![Subject::Browser(email.to_owned(), token.clone())];
    }
    let mut subjects =
        vec![Subject::Visitor(email.to_owned(), network.to_owned()), Subject::Address(network.to_owned())];
    if *origin == Origin::Unknown {
        subjects.push(Subject::Account(email.to_owned()));
    }
    subjects
}

/// The longest wait in seconds: guessing is slow, but nobody is locked out for long.
const LONGEST_WAIT: i64 = 900;
/// Seconds after which old failures are forgotten.
const MEMORY: i64 = 24 * 3_600;

/// Counts an attempt as failed before its password is looked at, so that many at once gain nothing; refuses with the
/// seconds to wait while any of `subjects` is blocked. From the first failure that is not free each doubles the wait.
pub fn attempt(conn: &mut Conn, now: UtcTime, subjects: &[Subject]) -> AppResult<()> {
    for subject in subjects {
        let hash = subject.hash();
        let (failures, last, blocked_until) = locked(conn, now, &hash)?;
        if let Some(until) = blocked_until.filter(|until| *until > now) {
            return Err(AppError::TooMany(until.seconds_since(now).max(1)));
        }
        let failures = subject.remembered(failures, now.seconds_since(last)).saturating_add(1);
        let wait = wait_after(failures - subject.free_failures());
        let blocked_until = (wait > 0).then(|| now.plus_seconds(wait));
        diesel::update(t::table.find(&hash))
            .set((t::failures.eq(failures), t::last_failed_at.eq(now), t::blocked_until.eq(blocked_until)))
            .execute(conn)?;
    }
    // What is forgotten goes: the table stays as small as a day of guessing.
    diesel::delete(
        t::table
            .filter(t::last_failed_at.lt(now.plus_seconds(-MEMORY)))
            .filter(t::blocked_until.is_null().or(t::blocked_until.lt(now))),
    )
    .execute(conn)?;
    Ok(())
}

/// Takes back what [`attempt`] counted: an account that got in has no failures, its network one less.
pub fn succeeded(conn: &mut Conn, now: UtcTime, subjects: &[Subject]) -> AppResult<()> {
    for subject in subjects {
        let hash = subject.hash();
        let (failures, ..) = locked(conn, now, &hash)?;
        if failures <= 1 || !matches!(subject, Subject::Address(_)) {
            diesel::delete(t::table.find(&hash)).execute(conn)?;
        } else {
            diesel::update(t::table.find(&hash))
                .set((t::failures.eq(failures - 1), t::blocked_until.eq(None::<UtcTime>)))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// Seconds to wait after so many failures more than the free ones.
fn wait_after(over: i64) -> i64 {
    if over < 0 {
        0
    } else {
        30_i64.checked_shl(over.min(10) as u32).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
    }
}

/// A subject's row, made when there is none, locked until the transaction ends.
fn locked(conn: &mut Conn, now: UtcTime, hash: &str) -> AppResult<(i64, UtcTime, Option<UtcTime>)> {
    diesel::sql_query(
        "INSERT INTO sign_in_throttles (subject_hash, failures, last_failed_at) VALUES ($1, 0, $2) \
         ON CONFLICT (subject_hash) DO NOTHING",
    )
    .bind::<Text, _>(hash)
    .bind::<Timestamp, _>(now)
    .execute(conn)?;
    diesel::update(t::table.find(hash)).set(t::failures.eq(t::failures)).execute(conn)?;
    Ok(t::table.find(hash).select((t::failures, t::last_failed_at, t::blocked_until)).first(conn)?)
}
