//! The page of what runs beside the requests.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::filter::JobsQuery;
use super::model::{self, Counts, JobRow, JobState};
use crate::auth::extract::Admin;
use crate::error::AppResult;
use crate::types::ids::JobId;
use crate::types::pagination::has_more;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "jobs/index.html", blocks = ["list"])]
struct JobsIndex {
    shell: Shell,
    query: JobsQuery,
    counts: Counts,
    rows: Vec<JobRow>,
    /// The address of older ones, if there are any.
    older: Option<String>,
}

/// What waits, runs, failed and was given up, the newest first.
pub async fn index(
    user: Admin,
    app: web::Data<App>,
    view: View,
    query: Query<JobsQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let (state, before) = query.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let counts = model::counts(conn)?;
            let mut rows = model::list(conn, state, before, model::PER_PAGE + 1)?;
            let more = has_more(&mut rows, model::PER_PAGE);
            let older = rows.last().filter(|_| more).map(|row| query.older(row.id));
            Ok(JobsIndex { shell, query, counts, rows, older })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Has a job done again.
pub async fn retry(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<JobId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::retry(conn, &actor, now, id)).await?;
    view.redirect("/jobs", "It is tried again now.")
}

/// Takes a job out.
pub async fn cancel(
    user: Admin,
    app: web::Data<App>,
    view: View,
    id: web::Path<JobId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::cancel(conn, &actor, now, id)).await?;
    view.redirect("/jobs", "The job is cancelled.")
}
