//! The JSON API of a project's budget.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::margin::Margin;
use super::model::{self, Basis, Mark};
use crate::auth::extract::Teammate;
use crate::error::AppResult;
use crate::projects::burn::Burn;
use crate::types::ids::ProjectId;
use crate::types::money::Currency;
use crate::web::App;
use crate::web::page::today;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_project_budget))]
pub struct ApiDoc;

/// A budget as it was used up. Amounts are seconds or minor units.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Burn")]
pub struct BurnJson {
    pub budget: Option<i64>,
    pub used: i64,
    pub percent: Option<i64>,
    pub runs_out_on: Option<NaiveDate>,
    pub marks: Vec<MarkJson>,
    pub weeks: Vec<WeekJson>,
}

/// A part of a budget and the day on which it was used up.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Mark")]
pub struct MarkJson {
    pub percent: i64,
    pub amount: i64,
    pub crossed_on: Option<NaiveDate>,
}

/// What was used in a week, and by its end.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Point")]
pub struct WeekJson {
    pub week_on: NaiveDate,
    pub used: i64,
    pub total: i64,
}

/// A project's budget, forecast and margin. What is money is absent for roles without it.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BudgetJson {
    /// Which project.
    pub project_id: ProjectId,
    /// In seconds.
    pub hours: BurnJson,
    /// Seconds that remain.
    pub remaining_seconds: i64,
    /// What that was worked out from.
    pub basis: Basis,
    /// Open tasks without an estimate, which count as nothing.
    pub unestimated_tasks: i64,
    /// How much of the work is behind us.
    pub progress_percent: i64,
    /// In minor units of `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<BurnJson>,
    /// What it earns and costs so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub so_far: Option<Margin>,
    /// What it will have earned and cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_completion: Option<Margin>,
    /// Seconds that no cost is known of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncosted_seconds: Option<i64>,
    /// Of all amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

fn burn(burn: &Burn, marks: &[Mark]) -> BurnJson {
    BurnJson {
        budget: burn.budget,
        used: burn.used,
        percent: burn.percent(),
        runs_out_on: burn.runs_out_on,
        marks: marks
            .iter()
            .map(|mark| MarkJson { percent: mark.percent, amount: mark.amount, crossed_on: mark.crossed_on })
            .collect(),
        weeks: burn
            .points
            .iter()
            .map(|point| WeekJson { week_on: point.week_on, used: point.used, total: point.total })
            .collect(),
    }
}

/// What a project has used up, what it earns and where it is heading.
#[utoipa::path(get, path = "/api/projects/{id}/budget", tag = "projects", params(("id" = i64, Path)), responses((status = 200, body = BudgetJson)))]
pub async fn find_project_budget(
    user: Teammate,
    app: web::Data<App>,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app
        .db
        .read(move |conn| {
            let today = today(conn, now)?;
            let (head, budget) = model::find(conn, &actor, id, today)?;
            let (money, billing, facts) = (actor.sees_money(), head.project.billing_model, &budget.facts);
            Ok(BudgetJson {
                project_id: id,
                hours: burn(&budget.hours, &budget.hours_marks),
                remaining_seconds: budget.forecast.remaining_seconds,
                basis: budget.forecast.basis,
                unestimated_tasks: budget.forecast.unestimated_tasks,
                progress_percent: facts.progress_percent(),
                money: money.then(|| burn(&budget.money, &budget.money_marks)),
                so_far: facts.so_far(billing).filter(|_| money),
                at_completion: facts.at_completion(billing).filter(|_| money),
                uncosted_seconds: money.then_some(facts.uncosted_seconds),
                currency: money.then_some(head.currency),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}
