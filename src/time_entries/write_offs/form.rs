//! The form of a write-off.

use serde::Deserialize;

use crate::error::FormErrors;
use crate::web::form::Check;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WriteOffForm {
    /// Why the hours are not billed.
    pub reason: String,
}

impl WriteOffForm {
    /// The reason, or what is wrong with it.
    pub fn check(&self) -> Result<String, FormErrors> {
        let mut check = Check::new();
        let reason = check.required("reason", &self.reason);
        check.finish(Some(reason))
    }
}
