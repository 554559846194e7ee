//! The pages of the outbox.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::filter::MailQuery;
use super::model::{self, Mail, MailRow, MailState};
use crate::auth::extract::Admin;
use crate::error::AppResult;
use crate::types::ids::MailId;
use crate::types::pagination::has_more;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "mail/index.html", blocks = ["list"])]
struct MailIndex {
    shell: Shell,
    query: MailQuery,
    /// Where mail leaves and whom it is from; `None` and it waits.
    post: Option<String>,
    rows: Vec<MailRow>,
    /// The address of older ones, if there are any.
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/show.html")]
struct MailShow {
    shell: Shell,
    mail: Mail,
    post: Option<String>,
}

/// What waits, was sent and failed, the newest first.
pub async fn index(
    user: Admin,
    app: web::Data<App>,
    view: View,
    query: Query<MailQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let (state, before) = query.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let post = app.post.as_ref().map(|post| post.shown());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let mut rows = model::list(conn, state, before, model::PER_PAGE + 1)?;
            let more = has_more(&mut rows, model::PER_PAGE);
            let older = rows.last().filter(|_| more).map(|row| query.older(row.id));
            Ok(MailIndex { shell, query, post, rows, older })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// One mail as it was written.
pub async fn show(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<MailId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let post = app.post.as_ref().map(|post| post.shown());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            Ok(MailShow { shell, mail: model::find(conn, id)?, post })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// Writes a mail to the one who asks that says that mail works.
pub async fn test(user: Admin, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, keys) = (user.actor, app.clock.now(), app.keys.clone());
    let mail = app.db.write(move |conn| model::queue_test(conn, &keys, &actor, now)).await?;
    view.redirect(&format!("/mail/{}", mail.row.id), "The test is queued.")
}

/// Has a mail tried again at once.
pub async fn retry(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<MailId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::retry(conn, &actor, now, id)).await?;
    view.redirect(&format!("/mail/{id}"), "It is queued again.")
}
