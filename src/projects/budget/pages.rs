//! The budget of a project, as a tab.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::margin::Margin;
use super::model::{self, Budget};
use crate::auth::extract::Teammate;
use crate::error::AppResult;
use crate::projects::model::{BillingModel, ProjectHead};
use crate::types::ids::ProjectId;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "projects/budget/index.html", blocks = ["figures"])]
struct BudgetPage {
    shell: Shell,
    head: ProjectHead,
    budget: Budget,
    /// So far and at completion; `None` for roles without money.
    margins: Option<(Margin, Margin)>,
    average_cost: Option<i64>,
}

impl BudgetPage {
    fn tab(&self) -> &'static str {
        "budget"
    }

    /// How the revenue is worked out.
    fn revenue_words(&self) -> &'static str {
        match self.head.project.billing_model {
            BillingModel::Hourly => {
                "Revenue is the value of the billable hours; at completion the remaining hours earn what those so far have earned on average."
            }
            BillingModel::FixedPrice => {
                "Revenue is the share of the fixed price that the progress has earned: hours so far of the hours at completion. Hours marked billable come on top."
            }
            BillingModel::Milestones => {
                "Revenue is what the reached milestones are paid with, at completion what all are. Hours marked billable come on top."
            }
            BillingModel::Retainer => {
                "Revenue is the fees of the periods that have begun, with their overage. Hours marked billable come on top."
            }
            BillingModel::NonBillable => "Nothing is billed on this project but hours marked billable.",
        }
    }
}

/// What is used, what it earns and where it is heading.
pub async fn index(
    user: Teammate,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let (head, budget) = model::find(conn, &actor, id, shell.today)?;
            let billing = head.project.billing_model;
            let margins = budget.facts.so_far(billing).zip(budget.facts.at_completion(billing));
            Ok(BudgetPage {
                margins: margins.filter(|_| actor.sees_money()),
                average_cost: model::average_cost(&budget.facts),
                shell,
                head,
                budget,
            })
        })
        .await?;
    view.html(|| page.render(), || page.as_figures().render())
}
