//! The forms of the grid, shared by pages and API.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::model::{CellEdit, CellKey, RowKey, Seen};
use crate::error::FormErrors;
use crate::time_entries::span::{self, Length};
use crate::time_entries::week::{Week, WeekName};
use crate::types::calendar::WeekStart;
use crate::types::ids::TaskId;
use crate::web::form::Check;
use crate::web::json::{Typed, objects};

/// What was typed into the cells of a week: `c_2_7_2026-11-19` is a cell, `v_2_7_2026-11-19` what it held when it was
/// shown.
#[derive(Debug, Clone, Default)]
pub struct GridForm {
    /// As `2026-W47`.
    pub week: String,
    /// What was typed, by the cell's name.
    pub typed: BTreeMap<String, String>,
    seen: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for GridForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut form = Self::default();
        for (name, value) in BTreeMap::<String, String>::deserialize(deserializer)? {
            if let Some(cell) = name.strip_prefix("c_") {
                form.typed.insert(cell.to_owned(), value);
            } else if let Some(cell) = name.strip_prefix("v_") {
                form.seen.insert(cell.to_owned(), value);
            } else if name == "week" {
                form.week = value;
            } else {
                return Err(serde::de::Error::unknown_field(&name, &["week"]));
            }
        }
        Ok(form)
    }
}

impl GridForm {
    /// The week and its cells, or what is wrong, at the name of each cell.
    pub fn check(&self, start: WeekStart) -> Result<(Week, Vec<CellEdit>), FormErrors> {
        let mut check = Check::new();
        let name: Option<WeekName> = check.required_id("week", &self.week);
        let week = name.map(|name| name.week(start));
        let mut edits = Vec::new();
        for (name, text) in &self.typed {
            let seen = self.seen.get(name).map(String::as_str).unwrap_or_default();
            let cell: Option<CellKey> = check.choice(name, name);
            let seen: Option<Seen> = check.id(name, seen);
            match (cell, span::parse_length(text)) {
                (Some(cell), _) if week.is_some_and(|week| Week::of(cell.on, start) != week) => {
                    check.error(name, "lies in another week");
                }
                (Some(cell), Ok(length)) => edits.push(CellEdit { cell, length, seen }),
                (_, Err(message)) => check.error(name, message),
                (None, Ok(_)) => {}
            }
        }
        check.finish(week.map(|week| (week, edits)))
    }
}

/// A cell as the API takes it.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CellForm {
    /// The project.
    pub project_id: Typed,
    /// The task, if it is on one.
    pub task_id: Typed,
    /// The local day, `YYYY-MM-DD`.
    pub date: String,
    /// Worked time as `1.5`, `1:30` or `90m`, or a range as `9-10:30`; blank empties the cell.
    pub duration: Typed,
    /// The version of its entry as the week was read; blank for a cell without hours.
    pub version: Typed,
}

/// Cells that are saved together or not at all.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WeekForm {
    /// The cells; others stay as they are.
    #[serde(deserialize_with = "objects")]
    pub cells: Vec<CellForm>,
}

impl WeekForm {
    /// The cells and the week of the first, or what is wrong.
    pub fn check(&self, start: WeekStart) -> Result<(Week, Vec<CellEdit>), FormErrors> {
        let mut check = Check::new();
        let mut edits = Vec::new();
        for (index, form) in self.cells.iter().enumerate() {
            let at = |field: &str| format!("cells[{index}].{field}");
            let project = check.required_id(&at("project_id"), &form.project_id);
            let task: Option<TaskId> = check.id(&at("task_id"), &form.task_id);
            let on = check.required_date(&at("date"), &form.date);
            let version: Option<i64> = check.id(&at("version"), &form.version);
            let length = span::parse_length(&form.duration).unwrap_or_else(|message| {
                check.error(&at("duration"), message);
                Length::Open
            });
            if matches!(length, Length::Open)
                && form.version.trim().is_empty()
                && !check.has_error(&at("duration"))
            {
                check.error(&at("version"), "can't be blank to empty a cell");
            }
            if let Some((project, on)) = project.zip(on) {
                let cell = CellKey { row: RowKey { project, task }, on };
                // Whatever was sent is meant, though it be what is there.
                let seen = version.map(|version| Seen { version, seconds: -1 });
                edits.push(CellEdit { cell, length, seen });
            }
        }
        if self.cells.is_empty() {
            check.error("cells", "can't be blank");
        }
        let week = edits.first().map(|edit| Week::of(edit.cell.on, start));
        check.finish(week.map(|week| (week, edits)))
    }
}

/// A row that a timesheet keeps.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowForm {
    /// As `2026-W47`; blank keeps it in every week, as a favourite.
    pub week: String,
    /// Project and task in one, as a page offers them.
    #[schema(ignore)]
    #[param(ignore)]
    pub row: String,
    /// The project.
    #[schema(required = true)]
    #[param(value_type = Option<i64>)]
    pub project_id: Typed,
    /// The task, if it is on one.
    #[param(value_type = Option<i64>)]
    pub task_id: Typed,
}

impl RowForm {
    /// The week and the row, or what is wrong.
    pub fn check(&self, start: WeekStart) -> Result<(Option<Week>, RowKey), FormErrors> {
        let mut check = Check::new();
        let name: Option<WeekName> = check.id("week", &self.week);
        let row = if self.row.trim().is_empty() {
            let task = check.id("task_id", &self.task_id);
            check.required_id("project_id", &self.project_id).map(|project| RowKey { project, task })
        } else {
            check.choice("project_id", &self.row)
        };
        check.finish(row.map(|row| (name.map(|name| name.week(start)), row)))
    }
}

/// Which week begins as the one before it.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CopyForm {
    /// As `2026-W47`.
    #[schema(required = true)]
    pub week: String,
    /// true also logs the hours of last week where there are none yet.
    pub hours: Typed,
}

impl CopyForm {
    /// The week and whether hours come along, or what is wrong.
    pub fn check(&self, start: WeekStart) -> Result<(Week, bool), FormErrors> {
        let mut check = Check::new();
        let name: Option<WeekName> = check.required_id("week", &self.week);
        let hours = check.flag("hours", &self.hours);
        check.finish(name.map(|name| (name.week(start), hours)))
    }
}
