//! The form of a move, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{Move, Place};
use crate::error::FormErrors;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What was chosen.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MoveForm {
    /// The column: todo, doing, review or done.
    #[schema(required = true)]
    pub status: String,
    /// The id of the task above, or top or bottom; blank where none is above.
    pub after: Typed,
    /// The id of the task below; blank where none is.
    pub before: Typed,
    /// The board to go back to.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub then: String,
}

impl MoveForm {
    /// The move, or what is wrong.
    pub fn check(&self) -> Result<Move, FormErrors> {
        let mut check = Check::new();
        let status = check.choice("status", &self.status);
        let below = check.id("before", &self.before);
        let place = match (self.after.trim(), below) {
            ("top", _) => Place::Top,
            ("bottom", _) => Place::Bottom,
            ("", None) => Place::Keep,
            (after, below) => Place::Between(check.id("after", after), below),
        };
        check.finish(status.map(|status| Move { status, place }))
    }

    /// The board to go back to: one of ours, or that of the whole agency.
    pub fn back(&self) -> &str {
        let path = self.then.split('?').next().unwrap_or_default();
        let is_board = path.ends_with("/board") && path.starts_with('/') && !path.starts_with("//");
        if is_board { &self.then } else { "/tasks/board" }
    }
}
