//! The form of a view, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::NewTaskView;
use crate::error::FormErrors;
use crate::tasks::query::TaskQuery;
use crate::web::form::{Check, QUERY, parse_fields};
use crate::web::json::Typed;

/// Longest name, in characters: it stands on a chip.
const LONGEST: usize = 40;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaskViewForm {
    /// Name.
    #[schema(required = true)]
    pub name: String,
    /// The query string of the list, like `status=todo&assignee=me`.
    pub query: String,
    /// Whether it is a board and not a list; blank is no.
    pub is_board: Typed,
    /// Whether everybody may use it; blank is no.
    pub is_shared: Typed,
}

impl TaskViewForm {
    /// A view, or what is wrong. What the list does not know is not kept.
    pub fn check(&self) -> Result<NewTaskView, FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        if name.chars().count() > LONGEST {
            check.error("name", format!("has more than {LONGEST} characters"));
        }
        let is_shared = check.flag("is_shared", &self.is_shared);
        let path = if check.flag("is_board", &self.is_board) { "/tasks/board" } else { "/tasks" };
        let query = self.query.trim().trim_start_matches('?');
        let address = parse_fields::<TaskQuery>(&QUERY, query.as_bytes())
            .ok()
            .filter(|query| query.check().is_ok())
            .map(|query| query.address(path, ""));
        if address.is_none() {
            check.error("query", "is no filter of tasks");
        }
        check.finish(address.map(|address| NewTaskView { name, address, is_shared }))
    }
}
