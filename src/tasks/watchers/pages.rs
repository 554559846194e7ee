//! Following a task, from its page.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::model;
use crate::auth::extract::CurrentUser;
use crate::auth::user::Actor;
use crate::error::AppResult;
use crate::types::ids::{TaskId, UserId};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "tasks/watchers/_watchers.html")]
struct WatchersPart {
    shell: Shell,
    task_id: TaskId,
    watchers: Vec<(UserId, String)>,
}

/// Begins to follow a task.
pub async fn watch(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    change(&user.actor, &app, &view, task.into_inner(), true).await
}

/// Stops following a task.
pub async fn unwatch(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    task: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    change(&user.actor, &app, &view, task.into_inner(), false).await
}

async fn change(
    actor: &Actor,
    app: &App,
    view: &View,
    task_id: TaskId,
    follows: bool,
) -> AppResult<HttpResponse> {
    let (actor, now, look) = (actor.clone(), app.clock.now(), view.clone());
    let part = app
        .db
        .write(move |conn| {
            model::set(conn, &actor, now, task_id, follows)?;
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            Ok(WatchersPart { shell, task_id, watchers: model::of_task(conn, task_id)? })
        })
        .await?;
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        let message = if follows { "You follow this task." } else { "You follow this task no longer." };
        view.redirect(&format!("/tasks/{task_id}"), message)
    }
}
