//! What becomes of the work of somebody who leaves.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::auth::second_factor;
use crate::auth::user::{self, Actor, User};
use crate::clients::members::model as client_members;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::db::schema::tasks;
use crate::error::{AppError, AppResult};
use crate::notifications::model::{self as notifications, Notice};
use crate::projects::members::model::{self as project_members, NewMember};
use crate::tasks::model::{self as tasks_model, NewTask, Task};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, UserId};

/// What somebody is to work for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignment {
    /// A client as a whole.
    Client(ClientId),
    /// One project.
    Project(ProjectId),
}

/// What somebody works for.
#[derive(Debug, Clone)]
pub struct Assignments {
    /// Clients as a whole, by name.
    pub clients: Vec<(ClientId, String)>,
    /// Single projects, by name.
    pub projects: Vec<(ProjectId, String)>,
}

/// What somebody works for. Of a contractor it is all that they see.
pub fn assignments(conn: &mut Conn, user: UserId) -> AppResult<Assignments> {
    Ok(Assignments {
        clients: client_members::of_user(conn, user)?,
        projects: project_members::of_user(conn, user)?,
    })
}

/// Assigns somebody to a client or a project.
pub fn assign(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    user: UserId,
    to: Assignment,
) -> AppResult<()> {
    user::find(conn, user)?;
    let (field, added) = match to {
        Assignment::Client(client) => {
            ("client_id", client_members::add(conn, actor, now, client, user).map(drop))
        }
        Assignment::Project(project) => {
            let new = NewMember { user_id: user, rate_cents: None, cost_cents: None };
            ("project_id", project_members::add(conn, actor, now, today, project, &new).map(drop))
        }
    };
    added.map_err(|error| match error {
        AppError::NotFound => AppError::invalid(field, "must be one of the choices"),
        AppError::Invalid(_) => {
            AppError::invalid(field, "cannot be taken: they are on it already, or shut out")
        }
        other => other,
    })
}

/// Open tasks that somebody has.
pub fn open_tasks(conn: &mut Conn, id: UserId) -> AppResult<i64> {
    Ok(tasks::table
        .filter(tasks::assignee_id.eq(id))
        .filter(tasks::completed_at.is_null())
        .count()
        .get_result(conn)?)
}

/// Lets somebody come in no more and gives their open tasks to `to`; answers with how many went over.
pub fn disable(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: UserId,
    to: Option<UserId>,
) -> AppResult<(User, usize)> {
    let mut handed_over = 0;
    if let Some(to) = to {
        if to == id {
            return Err(AppError::invalid("hand_over_to", "must be somebody else"));
        }
        handed_over = hand_over(conn, actor, now, id, to)?;
    }
    Ok((user::disable(conn, actor, now, id)?, handed_over))
}

/// Takes the second factor off somebody who has lost it, ends their sessions and tokens, and tells them.
pub fn remove_second_factor(conn: &mut Conn, actor: &Actor, now: UtcTime, id: UserId) -> AppResult<User> {
    let (person, was_on) = second_factor::remove(conn, actor, now, id)?;
    if was_on {
        notifications::tell(conn, actor, now, Notice::of_second_factor(), &[id])?;
    }
    Ok(person)
}

fn hand_over(conn: &mut Conn, actor: &Actor, now: UtcTime, from: UserId, to: UserId) -> AppResult<usize> {
    let open: Vec<Task> = tasks::table
        .filter(tasks::assignee_id.eq(from))
        .filter(tasks::completed_at.is_null())
        .order(tasks::id)
        .select(Task::as_select())
        .load(conn)?;
    for task in &open {
        let new = NewTask { assignee_id: Some(to), ..NewTask::same(task) };
        let saved = tasks_model::update(conn, actor, now, task.id, task.version, &new);
        match saved {
            Ok(Saved::Done(_)) => {}
            Ok(Saved::Stale(_)) => {
                return Err(AppError::Conflict(
                    "Somebody changed one of their tasks meanwhile. Try again.".into(),
                ));
            }
            Err(AppError::Invalid(errors)) if errors.get("assignee_id").is_some() => {
                return Err(AppError::invalid("hand_over_to", "must be one of the choices"));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(open.len())
}
