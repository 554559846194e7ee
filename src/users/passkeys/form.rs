//! The forms of a passkey: what it is called, and what the browser made.

use serde::{Deserialize, Serialize};

use crate::auth::passkey::Answer;
use crate::error::FormErrors;
use crate::web::form::Check;

/// What a passkey is called, shared by page and API.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NameForm {
    /// Its name.
    #[schema(required = true)]
    pub name: String,
}

impl NameForm {
    /// The name, or what is wrong.
    pub fn check(&self) -> Result<String, FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        check.finish(Some(name))
    }
}

/// A passkey that the browser made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewForm {
    /// What it is to be called.
    pub name: String,
    /// The token of the challenge.
    pub ceremony: String,
    /// The browser's credential, as JSON.
    pub answer: String,
}

impl NewForm {
    /// Name and answer, or what is wrong.
    pub fn check(&self) -> Result<(String, Answer), FormErrors> {
        let name = NameForm { name: self.name.clone() }.check()?;
        let answer = Answer { ceremony: self.ceremony.clone(), credential: self.answer.clone() };
        Ok((name, answer))
    }
}
