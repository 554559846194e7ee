//! What stands above the list: sums by currency, since two currencies are never added.

use chrono::{Datelike, Months, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};

use crate::auth::user::Actor;
use crate::billing::payments::exchange::{self, Rate};
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{invoices, payment_allocations, payments};
use crate::error::{AppError, AppResult};
use crate::types::duration;
use crate::types::money::{Currency, Money};

/// An amount of one currency and how many rows it sums.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Sum {
    /// Its currency.
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    /// The sum in minor units.
    #[diesel(sql_type = BigInt)]
    pub cents: i64,
    /// Rows, or seconds where hours are summed.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// A figure per currency, since two currencies are never added.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The agency's currency.
    pub main: Sum,
    /// The others that have an amount.
    pub others: Vec<Sum>,
}

impl Figure {
    fn new(sums: Vec<Sum>, currency: Currency) -> Self {
        let (mine, others): (Vec<Sum>, Vec<Sum>) = sums.into_iter().partition(|sum| sum.currency == currency);
        Self { main: mine.first().copied().unwrap_or(Sum { currency, cents: 0, count: 0 }), others }
    }

    /// Rows over all currencies.
    pub fn count(&self) -> i64 {
        self.main.count + self.others.iter().map(|sum| sum.count).sum::<i64>()
    }
}

/// Hours and costs that no invoice holds, of all clients with one currency.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Ready {
    /// Their currency.
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    /// The value of the hours in minor units.
    #[diesel(sql_type = BigInt)]
    pub cents: i64,
    /// The hours in seconds.
    #[diesel(sql_type = BigInt)]
    pub seconds: i64,
    /// The prices of the costs in minor units.
    #[diesel(sql_type = BigInt)]
    pub cost_cents: i64,
    /// How many costs: expenses, milestones and charges of retainers.
    #[diesel(sql_type = BigInt)]
    pub costs: i64,
}

/// What could be billed now, by currency.
pub fn ready(conn: &mut Conn) -> AppResult<Vec<Ready>> {
    let query = diesel::sql_query(
        "SELECT currency, CAST(SUM(cents) AS BIGINT) AS cents, CAST(SUM(seconds) AS BIGINT) AS seconds, \
           CAST(SUM(cost_cents) AS BIGINT) AS cost_cents, CAST(SUM(costs) AS BIGINT) AS costs FROM ( \
             SELECT c.currency, h.unbilled_cents AS cents, h.unbilled_seconds AS seconds, 0 AS cost_cents, 0 AS costs \
               FROM project_hours h JOIN projects p ON p.id = h.project_id JOIN clients c ON c.id = p.client_id \
               WHERE h.unbilled_entries > 0 \
             UNION ALL SELECT c.currency, 0, 0, x.price_cents, 1 \
               FROM expenses x JOIN clients c ON c.id = x.client_id WHERE x.is_unbilled \
             UNION ALL SELECT c.currency, 0, 0, m.amount_cents, 1 \
               FROM milestones m JOIN projects p ON p.id = m.project_id JOIN clients c ON c.id = p.client_id WHERE m.is_unbilled \
             UNION ALL SELECT c.currency, 0, 0, r.amount_cents, 1 \
               FROM retainer_charges r JOIN projects p ON p.id = r.project_id JOIN clients c ON c.id = p.client_id \
               WHERE r.is_unbilled) w GROUP BY currency ORDER BY currency",
    );
    Ok(query.cached().load(conn)?)
}

/// The strip above the list.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Issued and not yet paid, without credits.
    pub outstanding: Figure,
    /// Of that, past its due date.
    pub overdue: Figure,
    /// Hours and costs that no invoice holds; counts the seconds of the hours.
    pub ready: Figure,
    /// Of that, the costs.
    pub ready_costs: Figure,
    /// Payments received in the month of `today`, reversals taken off.
    pub paid: Figure,
    /// That month's first day.
    pub month: NaiveDate,
}

impl Figures {
    /// Whether there is anything to bill.
    pub fn is_ready(&self) -> bool {
        self.ready.count() > 0 || self.ready_costs.count() > 0
    }

    /// The close of the month: what is ready, client by client.
    pub fn close_path(&self) -> String {
        format!("/billing/close?month={}", self.month.format("%Y-%m"))
    }

    /// "4.50 unbilled hours, 2 costs".
    pub fn ready_text(&self) -> String {
        let hours = format!("{} unbilled hours", duration::hours(self.ready.count()));
        match self.ready_costs.count() {
            0 => hours,
            1 => format!("{hours}, 1 cost"),
            many => format!("{hours}, {many} costs"),
        }
    }
}

/// The figures of all clients on `today`, by currency.
pub fn of_all(conn: &mut Conn, actor: &Actor, today: NaiveDate, currency: Currency) -> AppResult<Figures> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let month = today.with_day(1).unwrap_or(today);
    let end = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let outstanding = diesel::sql_query(
        "SELECT currency, CAST(SUM(total_cents - paid_cents - credited_cents - written_off_cents) AS BIGINT) AS cents, count(*) AS count \
         FROM invoices WHERE issued_at IS NOT NULL AND settled_at IS NULL AND kind = 'invoice' GROUP BY currency ORDER BY currency",
    )
    .cached()
    .load(conn)?;
    let overdue = diesel::sql_query(
        "SELECT currency, CAST(SUM(total_cents - paid_cents - credited_cents - written_off_cents) AS BIGINT) AS cents, count(*) AS count \
         FROM invoices WHERE issued_at IS NOT NULL AND settled_at IS NULL AND due_on < $1 AND kind = 'invoice' \
         GROUP BY currency ORDER BY currency",
    )
    .bind::<Date, _>(today)
    .cached()
    .load(conn)?;
    let ready = ready(conn)?;
    let costs = ready.iter().map(|of| Sum { currency: of.currency, cents: of.cost_cents, count: of.costs });
    let ready_costs = Figure::new(costs.collect(), currency);
    let sums = ready.iter().map(|of| Sum {
        currency: of.currency,
        cents: of.cents.saturating_add(of.cost_cents),
        count: of.seconds,
    });
    let ready = Figure::new(sums.collect(), currency);
    let paid = diesel::sql_query(
        "SELECT currency, CAST(SUM(amount_cents) AS BIGINT) AS cents, count(*) AS count \
         FROM payments WHERE received_on >= $1 AND received_on < $2 GROUP BY currency ORDER BY currency",
    )
    .bind::<Date, _>(month)
    .bind::<Date, _>(end)
    .cached()
    .load(conn)?;
    Ok(Figures {
        outstanding: Figure::new(outstanding, currency),
        overdue: Figure::new(overdue, currency),
        ready,
        ready_costs,
        paid: Figure::new(paid, currency),
        month,
    })
}

/// What exchange rates gained or lost on what came in in the month that begins on `month`, in the agency's currency;
/// `None` where nothing in another settled an invoice.
pub fn exchanged(
    conn: &mut Conn,
    actor: &Actor,
    month: NaiveDate,
    currency: Currency,
) -> AppResult<Option<Money>> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let end = month.checked_add_months(Months::new(1)).unwrap_or(month);
    type Stored = (Option<Currency>, Option<i64>);
    let rows: Vec<(Currency, i64, Stored, Stored)> = payments::table
        .inner_join(payment_allocations::table.inner_join(invoices::table))
        .filter(payments::received_on.ge(month))
        .filter(payments::received_on.lt(end))
        .filter(payments::currency.ne(currency))
        .select((
            payments::currency,
            payment_allocations::amount_cents,
            (payments::base_currency, payments::exchange_rate_e6),
            (invoices::base_currency, invoices::exchange_rate_e6),
        ))
        .load(conn)?;
    let known: Vec<Money> = rows
        .into_iter()
        .filter_map(|(of, cents, paid, invoiced)| {
            let (paid, invoiced) = (Rate::stored(paid.0, paid.1), Rate::stored(invoiced.0, invoiced.1));
            exchange::difference(Money::new(cents, of), paid, invoiced)
        })
        .collect();
    Ok(if known.is_empty() { None } else { exchange::total(currency, known) })
}
