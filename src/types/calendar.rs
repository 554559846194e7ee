//! Days and times of day as people read them. Written by hand: chrono reads its format anew for each value.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Timelike, Weekday};

crate::text_enum! {
    /// On which day weeks begin.
    pub enum WeekStart {
        /// As in ISO 8601.
        Monday = "monday", "Monday";
        /// As in America.
        Sunday = "sunday", "Sunday";
        /// As in parts of the Arab world.
        Saturday = "saturday", "Saturday";
    }
}

impl WeekStart {
    /// The first day of the week in which `day` lies.
    pub fn first(self, day: NaiveDate) -> NaiveDate {
        let start = match self {
            Self::Monday => Weekday::Mon,
            Self::Sunday => Weekday::Sun,
            Self::Saturday => Weekday::Sat,
        };
        day.checked_sub_days(Days::new(u64::from(day.weekday().days_since(start)))).unwrap_or(day)
    }
}

/// A day as `YYYY-MM-DD` that exists, in the years a business can mean.
pub fn date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (1970..=2199).contains(&date.year()).then_some(date)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// "19 Nov".
pub fn day_month(date: NaiveDate) -> String {
    let month = MONTHS.iter().zip(1..).find(|(_, number)| *number == date.month());
    format!("{} {}", date.day(), month.map_or("", |(name, _)| name))
}

/// "19 Nov 2026".
pub fn day_month_year(date: NaiveDate) -> String {
    format!("{} {}", day_month(date), date.year())
}

/// "09:05".
pub fn hour_minute(time: NaiveTime) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}
