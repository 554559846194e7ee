//! Browsers in which somebody has signed in before. Wrong passwords from such a browser are counted apart, so that a flood
//! of them from elsewhere, even from the next desk, keeps nobody out. A browser keeps a random token, the database its
//! hash; it opens nothing by itself.

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::known_browsers as t;
use crate::error::AppResult;
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::UserId;

/// Seconds for which a browser is known after a sign-in.
pub const LIFETIME: i64 = 180 * 86_400;
/// Browsers that are known of one person.
const MOST: i64 = 20;

/// Whether `user` has signed in before in the browser that keeps `token`.
pub fn is_known(conn: &mut Conn, now: UtcTime, user: UserId, token: &str) -> AppResult<bool> {
    let known = t::table
        .filter(t::token_hash.eq(sha256_hex(token)))
        .filter(t::user_id.eq(user))
        .filter(t::expires_at.gt(now));
    Ok(known.count().get_result::<i64>(conn)? > 0)
}

/// Notes that `user` has signed in with a browser that keeps `token`; the token that it is to keep. One that nobody has
/// signed in with is replaced, since somebody else may have put it there.
pub fn remember(conn: &mut Conn, now: UtcTime, user: UserId, token: Option<&str>) -> AppResult<String> {
    let own = || t::table.filter(t::user_id.eq(user));
    diesel::delete(own().filter(t::expires_at.le(now))).execute(conn)?;
    let mut kept = None;
    if let Some(token) = token {
        let somebodys = t::table.filter(t::token_hash.eq(sha256_hex(token)));
        if somebodys.count().get_result::<i64>(conn)? > 0 {
            kept = Some(token.to_owned());
        }
    }
    let token = kept.unwrap_or_else(random_token);
    let hash = sha256_hex(&token);
    diesel::delete(own().filter(t::token_hash.eq(&hash))).execute(conn)?;
    diesel::insert_into(t::table)
        .values((
            t::user_id.eq(user),
            t::token_hash.eq(&hash),
            t::created_at.eq(now),
            t::expires_at.eq(now.plus_seconds(LIFETIME)),
        ))
        .execute(conn)?;
    // Each sign-in makes a new row, so the lowest ids are those that were used longest ago.
    let newest: Vec<i64> = own().select(t::id).order(t::id.desc()).limit(MOST).load(conn)?;
    if let Some(oldest) = newest.last() {
        diesel::delete(own().filter(t::id.lt(*oldest))).execute(conn)?;
    }
    Ok(token)
}
