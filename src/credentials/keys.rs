//! The vault's own keys: proved at the start, and changed by `bureau vault rotate`.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;

use super::secrets::current_key;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::db::schema::{credential_secrets as s, credentials, vault_keys};
use crate::db::{Conn, Db};
use crate::error::{AppError, AppResult};
use crate::keys::MasterKey;
use crate::keys::vault::{Place, Vault};
use crate::types::clock::UtcTime;

/// Envelopes that are sealed anew in one transaction.
const BATCH: i64 = 200;

/// Refuses a vault whose keys are not the ones that it was sealed with.
pub fn prove(conn: &mut Conn, vault: &Vault) -> AppResult<()> {
    let known: Vec<(i64, String)> = vault_keys::table
        .order(vault_keys::id)
        .select((vault_keys::id, vault_keys::check_value))
        .load(conn)?;
    for (number, check_value) in known {
        let number = u32::try_from(number).map_err(AppError::internal)?;
        if vault.check_value(number)? != check_value {
            return Err(AppError::Internal(format!(
                "The vault's key {} is not the one this database was sealed with.",
                vault.file_of(number).display()
            )));
        }
    }
    Ok(())
}

/// How it stands with the vault.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The number of the key that new envelopes are sealed with.
    pub key: u32,
    /// Credentials.
    pub credentials: i64,
    /// Stored versions of secrets, by the number of their key.
    pub envelopes: BTreeMap<i64, i64>,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} credentials; new secrets are sealed with key {}.", self.credentials, self.key)?;
        for (number, count) in &self.envelopes {
            writeln!(f, "{count} secrets are sealed with key {number}.")?;
        }
        match self.envelopes.keys().all(|number| *number == i64::from(self.key)) {
            true => write!(f, "No older key is needed but for older backups."),
            false => write!(f, "Go on with `bureau vault rotate --resume`: older keys are still needed."),
        }
    }
}

/// How it stands with the vault.
pub fn status(conn: &mut Conn) -> AppResult<Status> {
    let envelopes: Vec<(i64, i64)> =
        s::table.group_by(s::kek_id).select((s::kek_id, diesel::dsl::count_star())).load(conn)?;
    Ok(Status {
        key: current_key(conn)?,
        credentials: credentials::table.count().get_result(conn)?,
        envelopes: envelopes.into_iter().collect(),
    })
}

/// Makes the vault's next key, in a file of its own beside the master key.
pub fn make_next(db: &Db, vault: &Vault, now: UtcTime) -> AppResult<u32> {
    db.write_blocking(|conn| {
        let next = current_key(conn)? + 1;
        let path = vault.file_of(next);
        // One that is there already was made for a row that was not committed.
        if !path.exists() {
            MasterKey::create(&path)?;
        }
        diesel::insert_into(vault_keys::table)
            .values((
                vault_keys::id.eq(i64::from(next)),
                vault_keys::check_value.eq(vault.check_value(next)?),
                vault_keys::created_at.eq(now),
            ))
            .execute(conn)?;
        audit::record(
            conn,
            None,
            now,
            &Entry::new(Action::Created, Subject::VaultKey, i64::from(next), &next.to_string()),
        )?;
        Ok(next)
    })
}

/// Seals what older keys seal with the current one, some at a time, and tells `progress` how many are left. Each is
/// opened again before it takes the place of the old one. What is done stays done.
pub fn rotate(db: &Db, vault: &Vault, now: UtcTime, mut progress: impl FnMut(i64)) -> AppResult<i64> {
    let mut done = 0;
    loop {
        let (count, left) = db.write_blocking(|conn| {
            let key = current_key(conn)?;
            let older = || s::table.filter(s::kek_id.lt(i64::from(key)));
            type Row = (i64, String, String, i64, Vec<u8>);
            let rows: Vec<Row> = older()
                .inner_join(credentials::table)
                .order((s::kek_id, s::id))
                .limit(BATCH)
                .select((s::id, credentials::record_key, s::field, s::version, s::envelope))
                .load(conn)?;
            let count = rows.len() as i64;
            for (id, record, field, version, envelope) in rows {
                let place = Place { record: &record, field: &field, version };
                let text = vault.open(place, &envelope)?;
                let sealed = vault.seal(key, place, text.as_bytes())?;
                if *vault.open(place, &sealed)? != *text {
                    return Err(AppError::Internal("a secret that was sealed anew does not open".into()));
                }
                diesel::update(s::table.find(id))
                    .set((s::envelope.eq(sealed), s::kek_id.eq(i64::from(key))))
                    .execute(conn)?;
            }
            let left: i64 = older().count().get_result(conn)?;
            if count > 0 && left == 0 {
                let entry = Entry::new(Action::Rotated, Subject::VaultKey, i64::from(key), &key.to_string());
                audit::record(conn, None, now, &entry)?;
            }
            Ok((count, left))
        })?;
        done += count;
        progress(left);
        if left == 0 || count == 0 {
            return Ok(done);
        }
    }
}
