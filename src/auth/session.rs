//! Sessions in the database, behind actix-session.
//!
//! The key is stored as a hash; who it belongs to and until when are columns, never the JSON map. A session
//! that is gone is never written back: an update of no row is an error, so a request that is still running
//! cannot bring a signed-out session to life again.

use std::collections::HashMap;
use std::net::IpAddr;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use anyhow::anyhow;
use diesel::prelude::*;

use super::user::{Actor, User};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::config::SessionConfig;
use crate::db::schema::{sessions, users};
use crate::db::{Conn, Db};
use crate::error::{AppError, AppResult};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::{Clock, UtcTime};
use crate::types::ids::{SessionId, UserId};

/// Keys of the map that sign-in fills and [`Sessions`] turns into columns.
pub mod key {
    /// The person's id.
    pub const USER_ID: &str = "user_id";
    /// Where they signed in from.
    pub const IP: &str = "ip";
    /// With which browser.
    pub const USER_AGENT: &str = "user_agent";
    /// The [`super::Actor`], put there on load and never read back on save.
    pub const ACTOR: &str = "actor";
    /// The session's own id, put there on load.
    pub const SESSION_ID: &str = "session_id";
    /// Whether its person has proved shortly before that it is them, put there on load.
    pub const IS_STEPPED_UP: &str = "is_stepped_up";
    /// Who has done the first step of signing in and not yet the second, put there on load in place of the [`super::Actor`].
    pub const HALF_OF: &str = "half_of";
    /// Whether the second step is still to come, for a session that is to begin.
    pub const IS_HALF: &str = "is_half";
    /// The session that this one goes on from, since its person proved that it is them.
    pub const STEPPED_UP_FROM: &str = "stepped_up_from";
}

/// Seconds between two notes of a session's last use, so that reading a page does not write.
const TOUCH_EVERY: i64 = 60;

/// Seconds within which the second step of signing in follows the first.
const HALF_LIFETIME: i64 = 600;

/// The session store.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    clock: Clock,
    config: SessionConfig,
}

impl Sessions {
    /// Sessions in `db`.
    pub fn new(db: Db, clock: Clock, config: SessionConfig) -> Self {
        Self { db, clock, config }
    }
}

/// A session in use.
struct Loaded {
    id: SessionId,
    last_seen_at: UtcTime,
    is_half: bool,
    stepped_up_at: Option<UtcTime>,
    actor: Actor,
}

fn load(conn: &mut Conn, now: UtcTime, idle: i64, hash: &str) -> AppResult<Option<Loaded>> {
    let row: Option<(SessionId, UtcTime, bool, Option<UtcTime>, User)> = sessions::table
        .inner_join(users::table)
        .filter(sessions::key_hash.eq(hash))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_seen_at.gt(now.plus_seconds(-idle)))
        .filter(sessions::auth_epoch.eq(users::auth_epoch))
        .select((
            sessions::id,
            sessions::last_seen_at,
            sessions::is_half,
            sessions::stepped_up_at,
            User::as_select(),
        ))
        .first(conn)
        .optional()?;
    let Some((id, last_seen_at, is_half, stepped_up_at, user)) = row else { return Ok(None) };
    let comes_in = user.may_come_in(conn, now)?;
    Ok(comes_in.then(|| Loaded { id, last_seen_at, is_half, stepped_up_at, actor: user.actor() }))
}

/// The addresses from which `user` has signed in, as far as those sessions are still kept.
pub fn addresses(conn: &mut Conn, user: UserId) -> AppResult<Vec<String>> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::is_half.eq(false))
        .select(sessions::ip)
        .distinct()
        .limit(1_000)
        .load(conn)?)
}

/// A session as its person sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Open {
    /// Which.
    pub id: SessionId,
    /// Where it was signed in from.
    pub ip: String,
    /// With which browser.
    pub user_agent: String,
    /// When.
    pub created_at: UtcTime,
    /// When it was last used, to the minute.
    pub last_seen_at: UtcTime,
}

impl Open {
    /// "Firefox on Linux".
    pub fn device(&self) -> String {
        device(&self.user_agent)
    }

    /// Where it was signed in, as far as the address alone says: "Your own network, 192.168.1.7".
    pub fn place(&self) -> String {
        let Ok(address) = self.ip.parse::<IpAddr>() else { return String::new() };
        let address = address.to_canonical();
        let is_near = match address {
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
        };
        let words = match (address.is_loopback(), is_near) {
            (true, _) => "This machine",
            (_, true) => "Your own network",
            _ => "The internet",
        };
        format!("{words}, {address}")
    }
}

/// Sessions that a person's list shows at most.
const SHOWN: i64 = 100;

/// The sessions with which `user` may come in, the one used last first; `idle` seconds without use end one.
pub fn open_of(conn: &mut Conn, user: UserId, now: UtcTime, idle: i64) -> AppResult<Vec<Open>> {
    Ok(sessions::table
        .inner_join(users::table)
        .filter(sessions::user_id.eq(user))
        .filter(sessions::is_half.eq(false))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_seen_at.gt(now.plus_seconds(-idle)))
        .filter(sessions::auth_epoch.eq(users::auth_epoch))
        .order((sessions::last_seen_at.desc(), sessions::id.desc()))
        .limit(SHOWN)
        .select(Open::as_select())
        .load(conn)?)
}

/// Ends one of `actor`'s own sessions; somebody else's is not there.
pub fn revoke(conn: &mut Conn, actor: &Actor, now: UtcTime, id: SessionId) -> AppResult<()> {
    let own = sessions::table.filter(sessions::user_id.eq(actor.id)).filter(sessions::id.eq(id));
    let user_agent: String = own.select(sessions::user_agent).first(conn)?;
    let revoked = diesel::update(own.filter(sessions::revoked_at.is_null()))
        .set(sessions::revoked_at.eq(now))
        .execute(conn)?;
    if revoked > 0 {
        let entry = Entry::new(Action::Removed, Subject::Session, id.0, &device(&user_agent));
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(())
}

/// Ends all sessions of `actor` but `kept`; answers with how many there were.
pub fn revoke_others(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    kept: Option<SessionId>,
) -> AppResult<usize> {
    let others = sessions::table
        .filter(sessions::user_id.eq(actor.id))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::id.ne(kept.map_or(0, |id| id.0)));
    let count = diesel::update(others).set(sessions::revoked_at.eq(now)).execute(conn)?;
    if count > 0 {
        let entry = Entry::new(Action::Removed, Subject::Session, 0, &format!("{count} sessions"));
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(count)
}

/// Names in what browsers say of themselves; the first that is in it counts, since most name others, too.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// "Firefox on Linux", as far as `user_agent` says.
pub fn device(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

impl SessionStore for Sessions {
    async fn load(&self, session_key: &SessionKey) -> Result<Option<HashMap<String, String>>, LoadError> {
        let (now, idle) = (self.clock.now(), self.config.idle_seconds);
        let hash = sha256_hex(session_key.as_ref());
        let looked_up = hash.clone();
        let found = self.db.read(move |conn| load(conn, now, idle, &looked_up)).await;
        let Some(Loaded { id, last_seen_at, is_half, stepped_up_at, actor }) =
            found.map_err(|error| LoadError::Other(error.into()))?
        else {
            return Ok(None);
        };
        if now.seconds_since(last_seen_at) >= TOUCH_EVERY {
            let touched = self.db.note(move |conn| {
                diesel::update(sessions::table.find(id)).set(sessions::last_seen_at.eq(now)).execute(conn)?;
                Ok(())
            });
            touched.await;
        }
        if is_half {
            return Ok(Some(HashMap::from([(key::HALF_OF.to_owned(), actor.id.to_string())])));
        }
        let is_stepped_up =
            stepped_up_at.is_some_and(|at| now.seconds_since(at) < self.config.step_up_seconds);
        let actor =
            serde_json::to_string(&actor).map_err(|error| LoadError::Deserialization(error.into()))?;
        Ok(Some(HashMap::from([
            (key::ACTOR.to_owned(), actor),
            (key::SESSION_ID.to_owned(), id.to_string()),
            (key::IS_STEPPED_UP.to_owned(), is_stepped_up.to_string()),
        ])))
    }

    async fn save(&self, state: HashMap<String, String>, _ttl: &Duration) -> Result<SessionKey, SaveError> {
        let session_key = random_token();
        let hash = sha256_hex(&session_key);
        let (now, lasts) = (self.clock.now(), self.config.max_seconds);
        let text = |name: &str| -> String {
            state.get(name).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
        };
        let user_id: Option<UserId> =
            state.get(key::USER_ID).and_then(|json| serde_json::from_str(json).ok());
        let (ip, user_agent) = (text(key::IP), text(key::USER_AGENT));
        let is_half = state.contains_key(key::IS_HALF);
        let from: Option<SessionId> =
            state.get(key::STEPPED_UP_FROM).and_then(|json| serde_json::from_str(json).ok());
        let Some(user_id) = user_id else {
            return Err(SaveError::Other(anyhow!("a session without a person")));
        };
        let saved = self.db.write(move |conn| {
            // A session that goes on under another key keeps its age, and what voided it before voids it still.
            let lasts = if is_half { HALF_LIFETIME } else { lasts };
            let (epoch, created_at, expires_at): (i64, UtcTime, UtcTime) = match from {
                Some(id) => sessions::table
                    .find(id)
                    .filter(sessions::user_id.eq(user_id))
                    .select((sessions::auth_epoch, sessions::created_at, sessions::expires_at))
                    .first(conn)?,
                None => {
                    let epoch = users::table.find(user_id).select(users::auth_epoch).first(conn)?;
                    (epoch, now, now.plus_seconds(lasts))
                }
            };
            diesel::insert_into(sessions::table)
                .values((
                    sessions::key_hash.eq(&hash),
                    sessions::user_id.eq(user_id),
                    sessions::auth_epoch.eq(epoch),
                    sessions::ip.eq(&ip),
                    sessions::user_agent.eq(&user_agent),
                    sessions::created_at.eq(created_at),
                    sessions::last_seen_at.eq(now),
                    sessions::expires_at.eq(expires_at),
                    sessions::is_half.eq(is_half),
                    sessions::stepped_up_at.eq(from.map(|_| now)),
                ))
                .execute(conn)?;
            // Expired sessions of the same person go with the next sign-in: the table stays as small as its use.
            diesel::delete(
                sessions::table.filter(sessions::user_id.eq(user_id)).filter(sessions::expires_at.lt(now)),
            )
            .execute(conn)?;
            Ok(())
        });
        saved.await.map_err(|error| SaveError::Other(error.into()))?;
        session_key.try_into().map_err(|_| SaveError::Other(anyhow!("the session key is too long")))
    }

    async fn update(
        &self,
        _session_key: SessionKey,
        _state: HashMap<String, String>,
        _ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        Err(UpdateError::Other(anyhow!("a session holds nothing that could change; renew it instead")))
    }

    async fn update_ttl(&self, _session_key: &SessionKey, _ttl: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, session_key: &SessionKey) -> Result<(), anyhow::Error> {
        let hash = sha256_hex(session_key.as_ref());
        let now = self.clock.now();
        let revoked: Result<(), AppError> = self
            .db
            .write(move |conn| {
                diesel::update(sessions::table.filter(sessions::key_hash.eq(&hash)))
                    .set(sessions::revoked_at.eq(now))
                    .execute(conn)?;
                Ok(())
            })
            .await;
        Ok(revoked?)
    }
}
