//! The days of a recurring invoice, the time that each covers, and the words that name it.

use chrono::{Days, Months, NaiveDate};

use crate::billing::hours::period as in_words;
use crate::billing::outline::Outline;
use crate::tasks::schedules::model::{Rhythm, RhythmUnit};

crate::text_enum! {
    /// What is counted between two invoices.
    pub enum RecurringUnit {
        /// Days.
        Day = "day", "days";
        /// Weeks.
        Week = "week", "weeks";
        /// Months; a day that a month does not have is its last.
        Month = "month", "months";
        /// Three months.
        Quarter = "quarter", "quarters";
        /// Twelve months.
        Year = "year", "years";
    }
}

crate::text_enum! {
    /// Which time an invoice covers.
    pub enum Covers {
        /// From its day until the next.
        Coming = "coming", "The time that begins";
        /// From the day before until its own.
        Past = "past", "The time that has passed";
    }
}

/// Every so many units from a first day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// How many units lie between two days; at least one.
    pub every: i64,
    /// Of what.
    pub unit: RecurringUnit,
    /// The first day, from which all others count.
    pub starts_on: NaiveDate,
}

impl Calendar {
    fn rhythm(&self) -> Rhythm {
        let (unit, units) = match self.unit {
            RecurringUnit::Day => (RhythmUnit::Day, 1),
            RecurringUnit::Week => (RhythmUnit::Week, 1),
            RecurringUnit::Month => (RhythmUnit::Month, 1),
            RecurringUnit::Quarter => (RhythmUnit::Month, 3),
            RecurringUnit::Year => (RhythmUnit::Month, 12),
        };
        let every = u32::try_from(self.every).unwrap_or(1).max(1).saturating_mul(units);
        Rhythm { every, unit, anchor: self.starts_on }
    }

    /// The day number `n`, from 0; none beyond the calendar.
    pub fn nth(&self, n: u32) -> Option<NaiveDate> {
        self.rhythm().nth(n)
    }

    /// The first day after `date`.
    pub fn after(&self, date: NaiveDate) -> Option<NaiveDate> {
        self.rhythm().after(date)
    }

    /// The first day from `date` on.
    pub fn from(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.pred_opt().and_then(|before| self.after(before))
    }

    /// The day before `on`, which is one of its days; before the first it is as far as between any two.
    fn before(&self, on: NaiveDate) -> Option<NaiveDate> {
        let rhythm = self.rhythm();
        if on > self.starts_on {
            return (0..).map_while(|n| self.nth(n)).take_while(|day| *day < on).last();
        }
        match rhythm.unit {
            RhythmUnit::Month => on.checked_sub_months(Months::new(rhythm.every)),
            RhythmUnit::Week => on.checked_sub_days(Days::new(u64::from(rhythm.every) * 7)),
            RhythmUnit::Day => on.checked_sub_days(Days::new(rhythm.every.into())),
        }
    }

    /// First and last day of the time that the invoice of `on` covers.
    pub fn covered(&self, on: NaiveDate, covers: Covers) -> Option<(NaiveDate, NaiveDate)> {
        match covers {
            Covers::Coming => Some((on, self.after(on)?.pred_opt()?)),
            Covers::Past => Some((self.before(on)?, on.pred_opt()?)),
        }
    }

    /// "Every month", "Every 14 days".
    pub fn words(&self) -> String {
        match self.every {
            1 => format!("Every {}", self.unit),
            count => format!("Every {count} {}", self.unit.label()),
        }
    }
}

/// `text` with `{month}`, `{year}` and `{period}` of the covered time in their places.
pub fn filled(text: &str, (first, last): (NaiveDate, NaiveDate)) -> String {
    text.replace("{month}", &first.format("%B").to_string())
        .replace("{year}", &first.format("%Y").to_string())
        .replace("{period}", &in_words(first, last))
}

/// `outline` with the covered time in its texts.
pub fn filled_outline(outline: &Outline, covered: (NaiveDate, NaiveDate)) -> Outline {
    let mut outline = outline.clone();
    for line in &mut outline.lines {
        line.title = filled(&line.title, covered);
        line.details = filled(&line.details, covered);
    }
    outline.note = filled(&outline.note, covered);
    outline.terms = filled(&outline.terms, covered);
    outline
}
