//! The form of a mail with an invoice or quote, shared by page and API.

use serde::{Deserialize, Serialize};

use crate::error::FormErrors;
use crate::web::form::Check;

/// Whom it goes to and what it says.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailForm {
    /// One address.
    #[schema(required = true)]
    pub recipient: String,
    /// One line.
    #[schema(required = true)]
    pub subject: String,
    /// What it says; for a quote with `{link}` where its link goes.
    #[schema(required = true)]
    pub text: String,
    /// Sent twice with the same key it is queued once.
    pub idempotency_key: String,
}

/// A mail's words, valid by construction.
#[derive(Debug, Clone)]
pub struct Words {
    /// One address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// What it says.
    pub text: String,
}

impl MailForm {
    /// The words, or what is wrong with them. `has_link` where the text must say where the link goes.
    pub fn check(&self, has_link: bool) -> Result<Words, FormErrors> {
        let mut check = Check::new();
        let to = check.email("recipient", &self.recipient);
        if to.is_empty() && !check.has_error("recipient") {
            check.error("recipient", "can't be blank");
        }
        let subject = check.required("subject", &self.subject);
        let text = check.text("text", &self.text);
        if text.is_empty() && !check.has_error("text") {
            check.error("text", "can't be blank");
        } else if has_link && !text.contains(super::letters::LINK) {
            check.error("text", "must hold {link}, where the link to the quote goes");
        }
        check.finish(Some(Words { to, subject, text }))
    }
}
