//! Tells of budgets that have passed a mark.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::auth::policy::Policy;
use crate::db::Conn;
use crate::db::schema::{budget_marks, project_hours, projects};
use crate::error::AppResult;
use crate::notifications::model::{self as notifications, Notice};
use crate::projects::burn::MARKS;
use crate::projects::figures::used_money;
use crate::projects::model::{BillingModel, ProjectStatus};
use crate::types::clock::UtcTime;
use crate::types::ids::ProjectId;

/// A budget, in money or in hours, and one of its marks in percent.
type Mark = (ProjectId, bool, i64);

/// Model, budget of hours, of money, fixed price, seconds, billable value, value.
type Fill =
    (ProjectId, ProjectStatus, BillingModel, (Option<i64>, Option<i64>, Option<i64>), (i64, i64, i64));

/// Tells of each mark once: of a budget in hours whoever manages, of one in money whoever sees money. A mark that is no
/// longer passed is forgotten. Answers with how many were told of.
pub fn run_due(conn: &mut Conn, now: UtcTime, _today: NaiveDate) -> AppResult<usize> {
    let (passed, under_way) = passed(conn)?;
    let marks =
        budget_marks::table.select((budget_marks::project_id, budget_marks::is_money, budget_marks::percent));
    let known: BTreeSet<Mark> = marks.load(conn)?.into_iter().collect();
    for mark in known.difference(&passed) {
        diesel::delete(budget_marks::table.find(*mark)).execute(conn)?;
    }
    let mut highest: BTreeMap<(ProjectId, bool), i64> = BTreeMap::new();
    for mark @ (project, is_money, percent) in passed.difference(&known) {
        diesel::insert_into(budget_marks::table)
            .values((
                budget_marks::project_id.eq(mark.0),
                budget_marks::is_money.eq(is_money),
                budget_marks::percent.eq(percent),
                budget_marks::told_at.eq(now),
            ))
            .execute(conn)?;
        if under_way.contains(project) {
            highest.insert((*project, *is_money), *percent);
        }
    }
    for ((project, is_money), percent) in &highest {
        let policy = if *is_money { Policy::Money } else { Policy::Manage };
        notifications::tell_all(conn, now, Notice::of_budget(*project, *is_money, *percent), policy)?;
    }
    Ok(highest.len())
}

/// Every mark that is passed, and the projects under way.
fn passed(conn: &mut Conn) -> AppResult<(BTreeSet<Mark>, BTreeSet<ProjectId>)> {
    let rows: Vec<Fill> = projects::table
        .inner_join(project_hours::table)
        .select((
            projects::id,
            projects::status,
            projects::billing_model,
            (projects::budget_seconds, projects::budget_cents, projects::price_cents),
            (project_hours::seconds, project_hours::cents, project_hours::value_cents),
        ))
        .load(conn)?;
    let (mut passed, mut under_way) = (BTreeSet::new(), BTreeSet::new());
    for (id, status, model, (hours, money, price), (seconds, cents, value)) in rows {
        if status == ProjectStatus::Active {
            under_way.insert(id);
        }
        let budgets = [(false, hours, seconds), (true, money.or(price), used_money(model, cents, value))];
        for (is_money, budget, used) in budgets {
            let Some(budget) = budget.filter(|budget| *budget > 0) else { continue };
            let is_passed =
                |percent: &i64| i128::from(used) * 100 >= i128::from(budget) * i128::from(*percent);
            passed.extend(MARKS.into_iter().filter(is_passed).map(|percent| (id, is_money, percent)));
        }
    }
    Ok((passed, under_way))
}
