//! Who can have a task: whoever works and sees its project.

use diesel::prelude::*;

use crate::auth::policy::{Policy, Role};
use crate::auth::user::{self, Actor};
use crate::db::schema::users;
use crate::db::{Conn, assigned};
use crate::error::{AppError, AppResult};
use crate::types::ids::{ProjectId, UserId};

/// People who can have a task of `project`, or of any, by name, as far as `actor` may choose them.
pub fn assignees(
    conn: &mut Conn,
    actor: &Actor,
    project: Option<ProjectId>,
) -> AppResult<Vec<(UserId, String)>> {
    let people = user::on_project(conn, actor, project)?;
    let working = people.into_iter().filter(|(_, _, role)| Policy::Work.allows(*role));
    Ok(working.map(|(id, name, _)| (id, name)).collect())
}

/// Whether somebody sees only what they are assigned to.
pub(in crate::tasks) fn is_contractor(conn: &mut Conn, id: Option<UserId>) -> AppResult<bool> {
    let Some(id) = id else { return Ok(false) };
    let role: Role = users::table.find(id).select(users::role).first(conn)?;
    Ok(!Policy::Team.allows(role))
}

/// Whether this is somebody who can come in, works on tasks and sees those of `project`.
pub(in crate::tasks) fn can_have_tasks(conn: &mut Conn, project: ProjectId, id: UserId) -> AppResult<bool> {
    let role: Option<Role> = users::table
        .filter(users::id.eq(id))
        .filter(users::disabled_at.is_null())
        .select(users::role)
        .first(conn)
        .optional()?;
    match role.filter(|role| Policy::Work.allows(*role)) {
        Some(role) if Policy::Team.allows(role) => Ok(true),
        Some(_) => Ok(assigned::people_on(conn, project)?.contains(&id)),
        None => Ok(false),
    }
}

/// Refuses somebody who cannot have a task of `project`, or whom `actor` may not choose.
pub(in crate::tasks) fn check_assignee(
    conn: &mut Conn,
    actor: &Actor,
    project: ProjectId,
    id: Option<UserId>,
) -> AppResult<()> {
    let Some(id) = id else { return Ok(()) };
    let may_choose = actor.only_assigned().is_none()
        || assignees(conn, actor, Some(project))?.iter().any(|(known, _)| *known == id);
    if may_choose && can_have_tasks(conn, project, id)? {
        return Ok(());
    }
    Err(AppError::invalid("assignee_id", "must be one of the choices"))
}
