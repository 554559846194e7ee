//! The form of a schedule, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{NewSchedule, RhythmUnit, Schedule, ScheduleMode};
use crate::error::FormErrors;
use crate::tasks::checklist::form::StepForm;
use crate::tasks::form::MAX_ESTIMATE_SECONDS;
use crate::tasks::model::{Task, TaskPriority};
use crate::types::duration;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleForm {
    /// On which project.
    #[schema(required = true)]
    pub project_id: Typed,
    /// What each task is called.
    #[schema(required = true)]
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// Steps of each task's checklist, one a line.
    pub steps: String,
    /// urgent, high, normal or low; blank is normal.
    pub priority: String,
    /// Who does it; blank is nobody.
    pub assignee_id: Typed,
    /// Estimate in hours, like 1.5 or 1:30.
    pub estimate: Typed,
    /// How many units lie between two, from 1 to 366; blank is 1.
    pub every: Typed,
    /// day, week or month.
    #[schema(required = true)]
    pub unit: String,
    /// The first day, `YYYY-MM-DD`; all others count from it.
    #[schema(required = true)]
    pub anchor_on: String,
    /// due makes each on its day, completed when the one before is done; blank is due.
    pub mode: String,
    /// Whether it rests; blank is no.
    pub is_paused: Typed,
    /// The version that was edited.
    pub version: Typed,
    /// For a new one: the same key with the same content is saved once.
    pub idempotency_key: String,
}

impl ScheduleForm {
    /// What a new schedule is offered.
    pub fn blank() -> Self {
        Self {
            priority: TaskPriority::Normal.to_string(),
            every: "1".into(),
            unit: RhythmUnit::Month.to_string(),
            mode: ScheduleMode::Due.to_string(),
            ..Self::default()
        }
    }

    /// What makes `task` come back.
    pub fn like(task: &Task) -> Self {
        Self {
            project_id: Some(task.project_id).into(),
            title: task.title.clone(),
            description: task.description.clone(),
            priority: task.priority.to_string(),
            assignee_id: task.assignee_id.into(),
            estimate: task.estimate_seconds.map(duration::plain).into(),
            anchor_on: task.due_on.map(|date| date.to_string()).unwrap_or_default(),
            ..Self::blank()
        }
    }

    /// The form of a stored schedule.
    pub fn filled(schedule: &Schedule) -> Self {
        Self {
            project_id: Some(schedule.project_id).into(),
            title: schedule.title.clone(),
            description: schedule.description.clone(),
            steps: schedule.steps.clone(),
            priority: schedule.priority.to_string(),
            assignee_id: schedule.assignee_id.into(),
            estimate: schedule.estimate_seconds.map(duration::plain).into(),
            every: Some(schedule.every).into(),
            unit: schedule.unit.to_string(),
            anchor_on: schedule.anchor_on.to_string(),
            mode: schedule.mode.to_string(),
            is_paused: Some(schedule.is_paused).into(),
            version: Some(schedule.version).into(),
            idempotency_key: String::new(),
        }
    }

    /// A schedule, or what is wrong.
    pub fn check(&self) -> Result<NewSchedule, FormErrors> {
        let mut check = Check::new();
        let title = check.required("title", &self.title);
        let project_id = check.required_id("project_id", &self.project_id);
        let description = check.text("description", &self.description);
        let steps = if self.steps.trim().is_empty() {
            Vec::new()
        } else {
            let form = StepForm { title: self.steps.clone(), ..StepForm::default() };
            form.check().unwrap_or_else(|errors| {
                check.error("steps", errors.get("title").unwrap_or("cannot be read"));
                Vec::new()
            })
        };
        let priority = check.id("priority", &self.priority).unwrap_or(TaskPriority::Normal);
        let assignee_id = check.id("assignee_id", &self.assignee_id);
        let estimate_seconds = check.seconds("estimate", &self.estimate, MAX_ESTIMATE_SECONDS);
        let every = check.number("every", &self.every, 1..=366).unwrap_or(1);
        let unit = check.required_id("unit", &self.unit);
        let anchor_on = check.required_date("anchor_on", &self.anchor_on);
        let mode = check.id("mode", &self.mode).unwrap_or(ScheduleMode::Due);
        let is_paused = check.flag("is_paused", &self.is_paused);
        let new = project_id.zip(unit).zip(anchor_on).map(|((project_id, unit), anchor_on)| NewSchedule {
            project_id,
            title,
            description,
            steps: steps.join("\n"),
            priority,
            assignee_id,
            estimate_seconds,
            every,
            unit,
            anchor_on,
            mode,
            is_paused,
        });
        check.finish(new)
    }

    /// Fields in which this form and the stored schedule differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Title", stored.title.as_str(), self.title.as_str()),
            ("Description", &stored.description, &self.description),
            ("Steps", &stored.steps, &self.steps),
            ("Priority", &stored.priority, &self.priority),
            ("Every", &stored.every.0, &self.every.0),
            ("Unit", &stored.unit, &self.unit),
            ("First day", &stored.anchor_on, &self.anchor_on),
            ("Made", &stored.mode, &self.mode),
            ("Paused", &stored.is_paused.0, &self.is_paused.0),
        ])
    }
}
