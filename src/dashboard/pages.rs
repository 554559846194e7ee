//! The dashboard.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::budgets::{self, BudgetUse};
use super::model::{self, MoneyFigures, MyTask, Week};
use super::months::{self, Invoiced};
use super::team::{self, LongTimer, TeamWeek};
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::extract::CurrentUser;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::projects::retainers::model::{self as retainers, OpenPeriods};
use crate::time_entries::timesheets::model as timesheets;
use crate::types::clock::UtcTime;
use crate::types::zone;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

/// Entries of the activity log that are shown.
const ENTRIES: i64 = 10;

#[derive(Template)]
#[template(path = "dashboard/index.html")]
struct Dashboard {
    shell: Shell,
    /// `None` for roles that do not see money.
    money: Option<MoneyFigures>,
    /// `None` for roles that do not see money.
    invoiced: Option<Invoiced>,
    /// Everybody's hours; `None` for who sees their own only.
    team: Option<TeamWeek>,
    mine: Option<Mine>,
    /// The fullest first.
    budgets: Vec<BudgetUse>,
    /// Timers that were probably forgotten.
    timers: Vec<LongTimer>,
    /// Weeks that wait for approval, each with how many people's, for who approves them.
    weeks: Vec<(String, usize)>,
    /// Periods of retainers that are to be closed, for who closes them.
    periods: Vec<OpenPeriods>,
    entries: Vec<TimelineEntry>,
}

/// One's own work, for who works.
struct Mine {
    tasks: Vec<MyTask>,
    /// How many of one's open tasks are late, shown or not.
    late: i64,
    /// How many are due within the next seven days.
    next: i64,
    week: Week,
}

impl Dashboard {
    fn greeting(&self) -> String {
        use chrono::Timelike;
        let hour = zone::local_time(self.shell.now, self.shell.actor.zone()).hour();
        let part = match hour {
            0..=4 => "Hello",
            5..=11 => "Good morning",
            12..=17 => "Good afternoon",
            _ => "Good evening",
        };
        format!("{part}, {}", self.shell.actor.name.split_whitespace().next().unwrap_or_default())
    }

    /// Budgets that are nearly or wholly used up.
    fn full(&self) -> impl Iterator<Item = &BudgetUse> {
        self.budgets.iter().filter(|budget| budget.needs_attention())
    }

    /// One's own tasks past their date, as far as they are shown.
    fn late_tasks(&self) -> Vec<&MyTask> {
        let tasks = self.mine.iter().flat_map(|mine| &mine.tasks);
        tasks.filter(|task| task.is_late(&self.shell.today)).collect()
    }

    /// People whose week waits for approval.
    fn waiting(&self) -> usize {
        self.weeks.iter().map(|(_, people)| people).sum()
    }

    /// What stands under "Needs attention".
    fn attention(&self) -> usize {
        let money = self.money.as_ref().map_or(0, |money| {
            money.late.len() + usize::from(money.drafts > 0) + usize::from(money.figures.ready.count() > 0)
        });
        money
            + self.timers.len()
            + self.full().count()
            + usize::from(!self.weeks.is_empty())
            + self.periods.len()
            + self.late_tasks().len()
    }

    /// Whether the timer in the header runs on this task.
    fn runs(&self, task: &MyTask) -> bool {
        self.shell.timer.as_ref().is_some_and(|timer| timer.task_id == Some(task.id.0))
    }

    fn month(&self) -> String {
        self.shell.today.format("%Y-%m").to_string()
    }
}

/// Today.
pub async fn index(user: CurrentUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Today)?;
            let (today, currency) = (shell.today, shell.currency);
            let scope = if actor.sees_all_time() { Scope::All } else { Scope::Actor(actor.id) };
            let (mut money, mut invoiced) = (None, None);
            if actor.sees_money() {
                money = Some(model::money(conn, &actor, today, currency)?);
                invoiced = Some(months::invoiced(conn, currency, today)?);
            }
            let team = if actor.sees_all_time() { Some(team::week(conn, today)?) } else { None };
            let mine = if shell.works() { Some(mine(conn, &actor, now, today)?) } else { None };
            let (mut weeks, mut periods) = (Vec::new(), Vec::new());
            if shell.manages() {
                let waiting = timesheets::waiting(conn)?.into_iter();
                weeks = waiting.map(|(week, people)| (week.to_string(), people)).collect();
                periods = retainers::to_close(conn, today.pred_opt().unwrap_or(today))?;
            }
            Ok(Dashboard {
                money,
                invoiced,
                team,
                mine,
                budgets: budgets::budgets(conn, &actor, today)?,
                timers: team::long_timers(conn, &actor, now)?,
                weeks,
                periods,
                entries: timeline(conn, scope, actor.sees_money(), None, ENTRIES)?,
                shell,
            })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

fn mine(conn: &mut Conn, actor: &Actor, now: UtcTime, today: NaiveDate) -> AppResult<Mine> {
    Ok(Mine {
        tasks: model::my_tasks(conn, actor)?,
        late: model::my_late_tasks(conn, actor, today)?,
        next: model::my_next_tasks(conn, actor, today)?,
        week: model::my_week(conn, actor, now)?,
    })
}
