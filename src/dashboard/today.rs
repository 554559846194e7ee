//! What Today holds for the one who looks: pages and API show the same.

use chrono::NaiveDate;

use super::budgets::{self, BudgetUse};
use super::model::{self, MoneyFigures, MyTask, Week};
use super::months::{self, Invoiced};
use super::team::{self, LongTimer, TeamWeek};
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::policy::Policy;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::projects::retainers::model::{self as retainers, OpenPeriods};
use crate::time_entries::timesheets::model as timesheets;
use crate::types::clock::UtcTime;
use crate::types::money::Currency;

/// Entries of the activity log that are shown.
const ENTRIES: i64 = 10;

/// Everything on it.
#[derive(Debug)]
pub struct Today {
    /// What is owed and could be billed; `None` for roles that do not see money.
    pub money: Option<MoneyFigures>,
    /// The last twelve months; `None` for roles that do not see money.
    pub invoiced: Option<Invoiced>,
    /// Everybody's hours; `None` for who sees their own only.
    pub team: Option<TeamWeek>,
    /// One's own work; `None` for who does not work.
    pub mine: Option<Mine>,
    /// The fullest first.
    pub budgets: Vec<BudgetUse>,
    /// Timers that were probably forgotten.
    pub timers: Vec<LongTimer>,
    /// Weeks that wait for approval, each with how many people's, for who approves them.
    pub weeks: Vec<(String, usize)>,
    /// Periods of retainers that are to be closed, for who closes them.
    pub periods: Vec<OpenPeriods>,
    /// What happened last.
    pub entries: Vec<TimelineEntry>,
}

/// One's own work.
#[derive(Debug)]
pub struct Mine {
    /// The most urgent ones.
    pub tasks: Vec<MyTask>,
    /// How many of one's open tasks are late, shown or not.
    pub late: i64,
    /// How many are due within the next seven days.
    pub next: i64,
    /// Its hours.
    pub week: Week,
}

impl Today {
    /// Budgets that are nearly or wholly used up.
    pub fn full(&self) -> impl Iterator<Item = &BudgetUse> {
        self.budgets.iter().filter(|budget| budget.needs_attention())
    }

    /// One's own tasks past their date, as far as they are shown.
    pub fn late_tasks(&self, today: &NaiveDate) -> Vec<&MyTask> {
        let tasks = self.mine.iter().flat_map(|mine| &mine.tasks);
        tasks.filter(|task| task.is_late(today)).collect()
    }

    /// People whose week waits for approval.
    pub fn waiting(&self) -> usize {
        self.weeks.iter().map(|(_, people)| people).sum()
    }

    /// What stands under "Needs attention".
    pub fn attention(&self, today: &NaiveDate) -> usize {
        let money = self.money.as_ref().map_or(0, |money| {
            money.late.len() + usize::from(money.drafts > 0) + usize::from(money.figures.is_ready())
        });
        money
            + self.timers.len()
            + self.full().count()
            + usize::from(!self.weeks.is_empty())
            + self.periods.len()
            + self.late_tasks(today).len()
    }
}

/// What `actor` sees on `today`, with sums in `currency` first.
pub fn load(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    currency: Currency,
) -> AppResult<Today> {
    let scope = if actor.sees_all_time() { Scope::All } else { Scope::Actor(actor.id) };
    let (mut money, mut invoiced) = (None, None);
    if actor.sees_money() {
        money = Some(model::money(conn, actor, today, currency)?);
        invoiced = Some(months::invoiced(conn, currency, today)?);
    }
    let team = if actor.sees_all_time() { Some(team::week(conn, actor, today)?) } else { None };
    let mine = if actor.may(Policy::Work) { Some(mine(conn, actor, now, today)?) } else { None };
    let (mut weeks, mut periods) = (Vec::new(), Vec::new());
    if actor.may(Policy::Manage) {
        let waiting = timesheets::waiting(conn)?.into_iter();
        weeks = waiting.map(|(week, people)| (week.to_string(), people)).collect();
        periods = retainers::to_close(conn, today.pred_opt().unwrap_or(today))?;
    }
    Ok(Today {
        money,
        invoiced,
        team,
        mine,
        budgets: budgets::budgets(conn, actor, today)?,
        timers: team::long_timers(conn, actor, now)?,
        weeks,
        periods,
        entries: timeline(conn, scope, actor.sight(), None, ENTRIES)?,
    })
}

fn mine(conn: &mut Conn, actor: &Actor, now: UtcTime, today: NaiveDate) -> AppResult<Mine> {
    Ok(Mine {
        tasks: model::my_tasks(conn, actor)?,
        late: model::my_late_tasks(conn, actor, today)?,
        next: model::my_next_tasks(conn, actor, today)?,
        week: model::my_week(conn, actor, now)?,
    })
}
