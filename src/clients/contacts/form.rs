//! The contact form, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{Contact, NewContact};
use crate::error::FormErrors;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContactForm {
    /// Name.
    #[schema(required = true)]
    pub name: String,
    /// What they do there.
    pub job_title: String,
    /// E-mail address.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Gets invoices and reminders.
    pub is_billing: Typed,
    /// Knows the site and its hosting.
    pub is_technical: Typed,
    /// Decides.
    pub is_owner: Typed,
    /// The version that was edited; the API does without.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub version: Typed,
    /// The same key again adds nothing. For a new contact only; the API does without.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub idempotency_key: String,
}

impl ContactForm {
    /// The form of a stored contact.
    pub fn filled(contact: &Contact) -> Self {
        Self {
            name: contact.name.clone(),
            job_title: contact.job_title.clone(),
            email: contact.email.clone(),
            phone: contact.phone.clone(),
            is_billing: Some(contact.is_billing).into(),
            is_technical: Some(contact.is_technical).into(),
            is_owner: Some(contact.is_owner).into(),
            version: Some(contact.version).into(),
            idempotency_key: String::new(),
        }
    }

    /// Fields in which this form and the stored contact differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        let ticked = |value: &Typed| if value.is_empty() || value.0 == "false" { "no" } else { "yes" };
        Difference::between([
            ("Name", stored.name.as_str(), self.name.as_str()),
            ("Job title", &stored.job_title, &self.job_title),
            ("Email", &stored.email, &self.email),
            ("Phone", &stored.phone, &self.phone),
            ("Billing", ticked(&stored.is_billing), ticked(&self.is_billing)),
            ("Technical", ticked(&stored.is_technical), ticked(&self.is_technical)),
            ("Owner", ticked(&stored.is_owner), ticked(&self.is_owner)),
        ])
    }

    /// A contact, or what is wrong.
    pub fn check(&self) -> Result<NewContact, FormErrors> {
        let mut check = Check::new();
        let new = NewContact {
            name: check.required("name", &self.name),
            job_title: check.line("job_title", &self.job_title),
            email: check.email("email", &self.email),
            phone: check.line("phone", &self.phone),
            is_billing: check.flag("is_billing", &self.is_billing),
            is_technical: check.flag("is_technical", &self.is_technical),
            is_owner: check.flag("is_owner", &self.is_owner),
        };
        if new.is_billing && new.email.is_empty() {
            check.error("email", "is needed for a billing contact: invoices go there");
        }
        check.finish(Some(new))
    }
}
