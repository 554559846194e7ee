//! The form that turns a second factor on.

use serde::Deserialize;
use zeroize::Zeroizing;

/// What was typed. Without `Debug`: a code must not end up in a message.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CodeForm {
    /// The code that the app shows.
    pub code: Zeroizing<String>,
}
