//! The JSON API of jobs.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::filter::JobsQuery;
use super::model::{self, Counts, JobRow, JobState};
use crate::auth::extract::Admin;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::JobId;
use crate::types::pagination::has_more;
use crate::web::App;
use crate::web::json::Meta;
use crate::web::query::Query;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_jobs, retry_job, cancel_job))]
pub struct ApiDoc;

/// A job as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of JobRow")]
pub struct JobJson {
    pub id: JobId,
    pub kind: String,
    pub state: JobState,
    pub run_at: UtcTime,
    pub attempt: i64,
    pub most_attempts: i64,
    pub crash_count: i64,
    pub error: String,
    pub created_at: UtcTime,
    pub finished_at: Option<UtcTime>,
}

impl From<JobRow> for JobJson {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            run_at: row.run_at,
            attempt: row.attempt,
            most_attempts: row.most_attempts,
            crash_count: row.crash_count,
            error: row.error,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// A page of jobs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct JobList {
    /// The jobs, the newest first.
    pub jobs: Vec<JobJson>,
    /// How many wait, run, are tried again and were given up, each up to a hundred.
    pub counts: Counts,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// What waits, runs, failed and was given up, the newest first, 50 a page.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", params(JobsQuery), responses((status = 200, body = JobList)))]
pub async fn list_jobs(
    _user: Admin,
    app: web::Data<App>,
    query: Query<JobsQuery>,
) -> AppResult<HttpResponse> {
    let (state, before) = query.0.check()?;
    let (mut rows, counts) = app
        .db
        .read(move |conn| Ok((model::list(conn, state, before, model::PER_PAGE + 1)?, model::counts(conn)?)))
        .await?;
    let more = has_more(&mut rows, model::PER_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let jobs: Vec<JobJson> = rows.into_iter().map(JobJson::from).collect();
    let meta = Meta { count: jobs.len(), next, total: None };
    Ok(HttpResponse::Ok().json(JobList { jobs, counts, meta }))
}

/// Has a job that failed or was cancelled done again.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs", params(("id" = i64, Path)), responses((status = 200, body = JobJson)))]
pub async fn retry_job(user: Admin, app: web::Data<App>, id: web::Path<JobId>) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let row = app.db.write(move |conn| model::retry(conn, &actor, now, id)).await?;
    Ok(HttpResponse::Ok().json(JobJson::from(row)))
}

/// Takes a job that waits out.
#[utoipa::path(post, path = "/api/jobs/{id}/cancellation", tag = "jobs", params(("id" = i64, Path)), responses((status = 200, body = JobJson)))]
pub async fn cancel_job(user: Admin, app: web::Data<App>, id: web::Path<JobId>) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let row = app.db.write(move |conn| model::cancel(conn, &actor, now, id)).await?;
    Ok(HttpResponse::Ok().json(JobJson::from(row)))
}
