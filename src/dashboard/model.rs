//! The figures of the dashboard, each on an index.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::billing::model::{self as billing, Figures};
use crate::db::count::Capped;
use crate::db::schema::{clients, invoices, projects, tasks, time_entries};
use crate::db::{Conn, assigned};
use crate::error::AppResult;
use crate::tasks::model as tasks_model;
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, TaskId};
use crate::types::money::{Currency, Money};
use crate::types::zone;

/// Rows in a list of the dashboard.
const ROWS: i64 = 8;
/// Late invoices that are named.
const LATE: i64 = 5;

/// What is owed and what could be billed.
#[derive(Debug, Clone)]
pub struct MoneyFigures {
    /// The sums that the list of invoices shows as well.
    pub figures: Figures,
    /// The latest of the late.
    pub late: Vec<LateInvoice>,
    /// Drafts that wait to be issued; counted up to a cap.
    pub drafts: i64,
}

/// An invoice past its due date.
#[derive(Debug, Clone)]
pub struct LateInvoice {
    /// Which.
    pub id: InvoiceId,
    /// Its number.
    pub number: String,
    /// Who owes it.
    pub client: String,
    /// What is left to pay.
    pub balance: Money,
    /// Days past the due date.
    pub days: i64,
}

/// The figures for roles that see money.
pub fn money(
    conn: &mut Conn,
    actor: &Actor,
    today: NaiveDate,
    currency: Currency,
) -> AppResult<MoneyFigures> {
    type Row = (InvoiceId, Option<String>, String, Currency, Option<NaiveDate>, i64);
    let settled = invoices::paid_cents + invoices::credited_cents + invoices::written_off_cents;
    let rows: Vec<Row> = invoices::table
        .inner_join(clients::table)
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::settled_at.is_null())
        .filter(invoices::kind.eq("invoice"))
        .filter(invoices::due_on.lt(today))
        .order((invoices::due_on, invoices::id))
        .select((
            invoices::id,
            invoices::number,
            clients::name,
            invoices::currency,
            invoices::due_on,
            invoices::total_cents - settled,
        ))
        .limit(LATE)
        .load(conn)?;
    let late = rows.into_iter().map(|(id, number, client, currency, due_on, cents)| LateInvoice {
        id,
        number: number.unwrap_or_default(),
        client,
        balance: Money::new(cents, currency),
        days: due_on.map_or(0, |due_on| today.signed_duration_since(due_on).num_days()),
    });
    let late = late.collect();
    let drafts = invoices::table.filter(invoices::issued_at.is_null()).select(invoices::id).limit(COUNT_CAP);
    let drafts = Capped(drafts).get_result(conn)?;
    Ok(MoneyFigures { figures: billing::of_all(conn, actor, today, currency)?, late, drafts })
}

/// An open task of the one who looks.
#[derive(Debug, Clone)]
pub struct MyTask {
    /// Which.
    pub id: TaskId,
    /// What.
    pub title: String,
    /// For whom.
    pub client: String,
    /// On what.
    pub project: String,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
}

impl MyTask {
    /// Whether its date has passed.
    pub fn is_late(&self, today: &NaiveDate) -> bool {
        self.due_on.is_some_and(|due_on| due_on < *today)
    }
}

/// One's own open tasks, the most urgent first.
pub fn my_tasks(conn: &mut Conn, actor: &Actor) -> AppResult<Vec<MyTask>> {
    let mut query = tasks::table
        .inner_join(projects::table)
        .inner_join(clients::table)
        .filter(tasks::assignee_id.eq(actor.id))
        .filter(tasks::completed_at.is_null())
        .order((tasks::due_order, tasks::id))
        .limit(ROWS)
        .select((tasks::id, tasks::title, clients::name, projects::name, tasks::due_on))
        .into_boxed();
    if let Some(user) = actor.only_assigned() {
        query = query.filter(assigned::to_project("tasks.project_id", user));
    }
    let rows: Vec<(TaskId, String, String, String, Option<NaiveDate>)> = query.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, title, client, project, due_on)| MyTask { id, title, client, project, due_on })
        .collect())
}

/// Counting late tasks stops here, as the navigation's counts do.
const COUNT_CAP: i64 = 1_000;

/// How many of one's own open tasks are late on `today`.
pub fn my_late_tasks(conn: &mut Conn, actor: &Actor, today: NaiveDate) -> AppResult<i64> {
    let late = tasks_model::visible_to(actor)
        .filter(tasks::assignee_id.eq(actor.id))
        .filter(tasks::completed_at.is_null())
        .filter(tasks::due_order.lt(today))
        .select(tasks::id)
        .limit(COUNT_CAP);
    Ok(Capped(late).get_result(conn)?)
}

/// How many of one's own open tasks are due within the next seven days, `today` among them.
pub fn my_next_tasks(conn: &mut Conn, actor: &Actor, today: NaiveDate) -> AppResult<i64> {
    let last = today.checked_add_days(Days::new(6)).unwrap_or(today);
    let next = tasks_model::visible_to(actor)
        .filter(tasks::assignee_id.eq(actor.id))
        .filter(tasks::completed_at.is_null())
        .filter(tasks::due_order.between(today, last))
        .select(tasks::id)
        .limit(COUNT_CAP);
    Ok(Capped(next).get_result(conn)?)
}

/// A day of one's own week.
#[derive(Debug, Clone)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// Billable seconds.
    pub billable: i64,
    /// All seconds.
    pub total: i64,
    /// Whether it is today.
    pub is_today: bool,
    /// Seconds at the top of the chart.
    scale: i64,
    index: i64,
}

impl Day {
    /// "M".
    pub fn letter(&self) -> String {
        self.date.format("%a").to_string().chars().take(1).collect()
    }

    /// Left edge of the bar in percent of the chart.
    pub fn x(&self) -> String {
        tenths(self.index * 1_000 / 7 + 36)
    }

    /// Height of the bar for `seconds` in percent of the chart.
    pub fn height(&self, seconds: &i64) -> String {
        tenths(seconds * 1_000 / self.scale)
    }

    /// Upper edge of the bar that is `seconds` high.
    pub fn y(&self, seconds: &i64) -> String {
        tenths(1_000 - seconds * 1_000 / self.scale)
    }
}

fn tenths(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// One's own week, the running timer counted up to now.
#[derive(Debug, Clone)]
pub struct Week {
    /// From its first to its last.
    pub days: Vec<Day>,
    /// Hours at the top of the chart.
    pub top_hours: i64,
}

impl Week {
    /// Seconds of the week.
    pub fn total(&self) -> i64 {
        self.days.iter().map(|day| day.total).sum()
    }

    /// Billable share in percent.
    pub fn billable_percent(&self) -> i64 {
        let billable: i64 = self.days.iter().map(|day| day.billable).sum();
        (billable * 100).checked_div(self.total()).unwrap_or(0)
    }

    /// Today, for the one whose week it is.
    pub fn day(&self) -> String {
        self.days.iter().find(|day| day.is_today).map(|day| day.date.to_string()).unwrap_or_default()
    }

    /// Seconds of today.
    pub fn today(&self) -> i64 {
        self.days.iter().filter(|day| day.is_today).map(|day| day.total).sum()
    }

    /// The chart in one sentence.
    pub fn sentence(&self) -> String {
        let days: Vec<String> = self
            .days
            .iter()
            .filter(|day| day.total > 0)
            .map(|day| format!("{} {}", day.date.format("%A"), crate::types::duration::clock(day.total)))
            .collect();
        if days.is_empty() {
            "No hours this week yet.".to_owned()
        } else {
            format!("Hours this week: {}.", days.join(", "))
        }
    }
}

/// The first and the last day of the week of `today` as it begins for `actor`.
pub(super) fn days_of_week(today: NaiveDate, actor: &Actor) -> (NaiveDate, NaiveDate) {
    let first = actor.week_starts_on.first(today);
    (first, first.checked_add_days(Days::new(6)).unwrap_or(first))
}

/// The week of `now` in the zone of `actor`.
pub fn my_week(conn: &mut Conn, actor: &Actor, now: UtcTime) -> AppResult<Week> {
    let today = zone::local_date(now, actor.zone());
    let (first, last) = days_of_week(today, actor);
    let rows: Vec<(NaiveDate, i64, bool, UtcTime, Option<UtcTime>)> = time_entries::table
        .filter(time_entries::user_id.eq(actor.id))
        .filter(time_entries::local_on.between(first, last))
        .select((
            time_entries::local_on,
            time_entries::duration_seconds,
            time_entries::is_billable,
            time_entries::started_at,
            time_entries::ended_at,
        ))
        .load(conn)?;
    let mut days: Vec<Day> = (0..7)
        .filter_map(|index| first.checked_add_days(Days::new(index)))
        .enumerate()
        .map(|(index, date)| Day {
            date,
            billable: 0,
            total: 0,
            is_today: date == today,
            scale: 1,
            index: index as i64,
        })
        .collect();
    for (date, seconds, is_billable, started_at, ended_at) in rows {
        let seconds = if ended_at.is_some() { seconds } else { now.seconds_since(started_at).max(0) };
        if let Some(day) = days.iter_mut().find(|day| day.date == date) {
            day.total += seconds;
            day.billable += if is_billable { seconds } else { 0 };
        }
    }
    let most = days.iter().map(|day| day.total).max().unwrap_or(0);
    let top_hours = (most / 3_600 + 1).max(8);
    for day in &mut days {
        day.scale = top_hours * 3_600;
    }
    Ok(Week { days, top_hours })
}
