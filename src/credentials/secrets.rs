//! What is secret of a credential: an envelope for each version of each field. Stored versions never change; the one
//! without a successor is the current one.

use diesel::prelude::*;
use serde_json::Value;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::health;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{credential_secrets as s, credentials, users, vault_keys};
use crate::error::{AppError, AppResult};
use crate::keys::vault::{FIRST, Place, Vault};
use crate::types::clock::UtcTime;
use crate::types::ids::{CredentialId, UserId};

/// A secret field of a credential.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Password, key or token.
    Secret,
    /// The seed of a second factor's codes.
    Totp,
    /// What else is to be known.
    Notes,
    /// A field with a name of its own.
    Custom(String),
}

impl Field {
    /// How [`Field::Secret`] is stored.
    pub const SECRET: &str = "secret";

    /// How it is stored and sent.
    pub fn text(&self) -> String {
        match self {
            Self::Secret => Self::SECRET.to_owned(),
            Self::Totp => "totp".to_owned(),
            Self::Notes => "notes".to_owned(),
            Self::Custom(name) => format!("custom:{name}"),
        }
    }

    /// The field that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            Self::SECRET => Some(Self::Secret),
            "totp" => Some(Self::Totp),
            "notes" => Some(Self::Notes),
            _ => text
                .strip_prefix("custom:")
                .filter(|name| !name.is_empty())
                .map(|name| Self::Custom(name.to_owned())),
        }
    }

    /// What people call it.
    pub fn words(&self) -> String {
        match self {
            Self::Secret => "Password".to_owned(),
            Self::Totp => "One-time code".to_owned(),
            Self::Notes => "Notes".to_owned(),
            Self::Custom(name) => name.clone(),
        }
    }
}

/// What becomes of a field. Without `Debug`: it holds a secret.
#[derive(Clone)]
pub enum Change {
    /// It gets this text.
    Set(Zeroizing<String>),
    /// It is there no more.
    Remove,
}

/// A stored version of a field, without what is secret of it.
#[derive(Debug, Clone)]
pub struct Version {
    /// Of which field.
    pub field: Field,
    /// From 1.
    pub version: i64,
    /// Who stored it.
    pub created_by: UserId,
    /// Their name.
    pub author: String,
    /// When.
    pub created_at: UtcTime,
    /// When the next one took its place, or it was removed.
    pub replaced_at: Option<UtcTime>,
    /// From 0, guessed at once, to 4; `None` where that does not apply.
    pub strength: Option<i64>,
    /// Whether another credential has the same.
    pub is_reused: bool,
}

/// The stored versions of every field, newest first within each. The caller has found the credential.
pub fn history(conn: &mut Conn, id: CredentialId) -> AppResult<Vec<Version>> {
    type Row = (String, i64, UserId, String, UtcTime, Option<UtcTime>, Option<i64>, bool);
    let is_reused = diesel::dsl::sql::<diesel::sql_types::Bool>(
        "EXISTS (SELECT 1 FROM credential_secrets o WHERE o.fingerprint = credential_secrets.fingerprint \
         AND o.replaced_at IS NULL AND o.credential_id <> credential_secrets.credential_id)",
    );
    let rows: Vec<Row> = s::table
        .inner_join(users::table)
        .filter(s::credential_id.eq(id))
        .order((s::field, s::version.desc()))
        .select((
            s::field,
            s::version,
            s::created_by,
            users::name,
            s::created_at,
            s::replaced_at,
            s::strength,
            is_reused,
        ))
        .cached()
        .load(conn)?;
    let version =
        |(field, version, created_by, author, created_at, replaced_at, strength, is_reused): Row| {
            let field = Field::parse(&field)?;
            Some(Version { field, version, created_by, author, created_at, replaced_at, strength, is_reused })
        };
    let mut versions: Vec<Version> = rows.into_iter().filter_map(version).collect();
    versions.sort_by(|a, b| a.field.cmp(&b.field));
    Ok(versions)
}

/// The number of the key that new envelopes are sealed with: the latest.
pub fn current_key(conn: &mut Conn) -> AppResult<u32> {
    let latest: Option<i64> = vault_keys::table.select(diesel::dsl::max(vault_keys::id)).first(conn)?;
    latest.map_or(Ok(FIRST), |number| u32::try_from(number).map_err(AppError::internal))
}

/// A field, as the log calls it, with its version before and after; empty where there is none.
pub(super) type Changed = (String, String, String);

/// How the log calls a field, so that no name of one is mistaken for another change.
fn logged(field: &Field) -> String {
    format!("vault_{}", field.text())
}

/// The versions that an entry of the log tells of, by field.
pub(super) fn noted_versions(changes: &str) -> Vec<(String, i64)> {
    let Ok(Value::Object(fields)) = serde_json::from_str(changes) else { return Vec::new() };
    let version = |(name, values): (&String, &Value)| {
        let field = name.strip_prefix("vault_")?;
        let after = values.get(1)?.as_str()?.strip_prefix("version ")?.parse().ok()?;
        Some((field.to_owned(), after))
    };
    fields.iter().filter_map(version).collect()
}

fn words(version: Option<i64>) -> String {
    version.map(|version| format!("version {version}")).unwrap_or_default()
}

/// Stores what changed, each as a new version; answers with what did. The caller holds the credential.
pub(super) fn change(
    conn: &mut Conn,
    vault: &Vault,
    actor: &Actor,
    now: UtcTime,
    id: CredentialId,
    record_key: &str,
    changes: &[(Field, Change)],
) -> AppResult<Vec<Changed>> {
    let mut changed = Vec::new();
    if changes.is_empty() {
        return Ok(changed);
    }
    let key = current_key(conn)?;
    let (label, username): (String, String) =
        credentials::table.find(id).select((credentials::label, credentials::username)).first(conn)?;
    for (field, change) in changes {
        let text = field.text();
        let of_field = || s::table.filter(s::credential_id.eq(id)).filter(s::field.eq(text.clone()));
        let last: Option<(i64, Option<UtcTime>)> = of_field()
            .order(s::version.desc())
            .select((s::version, s::replaced_at))
            .first(conn)
            .optional()?;
        let current = last.filter(|(_, replaced_at)| replaced_at.is_none()).map(|(version, _)| version);
        let next = last.map_or(1, |(version, _)| version + 1);
        if current.is_some() {
            diesel::update(of_field().filter(s::replaced_at.is_null()))
                .set(s::replaced_at.eq(now))
                .execute(conn)?;
        }
        let Change::Set(secret) = change else {
            if current.is_some() {
                changed.push((logged(field), words(current), String::new()));
            }
            continue;
        };
        let place = Place { record: record_key, field: &text, version: next };
        let is_password = *field == Field::Secret;
        diesel::insert_into(s::table)
            .values((
                s::credential_id.eq(id),
                s::field.eq(&text),
                s::version.eq(next),
                s::envelope.eq(vault.seal(key, place, secret.as_bytes())?),
                s::kek_id.eq(i64::from(key)),
                s::fingerprint.eq(is_password.then(|| vault.fingerprint(secret))),
                s::strength.eq(is_password.then(|| health::strength(secret, &[&label, &username]))),
                s::created_by.eq(actor.id),
                s::created_at.eq(now),
            ))
            .execute(conn)?;
        changed.push((logged(field), words(current), words(Some(next))));
    }
    Ok(changed)
}

/// A stored secret that is yet to be opened, with the place that its envelope is bound to.
#[derive(Debug, Clone)]
pub struct Sealed {
    record_key: String,
    field: String,
    /// Which version.
    pub version: i64,
    envelope: Vec<u8>,
}

impl Sealed {
    /// The secret.
    pub fn open(&self, vault: &Vault) -> AppResult<Zeroizing<String>> {
        let place = Place { record: &self.record_key, field: &self.field, version: self.version };
        vault.open(place, &self.envelope)
    }
}

/// Version `version` of a field, the current one if it is `None`. The caller has found the credential.
pub(super) fn sealed(
    conn: &mut Conn,
    id: CredentialId,
    field: &Field,
    version: Option<i64>,
) -> AppResult<Sealed> {
    let mut query = s::table
        .inner_join(credentials::table)
        .filter(s::credential_id.eq(id))
        .filter(s::field.eq(field.text()))
        .select((credentials::record_key, s::field, s::version, s::envelope))
        .into_boxed();
    query = match version {
        Some(version) => query.filter(s::version.eq(version)),
        None => query.filter(s::replaced_at.is_null()),
    };
    let (record_key, field, version, envelope) = query.first(conn)?;
    Ok(Sealed { record_key, field, version, envelope })
}

/// Makes codes of a stored seed: base32, or the address that a QR code holds.
pub fn totp(seed: &str) -> AppResult<Totp> {
    let refused = || {
        AppError::invalid(
            "totp",
            "is no seed: paste the key in letters and digits, or the otpauth:// address",
        )
    };
    if seed.trim_start().starts_with("otpauth://") {
        return Totp::from_url_unchecked(seed.trim()).map_err(|_| refused());
    }
    let bare: String = seed.chars().filter(|c| !c.is_whitespace() && *c != '-' && *c != '=').collect();
    let secret = Secret::try_from_base32(bare.to_uppercase()).map_err(|_| refused())?;
    if bare.is_empty() {
        return Err(refused());
    }
    Ok(Builder::new().with_secret(secret).build_noncompliant())
}
