//! Credentials: rows, the list and the verbs. What is secret of them is in [`super::secrets`].

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::access;
use super::health::Health;
use super::secrets::{self, Change, Field};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::cached::Cache;
use crate::db::saved::Saved;
use crate::db::schema::{
    clients as client_rows, credential_reveals, credential_secrets as s, credentials, users,
};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::keys::random_token;
use crate::keys::vault::Vault;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, CredentialId, UserId};
use crate::types::pagination::{PER_PAGE, has_more};
use crate::types::text::fold;

crate::text_enum! {
    /// What a credential opens.
    pub enum Kind {
        /// A website or service.
        Login = "login", "Login";
        /// The administration of a website.
        Cms = "cms", "CMS admin";
        /// A server's files.
        Hosting = "hosting", "Hosting, FTP or SFTP";
        /// A server's shell.
        SshKey = "ssh_key", "SSH key";
        /// A database.
        Database = "database", "Database";
        /// An interface for programs.
        ApiKey = "api_key", "API key";
        /// Where domains are registered.
        Registrar = "registrar", "Domain registrar";
        /// A wireless network.
        Wifi = "wifi", "Wi-Fi";
        /// Nothing: a text that must not be read by everybody.
        Note = "note", "Note";
    }
}

crate::text_enum! {
    /// Who sees and opens a credential, besides those who run the agency's Bureau.
    pub enum Access {
        /// Everybody of the agency; a contractor if they are assigned to its client.
        Team = "team", "The whole team";
        /// Who is assigned to its client or one of the client's projects.
        Client = "client", "People assigned to the client";
        /// Whom it names.
        Named = "named", "Named people only";
    }
}

/// What opens a client's site, without what is secret of it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = credentials)]
pub struct Credential {
    /// Which.
    pub id: CredentialId,
    /// A random name that its envelopes are bound to.
    pub record_key: String,
    /// Whose.
    pub client_id: ClientId,
    /// What it opens.
    pub kind: Kind,
    /// What it is called.
    pub label: String,
    /// Whom it belongs to, there.
    pub username: String,
    /// Where it opens something: one address a line.
    pub urls: String,
    /// Words to find it by, with commas between.
    pub tags: String,
    /// Who sees it.
    pub access: Access,
    /// The day after which it opens nothing any more.
    pub expires_on: Option<NaiveDate>,
    /// Days after which its password is to be changed.
    pub rotate_every_days: Option<i64>,
    /// When it was put away.
    pub archived_at: Option<UtcTime>,
    /// Since when it is here.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl Credential {
    /// Its addresses.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.urls.lines()
    }

    /// Its first address without the scheme.
    pub fn host(&self) -> &str {
        let first = self.addresses().next().unwrap_or_default();
        first.split_once("://").map_or(first, |(_, rest)| rest).trim_end_matches('/')
    }

    /// Its words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.tags.split(", ").filter(|word| !word.is_empty())
    }

    /// Whether it is put away.
    pub fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }
}

/// A credential to be stored, valid by construction.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = credentials)]
#[diesel(treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are those of Credential")]
pub struct NewCredential {
    pub client_id: ClientId,
    pub kind: Kind,
    pub label: String,
    pub username: String,
    pub urls: String,
    pub tags: String,
    pub access: Access,
    pub expires_on: Option<NaiveDate>,
    pub rotate_every_days: Option<i64>,
}

/// A row of the list.
#[derive(Debug, Clone)]
pub struct CredentialRow {
    /// The credential.
    pub credential: Credential,
    /// Its client's name.
    pub client: String,
    /// What is to be said of its password.
    pub health: Health,
    /// Whether it has a password.
    pub has_secret: bool,
    /// Who opened it last, and when.
    pub last_opened: Option<(UserId, String, UtcTime)>,
}

crate::text_enum! {
    /// What a password can lack.
    pub enum Fault {
        /// It is guessed quickly.
        Weak = "weak", "Weak";
        /// It opens something else as well.
        Reused = "reused", "Reused";
        /// It has not been changed for a year.
        Old = "old", "Over a year old";
        /// The credential ends within a month, or has ended.
        Expiring = "expiring", "Expiring";
    }
}

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct CredentialFilter {
    /// Words that it must hold.
    pub q: String,
    /// Of one client.
    pub client: Option<ClientId>,
    /// Of one kind.
    pub kind: Option<Kind>,
    /// Only with this fault.
    pub fault: Option<Fault>,
    /// What is put away.
    pub archived: bool,
    /// The rows after this one.
    pub after: Option<CredentialId>,
}

/// The current password of the same credential is that of another one, too.
const IS_REUSED: &str = "EXISTS (SELECT 1 FROM credential_secrets o WHERE o.fingerprint = credential_secrets.fingerprint \
    AND o.replaced_at IS NULL AND o.credential_id <> credentials.id)";

/// A page of credentials by name, and the row after which the next begins.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    filter: &CredentialFilter,
) -> AppResult<(Vec<CredentialRow>, Option<CredentialId>)> {
    let mut query = credentials::table
        .inner_join(client_rows::table)
        .left_join(
            s::table.on(s::credential_id
                .eq(credentials::id)
                .and(s::field.eq(Field::SECRET))
                .and(s::replaced_at.is_null())),
        )
        .left_join(
            credential_reveals::table.on(credentials::last_reveal_id.eq(credential_reveals::id.nullable())),
        )
        .left_join(users::table.on(users::id.eq(credential_reveals::user_id)))
        .select((
            Credential::as_select(),
            client_rows::name,
            (s::created_at.nullable(), s::strength.nullable()),
            sql::<Bool>(IS_REUSED),
            (users::id, users::name, credential_reveals::revealed_at).nullable(),
        ))
        .order((credentials::label_key, credentials::id))
        .limit(PER_PAGE + 1)
        .into_boxed();
    // As the partial indexes say it.
    query = match filter.archived {
        true => query.filter(credentials::archived_at.is_not_null()),
        false => query.filter(credentials::archived_at.is_null()),
    };
    if let Some(user) = access::bounded(actor) {
        query = query.filter(access::open_to(user, actor.only_assigned().is_some()));
    }
    if let Some(client) = filter.client {
        query = query.filter(credentials::client_id.eq(client));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(credentials::kind.eq(kind));
    }
    query = match filter.fault {
        None => query,
        Some(Fault::Weak) => query.filter(s::strength.le(super::health::WEAK)),
        Some(Fault::Reused) => query.filter(sql::<Bool>(IS_REUSED)),
        Some(Fault::Old) => query.filter(s::created_at.lt(now.plus_seconds(-super::health::OLD_SECONDS))),
        Some(Fault::Expiring) => {
            query.filter(credentials::expires_on.le(today + super::health::EXPIRES_SOON))
        }
    };
    for word in fold(&filter.q).split(' ').filter(|word| !word.is_empty()) {
        query = query.filter(credentials::search_text.like(dialect::contains(word)).escape('\\'));
    }
    if let Some(after) = filter.after {
        let key: Option<String> =
            credentials::table.find(after).select(credentials::label_key).first(conn).optional()?;
        let key = key.ok_or_else(|| AppError::invalid("after", "must be a row of the list"))?;
        query = query.filter(
            credentials::label_key
                .gt(key.clone())
                .or(credentials::label_key.eq(key).and(credentials::id.gt(after))),
        );
    }
    type Secret = (Option<UtcTime>, Option<i64>);
    type Row = (Credential, String, Secret, bool, Option<(UserId, String, UtcTime)>);
    let rows: Vec<Row> = query.cached().load(conn)?;
    let mut rows: Vec<CredentialRow> = rows
        .into_iter()
        .map(|(credential, client, (changed_at, strength), is_reused, last_opened)| CredentialRow {
            health: Health {
                strength,
                is_reused,
                changed_at,
                expires_on: credential.expires_on,
                rotate_every_days: credential.rotate_every_days,
            },
            has_secret: changed_at.is_some(),
            credential,
            client,
            last_opened,
        })
        .collect();
    let more = has_more(&mut rows, PER_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.credential.id);
    Ok((rows, next))
}

/// The credential, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: CredentialId) -> AppResult<Credential> {
    let mut query = credentials::table.filter(credentials::id.eq(id)).into_boxed();
    if let Some(user) = access::bounded(actor) {
        query = query.filter(access::open_to(user, actor.only_assigned().is_some()));
    }
    Ok(query.select(Credential::as_select()).first(conn)?)
}

/// What [`find`] finds, unless it is put away.
pub fn find_kept(conn: &mut Conn, actor: &Actor, id: CredentialId) -> AppResult<Credential> {
    let credential = find(conn, actor, id)?;
    if credential.is_archived() {
        return Err(AppError::Conflict("This credential is archived. Restore it first.".into()));
    }
    Ok(credential)
}

fn search_text(new: &NewCredential) -> String {
    fold(&format!("{} {} {} {}", new.label, new.username, new.urls.replace('\n', " "), new.tags))
}

/// The client must be there for `actor`, and open.
pub(super) fn check_client(conn: &mut Conn, actor: &Actor, id: ClientId) -> AppResult<()> {
    match clients::find(conn, actor, id) {
        Ok(client) if client.is_archived() => {
            Err(AppError::invalid("client_id", "is archived; restore the client first"))
        }
        Ok(_) => Ok(()),
        Err(AppError::NotFound) => Err(AppError::invalid("client_id", "must be one of the choices")),
        Err(error) => Err(error),
    }
}

/// Keeps a credential with its secrets.
pub fn create(
    conn: &mut Conn,
    vault: &Vault,
    actor: &Actor,
    now: UtcTime,
    new: &NewCredential,
    changes: &[(Field, Change)],
) -> AppResult<Credential> {
    keep(conn, vault, actor, Some(actor.id), now, new, changes)
}

/// [`create`] for `actor`, with `by` on record as who did it: `None` for a client who came by a link.
pub(super) fn keep(
    conn: &mut Conn,
    vault: &Vault,
    actor: &Actor,
    by: Option<UserId>,
    now: UtcTime,
    new: &NewCredential,
    changes: &[(Field, Change)],
) -> AppResult<Credential> {
    check_client(conn, actor, new.client_id)?;
    let record_key = random_token();
    let id: CredentialId = diesel::insert_into(credentials::table)
        .values((
            new,
            credentials::record_key.eq(&record_key),
            credentials::label_key.eq(fold(&new.label)),
            credentials::search_text.eq(search_text(new)),
            credentials::created_by.eq(actor.id),
            credentials::created_at.eq(now),
            credentials::updated_at.eq(now),
        ))
        .returning(credentials::id)
        .get_result(conn)?;
    access::keep_own(conn, actor, now, id, new)?;
    let changed = secrets::change(conn, vault, actor, now, id, &record_key, changes)?;
    let mut entry = Entry::new(Action::Created, Subject::Credential, id.0, &new.label).client(new.client_id);
    for (field, before, after) in changed {
        entry = entry.change(&field, before, after);
    }
    if by.is_none() {
        entry = entry.change("sent_by_link_of", "", &actor.name);
    }
    audit::record(conn, by, now, &entry)?;
    find(conn, actor, id)
}

/// Saves a credential over version `version`, with those of its secrets that `changes` names.
#[expect(clippy::too_many_arguments, reason = "one of them is the vault")]
pub fn update(
    conn: &mut Conn,
    vault: &Vault,
    actor: &Actor,
    now: UtcTime,
    id: CredentialId,
    version: i64,
    new: &NewCredential,
    changes: &[(Field, Change)],
) -> AppResult<Saved<Credential>> {
    dialect::lock_row(conn, dialect::LockedTable::Credentials, id.0)?;
    let before = find_kept(conn, actor, id)?;
    if before.version != version {
        return Ok(Saved::Stale(before));
    }
    if before.access != new.access && !access::may_set(actor) {
        return Err(AppError::invalid("access", "is for owners, admins and managers to change"));
    }
    if before.client_id != new.client_id {
        check_client(conn, actor, new.client_id)?;
    }
    diesel::update(credentials::table.find(id))
        .set((
            new,
            credentials::label_key.eq(fold(&new.label)),
            credentials::search_text.eq(search_text(new)),
            credentials::updated_at.eq(now),
            credentials::version.eq(version + 1),
        ))
        .execute(conn)?;
    access::keep_own(conn, actor, now, id, new)?;
    let changed = secrets::change(conn, vault, actor, now, id, &before.record_key, changes)?;
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let days = |days: Option<i64>| days.map(|days| days.to_string()).unwrap_or_default();
    let mut entry = Entry::new(Action::Updated, Subject::Credential, id.0, &new.label)
        .client(new.client_id)
        .change("kind", before.kind.label(), new.kind.label())
        .change("label", &before.label, &new.label)
        .change("username", &before.username, &new.username)
        .change("urls", &before.urls, &new.urls)
        .change("tags", &before.tags, &new.tags)
        .change("access", before.access.label(), new.access.label())
        .change("expires_on", day(before.expires_on), day(new.expires_on))
        .change("rotate_every_days", days(before.rotate_every_days), days(new.rotate_every_days));
    if before.client_id != new.client_id {
        let name = |conn: &mut Conn, id| clients::find(conn, actor, id).map(|client| client.name);
        entry = entry.change("client_id", name(conn, before.client_id)?, name(conn, new.client_id)?);
    }
    for (field, before, after) in changed {
        entry = entry.change(&field, before, after);
    }
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    find(conn, actor, id).map(Saved::Done)
}

/// Puts a credential away, or takes it back out.
pub fn set_archived(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: CredentialId,
    archived: bool,
) -> AppResult<Credential> {
    dialect::lock_row(conn, dialect::LockedTable::Credentials, id.0)?;
    let before = find(conn, actor, id)?;
    if before.is_archived() == archived {
        return Ok(before);
    }
    diesel::update(credentials::table.find(id))
        .set((
            credentials::archived_at.eq(archived.then_some(now)),
            credentials::updated_at.eq(now),
            credentials::version.eq(credentials::version + 1),
        ))
        .execute(conn)?;
    let action = if archived { Action::Archived } else { Action::Restored };
    let entry = Entry::new(action, Subject::Credential, id.0, &before.label).client(before.client_id);
    audit::record(conn, Some(actor.id), now, &entry)?;
    find(conn, actor, id)
}

/// Deletes a credential and every key of its envelopes: what was secret of it is gone, in this database.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: CredentialId) -> AppResult<()> {
    dialect::lock_row(conn, dialect::LockedTable::Credentials, id.0)?;
    let credential = find(conn, actor, id)?;
    diesel::delete(credentials::table.find(id)).execute(conn)?;
    let entry = Entry::new(Action::Deleted, Subject::Credential, id.0, &credential.label)
        .client(credential.client_id);
    audit::record(conn, Some(actor.id), now, &entry)
}

/// What a credential is called and whose it is, for who came by a link.
pub(super) fn label_and_client(conn: &mut Conn, id: CredentialId) -> AppResult<(String, ClientId)> {
    Ok(credentials::table.find(id).select((credentials::label, credentials::client_id)).first(conn)?)
}
