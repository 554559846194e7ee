//! Invitations: who was asked to join, by a link that opens once.

use diesel::prelude::*;

use super::policy::Role;
use super::user::{self, Actor, NewUser, User};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::db::schema::{invitations, users};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::keys::{random_token, sha256_hex};
use crate::types::clock::UtcTime;
use crate::types::ids::{InvitationId, UserId};

/// Seconds for which a link opens.
pub const LIFETIME: i64 = 7 * 86_400;
/// Invitations that may wait at once.
const MOST: i64 = 100;

/// An invitation that waits.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invitations)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Whom, in lower case.
    pub email: String,
    /// What they will be to the agency.
    pub role: Role,
    /// Who asked them.
    pub invited_by: UserId,
    /// When.
    pub created_at: UtcTime,
    /// Until when the link opens.
    pub expires_at: UtcTime,
}

impl Invitation {
    /// Whether the link opens no more.
    pub fn is_expired(&self, now: &UtcTime) -> bool {
        self.expires_at <= *now
    }
}

/// Who accepts, valid by construction.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// Name on screen.
    pub name: String,
    /// bcrypt over the peppered password.
    pub password_hash: String,
    /// IANA zone.
    pub time_zone: String,
}

/// Invitations that were neither accepted nor withdrawn, the newest first.
pub fn waiting(conn: &mut Conn) -> AppResult<Vec<Invitation>> {
    Ok(invitations::table
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::withdrawn_at.is_null())
        .order(invitations::id.desc())
        .select(Invitation::as_select())
        .load(conn)?)
}

/// Asks `email` to join as `role`; the answer is the link's token, which is not stored. A link that was made for the same
/// address before opens no more.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    email: &str,
    role: Role,
) -> AppResult<(Invitation, String)> {
    user::check_may_give(actor, role)?;
    let email = email.to_lowercase();
    if user::find_by_email(conn, &email)?.is_some() {
        return Err(AppError::invalid("email", "is in use by somebody who is here already"));
    }
    let open = || {
        invitations::table
            .filter(invitations::accepted_at.is_null())
            .filter(invitations::withdrawn_at.is_null())
    };
    diesel::update(open().filter(invitations::email.eq(&email)))
        .set(invitations::withdrawn_at.eq(now))
        .execute(conn)?;
    if open().count().get_result::<i64>(conn)? >= MOST {
        return Err(AppError::Conflict(format!("{MOST} invitations wait already; withdraw some first.")));
    }
    let token = random_token();
    let id: InvitationId = diesel::insert_into(invitations::table)
        .values((
            invitations::email.eq(&email),
            invitations::role.eq(role),
            invitations::token_hash.eq(sha256_hex(&token)),
            invitations::invited_by.eq(actor.id),
            invitations::created_at.eq(now),
            invitations::expires_at.eq(now.plus_seconds(LIFETIME)),
        ))
        .returning(invitations::id)
        .get_result(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict("Somebody invited them at this moment.".into()),
            None => error.into(),
        })?;
    let entry =
        Entry::new(Action::Created, Subject::Invitation, id.0, &email).change("role", "", role.label());
    audit::record(conn, Some(actor.id), now, &entry)?;
    let invitation = invitations::table.find(id).select(Invitation::as_select()).first(conn)?;
    Ok((invitation, token))
}

/// Makes a link open no more; not found when it was accepted or withdrawn before.
pub fn withdraw(conn: &mut Conn, actor: &Actor, now: UtcTime, id: InvitationId) -> AppResult<()> {
    let invitation: Invitation =
        waiting(conn)?.into_iter().find(|invitation| invitation.id == id).ok_or(AppError::NotFound)?;
    diesel::update(invitations::table.find(id)).set(invitations::withdrawn_at.eq(now)).execute(conn)?;
    let entry = Entry::new(Action::Withdrawn, Subject::Invitation, id.0, &invitation.email);
    audit::record(conn, Some(actor.id), now, &entry)
}

/// The invitation that `token` opens; not found when it was accepted, withdrawn or is too old, or when who made it may no
/// longer give its role.
pub fn open(conn: &mut Conn, now: UtcTime, token: &str) -> AppResult<Invitation> {
    let (invitation, by): (Invitation, User) = invitations::table
        .inner_join(users::table.on(users::id.eq(invitations::invited_by)))
        .filter(invitations::token_hash.eq(sha256_hex(token)))
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::withdrawn_at.is_null())
        .filter(invitations::expires_at.gt(now))
        .select((Invitation::as_select(), User::as_select()))
        .first(conn)?;
    if !by.may_come_in(conn, now)? {
        return Err(AppError::NotFound);
    }
    user::check_may_give(&by.actor(), invitation.role).map_err(|_| AppError::NotFound)?;
    Ok(invitation)
}

/// Makes the person who was invited, once.
pub fn accept(conn: &mut Conn, now: UtcTime, token: &str, accepted: &Acceptance) -> AppResult<User> {
    let invitation = open(conn, now, token)?;
    let new = NewUser {
        email: invitation.email.clone(),
        name: accepted.name.clone(),
        role: invitation.role,
        password_hash: Some(accepted.password_hash.clone()),
        time_zone: accepted.time_zone.clone(),
    };
    let user = user::create(conn, Some(invitation.invited_by), now, &new).map_err(|error| match error {
        // Two answers at once: the first one made the person.
        AppError::Invalid(errors) if errors.get("email").is_some() => AppError::NotFound,
        error => error,
    })?;
    diesel::update(invitations::table.find(invitation.id))
        .set((invitations::accepted_at.eq(now), invitations::user_id.eq(user.id)))
        .execute(conn)?;
    let entry = Entry::new(Action::Accepted, Subject::Invitation, invitation.id.0, &invitation.email);
    audit::record(conn, Some(user.id), now, &entry)?;
    Ok(user)
}
