//! The page of one task, with all that hangs on it, and the details that change in place.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::checklist::form::StepForm;
use super::checklist::model::StepPlace;
use super::checklist::pages::Checklist;
use super::comments::form::CommentForm;
use super::comments::model::{self as comments, Comment};
use super::dependencies::form::DependencyForm;
use super::dependencies::pages::Waits;
use super::figures::{self, TaskRow};
use super::form::DetailsForm;
use super::model::{self, TaskPriority, TaskStatus};
use super::pages::people;
use super::schedules::model::{self as schedules, Schedule};
use super::watchers::model as watchers;
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::extract::{CurrentUser, Worker};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::clock::UtcTime;
use crate::types::ids::{TaskId, UserId};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

/// Entries of the activity on a task's page.
const ACTIVITY_ROWS: i64 = 30;

#[derive(Template)]
#[template(path = "tasks/show.html", blocks = ["details_part"])]
pub(in crate::tasks) struct TaskShow {
    pub(in crate::tasks) shell: Shell,
    row: TaskRow,
    description_html: String,
    creator: Option<String>,
    people: Vec<(UserId, String)>,
    logged: Vec<(UserId, String, i64)>,
    details: DetailsForm,
    errors: FormErrors,
    /// Details that somebody else changed meanwhile.
    conflict: Vec<Difference>,
    pub(in crate::tasks) checklist: Checklist,
    pub(in crate::tasks) waits: Waits,
    task_id: TaskId,
    /// What it was made by.
    schedule: Option<Schedule>,
    watchers: Vec<(UserId, String)>,
    comments: Vec<Comment>,
    form: CommentForm,
    entries: Vec<TimelineEntry>,
}

/// One task with its comments and what happened around it.
pub async fn show(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app.db.read(move |conn| show_page(conn, &actor, now, &look, id, None)).await?;
    view.html(|| page.render(), || page.render())
}

/// What on the page was not saved, and why.
pub(in crate::tasks) enum Refused {
    /// Details that do not hold.
    Details(DetailsForm, FormErrors),
    /// Details for which somebody else was faster.
    StaleDetails(DetailsForm),
    /// Steps for the checklist.
    Steps(StepForm, FormErrors),
    /// Another task to wait for.
    Waits(DependencyForm, FormErrors),
}

/// The page of one task, with what was not saved.
fn show_page(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    look: &View,
    id: TaskId,
    refused: Option<Refused>,
) -> AppResult<TaskShow> {
    let row = figures::row(conn, actor, id)?;
    let shell = Shell::load(conn, actor, now, look, Section::Tasks)?;
    let mut page = TaskShow {
        description_html: model::description_html(conn, id)?,
        creator: model::person(conn, row.task.created_by)?,
        people: people(conn, actor, Some(row.task.project_id), Some(&row))?,
        logged: figures::logged_by(conn, actor, id)?,
        details: DetailsForm::filled(&row.task),
        errors: FormErrors::default(),
        conflict: Vec::new(),
        checklist: Checklist::load(conn, id)?,
        waits: Waits::load(conn, actor, &row.task)?,
        task_id: id,
        schedule: schedules::of_task(conn, id)?,
        watchers: watchers::of_task(conn, id)?,
        comments: comments::of_task(conn, id)?,
        form: CommentForm { idempotency_key: once::new_key(), ..CommentForm::default() },
        entries: timeline(conn, Scope::Task(id), actor.sight(), None, ACTIVITY_ROWS)?,
        shell,
        row,
    };
    match refused {
        None => {}
        Some(Refused::Details(typed, errors)) => (page.details, page.errors) = (typed, errors),
        Some(Refused::StaleDetails(typed)) => {
            page.conflict = typed.differences(&page.details, &page.people);
            page.details = DetailsForm { version: page.details.version, ..typed };
        }
        Some(Refused::Steps(typed, errors)) => {
            (page.checklist.form, page.checklist.errors) = (typed, errors);
        }
        Some(Refused::Waits(typed, errors)) => (page.waits.form, page.waits.errors) = (typed, errors),
    }
    Ok(page)
}

/// 422 with the task's page, or with `part` of it for htmx.
pub(in crate::tasks) async fn refuse(
    app: &App,
    actor: &Actor,
    view: &View,
    id: TaskId,
    refused: Refused,
    part: impl FnOnce(TaskShow) -> askama::Result<String>,
) -> AppResult<HttpResponse> {
    let (actor, now, look) = (actor.clone(), app.clock.now(), view.clone());
    let page = app.db.read(move |conn| show_page(conn, &actor, now, &look, id, Some(refused))).await?;
    let body = if view.is_fragment() { part(page) } else { page.render() }.map_err(AppError::internal)?;
    view.invalid(|| Ok(body.clone()), || Ok(body.clone()))
}

/// Changes status, assignee and due date on the task's page.
pub async fn update_details(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
    form: Form<DetailsForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id, form) = (user.actor, app.clock.now(), view.clone(), id.into_inner(), form.0);
    let version = edited_version(&form.version)?;
    let saved = {
        let (actor, look, form) = (actor.clone(), look.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check(&model::find(conn, &actor, id)?)?;
                let saved = model::update(conn, &actor, now, id, version, &new)?;
                let is_stale = matches!(saved, Saved::Stale(_));
                let refused = is_stale.then(|| Refused::StaleDetails(form.clone()));
                Ok((show_page(conn, &actor, now, &look, id, refused)?, is_stale))
            })
            .await
    };
    match saved {
        Ok((page, true)) => view.stale("#task_details", || page.render(), || page.as_details_part().render()),
        Ok((page, false)) if view.is_fragment() => {
            view.html(|| page.as_details_part().render(), || page.as_details_part().render())
        }
        Ok(_) => view.redirect(&format!("/tasks/{id}"), "Task saved."),
        Err(AppError::Invalid(errors)) => {
            let refused = Refused::Details(form, errors);
            refuse(&app, &actor, &view, id, refused, |page| page.as_details_part().render()).await
        }
        Err(error) => Err(error),
    }
}
