//! Comments: rows and verbs.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Policy;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::db::schema::{comment_versions, task_comments, users};
use crate::error::{AppError, AppResult};
use crate::notifications::model::NotificationKind;
use crate::tasks::mentions;
use crate::tasks::model::{self as tasks, Task};
use crate::tasks::watchers::model as watchers;
use crate::types::clock::UtcTime;
use crate::types::ids::{CommentId, TaskId, UserId};

/// A comment with its author's name.
#[derive(Debug, Clone, Queryable)]
pub struct Comment {
    /// Which.
    pub id: CommentId,
    /// On which task.
    pub task_id: TaskId,
    /// Who wrote it.
    pub author_id: UserId,
    /// Their name.
    pub author_name: String,
    /// What they wrote, in Markdown.
    pub body: String,
    /// The same rendered and sanitised.
    pub body_html: String,
    /// When it was changed last.
    pub edited_at: Option<UtcTime>,
    /// When it was written.
    pub created_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl Comment {
    /// Whether `actor` may change it.
    pub fn is_editable_by(&self, actor: &Actor) -> bool {
        self.author_id == actor.id && actor.may(Policy::Work)
    }

    /// Whether `actor` may delete it.
    pub fn is_deletable_by(&self, actor: &Actor) -> bool {
        self.is_editable_by(actor) || actor.may(Policy::Administer)
    }
}

type Columns = (
    task_comments::id,
    task_comments::task_id,
    task_comments::author_id,
    users::name,
    task_comments::body,
    task_comments::body_html,
    task_comments::edited_at,
    task_comments::created_at,
    task_comments::version,
);

const COLUMNS: Columns = (
    task_comments::id,
    task_comments::task_id,
    task_comments::author_id,
    users::name,
    task_comments::body,
    task_comments::body_html,
    task_comments::edited_at,
    task_comments::created_at,
    task_comments::version,
);

/// A task's comments, the oldest first. The caller has found the task.
pub fn of_task(conn: &mut Conn, task: TaskId) -> AppResult<Vec<Comment>> {
    Ok(task_comments::table
        .inner_join(users::table)
        .filter(task_comments::task_id.eq(task))
        .order(task_comments::id)
        .select(COLUMNS)
        .load(conn)?)
}

/// A page of [`of_task`], from behind the comment `after`. The caller has found the task.
pub fn page(conn: &mut Conn, task: TaskId, after: Option<CommentId>, limit: i64) -> AppResult<Vec<Comment>> {
    Ok(task_comments::table
        .inner_join(users::table)
        .filter(task_comments::task_id.eq(task))
        .filter(task_comments::id.gt(after.unwrap_or(CommentId(0))))
        .order(task_comments::id)
        .limit(limit)
        .select(COLUMNS)
        .load(conn)?)
}

/// The comment, if `actor` may see its task and it is that task's.
pub fn find(conn: &mut Conn, actor: &Actor, task: TaskId, id: CommentId) -> AppResult<Comment> {
    tasks::find(conn, actor, task)?;
    Ok(task_comments::table
        .inner_join(users::table)
        .filter(task_comments::task_id.eq(task))
        .filter(task_comments::id.eq(id))
        .select(COLUMNS)
        .first(conn)?)
}

/// The comment, if `actor` may change it; for everybody else it is not there.
pub fn find_editable(conn: &mut Conn, actor: &Actor, task: TaskId, id: CommentId) -> AppResult<Comment> {
    let comment = find(conn, actor, task, id)?;
    if comment.is_editable_by(actor) { Ok(comment) } else { Err(AppError::NotFound) }
}

/// What a comment said before.
#[derive(Debug, Clone, Queryable)]
pub struct FormerText {
    /// Which version it was.
    pub version: i64,
    /// What was written, in Markdown.
    pub body: String,
    /// The same rendered and sanitised.
    pub body_html: String,
    /// When.
    pub written_at: UtcTime,
}

/// Everything that a comment said before, the latest first. The caller has found the comment.
pub fn former_texts(conn: &mut Conn, id: CommentId) -> AppResult<Vec<FormerText>> {
    Ok(comment_versions::table
        .filter(comment_versions::comment_id.eq(id))
        .order(comment_versions::version.desc())
        .select((
            comment_versions::version,
            comment_versions::body,
            comment_versions::body_html,
            comment_versions::written_at,
        ))
        .load(conn)?)
}

/// Adds a comment in Markdown.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, task: TaskId, body: &str) -> AppResult<Comment> {
    let task = tasks::find(conn, actor, task)?;
    let (body_html, named) = mentions::render(conn, actor, task.project_id, body)?;
    let id: CommentId = diesel::insert_into(task_comments::table)
        .values((
            task_comments::task_id.eq(task.id),
            task_comments::author_id.eq(actor.id),
            task_comments::body.eq(body),
            task_comments::body_html.eq(body_html),
            task_comments::created_at.eq(now),
        ))
        .returning(task_comments::id)
        .get_result(conn)?;
    watchers::follow(conn, now, task.id, &[actor.id])?;
    let told = watchers::name(conn, actor, now, task.id, Some(id), &named)?;
    watchers::tell(conn, actor, now, (NotificationKind::Commented, task.id, Some(id)), &told)?;
    note(conn, actor, now, Action::Created, &task, id)?;
    find(conn, actor, task.id, id)
}

/// Saves a comment over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (task, id): (TaskId, CommentId),
    version: i64,
    body: &str,
) -> AppResult<Saved<Comment>> {
    let before = find_editable(conn, actor, task, id)?;
    let project = tasks::find(conn, actor, task)?.project_id;
    if before.version == version && before.body == body {
        return Ok(Saved::Done(before));
    }
    let (body_html, named) = mentions::render(conn, actor, project, body)?;
    let updated = diesel::update(
        task_comments::table.filter(task_comments::id.eq(id)).filter(task_comments::version.eq(version)),
    )
    .set((
        task_comments::body.eq(body),
        task_comments::body_html.eq(body_html),
        task_comments::edited_at.eq(now),
        task_comments::version.eq(task_comments::version + 1),
    ))
    .execute(conn)?;
    if updated == 0 {
        return find_editable(conn, actor, task, id).map(Saved::Stale);
    }
    diesel::insert_into(comment_versions::table)
        .values((
            comment_versions::comment_id.eq(id),
            comment_versions::version.eq(before.version),
            comment_versions::body.eq(&before.body),
            comment_versions::body_html.eq(&before.body_html),
            comment_versions::written_at.eq(before.edited_at.unwrap_or(before.created_at)),
        ))
        .execute(conn)?;
    watchers::name(conn, actor, now, task, Some(id), &named)?;
    let task = tasks::find(conn, actor, task)?;
    note(conn, actor, now, Action::Updated, &task, id)?;
    find(conn, actor, task.id, id).map(Saved::Done)
}

/// Deletes a comment, for its author or who runs the installation; for everybody else it is not there.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, task: TaskId, id: CommentId) -> AppResult<()> {
    let comment = find(conn, actor, task, id)?;
    if !comment.is_deletable_by(actor) {
        return Err(AppError::NotFound);
    }
    diesel::delete(task_comments::table.find(id)).execute(conn)?;
    let task = tasks::find(conn, actor, task)?;
    note(conn, actor, now, Action::Deleted, &task, id)
}

fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    action: Action,
    task: &Task,
    id: CommentId,
) -> AppResult<()> {
    let entry = Entry::new(action, Subject::Comment, id.0, &task.title)
        .client(task.client_id)
        .project(task.project_id)
        .task(task.id);
    audit::record(conn, Some(actor.id), now, &entry)
}
