//! The pages of labels: one list with a form for the next, and the form of each.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::LabelForm;
use super::model::{self, Label, LabelColour};
use crate::auth::extract::{CurrentUser, Manager};
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::LabelId;
use crate::web::form::{Difference, Form, edited_version};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "tasks/labels/index.html", blocks = ["list"])]
struct LabelsIndex {
    shell: Shell,
    labels: Vec<Label>,
    form: LabelForm,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "tasks/labels/form.html", blocks = ["fields"])]
struct LabelFormPage {
    shell: Shell,
    id: LabelId,
    form: LabelForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

/// Every label.
pub async fn index(user: CurrentUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = index_page(&app, &user.actor, &view, LabelForm::default(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Adds a label.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<LabelForm>,
) -> AppResult<HttpResponse> {
    let form = form.0;
    let created = match form.check() {
        Ok(new) => {
            let (actor, now) = (user.actor.clone(), app.clock.now());
            app.db.write(move |conn| model::create(conn, &actor, now, &new)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(_) => view.redirect("/labels", "Label added."),
        Err(AppError::Invalid(errors)) => {
            let page = index_page(&app, &user.actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.as_list().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a label.
pub async fn edit(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<LabelId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor.clone(), id.into_inner());
    let label = app.db.read(move |conn| model::find(conn, &actor, id)).await?;
    let form = LabelForm::filled(&label);
    let page = form_page(&app, &user.actor, &view, id, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a label.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<LabelId>,
    form: Form<LabelForm>,
) -> AppResult<HttpResponse> {
    let (id, form) = (id.into_inner(), form.0);
    let saved = match (form.check(), edited_version(&form.version)) {
        (Ok(new), Ok(version)) => {
            let (actor, now) = (user.actor.clone(), app.clock.now());
            app.db.write(move |conn| model::update(conn, &actor, now, id, version, &new)).await
        }
        (Err(errors), _) => Err(errors.into()),
        (_, Err(error)) => Err(error),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect("/labels", "Label saved."),
        Ok(Saved::Stale(label)) => {
            let stored = LabelForm::filled(&label);
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect("/labels", "Label saved.");
            }
            let form = LabelForm { version: stored.version, ..form };
            let page = form_page(&app, &user.actor, &view, id, form, FormErrors::default()).await?;
            let page = LabelFormPage { conflict, ..page };
            view.stale("#label_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &user.actor, &view, id, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Deletes a label.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<LabelId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    view.redirect("/labels", "Label deleted.")
}

async fn index_page(
    app: &App,
    actor: &Actor,
    view: &View,
    form: LabelForm,
    errors: FormErrors,
) -> AppResult<LabelsIndex> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Tasks)?;
            Ok(LabelsIndex { shell, labels: model::all(conn)?, form, errors })
        })
        .await
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: LabelId,
    form: LabelForm,
    errors: FormErrors,
) -> AppResult<LabelFormPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            model::find(conn, &actor, id)?;
            let shell = Shell::load(conn, &actor, now, &view, Section::Tasks)?;
            Ok(LabelFormPage { shell, id, form, errors, conflict: Vec::new() })
        })
        .await
}
