//! The form of a link to outside, shared by pages and API.

use serde::Deserialize;

use super::model::NewShare;
use crate::credentials::reveals::Look;
use crate::credentials::secrets::Field;
use crate::error::FormErrors;
use crate::web::form::Check;
use crate::web::json::Typed;

/// Hours for which a link opens when nothing else is said.
const HOURS: i64 = 24;

/// A link, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecretShareForm {
    /// secret, totp, notes, or custom: and a name; blank is secret.
    pub field: String,
    /// Who is to get it.
    #[schema(required = true)]
    pub recipient: String,
    /// Hours for which the link opens, 1 to 720; blank is 24.
    pub hours: Typed,
    /// How often it opens, 1 to 10; blank is once.
    pub views: Typed,
}

impl SecretShareForm {
    /// The form of a new link.
    pub fn blank() -> Self {
        Self { hours: Some(HOURS).into(), views: Some(1).into(), ..Self::default() }
    }

    /// A link, or what is wrong.
    pub fn check(&self) -> Result<NewShare, FormErrors> {
        let mut check = Check::new();
        let text = self.field.trim();
        let field = Field::parse(if text.is_empty() { Field::SECRET } else { text });
        if field.is_none() {
            check.error("field", "must be secret, totp, notes, or custom: and a name");
        }
        let recipient = check.required("recipient", &self.recipient);
        let hours = check.number("hours", &self.hours, 1..=720).unwrap_or(HOURS);
        let views = check.number("views", &self.views, 1..=10).unwrap_or(1);
        check.finish(field.map(|field| NewShare { field, recipient, hours, views }))
    }
}

impl NewShare {
    /// The look that making it is.
    pub fn look(&self) -> Look {
        Look {
            field: self.field.clone(),
            version: None,
            is_copy: true,
            is_seed: true,
            reason: format!("Link for {}", self.recipient),
        }
    }
}
