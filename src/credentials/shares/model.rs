//! Links to outside: a hash of each, and what opens with the key that stands in it.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::NaiveDate;
use diesel::prelude::*;
use zeroize::Zeroizing;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::credentials::model as credentials;
use crate::credentials::secrets::Field;
use crate::db::Conn;
use crate::db::schema::{credential_shares as h, users};
use crate::error::{AppError, AppResult};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::{CredentialId, ShareId, UserId};

/// Links that one credential can have out at once.
const MOST: usize = 20;
const HOUR: i64 = 3_600;
/// Bytes of a nonce of AES-GCM.
const NONCE_BYTES: usize = 12;

/// A link to be made, valid by construction.
#[derive(Debug, Clone)]
pub struct NewShare {
    /// What it shows.
    pub field: Field,
    /// To whom, in the words of who makes it.
    pub recipient: String,
    /// Hours for which it opens.
    pub hours: i64,
    /// How often it opens.
    pub views: i64,
}

/// A link that is out.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = h)]
pub struct Share {
    /// Which.
    pub id: ShareId,
    /// Of which credential.
    pub credential_id: CredentialId,
    /// What it shows, as stored.
    pub field: String,
    /// Which version of it.
    pub secret_version: i64,
    /// To whom.
    pub recipient: String,
    /// How often it still opens.
    pub views_left: i64,
    /// When it opens no more.
    pub expires_at: UtcTime,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: UtcTime,
}

impl Share {
    /// What it shows, as people call it.
    pub fn field_words(&self) -> String {
        Field::parse(&self.field).map(|field| field.words()).unwrap_or_default()
    }
}

/// A text under a random key. Without `Debug`: it holds the key.
pub struct Sealed {
    /// Random bytes that make it the only one of its kind, then AES-256-GCM's text with its tag: what browsers open.
    pub bytes: Vec<u8>,
    /// The key, as it stands in the link. It is stored nowhere.
    pub key: Zeroizing<String>,
}

/// `text` under a key of its own.
pub fn seal(text: &str) -> AppResult<Sealed> {
    let key = Zeroizing::new(rand::random::<[u8; 32]>());
    let nonce = rand::random::<[u8; NONCE_BYTES]>();
    let sealed = Aes256Gcm::new_from_slice(key.as_slice())
        .map_err(AppError::internal)?
        .encrypt(&Nonce::from(nonce), text.as_bytes())
        .map_err(|_| AppError::Internal("nothing could be encrypted".into()))?;
    let bytes = [nonce.as_slice(), sealed.as_slice()].concat();
    Ok(Sealed { bytes, key: Zeroizing::new(BASE64.encode(key.as_slice())) })
}

/// Links of a credential that still open, the newest first. The caller has found the credential.
pub fn open_of(conn: &mut Conn, now: UtcTime, id: CredentialId) -> AppResult<Vec<Share>> {
    Ok(h::table
        .filter(h::credential_id.eq(id))
        .filter(h::views_left.gt(0))
        .filter(h::expires_at.gt(now))
        .order(h::id.desc())
        .select(Share::as_select())
        .load(conn)?)
}

/// Keeps what a link shows; the answer holds the link's token, which is not stored. The look that it takes is on record.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: CredentialId,
    version: i64,
    new: &NewShare,
    sealed: &[u8],
) -> AppResult<(Share, String)> {
    let credential = credentials::find_kept(conn, actor, id)?;
    if open_of(conn, now, id)?.len() >= MOST {
        return Err(AppError::Conflict(format!("{MOST} links are out already; withdraw some first.")));
    }
    let token = random_token();
    let share: ShareId = diesel::insert_into(h::table)
        .values((
            h::token_hash.eq(sha256_hex(&token)),
            h::credential_id.eq(id),
            h::field.eq(new.field.text()),
            h::secret_version.eq(version),
            h::recipient.eq(&new.recipient),
            h::sealed.eq(sealed),
            h::views_left.eq(new.views),
            h::expires_at.eq(now.plus_seconds(new.hours * HOUR)),
            h::created_by.eq(actor.id),
            h::created_at.eq(now),
        ))
        .returning(h::id)
        .get_result(conn)?;
    let entry = Entry::new(Action::Shared, Subject::Credential, id.0, &credential.label)
        .client(credential.client_id)
        .change("field", "", new.field.words())
        .change("version", "", version)
        .change("recipient", "", &new.recipient)
        .change("views", "", new.views)
        .change("hours", "", new.hours);
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok((h::table.find(share).select(Share::as_select()).first(conn)?, token))
}

/// Makes a link open no more, and destroys what it showed; not found when it opens no more anyway.
pub fn withdraw(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: CredentialId,
    share: ShareId,
) -> AppResult<()> {
    let credential = credentials::find(conn, actor, id)?;
    let share =
        open_of(conn, now, id)?.into_iter().find(|open| open.id == share).ok_or(AppError::NotFound)?;
    diesel::update(h::table.find(share.id))
        .set((h::sealed.eq(None::<Vec<u8>>), h::views_left.eq(0)))
        .execute(conn)?;
    let entry = Entry::new(Action::Withdrawn, Subject::Credential, id.0, &credential.label)
        .client(credential.client_id)
        .change("recipient", &share.recipient, "");
    audit::record(conn, Some(actor.id), now, &entry)
}

/// The link that `token` opens, with the name of who made it; not found when it opens no more.
pub fn find(conn: &mut Conn, now: UtcTime, token: &str) -> AppResult<(Share, String)> {
    Ok(h::table
        .inner_join(users::table)
        .filter(h::token_hash.eq(sha256_hex(token)))
        .filter(h::views_left.gt(0))
        .filter(h::expires_at.gt(now))
        .select((Share::as_select(), users::name))
        .first(conn)?)
}

/// Takes one view of a link, and destroys what it shows with the last one: what its key opens.
pub fn take(conn: &mut Conn, now: UtcTime, token: &str) -> AppResult<(Vec<u8>, i64)> {
    let (share, _) = find(conn, now, token)?;
    let left = share.views_left - 1;
    let sealed: Option<Vec<u8>> = h::table.find(share.id).select(h::sealed).first(conn)?;
    let taken = diesel::update(h::table.find(share.id).filter(h::views_left.eq(share.views_left)));
    let taken = match left {
        0 => taken.set((h::sealed.eq(None::<Vec<u8>>), h::views_left.eq(0))).execute(conn)?,
        _ => taken.set(h::views_left.eq(left)).execute(conn)?,
    };
    if taken == 0 {
        return Err(AppError::Conflict("Somebody opened this link at this moment. Try again.".into()));
    }
    let credential = credentials::label_and_client(conn, share.credential_id)?;
    let entry = Entry::new(Action::Revealed, Subject::Credential, share.credential_id.0, &credential.0)
        .client(credential.1)
        .change("field", "", share.field_words())
        .change("version", "", share.secret_version)
        .change("recipient", "", &share.recipient);
    audit::record(conn, None, now, &entry)?;
    Ok((sealed.ok_or(AppError::NotFound)?, left))
}

/// Destroys what links show that open no more; answers with how many.
pub fn erase_due(conn: &mut Conn, now: UtcTime, _today: NaiveDate) -> AppResult<usize> {
    let over = h::table.filter(h::expires_at.le(now)).filter(h::sealed.is_not_null());
    Ok(diesel::update(over).set((h::sealed.eq(None::<Vec<u8>>), h::views_left.eq(0))).execute(conn)?)
}
