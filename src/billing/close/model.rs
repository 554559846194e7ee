//! What a month leaves to be billed, client by client, and the drafts that take it.

use chrono::{Datelike, Days, Months, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use super::hours;
use crate::auth::user::Actor;
use crate::billing::draft::{self, NewDraft};
use crate::billing::equation::{self, Terms};
use crate::billing::model::Grouping;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::error::{AppError, AppResult};
use crate::projects::retainers::model::{self as retainers, OpenPeriods};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId};
use crate::types::money::Currency;

/// What one client's hours and costs come to on a draft, before tax. Amounts are minor units of its currency.
#[derive(Debug, Clone, QueryableByName, serde::Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "hours have seconds and minor units, costs minor units")]
pub struct CloseRow {
    #[diesel(sql_type = BigInt)]
    pub client_id: ClientId,
    #[diesel(sql_type = Text)]
    pub client: String,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub seconds: i64,
    #[diesel(sql_type = BigInt)]
    pub cents: i64,
    /// Hours that have no rate and so cannot be billed.
    #[diesel(sql_type = BigInt)]
    pub seconds_without_rate: i64,
    #[diesel(sql_type = BigInt)]
    pub costs: i64,
    #[diesel(sql_type = BigInt)]
    pub cost_cents: i64,
    /// Drafts that wait to be issued.
    #[diesel(sql_type = BigInt)]
    pub drafts: i64,
    /// An archived client is billed once it is restored.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub is_archived: bool,
}

impl CloseRow {
    /// Hours with a rate and costs.
    pub fn total(&self) -> i64 {
        self.cents + self.cost_cents
    }

    /// Whether a draft would take something.
    pub fn is_billable(&self) -> bool {
        !self.is_archived && (self.seconds > self.seconds_without_rate || self.costs > 0)
    }
}

/// A month's close.
#[derive(Debug, Clone)]
pub struct Close {
    /// The month's first day.
    pub month: NaiveDate,
    /// Its last day, up to which hours and costs are billed.
    pub to: NaiveDate,
    /// Clients with something unbilled, by name.
    pub rows: Vec<CloseRow>,
    /// Where all billable hours and costs of all months are, by currency.
    pub equations: Vec<Terms>,
    /// Retainers with periods that ended by then and are not closed: what they are charged with is missing here.
    pub retainers: Vec<OpenPeriods>,
}

impl Close {
    /// What drafts would bill, by currency.
    pub fn totals(&self) -> Vec<(Currency, i64)> {
        let mut totals: Vec<(Currency, i64)> = Vec::new();
        for row in self.rows.iter().filter(|row| row.is_billable()) {
            match totals.iter_mut().find(|(currency, _)| *currency == row.currency) {
                Some((_, sum)) => *sum += row.total(),
                None => totals.push((row.currency, row.total())),
            }
        }
        totals
    }

    /// Whether the equation holds in every currency.
    pub fn holds(&self) -> bool {
        self.equations.iter().all(Terms::holds)
    }
}

/// The last day of the month that begins on `month`.
pub fn last_day(month: NaiveDate) -> NaiveDate {
    let next = month.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    next.and_then(|next| next.checked_sub_days(Days::new(1))).unwrap_or(month)
}

/// What is unbilled up to the end of `month`, given as its first day, and what it comes to with a line for each `grouping`.
pub fn load(
    conn: &mut Conn,
    actor: &Actor,
    (month, grouping): (NaiveDate, Grouping),
    today: NaiveDate,
) -> AppResult<Close> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let to = last_day(month);
    let mut rows: Vec<CloseRow> = diesel::sql_query(
        "SELECT c.id AS client_id, c.name AS client, c.currency, c.archived_at IS NOT NULL AS is_archived, \
           CAST(0 AS BIGINT) AS seconds, CAST(0 AS BIGINT) AS cents, CAST(0 AS BIGINT) AS seconds_without_rate, \
           CAST(coalesce(x.costs, 0) AS BIGINT) AS costs, CAST(coalesce(x.cents, 0) AS BIGINT) AS cost_cents, \
           (SELECT count(*) FROM invoices i WHERE i.client_id = c.id AND i.issued_at IS NULL) AS drafts \
         FROM clients c \
         LEFT JOIN (SELECT client_id, count(*) AS costs, SUM(cents) AS cents FROM ( \
             SELECT client_id, price_cents AS cents FROM expenses WHERE is_unbilled AND spent_on <= $1 \
             UNION ALL \
             SELECT p.client_id, m.amount_cents AS cents FROM milestones m JOIN projects p ON p.id = m.project_id \
               WHERE m.is_unbilled AND m.reached_on <= $1 \
             UNION ALL \
             SELECT p.client_id, r.amount_cents AS cents FROM retainer_charges r JOIN projects p ON p.id = r.project_id \
               WHERE r.is_unbilled AND r.charged_on <= $1) k GROUP BY client_id) x ON x.client_id = c.id \
         WHERE x.client_id IS NOT NULL \
           OR EXISTS (SELECT 1 FROM time_entries e WHERE e.client_id = c.id AND e.is_unbilled AND e.local_on <= $1) \
         ORDER BY c.name_key, c.id",
    )
    .bind::<Date, _>(to)
    .cached()
    .load(conn)?;
    let hours = hours::of_clients(conn, to, grouping)?;
    for row in &mut rows {
        let hours = hours.get(&row.client_id).copied().unwrap_or_default();
        (row.seconds, row.seconds_without_rate, row.cents) = (hours.seconds, hours.without_rate, hours.cents);
    }
    let retainers = retainers::to_close(conn, to.min(today.pred_opt().unwrap_or(today)))?;
    Ok(Close { month, to, rows, equations: equation::by_currency(conn, actor)?, retainers })
}

/// Makes a draft for each of `clients` with its hours and costs up to the end of `month`, all or none.
pub fn create_drafts(
    conn: &mut Conn,
    actor: &Actor,
    (now, today): (UtcTime, NaiveDate),
    month: NaiveDate,
    grouping: Grouping,
    clients: &[ClientId],
) -> AppResult<Vec<InvoiceId>> {
    let close = load(conn, actor, (month, grouping), today)?;
    let mut drafts = Vec::new();
    for client in clients {
        let row = close.rows.iter().find(|row| row.client_id == *client && row.is_billable());
        if row.is_none() {
            return Err(AppError::invalid("clients", "name one that has nothing to bill any more"));
        }
        let new =
            NewDraft { grouping, include_costs: true, to: Some(close.to), ..NewDraft::of_hours(*client) };
        drafts.push(draft::create(conn, actor, now, &new)?);
    }
    Ok(drafts)
}
