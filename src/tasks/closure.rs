//! The closure of a task: done, and taken up again. The answer is its row, wherever that stands.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::dependencies::model as dependencies;
use super::figures::{self, TaskRow};
use super::model::{self, Task};
use crate::auth::extract::Worker;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::TaskId;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "tasks/_row.html")]
struct TaskRowPart {
    shell: Shell,
    row: TaskRow,
}

/// Marks a task done.
pub async fn complete(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    change(&user.actor, &app, &view, id.into_inner(), model::complete, "Task done.").await
}

/// Takes a task up again.
pub async fn reopen(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    change(&user.actor, &app, &view, id.into_inner(), model::reopen, "Task reopened.").await
}

/// Does `verb` to a task: its row for htmx, its page otherwise.
async fn change(
    actor: &Actor,
    app: &App,
    view: &View,
    id: TaskId,
    verb: fn(&mut Conn, &Actor, UtcTime, TaskId) -> AppResult<Task>,
    message: &str,
) -> AppResult<HttpResponse> {
    let (actor, now, look) = (actor.clone(), app.clock.now(), view.clone());
    let (part, held_up) = app
        .db
        .write(move |conn| {
            let task = verb(conn, &actor, now, id)?;
            let held_up = if task.is_done() { dependencies::hold_up(conn, &actor, id)? } else { None };
            let shell = Shell::load(conn, &actor, now, &look, Section::Tasks)?;
            Ok((TaskRowPart { row: figures::row(conn, &actor, id)?, shell }, held_up))
        })
        .await?;
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        let message = held_up
            .map_or_else(|| message.to_owned(), |what| format!("Task done, although {what} is still open."));
        view.redirect(&format!("/tasks/{id}"), &message)
    }
}
