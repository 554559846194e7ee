//! The form that adds somebody to a project, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::NewMember;
use crate::error::FormErrors;
use crate::types::money::Currency;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemberForm {
    /// Who.
    #[schema(required = true)]
    pub user_id: Typed,
    /// What an hour of theirs costs the client on this project; blank follows the project.
    pub rate: Typed,
    /// What an hour of theirs costs us on this project; blank follows the person.
    pub cost: Typed,
}

impl MemberForm {
    /// Somebody with rates in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewMember, FormErrors> {
        let mut check = Check::new();
        let user_id = check.required_id("user_id", &self.user_id);
        let rate_cents = check.cents("rate", &self.rate, currency);
        let cost_cents = check.cents("cost", &self.cost, currency);
        check.finish(user_id.map(|user_id| NewMember { user_id, rate_cents, cost_cents }))
    }
}
