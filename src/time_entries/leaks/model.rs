//! What leaks, in five queries.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};
use diesel::prelude::*;

use crate::auth::policy::{Policy, Role};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{clients, milestones, project_hours, projects, time_entries, timesheets, users};
use crate::error::{AppError, AppResult};
use crate::projects::model::{BillingModel, ProjectStatus};
use crate::time_entries::model::{LONG_SECONDS, TimeEntry};
use crate::time_entries::rows::{EntryRow, with_names};
use crate::time_entries::timesheets::model::Status;
use crate::time_entries::week::Week;
use crate::types::calendar::WeekStart;
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, UserId};
use crate::types::money::Currency;

/// Weeks that the report looks back.
const WEEKS: u64 = 4;
/// Rows of each list.
const SHOWN: i64 = 50;

/// Unbilled hours on a project that takes no more.
#[derive(Debug, Clone)]
pub struct ClosedProject {
    /// Which.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Its client's.
    pub client: String,
    /// How far it is.
    pub status: ProjectStatus,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Unbilled seconds on it.
    pub seconds: i64,
    /// Their value.
    pub cents: i64,
}

/// What one person left open.
#[derive(Debug, Clone)]
pub struct PersonGaps {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Working days with nothing on them.
    pub days: Vec<NaiveDate>,
    /// Past weeks with hours that were not handed in.
    pub weeks: Vec<Week>,
}

/// The report.
#[derive(Debug, Clone)]
pub struct Leaks {
    /// The first day that is looked at.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
    /// Billable hours that have no rate.
    pub without_rate: Vec<EntryRow>,
    /// Timers that run for more than ten hours.
    pub running_long: Vec<EntryRow>,
    /// Unbilled hours on projects that are done or archived.
    pub closed: Vec<ClosedProject>,
    /// Fixed prices of finished projects, as far as no milestone pays for them.
    pub prices: Vec<UnbilledPrice>,
    /// People with empty working days or weeks that are not handed in.
    pub gaps: Vec<PersonGaps>,
}

/// A fixed price of a finished project that can be billed by nothing yet.
#[derive(Debug, Clone)]
pub struct UnbilledPrice {
    /// Which project.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Its client's name.
    pub client: String,
    /// The currency of its price.
    pub currency: Currency,
    /// What of the price is in no milestone, in minor units.
    pub cents: i64,
}

impl Leaks {
    /// Whether nothing leaks.
    pub fn is_empty(&self) -> bool {
        self.without_rate.is_empty()
            && self.running_long.is_empty()
            && self.closed.is_empty()
            && self.prices.is_empty()
            && self.gaps.is_empty()
    }

    /// The day from which re-pricing would reach every hour without a rate that is shown.
    pub fn first_without_rate(&self) -> NaiveDate {
        self.without_rate.first().map_or(self.from, |row| row.entry.local_on)
    }
}

/// What leaks by `today`: hours without a rate however old they are, days with nothing in the four weeks before this one
/// and in this one up to yesterday.
pub fn report(conn: &mut Conn, actor: &Actor, now: UtcTime, today: NaiveDate) -> AppResult<Leaks> {
    if !actor.may(Policy::Money) {
        return Err(AppError::Forbidden);
    }
    let start = actor.week_starts_on;
    let from = Week::of(today.checked_sub_days(Days::new(7 * WEEKS)).unwrap_or(today), start).first();
    let to = today.pred_opt().unwrap_or(today);
    let people: Vec<Person> = users::table
        .filter(users::disabled_at.is_null())
        .order((users::name, users::id))
        .select((users::id, users::name, users::role, users::created_at, users::week_starts_on))
        .load(conn)?;
    let ids: Vec<UserId> = people.iter().map(|person| person.0).collect();
    let without_rate: Vec<TimeEntry> = time_entries::table
        .filter(time_entries::is_unbilled)
        .filter(time_entries::rate_cents.is_null())
        .order((time_entries::local_on, time_entries::id))
        .select(TimeEntry::as_select())
        .limit(SHOWN)
        .load(conn)?;
    let running_long: Vec<TimeEntry> = time_entries::table
        .filter(time_entries::user_id.eq_any(&ids))
        .filter(time_entries::ended_at.is_null())
        .filter(time_entries::started_at.lt(now.plus_seconds(-LONG_SECONDS)))
        .select(TimeEntry::as_select())
        .cached()
        .load(conn)?;
    let split = without_rate.len();
    let mut rows = with_names(conn, without_rate.into_iter().chain(running_long).collect())?;
    let running_long = rows.split_off(split);
    Ok(Leaks {
        from,
        to,
        without_rate: rows,
        running_long,
        closed: closed(conn)?,
        prices: prices(conn)?,
        gaps: gaps(conn, people, from, to)?,
    })
}

/// Who, their name, role and first day, and on which day their weeks begin.
type Person = (UserId, String, Role, UtcTime, WeekStart);

fn closed(conn: &mut Conn) -> AppResult<Vec<ClosedProject>> {
    type Row = (ProjectId, String, String, ProjectStatus, Currency, i64, i64);
    let rows: Vec<Row> = projects::table
        .inner_join(clients::table)
        .inner_join(project_hours::table)
        .filter(projects::status.eq_any([ProjectStatus::Done, ProjectStatus::Archived]))
        .filter(project_hours::unbilled_entries.gt(0))
        .order((projects::name_key, projects::id))
        .select((
            projects::id,
            projects::name,
            clients::name,
            projects::status,
            clients::currency,
            project_hours::unbilled_seconds,
            project_hours::unbilled_cents,
        ))
        .cached()
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name, client, status, currency, seconds, cents)| ClosedProject {
            id,
            name,
            client,
            status,
            currency,
            seconds,
            cents,
        })
        .collect())
}

fn prices(conn: &mut Conn) -> AppResult<Vec<UnbilledPrice>> {
    type Row = (ProjectId, String, String, Currency, Option<i64>);
    let rows: Vec<Row> = projects::table
        .inner_join(clients::table)
        .filter(projects::status.eq(ProjectStatus::Done))
        .filter(projects::billing_model.eq(BillingModel::FixedPrice))
        .filter(projects::price_cents.is_not_null())
        .order((projects::name_key, projects::id))
        .select((projects::id, projects::name, clients::name, clients::currency, projects::price_cents))
        .load(conn)?;
    let ids: Vec<ProjectId> = rows.iter().map(|row| row.0).collect();
    let planned: Vec<(ProjectId, Option<i64>)> = milestones::table
        .filter(milestones::project_id.eq_any(ids))
        .select((milestones::project_id, milestones::amount_cents))
        .cached()
        .load(conn)?;
    let mut sums: BTreeMap<ProjectId, i64> = BTreeMap::new();
    for (project, cents) in planned {
        *sums.entry(project).or_default() += cents.unwrap_or(0);
    }
    let rest = |id: &ProjectId, price: i64| price - sums.get(id).copied().unwrap_or(0);
    Ok(rows
        .into_iter()
        .map(|(id, name, client, currency, price)| {
            let cents = rest(&id, price.unwrap_or(0));
            UnbilledPrice { id, name, client, currency, cents }
        })
        .filter(|price| price.cents > 0)
        .collect())
}

fn gaps(conn: &mut Conn, people: Vec<Person>, from: NaiveDate, to: NaiveDate) -> AppResult<Vec<PersonGaps>> {
    let worked: Vec<(UserId, NaiveDate)> = time_entries::table
        .filter(time_entries::local_on.between(from, to))
        .select((time_entries::user_id, time_entries::local_on))
        .distinct()
        .load(conn)?;
    let mut worked_on: BTreeMap<UserId, BTreeSet<NaiveDate>> = BTreeMap::new();
    for (user, on) in worked {
        worked_on.entry(user).or_default().insert(on);
    }
    let handed_in: BTreeSet<(UserId, NaiveDate)> = timesheets::table
        .filter(timesheets::thursday.between(from, to.checked_add_days(Days::new(6)).unwrap_or(to)))
        .filter(timesheets::status.ne(Status::Reopened))
        .select((timesheets::user_id, timesheets::thursday))
        .load::<(UserId, NaiveDate)>(conn)?
        .into_iter()
        .collect();
    let nothing = BTreeSet::new();
    Ok(people
        .into_iter()
        .filter(|(_, _, role, ..)| *role != Role::Bookkeeper)
        .map(|(user_id, name, _, since, start)| {
            let on = worked_on.get(&user_id).unwrap_or(&nothing);
            let begun = since.datetime().date_naive();
            let is_workday = |day: &NaiveDate| day.weekday().number_from_monday() <= 5;
            let days = from
                .iter_days()
                .take_while(|day| *day <= to)
                .filter(|day| is_workday(day) && *day >= begun && !on.contains(day));
            let past: BTreeSet<NaiveDate> = on.iter().map(|day| Week::of(*day, start).first()).collect();
            let weeks = past
                .into_iter()
                .map(Week::from)
                .filter(|week| week.last() <= to && !handed_in.contains(&(user_id, week.thursday())));
            PersonGaps { user_id, name, days: days.collect(), weeks: weeks.collect() }
        })
        .filter(|gaps| !gaps.days.is_empty() || !gaps.weeks.is_empty())
        .collect())
}
