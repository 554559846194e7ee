//! Links by which who has lost their password chooses a new one: one at a time, once, for half an hour.

use diesel::prelude::*;

use super::user::{self, User};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::db::Conn;
use crate::db::schema::{password_resets, users};
use crate::error::{AppError, AppResult};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;

/// Seconds for which a link opens.
pub const LIFETIME: i64 = 1_800;

/// Makes a link for `user`; the answer is its token, which is not stored. One that was made before opens no more.
pub fn create(conn: &mut Conn, now: UtcTime, user: &User) -> AppResult<String> {
    diesel::delete(password_resets::table.filter(password_resets::user_id.eq(user.id))).execute(conn)?;
    let token = random_token();
    diesel::insert_into(password_resets::table)
        .values((
            password_resets::user_id.eq(user.id),
            password_resets::token_hash.eq(sha256_hex(&token)),
            password_resets::auth_epoch.eq(user.auth_epoch),
            password_resets::created_at.eq(now),
            password_resets::expires_at.eq(now.plus_seconds(LIFETIME)),
        ))
        .execute(conn)?;
    let entry = Entry::new(Action::AskedForReset, Subject::User, user.id.0, &user.name);
    audit::record(conn, None, now, &entry)?;
    Ok(token)
}

/// Whose password the link with `token` changes; not found when it was used, is too old, or when they changed it
/// meanwhile or may not come in any more.
pub fn open(conn: &mut Conn, now: UtcTime, token: &str) -> AppResult<User> {
    Ok(password_resets::table
        .inner_join(users::table)
        .filter(password_resets::token_hash.eq(sha256_hex(token)))
        .filter(password_resets::expires_at.gt(now))
        .filter(password_resets::auth_epoch.eq(users::auth_epoch))
        .filter(users::disabled_at.is_null())
        .select(User::as_select())
        .first(conn)?)
}

/// Stores the hash of the new password. The link opens no more, and neither does any session or token of before; a second
/// factor is still asked for.
pub fn accept(conn: &mut Conn, now: UtcTime, token: &str, password_hash: &str) -> AppResult<User> {
    let user = open(conn, now, token)?;
    let own = password_resets::table.filter(password_resets::token_hash.eq(sha256_hex(token)));
    if diesel::delete(own).execute(conn)? == 0 {
        return Err(AppError::NotFound);
    }
    user::set_password(conn, &user.actor(), now, password_hash)?;
    Ok(user)
}
