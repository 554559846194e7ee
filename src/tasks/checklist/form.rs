//! The forms of steps, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{MOST, StepChanges, StepPlace};
use crate::error::FormErrors;
use crate::web::form::Check;
use crate::web::json::Typed;

/// New steps as they were typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StepForm {
    /// What is to be done, a line for each step.
    #[schema(required = true)]
    pub title: String,
    /// The same key with the same content is saved once.
    pub idempotency_key: String,
}

impl StepForm {
    /// The titles, or what is wrong.
    pub fn check(&self) -> Result<Vec<String>, FormErrors> {
        let mut check = Check::new();
        let mut titles = Vec::new();
        for line in self.title.lines().filter(|line| !line.trim().is_empty()).take(MOST + 1) {
            let line = line.trim().trim_start_matches(['-', '*', '•']);
            titles.push(check.required("title", line));
        }
        if titles.is_empty() {
            check.error("title", "can't be blank");
        }
        check.finish(Some(titles))
    }
}

/// A change of a stored step as it was typed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StepChangeForm {
    /// What is to be done; absent leaves it.
    pub title: Option<String>,
    /// Whether it is ticked; absent leaves it.
    pub is_done: Option<Typed>,
    /// The version that was edited; blank saves over any.
    pub version: Typed,
}

impl StepChangeForm {
    /// The change, or what is wrong.
    pub fn check(&self) -> Result<StepChanges, FormErrors> {
        let mut check = Check::new();
        let changes = StepChanges {
            title: self.title.as_ref().map(|title| check.required("title", title)),
            is_done: self.is_done.as_ref().map(|flag| check.flag("is_done", flag)),
            version: check.id("version", &self.version),
        };
        check.finish(Some(changes))
    }
}

/// Where a step is to go.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StepPlaceForm {
    /// up, down, top or bottom.
    #[schema(required = true)]
    pub to: String,
}

impl StepPlaceForm {
    /// The place, or what is wrong.
    pub fn check(&self) -> Result<StepPlace, FormErrors> {
        let mut check = Check::new();
        let to = check.choice("to", &self.to);
        check.finish(to)
    }
}
