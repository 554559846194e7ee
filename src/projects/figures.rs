//! Projects with their figures: hours, money and open tasks, as the list and a project's pages show them.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Project, ProjectFilter, Projects, filtered, own_rate, visible_to};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::{clients, project_hours, projects, tasks};
use crate::error::{AppError, AppResult};
use crate::rates::model::{self as rates, RateKind, Resolved};
use crate::types::ids::ProjectId;
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
    /// Value of the billable hours, in minor units.
    pub used_cents: i64,
    /// Tasks that are not done.
    pub open_tasks: i64,
    /// Its own hourly rate; in a list only after [`add_rates`].
    pub rate_cents: Option<i64>,
    /// The rate that its hours get, its own or a wider one; on its own pages only.
    pub price: Option<Resolved>,
}

impl ProjectHead {
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
        percent(self.used_cents, self.project.budget_cents)
    }

    /// [`ProjectHead::money_percent`] for roles with money only.
    pub fn shown_money_percent(&self, money: bool) -> Option<i64> {
        self.money_percent().filter(|_| money)
    }
}

fn percent(used: i64, budget: Option<i64>) -> Option<i64> {
    let budget = budget.filter(|budget| *budget > 0)?;
    used.checked_mul(100)?.checked_div(budget)
}

/// A page of the list, by name.
pub fn list(conn: &mut Conn, actor: &Actor, filter: &ProjectFilter) -> AppResult<(Vec<ProjectHead>, Pager)> {
    let total = filtered(actor, filter).count().get_result(conn)?;
    let pager = Pager::new(filter.page, total);
    let page = filtered(actor, filter)
        .order((projects::name_key, projects::id))
        .limit(PER_PAGE)
        .offset(pager.offset());
    Ok((with_figures(conn, page)?, pager))
}

/// The head of a project's pages: the project with its figures, if `actor` may see it.
pub fn head(conn: &mut Conn, actor: &Actor, id: ProjectId, today: NaiveDate) -> AppResult<ProjectHead> {
    let query = visible_to(actor).filter(projects::id.eq(id));
    let head = with_figures(conn, query)?.pop().ok_or(AppError::NotFound)?;
    let price = rates::price_of(conn, head.project.client_id, Some(id), today)?;
    Ok(ProjectHead { rate_cents: own_rate(conn, id, today)?, price, ..head })
}

/// Fills in the rate that each project of a list has itself on `today`.
pub fn add_rates(conn: &mut Conn, heads: &mut [ProjectHead], today: NaiveDate) -> AppResult<()> {
    let ids: Vec<ProjectId> = heads.iter().map(|head| head.project.id).collect();
    let rates = rates::own_of_projects(conn, RateKind::Bill, &ids, today)?;
    for head in heads {
        head.rate_cents = rates.get(&head.project.id).copied();
    }
    Ok(())
}

type Figures = (Project, Option<String>, Option<Currency>, Option<i64>, Option<i64>, Option<i64>);

fn with_figures(conn: &mut Conn, query: Projects<'_>) -> AppResult<Vec<ProjectHead>> {
    let client = || clients::table.filter(clients::id.eq(projects::client_id));
    let hours = || project_hours::table.filter(project_hours::project_id.eq(projects::id));
    let open = tasks::table.filter(tasks::project_id.eq(projects::id)).filter(tasks::completed_at.is_null());
    let rows: Vec<Figures> = query
        .select((
            Project::as_select(),
            client().select(clients::name).single_value(),
            client().select(clients::currency).single_value(),
            hours().select(project_hours::seconds).single_value(),
            hours().select(project_hours::cents).single_value(),
            open.count().single_value(),
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(project, client_name, currency, used_seconds, used_cents, open_tasks)| ProjectHead {
            project,
            client_name: client_name.unwrap_or_default(),
            currency: currency.unwrap_or(Currency::EUR),
            used_seconds: used_seconds.unwrap_or(0),
            used_cents: used_cents.unwrap_or(0),
            open_tasks: open_tasks.unwrap_or(0),
            rate_cents: None,
            price: None,
        })
        .collect())
}
