//! Starting, switching and stopping the timer.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{StopForm, parse_end};
use super::model::{self, Stopped};
use crate::auth::extract::Worker;
use crate::auth::user::Actor;
use crate::error::{AppError, AppResult, FormErrors};
use crate::time_entries::form::TimeEntryForm;
use crate::time_entries::model::running;
use crate::time_entries::pages::{back, refused};
use crate::time_entries::rows::{self, EntryRow};
use crate::types::duration;
use crate::types::zone::{self, Tz};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

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
                    let started = model::start(conn, &actor, now, &new, ended_at)?;
                    let row = rows::row(conn, &actor, started.entry.id)?;
                    Ok((row, started.before))
                })
                .await
        }
        Err(error) => Err(error),
    };
    match started {
        Ok((row, before)) => {
            let message = match before {
                None => format!("The timer runs on {} already.", row.label()),
                Some(Stopped::Kept(entry)) => format!(
                    "Timer switched to {} after {}.",
                    row.label(),
                    duration::clock(entry.duration_seconds)
                ),
                Some(Stopped::Nothing | Stopped::Dropped) => format!("Timer started on {}.", row.label()),
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
            app.db.write(move |conn| model::stop(conn, &actor, now, ended_at)).await
        }
        Err(error) => Err(error),
    };
    match stopped {
        Ok(Stopped::Kept(entry)) => {
            let message = format!("Timer stopped after {}.", duration::clock(entry.duration_seconds));
            view.redirect(&back(&view), &message)
        }
        Ok(Stopped::Dropped) => {
            view.redirect(&back(&view), "Timer discarded: it ran for less than a second.")
        }
        Ok(Stopped::Nothing) => view.redirect(&back(&view), "No timer was running."),
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
            let Some(entry) = running(conn, &actor)? else {
                return Err(AppError::Conflict("No timer runs any more.".into()));
            };
            let row = rows::row(conn, &actor, entry.id)?;
            let zone = row.entry.zone();
            Ok(StopPage { shell, row, zone, ended_at, next, errors })
        })
        .await?;
    view.invalid(|| page.render(), || page.as_fields().render())
}
