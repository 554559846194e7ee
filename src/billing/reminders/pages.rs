//! The pages of reminders.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{
    LadderForm, LadderPageForm, ReminderPauseForm, ReminderStepForm, RemindersForm, SendingForm,
};
use super::ladder;
use super::model::{self, LateRow, Next, Reminder};
use super::verbs;
use crate::agency::model as agency;
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{InvoiceId, ReminderId, ReminderPauseId};
use crate::types::money::Currency;
use crate::web::form::{Form, edited_version};
use crate::web::page::{Section, Shell, View, today};
use crate::web::query::{AfterQuery, Query};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/reminders/index.html")]
struct RemindersIndex {
    shell: Shell,
    rows: Vec<LateRow>,
    next: Option<InvoiceId>,
    waiting: Vec<(Reminder, String, String)>,
    errors: FormErrors,
}

impl RemindersIndex {
    fn has_due(&self) -> bool {
        self.rows.iter().any(LateRow::is_due)
    }
}

#[derive(Template)]
#[template(path = "billing/reminders/show.html")]
struct ReminderShow {
    reminder: Reminder,
    seller: String,
    today: String,
    /// Markup that was rendered when it was made.
    letter: String,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "billing/reminders/settings.html")]
struct ReminderSettings {
    shell: Shell,
    form: LadderForm,
    currency: Currency,
    errors: FormErrors,
    is_stale: bool,
}

impl ReminderSettings {
    /// The rows: those that are there, and one that waits to be filled.
    fn rows(&self) -> Vec<(usize, ReminderStepForm)> {
        self.form.steps.iter().cloned().chain([ReminderStepForm::default()]).enumerate().collect()
    }

    fn error(&self, row: &usize, field: &str) -> Option<&str> {
        self.errors.get(&format!("steps[{row}].{field}"))
    }
}

async fn index_page(
    app: &App,
    actor: Actor,
    view: &View,
    after: Option<InvoiceId>,
    errors: FormErrors,
) -> AppResult<RemindersIndex> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let (rows, next) = model::late(conn, &actor, after, shell.today)?;
            let waiting = model::waiting(conn, &actor)?;
            Ok(RemindersIndex { shell, rows, next, waiting, errors })
        })
        .await
}

/// Invoices that are late, with what comes next, and the letters that wait to be sent.
pub async fn index(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<AfterQuery>,
) -> AppResult<HttpResponse> {
    let after = query.0.check()?;
    let page = index_page(&app, user.actor, &view, after, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

/// Makes the letters of the chosen invoices.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<RemindersForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let made = {
        let actor = actor.clone();
        app.db
            .write(move |conn| {
                let today = today(conn, now)?;
                verbs::create(conn, &actor, now, today, &form.check()?)
            })
            .await
    };
    match made {
        Ok(made) => {
            let s = if made.len() == 1 { "" } else { "s" };
            let message =
                format!("{} letter{s} made. Print and send them, then mark them as sent.", made.len());
            view.redirect("/billing/reminders", &message)
        }
        Err(AppError::Invalid(errors)) => {
            let page = index_page(&app, actor, &view, None, errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

async fn show_page(app: &App, actor: Actor, id: ReminderId, errors: FormErrors) -> AppResult<ReminderShow> {
    let now = app.clock.now();
    app.db
        .read(move |conn| {
            let reminder = model::find(conn, &actor, id)?;
            let letter = model::html(conn, id)?;
            let seller = agency::load(conn)?.name;
            let today = today(conn, now)?.to_string();
            Ok(ReminderShow { reminder, seller, today, letter, errors })
        })
        .await
}

/// The letter on a page of its own.
pub async fn show(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<ReminderId>,
) -> AppResult<HttpResponse> {
    let page = show_page(&app, user.actor, id.into_inner(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

/// Notes that somebody sent the letter.
pub async fn send(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<ReminderId>,
    form: Form<SendingForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let sent = {
        let actor = actor.clone();
        app.db
            .write(move |conn| {
                let today = today(conn, now)?;
                verbs::send(conn, &actor, now, today, id, form.check()?)
            })
            .await
    };
    match sent {
        Ok(()) => view.redirect("/billing/reminders", "Marked as sent."),
        Err(AppError::Invalid(errors)) => {
            let page = show_page(&app, actor, id, errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Throws a letter away.
pub async fn destroy(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<ReminderId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| verbs::delete(conn, &actor, now, id)).await?;
    view.redirect("/billing/reminders", "Letter deleted.")
}

/// Leaves an invoice or its client in peace.
pub async fn pause(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<ReminderPauseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let paused = {
        let actor = actor.clone();
        app.db.write(move |conn| verbs::pause(conn, &actor, now, &form.check()?)).await
    };
    match paused {
        Ok(_) => view.redirect("/billing/reminders", "Left in peace."),
        Err(AppError::Invalid(errors)) => {
            let page = index_page(&app, actor, &view, None, errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Ends a pause.
pub async fn resume(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<ReminderPauseId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| verbs::resume(conn, &actor, now, id)).await?;
    view.redirect("/billing/reminders", "Reminded again.")
}

async fn settings_page(
    app: &App,
    actor: Actor,
    view: &View,
    typed: Option<LadderForm>,
    errors: FormErrors,
    is_stale: bool,
) -> AppResult<ReminderSettings> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let currency = shell.currency;
            let stored = LadderForm::filled(&ladder::load(conn)?, currency);
            let form = match typed {
                Some(form) => LadderForm { version: stored.version, ..form },
                None => stored,
            };
            Ok(ReminderSettings { shell, form, currency, errors, is_stale })
        })
        .await
}

/// The ladder.
pub async fn settings(user: Biller, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = settings_page(&app, user.actor, &view, None, FormErrors::default(), false).await?;
    view.html(|| page.render(), || page.render())
}

/// Saves the ladder.
pub async fn update_settings(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<LadderPageForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0.into_form()?);
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let changes = form.check(agency::load(conn)?.currency)?;
                ladder::save(conn, &actor, now, edited_version(&form.version)?, &changes)
            })
            .await
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect("/billing/reminders", "Steps saved."),
        Ok(Saved::Stale(_)) => {
            let page = settings_page(&app, actor, &view, Some(form), FormErrors::default(), true).await?;
            view.html_with(StatusCode::CONFLICT, || page.render(), || page.render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = settings_page(&app, actor, &view, Some(form), errors, false).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}
