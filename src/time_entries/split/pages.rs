//! The page that splits hours.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::SplitForm;
use super::model;
use crate::auth::extract::Worker;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::time_entries::choices::{self, Choices};
use crate::time_entries::form::TimeEntryForm;
use crate::time_entries::pages::week_path;
use crate::time_entries::rows::{self, EntryRow};
use crate::time_entries::timesheets::locks;
use crate::types::duration;
use crate::types::ids::TimeEntryId;
use crate::web::form::{Form, edited_version};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "time_entries/split/form.html", blocks = ["fields"])]
struct SplitPage {
    shell: Shell,
    row: EntryRow,
    form: SplitForm,
    errors: FormErrors,
    choices: Choices,
    /// Why these hours are locked.
    lock: Option<String>,
}

/// The form.
pub async fn new(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
) -> AppResult<HttpResponse> {
    let page = split_page(&app, &user.actor, &view, id.into_inner(), None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Splits the hours.
pub async fn create(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TimeEntryId>,
    form: Form<SplitForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let done = match form.check() {
        Ok(how) => {
            let version = edited_version(&form.version)?;
            let (actor, why) = (actor.clone(), form.lock_reason.trim().to_owned());
            app.db
                .write(move |conn| {
                    let split = |conn: &mut Conn| model::split(conn, &actor, now, id, version, &how);
                    locks::past(conn, &actor, now, &why, split, |_| (id, "locked hours".to_owned()))
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match done {
        Ok(Saved::Done(parts)) => {
            let lasts = duration::clock;
            let (first, second) = (lasts(parts.first.duration_seconds), lasts(parts.second.duration_seconds));
            view.redirect(&week_path(&actor, &parts.first), &format!("Split into {first} and {second}."))
        }
        Ok(Saved::Stale(parts)) => {
            let form = SplitForm { version: Some(parts.first.version).into(), ..form };
            let changed =
                FormErrors::whole("Somebody changed these hours meanwhile. This is how they are now.");
            let page = split_page(&app, &actor, &view, id, Some(form), changed).await?;
            view.stale("#split_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = split_page(&app, &actor, &view, id, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

async fn split_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: TimeEntryId,
    form: Option<SplitForm>,
    errors: FormErrors,
) -> AppResult<SplitPage> {
    let (actor, look, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let row = rows::row(conn, &actor, id)?;
            let form = form.unwrap_or_else(|| SplitForm::filled(&row.entry));
            let work = TimeEntryForm {
                project_id: form.project_id.clone(),
                task_id: form.task_id.clone(),
                ..TimeEntryForm::default()
            };
            let choices = choices::offered(conn, &actor, &work, None)?;
            let lock = locks::reason(conn, now, row.entry.user_id, row.entry.local_on)?;
            Ok(SplitPage { shell, row, form, errors, choices, lock })
        })
        .await
}
