//! Members of a client: rows and verbs.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model::{self as clients, Client};
use crate::db::Conn;
use crate::db::schema::{client_members, project_members, projects, users};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, UserId};

/// Who works for a client as a whole, by name. The caller has found the client.
pub fn of_client(conn: &mut Conn, client: ClientId) -> AppResult<Vec<(UserId, String)>> {
    Ok(client_members::table
        .inner_join(users::table)
        .filter(client_members::client_id.eq(client))
        .order((users::name, users::id))
        .select((users::id, users::name))
        .load(conn)?)
}

/// Somebody on one project of a client.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OnProject {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// On which project.
    pub project_id: ProjectId,
    /// What it is called.
    pub project: String,
}

/// Who is on single projects of a client, by name. The caller has found the client.
pub fn on_projects(conn: &mut Conn, client: ClientId) -> AppResult<Vec<OnProject>> {
    Ok(project_members::table
        .inner_join(users::table)
        .inner_join(projects::table)
        .filter(projects::client_id.eq(client))
        .order((users::name, users::id, projects::name_key, projects::id))
        .select((users::id, users::name, projects::id, projects::name))
        .load(conn)?)
}

/// Clients that somebody works for as a whole, by name.
pub fn of_user(conn: &mut Conn, user: UserId) -> AppResult<Vec<(ClientId, String)>> {
    use crate::db::schema::clients;
    Ok(client_members::table
        .inner_join(clients::table)
        .filter(client_members::user_id.eq(user))
        .order((clients::name_key, clients::id))
        .select((clients::id, clients::name))
        .load(conn)?)
}

fn open_client(conn: &mut Conn, actor: &Actor, id: ClientId) -> AppResult<Client> {
    let client = clients::find(conn, actor, id)?;
    if client.is_archived() {
        return Err(AppError::Conflict("This client is archived. Restore it first.".into()));
    }
    Ok(client)
}

/// Assigns somebody to a client; answers with their name.
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    user: UserId,
) -> AppResult<String> {
    let client = open_client(conn, actor, client)?;
    let person: Option<(String, Option<UtcTime>)> =
        users::table.find(user).select((users::name, users::disabled_at)).first(conn).optional()?;
    let Some((name, None)) = person else {
        return Err(AppError::invalid("user_id", "must be one of the choices"));
    };
    let added = diesel::sql_query(
        "INSERT INTO client_members (client_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind::<diesel::sql_types::BigInt, _>(client.id)
    .bind::<diesel::sql_types::BigInt, _>(user)
    .bind::<diesel::sql_types::Timestamp, _>(now)
    .execute(conn)?;
    if added == 0 {
        return Err(AppError::invalid("user_id", "works for the client already"));
    }
    let entry = Entry::new(Action::Added, Subject::Member, user.0, &name).client(client.id);
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(name)
}

/// Takes somebody off a client. Where they are on single projects of it they stay; hours that they have logged stay as
/// they are.
pub fn remove(conn: &mut Conn, actor: &Actor, now: UtcTime, client: ClientId, user: UserId) -> AppResult<()> {
    clients::find(conn, actor, client)?;
    let members = of_client(conn, client)?;
    let (_, name) = members.into_iter().find(|(id, _)| *id == user).ok_or(AppError::NotFound)?;
    diesel::delete(client_members::table.find((client, user))).execute(conn)?;
    let entry = Entry::new(Action::Removed, Subject::Member, user.0, &name).client(client);
    audit::record(conn, Some(actor.id), now, &entry)
}
