//! The form of a write-off.

use serde::{Deserialize, Serialize};

use crate::error::FormErrors;
use crate::web::form::Check;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WriteOffForm {
    /// Why the hours are not billed.
    #[schema(required = true)]
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
