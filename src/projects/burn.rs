//! How a budget is used up over time: what was used by week, the plan, and where the present pace leads. Pure numbers:
//! seconds or minor units, as the one who draws it says.

use chrono::{Datelike, Days, NaiveDate};

use crate::types::calendar::day_month;
use crate::types::duration;
use crate::types::money::{Currency, Money, plain_decimal};

/// Marks of a budget that are worth a word, in percent.
pub const MARKS: [i64; 3] = [50, 80, 100];
/// Weeks, with the present one, that tell the pace.
const PACE_WEEKS: u64 = 4;
/// Weeks that a chart without a due date looks ahead at most.
const AHEAD_WEEKS: u64 = 12;
/// A pace that leads further than this leads nowhere.
const FARTHEST_DAYS: i64 = 3_650;

/// What is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds of work.
    Hours,
    /// Minor units of a currency.
    Money(Currency),
}

impl Unit {
    /// "136 h", "€12,920".
    pub fn text(self, amount: i64) -> String {
        match self {
            Self::Hours => format!("{} h", duration::hours(amount)),
            Self::Money(currency) => Money::new(amount, currency).whole(),
        }
    }

    /// [`Unit::text`] beside an axis: "136h", "€10.5k".
    fn label(self, amount: i64) -> String {
        match self {
            Self::Hours => format!("{}h", duration::hours(amount)),
            Self::Money(currency) => {
                let units = amount / self.one();
                if units < 10_000 {
                    return Money::new(units * self.one(), currency).whole();
                }
                let prefix = match currency.prefix() {
                    "" => format!("{}\u{a0}", currency.code()),
                    symbol => symbol.to_owned(),
                };
                format!("{prefix}{}k", plain_decimal(units / 100, 1))
            }
        }
    }

    /// An hour, or the unit of the currency.
    fn one(self) -> i64 {
        match self {
            Self::Hours => 3_600,
            Self::Money(currency) => 10_i64.pow(currency.decimals()),
        }
    }
}

/// The days between which a project runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// Its first day.
    pub starts_on: Option<NaiveDate>,
    /// The day it is due.
    pub due_on: Option<NaiveDate>,
}

/// A week and what had been used at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Its Monday.
    pub week_on: NaiveDate,
    /// Used in it.
    pub used: i64,
    /// Used by its end.
    pub total: i64,
}

/// The use of a budget over time.
#[derive(Debug, Clone)]
pub struct Burn {
    /// In what it is counted.
    pub unit: Unit,
    /// What there is to use up.
    pub budget: Option<i64>,
    /// Used so far.
    pub used: i64,
    /// The weeks in which something was used.
    pub points: Vec<Point>,
    /// When the budget runs out at the pace of the last weeks; `None` when it has run out or does not.
    pub runs_out_on: Option<NaiveDate>,
    span: Span,
    today: NaiveDate,
    first: NaiveDate,
    last: NaiveDate,
    top: i64,
    /// Used in so many days, the last ones.
    pace: (i64, i64),
}

/// The Monday of the week of `date`.
pub fn monday(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))).unwrap_or(date)
}

fn days(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days()
}

impl Burn {
    /// What `weeks` (Monday, use; in order) say about `budget` on `today`.
    pub fn new(
        unit: Unit,
        budget: Option<i64>,
        weeks: impl IntoIterator<Item = (NaiveDate, i64)>,
        span: Span,
        today: NaiveDate,
    ) -> Self {
        let mut used = 0_i64;
        let points: Vec<Point> = weeks
            .into_iter()
            .filter(|(_, amount)| *amount != 0)
            .map(|(week_on, amount)| {
                used = used.saturating_add(amount);
                Point { week_on, used: amount, total: used }
            })
            .collect();
        let budget = budget.filter(|budget| *budget > 0);
        let begun = points.first().map(|point| point.week_on);
        let first = span.starts_on.into_iter().chain(begun).min().unwrap_or(today).min(today);
        let pace = pace(&points, today, first);
        let runs_out_on = budget.and_then(|budget| runs_out(budget, used, pace, today));
        let ahead = |weeks: u64| today.checked_add_days(Days::new(7 * weeks)).unwrap_or(today);
        let last = match (span.due_on, runs_out_on) {
            (Some(due), _) => due.max(today),
            (None, Some(out)) => out.min(ahead(AHEAD_WEEKS)),
            (None, None) => today,
        };
        let last = last.max(first.checked_add_days(Days::new(7)).unwrap_or(first));
        let top = round_up(budget.unwrap_or(0).max(used).max(1), unit.one());
        Self { unit, budget, used, points, runs_out_on, span, today, first, last, top, pace }
    }

    /// An amount as it is written: "136 h", "€12,920".
    pub fn text(&self, amount: &i64) -> String {
        self.unit.text(*amount)
    }

    /// Used share of the budget in percent.
    pub fn percent(&self) -> Option<i64> {
        percent(self.used, self.budget)
    }

    /// What is left of the budget; negative beyond it.
    pub fn left(&self) -> Option<i64> {
        self.budget.map(|budget| budget - self.used)
    }

    /// What was used beyond the budget.
    pub fn over(&self) -> Option<i64> {
        self.left().filter(|left| *left < 0).map(|left| -left)
    }

    /// Whether it counts hours.
    pub fn is_hours(&self) -> bool {
        self.unit == Unit::Hours
    }

    /// Whether there is a budget and nothing of it left.
    pub fn is_spent(&self) -> bool {
        self.left().is_some_and(|left| left <= 0)
    }

    /// Whether there is anything to draw.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Days by which the budget runs out before the work is due; `None` where it lasts.
    pub fn days_early(&self) -> Option<i64> {
        let early = days(self.runs_out_on?, self.span.due_on?);
        (early > 0).then_some(early)
    }

    /// The share of the budget that the plan, a straight line from start to due date, has used by today.
    pub fn planned_percent(&self) -> Option<i64> {
        let (start, due) = self.span.starts_on.zip(self.span.due_on)?;
        self.budget?;
        Some((days(start, self.today) * 100).checked_div(days(start, due))?.clamp(0, 100))
    }

    /// The chart in one sentence.
    pub fn sentence(&self) -> String {
        let on = day_month(self.today);
        let Some((budget, percent)) = self.budget.zip(self.percent()) else {
            return format!("Use so far: {} by {on}.", self.unit.text(self.used));
        };
        let budget = self.unit.text(budget);
        match self.planned_percent() {
            Some(planned) => format!(
                "Budget burn: {percent} percent of {budget} used by {on}, against a plan of {planned} percent."
            ),
            None => format!("Budget burn: {percent} percent of {budget} used by {on}."),
        }
    }

    /// Labels of the vertical axis from top to bottom.
    pub fn scale(&self) -> Vec<String> {
        (0..=4).rev().map(|quarter| self.unit.label(self.top / 4 * quarter)).collect()
    }

    /// Days along the horizontal axis.
    pub fn dates(&self) -> Vec<String> {
        let length = days(self.first, self.last);
        let at = |fourth: i64| {
            let by = u64::try_from(length * fourth / 4).unwrap_or(0);
            self.first.checked_add_days(Days::new(by)).unwrap_or(self.first)
        };
        (0..=4).map(|fourth| day_month(at(fourth))).collect()
    }

    /// What was used, as a path.
    pub fn line(&self) -> String {
        path(&self.drawn())
    }

    /// The area below [`Burn::line`].
    pub fn area(&self) -> String {
        let drawn = self.drawn();
        let end = drawn.last().map_or(0, |point| point.0);
        let start = drawn.first().map_or(0, |point| point.0);
        format!("{}L{} 100.00L{} 100.00Z", path(&drawn), hundredths(end), hundredths(start))
    }

    /// The plan, as a path; `None` without a budget, start or due date.
    pub fn plan(&self) -> Option<String> {
        let (start, due) = self.span.starts_on.zip(self.span.due_on)?;
        Some(path(&[(self.x(start), self.y(0)), (self.x(due), self.y(self.budget?))]))
    }

    /// Where the present pace leads from today, as a path; `None` where it leads nowhere.
    pub fn forecast(&self) -> Option<String> {
        let (used, in_days) = self.pace;
        let end = self.runs_out_on.map_or(self.last, |out| out.min(self.last));
        if used <= 0 || end <= self.today {
            return None;
        }
        let more = i128::from(used) * i128::from(days(self.today, end)) / i128::from(in_days.max(1));
        let total = self.used.saturating_add(i64::try_from(more).ok()?).min(self.top);
        Some(path(&[(self.x(self.today), self.y(self.used)), (self.x(end), self.y(total))]))
    }

    /// The height of the budget, in hundredths of a percent from the top.
    pub fn limit(&self) -> Option<String> {
        Some(hundredths(self.y(self.budget?)))
    }

    fn drawn(&self) -> Vec<(i64, i64)> {
        let begin = self.points.first().map_or(self.first, |point| point.week_on);
        let mut drawn = vec![(self.x(begin.max(self.first)), self.y(0))];
        let mut reached = begin;
        for point in &self.points {
            if point.week_on > reached {
                drawn.push((self.x(point.week_on), drawn.last().map_or(10_000, |last| last.1)));
            }
            let end = point.week_on.checked_add_days(Days::new(7)).unwrap_or(point.week_on);
            reached = end;
            drawn.push((self.x(end.min(self.today.max(point.week_on))), self.y(point.total)));
        }
        if self.today > reached {
            drawn.push((self.x(self.today), self.y(self.used)));
        }
        drawn
    }

    fn x(&self, date: NaiveDate) -> i64 {
        (days(self.first, date) * 10_000)
            .checked_div(days(self.first, self.last))
            .unwrap_or(0)
            .clamp(0, 10_000)
    }

    fn y(&self, amount: i64) -> i64 {
        let share = i128::from(amount) * 10_000 / i128::from(self.top.max(1));
        10_000 - i64::try_from(share).unwrap_or(10_000).clamp(0, 10_000)
    }
}

/// The share of `budget` that is used, in whole percent, rounded down: 100 only when all of it is.
pub fn percent(used: i64, budget: Option<i64>) -> Option<i64> {
    let budget = budget.filter(|budget| *budget > 0)?;
    i64::try_from(i128::from(used) * 100 / i128::from(budget)).ok()
}

/// What was used in how many of the last days.
fn pace(points: &[Point], today: NaiveDate, first: NaiveDate) -> (i64, i64) {
    let since = monday(today).checked_sub_days(Days::new(7 * (PACE_WEEKS - 1))).unwrap_or(today);
    let used = points.iter().filter(|point| point.week_on >= since).map(|point| point.used).sum();
    (used, (days(since.max(first), today) + 1).max(1))
}

fn runs_out(budget: i64, used: i64, (lately, in_days): (i64, i64), today: NaiveDate) -> Option<NaiveDate> {
    let left = budget.checked_sub(used).filter(|left| *left > 0)?;
    if lately <= 0 {
        return None;
    }
    let ahead = (i128::from(left) * i128::from(in_days) + i128::from(lately) - 1) / i128::from(lately);
    let ahead = i64::try_from(ahead).ok().filter(|ahead| *ahead <= FARTHEST_DAYS)?;
    today.checked_add_days(Days::new(u64::try_from(ahead).ok()?))
}

/// The next amount whose quarters are round.
fn round_up(amount: i64, one: i64) -> i64 {
    let mut step = one.saturating_mul(4);
    while amount / step >= 100 {
        step = step.saturating_mul(10);
    }
    (amount / step + i64::from(amount % step != 0)).saturating_mul(step)
}

fn path(points: &[(i64, i64)]) -> String {
    let mut text = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        text.push(if index == 0 { 'M' } else { 'L' });
        text.push_str(&format!("{} {}", hundredths(*x), hundredths(*y)));
    }
    text
}

fn hundredths(value: i64) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}
