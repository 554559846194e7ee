//! What a list of invoices asks for: the filter, and the query string that it is read from.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::error::FormErrors;
use crate::types::ids::{ClientId, InvoiceId, ProjectId};
use crate::web::form::Check;

crate::text_enum! {
    /// Which invoices a list shows.
    pub enum StatusFilter {
        /// All of them.
        All = "all", "All";
        /// Not issued.
        Draft = "draft", "Drafts";
        /// Issued, something left to pay.
        Open = "open", "Open";
        /// Of those, past their due date.
        Overdue = "overdue", "Overdue";
        /// Issued, nothing left to pay.
        Paid = "paid", "Paid";
    }
}

/// What a list asks for.
#[derive(Debug, Clone)]
pub struct InvoiceFilter {
    /// Which.
    pub status: StatusFilter,
    /// Of one client.
    pub client: Option<ClientId>,
    /// Of one project.
    pub project: Option<ProjectId>,
    /// Part of a number or of a client's name.
    pub q: String,
    /// With a payment in the month that begins on this day.
    pub paid_in: Option<NaiveDate>,
    /// The rows after this one.
    pub after: Option<InvoiceId>,
}

impl InvoiceFilter {
    /// All invoices of one client.
    pub fn of_client(client: ClientId, after: Option<InvoiceId>) -> Self {
        Self {
            status: StatusFilter::All,
            client: Some(client),
            project: None,
            q: String::new(),
            paid_in: None,
            after,
        }
    }
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoiceQuery {
    /// Part of a number or of a client's name.
    pub q: String,
    /// all, draft, open, overdue or paid; blank is all.
    pub status: String,
    /// Of one client.
    pub client_id: String,
    /// Of one project.
    pub project_id: String,
    /// With a payment in this month, as in 2026-11.
    pub paid_in: String,
    /// The rows after this one.
    pub after: String,
}

impl InvoiceQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<InvoiceFilter, FormErrors> {
        let mut check = Check::new();
        let q = check.line("q", &self.q);
        let status = check.id("status", &self.status).unwrap_or(StatusFilter::All);
        let client = check.id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let month = self.paid_in.trim();
        let paid_in = if month.is_empty() { None } else { check.date("paid_in", &format!("{month}-01")) };
        let after = check.id("after", &self.after);
        check.finish(Some(InvoiceFilter { status, client, project, q, paid_in, after }))
    }

    /// Whether `status` is the tab that is shown.
    pub fn is(&self, status: &StatusFilter) -> bool {
        self.status == status.as_str() || self.status.is_empty() && *status == StatusFilter::All
    }

    /// Whether nothing narrows the list.
    pub fn is_plain(&self) -> bool {
        [&self.q, &self.client_id, &self.project_id, &self.paid_in].iter().all(|text| text.is_empty())
            && self.is(&StatusFilter::All)
    }

    /// The list's address with another status.
    pub fn tabbed(&self, status: &StatusFilter) -> String {
        self.address(status.as_str(), "")
    }

    /// The list's address with the rows after `id`.
    pub fn following(&self, id: &InvoiceId) -> String {
        self.address(&self.status, &id.to_string())
    }

    fn address(&self, status: &str, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", self.q.as_str()),
            ("status", status),
            ("client_id", &self.client_id),
            ("project_id", &self.project_id),
            ("paid_in", &self.paid_in),
            ("after", after),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/billing?{}", query.finish())
    }
}
