//! Looking at a secret: on record, and committed, before anything is decrypted.

use diesel::prelude::*;
use zeroize::Zeroizing;

use super::model;
use super::secrets::{self, Field, Sealed};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::dialect::{self, LockedTable};
use crate::db::schema::{credential_reveals as r, credentials, users};
use crate::error::{AppError, AppResult};
use crate::keys::vault::Vault;
use crate::types::clock::UtcTime;
use crate::types::ids::{CredentialId, UserId};

/// Seconds in which looks are counted.
const HOUR: i64 = 3_600;
/// Looks that are shown on a credential's page.
const SHOWN: i64 = 20;

/// What somebody asks to see.
#[derive(Debug, Clone)]
pub struct Look {
    /// Which field.
    pub field: Field,
    /// Which version; `None` for the current one.
    pub version: Option<i64>,
    /// Whether it goes to the clipboard without being shown.
    pub is_copy: bool,
    /// Whether the seed itself is meant, and not the code of it.
    pub is_seed: bool,
    /// Why, in the words of whoever looks.
    pub reason: String,
}

/// Puts a look on record, unless there were `limit` in the last hour; what is yet to be opened. The secret may leave once
/// the transaction is committed.
pub fn record(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    limit: i64,
    id: CredentialId,
    look: &Look,
) -> AppResult<Sealed> {
    // Looks at once are counted one after the other.
    dialect::lock_row(conn, LockedTable::Users, actor.id.0)?;
    let credential = model::find(conn, actor, id)?;
    let sealed = secrets::sealed(conn, id, &look.field, look.version)?;
    refuse_too_many(conn, actor, now, limit)?;
    let reveal: i64 = diesel::insert_into(r::table)
        .values((
            r::credential_id.eq(id),
            r::user_id.eq(actor.id),
            r::field.eq(look.field.text()),
            r::secret_version.eq(sealed.version),
            r::is_copy.eq(look.is_copy),
            r::reason.eq(&look.reason),
            r::revealed_at.eq(now),
        ))
        .returning(r::id)
        .get_result(conn)?;
    diesel::update(credentials::table.find(id)).set(credentials::last_reveal_id.eq(reveal)).execute(conn)?;
    let action = if look.is_copy { Action::Copied } else { Action::Revealed };
    let entry = Entry::new(action, Subject::Credential, id.0, &credential.label)
        .client(credential.client_id)
        .change("field", "", look.field.words())
        .change("version", "", sealed.version)
        .change("reason", "", &look.reason);
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(sealed)
}

fn refuse_too_many(conn: &mut Conn, actor: &Actor, now: UtcTime, limit: i64) -> AppResult<()> {
    let mut recent: Vec<UtcTime> = r::table
        .filter(r::user_id.eq(actor.id))
        .filter(r::revealed_at.gt(now.plus_seconds(-HOUR)))
        .order(r::revealed_at.desc())
        .select(r::revealed_at)
        .limit(limit)
        .load(conn)?;
    match recent.pop() {
        Some(first) if recent.len() as i64 + 1 >= limit => {
            Err(AppError::TooMany((HOUR - now.seconds_since(first)).max(1)))
        }
        _ => Ok(()),
    }
}

/// What is shown: the secret itself, or the code that its seed makes now. Without `Debug`: it holds a secret.
pub struct Shown {
    /// The secret, or the code.
    pub text: Zeroizing<String>,
    /// Which version.
    pub version: i64,
    /// Seconds for which a code opens; `None` for what is no code.
    pub seconds_left: Option<u64>,
}

/// Opens what was put on record.
pub fn open(vault: &Vault, now: UtcTime, sealed: &Sealed, look: &Look) -> AppResult<Shown> {
    let text = sealed.open(vault)?;
    if look.field != Field::Totp || look.is_seed {
        return Ok(Shown { text, version: sealed.version, seconds_left: None });
    }
    let totp = secrets::totp(&text)?;
    let time = u64::try_from(now.datetime().timestamp()).unwrap_or_default();
    Ok(Shown {
        text: Zeroizing::new(totp.generate(time).to_string()),
        version: sealed.version,
        seconds_left: Some(totp.next_step(time).saturating_sub(time)),
    })
}

/// A look that is on record.
#[derive(Debug, Clone)]
pub struct Reveal {
    /// Who looked.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// At which field.
    pub field: Option<Field>,
    /// At which version of it.
    pub version: i64,
    /// Whether it went to the clipboard without being shown.
    pub is_copy: bool,
    /// Why.
    pub reason: String,
    /// When.
    pub revealed_at: UtcTime,
}

/// The latest looks at a credential, newest first. The caller has found it.
pub fn of_credential(conn: &mut Conn, id: CredentialId) -> AppResult<Vec<Reveal>> {
    type Row = (UserId, String, String, i64, bool, String, UtcTime);
    let rows: Vec<Row> = r::table
        .inner_join(users::table)
        .filter(r::credential_id.eq(id))
        .order(r::id.desc())
        .limit(SHOWN)
        .select((users::id, users::name, r::field, r::secret_version, r::is_copy, r::reason, r::revealed_at))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(user_id, name, field, version, is_copy, reason, revealed_at)| Reveal {
            user_id,
            name,
            field: Field::parse(&field),
            version,
            is_copy,
            reason,
            revealed_at,
        })
        .collect())
}
