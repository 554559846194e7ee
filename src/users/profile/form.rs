//! The form of one's profile, shared by page and API.

use serde::{Deserialize, Serialize};

use crate::auth::user::{Profile, User};
use crate::error::FormErrors;
use crate::types::calendar::WeekStart;
use crate::types::duration;
use crate::types::zone::Tz;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// A week has no more.
const WEEK_SECONDS: i64 = 7 * 24 * 3_600;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileForm {
    /// Name on screen.
    #[schema(required = true)]
    pub name: String,
    /// An IANA zone, as `Europe/Berlin`: days and times are shown in it.
    #[schema(required = true)]
    pub time_zone: String,
    /// monday, sunday or saturday.
    #[schema(required = true)]
    pub week_starts_on: String,
    /// Hours to work in a week, like 32 or 38:30; blank for none.
    pub week_target: Typed,
    /// The version that was edited.
    pub version: Typed,
}

impl ProfileForm {
    /// The form of a stored person.
    pub fn filled(user: &User) -> Self {
        Self {
            name: user.name.clone(),
            time_zone: user.time_zone.clone(),
            week_starts_on: user.week_starts_on.to_string(),
            week_target: user.week_target_seconds.map(duration::plain).into(),
            version: Some(user.version).into(),
        }
    }

    /// The profile, or what is wrong.
    pub fn check(&self) -> Result<Profile, FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        let zone = check.choice::<Tz>("time_zone", &self.time_zone);
        let week_starts_on: Option<WeekStart> = check.choice("week_starts_on", &self.week_starts_on);
        let week_target_seconds = check.seconds("week_target", &self.week_target, WEEK_SECONDS);
        if week_target_seconds == Some(0) {
            check.error("week_target", "must be more than nothing, or blank");
        }
        let parts = zone.zip(week_starts_on);
        check.finish(parts.map(|(zone, week_starts_on)| Profile {
            name,
            time_zone: zone.name().to_owned(),
            week_starts_on,
            week_target_seconds,
        }))
    }

    /// Fields in which this form and the stored person differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Name", &stored.name, &self.name),
            ("Time zone", &stored.time_zone, &self.time_zone),
            ("Week starts on", &stored.week_starts_on, &self.week_starts_on),
            ("Hours a week", &stored.week_target.0, &self.week_target.0),
        ])
    }
}
