//! The form of a new token.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::auth::token::{Access, Area, NewToken, Scopes};
use crate::error::FormErrors;
use crate::types::clock::UtcTime;
use crate::types::zone::{self, Tz};
use crate::web::form::Check;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenForm {
    /// What it is for.
    pub name: String,
    /// The last day on which it opens anything; blank is when somebody revokes it.
    pub ends_on: String,
    /// What it opens: "clients:read" and the like, blank for none.
    pub scopes: Vec<String>,
}

impl TokenForm {
    /// Whether `access` is chosen for `area`.
    pub fn has(&self, area: &Area, access: &Access) -> bool {
        self.scopes.contains(&format!("{area}:{access}"))
    }

    /// The token, or what is wrong; its last day is one of `zone`, and none before `today`.
    pub fn check(&self, today: NaiveDate, zone: Tz) -> Result<NewToken, FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        let ends_on = check.date("ends_on", &self.ends_on);
        if ends_on.is_some_and(|on| on < today) {
            check.error("ends_on", "has passed already");
        }
        let expires_at: Option<UtcTime> = ends_on.and_then(|on| {
            let midnight = on.succ_opt()?.and_hms_opt(0, 0, 0)?;
            Some(zone::resolve(midnight, zone)?.earliest())
        });
        let mut scopes: Vec<(Area, Access)> = Vec::new();
        for text in self.scopes.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            let scope = text
                .split_once(':')
                .and_then(|(area, access)| Some((area.parse().ok()?, access.parse().ok()?)));
            match scope {
                Some((area, access)) if scopes.iter().all(|(known, _)| *known != area) => {
                    scopes.push((area, access))
                }
                _ => check.error("scopes", "must be one of the choices"),
            }
        }
        if scopes.is_empty() && !check.has_error("scopes") {
            check.error("scopes", "can't be blank: choose what it may open");
        }
        scopes.sort_unstable();
        check.finish(Some(NewToken { name, scopes: Scopes::new(scopes), expires_at }))
    }
}
