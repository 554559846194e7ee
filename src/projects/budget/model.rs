//! A project's budget: its marks and when they were passed, the forecast, the margin.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::margin::Facts;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{expenses, milestones, tasks, time_entries};
use crate::db::sum::sum;
use crate::error::AppResult;
use crate::projects::burn::{Burn, MARKS, Unit};
use crate::projects::figures::used_money;
use crate::projects::model::{self as projects, ProjectHead, ProjectStatus};
use crate::projects::retainers::model as retainers;
use crate::types::ids::ProjectId;
use crate::types::money::{div_round, entry_amount};

/// A part of a budget, and when it was used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its share of the budget in percent.
    pub percent: i64,
    /// How much that is, in seconds or minor units.
    pub amount: i64,
    /// The day on which it was used up.
    pub crossed_on: Option<NaiveDate>,
}

/// How much work remains, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// Seconds that remain.
    pub remaining_seconds: i64,
    /// Open tasks with an estimate.
    pub estimated_tasks: i64,
    /// Open tasks without one.
    pub unestimated_tasks: i64,
    /// What it was worked out from.
    pub basis: Basis,
}

crate::text_enum! {
    /// What a forecast is worked out from.
    pub enum Basis {
        /// All is delivered.
        Done = "done", "The project is done: nothing remains.";
        /// Estimates of open tasks.
        Estimates = "estimates", "Hours so far, and what is left of the estimates of open tasks.";
        /// The budget in hours.
        Budget = "budget", "No open task has an estimate, so what is left of the budget in hours counts.";
        /// Nothing.
        Nothing = "nothing", "No open task has an estimate and there is no budget in hours: only hours so far count.";
    }
}

/// All that a project's budget page shows.
#[derive(Debug, Clone)]
pub struct Budget {
    /// The budget in hours over time.
    pub hours: Burn,
    /// Its marks.
    pub hours_marks: Vec<Mark>,
    /// The budget in money over time.
    pub money: Burn,
    /// Its marks.
    pub money_marks: Vec<Mark>,
    /// What remains.
    pub forecast: Forecast,
    /// What margins are worked out from.
    pub facts: Facts,
}

/// The budget of a project whose head was loaded.
pub fn load(conn: &mut Conn, head: &ProjectHead, today: NaiveDate) -> AppResult<Budget> {
    let (hours, money) = (head.burn_of_hours(&today), head.burn_of_money(&today));
    let (hours_marks, money_marks) = marks(conn, head, &hours, &money)?;
    let forecast = forecast(conn, head)?;
    let facts = facts(conn, head, forecast.remaining_seconds, today)?;
    Ok(Budget { hours, hours_marks, money, money_marks, forecast, facts })
}

/// The head of a project with its budget, if `actor` may see it.
pub fn find(
    conn: &mut Conn,
    actor: &Actor,
    id: ProjectId,
    today: NaiveDate,
) -> AppResult<(ProjectHead, Budget)> {
    let head = projects::head(conn, actor, id, today)?;
    let budget = load(conn, &head, today)?;
    Ok((head, budget))
}

/// A mark whose day is looked for in the week that passed it.
struct Crossing {
    unit: Unit,
    percent: i64,
    amount: i64,
    /// The week, and what had been used before it.
    within: Option<(NaiveDate, i64)>,
}

fn crossings(burn: &Burn) -> Vec<Crossing> {
    let Some(budget) = burn.budget else { return Vec::new() };
    let crossing = |percent: i64| {
        // Rounded up: the mark is passed when that much is used, not just before.
        let amount = i64::try_from((i128::from(budget) * i128::from(percent) + 99) / 100).unwrap_or(budget);
        let week = burn.points.iter().find(|point| point.total >= amount);
        let within = week.map(|point| (point.week_on, point.total - point.used));
        Crossing { unit: burn.unit, percent, amount, within }
    };
    MARKS.into_iter().map(crossing).collect()
}

fn marks(
    conn: &mut Conn,
    head: &ProjectHead,
    hours: &Burn,
    money: &Burn,
) -> AppResult<(Vec<Mark>, Vec<Mark>)> {
    let (hours, money) = (crossings(hours), crossings(money));
    let weeks = hours.iter().chain(&money).filter_map(|crossing| crossing.within);
    let days: Vec<NaiveDate> = weeks
        .flat_map(|(week, _)| (0..7).filter_map(move |day| week.checked_add_days(Days::new(day))))
        .collect();
    let used = if days.is_empty() { BTreeMap::new() } else { used_on(conn, head, &days)? };
    let dated = |crossing: Crossing| {
        let crossed_on = crossing.within.and_then(|(week, before)| {
            let end = week.checked_add_days(Days::new(6))?;
            let mut total = before;
            used.range(week..=end).find_map(|(day, (seconds, cents))| {
                total += if crossing.unit == Unit::Hours { *seconds } else { *cents };
                (total >= crossing.amount).then_some(*day)
            })
        });
        Mark { percent: crossing.percent, amount: crossing.amount, crossed_on }
    };
    Ok((hours.into_iter().map(dated).collect(), money.into_iter().map(dated).collect()))
}

/// Seconds and money used on each of `days` with hours.
fn used_on(
    conn: &mut Conn,
    head: &ProjectHead,
    days: &[NaiveDate],
) -> AppResult<BTreeMap<NaiveDate, (i64, i64)>> {
    let rows: Vec<(NaiveDate, i64, i64, Option<i64>)> = time_entries::table
        .filter(time_entries::project_id.eq(head.project.id))
        .filter(time_entries::local_on.eq_any(days))
        .select((
            time_entries::local_on,
            time_entries::duration_seconds,
            time_entries::amount_cents,
            time_entries::rate_cents,
        ))
        .cached()
        .load(conn)?;
    let mut used: BTreeMap<NaiveDate, (i64, i64)> = BTreeMap::new();
    for (day, seconds, billable, rate) in rows {
        let value = rate.and_then(|rate| entry_amount(seconds, rate)).unwrap_or(0);
        let sums = used.entry(day).or_default();
        sums.0 = sums.0.saturating_add(seconds);
        sums.1 = sums.1.saturating_add(used_money(head.project.billing_model, billable, value));
    }
    Ok(used)
}

fn forecast(conn: &mut Conn, head: &ProjectHead) -> AppResult<Forecast> {
    let logged = time_entries::table
        .filter(time_entries::task_id.eq(tasks::id.nullable()))
        .select(sum(time_entries::duration_seconds))
        .single_value();
    let open: Vec<(Option<i64>, Option<i64>)> = tasks::table
        .filter(tasks::project_id.eq(head.project.id))
        .filter(tasks::completed_at.is_null())
        .select((tasks::estimate_seconds, logged))
        .load(conn)?;
    let estimated: Vec<i64> = open
        .iter()
        .filter_map(|(estimate, logged)| Some((estimate.as_ref()? - logged.unwrap_or(0)).max(0)))
        .collect();
    let of_budget = head.project.budget_seconds.map(|budget| (budget - head.used_seconds).max(0));
    let (basis, remaining_seconds) = if head.project.status == ProjectStatus::Done {
        (Basis::Done, 0)
    } else if !estimated.is_empty() {
        (Basis::Estimates, estimated.iter().fold(0, |sum: i64, left| sum.saturating_add(*left)))
    } else {
        of_budget.map_or((Basis::Nothing, 0), |left| (Basis::Budget, left))
    };
    Ok(Forecast {
        remaining_seconds,
        estimated_tasks: estimated.len() as i64,
        unestimated_tasks: (open.len() - estimated.len()) as i64,
        basis,
    })
}

fn facts(conn: &mut Conn, head: &ProjectHead, remaining_seconds: i64, today: NaiveDate) -> AppResult<Facts> {
    let rows: Vec<(Option<i64>, Option<NaiveDate>)> = milestones::table
        .filter(milestones::project_id.eq(head.project.id))
        .select((milestones::amount_cents, milestones::reached_on))
        .load(conn)?;
    let add = |only_reached: bool| {
        let rows = rows.iter().filter(|(_, reached_on)| !only_reached || reached_on.is_some());
        rows.filter_map(|(cents, _)| *cents).fold(0, i64::saturating_add)
    };
    let bought: Vec<(i64, i64, bool)> = expenses::table
        .filter(expenses::project_id.eq(head.project.id))
        .select((expenses::cost_cents, expenses::price_cents, expenses::is_billable))
        .load(conn)?;
    let charged = bought.iter().filter(|(.., is_billable)| *is_billable).map(|(_, price, _)| *price);
    Ok(Facts {
        used_seconds: head.used_seconds,
        remaining_seconds,
        is_done: head.project.status == ProjectStatus::Done,
        billable_cents: head.billable_cents,
        cost_cents: head.cost_cents,
        uncosted_seconds: head.uncosted_seconds,
        price_cents: head.project.price_cents.unwrap_or(0),
        retainer_cents: retainers::earned_cents(conn, head.project.id, today)?,
        reached_cents: add(true),
        milestones_cents: add(false),
        bought_cents: bought.iter().map(|(cost, ..)| *cost).fold(0, i64::saturating_add),
        charged_cents: charged.fold(0, i64::saturating_add),
    })
}

/// The average cost of an hour so far, in minor units; `None` while none is known.
pub fn average_cost(facts: &Facts) -> Option<i64> {
    let costed = facts.used_seconds - facts.uncosted_seconds;
    if costed <= 0 {
        return None;
    }
    div_round(i128::from(facts.cost_cents) * 3_600, i128::from(costed))
}
