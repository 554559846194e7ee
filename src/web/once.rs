//! Forms that are sent twice, by a second click or a lost answer, are saved once.
//!
//! A form for something new carries a random `idempotency_key` from the moment it is shown. The first time claims it
//! in the transaction that creates the row; the same key with the same content finds that row. The same key with other
//! content is somebody who went back in the browser: the form is shown again with a new key, so nothing is lost.

use diesel::prelude::*;
use serde::Serialize;

use crate::db::Conn;
use crate::db::schema::idempotency_keys;
use crate::error::{AppError, AppResult, FormErrors};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::UserId;

/// Seconds for which a key is remembered.
const REMEMBERED: i64 = 7 * 86_400;
/// Leaves a field out of what is compared: it says how a form is sent, not what.
pub fn is_not_content<T>(_: &T) -> bool {
    true
}

/// Longest key, in characters.
const LONGEST: usize = 200;
/// What a key is called in forms and documents.
const FIELD: &str = "idempotency_key";
/// Said of a key that stands for other content already.
const CHANGED: &str = "was sent before with other content; send another one to add this as well";
/// The same about a form, whose key nobody typed.
const SAVED_BEFORE: &str = "This form was saved before with other content. Save again to add this as well.";

/// What became of a form for something new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once<T> {
    /// It was saved.
    First(T),
    /// It had been saved before, as the row with this id.
    Again(i64),
}

impl<T> Once<T> {
    /// What was saved; a conflict when that was before.
    pub fn first(self) -> AppResult<T> {
        match self {
            Self::First(saved) => Ok(saved),
            Self::Again(id) => {
                Err(AppError::Conflict(format!("This was sent before and is saved already, with id {id}.")))
            }
        }
    }
}

/// Runs `create`, which answers with the new row's id and what to hand on, unless `user` sent the same `form` under
/// `key` before. A blank key always creates.
pub fn once<T>(
    conn: &mut Conn,
    user: UserId,
    now: UtcTime,
    key: &str,
    form: &impl Serialize,
    create: impl FnOnce(&mut Conn) -> AppResult<(i64, T)>,
) -> AppResult<Once<T>> {
    let key = key.trim();
    if key.is_empty() {
        return create(conn).map(|(_, saved)| Once::First(saved));
    }
    if key.chars().count() > LONGEST || key.chars().any(char::is_control) {
        return Err(AppError::invalid(FIELD, "must be a line of up to 200 characters"));
    }
    let sent = sha256_hex(&serde_json::to_string(form).map_err(AppError::internal)?);
    let mine = || idempotency_keys::table.filter(idempotency_keys::user_id.eq(user));
    diesel::delete(mine().filter(idempotency_keys::created_at.lt(now.plus_seconds(-REMEMBERED))))
        .execute(conn)?;
    // Waits for another transaction with the same key to end.
    let claimed = diesel::sql_query(
        "INSERT INTO idempotency_keys (user_id, key, sent_sha256, row_id, created_at) \
         VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING",
    )
    .bind::<diesel::sql_types::BigInt, _>(user)
    .bind::<diesel::sql_types::Text, _>(key)
    .bind::<diesel::sql_types::Text, _>(&sent)
    .bind::<diesel::sql_types::Timestamp, _>(now)
    .execute(conn)?;
    let this = || mine().filter(idempotency_keys::key.eq(key));
    if claimed == 0 {
        let (before, id): (String, i64) =
            this().select((idempotency_keys::sent_sha256, idempotency_keys::row_id)).first(conn)?;
        return if before == sent { Ok(Once::Again(id)) } else { Err(AppError::invalid(FIELD, CHANGED)) };
    }
    let (id, saved) = create(conn)?;
    diesel::update(this()).set(idempotency_keys::row_id.eq(id)).execute(conn)?;
    Ok(Once::First(saved))
}

/// Whether `user` sent a form under `key` before.
pub fn is_known(conn: &mut Conn, user: UserId, key: &str) -> AppResult<bool> {
    let mine = idempotency_keys::table.filter(idempotency_keys::user_id.eq(user));
    let known: Option<i64> = mine
        .filter(idempotency_keys::key.eq(key.trim()))
        .select(idempotency_keys::row_id)
        .first(conn)
        .optional()?;
    Ok(known.is_some())
}

/// The key of a form that is shown for the first time.
pub fn new_key() -> String {
    random_token()
}

/// Gives a refused form another key when its own was what was wrong, and says so of the whole form.
pub fn renew(key: &mut String, errors: &mut FormErrors) {
    if errors.get(FIELD) == Some(CHANGED) {
        *key = random_token();
        *errors = FormErrors::whole(SAVED_BEFORE);
    }
}
