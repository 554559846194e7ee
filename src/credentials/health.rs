//! What is to be said of a password: how strong it is, whether it is used twice, how old it is.

use chrono::{Days, NaiveDate, TimeDelta};

use crate::types::clock::UtcTime;

/// Strength up to which a password is weak, of 4.
pub const WEAK: i64 = 2;
/// Seconds after which a password is old, unless the credential says its own number of days.
pub const OLD_SECONDS: i64 = 365 * 86_400;
/// How long before its end a credential is to be renewed.
pub const EXPIRES_SOON: TimeDelta = TimeDelta::days(30);

/// What is known of the current password of a credential.
#[derive(Debug, Clone, Copy)]
pub struct Health {
    /// From 0, guessed at once, to 4; `None` where that does not apply.
    pub strength: Option<i64>,
    /// Whether another credential has the same.
    pub is_reused: bool,
    /// Since when it is the password; `None` without one.
    pub changed_at: Option<UtcTime>,
    /// When the credential ends.
    pub expires_on: Option<NaiveDate>,
    /// Days after which the password is to be changed.
    pub rotate_every_days: Option<i64>,
}

impl Health {
    /// The first thing to be done something about, or that all is well: colour and words.
    pub fn badge(&self, now: &UtcTime, today: &NaiveDate) -> Option<(&'static str, String)> {
        if let Some(end) = self.expires_on {
            if end < *today {
                return Some(("badge-bad", "Expired".to_owned()));
            }
            if end <= *today + EXPIRES_SOON {
                return Some(("badge-warn", "Expires soon".to_owned()));
            }
        }
        let age = now.seconds_since(self.changed_at?);
        if self.strength.is_some_and(|strength| strength <= WEAK) {
            return Some(("badge-bad", "Weak".to_owned()));
        }
        if self.is_reused {
            return Some(("badge-warn", "Reused".to_owned()));
        }
        match self.rotate_every_days {
            Some(days) if age >= days * 86_400 => return Some(("badge-bad", "Change is due".to_owned())),
            None if age >= OLD_SECONDS => {
                return Some(("badge-bad", format!("{} months old", age / (OLD_SECONDS / 12))));
            }
            _ => {}
        }
        self.strength.map(|_| ("badge-ok", "Strong".to_owned()))
    }

    /// The day on which the password is to be changed, where the credential says so.
    pub fn due_on(&self, changed_on: NaiveDate) -> Option<NaiveDate> {
        let days = u64::try_from(self.rotate_every_days?).ok()?;
        changed_on.checked_add_days(Days::new(days))
    }
}

/// How strong `password` is, from 0, guessed at once, to 4; `known` are words that a guesser tries first.
pub fn strength(password: &str, known: &[&str]) -> i64 {
    // Guessing takes no longer for what comes after so many characters, but looking would.
    let head: String = password.chars().take(100).collect();
    i64::from(u8::from(zxcvbn::zxcvbn(&head, known).score()))
}
