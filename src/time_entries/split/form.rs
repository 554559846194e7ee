//! The form that splits hours, shared by page and API.

use serde::{Deserialize, Serialize};

use super::model::Split;
use crate::error::FormErrors;
use crate::time_entries::model::TimeEntry;
use crate::time_entries::span;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitForm {
    /// How long the first part lasts, as `1.5`, `1:30` or `90m`.
    #[schema(required = true)]
    pub first_part: Typed,
    /// The second part's project; blank takes the task's, or stays.
    pub project_id: Typed,
    /// The second part's task; blank stays if the project is blank too.
    pub task_id: Typed,
    /// What was done in the second part; blank stays.
    pub note: String,
    /// Whether the second part is billable; blank stays on the same work, and else follows task and project.
    pub is_billable: Typed,
    /// Why locked hours change all the same, for who runs the agency.
    pub lock_reason: String,
    /// The version that was edited.
    pub version: Typed,
}

impl SplitForm {
    /// The form of a stored entry: in halves, on the same work.
    pub fn filled(entry: &TimeEntry) -> Self {
        let half = entry.duration_seconds / 2;
        Self {
            first_part: span::duration_text(half - half % 60).into(),
            project_id: Some(entry.project_id).into(),
            task_id: entry.task_id.into(),
            note: entry.note.clone(),
            is_billable: Some(entry.is_billable).into(),
            version: Some(entry.version).into(),
            ..Self::default()
        }
    }

    /// How to split, or what is wrong.
    pub fn check(&self) -> Result<Split, FormErrors> {
        let mut check = Check::new();
        let first_seconds = check.seconds("first_part", &self.first_part, 24 * 3_600);
        if self.first_part.trim().is_empty() {
            check.error("first_part", "can't be blank");
        }
        let billable = self.is_billable.trim();
        check.line("lock_reason", &self.lock_reason);
        let split = first_seconds.map(|first_seconds| Split {
            first_seconds,
            project_id: check.id("project_id", &self.project_id),
            task_id: check.id("task_id", &self.task_id),
            note: check.text("note", &self.note),
            is_billable: (!billable.is_empty()).then(|| check.flag("is_billable", billable)),
        });
        check.finish(split)
    }
}
