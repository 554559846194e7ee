//! The page of saved views.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::TaskViewForm;
use super::model::{self, TaskView};
use crate::auth::extract::CurrentUser;
use crate::auth::user::Actor;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::TaskViewId;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "tasks/views/index.html", blocks = ["list"])]
struct TaskViewsIndex {
    shell: Shell,
    views: Vec<TaskView>,
    form: TaskViewForm,
    errors: FormErrors,
}

/// The views of the one who looks, and those that others share.
pub async fn index(user: CurrentUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = index_page(&app, &user.actor, &view, TaskViewForm::default(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Keeps a view and goes to it.
pub async fn create(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    form: Form<TaskViewForm>,
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
        Ok(kept) => view.redirect(&kept.address, "View saved."),
        Err(AppError::Invalid(errors)) => {
            let page = index_page(&app, &user.actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.as_list().render())
        }
        Err(error) => Err(error),
    }
}

/// Deletes a view.
pub async fn destroy(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskViewId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, id)).await?;
    view.redirect("/tasks/views", "View deleted.")
}

async fn index_page(
    app: &App,
    actor: &Actor,
    view: &View,
    form: TaskViewForm,
    errors: FormErrors,
) -> AppResult<TaskViewsIndex> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Tasks)?;
            Ok(TaskViewsIndex { shell, views: model::of(conn, &actor)?, form, errors })
        })
        .await
}
