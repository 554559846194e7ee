//! The form of the settings about hours, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{NewTimeSettings, Overlap, TimeSettings};
use crate::error::FormErrors;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimeSettingsForm {
    /// allow, warn or forbid.
    pub overlap: String,
    /// Hours up to this local day are locked; blank locks none.
    pub locked_until: String,
    /// A week is locked so many days after its end, 0 to 366; blank never.
    pub lock_after_days: Typed,
    /// The version that was edited.
    pub version: Typed,
}

impl TimeSettingsForm {
    /// The form of the stored settings.
    pub fn filled(settings: &TimeSettings) -> Self {
        Self {
            overlap: settings.overlap.to_string(),
            locked_until: settings.locked_until.map(|day| day.to_string()).unwrap_or_default(),
            lock_after_days: settings.lock_after_days.into(),
            version: Some(settings.version).into(),
        }
    }

    /// The settings, or what is wrong.
    pub fn check(&self) -> Result<NewTimeSettings, FormErrors> {
        let mut check = Check::new();
        let overlap: Option<Overlap> = check.choice("overlap", &self.overlap);
        let locked_until = check.date("locked_until", &self.locked_until);
        let lock_after_days = check.number("lock_after_days", &self.lock_after_days, 0..=366);
        check.finish(overlap.map(|overlap| NewTimeSettings { overlap, locked_until, lock_after_days }))
    }

    /// Fields in which this form and the stored settings differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Overlap", &stored.overlap, &self.overlap),
            ("Locked until", &stored.locked_until, &self.locked_until),
            ("Lock after days", &stored.lock_after_days.0, &self.lock_after_days.0),
        ])
    }
}
