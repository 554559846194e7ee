//! The arithmetic of rounding, in whole seconds.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::types::ids::{ProjectId, TaskId};

crate::text_enum! {
    /// Which way.
    pub enum RoundingMode {
        /// As worked.
        None = "none", "As worked";
        /// To the next whole step.
        Up = "up", "Up";
        /// To the nearest step, half a step up.
        Nearest = "nearest", "To the nearest";
        /// To the last whole step.
        Down = "down", "Down";
    }
}

crate::text_enum! {
    /// What is rounded.
    pub enum RoundingBasis {
        /// Each entry by itself.
        Entry = "entry", "Each entry";
        /// The sum of a day's entries on the same task.
        DayAndTask = "day_and_task", "Each day and task";
    }
}

/// How worked seconds become billed seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Which way.
    pub mode: RoundingMode,
    /// To multiples of so many seconds.
    pub step_seconds: i64,
    /// What is worked at all is billed for at least so many seconds.
    pub minimum_seconds: i64,
    /// What is rounded.
    pub basis: RoundingBasis,
}

impl Rule {
    /// Hours are billed as they were worked.
    pub const AS_WORKED: Self =
        Self { mode: RoundingMode::None, step_seconds: 60, minimum_seconds: 0, basis: RoundingBasis::Entry };

    /// Billed seconds for `seconds` of work. A whole number of steps stays, and so does nothing at all.
    pub fn round(&self, seconds: i64) -> i64 {
        if seconds <= 0 {
            return 0;
        }
        let step = self.step_seconds.max(1);
        let over = seconds % step;
        let down = seconds - over;
        let rounded = match self.mode {
            RoundingMode::None => seconds,
            RoundingMode::Down => down,
            RoundingMode::Up if over == 0 => seconds,
            RoundingMode::Up => down.saturating_add(step),
            RoundingMode::Nearest if over >= step - over => down.saturating_add(step),
            RoundingMode::Nearest => down,
        };
        rounded.max(self.minimum_seconds)
    }

    /// "Up to 15 minutes, at least 30 minutes, each entry".
    pub fn describe(&self) -> String {
        let mut text = match self.mode {
            RoundingMode::None => "As worked".to_owned(),
            mode => format!("{} {} minutes", mode.label(), self.step_seconds / 60),
        };
        if self.minimum_seconds > 0 {
            text.push_str(&format!(", at least {} minutes", self.minimum_seconds / 60));
        }
        if *self != Self::AS_WORKED {
            text.push_str(&format!(", {}", self.basis.label().to_lowercase()));
        }
        text
    }
}

/// Hours that are to be billed.
#[derive(Debug, Clone, Copy)]
pub struct Worked {
    /// The local day they belong to.
    pub on: NaiveDate,
    /// On which project.
    pub project: ProjectId,
    /// On which task.
    pub task: Option<TaskId>,
    /// Seconds of work.
    pub seconds: i64,
}

/// Billed seconds of each of `hours`, in their order. What a day and task are rounded by is put on its last entries, none
/// of which goes below nothing, so that the parts add up to the whole.
pub fn billed(hours: &[Worked], rule: impl Fn(ProjectId) -> Rule) -> Vec<i64> {
    let mut billed: Vec<i64> = hours.iter().map(|hour| hour.seconds.max(0)).collect();
    let mut days: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, hour) in hours.iter().enumerate() {
        let rule = rule(hour.project);
        match rule.basis {
            RoundingBasis::Entry => {
                if let Some(seconds) = billed.get_mut(index) {
                    *seconds = rule.round(hour.seconds);
                }
            }
            RoundingBasis::DayAndTask => {
                days.entry((hour.on, hour.project, hour.task)).or_default().push(index);
            }
        }
    }
    for ((_, project, _), parts) in days {
        let worked: i64 = parts.iter().filter_map(|index| billed.get(*index)).sum();
        let mut difference = rule(project).round(worked) - worked;
        for index in parts.into_iter().rev() {
            let Some(seconds) = billed.get_mut(index) else { continue };
            // A longer sum goes to the last entry as a whole; a shorter one takes from each as much as it has.
            let share = difference.max(-*seconds);
            *seconds += share;
            difference -= share;
            if difference == 0 {
                break;
            }
        }
    }
    billed
}
