//! Who sees and opens which credential. Who runs the installation sees all; everybody else what its access, their
//! assignments and the grants of it say.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};

use super::model::{self, Access, NewCredential};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Policy;
use crate::auth::user::{self, Actor};
use crate::db::Conn;
use crate::db::schema::{credential_grants, users};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{CredentialId, UserId};

/// Whose view of the vault is bounded: `None` for who sees all of it.
pub fn bounded(actor: &Actor) -> Option<UserId> {
    (!actor.may(Policy::Administer)).then_some(actor.id)
}

/// Whether they decide who sees a credential.
pub fn may_set(actor: &Actor) -> bool {
    actor.may(Policy::Manage)
}

const ASSIGNED: &str = "credentials.client_id IN (SELECT client_id FROM client_members WHERE user_id = ";
const BY_PROJECT: &str = " UNION SELECT p.client_id FROM project_members m JOIN projects p ON p.id = m.project_id WHERE m.user_id = ";
const GRANTED: &str = ") OR credentials.id IN (SELECT credential_id FROM credential_grants WHERE user_id = ";

/// A condition: the credential of the row is open to somebody. Written as SQL, since the three parts of it are one
/// sentence there.
#[derive(Debug, Clone, Copy)]
pub struct OpenTo {
    user: UserId,
    is_contractor: bool,
}

/// The credential is open to `user`, who sees the agency's clients, or as a contractor only those assigned to them.
pub fn open_to(user: UserId, is_contractor: bool) -> OpenTo {
    OpenTo { user, is_contractor }
}

impl Expression for OpenTo {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for OpenTo {}

impl<T> SelectableExpression<T> for OpenTo {}

impl<G> ValidGrouping<G> for OpenTo {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for OpenTo {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB> QueryFragment<DB> for OpenTo
where
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(match self.is_contractor {
            true => "((credentials.access <> 'named' AND ",
            false => "(credentials.access = 'team' OR (credentials.access = 'client' AND ",
        });
        for (before, end) in [(ASSIGNED, ""), (BY_PROJECT, ")"), (GRANTED, "))")] {
            out.push_sql(before);
            out.push_bind_param::<BigInt, _>(&self.user.0)?;
            out.push_sql(end);
        }
        Ok(())
    }
}

/// Whoever keeps a credential for named people is one of them.
pub(super) fn keep_own(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: CredentialId,
    new: &NewCredential,
) -> AppResult<()> {
    if new.access != Access::Team && bounded(actor).is_some() {
        insert(conn, now, id, actor.id)?;
    }
    Ok(())
}

fn insert(conn: &mut Conn, now: UtcTime, id: CredentialId, user: UserId) -> AppResult<bool> {
    let added = diesel::sql_query(
        "INSERT INTO credential_grants (credential_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(id)
    .bind::<BigInt, _>(user)
    .bind::<diesel::sql_types::Timestamp, _>(now)
    .execute(conn)?;
    Ok(added > 0)
}

/// Whom a credential names, by name. The caller has found the credential.
pub fn granted(conn: &mut Conn, id: CredentialId) -> AppResult<Vec<(UserId, String)>> {
    Ok(credential_grants::table
        .inner_join(users::table)
        .filter(credential_grants::credential_id.eq(id))
        .order((users::name, users::id))
        .select((users::id, users::name))
        .load(conn)?)
}

/// Opens a credential to somebody.
pub fn grant(conn: &mut Conn, actor: &Actor, now: UtcTime, id: CredentialId, user: UserId) -> AppResult<()> {
    if !may_set(actor) {
        return Err(AppError::Forbidden);
    }
    let credential = model::find_kept(conn, actor, id)?;
    let person = match user::find(conn, user) {
        Ok(person) if person.disabled_at.is_none() && Policy::Vault.allows(person.role) => person,
        Ok(_) | Err(AppError::NotFound) => {
            return Err(AppError::invalid("user_id", "must be one of the choices"));
        }
        Err(error) => return Err(error),
    };
    if !insert(conn, now, id, user)? {
        return Err(AppError::invalid("user_id", "is named already"));
    }
    let entry = Entry::new(Action::Updated, Subject::Credential, id.0, &credential.label)
        .client(credential.client_id)
        .change("named", "", person.name);
    audit::record(conn, Some(actor.id), now, &entry)
}

/// Closes a credential to somebody whom it names.
pub fn revoke(conn: &mut Conn, actor: &Actor, now: UtcTime, id: CredentialId, user: UserId) -> AppResult<()> {
    if !may_set(actor) {
        return Err(AppError::Forbidden);
    }
    let credential = model::find(conn, actor, id)?;
    let (_, name) =
        granted(conn, id)?.into_iter().find(|(granted, _)| *granted == user).ok_or(AppError::NotFound)?;
    diesel::delete(credential_grants::table.find((id, user))).execute(conn)?;
    let entry = Entry::new(Action::Updated, Subject::Credential, id.0, &credential.label)
        .client(credential.client_id)
        .change("named", name, "");
    audit::record(conn, Some(actor.id), now, &entry)
}

/// People whom a credential can name: who opens the vault and is not shut out.
pub fn nameable(conn: &mut Conn) -> AppResult<Vec<(UserId, String)>> {
    let people: Vec<(UserId, String, crate::auth::policy::Role)> = users::table
        .filter(users::disabled_at.is_null())
        .order((users::name, users::id))
        .select((users::id, users::name, users::role))
        .load(conn)?;
    Ok(people
        .into_iter()
        .filter(|(_, _, role)| Policy::Vault.allows(*role))
        .map(|(id, name, _)| (id, name))
        .collect())
}
