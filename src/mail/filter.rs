//! What the outbox is asked for: the query string that page and API read.

use serde::Deserialize;

use super::model::MailState;
use crate::error::FormErrors;
use crate::types::ids::MailId;
use crate::web::form::Check;

/// The outbox's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MailQuery {
    /// queued, sent or failed; blank for all.
    pub state: String,
    /// The mails before this one.
    pub before: String,
}

impl MailQuery {
    /// State and place, or what makes no sense.
    pub fn check(&self) -> Result<(Option<MailState>, Option<MailId>), FormErrors> {
        let mut check = Check::new();
        let (state, before) = (check.id("state", &self.state), check.id("before", &self.before));
        check.finish(Some((state, before)))
    }

    /// The outbox's address with the mails before `id`.
    pub fn older(&self, id: MailId) -> String {
        let state = if self.state.is_empty() { String::new() } else { format!("state={}&", self.state) };
        format!("/mail?{state}before={id}")
    }
}
