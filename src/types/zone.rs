//! Local days and wall-clock times in an IANA zone.

use chrono::{LocalResult, NaiveDate, NaiveDateTime, TimeZone};
pub use chrono_tz::Tz;

use super::clock::UtcTime;

/// The zone named by `name`, or UTC when the database holds a name that this build does not know.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// The day on the wall calendar of `zone` at `at`.
pub fn local_date(at: UtcTime, zone: Tz) -> NaiveDate {
    at.datetime().with_timezone(&zone).date_naive()
}

/// The wall-clock date and time of `zone` at `at`.
pub fn local_time(at: UtcTime, zone: Tz) -> NaiveDateTime {
    at.datetime().with_timezone(&zone).naive_local()
}

/// What a wall-clock time means in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instant {
    /// Exactly one instant.
    One(UtcTime),
    /// The clock showed this time twice: the instant before and the one after it was set back.
    Ambiguous(UtcTime, UtcTime),
    /// The clock skipped this time; the instant it was set forward to.
    Skipped(UtcTime),
}

impl Instant {
    /// The only, the earlier, or the instant after the gap.
    pub fn earliest(self) -> UtcTime {
        match self {
            Self::One(at) | Self::Ambiguous(at, _) | Self::Skipped(at) => at,
        }
    }
}

/// Resolves a wall-clock time; `None` only at the ends of the calendar.
pub fn resolve(local: NaiveDateTime, zone: Tz) -> Option<Instant> {
    let utc = |at: chrono::DateTime<Tz>| UtcTime::from_datetime(at.to_utc());
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Some(Instant::One(utc(at))),
        LocalResult::Ambiguous(first, second) => Some(Instant::Ambiguous(utc(first), utc(second))),
        LocalResult::None => {
            // Gaps are at most a day (a zone that skips a date) and end on a whole minute.
            (1..=24 * 60).find_map(|minutes| {
                let later = local.checked_add_signed(chrono::Duration::minutes(minutes))?;
                zone.from_local_datetime(&later).earliest().map(|at| {
                    let seconds = i64::from(chrono::Timelike::second(&later));
                    Instant::Skipped(utc(at).plus_seconds(-seconds))
                })
            })
        }
    }
}
