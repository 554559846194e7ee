//! The two forms: whose password, and the new one.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::auth::password;
use crate::auth::user::User;
use crate::error::FormErrors;
use crate::web::form::Check;

/// Who has lost their password.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AskForm {
    /// How they sign in.
    pub email: String,
}

impl AskForm {
    /// The address, or what is wrong with it as one.
    pub fn check(&self) -> Result<String, FormErrors> {
        let mut check = Check::new();
        let email = check.email("email", &self.email);
        if email.is_empty() && !check.has_error("email") {
            check.error("email", "can't be blank");
        }
        check.finish(Some(email))
    }
}

/// What was chosen. Without `Debug`: a password must not end up in a message.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewPasswordForm {
    /// The new password; never shown again.
    pub password: Zeroizing<String>,
}

impl NewPasswordForm {
    /// What is wrong with it for `user`.
    pub fn check(&self, user: &User) -> Result<(), FormErrors> {
        let mut check = Check::new();
        if let Some(weakness) = password::weakness(&self.password, &user.name, &user.email) {
            check.error("password", weakness);
        }
        check.finish(Some(()))
    }
}
