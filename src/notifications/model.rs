//! Notifications: rows and verbs.

use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::{notifications, tasks, users};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{CommentId, NotificationId, TaskId, UserId};

crate::text_enum! {
    /// What happened.
    pub enum NotificationKind {
        /// A task was given to them.
        Assigned = "assigned", "gave you";
        /// They were named.
        Mentioned = "mentioned", "named you in";
        /// Somebody wrote on a task they follow.
        Commented = "commented", "wrote on";
        /// A task they follow was finished.
        Completed = "completed", "finished";
        /// A task they follow was taken up again.
        Reopened = "reopened", "took up again";
    }
}

/// What is to be told.
#[derive(Debug, Clone, Copy)]
pub struct Notice {
    /// What happened.
    pub kind: NotificationKind,
    /// On which task.
    pub task: TaskId,
    /// In which comment.
    pub comment: Option<CommentId>,
}

/// A notification as it is shown.
#[derive(Debug, Clone, Queryable)]
pub struct Notification {
    /// Which.
    pub id: NotificationId,
    /// What happened.
    pub kind: NotificationKind,
    /// On which task.
    pub task_id: TaskId,
    /// What the task is called.
    pub task_title: String,
    /// In which comment.
    pub comment_id: Option<CommentId>,
    /// Who did it.
    pub actor_id: UserId,
    /// Their name.
    pub actor_name: String,
    /// When.
    pub created_at: UtcTime,
    /// When it was read.
    pub read_at: Option<UtcTime>,
}

impl Notification {
    /// Whether it still waits.
    pub fn is_unread(&self) -> bool {
        self.read_at.is_none()
    }

    /// Where it leads.
    pub fn href(&self) -> String {
        let place = self.comment_id.map(|id| format!("#{}", id.dom())).unwrap_or_default();
        format!("/tasks/{}{place}", self.task_id)
    }
}

/// Notifications on a page.
pub const PER_PAGE: i64 = 50;

/// Tells each of `to` once, but for the one who did it and for who may not come in any more.
pub fn tell(conn: &mut Conn, actor: &Actor, now: UtcTime, notice: Notice, to: &[UserId]) -> AppResult<()> {
    let mut people: Vec<UserId> = to.iter().copied().filter(|id| *id != actor.id).collect();
    people.sort_unstable();
    people.dedup();
    if people.is_empty() {
        return Ok(());
    }
    let people: Vec<UserId> = users::table
        .filter(users::id.eq_any(people))
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .select(users::id)
        .load(conn)?;
    for person in people {
        diesel::insert_into(notifications::table)
            .values((
                notifications::user_id.eq(person),
                notifications::kind.eq(notice.kind),
                notifications::task_id.eq(notice.task),
                notifications::comment_id.eq(notice.comment),
                notifications::actor_id.eq(actor.id),
                notifications::created_at.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// What `actor` was told, the newest first, at most `limit`, older than `before`.
pub fn of(
    conn: &mut Conn,
    actor: &Actor,
    before: Option<NotificationId>,
    limit: i64,
) -> AppResult<Vec<Notification>> {
    let mut query = notifications::table
        .inner_join(tasks::table)
        .inner_join(users::table.on(users::id.eq(notifications::actor_id)))
        .filter(notifications::user_id.eq(actor.id))
        .order(notifications::id.desc())
        .limit(limit)
        .select((
            notifications::id,
            notifications::kind,
            notifications::task_id,
            tasks::title,
            notifications::comment_id,
            notifications::actor_id,
            users::name,
            notifications::created_at,
            notifications::read_at,
        ))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(notifications::id.lt(before));
    }
    Ok(query.load(conn)?)
}

/// Marks one of `actor`'s own as read, and answers with where it leads; somebody else's is not there.
pub fn read(conn: &mut Conn, actor: &Actor, now: UtcTime, id: NotificationId) -> AppResult<String> {
    let own =
        notifications::table.filter(notifications::user_id.eq(actor.id)).filter(notifications::id.eq(id));
    let found: Option<(TaskId, Option<CommentId>)> =
        own.select((notifications::task_id, notifications::comment_id)).first(conn).optional()?;
    let Some((task, comment)) = found else { return Err(AppError::NotFound) };
    diesel::update(own.filter(notifications::read_at.is_null()))
        .set(notifications::read_at.eq(now))
        .execute(conn)?;
    let place = comment.map(|id| format!("#{}", id.dom())).unwrap_or_default();
    Ok(format!("/tasks/{task}{place}"))
}

/// Marks all that `actor` was told as read; answers with how many were not.
pub fn read_all(conn: &mut Conn, actor: &Actor, now: UtcTime) -> AppResult<usize> {
    let unread = notifications::table
        .filter(notifications::user_id.eq(actor.id))
        .filter(notifications::read_at.is_null());
    Ok(diesel::update(unread).set(notifications::read_at.eq(now)).execute(conn)?)
}
