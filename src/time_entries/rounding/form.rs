//! The form of a rule, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{RoundingBasis, Rule, Whose};
use crate::error::FormErrors;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What was typed. Without client and project the rule is the agency's.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoundingForm {
    /// A client's.
    pub client_id: Typed,
    /// A project's.
    pub project_id: Typed,
    /// none, up, nearest or down.
    pub mode: String,
    /// Minutes, from 1 to 480; needed unless the mode is none.
    pub step_minutes: Typed,
    /// The least that is billed for work, in minutes; blank is no such thing.
    pub minimum_minutes: Typed,
    /// entry or day_and_task; blank is entry.
    pub basis: String,
}

impl RoundingForm {
    /// What an empty form is offered.
    pub fn blank() -> Self {
        Self { mode: "up".into(), step_minutes: "15".into(), basis: "entry".into(), ..Self::default() }
    }

    /// Whose rule, and the rule, or what is wrong.
    pub fn check(&self) -> Result<(Whose, Rule), FormErrors> {
        let mut check = Check::new();
        let whose = whose(&mut check, &self.client_id, &self.project_id);
        let mode = check.choice("mode", &self.mode);
        let step = check.number("step_minutes", &self.step_minutes, 1..=480);
        if step.is_none() && mode.is_some_and(|mode| mode != super::model::RoundingMode::None) {
            check.error("step_minutes", "can't be blank");
        }
        let minimum = check.number("minimum_minutes", &self.minimum_minutes, 0..=480).unwrap_or(0);
        let basis = check.id("basis", &self.basis).unwrap_or(RoundingBasis::Entry);
        check.finish(mode.map(|mode| {
            let step_seconds = step.unwrap_or(1) * 60;
            (whose, Rule { mode, step_seconds, minimum_seconds: minimum * 60, basis })
        }))
    }
}

fn whose(check: &mut Check, client: &str, project: &str) -> Whose {
    let whose = Whose { client: check.id("client_id", client), project: check.id("project_id", project) };
    if whose.client.is_some() && whose.project.is_some() {
        check.error("project_id", "leaves no room for a client: a rule is for one of the two");
    }
    whose
}

/// Whose rule goes.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhoseForm {
    /// A client's.
    pub client_id: String,
    /// A project's.
    pub project_id: String,
}

impl WhoseForm {
    /// Whose, or what makes no sense.
    pub fn check(&self) -> Result<Whose, FormErrors> {
        let mut check = Check::new();
        let whose = whose(&mut check, &self.client_id, &self.project_id);
        check.finish(Some(whose))
    }
}
