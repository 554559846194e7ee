//! Tasks: rows, queries, verbs.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::assignees::{check_assignee, is_contractor};
use super::labels::model as labels;
use super::mentions;
use super::schedules::model as schedules;
use super::watchers::model as watchers;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients_model;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::{task_comments, tasks, time_entries, users};
use crate::db::sum::sum;
use crate::db::{Conn, assigned};
use crate::error::{AppError, AppResult, found};
use crate::notifications::model::NotificationKind;
use crate::projects::model as projects_model;
use crate::rates::model::{self as rates, Scope};
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::ids::{ClientId, LabelId, ProjectId, TaskId, UserId};
use crate::types::text::fold;

/// Who can have a task, for later areas.
pub use super::assignees::assignees;

crate::text_enum! {
    /// How far a task is.
    pub enum TaskStatus {
        /// Not begun.
        Todo = "todo", "To do";
        /// Somebody is at it.
        Doing = "doing", "In progress";
        /// Waits for a second look.
        Review = "review", "Review";
        /// Finished.
        Done = "done", "Done";
    }
}

impl TaskStatus {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Todo => "",
            Self::Doing => "badge-info",
            Self::Review => "badge-warn",
            Self::Done => "badge-ok",
        }
    }
}

crate::text_enum! {
    /// How much a task matters beside others.
    pub enum TaskPriority {
        /// Before everything else.
        Urgent = "urgent", "Urgent";
        /// Before most.
        High = "high", "High";
        /// As most.
        Normal = "normal", "Normal";
        /// When there is time.
        Low = "low", "Low";
    }
}

impl TaskPriority {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Urgent => "badge-bad",
            Self::High => "badge-warn",
            Self::Normal | Self::Low => "",
        }
    }

    /// Whether lists point it out.
    pub fn is_marked(self) -> bool {
        self != Self::Normal
    }
}

/// A task.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = tasks)]
pub struct Task {
    /// Which.
    pub id: TaskId,
    /// For whom: its project's client.
    pub client_id: ClientId,
    /// On which project.
    pub project_id: ProjectId,
    /// What is to be done.
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// How far it is.
    pub status: TaskStatus,
    /// How much it matters.
    pub priority: TaskPriority,
    /// Who does it.
    pub assignee_id: Option<UserId>,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// The due date with "no date" at the far end.
    pub due_order: NaiveDate,
    /// Estimate in seconds.
    pub estimate_seconds: Option<i64>,
    /// Whether new hours on it are billable.
    pub is_billable: bool,
    /// Whether its client may see it.
    pub is_client_visible: bool,
    /// The place in its column of the board, from the top.
    pub position: i64,
    /// When it was finished.
    pub completed_at: Option<UtcTime>,
    /// Who added it.
    pub created_by: Option<UserId>,
    /// When it was added.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl Task {
    /// Whether it is finished.
    pub fn is_done(&self) -> bool {
        self.completed_at.is_some()
    }

    /// Whether it is open and its day has passed.
    pub fn is_late(&self, today: &NaiveDate) -> bool {
        !self.is_done() && self.due_on.is_some_and(|due_on| due_on < *today)
    }
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = tasks, treat_none_as_null = true)]
pub struct NewTask {
    /// On which project.
    pub project_id: ProjectId,
    /// What is to be done.
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// How far it is.
    pub status: TaskStatus,
    /// How much it matters.
    pub priority: TaskPriority,
    /// Who does it.
    pub assignee_id: Option<UserId>,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// Estimate in seconds.
    pub estimate_seconds: Option<i64>,
    /// Whether its client may see it.
    pub is_client_visible: bool,
    /// Whether new hours on it are billable; `None` follows the project, or leaves it as it is.
    #[diesel(skip_insertion, skip_update)]
    pub is_billable: Option<bool>,
    /// Its labels; `None` leaves them as they are.
    #[diesel(skip_insertion, skip_update)]
    pub labels: Option<Vec<LabelId>>,
}

impl NewTask {
    /// What would leave `task` as it is.
    pub fn same(task: &Task) -> Self {
        Self {
            project_id: task.project_id,
            title: task.title.clone(),
            description: task.description.clone(),
            status: task.status,
            priority: task.priority,
            assignee_id: task.assignee_id,
            due_on: task.due_on,
            estimate_seconds: task.estimate_seconds,
            is_client_visible: task.is_client_visible,
            is_billable: Some(task.is_billable),
            labels: None,
        }
    }
}

/// The due date of a task without one, so that it sorts behind every date.
pub const NO_DUE: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(date) => date,
    None => NaiveDate::MAX,
};

fn due_order(due_on: Option<NaiveDate>) -> NaiveDate {
    due_on.unwrap_or(NO_DUE)
}

/// A query of tasks that is still being narrowed.
pub(in crate::tasks) type Tasks<'a> = tasks::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The tasks that `actor` may see: all of them, or those of the projects that a contractor is assigned to.
pub fn visible_to<'a>(actor: &Actor) -> Tasks<'a> {
    let all = tasks::table.into_boxed();
    match actor.only_assigned() {
        Some(user) => all.filter(assigned::to_project("tasks.project_id", user)),
        None => all,
    }
}

/// The task, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<Task> {
    Ok(visible_to(actor).filter(tasks::id.eq(id)).select(Task::as_select()).first(conn)?)
}

/// The description as sanitised HTML. The caller has found the task.
pub fn description_html(conn: &mut Conn, id: TaskId) -> AppResult<String> {
    Ok(tasks::table.find(id).select(tasks::description_html).first(conn)?)
}

/// Id and title of a project's open tasks, the most urgent first, for a choice.
pub fn choices(conn: &mut Conn, actor: &Actor, project: ProjectId) -> AppResult<Vec<(TaskId, String)>> {
    Ok(visible_to(actor)
        .filter(tasks::project_id.eq(project))
        .filter(tasks::completed_at.is_null())
        .order((tasks::due_order, tasks::id))
        .select((tasks::id, tasks::title))
        .load(conn)?)
}

/// Adds a task.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewTask) -> AppResult<Task> {
    let project = open_project(conn, actor, new.project_id)?;
    check_assignee(conn, actor, project.id, new.assignee_id)?;
    let (description_html, named) = mentions::render(conn, actor, project.id, &new.description)?;
    let id: TaskId = diesel::insert_into(tasks::table)
        .values((
            new,
            tasks::client_id.eq(project.client_id),
            tasks::title_key.eq(fold(&new.title)),
            tasks::description_html.eq(description_html),
            tasks::due_order.eq(due_order(new.due_on)),
            tasks::is_billable.eq(new.is_billable.unwrap_or(true) && project.is_billable()),
            tasks::completed_at.eq((new.status == TaskStatus::Done).then_some(now)),
            tasks::created_by.eq(actor.id),
            tasks::created_at.eq(now),
            tasks::updated_at.eq(now),
        ))
        .returning(tasks::id)
        .get_result(conn)?;
    if let Some(chosen) = &new.labels {
        labels::assign(conn, id, chosen)?;
    }
    watchers::follow(conn, now, id, &[actor.id])?;
    watchers::assign(conn, actor, now, id, new.assignee_id)?;
    watchers::name(conn, actor, now, id, None, &named)?;
    let task = find(conn, actor, id)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Created, &task))?;
    Ok(task)
}

/// Saves `new` over version `version`. Once there are hours, the task stays on its project.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: TaskId,
    version: i64,
    new: &NewTask,
) -> AppResult<Saved<Task>> {
    let mut before = find(conn, actor, id)?;
    if before.project_id != new.project_id {
        // No hours come meanwhile: they hold the task where it is (`LockedTable::TaskKey`).
        lock_row(conn, LockedTable::Tasks, id.0)?;
        before = find(conn, actor, id)?;
    }
    if before.version != version {
        return Ok(Saved::Stale(before));
    }
    let moves = new.project_id != before.project_id;
    if new.assignee_id != before.assignee_id || moves && is_contractor(conn, new.assignee_id)? {
        check_assignee(conn, actor, new.project_id, new.assignee_id)?;
    }
    let mut client_id = before.client_id;
    if new.project_id != before.project_id {
        client_id = open_project(conn, actor, new.project_id)?.client_id;
        if logged_seconds(conn, id)?.is_some() {
            return Err(AppError::invalid(
                "project_id",
                "cannot change any more: there are hours on the task",
            ));
        }
    }
    let completed_at = match (new.status, before.completed_at) {
        (TaskStatus::Done, Some(at)) => Some(at),
        (TaskStatus::Done, None) => Some(now),
        _ => None,
    };
    let (description_html, named) = mentions::render(conn, actor, new.project_id, &new.description)?;
    let updated = diesel::update(tasks::table.filter(tasks::id.eq(id)).filter(tasks::version.eq(version)))
        .set((
            new,
            tasks::client_id.eq(client_id),
            tasks::title_key.eq(fold(&new.title)),
            tasks::description_html.eq(description_html),
            tasks::due_order.eq(due_order(new.due_on)),
            tasks::is_billable.eq(new.is_billable.unwrap_or(before.is_billable)),
            tasks::completed_at.eq(completed_at),
            tasks::updated_at.eq(now),
            tasks::version.eq(tasks::version + 1),
        ))
        .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let after = find(conn, actor, id)?;
    let action = match (before.is_done(), after.is_done()) {
        (false, true) => Action::Completed,
        (true, false) => Action::Reopened,
        _ => Action::Updated,
    };
    let mut entry = with_changes(conn, actor, entry(action, &after), &before, &after)?;
    if let Some(chosen) = &new.labels {
        let (before, after) = labels::assign(conn, id, chosen)?;
        entry = entry.change("labels", before, after);
    }
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    if after.assignee_id != before.assignee_id {
        watchers::assign(conn, actor, now, id, after.assignee_id)?;
    }
    watchers::name(conn, actor, now, id, None, &named)?;
    let kind = match action {
        Action::Completed => Some(NotificationKind::Completed),
        Action::Reopened => Some(NotificationKind::Reopened),
        _ => None,
    };
    if let Some(kind) = kind {
        watchers::tell(conn, actor, now, (kind, id, None), &[])?;
    }
    if action == Action::Completed {
        schedules::go_on(conn, now, id)?;
    }
    Ok(Saved::Done(after))
}

/// Marks a task done; harmless when it is already.
pub fn complete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TaskId) -> AppResult<Task> {
    let task = find(conn, actor, id)?;
    if task.is_done() {
        return Ok(task);
    }
    let done = NewTask { status: TaskStatus::Done, ..NewTask::same(&task) };
    update(conn, actor, now, id, task.version, &done)?.done("this task", |task| task.version)
}

/// Takes a task up again; harmless when it is open.
pub fn reopen(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TaskId) -> AppResult<Task> {
    let task = find(conn, actor, id)?;
    if !task.is_done() {
        return Ok(task);
    }
    let open = NewTask { status: TaskStatus::Todo, ..NewTask::same(&task) };
    update(conn, actor, now, id, task.version, &open)?.done("this task", |task| task.version)
}

/// Deletes a task without hours, and its comments; a conflict when there are hours.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TaskId) -> AppResult<()> {
    let task = find(conn, actor, id)?;
    if let Some(seconds) = logged_seconds(conn, id)? {
        return Err(AppError::Conflict(format!(
            "“{}” has {} logged hours. Mark it done instead.",
            task.title,
            duration::hours(seconds)
        )));
    }
    diesel::delete(task_comments::table.filter(task_comments::task_id.eq(id))).execute(conn)?;
    rates::forget(conn, Scope::Task(id))?;
    diesel::delete(tasks::table.find(id)).execute(conn)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Deleted, &task))
}

/// Seconds logged on a task; `None` while there is not even a running timer.
fn logged_seconds(conn: &mut Conn, id: TaskId) -> AppResult<Option<i64>> {
    Ok(time_entries::table
        .filter(time_entries::task_id.eq(id))
        .select(sum(time_entries::duration_seconds))
        .get_result(conn)?)
}

/// What the activity log says about a task.
pub(in crate::tasks) fn entry(action: Action, task: &Task) -> Entry {
    Entry::new(action, Subject::Task, task.id.0, &task.title)
        .client(task.client_id)
        .project(task.project_id)
        .task(task.id)
}

fn with_changes(
    conn: &mut Conn,
    actor: &Actor,
    entry: Entry,
    before: &Task,
    after: &Task,
) -> AppResult<Entry> {
    let day = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let hours = |seconds: Option<i64>| seconds.map(duration::hours).unwrap_or_default();
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    let mut entry = entry
        .change("title", &before.title, &after.title)
        .change("description", &before.description, &after.description)
        .change("status", before.status.label(), after.status.label())
        .change("priority", before.priority.label(), after.priority.label())
        .change("due_on", day(before.due_on), day(after.due_on))
        .change("estimate", hours(before.estimate_seconds), hours(after.estimate_seconds))
        .change("billable", yes(before.is_billable), yes(after.is_billable))
        .change("client_visible", yes(before.is_client_visible), yes(after.is_client_visible));
    if before.assignee_id != after.assignee_id {
        entry = entry.change(
            "assignee",
            person(conn, before.assignee_id)?.unwrap_or_default(),
            person(conn, after.assignee_id)?.unwrap_or_default(),
        );
    }
    if before.project_id != after.project_id {
        entry = entry.change(
            "project",
            projects_model::find(conn, actor, before.project_id)?.name,
            projects_model::find(conn, actor, after.project_id)?.name,
        );
    }
    Ok(entry)
}

/// Somebody's name.
pub fn person(conn: &mut Conn, id: Option<UserId>) -> AppResult<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    Ok(users::table.find(id).select(users::name).first(conn).optional()?)
}

/// Refuses a project that is gone, put away, or whose client is, at the field that names it. It stays with that client
/// until the transaction ends.
pub(in crate::tasks) fn open_project(
    conn: &mut Conn,
    actor: &Actor,
    id: ProjectId,
) -> AppResult<projects_model::Project> {
    lock_row(conn, LockedTable::ProjectKey, id.0)?;
    let refused = |message: &str| Err(AppError::invalid("project_id", message));
    match found(projects_model::find(conn, actor, id))? {
        None => refused("must be one of the choices"),
        Some(project) if project.is_archived() => refused("is archived; restore the project first"),
        Some(project) if clients_model::find(conn, actor, project.client_id)?.is_archived() => {
            refused("belongs to an archived client; restore the client first")
        }
        Some(project) => Ok(project),
    }
}
