//! The days of a schedule, counted from its first.

use chrono::{Days, Months, NaiveDate};

crate::text_enum! {
    /// What a schedule counts.
    pub enum RhythmUnit {
        /// Days.
        Day = "day", "days";
        /// Weeks.
        Week = "week", "weeks";
        /// Months; a day that a month does not have is its last.
        Month = "month", "months";
    }
}

/// Every so many units from a first day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// How many units lie between two days; at least one.
    pub every: u32,
    /// Of what.
    pub unit: RhythmUnit,
    /// The first day.
    pub anchor: NaiveDate,
}

impl Rhythm {
    /// The day number `n`, from 0; none beyond the calendar.
    pub fn nth(&self, n: u32) -> Option<NaiveDate> {
        let count = n.checked_mul(self.every)?;
        match self.unit {
            RhythmUnit::Day => self.anchor.checked_add_days(Days::new(count.into())),
            RhythmUnit::Week => self.anchor.checked_add_days(Days::new(u64::from(count) * 7)),
            RhythmUnit::Month => self.anchor.checked_add_months(Months::new(count)),
        }
    }

    /// The first day after `date`.
    pub fn after(&self, date: NaiveDate) -> Option<NaiveDate> {
        if date < self.anchor {
            return Some(self.anchor);
        }
        let days = u32::try_from(date.signed_duration_since(self.anchor).num_days()).ok()?;
        // No month is longer than 31 days, so this many have surely begun.
        let longest = match self.unit {
            RhythmUnit::Day => 1,
            RhythmUnit::Week => 7,
            RhythmUnit::Month => 31,
        };
        let mut n = days / self.every.max(1).saturating_mul(longest);
        loop {
            let day = self.nth(n)?;
            if day > date {
                return Some(day);
            }
            n = n.checked_add(1)?;
        }
    }

    /// The last day up to `date` that is not before `from`, which is one of its days.
    pub fn latest(&self, from: NaiveDate, date: NaiveDate) -> NaiveDate {
        let mut latest = from;
        while let Some(next) = self.after(latest).filter(|next| *next <= date) {
            latest = next;
        }
        latest
    }
}
