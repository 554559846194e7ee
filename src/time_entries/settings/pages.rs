//! The page of the settings about hours.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::TimeSettingsForm;
use super::model::{self, Overlap};
use crate::auth::extract::Admin;
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "time_entries/settings/edit.html", blocks = ["fields"])]
struct TimeSettingsPage {
    shell: Shell,
    form: TimeSettingsForm,
    errors: FormErrors,
    conflict: Vec<Difference>,
}

async fn page(
    app: &App,
    actor: Actor,
    view: &View,
    form: Option<TimeSettingsForm>,
    errors: FormErrors,
) -> AppResult<TimeSettingsPage> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let stored = TimeSettingsForm::filled(&model::load(conn)?);
            Ok(TimeSettingsPage { shell, form: form.unwrap_or(stored), errors, conflict: Vec::new() })
        })
        .await
}

/// The settings.
pub async fn edit(user: Admin, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = page(&app, user.actor, &view, None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves the settings. When somebody else was faster, shows both versions and keeps what was typed.
pub async fn update(
    user: Admin,
    app: web::Data<App>,
    view: View,
    form: Form<TimeSettingsForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let saved = match form.check() {
        Ok(new) => {
            let version = edited_version(&form.version)?;
            let actor = actor.clone();
            app.db.write(move |conn| model::update(conn, &actor, now, version, &new)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect("/settings/time", "Settings saved."),
        Ok(Saved::Stale(stored)) => {
            let stored = TimeSettingsForm::filled(&stored);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect("/settings/time", "Settings saved.");
            }
            let form = TimeSettingsForm { version: stored.version, ..form };
            let mut page = page(&app, actor, &view, Some(form), FormErrors::default()).await?;
            page.conflict = conflict;
            view.stale("#time_settings_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = page(&app, actor, &view, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}
