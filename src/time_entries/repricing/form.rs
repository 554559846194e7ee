//! The form of re-pricing, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::Period;
use crate::error::FormErrors;
use crate::rates::model::RateKind;
use crate::web::form::Check;
use crate::web::json::Typed;

/// Which hours, and the plan that was shown for them.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RepricingForm {
    /// bill or cost; blank is bill.
    pub kind: String,
    /// From this local day.
    #[schema(required = true)]
    pub from: String,
    /// To this local day; blank is open.
    pub to: String,
    /// One client's.
    #[param(value_type = Option<i64>)]
    pub client_id: Typed,
    /// One project's.
    #[param(value_type = Option<i64>)]
    pub project_id: Typed,
    /// One task's.
    #[param(value_type = Option<i64>)]
    pub task_id: Typed,
    /// One person's.
    #[param(value_type = Option<i64>)]
    pub user_id: Typed,
    /// The plan as the preview named it.
    pub plan: String,
}

impl RepricingForm {
    /// Which hours, or what is wrong.
    pub fn check(&self) -> Result<Period, FormErrors> {
        let mut check = Check::new();
        let from = check.required_date("from", &self.from);
        let to = check.date("to", &self.to);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            check.error("to", "lies before the first day");
        }
        let kind = match self.kind.trim() {
            "" => Some(RateKind::Bill),
            kind => check.choice("kind", kind),
        };
        let client = check.id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let task = check.id("task_id", &self.task_id);
        let user = check.id("user_id", &self.user_id);
        check.finish(from.zip(kind).map(|(from, kind)| Period {
            kind,
            from,
            to,
            client,
            project,
            task,
            user,
        }))
    }
}
