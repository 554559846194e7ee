//! The forms of people, shared by pages and API.

use serde::{Deserialize, Serialize};

use crate::auth::policy::Role;
use crate::error::FormErrors;
use crate::types::ids::UserId;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What somebody is to the agency.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleForm {
    /// owner, admin, manager, member or bookkeeper.
    #[schema(required = true)]
    pub role: String,
    /// The version that was edited.
    #[schema(required = true)]
    pub version: Typed,
}

impl RoleForm {
    /// The role, or what is wrong.
    pub fn check(&self) -> Result<Role, FormErrors> {
        let mut check = Check::new();
        let role = check.choice::<Role>("role", &self.role);
        check.finish(role)
    }
}

/// Who takes over from somebody who may come in no more.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HandOverForm {
    /// Who gets their open tasks; blank leaves them where they are.
    pub hand_over_to: Typed,
}

impl HandOverForm {
    /// Who takes over, or what is wrong.
    pub fn check(&self) -> Result<Option<UserId>, FormErrors> {
        let mut check = Check::new();
        let to = check.id("hand_over_to", &self.hand_over_to);
        check.finish(Some(to))
    }
}
