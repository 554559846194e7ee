//! What a list of quotes asks for: the filter, and the query string that it is read from.

use serde::Deserialize;

use crate::error::FormErrors;
use crate::types::ids::{ClientId, ProjectId, QuoteId};
use crate::web::form::Check;

crate::text_enum! {
    /// Which quotes a list shows.
    pub enum QuoteStatusFilter {
        /// All of them.
        All = "all", "All";
        /// Nothing was sent yet.
        Draft = "draft", "Drafts";
        /// Sent, and waits for an answer.
        Sent = "sent", "Sent";
        /// Not answered by its last day.
        Expired = "expired", "Expired";
        /// The client agreed, and no invoice was made of it yet.
        Accepted = "accepted", "Accepted";
        /// The client did not agree.
        Declined = "declined", "Declined";
        /// It became an invoice.
        Converted = "converted", "Converted";
    }
}

/// What a list asks for.
#[derive(Debug, Clone)]
pub struct QuoteFilter {
    /// Which.
    pub status: QuoteStatusFilter,
    /// Of one client.
    pub client: Option<ClientId>,
    /// Of one project.
    pub project: Option<ProjectId>,
    /// The rows after this one.
    pub after: Option<QuoteId>,
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QuoteQuery {
    /// all, draft, sent, expired, accepted, declined or converted; blank is all.
    pub status: String,
    /// Of one client.
    pub client_id: String,
    /// Of one project.
    pub project_id: String,
    /// The rows after this one.
    pub after: String,
}

impl QuoteQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<QuoteFilter, FormErrors> {
        let mut check = Check::new();
        let status = check.id("status", &self.status).unwrap_or(QuoteStatusFilter::All);
        let client = check.id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let after = check.id("after", &self.after);
        check.finish(Some(QuoteFilter { status, client, project, after }))
    }

    /// Whether `status` is the tab that is shown.
    pub fn is(&self, status: &QuoteStatusFilter) -> bool {
        self.status == status.as_str() || self.status.is_empty() && *status == QuoteStatusFilter::All
    }

    /// The list's address with another status.
    pub fn tabbed(&self, status: &QuoteStatusFilter) -> String {
        self.address(status.as_str(), "")
    }

    /// The list's address with the rows after `id`.
    pub fn following(&self, id: &QuoteId) -> String {
        self.address(&self.status, &id.to_string())
    }

    fn address(&self, status: &str, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("status", status),
            ("client_id", &self.client_id),
            ("project_id", &self.project_id),
            ("after", after),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/quotes?{}", query.finish())
    }
}
