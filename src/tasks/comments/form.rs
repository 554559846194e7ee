//! The comment form, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::Comment;
use crate::error::FormErrors;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommentForm {
    /// Markdown.
    #[schema(required = true)]
    pub body: String,
    /// The version that was edited; blank for a new comment.
    pub version: Typed,
    /// For a new comment: the same key with the same content is saved once.
    pub idempotency_key: String,
}

impl CommentForm {
    /// The form of a stored comment.
    pub fn filled(comment: &Comment) -> Self {
        Self {
            body: comment.body.clone(),
            version: Some(comment.version).into(),
            idempotency_key: String::new(),
        }
    }

    /// The Markdown of this form and of the stored comment, where they differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([("Comment", stored.body.as_str(), self.body.as_str())])
    }

    /// The Markdown, or what is wrong.
    pub fn check(&self) -> Result<String, FormErrors> {
        let mut check = Check::new();
        let body = check.text("body", &self.body);
        if body.is_empty() {
            check.error("body", "can't be blank");
        }
        check.finish(Some(body))
    }
}
