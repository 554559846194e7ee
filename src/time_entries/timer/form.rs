//! The form that stops a timer, and when a forgotten one ended.

use serde::Deserialize;

use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::zone::{self, Instant, Tz};

/// The form that stops a timer.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StopForm {
    /// When the work ended, if that was not just now.
    pub ended_at: String,
}

/// Reads when a forgotten timer ended: a local `YYYY-MM-DDTHH:MM` in `zone`, or an instant with its offset. A time
/// that the clock showed twice is taken with its offset only.
pub fn parse_end(text: &str, zone: Tz) -> AppResult<Option<UtcTime>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(Some(UtcTime::from_datetime(at.to_utc())));
    }
    let unreadable = || AppError::invalid("ended_at", "is not a day and time, like 2026-11-19T17:30");
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| chrono::NaiveDateTime::parse_from_str(text, format).ok())
        .ok_or_else(unreadable)?;
    match zone::resolve(local, zone).ok_or_else(unreadable)? {
        Instant::One(at) | Instant::Skipped(at) => Ok(Some(at)),
        Instant::Ambiguous(first, second) => Err(AppError::invalid(
            "ended_at",
            format!("was shown by the clock twice: type {first} or {second}"),
        )),
    }
}
