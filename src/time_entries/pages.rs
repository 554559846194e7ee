//! The pages of hours.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::form::{
    BILLINGS, Names, NewQuery, OCCURRENCES, StopForm, TimeEntryForm, TimeEntryQuery, WeekQuery, WriteOffForm,
    parse_end,
};
use super::model::{self, EntryRow, Totals};
use super::timer;
use super::week::{self, Sheet};
use crate::auth::extract::{Biller, CurrentUser, Worker};
use crate::auth::user::{self, Actor};
use crate::clients::model::{self as clients, ClientHead};
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model::{self as projects, ProjectChoice, ProjectHead};
use crate::tasks::model as tasks;
use crate::types::duration;
use crate::types::ids::{ClientId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::zone::{self, Tz};
use crate::web::form::{Check, Difference, Form, edited_version};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "time_entries/week.html", blocks = ["sheet"])]
struct TimeWeek {
    shell: Shell,
    sheet: Sheet,
    /// Whose week.
    person: UserId,
    /// Whom one may choose; empty for those who see their own hours only.
    people: Vec<(UserId, String)>,
}

impl TimeWeek {
    fn is_own(&self) -> bool {
        self.person == self.shell.actor.id
    }

    fn name(&self) -> &str {
        self.people.iter().find(|(id, _)| *id == self.person).map_or("", |(_, name)| name)
    }

    /// The address of another week of the same person.
    fn week_path(&self, week: week::Week) -> String {
        if self.is_own() {
            format!("/time-entries?week={week}")
        } else {
            format!("/time-entries?week={week}&user_id={}", self.person)
        }
    }

    fn this_week_path(&self) -> String {
        self.week_path(week::Week::of(self.shell.today))
    }
}

/// Entries as a table with their sums.
struct EntryList {
    rows: Vec<EntryRow>,
    /// `None` when the filter leaves more rows than a page should add up.
    totals: Option<Totals>,
    /// Where the next rows are.
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "time_entries/index.html", blocks = ["list"])]
struct TimeIndex {
    shell: Shell,
    query: TimeEntryQuery,
    list: EntryList,
    clients: Vec<(ClientId, String)>,
    projects: Vec<(ProjectId, String)>,
    people: Vec<(UserId, String)>,
    /// The title of the task that is filtered by.
    task: Option<String>,
}

#[derive(Template)]
#[template(path = "time_entries/client.html", blocks = ["list"])]
struct ClientTime {
    shell: Shell,
    head: ClientHead,
    list: EntryList,
}

impl ClientTime {
    fn tab(&self) -> &'static str {
        "time"
    }
}

#[derive(Template)]
#[template(path = "time_entries/project.html", blocks = ["list"])]
struct ProjectTime {
    shell: Shell,
    head: ProjectHead,
    list: EntryList,
}

impl ProjectTime {
    fn tab(&self) -> &'static str {
        "time"
    }
}

/// The selects of a form: what is offered for project and task.
struct Choices {
    /// By client.
    projects: Vec<(String, Vec<ProjectChoice>)>,
    /// By project.
    tasks: Vec<(String, Vec<(TaskId, String)>)>,
}

impl Choices {
    fn names(&self) -> Names {
        let projects = self.projects.iter().flat_map(|(_, group)| group);
        let tasks = self.tasks.iter().flat_map(|(_, group)| group);
        Names {
            projects: projects.map(|choice| (choice.id, choice.name.clone())).collect(),
            tasks: tasks.cloned().collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "time_entries/form.html", blocks = ["fields"])]
struct TimeEntryFormPage {
    shell: Shell,
    /// The stored entry when it is edited, `None` when it is new.
    row: Option<EntryRow>,
    form: TimeEntryForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
    choices: Choices,
}

impl TimeEntryFormPage {
    fn action(&self) -> String {
        match &self.row {
            Some(row) => format!("/time-entries/{}", row.entry.id),
            None => "/time-entries".to_owned(),
        }
    }

    /// Whether the form asks which of two readings of the clock is meant.
    fn asks(&self, field: &str, chosen: &str) -> bool {
        self.errors.get(field).is_some() || !chosen.is_empty()
    }
}

#[derive(Template)]
#[template(path = "time_entries/_task_options.html")]
struct TaskOptions {
    choices: Choices,
    chosen: String,
}

#[derive(Template)]
#[template(path = "time_entries/stop.html", blocks = ["fields"])]
struct StopPage {
    shell: Shell,
    /// What runs.
    row: EntryRow,
    /// The zone it was started in.
    zone: Tz,
    ended_at: String,
    /// The timer that was to start, if that is why this one has to end.
    next: Option<TimeEntryForm>,
    errors: FormErrors,
}

impl StopPage {
    fn action(&self) -> &'static str {
        if self.next.is_some() { "/time-entries/timer" } else { "/time-entries/timer/stop" }
    }
}

#[derive(Template)]
#[template(path = "time_entries/write_off.html", blocks = ["fields"])]
struct WriteOffPage {
    shell: Shell,
    row: EntryRow,
    form: WriteOffForm,
    errors: FormErrors,
}

/// A week of one's own, or of somebody else's for those who see all hours.
pub async fn week(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: web::Query<WeekQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let today = zone::local_date(now, actor.zone());
    let (week, person) = query.check(today)?;
    let page = app
        .db
        .read(move |conn| {
            let mut shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            shell.today = today;
            let person = person.unwrap_or(actor.id);
            let people = if actor.sees_all_time() { user::choices(conn)? } else { Vec::new() };
            if person != actor.id && !people.iter().any(|(id, _)| *id == person) {
                return Err(AppError::NotFound);
            }
            let sheet = week::sheet(conn, &actor, person, week, today, now)?;
            Ok(TimeWeek { shell, sheet, person, people })
        })
        .await?;
    view.html(|| page.render(), || page.as_sheet().render())
}

/// The list, or its table for htmx.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: web::Query<TimeEntryQuery>,
) -> AppResult<HttpResponse> {
    let query = query.into_inner();
    let filter = query.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let mut companies = clients::choices(conn, &actor)?;
            let mut undertakings: Vec<(ProjectId, String)> = projects::choices(conn, &actor)?
                .into_iter()
                .filter(|choice| filter.client_id.is_none_or(|client| choice.client_id == client))
                .map(|choice| (choice.id, format!("{} · {}", choice.client_name, choice.name)))
                .collect();
            // What is filtered by stays a choice, though it be put away.
            if let Some(id) = filter.client_id.filter(|id| !companies.iter().any(|(known, _)| known == id)) {
                companies.push((id, clients::find(conn, &actor, id)?.name));
            }
            if let Some(id) =
                filter.project_id.filter(|id| !undertakings.iter().any(|(known, _)| known == id))
            {
                undertakings.push((id, projects::find(conn, &actor, id)?.name));
            }
            let task = match filter.task_id {
                Some(id) => Some(tasks::find(conn, &actor, id)?.title),
                None => None,
            };
            let list = entry_list(conn, &actor, &query, "/time-entries/all")?;
            Ok(TimeIndex {
                people: if actor.sees_all_time() { user::choices(conn)? } else { Vec::new() },
                shell,
                query,
                list,
                clients: companies,
                projects: undertakings,
                task,
            })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

fn entry_list(conn: &mut Conn, actor: &Actor, query: &TimeEntryQuery, path: &str) -> AppResult<EntryList> {
    let filter = query.check()?;
    let (rows, next) = model::list(conn, actor, &filter)?;
    let narrow = filter.is_narrow() || !actor.sees_all_time();
    let totals = if narrow { Some(model::totals(conn, actor, &filter)?) } else { None };
    Ok(EntryList { rows, totals, older: next.map(|next| query.older(path, &next)) })
}

/// The hours of one client.
pub async fn of_client(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    client: web::Path<ClientId>,
    query: web::Query<TimeEntryQuery>,
) -> AppResult<HttpResponse> {
    let client = client.into_inner();
    let query = TimeEntryQuery { client_id: client.to_string(), ..query.into_inner() };
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let head = clients::head(conn, &actor, client, shell.today)?;
            let list = entry_list(conn, &actor, &query, &format!("/clients/{client}/time"))?;
            Ok(ClientTime { shell, head, list })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The hours of one project.
pub async fn of_project(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    project: web::Path<ProjectId>,
    query: web::Query<TimeEntryQuery>,
) -> AppResult<HttpResponse> {
    let project = project.into_inner();
    let query = TimeEntryQuery { project_id: project.to_string(), ..query.into_inner() };
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = projects::head(conn, &actor, project, shell.today)?;
            let list = entry_list(conn, &actor, &query, &format!("/projects/{project}/time"))?;
            Ok(ProjectTime { shell, head, list })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The form of new hours.
pub async fn new(
    user: Worker,
    app: web::Data<App>,
    view: View,
    query: web::Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let mut check = Check::new();
    let client: Option<ClientId> = check.id("client_id", &query.client_id);
    let project: Option<ProjectId> = check.id("project_id", &query.project_id);
    let task: Option<TaskId> = check.id("task_id", &query.task_id);
    let date = check.date("date", &query.date);
    check.finish(Some(()))?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let date = date.unwrap_or_else(|| zone::local_date(now, actor.zone()));
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let project = match (project, task) {
                (None, Some(task)) => Some(tasks::find(conn, &actor, task)?.project_id),
                (None, None) => only_project(conn, &actor, client)?,
                (project, _) => project,
            };
            let form = TimeEntryForm {
                project_id: project.into(),
                task_id: task.into(),
                ..TimeEntryForm::blank(date)
            };
            form_page(conn, shell, None, form, FormErrors::default(), client)
        })
        .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// The one project that a client has under way.
fn only_project(conn: &mut Conn, actor: &Actor, client: Option<ClientId>) -> AppResult<Option<ProjectId>> {
    let Some(client) = client else { return Ok(None) };
    let mut found = projects::choices(conn, actor)?.into_iter().filter(|choice| choice.client_id == client);
    let first = found.next().map(|choice| choice.id);
    Ok(first.filter(|_| found.next().is_none()))
}

/// The tasks of a project as options of a select.
pub async fn task_options(
    user: Worker,
    app: web::Data<App>,
    view: View,
    query: web::Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let mut check = Check::new();
    let project: Option<ProjectId> = check.id("project_id", &query.project_id);
    check.finish(Some(()))?;
    let actor = user.actor;
    let part = app
        .db
        .read(move |conn| {
            if let Some(id) = project {
                projects::find(conn, &actor, id)?;
            }
            let form = TimeEntryForm { project_id: project.into(), ..TimeEntryForm::default() };
            Ok(TaskOptions { choices: choices(conn, &actor, &form, None)?, chosen: String::new() })
        })
        .await?;
    view.html(|| part.render(), || part.render())
}

/// Logs hours.
pub async fn create(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<TimeEntryForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let logged = match form.check() {
        Ok(new) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::create(conn, &actor, now, &new)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match logged {
        Ok(logged) => {
            let entry = logged.entry;
            let message = format!("{} logged.", duration::clock(entry.duration_seconds));
            view.redirect(&week_of(entry.local_on), &with_notice(message, logged.notice))
        }
        Err(AppError::Invalid(errors)) => {
            let page = refused(&app, &actor, &view, None, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

fn with_notice(message: String, notice: Option<String>) -> String {
    match notice {
        Some(notice) => format!("{message} {notice}"),
        None => message,
    }
}

fn week_of(day: NaiveDate) -> String {
    format!("/time-entries?week={}", week::Week::of(day))
}

/// The form of a stored entry.
pub async fn edit(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let row = model::row(conn, &actor, id)?;
            let form = TimeEntryForm::filled(&row.entry);
            form_page(conn, shell, Some(row), form, FormErrors::default(), None)
        })
        .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves an entry.
pub async fn update(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
    form: Form<TimeEntryForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let saved = match form.check() {
        Ok(new) => {
            let version = edited_version(&form.version)?;
            let actor = actor.clone();
            app.db.write(move |conn| model::update(conn, &actor, now, id, version, &new)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match saved {
        Ok(Saved::Done(logged)) => {
            let entry = logged.entry;
            let whose =
                if entry.user_id == actor.id { String::new() } else { format!("&user_id={}", entry.user_id) };
            let path = format!("{}{whose}", week_of(entry.local_on));
            view.redirect(&path, &with_notice("Hours saved.".into(), logged.notice))
        }
        Ok(Saved::Stale(logged)) => {
            let stored = TimeEntryForm::filled(&logged.entry);
            let form = TimeEntryForm { version: stored.version.clone(), ..form };
            let mut page = refused(&app, &actor, &view, Some(id), form, FormErrors::default()).await?;
            page.conflict = page.form.differences(&stored, &page.choices.names());
            if page.conflict.is_empty() {
                return view.redirect(&week_of(logged.entry.local_on), "Hours saved.");
            }
            view.stale("#time_entry_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = refused(&app, &actor, &view, Some(id), form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form again, with what was typed and what is wrong with it.
async fn refused(
    app: &App,
    actor: &Actor,
    view: &View,
    id: Option<TimeEntryId>,
    form: TimeEntryForm,
    errors: FormErrors,
) -> AppResult<TimeEntryFormPage> {
    let (actor, look, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let row = match id {
                Some(id) => Some(model::row(conn, &actor, id)?),
                None => None,
            };
            form_page(conn, shell, row, form, errors, None)
        })
        .await
}

fn form_page(
    conn: &mut Conn,
    shell: Shell,
    row: Option<EntryRow>,
    form: TimeEntryForm,
    errors: FormErrors,
    client: Option<ClientId>,
) -> AppResult<TimeEntryFormPage> {
    let choices = choices(conn, &shell.actor, &form, client)?;
    Ok(TimeEntryFormPage { shell, row, form, errors, conflict: Vec::new(), choices })
}

/// What the selects of `form` offer, the projects of `client` first. What is chosen already stays a choice, though
/// it be closed.
fn choices(
    conn: &mut Conn,
    actor: &Actor,
    form: &TimeEntryForm,
    client: Option<ClientId>,
) -> AppResult<Choices> {
    let mut open = projects::choices(conn, actor)?;
    let project: Option<ProjectId> = form.project_id.parse().ok();
    let chosen = match project.filter(|id| !open.iter().any(|choice| choice.id == *id)) {
        Some(id) => found(projects::find(conn, actor, id))?,
        None => None,
    };
    if let Some(project) = chosen {
        open.push(ProjectChoice {
            client_name: clients::find(conn, actor, project.client_id)?.name,
            is_billable: project.is_billable(),
            id: project.id,
            client_id: project.client_id,
            name: project.name,
        });
    }
    open.sort_by_key(|choice| client.is_some_and(|client| choice.client_id != client));
    let mut offered = model::task_choices(conn, actor, project)?;
    let task: Option<TaskId> = form.task_id.parse().ok();
    if let Some(id) = task.filter(|id| !offered.iter().any(|choice| choice.id == *id))
        && let Some(task) = found(tasks::find(conn, actor, id))?
    {
        offered.push(model::TaskChoice { id, title: task.title, project_id: task.project_id });
    }
    let mut by_project: Vec<(String, Vec<(TaskId, String)>)> = Vec::new();
    for choice in &open {
        let of_this = offered.iter().filter(|task| task.project_id == choice.id);
        let rows: Vec<_> = of_this.map(|task| (task.id, task.title.clone())).collect();
        if !rows.is_empty() {
            by_project.push((format!("{} · {}", choice.client_name, choice.name), rows));
        }
    }
    let mut by_client: Vec<(String, Vec<ProjectChoice>)> = Vec::new();
    for choice in open {
        match by_client.iter_mut().find(|(name, _)| *name == choice.client_name) {
            Some((_, group)) => group.push(choice),
            None => by_client.push((choice.client_name.clone(), vec![choice])),
        }
    }
    Ok(Choices { projects: by_client, tasks: by_project })
}

fn found<T>(result: AppResult<T>) -> AppResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(AppError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes an entry, or discards the running one.
pub async fn destroy(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect(&back(&view), "Hours deleted.")
}

/// Where a person came from, unless that was a form they are done with.
fn back(view: &View) -> String {
    let form = |path: &str| {
        path.starts_with("/time-entries/") && !path.starts_with("/time-entries/all")
            || path.starts_with("/login")
    };
    view.came_from.clone().filter(|path| !form(path)).unwrap_or_else(|| "/time-entries".to_owned())
}

/// Starts a timer on what the form says.
pub async fn start(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<TimeEntryForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let checked = form
        .check_timer()
        .map_err(AppError::from)
        .and_then(|new| Ok((new, parse_end(&form.ended_at, actor.zone())?)));
    let started = match checked {
        Ok((new, ended_at)) => {
            let actor = actor.clone();
            app.db
                .write(move |conn| {
                    let started = timer::start(conn, &actor, now, &new, ended_at)?;
                    let row = model::row(conn, &actor, started.entry.id)?;
                    Ok((row, started.stopped))
                })
                .await
        }
        Err(error) => Err(error),
    };
    match started {
        Ok((row, stopped)) => {
            let message = match stopped {
                Some(entry) => format!(
                    "Timer switched to {} after {}.",
                    row.label(),
                    duration::clock(entry.duration_seconds)
                ),
                None => format!("Timer started on {}.", row.label()),
            };
            view.redirect(&back(&view), &message)
        }
        Err(AppError::Invalid(errors)) if errors.get("ended_at").is_some() => {
            ask_for_end(&app, &actor, &view, form.ended_at.clone(), Some(form), errors).await
        }
        Err(AppError::Invalid(errors)) => {
            // A form that only starts timers has no day.
            let today = zone::local_date(now, actor.zone());
            let date = if form.date.is_empty() { today.to_string() } else { form.date.clone() };
            let form = TimeEntryForm { date, ..form };
            let page = refused(&app, &actor, &view, None, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Stops the timer; harmless when none runs.
pub async fn stop(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<StopForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let stopped = match parse_end(&form.ended_at, actor.zone()) {
        Ok(ended_at) => {
            let actor = actor.clone();
            app.db.write(move |conn| timer::stop(conn, &actor, now, ended_at)).await
        }
        Err(error) => Err(error),
    };
    match stopped {
        Ok(Some(entry)) => {
            let message = format!("Timer stopped after {}.", duration::clock(entry.duration_seconds));
            view.redirect(&back(&view), &message)
        }
        Ok(None) => view.redirect(&back(&view), "No timer was running."),
        Err(AppError::Invalid(errors)) => ask_for_end(&app, &actor, &view, form.ended_at, None, errors).await,
        Err(error) => Err(error),
    }
}

/// The page that asks when a forgotten timer ended.
async fn ask_for_end(
    app: &App,
    actor: &Actor,
    view: &View,
    ended_at: String,
    next: Option<TimeEntryForm>,
    errors: FormErrors,
) -> AppResult<HttpResponse> {
    let (actor, look, now) = (actor.clone(), view.clone(), app.clock.now());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let Some(entry) = model::running(conn, &actor)? else {
                return Err(AppError::Conflict("No timer runs any more.".into()));
            };
            let row = model::row(conn, &actor, entry.id)?;
            let zone = row.entry.zone();
            Ok(StopPage { shell, row, zone, ended_at, next, errors })
        })
        .await?;
    view.invalid(|| page.render(), || page.as_fields().render())
}

/// The form that writes an entry off.
pub async fn new_write_off(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let page = write_off_page(
        &app,
        user.actor,
        &view,
        id.into_inner(),
        WriteOffForm::default(),
        FormErrors::default(),
    )
    .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Decides not to bill an entry, and why.
pub async fn write_off(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
    form: Form<WriteOffForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    match form.check() {
        Ok(reason) => {
            let project = app
                .db
                .write(move |conn| {
                    model::write_off(conn, &actor, now, id, &reason)?;
                    Ok(model::find(conn, &actor, id)?.project_id)
                })
                .await?;
            let path = format!("/time-entries/all?project_id={project}&billing=written_off");
            view.redirect(&path, "Hours written off.")
        }
        Err(errors) => {
            let page = write_off_page(&app, actor, &view, id, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
    }
}

async fn write_off_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: TimeEntryId,
    form: WriteOffForm,
    errors: FormErrors,
) -> AppResult<WriteOffPage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let row = model::row(conn, &actor, id)?;
            Ok(WriteOffPage { shell, row, form, errors })
        })
        .await
}

/// Takes a write-off back.
pub async fn write_on(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::write_on(conn, &actor, now, id)).await?;
    view.redirect(&back(&view), "The hours may be billed again.")
}
