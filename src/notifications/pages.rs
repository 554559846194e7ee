//! The page of what one was told.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::model::{self, Notification};
use crate::auth::extract::CurrentUser;
use crate::error::AppResult;
use crate::types::ids::NotificationId;
use crate::types::pagination::has_more;
use crate::web::page::{Section, Shell, View};
use crate::web::query::{BeforeQuery, Query};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "notifications/index.html", blocks = ["list"])]
struct NotificationsIndex {
    shell: Shell,
    rows: Vec<Notification>,
    /// The address of older ones, if there are any.
    older: Option<String>,
}

/// What one was told, the newest first.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    query: Query<BeforeQuery>,
) -> AppResult<HttpResponse> {
    let before: Option<NotificationId> = query.0.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Notifications)?;
            let mut rows = model::of(conn, &actor, before, model::PER_PAGE + 1)?;
            let more = has_more(&mut rows, model::PER_PAGE);
            let older = rows.last().filter(|_| more).map(|row| format!("/notifications?before={}", row.id));
            Ok(NotificationsIndex { shell, rows, older })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Marks one as read and goes where it leads.
pub async fn read(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<NotificationId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let href = app.db.write(move |conn| model::read(conn, &actor, now, id)).await?;
    view.redirect(&href, "")
}

/// Marks all as read.
pub async fn read_all(user: CurrentUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    app.db.write(move |conn| model::read_all(conn, &actor, now)).await?;
    view.redirect("/notifications", "All read.")
}
