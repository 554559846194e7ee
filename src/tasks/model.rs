//! Tasks: rows, queries, verbs.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::count::Capped;
use crate::db::schema::{clients, projects, task_comments, tasks, time_entries, users};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::projects::model as projects_model;
use crate::rates::model::{self as rates, Scope};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, TaskId, UserId};
use crate::types::pagination::has_more;
use crate::types::{duration, markdown};

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
    /// Who does it.
    pub assignee_id: Option<UserId>,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// Estimate in seconds.
    pub estimate_seconds: Option<i64>,
    /// Whether new hours on it are billable; `None` follows the project, or leaves it as it is.
    #[diesel(skip_insertion, skip_update)]
    pub is_billable: Option<bool>,
}

impl NewTask {
    /// What would leave `task` as it is.
    pub fn same(task: &Task) -> Self {
        Self {
            project_id: task.project_id,
            title: task.title.clone(),
            description: task.description.clone(),
            status: task.status,
            assignee_id: task.assignee_id,
            due_on: task.due_on,
            estimate_seconds: task.estimate_seconds,
            is_billable: Some(task.is_billable),
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

crate::text_enum! {
    /// Which tasks a list shows.
    pub enum TaskState {
        /// All that are not done.
        Open = "open", "Open";
        /// Not begun.
        Todo = "todo", "To do";
        /// Somebody is at it.
        Doing = "doing", "In progress";
        /// Waits for a second look.
        Review = "review", "Review";
        /// Finished.
        Done = "done", "Done";
        /// All of them.
        All = "all", "All";
    }
}

crate::text_enum! {
    /// When the tasks of a list are due.
    pub enum TaskDue {
        /// Their day has passed.
        Late = "late", "Late";
        /// Today.
        Today = "today", "Today";
        /// Within the next seven days, today among them.
        Week = "week", "Next 7 days";
        /// Without a date.
        None = "none", "No date";
    }
}

/// Whose tasks a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assignee {
    /// Everybody's and nobody's.
    #[default]
    Anybody,
    /// Those of the one who asks.
    Me,
    /// Those that nobody has taken.
    Nobody,
    /// One person's.
    One(UserId),
}

impl std::str::FromStr for Assignee {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "anybody" => Ok(Self::Anybody),
            "me" => Ok(Self::Me),
            "nobody" => Ok(Self::Nobody),
            id => id.parse().map(Self::One).map_err(|_| ()),
        }
    }
}

/// The place after a row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    due_order: NaiveDate,
    id: TaskId,
}

impl std::fmt::Display for Cursor {
    /// "2026-11-19,7".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{}", self.due_order, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (date, id) = text.split_once(',').ok_or(())?;
        let due_order = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| ())?;
        if !(NaiveDate::default()..=NO_DUE).contains(&due_order) {
            return Err(());
        }
        Ok(Self { due_order, id: id.parse().map_err(|_| ())? })
    }
}

/// What a list asks for.
#[derive(Debug, Clone)]
pub struct TaskFilter {
    /// Words in the title.
    pub q: String,
    /// How far they are.
    pub state: TaskState,
    /// One client's.
    pub client_id: Option<ClientId>,
    /// One project's.
    pub project_id: Option<ProjectId>,
    /// Whose.
    pub assignee: Assignee,
    /// When due.
    pub due: Option<TaskDue>,
    /// Only rows behind this place.
    pub after: Option<Cursor>,
}

/// A row of the list.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// The task.
    pub task: Task,
    /// Its client's name.
    pub client_name: String,
    /// Its project's name.
    pub project_name: String,
    /// Who does it.
    pub assignee_name: Option<String>,
    /// Seconds logged.
    pub logged_seconds: i64,
    /// Whether the timer of the one who asks runs on it.
    pub is_running: bool,
}

impl TaskRow {
    /// Whether more was logged than estimated.
    pub fn is_over(&self) -> bool {
        self.task.estimate_seconds.is_some_and(|estimate| self.logged_seconds > estimate)
    }

    /// The place after this row.
    pub fn cursor(&self) -> Cursor {
        Cursor { due_order: self.task.due_order, id: self.task.id }
    }
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct TaskPage {
    /// The rows.
    pub rows: Vec<TaskRow>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// Rows in all, up to [`COUNT_CAP`]; `None` where counting would read too much.
    pub total: Option<i64>,
}

/// Rows on a page.
pub const TASKS_PER_PAGE: i64 = 50;
/// Counting stops here.
pub const COUNT_CAP: i64 = 1_001;

diesel::define_sql_function! {
    /// Lower case, of ASCII letters at least.
    fn lower(text: Text) -> Text;
}

type Tasks<'a> = tasks::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The tasks that `actor` may see: all of them, for every role there is so far.
pub fn visible_to<'a>(_actor: &Actor) -> Tasks<'a> {
    tasks::table.into_boxed()
}

/// Each filter leads one of the `tasks_*` indexes, or narrows the walk along `tasks_order_idx`.
fn filtered<'a>(actor: &Actor, filter: &TaskFilter, today: NaiveDate) -> Tasks<'a> {
    let mut query = visible_to(actor);
    query = match filter.state {
        // Said so, for the partial indexes.
        TaskState::Open => query.filter(tasks::completed_at.is_null()),
        TaskState::Todo => query.filter(tasks::status.eq(TaskStatus::Todo)),
        TaskState::Doing => query.filter(tasks::status.eq(TaskStatus::Doing)),
        TaskState::Review => query.filter(tasks::status.eq(TaskStatus::Review)),
        TaskState::Done => query.filter(tasks::status.eq(TaskStatus::Done)),
        TaskState::All => query,
    };
    if let Some(client) = filter.client_id {
        query = query.filter(tasks::client_id.eq(client));
    }
    if let Some(project) = filter.project_id {
        query = query.filter(tasks::project_id.eq(project));
    }
    query = match filter.assignee {
        Assignee::Anybody => query,
        Assignee::Me => query.filter(tasks::assignee_id.eq(actor.id)),
        Assignee::Nobody => query.filter(tasks::assignee_id.is_null()),
        Assignee::One(id) => query.filter(tasks::assignee_id.eq(id)),
    };
    query = match filter.due {
        None => query,
        Some(TaskDue::Late) => query.filter(tasks::due_order.lt(today)).filter(tasks::completed_at.is_null()),
        Some(TaskDue::Today) => query.filter(tasks::due_order.eq(today)),
        Some(TaskDue::Week) => {
            let end = today.checked_add_days(chrono::Days::new(6)).unwrap_or(today);
            query.filter(tasks::due_order.ge(today)).filter(tasks::due_order.le(end))
        }
        Some(TaskDue::None) => query.filter(tasks::due_order.eq(NO_DUE)),
    };
    for word in filter.q.split_whitespace() {
        // As typed, too: SQLite folds the case of ASCII letters only.
        query = query.filter(
            lower(tasks::title)
                .like(dialect::contains(&word.to_lowercase()))
                .escape('\\')
                .or(tasks::title.like(dialect::contains(word)).escape('\\')),
        );
    }
    query
}

/// A page of the list, the most urgent first.
pub fn list(conn: &mut Conn, actor: &Actor, filter: &TaskFilter, today: NaiveDate) -> AppResult<TaskPage> {
    let mut query = filtered(actor, filter, today);
    if let Some(after) = filter.after {
        query = query
            .filter(tasks::due_order.ge(after.due_order))
            .filter(tasks::due_order.gt(after.due_order).or(tasks::id.gt(after.id)));
    }
    let page = query.order((tasks::due_order, tasks::id)).limit(TASKS_PER_PAGE + 1);
    let mut rows = with_figures(conn, actor, page)?;
    let more = has_more(&mut rows, TASKS_PER_PAGE);
    let next = rows.last().filter(|_| more).map(TaskRow::cursor);
    let total = if filter.q.is_empty() {
        let all = filtered(actor, filter, today).select(tasks::id).limit(COUNT_CAP);
        Some(Capped(all).get_result(conn)?)
    } else {
        None
    };
    Ok(TaskPage { rows, next, total })
}

/// One row of the list.
pub fn row(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<TaskRow> {
    let query = visible_to(actor).filter(tasks::id.eq(id));
    with_figures(conn, actor, query)?.pop().ok_or(AppError::NotFound)
}

type Figures = (Task, Option<String>, Option<String>, Option<String>, Option<i64>);

/// Names and hours come by look-ups of single rows, so that the walk along the index of tasks stays the plan.
fn with_figures(conn: &mut Conn, actor: &Actor, query: Tasks<'_>) -> AppResult<Vec<TaskRow>> {
    let rows: Vec<Figures> = query
        .select((
            Task::as_select(),
            clients::table.filter(clients::id.eq(tasks::client_id)).select(clients::name).single_value(),
            projects::table.filter(projects::id.eq(tasks::project_id)).select(projects::name).single_value(),
            users::table
                .filter(users::id.nullable().eq(tasks::assignee_id))
                .select(users::name)
                .single_value(),
            time_entries::table
                .filter(time_entries::task_id.eq(tasks::id.nullable()))
                .select(sql::<Nullable<BigInt>>("CAST(SUM(duration_seconds) AS BIGINT)"))
                .single_value(),
        ))
        .load(conn)?;
    let running: Option<Option<TaskId>> = time_entries::table
        .filter(time_entries::user_id.eq(actor.id))
        .filter(time_entries::ended_at.is_null())
        .select(time_entries::task_id)
        .first(conn)
        .optional()?;
    let running = running.flatten();
    Ok(rows
        .into_iter()
        .map(|(task, client_name, project_name, assignee_name, logged_seconds)| TaskRow {
            is_running: running == Some(task.id),
            task,
            client_name: client_name.unwrap_or_default(),
            project_name: project_name.unwrap_or_default(),
            assignee_name,
            logged_seconds: logged_seconds.unwrap_or(0),
        })
        .collect())
}

/// The task, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<Task> {
    Ok(visible_to(actor).filter(tasks::id.eq(id)).select(Task::as_select()).first(conn)?)
}

/// The description as sanitised HTML. The caller has found the task.
pub fn description_html(conn: &mut Conn, id: TaskId) -> AppResult<String> {
    Ok(tasks::table.find(id).select(tasks::description_html).first(conn)?)
}

/// Seconds logged on a task by person, the most first; only their own for roles that do not see all hours.
pub fn logged_by(conn: &mut Conn, actor: &Actor, id: TaskId) -> AppResult<Vec<(UserId, String, i64)>> {
    let mut query = time_entries::table
        .inner_join(users::table)
        .filter(time_entries::task_id.eq(id))
        .group_by((users::id, users::name))
        .select((users::id, users::name, sql::<Nullable<BigInt>>("CAST(SUM(duration_seconds) AS BIGINT)")))
        .into_boxed();
    if !actor.sees_all_time() {
        query = query.filter(time_entries::user_id.eq(actor.id));
    }
    let rows: Vec<(UserId, String, Option<i64>)> = query.load(conn)?;
    let mut people: Vec<_> = rows.into_iter().map(|(id, name, sum)| (id, name, sum.unwrap_or(0))).collect();
    people.sort_by_key(|(id, _, seconds)| (std::cmp::Reverse(*seconds), *id));
    Ok(people)
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
    check_assignee(conn, new.assignee_id)?;
    let id: TaskId = diesel::insert_into(tasks::table)
        .values((
            new,
            tasks::client_id.eq(project.client_id),
            tasks::description_html.eq(markdown::to_html(&new.description)),
            tasks::due_order.eq(due_order(new.due_on)),
            tasks::is_billable.eq(new.is_billable.unwrap_or(true) && project.is_billable()),
            tasks::completed_at.eq((new.status == TaskStatus::Done).then_some(now)),
            tasks::created_by.eq(actor.id),
            tasks::created_at.eq(now),
            tasks::updated_at.eq(now),
        ))
        .returning(tasks::id)
        .get_result(conn)?;
    let task = find(conn, actor, id)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Created, &task))?;
    Ok(task)
}

/// Saves `new` over version `version`; a conflict when somebody was faster. Once there are hours, the task stays on
/// its project.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: TaskId,
    version: i64,
    new: &NewTask,
) -> AppResult<Task> {
    let before = find(conn, actor, id)?;
    if before.version != version {
        return Err(stale(&before));
    }
    if new.assignee_id != before.assignee_id {
        check_assignee(conn, new.assignee_id)?;
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
    let updated = diesel::update(tasks::table.filter(tasks::id.eq(id)).filter(tasks::version.eq(version)))
        .set((
            new,
            tasks::client_id.eq(client_id),
            tasks::description_html.eq(markdown::to_html(&new.description)),
            tasks::due_order.eq(due_order(new.due_on)),
            tasks::is_billable.eq(new.is_billable.unwrap_or(before.is_billable)),
            tasks::completed_at.eq(completed_at),
            tasks::updated_at.eq(now),
            tasks::version.eq(version + 1),
        ))
        .execute(conn)?;
    if updated == 0 {
        return Err(stale(&before));
    }
    let after = find(conn, actor, id)?;
    let action = match (before.is_done(), after.is_done()) {
        (false, true) => Action::Completed,
        (true, false) => Action::Reopened,
        _ => Action::Updated,
    };
    let entry = with_changes(conn, actor, entry(action, &after), &before, &after)?;
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(after)
}

/// Marks a task done; harmless when it is already.
pub fn complete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TaskId) -> AppResult<Task> {
    let task = find(conn, actor, id)?;
    if task.is_done() {
        return Ok(task);
    }
    update(conn, actor, now, id, task.version, &NewTask { status: TaskStatus::Done, ..NewTask::same(&task) })
}

/// Takes a task up again; harmless when it is open.
pub fn reopen(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TaskId) -> AppResult<Task> {
    let task = find(conn, actor, id)?;
    if !task.is_done() {
        return Ok(task);
    }
    update(conn, actor, now, id, task.version, &NewTask { status: TaskStatus::Todo, ..NewTask::same(&task) })
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
        .select(sql::<Nullable<BigInt>>("CAST(SUM(duration_seconds) AS BIGINT)"))
        .get_result(conn)?)
}

fn entry(action: Action, task: &Task) -> Entry {
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
        .change("due_on", day(before.due_on), day(after.due_on))
        .change("estimate", hours(before.estimate_seconds), hours(after.estimate_seconds))
        .change("billable", yes(before.is_billable), yes(after.is_billable));
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

/// Refuses a project that is gone or put away, at the field that names it.
fn open_project(conn: &mut Conn, actor: &Actor, id: ProjectId) -> AppResult<projects_model::Project> {
    match projects_model::find(conn, actor, id) {
        Ok(project) if project.is_archived() => {
            Err(AppError::invalid("project_id", "is archived; restore the project first"))
        }
        Err(AppError::NotFound) => Err(AppError::invalid("project_id", "must be one of the choices")),
        other => other,
    }
}

/// Refuses somebody who is not there or may not come in any more.
fn check_assignee(conn: &mut Conn, id: Option<UserId>) -> AppResult<()> {
    let Some(id) = id else { return Ok(()) };
    let known: Option<UserId> = users::table
        .filter(users::id.eq(id))
        .filter(users::disabled_at.is_null())
        .select(users::id)
        .first(conn)
        .optional()?;
    match known {
        Some(_) => Ok(()),
        None => Err(AppError::invalid("assignee_id", "must be one of the choices")),
    }
}

fn stale(task: &Task) -> AppError {
    AppError::Conflict(format!("Somebody else changed “{}” meanwhile. Reload to see how.", task.title))
}
