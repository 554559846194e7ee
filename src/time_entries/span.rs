//! When an entry was: what people type ("1.5", "9-10:30", "22:00–01:30"), and what that means in a zone whose
//! clocks are put forward and back.

use chrono::{Duration, NaiveDate, NaiveTime, Timelike};

use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::zone::{self, Instant, Tz};

/// The longest entry that is taken without a question, in seconds.
pub const MAX_SECONDS: i64 = 24 * 3_600;
/// The longest local day there is: one on which the clock is put back by two hours.
const LONGEST_DAY: i64 = 26 * 3_600;
/// Said of a duration that no day holds.
const TOO_LONG: &str = "is longer than 24 hours";
/// A range that ends before it starts goes on after midnight when it is no longer than this.
const LONGEST_NIGHT: i64 = 16 * 3_600;
/// Where the first entry of a day starts when nothing is said, in seconds of the day.
pub const MORNING: i64 = 9 * 3_600;

/// What stands in the duration field. Times of day are seconds since local midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So many seconds of work.
    Lasting(i64),
    /// From one time of the wall clock to another; past 24:00 is the next day.
    Between(i64, i64),
    /// Nothing: it goes on.
    Open,
}

/// Reads a duration or a range; `Err` is the message for the field.
pub fn parse_length(text: &str) -> Result<Length, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Length::Open);
    }
    let range = text.split_once(['-', '–', '—']);
    let Some((from, to)) = range.filter(|(from, _)| !from.trim().is_empty()) else {
        let seconds = duration::parse(text)
            .ok_or("is not a duration, like 1.5, 1:30 or 90m, or a range, like 9-10:30")?;
        return match seconds {
            0 => Err("must be longer than nothing".into()),
            // Whether the day is that long is known with its zone.
            1..=LONGEST_DAY => Ok(Length::Lasting(seconds)),
            _ => Err(TOO_LONG.into()),
        };
    };
    let unreadable = "is not a range, like 9-10:30 or 22:00-01:30";
    let from = parse_time(from).filter(|from| *from < 86_400).ok_or(unreadable)?;
    let to = parse_time(to).ok_or(unreadable)?;
    if to == from {
        return Err("must be longer than nothing".into());
    }
    let to = if to < from { to + 86_400 } else { to };
    if to - from > LONGEST_NIGHT && to > 86_400 {
        return Err("ends before it starts".into());
    }
    Ok(Length::Between(from, to))
}

/// A time of day as seconds since midnight: "9", "9:30", "09:30:15", "24:00".
pub fn parse_time(text: &str) -> Option<i64> {
    let mut parts = text.trim().split(':');
    let mut part = |most: i64| match parts.next() {
        None => Some(0),
        Some(text) => {
            let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|value| plain && (0..=most).contains(value))
        }
    };
    let seconds = part(24)? * 3_600 + part(59)? * 60 + part(59)?;
    (parts.next().is_none() && seconds <= 86_400).then_some(seconds)
}

/// A time of day as it is typed: "9:30", with seconds only when there are any.
pub fn time_text(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { format!("{hours:02}:{minutes:02}") } else { format!("{hours:02}:{minutes:02}:{rest:02}") }
}

/// A duration as it is typed: "1:30", with seconds only when there are any.
pub fn duration_text(seconds: i64) -> String {
    if seconds % 60 == 0 { duration::clock(seconds) } else { duration::stopwatch(seconds) }
}

crate::text_enum! {
    /// Which of the two when the clock was put back and showed a time twice.
    pub enum Occurrence {
        /// Before the clock was put back.
        First = "first", "the first time";
        /// After it was put back.
        Second = "second", "the second time";
    }
}

/// When an entry was, as a form says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// The local day on which it starts.
    pub on: NaiveDate,
    /// The time of day at which it starts, in seconds; `None` follows the day's last entry.
    pub starts: Option<i64>,
    /// How long, or until when.
    pub length: Length,
    /// Seconds of break in between.
    pub break_seconds: i64,
    /// Which start, when the clock showed it twice.
    pub start_occurrence: Option<Occurrence>,
    /// Which end, when the clock showed it twice.
    pub end_occurrence: Option<Occurrence>,
}

/// When an entry was, as instants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its start.
    pub started_at: UtcTime,
    /// Its end; `None` still runs.
    pub ended_at: Option<UtcTime>,
    /// Raw seconds of work; 0 while it runs.
    pub seconds: i64,
    /// A sentence when the wall clock never showed what was typed and another time was taken.
    pub notice: Option<String>,
}

impl When {
    /// From start to end in seconds, break included; 0 where a range or nothing says it.
    pub fn lasting(&self) -> i64 {
        match self.length {
            Length::Lasting(seconds) => seconds + self.break_seconds,
            Length::Between(..) | Length::Open => 0,
        }
    }

    /// The instants in `zone`. `follows` is where an entry starts that does not say. An ambiguous time is an error at
    /// `start_occurrence` or `end_occurrence`, which asks.
    pub fn resolve(&self, zone: Tz, follows: impl FnOnce() -> AppResult<Option<UtcTime>>) -> AppResult<Span> {
        let mut notice = None;
        if let Length::Lasting(seconds) = self.length
            && seconds > MAX_SECONDS
            && seconds > day_seconds(self.on, zone)
        {
            return Err(AppError::invalid("duration", TOO_LONG));
        }
        let from = match self.length {
            Length::Between(from, _) => Some(from),
            _ => self.starts,
        };
        let started_at = match from {
            Some(from) => self.instant(zone, "start_occurrence", self.start_occurrence, from, &mut notice)?,
            None => match follows()? {
                Some(at) => at,
                None => {
                    self.instant(zone, "start_occurrence", self.start_occurrence, MORNING, &mut notice)?
                }
            },
        };
        let ended_at = match self.length {
            Length::Open => None,
            Length::Lasting(seconds) => Some(started_at.plus_seconds(seconds + self.break_seconds)),
            Length::Between(_, to) => {
                Some(self.instant(zone, "end_occurrence", self.end_occurrence, to, &mut notice)?)
            }
        };
        let seconds = ended_at.map_or(0, |ended_at| ended_at.seconds_since(started_at) - self.break_seconds);
        if ended_at.is_some() && seconds <= 0 {
            let fault = if self.break_seconds > 0 {
                ("break_time", "is longer than the work")
            } else {
                ("duration", "ends before it starts")
            };
            return Err(AppError::invalid(fault.0, fault.1));
        }
        Ok(Span { started_at, ended_at, seconds, notice })
    }

    fn instant(
        &self,
        zone: Tz,
        field: &str,
        which: Option<Occurrence>,
        seconds: i64,
        notice: &mut Option<String>,
    ) -> AppResult<UtcTime> {
        let local = self.on.and_time(NaiveTime::MIN) + Duration::seconds(seconds);
        match zone::resolve(local, zone) {
            Some(Instant::One(at)) => Ok(at),
            Some(Instant::Skipped(at)) => {
                *notice = Some(format!(
                    "The clock skipped {} that day, so {} was taken.",
                    time_text(seconds % 86_400),
                    time_text(time_of_day(at, zone))
                ));
                Ok(at)
            }
            Some(Instant::Ambiguous(first, second)) => match which {
                Some(Occurrence::First) => Ok(first),
                Some(Occurrence::Second) => Ok(second),
                None => Err(AppError::invalid(
                    field,
                    format!(
                        "must say which: the clock showed {} twice that day",
                        time_text(seconds % 86_400)
                    ),
                )),
            },
            None => Err(AppError::invalid("date", "is out of range")),
        }
    }
}

/// Seconds from the midnight at which `on` starts to the one at which it ends.
fn day_seconds(on: NaiveDate, zone: Tz) -> i64 {
    let midnight = |day: NaiveDate| Some(zone::resolve(day.and_time(NaiveTime::MIN), zone)?.earliest());
    let length = || Some(midnight(on.succ_opt()?)?.seconds_since(midnight(on)?));
    length().unwrap_or(MAX_SECONDS)
}

/// Which of two readings of the wall clock `at` was; `None` when the clock showed its time once.
pub fn occurrence(at: UtcTime, zone: Tz) -> Option<Occurrence> {
    match zone::resolve(zone::local_time(at, zone), zone)? {
        Instant::Ambiguous(first, _) if first == at => Some(Occurrence::First),
        Instant::Ambiguous(..) => Some(Occurrence::Second),
        _ => None,
    }
}

/// The time of day of `at` in whole seconds.
pub fn time_of_day(at: UtcTime, zone: Tz) -> i64 {
    i64::from(zone::local_time(at, zone).num_seconds_from_midnight())
}
