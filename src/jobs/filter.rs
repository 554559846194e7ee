//! What the list of jobs is asked for: the query string that page and API read.

use serde::Deserialize;

use super::model::JobState;
use crate::error::FormErrors;
use crate::types::ids::JobId;
use crate::web::form::Check;

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// available, running, retry, done, dead or cancelled; blank for all.
    pub state: String,
    /// The jobs before this one.
    pub before: String,
}

impl JobsQuery {
    /// State and place, or what makes no sense.
    pub fn check(&self) -> Result<(Option<JobState>, Option<JobId>), FormErrors> {
        let mut check = Check::new();
        let (state, before) = (check.id("state", &self.state), check.id("before", &self.before));
        check.finish(Some((state, before)))
    }

    /// The list's address with the jobs before `id`.
    pub fn older(&self, id: JobId) -> String {
        let state = if self.state.is_empty() { String::new() } else { format!("state={}&", self.state) };
        format!("/jobs?{state}before={id}")
    }
}
