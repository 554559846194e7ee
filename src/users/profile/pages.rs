//! The page of one's profile.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::ProfileForm;
use crate::auth::extract::CurrentUser;
use crate::auth::user::{self, Actor};
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::calendar::WeekStart;
use crate::web::form::{Difference, Form, edited_version};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "users/profile.html", blocks = ["fields"])]
struct ProfilePage {
    shell: Shell,
    form: ProfileForm,
    errors: FormErrors,
    conflict: Vec<Difference>,
}

async fn page(
    app: &App,
    actor: Actor,
    view: &View,
    form: Option<ProfileForm>,
    errors: FormErrors,
) -> AppResult<ProfilePage> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let stored = ProfileForm::filled(&user::find(conn, actor.id)?);
            Ok(ProfilePage { shell, form: form.unwrap_or(stored), errors, conflict: Vec::new() })
        })
        .await
}

/// One's profile.
pub async fn edit(user: CurrentUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = page(&app, user.actor, &view, None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves it. When another window was faster, shows both versions and keeps what was typed.
pub async fn update(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    form: Form<ProfileForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let saved = match form.check() {
        Ok(new) => {
            let version = edited_version(&form.version)?;
            let actor = actor.clone();
            app.db.write(move |conn| user::update(conn, &actor, now, version, &new)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect("/profile", "Profile saved."),
        Ok(Saved::Stale(stored)) => {
            let stored = ProfileForm::filled(&stored);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect("/profile", "Profile saved.");
            }
            let form = ProfileForm { version: stored.version, ..form };
            let mut page = page(&app, actor, &view, Some(form), FormErrors::default()).await?;
            page.conflict = conflict;
            view.stale("#profile_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = page(&app, actor, &view, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}
