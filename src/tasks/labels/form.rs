//! The label form, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{Label, LabelColour, NewLabel};
use crate::error::FormErrors;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// Longest name, in characters: it stands on cards.
const LONGEST: usize = 40;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LabelForm {
    /// Name.
    #[schema(required = true)]
    pub name: String,
    /// c1 to c6; blank is c1.
    pub colour: String,
    /// The version that was edited.
    pub version: Typed,
}

impl LabelForm {
    /// The form of a stored label.
    pub fn filled(label: &Label) -> Self {
        Self {
            name: label.name.clone(),
            colour: label.colour.to_string(),
            version: Some(label.version).into(),
        }
    }

    /// A label, or what is wrong.
    pub fn check(&self) -> Result<NewLabel, FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        if name.chars().count() > LONGEST {
            check.error("name", format!("has more than {LONGEST} characters"));
        }
        let colour = check.id("colour", &self.colour).unwrap_or(LabelColour::Green);
        check.finish(Some(NewLabel { name, colour }))
    }

    /// Fields in which this form and the stored label differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        let colour = |form: &Self| {
            form.colour.parse().map_or_else(|()| form.colour.clone(), |c: LabelColour| c.label().to_owned())
        };
        Difference::between([
            ("Name", stored.name.clone(), self.name.clone()),
            ("Colour", colour(stored), colour(self)),
        ])
    }
}
