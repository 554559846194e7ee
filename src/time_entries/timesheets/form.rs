//! The forms of timesheets, shared by pages and API.

use serde::Deserialize;

use super::model::Decision;
use crate::error::FormErrors;
use crate::time_entries::week::{Week, WeekName};
use crate::types::calendar::WeekStart;
use crate::types::ids::UserId;
use crate::web::form::Check;
use crate::web::json::Typed;

/// Which week of one's own.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubmissionForm {
    /// As `2026-W47`.
    #[schema(required = true)]
    pub week: String,
}

impl SubmissionForm {
    /// The week, or what is wrong.
    pub fn check(&self, start: WeekStart) -> Result<Week, FormErrors> {
        let mut check = Check::new();
        let name: Option<WeekName> = check.required_id("week", &self.week);
        check.finish(name.map(|name| name.week(start)))
    }
}

/// Which week of everybody; blank is this one.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApprovalsQuery {
    /// As `2026-W47`.
    pub week: String,
}

impl ApprovalsQuery {
    /// The week, or what makes no sense.
    pub fn check(&self, start: WeekStart) -> Result<Option<Week>, FormErrors> {
        let mut check = Check::new();
        let name: Option<WeekName> = check.id("week", &self.week);
        check.finish(Some(name.map(|name| name.week(start))))
    }
}

/// What a manager says about somebody's week.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionForm {
    /// Whose.
    pub user_id: Typed,
    /// As `2026-W47`.
    pub week: String,
    /// approve or reopen.
    pub decision: String,
    /// Why it is open again; needed to reopen.
    pub reason: String,
    /// The version that was seen.
    pub version: Typed,
}

impl DecisionForm {
    /// Whose week, as seen, and the decision, or what is wrong.
    pub fn check(&self, start: WeekStart) -> Result<(UserId, Week, i64, Decision), FormErrors> {
        let mut check = Check::new();
        let user = check.required_id("user_id", &self.user_id);
        let name: Option<WeekName> = check.required_id("week", &self.week);
        let version = check.required_id("version", &self.version);
        let decision = match self.decision.trim() {
            "approve" => Some(Decision::Approve),
            "reopen" => Some(Decision::Reopen(check.required("reason", &self.reason))),
            _ => {
                check.error("decision", "must be approve or reopen");
                None
            }
        };
        let all = user.zip(name.map(|name| name.week(start))).zip(version.zip(decision));
        check.finish(all.map(|((user, week), (version, decision))| (user, week, version, decision)))
    }
}
