//! Durations in raw seconds: read as people type them, written as hours.

/// The longest duration a form accepts: a week.
pub const MAX_SECONDS: i64 = 7 * 24 * 3_600;

/// Reads "1.5", "1,5", "1:30", "1:30:15", "90m", "2h", "1h 30m", "45s"; a bare number is hours.
/// `None` when it is none of these or negative or overflows.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    if text.contains(':') {
        return parse_clock(&text);
    }
    if text.ends_with(['h', 'm', 's']) {
        return parse_units(&text);
    }
    decimal(&text, 3_600)
}

fn parse_clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hours = digits(parts.next()?)?;
    let minutes = digits(parts.next()?)?;
    let seconds = parts.next().map_or(Some(0), digits)?;
    if parts.next().is_some() || minutes > 59 || seconds > 59 {
        return None;
    }
    hours.checked_mul(3_600)?.checked_add(minutes * 60)?.checked_add(seconds)
}

fn parse_units(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut last_unit = i64::MAX;
    let mut number = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        let unit = match c {
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => {
                number.push(c);
                continue;
            }
        };
        if unit >= last_unit {
            return None;
        }
        last_unit = unit;
        total = total.checked_add(decimal(&number, unit)?)?;
        number.clear();
    }
    Some(total)
}

fn decimal(text: &str, unit: i64) -> Option<i64> {
    let value = super::money::parse_decimal(text, 4)?;
    if value < 0 {
        return None;
    }
    super::money::div_round(i128::from(value) * i128::from(unit), 10_000)
}

fn digits(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= 9 && text.bytes().all(|c| c.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// "1:30"; seconds are dropped, never rounded up into time that was not worked.
pub fn clock(seconds: i64) -> String {
    let sign = if seconds < 0 { "−" } else { "" };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{}:{:02}", minutes / 60, minutes % 60)
}

/// As a form shows it, so that it reads back as the same seconds: "1.5", or "1:20:00" where decimals fall short.
pub fn plain(seconds: i64) -> String {
    if seconds % 36 == 0 { hours(seconds) } else { stopwatch(seconds) }
}

/// "1:30:15", for a running timer.
pub fn stopwatch(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Hours with up to two decimals, for reports: 5400 is "1.5".
pub fn hours(seconds: i64) -> String {
    super::money::plain_decimal(hundredths(seconds), 2)
}

/// Hours with two decimals, which stand under each other: 5400 is "1.50".
pub fn column_hours(seconds: i64) -> String {
    let hundredths = hundredths(seconds);
    let sign = if hundredths < 0 { "−" } else { "" };
    let hundredths = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

fn hundredths(seconds: i64) -> i64 {
    super::money::div_round(i128::from(seconds) * 100, 3_600).unwrap_or(i64::MAX)
}
