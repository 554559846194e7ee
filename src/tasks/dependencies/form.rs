//! The form of a dependency, shared by pages and API.

use serde::{Deserialize, Serialize};

use crate::error::FormErrors;
use crate::types::ids::TaskId;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What was chosen.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DependencyForm {
    /// The task to wait for.
    #[schema(required = true)]
    pub blocker_id: Typed,
}

impl DependencyForm {
    /// The task, or what is wrong.
    pub fn check(&self) -> Result<TaskId, FormErrors> {
        let mut check = Check::new();
        let blocker = check.required_id("blocker_id", &self.blocker_id);
        check.finish(blocker)
    }
}
