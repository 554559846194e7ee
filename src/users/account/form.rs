//! The form of a new password.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::auth::password;
use crate::auth::user::Actor;
use crate::error::FormErrors;
use crate::web::form::Check;

/// What was typed. Without `Debug`: a password must not end up in a message.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordForm {
    /// The password so far.
    pub current_password: Zeroizing<String>,
    /// The new one; never shown again.
    pub new_password: Zeroizing<String>,
}

impl PasswordForm {
    /// What is wrong with it, but for whether the password so far is right.
    pub fn check(&self, actor: &Actor) -> Result<(), FormErrors> {
        let mut check = Check::new();
        if self.current_password.is_empty() {
            check.error("current_password", "can't be blank");
        }
        if let Some(weakness) = password::weakness(&self.new_password, &actor.name, &actor.email) {
            check.error("new_password", weakness);
        } else if self.new_password == self.current_password {
            check.error("new_password", "must be another one");
        }
        check.finish(Some(()))
    }
}
