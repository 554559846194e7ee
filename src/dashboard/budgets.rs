//! Budgets of projects under way, the fullest first.

use chrono::NaiveDate;

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::projects::model::{self as projects, Burn, ProjectHead};
use crate::types::calendar::day_month;

/// Budgets that are drawn.
const ROWS: usize = 6;
/// From this share on, in percent, a budget needs somebody's attention.
const WARN: i64 = 80;

/// How much of a project's budget is used: of hours or money, whichever is used more by what the one who looks may see.
#[derive(Debug, Clone)]
pub struct BudgetUse {
    /// The project.
    pub head: ProjectHead,
    /// The budget over time.
    pub burn: Burn,
    /// Used share in percent.
    pub percent: i64,
}

impl BudgetUse {
    fn new(head: ProjectHead, money: bool, today: NaiveDate) -> Option<Self> {
        let of_hours = head.hours_percent();
        let of_money = head.shown_money_percent(money);
        let burn = if of_money > of_hours { head.burn_of_money(&today) } else { head.burn_of_hours(&today) };
        Some(Self { percent: of_hours.max(of_money)?, burn, head })
    }

    /// Whether it is nearly or wholly used up.
    pub fn needs_attention(&self) -> bool {
        self.percent >= WARN
    }

    /// The class of its bar.
    pub fn tone(&self) -> &'static str {
        match self.percent {
            91.. => "bad",
            76.. => "warn",
            _ => "",
        }
    }

    /// "€1,080 left with 9 open tasks. At this pace it runs out on 24 Nov."
    pub fn sentence(&self) -> String {
        let left = self.burn.left().unwrap_or(0);
        let text = self.burn.unit.text(left.saturating_abs());
        let tasks = match self.head.open_tasks {
            0 => "no open task".to_owned(),
            1 => "1 open task".to_owned(),
            many => format!("{many} open tasks"),
        };
        if left < 0 {
            return format!("{text} over with {tasks}.");
        }
        match self.burn.runs_out_on {
            Some(day) => format!("{text} left with {tasks}. At this pace it runs out on {}.", day_month(day)),
            None => format!("{text} left with {tasks}."),
        }
    }
}

/// The fullest budgets; those in money for who sees it.
pub fn budgets(conn: &mut Conn, actor: &Actor, today: NaiveDate) -> AppResult<Vec<BudgetUse>> {
    let heads = projects::fullest(conn, actor, ROWS)?;
    let mut used: Vec<BudgetUse> =
        heads.into_iter().filter_map(|head| BudgetUse::new(head, actor.sees_money(), today)).collect();
    used.sort_by_key(|budget| (std::cmp::Reverse(budget.percent), budget.head.project.id));
    Ok(used)
}
