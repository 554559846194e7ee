//! Passkeys (WebAuthn): keys that a device keeps and that sign a challenge of ours, once the device has made sure who
//! holds it. So one signs in alone, and beside the password it is a second factor.
//!
//! A challenge is kept here until it is answered, once and within five minutes; the browser has its token only. Of a
//! passkey only the public half is stored. Which address passkeys are for is [`Config::base_url`], never the request.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey as Credential, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::second_factor;
use super::user::{Actor, User};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::config::Config;
use crate::db::Conn;
use crate::db::dialect::violated_unique;
use crate::db::schema::{passkey_ceremonies, passkey_handles, passkeys, users};
use crate::error::{AppError, AppResult, FormErrors};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::{PasskeyId, UserId};

/// Passkeys that somebody has at most.
const MOST: usize = 20;
/// Seconds within which a challenge is answered.
const LIFETIME: i64 = 300;
/// What whoever is refused is told, whatever was wrong.
pub const NOT_ACCEPTED: &str = "That passkey was not accepted. Try again, or sign in another way.";

/// A passkey as its owner sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Passkey {
    /// Which.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created_at: UtcTime,
    /// When it last opened.
    pub last_used_at: Option<UtcTime>,
}

/// What a browser is asked to sign, as WebAuthn has it.
#[derive(Debug, Serialize)]
pub struct Challenge {
    /// The token by which the answer finds the challenge.
    pub ceremony: String,
    /// The `publicKey` of what the browser is asked.
    pub options: Value,
}

/// What a browser answers to a [`Challenge`].
#[derive(Debug, Clone)]
pub struct Answer {
    /// The challenge's token.
    pub ceremony: String,
    /// The browser's credential, as JSON.
    pub credential: String,
}

/// Whether browsers let passkeys be used at our address: they do under a name, by https or on the machine itself.
pub fn are_possible(config: &Config) -> bool {
    site(config, "").is_ok()
}

/// What passkeys are for, under `name`: the host of the base URL.
fn site(config: &Config, name: &str) -> AppResult<Webauthn> {
    let url = &config.base_url;
    let host = url.domain().unwrap_or_default();
    let is_local = host == "localhost" || host.ends_with(".localhost");
    if host.is_empty() || (url.scheme() != "https" && !is_local) {
        return Err(AppError::Conflict("Browsers offer passkeys by https and under a name only.".into()));
    }
    let built = WebauthnBuilder::new(host, url).and_then(|builder| builder.rp_name(name).build());
    built.map_err(AppError::internal)
}

/// The passkeys of `user`, the oldest first.
pub fn of(conn: &mut Conn, user: UserId) -> AppResult<Vec<Passkey>> {
    Ok(passkeys::table
        .filter(passkeys::user_id.eq(user))
        .order(passkeys::id)
        .select(Passkey::as_select())
        .load(conn)?)
}

/// One of `actor`'s own; somebody else's is not there.
pub fn find(conn: &mut Conn, actor: &Actor, id: PasskeyId) -> AppResult<Passkey> {
    Ok(passkeys::table
        .filter(passkeys::user_id.eq(actor.id))
        .filter(passkeys::id.eq(id))
        .select(Passkey::as_select())
        .first(conn)?)
}

fn read(stored: &str) -> AppResult<Credential> {
    serde_json::from_str(stored).map_err(AppError::internal)
}

fn credential_ids(conn: &mut Conn, user: UserId) -> AppResult<Vec<CredentialID>> {
    let stored: Vec<String> = passkeys::table
        .filter(passkeys::user_id.eq(user))
        .order(passkeys::id)
        .select(passkeys::credential)
        .load(conn)?;
    stored.iter().map(|text| Ok(read(text)?.cred_id().clone())).collect()
}

/// A credential's id as it is stored, and as browsers write it.
fn written(id: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(id)
}

/// The name by which `user`'s devices know them, made when there is none.
fn handle_of(conn: &mut Conn, user: UserId) -> AppResult<Uuid> {
    let stored: Option<String> =
        passkey_handles::table.find(user).select(passkey_handles::handle).first(conn).optional()?;
    if let Some(text) = stored {
        return text.parse().map_err(AppError::internal);
    }
    let handle = Uuid::new_v4();
    diesel::insert_into(passkey_handles::table)
        .values((passkey_handles::user_id.eq(user), passkey_handles::handle.eq(handle.to_string())))
        .execute(conn)?;
    Ok(handle)
}

/// Keeps what a challenge is answered against; the token for the browser. Of one person one waits.
fn keep(
    conn: &mut Conn,
    now: UtcTime,
    user: Option<UserId>,
    state: &impl Serialize,
    options: Value,
) -> AppResult<Challenge> {
    use passkey_ceremonies as t;
    diesel::delete(t::table.filter(t::expires_at.le(now))).execute(conn)?;
    if let Some(user) = user {
        diesel::delete(t::table.filter(t::user_id.eq(user))).execute(conn)?;
    }
    let ceremony = random_token();
    diesel::insert_into(t::table)
        .values((
            t::token_hash.eq(sha256_hex(&ceremony)),
            t::user_id.eq(user),
            t::state.eq(serde_json::to_string(state).map_err(AppError::internal)?),
            t::expires_at.eq(now.plus_seconds(LIFETIME)),
        ))
        .execute(conn)?;
    Ok(Challenge { ceremony, options })
}

/// What the challenge of `token` is answered against, if it waits for `user`; it waits no more.
fn take(conn: &mut Conn, now: UtcTime, user: Option<UserId>, token: &str) -> AppResult<Option<String>> {
    use passkey_ceremonies as t;
    let hash = sha256_hex(token);
    let waiting: Option<(Option<UserId>, String)> = t::table
        .filter(t::token_hash.eq(&hash))
        .filter(t::expires_at.gt(now))
        .select((t::user_id, t::state))
        .first(conn)
        .optional()?;
    let Some((_, state)) = waiting.filter(|(whose, _)| *whose == user) else { return Ok(None) };
    let taken = diesel::delete(t::table.filter(t::token_hash.eq(&hash))).execute(conn)?;
    Ok((taken > 0).then_some(state))
}

/// Asks a device of `actor` for a passkey. `agency` is what the device calls us.
pub fn begin(
    conn: &mut Conn,
    config: &Config,
    now: UtcTime,
    actor: &Actor,
    agency: &str,
) -> AppResult<Challenge> {
    let site = site(config, agency)?;
    let own = credential_ids(conn, actor.id)?;
    if own.len() >= MOST {
        return Err(AppError::Conflict(format!("Nobody has more than {MOST} passkeys. Remove one first.")));
    }
    let handle = handle_of(conn, actor.id)?;
    let (challenge, state) = site
        .start_passkey_registration(handle, &actor.email, &actor.name, Some(own))
        .map_err(AppError::internal)?;
    let mut options = serde_json::to_value(challenge.public_key).map_err(AppError::internal)?;
    // What a device lists by itself signs in without a name; one with no room for that is still a second factor.
    if let Some(selection) = options.get_mut("authenticatorSelection").and_then(Value::as_object_mut) {
        selection.insert("residentKey".into(), json!("preferred"));
    }
    keep(conn, now, Some(actor.id), &state, options)
}

/// Adds the passkey that a device of `actor` has made. With it comes the second factor, where there was none: then these
/// are the recovery codes, which are not stored.
pub fn add(
    conn: &mut Conn,
    config: &Config,
    now: UtcTime,
    actor: &Actor,
    name: &str,
    answer: &Answer,
) -> AppResult<Vec<String>> {
    let site = site(config, "")?;
    let refused =
        || AppError::from(FormErrors::whole("That passkey was not accepted. Nothing was added; try again."));
    let state = take(conn, now, Some(actor.id), &answer.ceremony)?.ok_or_else(refused)?;
    // A challenge that was meant for signing in is no place to add to.
    let state: PasskeyRegistration = serde_json::from_str(&state).map_err(|_| refused())?;
    let made: RegisterPublicKeyCredential =
        serde_json::from_str(&answer.credential).map_err(|_| refused())?;
    let credential = site.finish_passkey_registration(&made, &state).map_err(|_| refused())?;
    let had_one = second_factor::is_on(conn, actor.id)?;
    let id: PasskeyId = diesel::insert_into(passkeys::table)
        .values((
            passkeys::user_id.eq(actor.id),
            passkeys::name.eq(name),
            passkeys::credential_id.eq(written(credential.cred_id())),
            passkeys::credential.eq(serde_json::to_string(&credential).map_err(AppError::internal)?),
            passkeys::created_at.eq(now),
        ))
        .returning(passkeys::id)
        .get_result(conn)
        .map_err(|error| if violated_unique(&error).is_some() { refused() } else { error.into() })?;
    let entry = Entry::new(Action::Created, Subject::Passkey, id.0, name);
    audit::record(conn, Some(actor.id), now, &entry)?;
    if had_one { Ok(Vec::new()) } else { second_factor::make_recovery_codes(conn, now, actor.id) }
}

/// Calls one of `actor`'s own something else.
pub fn rename(conn: &mut Conn, actor: &Actor, now: UtcTime, id: PasskeyId, name: &str) -> AppResult<Passkey> {
    let before = find(conn, actor, id)?;
    if before.name != name {
        diesel::update(passkeys::table.find(id)).set(passkeys::name.eq(name)).execute(conn)?;
        let entry =
            Entry::new(Action::Updated, Subject::Passkey, id.0, name).change("name", &before.name, name);
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(Passkey { name: name.to_owned(), ..before })
}

/// Makes one of `actor`'s own open nothing any more.
pub fn remove(conn: &mut Conn, actor: &Actor, now: UtcTime, id: PasskeyId) -> AppResult<()> {
    let passkey = find(conn, actor, id)?;
    diesel::delete(passkeys::table.find(id)).execute(conn)?;
    let entry = Entry::new(Action::Deleted, Subject::Passkey, id.0, &passkey.name);
    audit::record(conn, Some(actor.id), now, &entry)?;
    second_factor::forget_unneeded_codes(conn, actor.id)
}

/// Asks for a passkey: one of `user`, or of whoever it signs in.
pub fn ask(conn: &mut Conn, config: &Config, now: UtcTime, user: Option<UserId>) -> AppResult<Challenge> {
    let (challenge, state) =
        site(config, "")?.start_discoverable_authentication().map_err(AppError::internal)?;
    let mut options = serde_json::to_value(challenge.public_key).map_err(AppError::internal)?;
    if let (Some(user), Some(options)) = (user, options.as_object_mut()) {
        let own = credential_ids(conn, user)?;
        let allowed: Vec<Value> =
            own.iter().map(|id| json!({ "type": "public-key", "id": written(id) })).collect();
        options.insert("allowCredentials".into(), json!(allowed));
    }
    keep(conn, now, user, &state, options)
}

/// Whose passkey `answer` names. That anybody can say: it proves nothing.
pub fn named(conn: &mut Conn, answer: &Answer) -> AppResult<Option<User>> {
    let Ok(given) = serde_json::from_str::<PublicKeyCredential>(&answer.credential) else { return Ok(None) };
    Ok(passkeys::table
        .inner_join(users::table)
        .filter(passkeys::credential_id.eq(written(given.get_credential_id())))
        .select(User::as_select())
        .first(conn)
        .optional()?)
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The device of its owner has signed it.
    Right,
    /// It is no answer to a challenge that waits, or was not signed by that passkey.
    Wrong,
    /// The device has signed before what it should sign afterwards: there may be two of it.
    Copied,
}

impl Verdict {
    /// As the log has it: "passkey".
    pub fn words(self) -> &'static str {
        match self {
            Self::Right | Self::Wrong => "passkey",
            Self::Copied => "passkey whose counter went back",
        }
    }
}

/// Whether `answer` was signed by a passkey of `owner`, to a challenge that waits: for them at the second step, for
/// whoever signs in otherwise. The challenge waits no more, and the passkey's counter goes on.
pub fn check(
    conn: &mut Conn,
    config: &Config,
    now: UtcTime,
    owner: UserId,
    step: Step,
    answer: &Answer,
) -> AppResult<Verdict> {
    let site = site(config, "")?;
    let asked = (step == Step::Second).then_some(owner);
    let Some(state) = take(conn, now, asked, &answer.ceremony)? else { return Ok(Verdict::Wrong) };
    let Ok(state) = serde_json::from_str::<DiscoverableAuthentication>(&state) else {
        return Ok(Verdict::Wrong);
    };
    let Ok(given) = serde_json::from_str::<PublicKeyCredential>(&answer.credential) else {
        return Ok(Verdict::Wrong);
    };
    let handle = handle_of(conn, owner)?;
    let is_theirs = match given.get_user_unique_id() {
        Some(named) => named == handle.as_bytes(),
        None => step == Step::Second,
    };
    let own = passkeys::table
        .filter(passkeys::user_id.eq(owner))
        .filter(passkeys::credential_id.eq(written(given.get_credential_id())));
    // Locks the row: of two answers at once the second is compared with the counter of the first.
    let id: Option<PasskeyId> = own.select(passkeys::id).first(conn).optional()?;
    let Some(id) = id.filter(|_| is_theirs) else { return Ok(Verdict::Wrong) };
    diesel::update(passkeys::table.find(id)).set(passkeys::name.eq(passkeys::name)).execute(conn)?;
    let stored: Option<String> =
        passkeys::table.find(id).select(passkeys::credential).first(conn).optional()?;
    let Some(stored) = stored else { return Ok(Verdict::Wrong) };
    let mut credential = read(&stored)?;
    let result = match site.finish_discoverable_authentication_v2(&given, state, &credential) {
        Ok(result) => result,
        Err(WebauthnError::CredentialPossibleCompromise) => return Ok(Verdict::Copied),
        Err(_) => return Ok(Verdict::Wrong),
    };
    credential.update_credential(&result);
    let stored = serde_json::to_string(&credential).map_err(AppError::internal)?;
    diesel::update(passkeys::table.find(id))
        .set((passkeys::credential.eq(stored), passkeys::last_used_at.eq(now)))
        .execute(conn)?;
    Ok(Verdict::Right)
}

/// What a passkey is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To sign in alone.
    Alone,
    /// After the password.
    Second,
}
