//! The pages of number series.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{NumbersForm, NumbersQuery};
use super::model::{self, DocumentKind, Numbers};
use crate::auth::extract::Admin;
use crate::auth::step_up::SteppedUpAdmin;
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::page::{Section, Shell, View, today};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/numbers/index.html")]
struct NumbersIndex {
    shell: Shell,
    series: Vec<Numbers>,
}

#[derive(Template)]
#[template(path = "billing/numbers/edit.html", blocks = ["fields"])]
struct NumbersPage {
    shell: Shell,
    stored: Numbers,
    form: NumbersForm,
    errors: FormErrors,
    conflict: Vec<Difference>,
}

/// How each kind of document is numbered.
pub async fn index(user: Admin, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            Ok(NumbersIndex { shell, series: model::all(conn)? })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// The form of one series.
pub async fn edit(
    user: Admin,
    app: web::Data<App>,
    view: View,
    query: Query<NumbersQuery>,
) -> AppResult<HttpResponse> {
    let kind = query.0.check()?;
    let page = numbers_page(&app, user.actor, &view, kind, None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a series. When somebody else was faster, shows both versions and keeps what was typed.
pub async fn update(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    view: View,
    form: Form<NumbersForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let kind = NumbersQuery { kind: form.kind.clone() }.check()?;
    let saved = match form.check() {
        Ok((kind, new)) => {
            let version = edited_version(&form.version)?;
            let actor = actor.clone();
            app.db
                .write(move |conn| {
                    let today = today(conn, now)?;
                    model::update(conn, &actor, now, today, kind, version, &new)
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect("/settings/numbers", "Numbers saved."),
        Ok(Saved::Stale(stored)) => {
            let stored = NumbersForm::filled(&stored);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect("/settings/numbers", "Numbers saved.");
            }
            let form = NumbersForm { version: stored.version, ..form };
            let mut page = numbers_page(&app, actor, &view, kind, Some(form), FormErrors::default()).await?;
            page.conflict = conflict;
            view.stale("#numbers_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = numbers_page(&app, actor, &view, kind, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

async fn numbers_page(
    app: &App,
    actor: Actor,
    view: &View,
    kind: DocumentKind,
    form: Option<NumbersForm>,
    errors: FormErrors,
) -> AppResult<NumbersPage> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let stored = model::find(conn, kind)?;
            let form = form.unwrap_or_else(|| NumbersForm::filled(&stored));
            Ok(NumbersPage { shell, stored, form, errors, conflict: Vec::new() })
        })
        .await
}
