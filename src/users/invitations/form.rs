//! The forms of an invitation: the one that makes it, shared by page and API, and the one that accepts it.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::auth::password;
use crate::auth::policy::Role;
use crate::error::FormErrors;
use crate::types::zone::Tz;
use crate::web::form::Check;

/// Whom to ask.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InvitationForm {
    /// Where they are reached, and how they will sign in.
    #[schema(required = true)]
    pub email: String,
    /// owner, admin, manager, member, contractor or bookkeeper.
    #[schema(required = true)]
    pub role: String,
}

impl InvitationForm {
    /// The form as it is first shown.
    pub fn blank() -> Self {
        Self { email: String::new(), role: Role::Member.to_string() }
    }

    /// Address and role, or what is wrong.
    pub fn check(&self) -> Result<(String, Role), FormErrors> {
        let mut check = Check::new();
        let email = check.email("email", &self.email);
        if email.is_empty() && !check.has_error("email") {
            check.error("email", "can't be blank");
        }
        let role = check.choice::<Role>("role", &self.role);
        check.finish(role.map(|role| (email, role)))
    }
}

/// Who accepts. Without `Debug`: a password must not end up in a message.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AcceptanceForm {
    /// Name on screen.
    pub name: String,
    /// IANA zone; blank is the agency's.
    pub time_zone: String,
    /// The password; never shown again.
    pub password: Zeroizing<String>,
}

impl AcceptanceForm {
    /// Name and zone, or what is wrong; `email` is the one that was invited, `agency_zone` stands for a blank one.
    pub fn check(&self, email: &str, agency_zone: &str) -> Result<(String, String), FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        let zone = if self.time_zone.trim().is_empty() { agency_zone } else { &self.time_zone };
        let zone = check.choice::<Tz>("time_zone", zone);
        if let Some(weakness) = password::weakness(&self.password, &name, email) {
            check.error("password", weakness);
        }
        check.finish(zone.map(|zone| (name, zone.name().to_owned())))
    }
}
