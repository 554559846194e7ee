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
    /// Issued with a date in the month that begins on this day.
    pub issued_in: Option<NaiveDate>,
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
            issued_in: None,
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
    /// Issued with a date in this month, as in 2026-11.
    pub issued_in: String,
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
        let mut month = |field: &str, text: &str| {
            let text = text.trim();
            if text.is_empty() { None } else { check.date(field, &format!("{text}-01")) }
        };
        let issued_in = month("issued_in", &self.issued_in);
        let paid_in = month("paid_in", &self.paid_in);
        let after = check.id("after", &self.after);
        check.finish(Some(InvoiceFilter { status, client, project, q, issued_in, paid_in, after }))
    }

    /// Whether `status` is the tab that is shown.
    pub fn is(&self, status: &StatusFilter) -> bool {
        self.status == status.as_str() || self.status.is_empty() && *status == StatusFilter::All
    }

    /// Whether nothing narrows the list.
    pub fn is_plain(&self) -> bool {
        let narrow = [&self.q, &self.client_id, &self.project_id, &self.issued_in, &self.paid_in];
        narrow.iter().all(|text| text.is_empty()) && self.is(&StatusFilter::All)
    }

    /// The list's address with another status.
    pub fn tabbed(&self, status: &StatusFilter) -> String {
        self.address(status.as_str(), "")
    }

    /// The list's address with the rows after `id`.
    pub fn following(&self, id: &InvoiceId) -> String {
        self.address(&self.status, &id.to_string())
    }

    /// Where the whole list is kept as a file.
    pub fn file(&self) -> String {
        format!("/billing/csv?{}", self.parameters(&self.status, ""))
    }

    fn address(&self, status: &str, after: &str) -> String {
        format!("/billing?{}", self.parameters(status, after))
    }

    fn parameters(&self, status: &str, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", self.q.as_str()),
            ("status", status),
            ("client_id", &self.client_id),
            ("project_id", &self.project_id),
            ("issued_in", &self.issued_in),
            ("paid_in", &self.paid_in),
            ("after", after),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}
