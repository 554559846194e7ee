//! The form of a bulk change, shared by page and API.

use serde::{Deserialize, Serialize};

use super::model::{Change, Chosen};
use crate::error::FormErrors;
use crate::types::ids::TimeEntryId;
use crate::web::form::Check;
use crate::web::json::Typed;

/// Most entries that one change takes.
pub const MOST: usize = 200;

/// Which hours, as the list's boxes say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChosenQuery {
    /// The entries.
    pub ids: Vec<String>,
}

impl ChosenQuery {
    /// The entries, or what makes no sense.
    pub fn check(&self) -> Result<Vec<TimeEntryId>, FormErrors> {
        let mut check = Check::new();
        let ids = ids(&mut check, self.ids.iter().map(String::as_str));
        check.finish(Some(ids))
    }
}

/// What was typed. What is blank stays as it is.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkForm {
    /// The entries, at most 200.
    #[schema(required = true)]
    pub ids: Vec<Typed>,
    /// The version of each at which it was looked at; none leaves that unasked.
    pub versions: Vec<Typed>,
    /// The project they go to; blank stays, or takes the task's.
    pub project_id: Typed,
    /// The task they go to; blank stays, or with another project is none.
    pub task_id: Typed,
    /// Whether they are billable; blank stays.
    pub is_billable: Typed,
    /// What was done; blank stays.
    pub note: String,
    /// Whether it is only looked at what would change.
    pub is_preview: Typed,
}

impl BulkForm {
    /// The hours and their change, or what is wrong.
    pub fn check(&self) -> Result<(Vec<Chosen>, Change), FormErrors> {
        let mut check = Check::new();
        let ids = ids(&mut check, self.ids.iter().map(|id| id.0.as_str()));
        if ids.is_empty() && !check.has_error("ids") {
            check.error("ids", "can't be blank");
        }
        let versions: Vec<Option<i64>> =
            self.versions.iter().map(|version| check.required_id("versions", version)).collect();
        if !versions.is_empty() && versions.len() != ids.len() {
            check.error("versions", "must be one for each entry");
        }
        let chosen = ids
            .into_iter()
            .enumerate()
            .map(|(at, id)| Chosen { id, version: versions.get(at).copied().flatten() })
            .collect();
        let billable = self.is_billable.trim();
        let note = check.text("note", &self.note);
        let change = Change {
            project_id: check.id("project_id", &self.project_id),
            task_id: check.id("task_id", &self.task_id),
            is_billable: (!billable.is_empty()).then(|| check.flag("is_billable", billable)),
            note: (!note.is_empty()).then_some(note),
        };
        let is_faulty = ["ids", "project_id", "task_id"].iter().any(|field| check.has_error(field));
        if change.is_nothing() && !is_faulty {
            check.error("project_id", "can't be blank while nothing else changes");
        }
        check.finish(Some((chosen, change)))
    }

    /// Whether nothing is to be stored.
    pub fn is_preview(&self) -> Result<bool, FormErrors> {
        let mut check = Check::new();
        let is_preview = check.flag("is_preview", &self.is_preview);
        check.finish(Some(is_preview))
    }
}

fn ids<'a>(check: &mut Check, texts: impl Iterator<Item = &'a str>) -> Vec<TimeEntryId> {
    let mut ids: Vec<TimeEntryId> = Vec::new();
    for text in texts {
        if let Some(id) = check.required_id("ids", text)
            && !ids.contains(&id)
        {
            ids.push(id);
        }
        if ids.len() > MOST {
            check.error("ids", format!("can't be more than {MOST}"));
            break;
        }
    }
    ids
}
