//! The steps of reminding: after how many days which words.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::db::schema::reminder_settings;
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;

/// A step of it. Amounts are minor units of the agency's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReminderStep {
    /// Days after the due date.
    pub days_after: i64,
    /// What the letter is called.
    pub title: String,
    /// Its words, with placeholders.
    pub body: String,
    /// Days that it gives to pay.
    pub days_to_pay: i64,
    /// A fee that it names.
    pub fee_cents: i64,
    /// Interest a year that it names, in thousandths of a percent.
    pub interest_millis: i64,
}

/// All steps, the mildest first.
#[derive(Debug, Clone)]
pub struct Ladder {
    /// The steps.
    pub steps: Vec<ReminderStep>,
    /// Whether a step that falls on a weekend is due on the Monday after.
    pub skips_weekends: bool,
    /// Counts the edits; 0 while nobody has changed the usual ones.
    pub version: i64,
}

impl Ladder {
    /// `day`, or the Monday after it where it falls on a weekend that is skipped.
    pub fn working_day(&self, day: NaiveDate) -> NaiveDate {
        let days = match day.weekday() {
            Weekday::Sat if self.skips_weekends => 2,
            Weekday::Sun if self.skips_weekends => 1,
            _ => 0,
        };
        day.checked_add_days(Days::new(days)).unwrap_or(day)
    }
}

/// What the settings may set.
#[derive(Debug, Clone)]
pub struct LadderChanges {
    /// The steps.
    pub steps: Vec<ReminderStep>,
    /// Whether a step that falls on a weekend is due on the Monday after.
    pub skips_weekends: bool,
}

/// The steps while nobody has changed them.
fn usual() -> Vec<ReminderStep> {
    let step = |days_after: i64, title: &str, body: &str| ReminderStep {
        days_after,
        title: title.to_owned(),
        body: body.to_owned(),
        days_to_pay: 10,
        fee_cents: 0,
        interest_millis: 0,
    };
    vec![
        step(
            7,
            "Payment reminder",
            "Perhaps our invoice {number} of {date} has escaped your notice: {amount} was due on {due}. Please pay it by {until}. If you have paid meanwhile, please disregard this letter.",
        ),
        step(
            21,
            "Second reminder",
            "Our invoice {number} of {date} is still unpaid: {amount} was due on {due}, {days} days ago. Please pay it by {until}.",
        ),
        step(
            35,
            "Final reminder",
            "We have reminded you of our invoice {number} of {date} before. {amount} was due on {due}. Unless it is paid by {until} we will have to take further steps.",
        ),
    ]
}

/// The steps as they are.
pub fn load(conn: &mut Conn) -> AppResult<Ladder> {
    let stored: Option<(String, bool, i64)> = reminder_settings::table
        .select((reminder_settings::steps, reminder_settings::skips_weekends, reminder_settings::version))
        .first(conn)
        .optional()?;
    match stored {
        Some((steps, skips_weekends, version)) => {
            let steps = serde_json::from_str(&steps).map_err(AppError::internal)?;
            Ok(Ladder { steps, skips_weekends, version })
        }
        None => Ok(Ladder { steps: usual(), skips_weekends: false, version: 0 }),
    }
}

/// Saves the steps over version `version`.
pub fn save(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    version: i64,
    changes: &LadderChanges,
) -> AppResult<Saved<Ladder>> {
    let before = load(conn)?;
    if before.version != version {
        return Ok(Saved::Stale(before));
    }
    let text = serde_json::to_string(&changes.steps).map_err(AppError::internal)?;
    if version == 0 {
        diesel::insert_into(reminder_settings::table)
            .values((
                reminder_settings::id.eq(1_i64),
                reminder_settings::steps.eq(text),
                reminder_settings::skips_weekends.eq(changes.skips_weekends),
                reminder_settings::updated_at.eq(now),
            ))
            .execute(conn)
            .map_err(|error| match dialect::violated_unique(&error) {
                Some(_) => {
                    AppError::Conflict("Somebody else saved the steps meanwhile. Reload to see how.".into())
                }
                None => error.into(),
            })?;
    } else {
        let saved = diesel::update(reminder_settings::table.filter(reminder_settings::version.eq(version)))
            .set((
                reminder_settings::steps.eq(text),
                reminder_settings::skips_weekends.eq(changes.skips_weekends),
                reminder_settings::updated_at.eq(now),
                reminder_settings::version.eq(version + 1),
            ))
            .execute(conn)?;
        if saved == 0 {
            return load(conn).map(Saved::Stale);
        }
    }
    let words = |steps: &[ReminderStep]| {
        let words: Vec<String> =
            steps.iter().map(|step| format!("{} after {} days", step.title, step.days_after)).collect();
        words.join(", ")
    };
    let entry = Entry::new(Action::Updated, Subject::Agency, 1, "reminders")
        .change("steps", words(&before.steps), words(&changes.steps))
        .change("skips_weekends", before.skips_weekends, changes.skips_weekends);
    audit::record(conn, Some(actor.id), now, &entry)?;
    load(conn).map(Saved::Done)
}
