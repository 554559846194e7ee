//! API tokens: shown once, stored as a hash, narrowed to areas and to a last day, void as soon as their owner is disabled
//! or re-keyed. A token never opens more than its owner's role does at that moment.

use diesel::prelude::*;

use super::user::{Actor, User};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::db::Conn;
use crate::db::schema::{api_tokens, users};
use crate::error::{AppError, AppResult};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::{TokenId, UserId};

/// What every token starts with, so that scanners of leaked secrets know one when they see it.
const PREFIX: &str = "bureau_";
/// Seconds between two notes of a token's last use.
const TOUCH_EVERY: i64 = 60;
/// Tokens that one person may have at once.
const MOST: i64 = 50;

crate::text_enum! {
    /// A part of the API that a token opens.
    pub enum Area {
        /// Clients and their contacts.
        Clients = "clients", "Clients";
        /// Projects and their templates.
        Projects = "projects", "Projects";
        /// Tasks, labels, views and recurring tasks.
        Tasks = "tasks", "Tasks";
        /// Hours.
        Time = "time", "Time";
        /// Invoices, quotes, payments and rates.
        Billing = "billing", "Invoices, quotes and rates";
        /// The vault.
        Vault = "vault", "Vault";
        /// The agency, its people and what they did.
        Settings = "settings", "Settings, people and activity";
        /// One's own profile, notifications and Today.
        Own = "own", "Profile, notifications and Today";
    }
}

impl Area {
    /// The area of an API path.
    pub fn of(path: &str) -> Option<Self> {
        Some(match path.strip_prefix("/api/")?.split('/').next()? {
            "clients" => Self::Clients,
            "projects" | "project-templates" => Self::Projects,
            "tasks" | "labels" | "schedules" | "task-views" => Self::Tasks,
            "time-entries" => Self::Time,
            "billing" | "quotes" | "rates" => Self::Billing,
            "credentials" => Self::Vault,
            "settings" | "users" | "activity" | "jobs" | "mail" => Self::Settings,
            "profile" | "notifications" | "dashboard" => Self::Own,
            _ => return None,
        })
    }
}

crate::text_enum! {
    /// What a token may do in an area.
    pub enum Access {
        /// Look.
        Read = "read", "Read";
        /// Look and change.
        Write = "write", "Read and change";
    }
}

/// What a token opens; no area named is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<(Area, Access)>);

impl Scopes {
    /// Everything that its owner may do.
    pub const ALL: Self = Self(Vec::new());

    /// The areas of `chosen`.
    pub fn new(chosen: Vec<(Area, Access)>) -> Self {
        Self(chosen)
    }

    fn parse(text: &str) -> Option<Self> {
        let scope = |word: &str| {
            let (area, access) = word.split_once(':')?;
            Some((area.parse().ok()?, access.parse().ok()?))
        };
        text.split_whitespace().map(scope).collect::<Option<Vec<_>>>().map(Self)
    }

    /// "clients:read tasks:write"; empty for everything.
    pub fn text(&self) -> String {
        self.0.iter().map(|(area, access)| format!("{area}:{access}")).collect::<Vec<_>>().join(" ")
    }

    /// "Clients: read; Tasks: read and change", or "Everything you may do".
    pub fn words(&self) -> String {
        if self.0.is_empty() {
            return "Everything you may do".to_owned();
        }
        let words = self
            .0
            .iter()
            .map(|(area, access)| format!("{}: {}", area.label(), access.label().to_lowercase()));
        words.collect::<Vec<_>>().join("; ")
    }

    /// Whether they let somebody look at `path`, or change what is there.
    pub fn allow(&self, path: &str, changes: bool) -> bool {
        let Some(area) = Area::of(path) else { return false };
        let may = |(known, access): &(Area, Access)| *known == area && (!changes || *access == Access::Write);
        self.0.is_empty() || self.0.iter().any(may)
    }
}

/// A token to be made, valid by construction.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it opens.
    pub scopes: Scopes,
    /// When it ends; `None` is when somebody revokes it.
    pub expires_at: Option<UtcTime>,
}

/// A token as its owner sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct Token {
    /// Which.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    scopes: String,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it was last used, to the minute.
    pub last_used_at: Option<UtcTime>,
    /// When it ends.
    pub expires_at: Option<UtcTime>,
}

impl Token {
    /// What it opens. A text that nobody understands opens nothing.
    pub fn scopes(&self) -> Option<Scopes> {
        Scopes::parse(&self.scopes)
    }

    /// [`Scopes::words`].
    pub fn words(&self) -> String {
        self.scopes().map_or_else(|| "Nothing".to_owned(), |scopes| scopes.words())
    }
}

/// The tokens with which somebody's programs come in, the newest first.
pub fn of(conn: &mut Conn, user: UserId, now: UtcTime) -> AppResult<Vec<Token>> {
    Ok(api_tokens::table
        .inner_join(users::table)
        .filter(api_tokens::user_id.eq(user))
        .filter(api_tokens::revoked_at.is_null())
        .filter(api_tokens::auth_epoch.eq(users::auth_epoch))
        .filter(api_tokens::expires_at.is_null().or(api_tokens::expires_at.gt(now)))
        .order(api_tokens::id.desc())
        .select(Token::as_select())
        .load(conn)?)
}

/// Makes a token for `user` and returns its text, which is not stored.
pub fn create(conn: &mut Conn, now: UtcTime, user: &User, new: &NewToken) -> AppResult<String> {
    if of(conn, user.id, now)?.len() as i64 >= MOST {
        return Err(AppError::Conflict(format!(
            "There are {MOST} tokens already. Revoke one that nobody uses."
        )));
    }
    let text = format!("{PREFIX}{}", random_token());
    let id: TokenId = diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::user_id.eq(user.id),
            api_tokens::name.eq(&new.name),
            api_tokens::token_hash.eq(sha256_hex(&text)),
            api_tokens::scopes.eq(new.scopes.text()),
            api_tokens::auth_epoch.eq(user.auth_epoch),
            api_tokens::created_at.eq(now),
            api_tokens::expires_at.eq(new.expires_at),
        ))
        .returning(api_tokens::id)
        .get_result(conn)?;
    let entry =
        Entry::new(Action::Created, Subject::Token, id.0, &new.name).change("scopes", "", new.scopes.words());
    audit::record(conn, Some(user.id), now, &entry)?;
    Ok(text)
}

/// Makes one of `actor`'s own tokens open nothing any more; somebody else's is not there.
pub fn revoke(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TokenId) -> AppResult<()> {
    let own = api_tokens::table.filter(api_tokens::user_id.eq(actor.id)).filter(api_tokens::id.eq(id));
    let name: String = own.select(api_tokens::name).first(conn)?;
    let revoked = diesel::update(own.filter(api_tokens::revoked_at.is_null()))
        .set(api_tokens::revoked_at.eq(now))
        .execute(conn)?;
    if revoked > 0 {
        let entry = Entry::new(Action::Withdrawn, Subject::Token, id.0, &name);
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(())
}

/// A token in use: whose, what it opens, and whether its last use is old enough to be noted again.
#[derive(Debug)]
pub struct Presented {
    /// Which.
    pub id: TokenId,
    /// The owner.
    pub actor: Actor,
    /// What it opens.
    pub scopes: Scopes,
    /// Whether [`touch`] is due.
    pub stale: bool,
}

/// Whose token `text` is; unauthenticated when it is nobody's, revoked or too old, or its owner may not come in.
pub fn authenticate(conn: &mut Conn, now: UtcTime, text: &str) -> AppResult<Presented> {
    let (token, user): (Token, User) = api_tokens::table
        .inner_join(users::table)
        .filter(api_tokens::token_hash.eq(sha256_hex(text)))
        .filter(api_tokens::revoked_at.is_null())
        .filter(api_tokens::auth_epoch.eq(users::auth_epoch))
        .select((Token::as_select(), User::as_select()))
        .first(conn)
        .optional()?
        .ok_or(AppError::Unauthenticated)?;
    if token.expires_at.is_some_and(|at| at <= now) || !user.may_come_in(conn, now)? {
        return Err(AppError::Unauthenticated);
    }
    let scopes = token.scopes().ok_or(AppError::Unauthenticated)?;
    let stale = token.last_used_at.is_none_or(|at| now.seconds_since(at) >= TOUCH_EVERY);
    Ok(Presented { id: token.id, actor: user.actor(), scopes, stale })
}

/// Notes that a token was used.
pub fn touch(conn: &mut Conn, now: UtcTime, id: TokenId) -> AppResult<()> {
    diesel::update(api_tokens::table.find(id)).set(api_tokens::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}
