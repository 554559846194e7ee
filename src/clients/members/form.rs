//! The form that assigns somebody to a client, shared by pages and API.

use serde::{Deserialize, Serialize};

use crate::error::FormErrors;
use crate::types::ids::UserId;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientMemberForm {
    /// Who.
    #[schema(required = true)]
    pub user_id: Typed,
}

impl ClientMemberForm {
    /// Who, or what is wrong.
    pub fn check(&self) -> Result<UserId, FormErrors> {
        let mut check = Check::new();
        let user_id = check.required_id("user_id", &self.user_id);
        check.finish(user_id)
    }
}
