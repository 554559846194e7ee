//! API tokens: shown once, stored as a hash, void as soon as their owner is disabled or re-keyed.

use diesel::prelude::*;

use super::user::{Actor, User};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::db::Conn;
use crate::db::schema::{api_tokens, users};
use crate::error::{AppError, AppResult};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::TokenId;

/// What every token starts with, so that scanners of leaked secrets know one when they see it.
const PREFIX: &str = "bureau_";
/// Seconds between two notes of a token's last use.
const TOUCH_EVERY: i64 = 60;

/// Makes a token for `user` and returns its text, which is not stored.
pub fn create(conn: &mut Conn, now: UtcTime, user: &User, name: &str) -> AppResult<String> {
    let text = format!("{PREFIX}{}", random_token());
    let id: TokenId = diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::user_id.eq(user.id),
            api_tokens::name.eq(name),
            api_tokens::token_hash.eq(sha256_hex(&text)),
            api_tokens::auth_epoch.eq(user.auth_epoch),
            api_tokens::created_at.eq(now),
        ))
        .returning(api_tokens::id)
        .get_result(conn)?;
    audit::record(conn, Some(user.id), now, &Entry::new(Action::Created, Subject::Token, id.0, name))?;
    Ok(text)
}

/// A token in use: whose, and whether its last use is old enough to be noted again.
#[derive(Debug)]
pub struct Presented {
    /// Which.
    pub id: TokenId,
    /// The owner.
    pub actor: Actor,
    /// Whether [`touch`] is due.
    pub stale: bool,
}

/// Whose token `text` is; unauthenticated when it is nobody's, revoked, or its owner may not come in.
pub fn authenticate(conn: &mut Conn, now: UtcTime, text: &str) -> AppResult<Presented> {
    let (id, last_used_at, user): (TokenId, Option<UtcTime>, User) = api_tokens::table
        .inner_join(users::table)
        .filter(api_tokens::token_hash.eq(sha256_hex(text)))
        .filter(api_tokens::revoked_at.is_null())
        .filter(users::disabled_at.is_null())
        .filter(api_tokens::auth_epoch.eq(users::auth_epoch))
        .select((api_tokens::id, api_tokens::last_used_at, User::as_select()))
        .first(conn)
        .optional()?
        .ok_or(AppError::Unauthenticated)?;
    let stale = last_used_at.is_none_or(|at| now.seconds_since(at) >= TOUCH_EVERY);
    Ok(Presented { id, actor: user.actor(), stale })
}

/// Notes that a token was used.
pub fn touch(conn: &mut Conn, now: UtcTime, id: TokenId) -> AppResult<()> {
    diesel::update(api_tokens::table.find(id)).set(api_tokens::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}
