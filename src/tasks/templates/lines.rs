//! The tasks of templates: rows and verbs.

use diesel::prelude::*;

use super::model;
use crate::audit::model::Action;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::saved::Saved;
use crate::db::schema::{labels, template_task_labels, template_tasks};
use crate::error::{AppError, AppResult};
use crate::tasks::labels::model::Label;
use crate::tasks::model::TaskPriority;
use crate::types::clock::UtcTime;
use crate::types::ids::{LabelId, TemplateId, TemplateTaskId};

/// Tasks that one template may have.
pub const MOST: usize = 200;

/// A task of a template.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = template_tasks)]
pub struct TemplateTask {
    /// Which.
    pub id: TemplateTaskId,
    /// Of which template.
    pub template_id: TemplateId,
    /// What is to be done.
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// Titles of steps, a line each.
    pub steps: String,
    /// How much it matters.
    pub priority: TaskPriority,
    /// Estimate in seconds.
    pub estimate_seconds: Option<i64>,
    /// Days from the start of the project to its due date.
    pub due_days: Option<i64>,
    /// Whether its client may see it.
    pub is_client_visible: bool,
    /// Counts the edits.
    pub version: i64,
}

impl TemplateTask {
    /// How many steps its checklist has.
    pub fn step_count(&self) -> i64 {
        i64::try_from(self.steps.lines().count()).unwrap_or(i64::MAX)
    }
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = template_tasks, treat_none_as_null = true)]
pub struct NewTemplateTask {
    /// What is to be done.
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// Titles of steps, a line each.
    pub steps: String,
    /// How much it matters.
    pub priority: TaskPriority,
    /// Estimate in seconds.
    pub estimate_seconds: Option<i64>,
    /// Days from the start of the project to its due date.
    pub due_days: Option<i64>,
    /// Whether its client may see it.
    pub is_client_visible: bool,
    /// Its labels.
    #[diesel(skip_insertion, skip_update)]
    pub labels: Vec<LabelId>,
}

/// A task of a template with its labels.
#[derive(Debug, Clone)]
pub struct Line {
    /// The task.
    pub task: TemplateTask,
    /// Its labels, by name.
    pub labels: Vec<Label>,
}

/// The tasks of a template in their order. The caller has found the template.
pub fn of_template(conn: &mut Conn, template: TemplateId) -> AppResult<Vec<Line>> {
    let tasks: Vec<TemplateTask> = template_tasks::table
        .filter(template_tasks::template_id.eq(template))
        .order((template_tasks::position, template_tasks::id))
        .select(TemplateTask::as_select())
        .load(conn)?;
    let mut named: Vec<(TemplateTaskId, Label)> = template_task_labels::table
        .inner_join(labels::table)
        .inner_join(template_tasks::table)
        .filter(template_tasks::template_id.eq(template))
        .order((labels::name_key, labels::id))
        .select((template_task_labels::template_task_id, Label::as_select()))
        .cached()
        .load(conn)?;
    let line = |task: TemplateTask| {
        let (own, others) = std::mem::take(&mut named).into_iter().partition(|(id, _)| *id == task.id);
        named = others;
        let own: Vec<(TemplateTaskId, Label)> = own;
        Line { labels: own.into_iter().map(|(_, label)| label).collect(), task }
    };
    Ok(tasks.into_iter().map(line).collect())
}

/// The task, if it is that template's.
pub fn find(conn: &mut Conn, actor: &Actor, (template, id): (TemplateId, TemplateTaskId)) -> AppResult<Line> {
    model::find(conn, actor, template)?;
    let lines = of_template(conn, template)?;
    lines.into_iter().find(|line| line.task.id == id).ok_or(AppError::NotFound)
}

/// Puts a task behind those that are there, without a word in the activity: for whoever makes the whole template.
pub(super) fn insert(
    conn: &mut Conn,
    template: TemplateId,
    position: i64,
    new: &NewTemplateTask,
) -> AppResult<TemplateTaskId> {
    let id: TemplateTaskId = diesel::insert_into(template_tasks::table)
        .values((new, template_tasks::template_id.eq(template), template_tasks::position.eq(position)))
        .returning(template_tasks::id)
        .get_result(conn)?;
    label(conn, id, &new.labels)?;
    Ok(id)
}

fn label(conn: &mut Conn, task: TemplateTaskId, chosen: &[LabelId]) -> AppResult<()> {
    let known: Vec<LabelId> = labels::table.select(labels::id).load(conn)?;
    if chosen.iter().any(|id| !known.contains(id)) {
        return Err(AppError::invalid("labels", "must be some of the choices"));
    }
    diesel::delete(template_task_labels::table.filter(template_task_labels::template_task_id.eq(task)))
        .execute(conn)?;
    for id in known.iter().filter(|id| chosen.contains(id)) {
        diesel::insert_into(template_task_labels::table)
            .values((template_task_labels::template_task_id.eq(task), template_task_labels::label_id.eq(*id)))
            .execute(conn)?;
    }
    Ok(())
}

/// Adds a task behind those that are there.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    template: TemplateId,
    new: &NewTemplateTask,
) -> AppResult<Line> {
    let template = model::find(conn, actor, template)?;
    let rows = template_tasks::table.filter(template_tasks::template_id.eq(template.id));
    let (count, last): (i64, Option<i64>) =
        rows.select((diesel::dsl::count_star(), diesel::dsl::max(template_tasks::position))).first(conn)?;
    if usize::try_from(count).unwrap_or(MOST) >= MOST {
        return Err(AppError::invalid("", format!("A template has at most {MOST} tasks.")));
    }
    let id = insert(conn, template.id, last.unwrap_or(0) + 1, new)?;
    model::note(conn, actor, now, Action::Updated, &template, |entry| entry.change("task", "", &new.title))?;
    find(conn, actor, (template.id, id))
}

/// Saves `new` over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (template, id): (TemplateId, TemplateTaskId),
    version: i64,
    new: &NewTemplateTask,
) -> AppResult<Saved<Line>> {
    let before = find(conn, actor, (template, id))?;
    let template = model::find(conn, actor, template)?;
    let same =
        template_tasks::table.filter(template_tasks::id.eq(id)).filter(template_tasks::version.eq(version));
    let updated = diesel::update(same)
        .set((new, template_tasks::version.eq(template_tasks::version + 1)))
        .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    label(conn, id, &new.labels)?;
    model::note(conn, actor, now, Action::Updated, &template, |entry| {
        entry.change("task", &before.task.title, &new.title)
    })?;
    Ok(Saved::Done(find(conn, actor, (template.id, id))?))
}

/// Takes a task off its template.
pub fn delete(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (template, id): (TemplateId, TemplateTaskId),
) -> AppResult<()> {
    let line = find(conn, actor, (template, id))?;
    let template = model::find(conn, actor, template)?;
    diesel::delete(template_tasks::table.find(id)).execute(conn)?;
    model::note(conn, actor, now, Action::Updated, &template, |entry| {
        entry.change("task", &line.task.title, "")
    })
}
