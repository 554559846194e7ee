//! Links by which a client puts something in. The database holds a hash of each, so that it opens none.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Policy;
use crate::auth::user::{Actor, User};
use crate::credentials::access;
use crate::credentials::model::{self as credentials, Access, Kind, NewCredential};
use crate::credentials::secrets::{Change, Field};
use crate::db::Conn;
use crate::db::schema::{clients as client_rows, credential_intakes as i, users};
use crate::error::{AppError, AppResult};
use crate::keys::vault::Vault;
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, CredentialId, IntakeId, UserId};

/// Links that one person can have out at once.
const MOST: i64 = 50;
const DAY: i64 = 86_400;

/// A link.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = i)]
pub struct Intake {
    /// Which.
    pub id: IntakeId,
    /// Who is asked.
    pub client_id: ClientId,
    /// What for.
    pub kind: Kind,
    /// What that is called.
    pub label: String,
    /// What the client reads above the form.
    pub message: String,
    /// Who opens what comes in.
    pub access: Access,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: UtcTime,
    /// When it opens no more.
    pub expires_at: UtcTime,
    /// When the client put something in.
    pub answered_at: Option<UtcTime>,
}

impl Intake {
    /// Whether it is too old at `now`.
    pub fn is_expired(&self, now: &UtcTime) -> bool {
        self.expires_at <= *now
    }
}

/// A link that waits, as a list shows it.
#[derive(Debug, Clone)]
pub struct IntakeRow {
    /// The link.
    pub intake: Intake,
    /// The client's name.
    pub client: String,
    /// Who made it.
    pub author: String,
}

/// A link to be made, valid by construction.
#[derive(Debug, Clone)]
pub struct NewIntake {
    /// Who is asked.
    pub client_id: ClientId,
    /// What for.
    pub kind: Kind,
    /// What that is called.
    pub label: String,
    /// What the client reads above the form.
    pub message: String,
    /// Who opens what comes in.
    pub access: Access,
    /// Days for which it opens.
    pub days: i64,
}

/// Links that wait for an answer, the newest first: one's own, and everybody's for who runs the installation.
pub fn waiting(conn: &mut Conn, actor: &Actor) -> AppResult<Vec<IntakeRow>> {
    let mut query = i::table
        .inner_join(client_rows::table)
        .inner_join(users::table)
        .filter(i::answered_at.is_null())
        .filter(i::withdrawn_at.is_null())
        .order(i::id.desc())
        .select((Intake::as_select(), client_rows::name, users::name))
        .into_boxed();
    if let Some(user) = access::bounded(actor) {
        query = query.filter(i::created_by.eq(user));
    }
    let rows: Vec<(Intake, String, String)> = query.load(conn)?;
    Ok(rows.into_iter().map(|(intake, client, author)| IntakeRow { intake, client, author }).collect())
}

/// Makes a link; the answer holds its token, which is not stored.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewIntake) -> AppResult<(Intake, String)> {
    credentials::check_client(conn, actor, new.client_id)?;
    let open: i64 = i::table
        .filter(i::created_by.eq(actor.id))
        .filter(i::answered_at.is_null())
        .filter(i::withdrawn_at.is_null())
        .count()
        .get_result(conn)?;
    if open >= MOST {
        return Err(AppError::Conflict(format!("{MOST} links of yours wait already; withdraw some first.")));
    }
    let token = random_token();
    let id: IntakeId = diesel::insert_into(i::table)
        .values((
            i::token_hash.eq(sha256_hex(&token)),
            i::client_id.eq(new.client_id),
            i::kind.eq(new.kind),
            i::label.eq(&new.label),
            i::message.eq(&new.message),
            i::access.eq(new.access),
            i::created_by.eq(actor.id),
            i::created_at.eq(now),
            i::expires_at.eq(now.plus_seconds(new.days * DAY)),
        ))
        .returning(i::id)
        .get_result(conn)?;
    let entry = Entry::new(Action::Created, Subject::Intake, id.0, &new.label).client(new.client_id);
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok((i::table.find(id).select(Intake::as_select()).first(conn)?, token))
}

/// Makes a link open no more; not found when it was answered or withdrawn before.
pub fn withdraw(conn: &mut Conn, actor: &Actor, now: UtcTime, id: IntakeId) -> AppResult<()> {
    let row = waiting(conn, actor)?.into_iter().find(|row| row.intake.id == id).ok_or(AppError::NotFound)?;
    diesel::update(i::table.find(id)).set(i::withdrawn_at.eq(now)).execute(conn)?;
    let entry =
        Entry::new(Action::Withdrawn, Subject::Intake, id.0, &row.intake.label).client(row.intake.client_id);
    audit::record(conn, Some(actor.id), now, &entry)
}

/// The link that `token` opens, with who made it; not found when it was withdrawn, is too old, or its client is put away,
/// or who made it opens the vault no more. One that was answered says so until it is too old.
pub fn open(conn: &mut Conn, now: UtcTime, token: &str) -> AppResult<(Intake, User)> {
    let (intake, author): (Intake, User) = i::table
        .inner_join(client_rows::table)
        .inner_join(users::table)
        .filter(i::token_hash.eq(sha256_hex(token)))
        .filter(i::withdrawn_at.is_null())
        .filter(client_rows::archived_at.is_null())
        .filter(users::disabled_at.is_null())
        .select((Intake::as_select(), User::as_select()))
        .first(conn)?;
    let is_open = !intake.is_expired(&now) && Policy::Vault.allows(author.role);
    is_open.then_some((intake, author)).ok_or(AppError::NotFound)
}

/// Keeps what the client put in, once.
pub fn answer(
    conn: &mut Conn,
    vault: &Vault,
    now: UtcTime,
    intake: &Intake,
    author: &Actor,
    new: &NewCredential,
    changes: &[(Field, Change)],
) -> AppResult<CredentialId> {
    let taken = diesel::update(
        i::table.find(intake.id).filter(i::answered_at.is_null()).filter(i::withdrawn_at.is_null()),
    )
    .set(i::answered_at.eq(now))
    .execute(conn)?;
    if taken == 0 {
        return Err(AppError::Conflict("This link was used already. Ask for another one.".into()));
    }
    let credential = credentials::keep(conn, vault, author, None, now, new, changes)?;
    diesel::update(i::table.find(intake.id)).set(i::credential_id.eq(credential.id)).execute(conn)?;
    Ok(credential.id)
}
