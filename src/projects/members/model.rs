//! Members of a project: rows and verbs.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::schema::{clients as clients_table, project_members, projects as projects_table, users};
use crate::error::{AppError, AppResult};
use crate::projects::model::{self as projects, Project};
use crate::rates::model::{self as rates, RateKind, Scope};
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, UserId};
use crate::types::money::{Currency, Money};

/// Somebody on a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// What an hour of theirs costs the client here, in minor units, where that is agreed.
    pub rate_cents: Option<i64>,
    /// What it costs us here, where that is agreed.
    pub cost_cents: Option<i64>,
}

/// Somebody who joins a project, with the rates that are agreed for them there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// Who.
    pub user_id: UserId,
    /// What an hour of theirs costs the client, in minor units.
    pub rate_cents: Option<i64>,
    /// What it costs us.
    pub cost_cents: Option<i64>,
}

/// Who is on a project, by name. The caller has found the project.
pub fn names(conn: &mut Conn, project: ProjectId) -> AppResult<Vec<(UserId, String)>> {
    Ok(project_members::table
        .inner_join(users::table)
        .filter(project_members::project_id.eq(project))
        .order((users::name, users::id))
        .select((users::id, users::name))
        .load(conn)?)
}

/// Projects that somebody is on, by client and name.
pub fn of_user(conn: &mut Conn, user: UserId) -> AppResult<Vec<(ProjectId, String)>> {
    let rows: Vec<(ProjectId, String, String)> = project_members::table
        .inner_join(projects_table::table.inner_join(clients_table::table))
        .filter(project_members::user_id.eq(user))
        .order((clients_table::name_key, projects_table::name_key, projects_table::id))
        .select((projects_table::id, clients_table::name, projects_table::name))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, client, project)| (id, format!("{client} · {project}"))).collect())
}

/// [`names`] with the rates that are agreed for them there on `on`.
pub fn of_project(conn: &mut Conn, project: ProjectId, on: NaiveDate) -> AppResult<Vec<Member>> {
    let rates = rates::own_of_members(conn, project, on)?;
    let member = |(user_id, name)| {
        let own = |kind| rates.get(&(user_id, kind)).copied();
        Member { user_id, name, rate_cents: own(RateKind::Bill), cost_cents: own(RateKind::Cost) }
    };
    Ok(names(conn, project)?.into_iter().map(member).collect())
}

fn open_project(conn: &mut Conn, actor: &Actor, id: ProjectId) -> AppResult<(Project, Currency)> {
    let project = projects::find(conn, actor, id)?;
    if project.is_archived() {
        return Err(AppError::Conflict("This project is archived. Restore it first.".into()));
    }
    let currency = clients::find(conn, actor, project.client_id)?.currency;
    Ok((project, currency))
}

/// Adds somebody, with rates from `today` on where they are given.
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    project: ProjectId,
    new: &NewMember,
) -> AppResult<Member> {
    let (project, currency) = open_project(conn, actor, project)?;
    let person: Option<(String, Option<UtcTime>)> =
        users::table.find(new.user_id).select((users::name, users::disabled_at)).first(conn).optional()?;
    let Some((name, None)) = person else {
        return Err(AppError::invalid("user_id", "must be one of the choices"));
    };
    let added = diesel::sql_query(
        "INSERT INTO project_members (project_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind::<diesel::sql_types::BigInt, _>(project.id)
    .bind::<diesel::sql_types::BigInt, _>(new.user_id)
    .bind::<diesel::sql_types::Timestamp, _>(now)
    .execute(conn)?;
    if added == 0 {
        return Err(AppError::invalid("user_id", "is on the project already"));
    }
    let scope = Scope::ProjectMember(project.id, new.user_id);
    for (kind, cents) in [(RateKind::Bill, new.rate_cents), (RateKind::Cost, new.cost_cents)] {
        if cents.is_some() {
            rates::set(conn, actor.id, now, kind, scope, today, cents)?;
        }
    }
    let entry = Entry::new(Action::Added, Subject::Member, new.user_id.0, &name)
        .change("rate", "", Money::text_of(new.rate_cents, currency))
        .change("cost", "", Money::text_of(new.cost_cents, currency));
    note(conn, actor, now, entry, &project)?;
    let (rate_cents, cost_cents) = (new.rate_cents, new.cost_cents);
    Ok(Member { user_id: new.user_id, name, rate_cents, cost_cents })
}

/// Takes somebody off. Their rates on the project end; hours that they have logged stay as they are.
pub fn remove(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    project: ProjectId,
    user: UserId,
) -> AppResult<()> {
    projects::find(conn, actor, project)?;
    let members = names(conn, project)?;
    let (_, name) = members.into_iter().find(|(id, _)| *id == user).ok_or(AppError::NotFound)?;
    let (project, _) = open_project(conn, actor, project)?;
    diesel::delete(project_members::table.find((project.id, user))).execute(conn)?;
    rates::end(conn, actor.id, now, Scope::ProjectMember(project.id, user), today)?;
    note(conn, actor, now, Entry::new(Action::Removed, Subject::Member, user.0, &name), &project)
}

fn note(conn: &mut Conn, actor: &Actor, now: UtcTime, entry: Entry, project: &Project) -> AppResult<()> {
    audit::record(conn, Some(actor.id), now, &entry.client(project.client_id).project(project.id))
}
