//! Projects with their figures: hours, money and open tasks, as the list and a project's pages show them.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::burn::{Burn, Span, Unit, percent};
use super::model::{
    BillingModel, Project, ProjectFilter, ProjectStatus, Projects, filtered, own_rate, visible_to,
};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{clients, project_hours, project_weeks, projects, tasks, time_entries};
use crate::db::sum::sum;
use crate::error::{AppError, AppResult};
use crate::rates::model::{self as rates, RateKind, Resolved};
use crate::types::ids::{ProjectId, UserId};
use crate::types::money::Currency;
use crate::types::pagination::{PER_PAGE, Pager};

/// A project with the figures that lists and its own pages show.
#[derive(Debug, Clone)]
pub struct ProjectHead {
    /// The project.
    pub project: Project,
    /// Its client's name.
    pub client_name: String,
    /// The currency of its amounts: its client's.
    pub currency: Currency,
    /// Seconds logged.
    pub used_seconds: i64,
    /// What was used of the money, in minor units: by the hour the value of the billable hours, else that of all hours
    /// at their price.
    pub used_cents: i64,
    /// Value of the billable hours, in minor units.
    pub billable_cents: i64,
    /// What the hours cost us, in minor units.
    pub cost_cents: i64,
    /// Seconds that no cost is known of.
    pub uncosted_seconds: i64,
    /// Tasks that are not done.
    pub open_tasks: i64,
    /// Its own hourly rate; in a list only after [`add_rates`].
    pub rate_cents: Option<i64>,
    /// The rate that its hours get, its own or a wider one; on its own pages only.
    pub price: Option<Resolved>,
    /// Who is on it, by name; on its own pages only.
    pub members: Vec<(UserId, String)>,
    /// Its weeks with hours, in order; on its own pages only.
    pub weeks: Vec<ProjectWeek>,
}

/// What the hours of a project's week add up to, from Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = project_weeks)]
pub struct ProjectWeek {
    /// Its Monday.
    pub week_on: NaiveDate,
    /// Seconds.
    pub seconds: i64,
    /// Value of the billable hours, in minor units.
    pub cents: i64,
    /// Value of all hours at their price.
    pub value_cents: i64,
    /// What they cost us.
    pub cost_cents: i64,
}

/// The figures of projects, as a query.
macro_rules! figures {
    ($query:expr) => {{
        let client = || clients::table.filter(clients::id.eq(projects::client_id));
        let hours = || project_hours::table.filter(project_hours::project_id.eq(projects::id));
        let open =
            tasks::table.filter(tasks::project_id.eq(projects::id)).filter(tasks::completed_at.is_null());
        $query.select((
            Project::as_select(),
            client().select(clients::name).single_value(),
            client().select(clients::currency).single_value(),
            (
                hours().select(project_hours::seconds).single_value(),
                hours().select(project_hours::cents).single_value(),
                hours().select(project_hours::value_cents).single_value(),
                hours().select(project_hours::cost_cents).single_value(),
                hours().select(project_hours::uncosted_seconds).single_value(),
            ),
            open.count().single_value(),
        ))
    }};
}

impl ProjectHead {
    /// What a contractor is shown of it: their own hours, and neither budgets nor anything of money.
    fn narrowed(self, own_seconds: i64) -> Self {
        let project = Project { price_cents: None, budget_seconds: None, budget_cents: None, ..self.project };
        Self {
            project,
            used_seconds: own_seconds,
            used_cents: 0,
            billable_cents: 0,
            cost_cents: 0,
            uncosted_seconds: 0,
            rate_cents: None,
            price: None,
            weeks: Vec::new(),
            ..self
        }
    }

    /// Where its rates are.
    pub fn rates_path(&self) -> String {
        format!("/rates/history?project_id={}", self.project.id)
    }

    /// Used share of the budget in hours, in percent; `None` without one.
    pub fn hours_percent(&self) -> Option<i64> {
        percent(self.used_seconds, self.project.budget_seconds)
    }

    /// Used share of the budget in money, in percent; `None` without one.
    pub fn money_percent(&self) -> Option<i64> {
        percent(self.used_cents, self.project.money_budget())
    }

    /// [`ProjectHead::money_percent`] for roles with money only.
    pub fn shown_money_percent(&self, money: bool) -> Option<i64> {
        self.money_percent().filter(|_| money)
    }

    /// The budget over time that a project's page draws: that in money for who sees it, else that in hours.
    pub fn burn(&self, money: bool, today: &NaiveDate) -> Burn {
        let by_money =
            money && (self.project.money_budget().is_some() || self.project.budget_seconds.is_none());
        if by_money { self.burn_of_money(today) } else { self.burn_of_hours(today) }
    }

    /// The budget in hours over time.
    pub fn burn_of_hours(&self, today: &NaiveDate) -> Burn {
        let weeks = self.weeks.iter().map(|week| (week.week_on, week.seconds));
        Burn::new(Unit::Hours, self.project.budget_seconds, weeks, self.span(), *today)
    }

    /// The budget in money over time.
    pub fn burn_of_money(&self, today: &NaiveDate) -> Burn {
        let model = self.project.billing_model;
        let weeks =
            self.weeks.iter().map(|week| (week.week_on, used_money(model, week.cents, week.value_cents)));
        Burn::new(Unit::Money(self.currency), self.project.money_budget(), weeks, self.span(), *today)
    }

    fn span(&self) -> Span {
        Span { starts_on: self.project.starts_on, due_on: self.project.due_on }
    }
}

/// Which value of hours uses up the money: what the client pays by the hour, or what the work is worth.
pub fn used_money(model: BillingModel, billable_cents: i64, value_cents: i64) -> i64 {
    if model.bills_hours() { billable_cents } else { value_cents }
}

/// A page of the list, by name.
pub fn list(conn: &mut Conn, actor: &Actor, filter: &ProjectFilter) -> AppResult<(Vec<ProjectHead>, Pager)> {
    let total = filtered(actor, filter).count().get_result(conn)?;
    let pager = Pager::new(filter.page, total);
    let page = filtered(actor, filter)
        .order((projects::name_key, projects::id))
        .limit(PER_PAGE)
        .offset(pager.offset());
    let heads = with_figures(conn, page)?;
    Ok((for_actor(conn, actor, heads)?, pager))
}

/// Heads as `actor` is shown them: whole, or narrowed to what is a contractor's own.
fn for_actor(conn: &mut Conn, actor: &Actor, heads: Vec<ProjectHead>) -> AppResult<Vec<ProjectHead>> {
    let Some(user) = actor.only_assigned() else { return Ok(heads) };
    let ids: Vec<ProjectId> = heads.iter().map(|head| head.project.id).collect();
    let own: Vec<(ProjectId, Option<i64>)> = time_entries::table
        .filter(time_entries::user_id.eq(user))
        .filter(time_entries::project_id.eq_any(ids))
        .group_by(time_entries::project_id)
        .select((time_entries::project_id, sum(time_entries::duration_seconds)))
        .cached()
        .load(conn)?;
    let seconds = |id: ProjectId| own.iter().find(|(of, _)| *of == id).and_then(|(_, sum)| *sum).unwrap_or(0);
    Ok(heads
        .into_iter()
        .map(|head| {
            let own = seconds(head.project.id);
            head.narrowed(own)
        })
        .collect())
}

/// The head of a project's pages: the project with its figures, if `actor` may see it.
pub fn head(conn: &mut Conn, actor: &Actor, id: ProjectId, today: NaiveDate) -> AppResult<ProjectHead> {
    let query = visible_to(actor).filter(projects::id.eq(id));
    let head = with_figures(conn, query)?.pop().ok_or(AppError::NotFound)?;
    let price = rates::price_of(conn, head.project.client_id, Some(id), today)?;
    let (weeks, members) = (weeks(conn, id)?, super::members::model::names(conn, id)?);
    let head = ProjectHead { rate_cents: own_rate(conn, id, today)?, price, weeks, members, ..head };
    for_actor(conn, actor, vec![head])?.pop().ok_or(AppError::NotFound)
}

/// The weeks in which a project had hours, in order. The caller has found the project.
pub fn weeks(conn: &mut Conn, id: ProjectId) -> AppResult<Vec<ProjectWeek>> {
    Ok(project_weeks::table
        .filter(project_weeks::project_id.eq(id))
        .order(project_weeks::week_on)
        .select(ProjectWeek::as_select())
        .load(conn)?)
}

/// Fills in the rate that each project of a list has itself on `today`.
pub fn add_rates(
    conn: &mut Conn,
    actor: &Actor,
    heads: &mut [ProjectHead],
    today: NaiveDate,
) -> AppResult<()> {
    if !actor.sees_money() {
        return Ok(());
    }
    let ids: Vec<ProjectId> = heads.iter().map(|head| head.project.id).collect();
    let rates = rates::own_of_projects(conn, RateKind::Bill, &ids, today)?;
    for head in heads {
        head.rate_cents = rates.get(&head.project.id).copied();
    }
    Ok(())
}

/// Seconds, billable value, value, cost, seconds without a cost.
type Hours = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
type Figures = (Project, Option<String>, Option<Currency>, Hours, Option<i64>);

fn with_figures(conn: &mut Conn, query: Projects<'_>) -> AppResult<Vec<ProjectHead>> {
    Ok(heads(figures!(query).load(conn)?))
}

fn heads(rows: Vec<Figures>) -> Vec<ProjectHead> {
    rows.into_iter()
        .map(|(project, client_name, currency, hours, open_tasks)| {
            let (seconds, billable, value, cost, uncosted) = hours;
            let (billable, value) = (billable.unwrap_or(0), value.unwrap_or(0));
            ProjectHead {
                client_name: client_name.unwrap_or_default(),
                currency: currency.unwrap_or(Currency::EUR),
                used_seconds: seconds.unwrap_or(0),
                used_cents: used_money(project.billing_model, billable, value),
                billable_cents: billable,
                cost_cents: cost.unwrap_or(0),
                uncosted_seconds: uncosted.unwrap_or(0),
                open_tasks: open_tasks.unwrap_or(0),
                rate_cents: None,
                price: None,
                members: Vec::new(),
                weeks: Vec::new(),
                project,
            }
        })
        .collect()
}

/// What tells how full a project's budgets are: model, budget of hours, of money, fixed price, seconds, billable value, value.
type Fill = (ProjectId, BillingModel, Option<i64>, Option<i64>, Option<i64>, i64, i64, i64);

/// The projects under way whose budgets are used the most, at most `limit`, with their weeks; those that have a budget
/// of money only are left out for who sees no money. None for contractors.
pub fn fullest(conn: &mut Conn, actor: &Actor, limit: usize) -> AppResult<Vec<ProjectHead>> {
    if actor.only_assigned().is_some() {
        return Ok(Vec::new());
    }
    let rows: Vec<Fill> = projects::table
        .inner_join(project_hours::table)
        .filter(projects::status.eq(ProjectStatus::Active))
        .select((
            projects::id,
            projects::billing_model,
            projects::budget_seconds,
            projects::budget_cents,
            projects::price_cents,
            project_hours::seconds,
            project_hours::cents,
            project_hours::value_cents,
        ))
        .load(conn)?;
    let share = |(id, model, hours, budget, price, seconds, cents, value): Fill| {
        let of_money = percent(used_money(model, cents, value), budget.or(price));
        let share = percent(seconds, hours).max(of_money.filter(|_| actor.sees_money()))?;
        Some((std::cmp::Reverse(share), id))
    };
    let mut shares: Vec<_> = rows.into_iter().filter_map(share).collect();
    shares.sort_unstable();
    let ids: Vec<ProjectId> = shares.into_iter().take(limit).map(|(_, id)| id).collect();
    let found = figures!(visible_to(actor).filter(projects::id.eq_any(&ids))).cached().load(conn)?;
    let mut heads = heads(found);
    let weeks: Vec<(ProjectId, ProjectWeek)> = project_weeks::table
        .filter(project_weeks::project_id.eq_any(&ids))
        .order((project_weeks::project_id, project_weeks::week_on))
        .select((project_weeks::project_id, ProjectWeek::as_select()))
        .cached()
        .load(conn)?;
    for (id, week) in weeks {
        if let Some(head) = heads.iter_mut().find(|head| head.project.id == id) {
            head.weeks.push(week);
        }
    }
    Ok(heads)
}
