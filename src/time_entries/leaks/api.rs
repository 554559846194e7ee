//! The JSON API of the leak report.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::model;
use crate::auth::extract::Biller;
use crate::error::AppResult;
use crate::types::ids::{ProjectId, TimeEntryId, UserId};
use crate::web::App;
use crate::web::page::today;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_leaks))]
pub struct ApiDoc;

/// What leaks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LeaksJson {
    /// The first day that is looked at.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
    /// Billable hours that have no rate.
    pub without_rate: Vec<TimeEntryId>,
    /// Timers that run for more than ten hours.
    pub running_long: Vec<TimeEntryId>,
    /// Projects that are done or archived and have unbilled hours.
    pub closed_projects: Vec<ProjectId>,
    /// Finished projects with a fixed price that milestones do not pay for in full.
    pub unbilled_prices: Vec<ProjectId>,
    /// People with empty working days or weeks that are not handed in.
    pub gaps: Vec<GapsJson>,
}

/// What one person left open.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GapsJson {
    /// Who.
    pub user_id: UserId,
    /// Working days with nothing on them.
    pub days: Vec<NaiveDate>,
    /// Past weeks with hours that were not handed in, as `2026-W47`.
    pub weeks: Vec<String>,
}

/// Hours and days through which money or memory leaks, over the last four weeks.
#[utoipa::path(get, path = "/api/time-entries/leaks", tag = "time-entries", responses((status = 200, body = LeaksJson)))]
pub async fn list_leaks(user: Biller, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let found = app
        .db
        .read(move |conn| {
            let today = today(conn, now)?;
            model::report(conn, &actor, now, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(LeaksJson {
        from: found.from,
        to: found.to,
        without_rate: found.without_rate.iter().map(|row| row.entry.id).collect(),
        running_long: found.running_long.iter().map(|row| row.entry.id).collect(),
        closed_projects: found.closed.iter().map(|project| project.id).collect(),
        unbilled_prices: found.prices.iter().map(|price| price.id).collect(),
        gaps: found
            .gaps
            .into_iter()
            .map(|gaps| GapsJson {
                user_id: gaps.user_id,
                days: gaps.days,
                weeks: gaps.weeks.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    }))
}
