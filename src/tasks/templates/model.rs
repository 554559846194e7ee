//! Templates of projects: rows, and the verbs that save a project as one and begin a project from one.

use chrono::{Days, NaiveDate};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::lines;
pub use super::lines::{Line, NewTemplateTask, TemplateTask};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::saved::Saved;
use crate::db::schema::{checklist_items, project_templates, task_occurrences, tasks};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult, found};
use crate::projects::model::{self as projects, BillingModel, NewProject, Project, ProjectStatus};
use crate::tasks::checklist::model as checklist;
use crate::tasks::labels::model as labels;
use crate::tasks::model::{self as tasks_model, NewTask, Task, TaskStatus};
use crate::types::clock::UtcTime;
use crate::types::color::Color;
use crate::types::ids::{ClientId, ProjectId, TaskId, TemplateId};
use crate::types::money::{Currency, Money};
use crate::types::text::fold;

/// Templates that an agency may have.
const MOST: i64 = 200;
/// Days that a date may lie after the start.
pub const MOST_DAYS: i64 = 3_660;

/// A plan of a project.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = project_templates)]
pub struct Template {
    /// Which.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its colour.
    pub color: Color,
    /// How its projects are paid for.
    pub billing_model: BillingModel,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What a fixed price is, in minor units.
    pub price_cents: Option<i64>,
    /// Price of an hour in minor units.
    pub rate_cents: Option<i64>,
    /// Budget in seconds.
    pub budget_seconds: Option<i64>,
    /// Budget in minor units.
    pub budget_cents: Option<i64>,
    /// Days from the start to the day on which a project is due.
    pub due_days: Option<i64>,
    /// Counts the edits.
    pub version: i64,
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = project_templates, treat_none_as_null = true)]
pub struct NewTemplate {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its colour.
    pub color: Color,
    /// How its projects are paid for.
    pub billing_model: BillingModel,
    /// What a fixed price is, in minor units.
    pub price_cents: Option<i64>,
    /// Price of an hour in minor units.
    pub rate_cents: Option<i64>,
    /// Budget in seconds.
    pub budget_seconds: Option<i64>,
    /// Budget in minor units.
    pub budget_cents: Option<i64>,
    /// Days from the start to the day on which a project is due.
    pub due_days: Option<i64>,
}

/// What a project is begun with.
#[derive(Debug, Clone)]
pub struct NewStart {
    /// For whom.
    pub client_id: ClientId,
    /// The project's name.
    pub name: String,
    /// Its first day, from which all dates count.
    pub starts_on: NaiveDate,
}

/// Every template with how many tasks it has, by name.
pub fn all(conn: &mut Conn) -> AppResult<Vec<(Template, i64)>> {
    use crate::db::schema::template_tasks;
    let count = template_tasks::table
        .filter(template_tasks::template_id.eq(project_templates::id))
        .count()
        .single_value();
    let rows: Vec<(Template, Option<i64>)> = project_templates::table
        // Names are unique.
        .order(project_templates::name_key)
        .select((Template::as_select(), count))
        .load(conn)?;
    Ok(rows.into_iter().map(|(template, count)| (template, count.unwrap_or(0))).collect())
}

/// The template.
pub fn find(conn: &mut Conn, _actor: &Actor, id: TemplateId) -> AppResult<Template> {
    Ok(project_templates::table.find(id).select(Template::as_select()).first(conn)?)
}

/// Saves a project as a template called `name`: how it is billed, its budgets, and its tasks, done or not, but for those
/// that come back by themselves.
pub fn save(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    project: ProjectId,
    name: &str,
) -> AppResult<Template> {
    let project = projects::find(conn, actor, project)?;
    if project_templates::table.count().get_result::<i64>(conn)? >= MOST {
        return Err(AppError::invalid("", format!("There are at most {MOST} templates.")));
    }
    let currency = clients::find(conn, actor, project.client_id)?.currency;
    let recurring = task_occurrences::table.filter(task_occurrences::task_id.eq(tasks::id));
    let rows: Vec<Task> = tasks::table
        .filter(tasks::project_id.eq(project.id))
        .filter(not(exists(recurring)))
        .order((tasks::due_order, tasks::id))
        .limit(i64::try_from(lines::MOST).unwrap_or(i64::MAX) + 1)
        .select(Task::as_select())
        .load(conn)?;
    if rows.len() > lines::MOST {
        return Err(AppError::invalid("", format!("A template has at most {} tasks.", lines::MOST)));
    }
    let start = project.starts_on.or_else(|| rows.iter().filter_map(|task| task.due_on).min());
    let start = start.unwrap_or(today);
    let new = NewTemplate {
        name: name.to_owned(),
        description: project.description.clone(),
        color: project.color,
        billing_model: project.billing_model,
        price_cents: project.price_cents,
        rate_cents: projects::own_rate(conn, project.id, today)?,
        budget_seconds: project.budget_seconds,
        budget_cents: project.budget_cents,
        due_days: days_after(start, project.due_on),
    };
    let id: TemplateId = diesel::insert_into(project_templates::table)
        .values((
            &new,
            project_templates::name_key.eq(fold(name)),
            project_templates::currency.eq(currency),
            project_templates::created_by.eq(actor.id),
            project_templates::created_at.eq(now),
            project_templates::updated_at.eq(now),
        ))
        .returning(project_templates::id)
        .get_result(conn)
        .map_err(name_is_taken)?;
    copy_tasks(conn, id, start, rows)?;
    let template = find(conn, actor, id)?;
    note(conn, actor, now, Action::Created, &template, |entry| entry.project(project.id))?;
    Ok(template)
}

fn copy_tasks(conn: &mut Conn, template: TemplateId, start: NaiveDate, rows: Vec<Task>) -> AppResult<()> {
    let ids: Vec<TaskId> = rows.iter().map(|task| task.id).collect();
    let labels = labels::of_tasks(conn, &ids)?;
    let steps: Vec<(TaskId, String)> = checklist_items::table
        .filter(checklist_items::task_id.eq_any(&ids))
        .order((checklist_items::task_id, checklist_items::position, checklist_items::id))
        .select((checklist_items::task_id, checklist_items::title))
        .load(conn)?;
    for (task, position) in rows.into_iter().zip(1..) {
        let own = steps.iter().filter(|(id, _)| *id == task.id).map(|(_, title)| title.as_str());
        let new = NewTemplateTask {
            steps: own.collect::<Vec<_>>().join("\n"),
            priority: task.priority,
            estimate_seconds: task.estimate_seconds,
            due_days: days_after(start, task.due_on),
            is_client_visible: task.is_client_visible,
            labels: labels.iter().filter(|(id, _)| *id == task.id).map(|(_, label)| label.id).collect(),
            title: task.title,
            description: task.description,
        };
        lines::insert(conn, template, position, &new)?;
    }
    Ok(())
}

/// Days from `start` to `date`, none of them before it.
fn days_after(start: NaiveDate, date: Option<NaiveDate>) -> Option<i64> {
    date.map(|date| date.signed_duration_since(start).num_days().clamp(0, MOST_DAYS))
}

/// Saves `new` over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (id, version): (TemplateId, i64),
    new: &NewTemplate,
) -> AppResult<Saved<Template>> {
    let before = find(conn, actor, id)?;
    let same = project_templates::table
        .filter(project_templates::id.eq(id))
        .filter(project_templates::version.eq(version));
    let updated = diesel::update(same)
        .set((
            new,
            project_templates::name_key.eq(fold(&new.name)),
            project_templates::updated_at.eq(now),
            project_templates::version.eq(project_templates::version + 1),
        ))
        .execute(conn)
        .map_err(name_is_taken)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let after = find(conn, actor, id)?;
    let money = |cents: Option<i64>| Money::text_of(cents, before.currency);
    note(conn, actor, now, Action::Updated, &after, |entry| {
        entry
            .change("name", &before.name, &new.name)
            .change("billing", before.billing_model.label(), new.billing_model.label())
            .change("price", money(before.price_cents), money(new.price_cents))
            .change("rate", money(before.rate_cents), money(new.rate_cents))
            .change("budget", money(before.budget_cents), money(new.budget_cents))
            .change("description", &before.description, &new.description)
    })?;
    Ok(Saved::Done(after))
}

/// Deletes a template; the projects that were begun from it stay.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TemplateId) -> AppResult<()> {
    let template = find(conn, actor, id)?;
    diesel::delete(project_templates::table.find(id)).execute(conn)?;
    note(conn, actor, now, Action::Deleted, &template, |entry| entry)
}

/// Begins a project from a template, with all its tasks. Amounts come along where the client has their currency.
pub fn start(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: TemplateId,
    new: &NewStart,
) -> AppResult<Project> {
    let template = find(conn, actor, id)?;
    let client = found(clients::find(conn, actor, new.client_id))?
        .ok_or_else(|| AppError::invalid("client_id", "must be one of the choices"))?;
    let amount = |cents: Option<i64>| cents.filter(|_| client.currency == template.currency);
    let on = |days: Option<i64>| {
        days.and_then(|days| new.starts_on.checked_add_days(Days::new(u64::try_from(days).ok()?)))
    };
    let project = projects::create(
        conn,
        actor,
        now,
        &NewProject {
            client_id: client.id,
            name: new.name.clone(),
            status: ProjectStatus::Active,
            billing_model: template.billing_model,
            price_cents: amount(template.price_cents),
            budget_seconds: template.budget_seconds,
            budget_cents: amount(template.budget_cents),
            starts_on: Some(new.starts_on),
            due_on: on(template.due_days),
            description: template.description,
            color: template.color,
            rate_cents: amount(template.rate_cents),
        },
    )?;
    begin_tasks(conn, actor, now, id, project.id, on)?;
    Ok(project)
}

/// Makes the tasks of a template on a project; `on` turns days from the start into a date.
fn begin_tasks(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    template: TemplateId,
    project: ProjectId,
    on: impl Fn(Option<i64>) -> Option<NaiveDate>,
) -> AppResult<()> {
    for line in lines::of_template(conn, template)? {
        let task = line.task;
        let new = NewTask {
            project_id: project,
            title: task.title,
            description: task.description,
            status: TaskStatus::Todo,
            priority: task.priority,
            assignee_id: None,
            due_on: on(task.due_days),
            estimate_seconds: task.estimate_seconds,
            is_client_visible: task.is_client_visible,
            is_billable: None,
            labels: Some(line.labels.iter().map(|label| label.id).collect()),
        };
        let made = tasks_model::create(conn, actor, now, &new)?;
        let steps: Vec<String> = task.steps.lines().map(str::to_owned).collect();
        if !steps.is_empty() {
            checklist::create_many(conn, now, made.id, &steps)?;
        }
    }
    Ok(())
}

pub(super) fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    action: Action,
    template: &Template,
    more: impl FnOnce(Entry) -> Entry,
) -> AppResult<()> {
    let entry = more(Entry::new(action, Subject::Template, template.id.0, &template.name));
    audit::record(conn, Some(actor.id), now, &entry)
}

fn name_is_taken(error: diesel::result::Error) -> AppError {
    match dialect::violated_unique(&error) {
        Some(_) => AppError::invalid("name", "is the name of another template already"),
        None => error.into(),
    }
}
