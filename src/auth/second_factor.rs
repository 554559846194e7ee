//! The second factor: a code of six digits that an app works out every thirty seconds (RFC 6238), or a passkey
//! ([`super::passkey`]), and recovery codes for who has lost them. The secret is encrypted at rest; recovery codes are
//! stored as hashes. Each code opens once.

use diesel::prelude::*;
use totp_rs::{Builder, Totp};

use super::user::{self, Actor, User};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::db::Conn;
use crate::db::schema::{passkeys, recovery_codes, second_factors, users};
use crate::error::{AppError, AppResult};
use crate::keys::cipher::Place;
use crate::keys::{Keys, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::UserId;

/// Digits of a code.
const DIGITS: usize = 6;
/// Bytes of a secret, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// Recovery codes that are made at once.
const RECOVERY_CODES: usize = 10;
/// Characters of a recovery code; with 32 letters to choose from, 80 bits.
const RECOVERY_LENGTH: usize = 16;
/// Letters and digits that nobody mistakes for each other.
const RECOVERY_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How it stands with somebody's second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Since when a code of the app is asked for; `None` while it is off.
    pub on_since: Option<UtcTime>,
    /// Passkeys, each of which will do as well.
    pub passkeys: i64,
    /// Recovery codes that still open.
    pub recovery_codes_left: i64,
}

impl State {
    /// Whether anything is asked for beside the password.
    pub fn is_on(&self) -> bool {
        self.on_since.is_some() || self.passkeys > 0
    }
}

/// How it stands with the second factor of `user`.
pub fn state(conn: &mut Conn, user: UserId) -> AppResult<State> {
    let on_since: Option<Option<UtcTime>> =
        second_factors::table.find(user).select(second_factors::confirmed_at).first(conn).optional()?;
    let passkeys = passkeys::table.filter(passkeys::user_id.eq(user)).count().get_result(conn)?;
    let recovery_codes_left = unused(user).count().get_result(conn)?;
    Ok(State { on_since: on_since.flatten(), passkeys, recovery_codes_left })
}

/// Whether `user` is asked for a second factor.
pub fn is_on(conn: &mut Conn, user: UserId) -> AppResult<bool> {
    Ok(state(conn, user)?.is_on())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn unused(user: UserId) -> _ {
    recovery_codes::table.filter(recovery_codes::user_id.eq(user)).filter(recovery_codes::used_at.is_null())
}

fn place(user: UserId, version: i64) -> Place<'static> {
    Place { table: "second_factors", row: user.0, field: "secret", version }
}

/// Makes a secret that is not asked for until [`confirm`] has seen a code of it; one that waited before is replaced.
pub fn begin(conn: &mut Conn, keys: &Keys, now: UtcTime, actor: &Actor) -> AppResult<()> {
    let before: Option<(i64, Option<UtcTime>)> = second_factors::table
        .find(actor.id)
        .select((second_factors::version, second_factors::confirmed_at))
        .first(conn)
        .optional()?;
    let version = match before {
        Some((_, Some(_))) => return Err(AppError::Conflict("Your second factor is on already.".into())),
        Some((version, None)) => version + 1,
        None => 1,
    };
    let secret = zeroize::Zeroizing::new(rand::random::<[u8; SECRET_BYTES]>());
    let sealed = keys.second_factors().seal(place(actor.id, version), secret.as_slice())?;
    diesel::delete(second_factors::table.find(actor.id)).execute(conn)?;
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::user_id.eq(actor.id),
            second_factors::secret.eq(sealed),
            second_factors::version.eq(version),
            second_factors::last_step.eq(0),
            second_factors::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The secret of somebody, as their app takes it.
fn totp(conn: &mut Conn, keys: &Keys, user: UserId, issuer: &str, is_on: bool) -> AppResult<Totp> {
    let (sealed, version, email): (Vec<u8>, i64, String) = second_factors::table
        .inner_join(users::table)
        .filter(second_factors::user_id.eq(user))
        .filter(second_factors::confirmed_at.is_not_null().eq(is_on))
        .select((second_factors::secret, second_factors::version, users::email))
        .first(conn)?;
    let secret = keys.second_factors().open(place(user, version), &sealed)?;
    // A colon would end the issuer.
    let (issuer, account) = (issuer.replace(':', " "), email.replace(':', " "));
    Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some(issuer))
        .with_account_name(account)
        .build()
        .map_err(AppError::internal)
}

/// The secret that waits to be confirmed; not found when there is none.
pub fn pending(conn: &mut Conn, keys: &Keys, actor: &Actor, issuer: &str) -> AppResult<Totp> {
    totp(conn, keys, actor.id, issuer, false)
}

/// Turns the second factor on once `code` shows that the app has the secret; the recovery codes, which are not stored.
pub fn confirm(
    conn: &mut Conn,
    keys: &Keys,
    now: UtcTime,
    actor: &Actor,
    code: &str,
) -> AppResult<Vec<String>> {
    let totp = totp(conn, keys, actor.id, "", false)?;
    let Some(step) = totp.check(&bare(code), seconds(now)) else {
        return Err(AppError::invalid("code", "is not the one that the app shows now"));
    };
    diesel::update(second_factors::table.find(actor.id))
        .set((second_factors::confirmed_at.eq(now), second_factors::last_step.eq(step as i64)))
        .execute(conn)?;
    let entry = Entry::new(Action::Created, Subject::SecondFactor, actor.id.0, &actor.name);
    audit::record(conn, Some(actor.id), now, &entry)?;
    make_recovery_codes(conn, now, actor.id)
}

/// Recovery codes in place of those of before; they are not stored.
pub(super) fn make_recovery_codes(conn: &mut Conn, now: UtcTime, user: UserId) -> AppResult<Vec<String>> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    let mut codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        let random = rand::random::<[u8; RECOVERY_LENGTH]>();
        let letters = random.iter().filter_map(|byte| RECOVERY_LETTERS.get(usize::from(byte % 32)));
        let code: String = letters.map(|letter| char::from(*letter)).collect();
        diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::user_id.eq(user),
                recovery_codes::code_hash.eq(recovery_hash(user, &code)),
                recovery_codes::created_at.eq(now),
            ))
            .execute(conn)?;
        codes.push(grouped(&code));
    }
    Ok(codes)
}

/// "abcd-efgh-ijkm-npqr".
fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn recovery_hash(user: UserId, code: &str) -> String {
    sha256_hex(&format!("recovery code of {user}: {code}"))
}

/// A code as it was meant: without the spaces and hyphens that make it readable.
fn bare(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_lowercase()
}

fn seconds(now: UtcTime) -> u64 {
    u64::try_from(now.datetime().timestamp()).unwrap_or_default()
}

/// Whether `typed` is meant as a code of the app.
pub fn is_code(typed: &str) -> bool {
    let code = bare(typed);
    code.len() == DIGITS && code.chars().all(|c| c.is_ascii_digit())
}

/// Whether `typed` is a code of the app of `user`; it and every one before it opens no more.
pub fn take_code(conn: &mut Conn, keys: &Keys, now: UtcTime, user: UserId, typed: &str) -> AppResult<bool> {
    let totp = match totp(conn, keys, user, "", true) {
        Err(AppError::NotFound) => return Ok(false),
        totp => totp?,
    };
    let Some(step) = totp.check(&bare(typed), seconds(now)) else { return Ok(false) };
    let step = step as i64;
    let taken = diesel::update(second_factors::table.find(user).filter(second_factors::last_step.lt(step)))
        .set(second_factors::last_step.eq(step))
        .execute(conn)?;
    Ok(taken > 0)
}

/// Whether `typed` is a recovery code of `user` that was not used; it opens no more.
pub fn take_recovery_code(conn: &mut Conn, now: UtcTime, user: UserId, typed: &str) -> AppResult<bool> {
    let hash = recovery_hash(user, &bare(typed));
    let taken = diesel::update(unused(user).filter(recovery_codes::code_hash.eq(hash)))
        .set(recovery_codes::used_at.eq(now))
        .execute(conn)?;
    Ok(taken > 0)
}

/// New recovery codes, which are not stored; those of before open no more.
pub fn renew_recovery_codes(conn: &mut Conn, now: UtcTime, actor: &Actor) -> AppResult<Vec<String>> {
    let before = state(conn, actor.id)?;
    if !before.is_on() {
        return Err(AppError::Conflict("Your second factor is off.".into()));
    }
    let entry = Entry::new(Action::Updated, Subject::SecondFactor, actor.id.0, &actor.name).change(
        "recovery_codes",
        format!("{} of before", before.recovery_codes_left),
        format!("{RECOVERY_CODES} new"),
    );
    audit::record(conn, Some(actor.id), now, &entry)?;
    make_recovery_codes(conn, now, actor.id)
}

/// Asks `actor` for no code of an app any more. Harmless when that is so.
pub fn turn_off(conn: &mut Conn, now: UtcTime, actor: &Actor) -> AppResult<()> {
    let before = state(conn, actor.id)?;
    diesel::delete(second_factors::table.find(actor.id)).execute(conn)?;
    if before.on_since.is_some() {
        let entry = Entry::new(Action::Deleted, Subject::SecondFactor, actor.id.0, &actor.name);
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    forget_unneeded_codes(conn, actor.id)
}

/// Voids the recovery codes of `user` once there is no second factor that they could stand for.
pub(super) fn forget_unneeded_codes(conn: &mut Conn, user: UserId) -> AppResult<()> {
    if !is_on(conn, user)? {
        diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    }
    Ok(())
}

/// Takes app and passkeys off somebody who has lost them: their sessions and tokens are void. Whether there were any.
pub fn remove(conn: &mut Conn, actor: &Actor, now: UtcTime, id: UserId) -> AppResult<(User, bool)> {
    let person = user::find_to_change(conn, actor, id)?;
    let before = state(conn, id)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(id))).execute(conn)?;
    diesel::delete(passkeys::table.filter(passkeys::user_id.eq(id))).execute(conn)?;
    diesel::delete(second_factors::table.find(id)).execute(conn)?;
    if before.is_on() {
        let mut entry = Entry::new(Action::Deleted, Subject::SecondFactor, id.0, &person.name);
        if before.passkeys > 0 {
            entry = entry.change("passkeys", before.passkeys.to_string(), "0");
        }
        audit::record(conn, Some(actor.id), now, &entry)?;
        diesel::update(users::table.find(id))
            .set((users::auth_epoch.eq(users::auth_epoch + 1), users::updated_at.eq(now)))
            .execute(conn)?;
    }
    Ok((person, before.is_on()))
}
