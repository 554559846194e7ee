//! The closure of a task: done, and taken up again. The answer is its row, wherever that stands.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::figures::{self, TaskRow};
use super::model;
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

/// Marks a task done: its row for htmx, its page otherwise.
pub async fn complete(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let part = app
        .db
        .write(move |conn| {
            model::complete(conn, &actor, now, id)?;
            row_part(conn, &actor, now, &look, id)
        })
        .await?;
    changed(&view, &part, "Task done.")
}

/// Takes a task up again: its row for htmx, its page otherwise.
pub async fn reopen(
    user: Worker,
    app: web::Data<App>,
    view: View,
    id: web::Path<TaskId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let part = app
        .db
        .write(move |conn| {
            model::reopen(conn, &actor, now, id)?;
            row_part(conn, &actor, now, &look, id)
        })
        .await?;
    changed(&view, &part, "Task reopened.")
}

fn row_part(conn: &mut Conn, actor: &Actor, now: UtcTime, look: &View, id: TaskId) -> AppResult<TaskRowPart> {
    let shell = Shell::load(conn, actor, now, look, Section::Tasks)?;
    Ok(TaskRowPart { row: figures::row(conn, actor, id)?, shell })
}

fn changed(view: &View, part: &TaskRowPart, message: &str) -> AppResult<HttpResponse> {
    if view.is_fragment() {
        view.html(|| part.render(), || part.render())
    } else {
        view.redirect(&format!("/tasks/{}", part.row.task.id), message)
    }
}
