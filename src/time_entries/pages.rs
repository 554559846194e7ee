//! The pages of hours.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::choices::{self, Choices};
use super::form::{BILLINGS, NewQuery, OCCURRENCES, TimeEntryForm, TimeEntryQuery};
use super::list::{self, Totals};
use super::model::{self, TimeEntry};
use super::rows::{self, EntryRow};
use super::timesheets::locks;
use super::week::Week;
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::{self, Actor};
use crate::clients::model::{self as clients, ClientHead};
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model::{self as projects, ProjectHead};
use crate::tasks::model as tasks;
use crate::types::duration;
use crate::types::ids::{ClientId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::zone;
use crate::web::form::{Check, Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

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
    clients: Arc<Vec<(ClientId, String)>>,
    projects: Arc<Vec<(ProjectId, ClientId, String)>>,
    people: Vec<(UserId, String)>,
    /// The title of the task that is filtered by.
    task: Option<String>,
    /// What the invoice or the line is called whose hours are asked for.
    billed_by: Option<String>,
}

impl TimeIndex {
    /// The projects of the client that is filtered by.
    fn offered(&self) -> Vec<(ProjectId, &str)> {
        let client: Option<ClientId> = self.query.client_id.parse().ok();
        let of_client = self.projects.iter().filter(|(_, of, _)| client.is_none_or(|client| client == *of));
        of_client.map(|(id, _, name)| (*id, name.as_str())).collect()
    }
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

#[derive(Template)]
#[template(path = "time_entries/form.html", blocks = ["fields"])]
pub(in crate::time_entries) struct TimeEntryFormPage {
    shell: Shell,
    /// The stored entry when it is edited, `None` when it is new.
    row: Option<EntryRow>,
    form: TimeEntryForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
    choices: Choices,
    /// Why these hours are locked.
    lock: Option<String>,
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

/// The list, or its table for htmx.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: Query<TimeEntryQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, filter.client_id)?;
            let projects = projects::kept_choices(conn, &actor, &offers.projects, filter.project_id)?;
            let task = match filter.task_id {
                Some(id) => Some(tasks::find(conn, &actor, id)?.title),
                None => None,
            };
            let billed_by = list::billed_by(conn, &actor, &filter)?;
            let list = entry_list(conn, &shell, &query, "/time-entries/all")?;
            Ok(TimeIndex {
                people: if actor.sees_all_time() { user::choices(conn)? } else { Vec::new() },
                shell,
                query,
                list,
                clients,
                projects,
                task,
                billed_by,
            })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

fn entry_list(conn: &mut Conn, shell: &Shell, query: &TimeEntryQuery, path: &str) -> AppResult<EntryList> {
    let (filter, actor) = (query.check()?, &shell.actor);
    let (mut rows, next) = list::list(conn, actor, &filter)?;
    rows::mark_locked(conn, shell.now, &mut rows)?;
    let narrow = filter.is_narrow() || !actor.sees_all_time();
    let totals = if narrow { Some(list::totals(conn, actor, &filter)?) } else { None };
    Ok(EntryList { rows, totals, older: next.map(|next| query.older(path, &next)) })
}

/// The hours of one client.
pub async fn of_client(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    client: web::Path<ClientId>,
    query: Query<TimeEntryQuery>,
) -> AppResult<HttpResponse> {
    let client = client.into_inner();
    let query = TimeEntryQuery { client_id: client.to_string(), ..query.0 };
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let head = clients::head(conn, &actor, client, shell.today)?;
            let list = entry_list(conn, &shell, &query, &format!("/clients/{client}/time"))?;
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
    query: Query<TimeEntryQuery>,
) -> AppResult<HttpResponse> {
    let project = project.into_inner();
    let query = TimeEntryQuery { project_id: project.to_string(), ..query.0 };
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = projects::head(conn, &actor, project, shell.today)?;
            let list = entry_list(conn, &shell, &query, &format!("/projects/{project}/time"))?;
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
    query: Query<NewQuery>,
) -> AppResult<HttpResponse> {
    let mut check = Check::new();
    let client: Option<ClientId> = check.id("client_id", &query.0.client_id);
    let project: Option<ProjectId> = check.id("project_id", &query.0.project_id);
    let task: Option<TaskId> = check.id("task_id", &query.0.task_id);
    let date = check.date("date", &query.0.date);
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
                idempotency_key: once::new_key(),
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

/// Logs hours.
pub async fn create(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<TimeEntryForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, mut form) = (user.actor, app.clock.now(), form.0);
    let logged = match form.check() {
        Ok(new) => {
            let (actor, sent) = (actor.clone(), form.clone());
            app.db
                .write(move |conn| {
                    once(conn, actor.id, now, &sent.idempotency_key, &sent, |conn| {
                        let log = |conn: &mut Conn| model::create(conn, &actor, now, &new);
                        let why = sent.lock_reason.trim();
                        let logged = locks::past(conn, &actor, now, why, log, |logged| {
                            (logged.entry.id, "locked hours".to_owned())
                        })?;
                        Ok((logged.entry.id.0, logged))
                    })
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match logged {
        Ok(Once::First(logged)) => {
            let entry = logged.entry;
            let message = format!("{} logged.", duration::clock(entry.duration_seconds));
            view.redirect(&week_of(&actor, entry.local_on), &with_notice(message, logged.notice))
        }
        Ok(Once::Again(_)) => view.redirect("/time-entries", "These hours were logged already."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
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

fn week_of(actor: &Actor, day: NaiveDate) -> String {
    format!("/time-entries?week={}", Week::of(day, actor.week_starts_on))
}

/// The week in which `actor` finds an entry.
pub(in crate::time_entries) fn week_path(actor: &Actor, entry: &TimeEntry) -> String {
    let whose = if entry.user_id == actor.id { String::new() } else { format!("&user_id={}", entry.user_id) };
    format!("{}{whose}", week_of(actor, entry.local_on))
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
            let row = rows::row(conn, &actor, id)?;
            let form = TimeEntryForm::filled(&row, &actor);
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
            let (actor, why) = (actor.clone(), form.lock_reason.trim().to_owned());
            app.db
                .write(move |conn| {
                    let change = |conn: &mut Conn| model::update(conn, &actor, now, id, version, &new);
                    locks::past(conn, &actor, now, &why, change, |_| (id, "locked hours".to_owned()))
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match saved {
        Ok(Saved::Done(logged)) => {
            let entry = logged.entry;
            view.redirect(&week_path(&actor, &entry), &with_notice("Hours saved.".into(), logged.notice))
        }
        Ok(Saved::Stale(logged)) => {
            let mut page = refused(&app, &actor, &view, Some(id), form, FormErrors::default()).await?;
            let Some(row) = &page.row else { return Err(AppError::NotFound) };
            let stored = TimeEntryForm::filled(row, &actor);
            page.form.version = stored.version.clone();
            page.conflict = page.form.differences(&stored, &page.choices.names());
            if page.conflict.is_empty() {
                return view.redirect(&week_of(&actor, logged.entry.local_on), "Hours saved.");
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
pub(in crate::time_entries) async fn refused(
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
                Some(id) => Some(rows::row(conn, &actor, id)?),
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
    let choices = choices::offered(conn, &shell.actor, &form, client)?;
    let (user, on) = match &row {
        Some(row) => (row.entry.user_id, Some(row.entry.local_on)),
        None => (shell.actor.id, form.date.parse().ok()),
    };
    let lock = match on {
        Some(on) => locks::reason(conn, shell.now, user, on)?,
        None => None,
    };
    Ok(TimeEntryFormPage { shell, row, form, errors, conflict: Vec::new(), choices, lock })
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
pub(in crate::time_entries) fn back(view: &View) -> String {
    let form = |path: &str| {
        path.starts_with("/time-entries/") && !path.starts_with("/time-entries/all")
            || path.starts_with("/login")
    };
    view.came_from.clone().filter(|path| !form(path)).unwrap_or_else(|| "/time-entries".to_owned())
}
