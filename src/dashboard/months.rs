//! What was invoiced in each of the last twelve months, and how much of it has come in.

use chrono::{Datelike, Months as Span, NaiveDate};
use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::invoices;
use crate::db::sum::sum;
use crate::error::AppResult;
use crate::types::money::{Currency, Money};

/// Months that are drawn.
const MONTHS: u32 = 12;

/// A month.
#[derive(Debug, Clone)]
pub struct Month {
    /// Its first day.
    pub first: NaiveDate,
    /// What has come in for its invoices, in minor units.
    pub collected: i64,
    /// What is still open on them.
    pub open: i64,
    index: i64,
    top: i64,
}

impl Month {
    /// What was invoiced and neither taken back nor written off.
    pub fn invoiced(&self) -> i64 {
        self.collected.saturating_add(self.open)
    }

    /// "Nov".
    pub fn name(&self) -> String {
        self.first.format("%b").to_string()
    }

    /// "November 2026".
    pub fn title(&self) -> String {
        self.first.format("%B %Y").to_string()
    }

    /// As the list of invoices is asked for it: "2026-11".
    pub fn key(&self) -> String {
        self.first.format("%Y-%m").to_string()
    }

    /// Left edge of its bar in percent of the chart.
    pub fn x(&self) -> String {
        percent((self.index * 10_000 + 2_200) / i64::from(MONTHS))
    }

    /// Height of what has come in.
    pub fn collected_height(&self) -> String {
        percent(self.share(self.collected))
    }

    /// Upper edge of what has come in.
    pub fn collected_y(&self) -> String {
        percent(10_000 - self.share(self.collected))
    }

    /// Height of what is open.
    pub fn open_height(&self) -> String {
        percent(self.share(self.invoiced()) - self.share(self.collected))
    }

    /// Upper edge of what is open.
    pub fn open_y(&self) -> String {
        percent(10_000 - self.share(self.invoiced()))
    }

    fn share(&self, cents: i64) -> i64 {
        i64::try_from(i128::from(cents) * 10_000 / i128::from(self.top.max(1))).unwrap_or(0).clamp(0, 10_000)
    }
}

fn percent(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The last twelve months in one currency.
#[derive(Debug, Clone)]
pub struct Invoiced {
    /// The oldest first.
    pub months: Vec<Month>,
    /// The currency of its invoices.
    pub currency: Currency,
    top: i64,
}

impl Invoiced {
    /// Whether nothing was invoiced in them.
    pub fn is_empty(&self) -> bool {
        self.months.iter().all(|month| month.invoiced() == 0)
    }

    /// Labels of the vertical axis from top to bottom.
    pub fn scale(&self) -> Vec<String> {
        (0..=4).rev().map(|quarter| Money::new(self.top / 4 * quarter, self.currency).whole()).collect()
    }

    /// The chart in one sentence.
    pub fn sentence(&self) -> String {
        let Some(last) = self.months.iter().rev().nth(1) else { return String::new() };
        format!(
            "Invoiced and collected in the last {MONTHS} months. {} was the last full month: {} invoiced, {} collected.",
            last.first.format("%B"),
            Money::new(last.invoiced(), self.currency).whole(),
            Money::new(last.collected, self.currency).whole()
        )
    }
}

/// The invoices of the last twelve months by the month of their date, those in `currency`.
pub fn invoiced(conn: &mut Conn, currency: Currency, today: NaiveDate) -> AppResult<Invoiced> {
    let this_month = today.with_day(1).unwrap_or(today);
    let first = this_month.checked_sub_months(Span::new(MONTHS - 1)).unwrap_or(this_month);
    let taken_off = invoices::credited_cents + invoices::written_off_cents;
    let rows: Vec<(Option<NaiveDate>, Option<i64>, Option<i64>)> = invoices::table
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::issue_on.ge(first))
        .filter(invoices::kind.eq("invoice"))
        .filter(invoices::currency.eq(currency))
        .group_by(invoices::issue_on)
        .select((
            invoices::issue_on,
            sum(invoices::paid_cents),
            sum(invoices::total_cents - taken_off - invoices::paid_cents),
        ))
        .load(conn)?;
    let mut months: Vec<Month> = (0..MONTHS)
        .filter_map(|index| first.checked_add_months(Span::new(index)))
        .zip(0..)
        .map(|(first, index)| Month { first, collected: 0, open: 0, index, top: 0 })
        .collect();
    for (issued, paid, open) in rows {
        let month = issued.and_then(|issued| issued.with_day(1));
        if let Some(month) = months.iter_mut().find(|found| Some(found.first) == month) {
            month.collected = month.collected.saturating_add(paid.unwrap_or(0));
            month.open = month.open.saturating_add(open.unwrap_or(0));
        }
    }
    let most = months.iter().map(Month::invoiced).max().unwrap_or(0);
    let top = round_up(most.max(1), 10_i64.pow(currency.decimals()));
    for month in &mut months {
        month.top = top;
    }
    Ok(Invoiced { months, currency, top })
}

/// The next amount whose quarters are round.
fn round_up(amount: i64, one: i64) -> i64 {
    let mut step = one.saturating_mul(4);
    while amount / step >= 10 {
        step = step.saturating_mul(10);
    }
    (amount / step + i64::from(amount % step != 0)).saturating_mul(step)
}
