//! The forms of people, shared by pages and API.

use serde::{Deserialize, Serialize};

use crate::auth::policy::Role;
use crate::auth::user::{Standing, User};
use crate::error::FormErrors;
use crate::types::ids::UserId;
use crate::users::people::model::Assignment;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What somebody is to the agency.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleForm {
    /// owner, admin, manager, member, contractor or bookkeeper.
    #[schema(required = true)]
    pub role: String,
    /// The last day on which a contractor may come in, `YYYY-MM-DD`; blank sets no end.
    pub access_ends_on: String,
    /// The version that was edited.
    #[schema(required = true)]
    pub version: Typed,
}

impl RoleForm {
    /// What is stored of `person`.
    pub fn filled(person: &User) -> Self {
        Self {
            role: person.role.to_string(),
            access_ends_on: person.access_ends_on.map(|day| day.to_string()).unwrap_or_default(),
            version: Some(person.version).into(),
        }
    }

    /// The role with its last day, or what is wrong.
    pub fn check(&self) -> Result<Standing, FormErrors> {
        let mut check = Check::new();
        let role = check.choice::<Role>("role", &self.role);
        let access_ends_on = check.date("access_ends_on", &self.access_ends_on);
        if access_ends_on.is_some() && role.is_some_and(|role| role != Role::Contractor) {
            check.error("access_ends_on", "is for contractors only");
        }
        check.finish(role.map(|role| Standing { role, access_ends_on }))
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

/// What somebody is to work for: a client as a whole, or one project.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AssignmentForm {
    /// The client, for all of its projects; blank with a project.
    pub client_id: Typed,
    /// The project; blank with a client.
    pub project_id: Typed,
}

impl AssignmentForm {
    /// The one or the other, or what is wrong.
    pub fn check(&self) -> Result<Assignment, FormErrors> {
        let mut check = Check::new();
        let client = check.id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let chosen = match (client, project) {
            (Some(client), None) => Some(Assignment::Client(client)),
            (None, Some(project)) => Some(Assignment::Project(project)),
            (Some(_), Some(_)) => {
                check.error("project_id", "is not chosen beside a client");
                None
            }
            (None, None) if check.has_error("client_id") || check.has_error("project_id") => None,
            (None, None) => {
                check.error("client_id", "or a project must be chosen");
                None
            }
        };
        check.finish(chosen)
    }
}
