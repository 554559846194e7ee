//! Watchers: rows and verbs.

use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::{task_watchers, users};
use crate::error::AppResult;
use crate::notifications::model::{self as notifications, Notice, NotificationKind};
use crate::tasks::mentions;
use crate::tasks::model as tasks;
use crate::types::clock::UtcTime;
use crate::types::ids::{CommentId, TaskId, UserId};

/// Who follows a task, by name. The caller has found the task.
pub fn of_task(conn: &mut Conn, task: TaskId) -> AppResult<Vec<(UserId, String)>> {
    Ok(task_watchers::table
        .inner_join(users::table)
        .filter(task_watchers::task_id.eq(task))
        .filter(task_watchers::is_muted.eq(false))
        .order((users::name, users::id))
        .select((users::id, users::name))
        .load(conn)?)
}

/// Makes people follow a task, but for those who have had enough of it.
pub fn follow(conn: &mut Conn, now: UtcTime, task: TaskId, people: &[UserId]) -> AppResult<()> {
    for person in people {
        // Waits for another transaction that does the same.
        diesel::sql_query(
            "INSERT INTO task_watchers (task_id, user_id, is_muted, created_at) VALUES ($1, $2, FALSE, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind::<diesel::sql_types::BigInt, _>(task)
        .bind::<diesel::sql_types::BigInt, _>(person)
        .bind::<diesel::sql_types::Timestamp, _>(now)
        .execute(conn)?;
    }
    Ok(())
}

/// Makes the one who gets a task follow it, and tells them.
pub fn assign(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    task: TaskId,
    assignee: Option<UserId>,
) -> AppResult<()> {
    let Some(assignee) = assignee else { return Ok(()) };
    follow(conn, now, task, &[assignee])?;
    let notice = Notice::of_task(NotificationKind::Assigned, task, None);
    notifications::tell(conn, actor, now, notice, &[assignee])
}

/// Begins or stops to follow a task, for `actor` alone.
pub fn set(conn: &mut Conn, actor: &Actor, now: UtcTime, task: TaskId, follows: bool) -> AppResult<()> {
    tasks::find(conn, actor, task)?;
    follow(conn, now, task, &[actor.id])?;
    diesel::update(task_watchers::table.find((task, actor.id)))
        .set(task_watchers::is_muted.eq(!follows))
        .execute(conn)?;
    Ok(())
}

/// Tells who follows a task, but for `but`, what happened on it.
pub fn tell(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (kind, task, comment): (NotificationKind, TaskId, Option<CommentId>),
    but: &[UserId],
) -> AppResult<()> {
    let followers: Vec<UserId> = task_watchers::table
        .filter(task_watchers::task_id.eq(task))
        .filter(task_watchers::is_muted.eq(false))
        .select(task_watchers::user_id)
        .load(conn)?;
    let people: Vec<UserId> = followers.into_iter().filter(|id| !but.contains(id)).collect();
    notifications::tell(conn, actor, now, Notice::of_task(kind, task, comment), &people)
}

/// Stores who is named in a text of a task, makes them follow it and tells those who are new in it; answers with them.
pub fn name(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    task: TaskId,
    comment: Option<CommentId>,
    named: &[UserId],
) -> AppResult<Vec<UserId>> {
    let new = mentions::store(conn, task, comment, named)?;
    follow(conn, now, task, &new)?;
    let notice = Notice::of_task(NotificationKind::Mentioned, task, comment);
    notifications::tell(conn, actor, now, notice, &new)?;
    Ok(new)
}
