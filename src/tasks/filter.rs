//! What a list of tasks asks for, and the place where its next page begins.

use chrono::NaiveDate;

use super::model::{NO_DUE, TaskPriority};
use crate::types::ids::{ClientId, LabelId, ProjectId, TaskId, UserId};

crate::text_enum! {
    /// Which tasks a list shows.
    pub enum TaskState {
        /// All that are not done.
        Open = "open", "Open";
        /// Not begun.
        Todo = "todo", "To do";
        /// Somebody is at it.
        Doing = "doing", "In progress";
        /// Waits for a second look.
        Review = "review", "Review";
        /// Finished.
        Done = "done", "Done";
        /// All of them.
        All = "all", "All";
    }
}

crate::text_enum! {
    /// When the tasks of a list are due.
    pub enum TaskDue {
        /// Their day has passed.
        Late = "late", "Late";
        /// Today.
        Today = "today", "Today";
        /// Within the next seven days, today among them.
        Week = "week", "Next 7 days";
        /// Without a date.
        None = "none", "No date";
    }
}

/// Whose tasks a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assignee {
    /// Everybody's and nobody's.
    #[default]
    Anybody,
    /// Those of the one who asks.
    Me,
    /// Those that nobody has taken.
    Nobody,
    /// One person's.
    One(UserId),
}

impl std::str::FromStr for Assignee {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "anybody" => Ok(Self::Anybody),
            "me" => Ok(Self::Me),
            "nobody" => Ok(Self::Nobody),
            id => id.parse().map(Self::One).map_err(|_| ()),
        }
    }
}

/// The place after a row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The row's due date.
    pub due_order: NaiveDate,
    /// The row.
    pub id: TaskId,
}

impl std::fmt::Display for Cursor {
    /// "2026-11-19,7".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{}", self.due_order, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (date, id) = text.split_once(',').ok_or(())?;
        let due_order = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| ())?;
        if !(NaiveDate::default()..=NO_DUE).contains(&due_order) {
            return Err(());
        }
        Ok(Self { due_order, id: id.parse().map_err(|_| ())? })
    }
}

/// What a list asks for.
#[derive(Debug, Clone)]
pub struct TaskFilter {
    /// Words in the title.
    pub q: String,
    /// How far they are.
    pub state: TaskState,
    /// One client's.
    pub client_id: Option<ClientId>,
    /// One project's.
    pub project_id: Option<ProjectId>,
    /// Whose.
    pub assignee: Assignee,
    /// How much they matter.
    pub priority: Option<TaskPriority>,
    /// With this label.
    pub label: Option<LabelId>,
    /// When due.
    pub due: Option<TaskDue>,
    /// Only rows behind this place.
    pub after: Option<Cursor>,
}
