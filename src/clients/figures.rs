//! Clients with their figures: projects, hours and money, as the list and a client's pages show them.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::model::{Client, ClientFilter, ClientSort, filtered, find};
use crate::auth::user::Actor;
use crate::db::cached::Cache;
use crate::db::schema::{clients, contacts, invoices, projects, time_entries};
use crate::db::sum::sum;
use crate::db::{Conn, assigned};
use crate::error::{AppError, AppResult};
use crate::rates::model::{self as rates, Resolved};
use crate::types::ids::{ClientId, ProjectId};
use crate::types::pagination::{PER_PAGE, Pager};

/// A row of the list with its figures.
#[derive(Debug, Clone)]
pub struct ClientRow {
    /// The client.
    pub client: Client,
    /// Its first contact.
    pub contact: Option<String>,
    /// Projects under way.
    pub projects: i64,
    /// Seconds logged this month.
    pub month_seconds: i64,
    /// Unpaid, in minor units.
    pub outstanding: i64,
    /// Unpaid and late.
    pub overdue: i64,
}

/// A page of the list.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &ClientFilter,
    today: NaiveDate,
) -> AppResult<(Vec<ClientRow>, Pager)> {
    let total = filtered(actor, filter).count().get_result(conn)?;
    let pager = Pager::new(filter.page, total);
    let mut query = filtered(actor, filter);
    query = match filter.sort {
        ClientSort::Name => query.order((clients::name_key, clients::id)),
        ClientSort::NameDown => query.order((clients::name_key.desc(), clients::id.desc())),
        ClientSort::Created => query.order((clients::created_at, clients::id)),
        ClientSort::CreatedDown => query.order((clients::created_at.desc(), clients::id.desc())),
    };
    let page: Vec<Client> =
        query.select(Client::as_select()).limit(PER_PAGE).offset(pager.offset()).load(conn)?;
    Ok((with_figures(conn, actor, page, today)?, pager))
}

/// One row of the list.
pub fn row(conn: &mut Conn, actor: &Actor, id: ClientId, today: NaiveDate) -> AppResult<ClientRow> {
    let client = find(conn, actor, id)?;
    with_figures(conn, actor, vec![client], today)?.pop().ok_or(AppError::NotFound)
}

/// A contractor's figures are their own hours and the projects they are assigned to.
fn with_figures(
    conn: &mut Conn,
    actor: &Actor,
    page: Vec<Client>,
    today: NaiveDate,
) -> AppResult<Vec<ClientRow>> {
    let ids: Vec<ClientId> = page.iter().map(|client| client.id).collect();
    let contacts: Vec<(ClientId, String)> = contacts::table
        .filter(contacts::client_id.eq_any(&ids))
        .order(contacts::id)
        .select((contacts::client_id, contacts::name))
        .cached()
        .load(conn)?;
    let mut active = projects::table
        .group_by(projects::client_id)
        .select((projects::client_id, diesel::dsl::count_star()))
        .filter(projects::client_id.eq_any(&ids))
        .filter(projects::status.eq("active"))
        .into_boxed();
    if let Some(user) = actor.only_assigned() {
        active = active.filter(assigned::to_project("projects.id", user));
    }
    let projects: Vec<(ClientId, i64)> = active.cached().load(conn)?;
    let month = today.with_day(1).unwrap_or(today);
    let mut worked = time_entries::table
        .group_by(time_entries::client_id)
        .select((time_entries::client_id, sum(time_entries::duration_seconds)))
        .filter(time_entries::client_id.eq_any(&ids))
        .filter(time_entries::local_on.ge(month))
        .into_boxed();
    if let Some(user) = actor.only_assigned() {
        worked = worked.filter(time_entries::user_id.eq(user));
    }
    let hours: Vec<(ClientId, Option<i64>)> = worked.cached().load(conn)?;
    let settled = invoices::paid_cents + invoices::credited_cents + invoices::written_off_cents;
    let open: Vec<(ClientId, Option<NaiveDate>, i64)> = invoices::table
        .filter(invoices::client_id.eq_any(&ids))
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::settled_at.is_null())
        .filter(invoices::kind.eq("invoice"))
        .select((invoices::client_id, invoices::due_on, invoices::total_cents - settled))
        .cached()
        .load(conn)?;
    let balance = |id: ClientId, late_only: bool| {
        open.iter()
            .filter(|(client, due_on, ..)| {
                *client == id && (!late_only || due_on.is_some_and(|due_on| due_on < today))
            })
            .map(|(_, _, cents)| cents)
            .sum()
    };
    Ok(page
        .into_iter()
        .map(|client| ClientRow {
            contact: contacts.iter().find(|(id, _)| *id == client.id).map(|(_, name)| name.clone()),
            projects: projects.iter().find(|(id, _)| *id == client.id).map_or(0, |(_, count)| *count),
            month_seconds: hours
                .iter()
                .find(|(id, _)| *id == client.id)
                .and_then(|(_, sum)| *sum)
                .unwrap_or(0),
            outstanding: balance(client.id, false),
            overdue: balance(client.id, true),
            client,
        })
        .collect())
}

/// What stands at the head of each of a client's pages.
#[derive(Debug, Clone)]
pub struct ClientHead {
    /// The client.
    pub client: Client,
    /// Unpaid, in minor units of its currency.
    pub outstanding: i64,
    /// Of that, late.
    pub overdue: i64,
    /// Value of unbilled hours.
    pub ready_cents: i64,
    /// Unbilled seconds.
    pub ready_seconds: i64,
    /// Net of this year's invoices.
    pub billed_this_year: i64,
    /// How many invoices that were.
    pub invoices_this_year: i64,
    /// The rate that its hours get, its own or the agency's.
    pub price: Option<Resolved>,
}

impl ClientHead {
    /// Where its rates are.
    pub fn rates_path(&self) -> String {
        format!("/rates/history?client_id={}", self.client.id)
    }
}

/// The head of a client's pages.
pub fn head(conn: &mut Conn, actor: &Actor, id: ClientId, today: NaiveDate) -> AppResult<ClientHead> {
    let client = find(conn, actor, id)?;
    let row = with_figures(conn, actor, vec![client], today)?.pop().ok_or(AppError::NotFound)?;
    let (ready_seconds, ready_cents): (Option<i64>, Option<i64>) = time_entries::table
        .filter(time_entries::client_id.eq(id))
        .filter(time_entries::is_unbilled)
        .select((sum(time_entries::duration_seconds), sum(time_entries::amount_cents)))
        .get_result(conn)?;
    let january = NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap_or(today);
    let (invoices_this_year, billed): (i64, Option<i64>) = invoices::table
        .filter(invoices::client_id.eq(id))
        .filter(invoices::issue_on.ge(january))
        .filter(invoices::issued_at.is_not_null())
        .select((diesel::dsl::count_star(), sum(invoices::net_cents)))
        .get_result(conn)?;
    Ok(ClientHead {
        price: rates::price_of(conn, id, None, today)?,
        client: row.client,
        outstanding: row.outstanding,
        overdue: row.overdue,
        ready_cents: ready_cents.unwrap_or(0),
        ready_seconds: ready_seconds.unwrap_or(0),
        billed_this_year: billed.unwrap_or(0),
        invoices_this_year,
    })
}

/// A project as its client's page lists it.
#[derive(Debug, Clone, Queryable)]
pub struct ProjectLine {
    /// Which.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// Budget in seconds.
    pub budget_seconds: Option<i64>,
    /// Seconds logged.
    #[diesel(skip_insertion)]
    pub used_seconds: i64,
}

impl ProjectLine {
    /// Used share of the budget in percent; `None` without a budget.
    pub fn used_percent(&self) -> Option<i64> {
        let budget = self.budget_seconds.filter(|budget| *budget > 0)?;
        self.used_seconds.checked_mul(100)?.checked_div(budget)
    }
}

/// A client's projects, as far as `actor` may see them, those under way first; to a contractor with their own hours.
pub fn projects_of(conn: &mut Conn, actor: &Actor, id: ClientId) -> AppResult<Vec<ProjectLine>> {
    type Row = (ProjectId, String, String, Option<NaiveDate>, Option<i64>);
    let mut query = projects::table
        .filter(projects::client_id.eq(id))
        .order((projects::name_key, projects::id))
        .select((projects::id, projects::name, projects::status, projects::due_on, projects::budget_seconds))
        .into_boxed();
    if let Some(user) = actor.only_assigned() {
        query = query.filter(assigned::to_project("projects.id", user));
    }
    let rows: Vec<Row> = query.load(conn)?;
    let ids: Vec<ProjectId> = rows.iter().map(|row| row.0).collect();
    let mut worked = time_entries::table
        .group_by(time_entries::project_id)
        .select((time_entries::project_id, sum(time_entries::duration_seconds)))
        .filter(time_entries::project_id.eq_any(&ids))
        .into_boxed();
    if let Some(user) = actor.only_assigned() {
        worked = worked.filter(time_entries::user_id.eq(user));
    }
    let used: Vec<(ProjectId, Option<i64>)> = worked.cached().load(conn)?;
    let mut lines: Vec<ProjectLine> = rows
        .into_iter()
        .map(|(id, name, status, due_on, budget_seconds)| ProjectLine {
            id,
            name,
            status,
            due_on,
            budget_seconds: budget_seconds.filter(|_| actor.only_assigned().is_none()),
            used_seconds: used
                .iter()
                .find(|(project, _)| *project == id)
                .and_then(|(_, sum)| *sum)
                .unwrap_or(0),
        })
        .collect();
    lines.sort_by_key(|line| line.status != "active");
    Ok(lines)
}
