//! The list of what somebody knows, as a page.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::model::{self, Known};
use crate::auth::extract::Admin;
use crate::auth::user::{self, User};
use crate::error::AppResult;
use crate::types::ids::UserId;
use crate::web::page::{Section, Shell, View, today};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "credentials/rotations.html")]
struct Rotations {
    shell: Shell,
    person: User,
    known: Vec<Known>,
}

impl Rotations {
    /// How many have no task yet.
    fn due(&self) -> usize {
        self.known.iter().filter(|known| known.task_id.is_none() && !known.is_archived).count()
    }
}

/// What somebody knows.
pub async fn index(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            Ok(Rotations { shell, person: user::find(conn, id)?, known: model::known_by(conn, id)? })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// Makes tasks of it.
pub async fn create(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<UserId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let count = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::create_tasks(conn, &actor, now, today, id)
        })
        .await?;
    let words = match count {
        0 => "There is a task for each of them already.".to_owned(),
        1 => "Added 1 task.".to_owned(),
        count => format!("Added {count} tasks."),
    };
    view.redirect(&format!("/users/{id}/rotations"), &words)
}
