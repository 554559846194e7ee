//! The task forms, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::labels::model::Label;
use super::model::{NewTask, Task, TaskPriority, TaskStatus};
use crate::error::FormErrors;
use crate::types::duration;
use crate::types::ids::{LabelId, ProjectId, UserId};
use crate::web::form::{Check, Difference, name_of};
use crate::web::json::Typed;

/// The longest estimate: ten thousand hours.
pub(in crate::tasks) const MAX_ESTIMATE_SECONDS: i64 = 10_000 * 3_600;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaskForm {
    /// On which project.
    #[schema(required = true)]
    pub project_id: Typed,
    /// What is to be done.
    #[schema(required = true)]
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// todo, doing, review or done.
    pub status: String,
    /// urgent, high, normal or low; blank is normal.
    pub priority: String,
    /// Who does it; blank is nobody.
    pub assignee_id: Typed,
    /// When it is due, `YYYY-MM-DD`.
    pub due_on: String,
    /// Estimate in hours, like 1.5 or 1:30.
    pub estimate: Typed,
    /// Whether new hours are billable; blank follows the project.
    pub is_billable: Typed,
    /// Whether the client may see it; blank is no.
    pub is_client_visible: Typed,
    /// Ids of its labels.
    pub labels: Vec<Typed>,
    /// The version that was edited.
    pub version: Typed,
    /// For a new task: the same key with the same content is saved once.
    pub idempotency_key: String,
    /// "project" leads back to the project instead of on to the task.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub then: String,
}

impl TaskForm {
    /// What a new task of `project` is offered.
    pub fn blank(project: Option<ProjectId>) -> Self {
        Self {
            project_id: project.into(),
            status: TaskStatus::Todo.to_string(),
            priority: TaskPriority::Normal.to_string(),
            ..Self::default()
        }
    }

    /// The form of a stored task.
    pub fn filled(task: &Task, labels: &[Label]) -> Self {
        Self {
            project_id: Some(task.project_id).into(),
            title: task.title.clone(),
            description: task.description.clone(),
            status: task.status.to_string(),
            priority: task.priority.to_string(),
            assignee_id: task.assignee_id.into(),
            due_on: task.due_on.map(|date| date.to_string()).unwrap_or_default(),
            estimate: task.estimate_seconds.map(duration::plain).into(),
            is_billable: Some(task.is_billable).into(),
            is_client_visible: Some(task.is_client_visible).into(),
            labels: labels.iter().map(|label| Some(label.id).into()).collect(),
            version: Some(task.version).into(),
            idempotency_key: String::new(),
            then: String::new(),
        }
    }

    /// A task, or what is wrong.
    pub fn check(&self) -> Result<NewTask, FormErrors> {
        let mut check = Check::new();
        let title = check.required("title", &self.title);
        let project_id = check.required_id("project_id", &self.project_id);
        let description = check.text("description", &self.description);
        let status = if self.status.is_empty() {
            Some(TaskStatus::Todo)
        } else {
            check.choice("status", &self.status)
        };
        let priority = check.id("priority", &self.priority).unwrap_or(TaskPriority::Normal);
        let assignee_id = check.id("assignee_id", &self.assignee_id);
        let due_on = check.date("due_on", &self.due_on);
        let estimate_seconds = check.seconds("estimate", &self.estimate, MAX_ESTIMATE_SECONDS);
        let is_billable = if self.is_billable.trim().is_empty() {
            None
        } else {
            Some(check.flag("is_billable", &self.is_billable))
        };
        let is_client_visible = check.flag("is_client_visible", &self.is_client_visible);
        let labels: Vec<LabelId> = self.labels.iter().filter_map(|id| check.id("labels", id)).collect();
        let new = project_id.zip(status).map(|(project_id, status)| NewTask {
            project_id,
            title,
            description,
            status,
            priority,
            assignee_id,
            due_on,
            estimate_seconds,
            is_client_visible,
            is_billable,
            labels: Some(labels),
        });
        check.finish(new)
    }

    /// Whether this label is ticked.
    pub fn has_label(&self, id: &LabelId) -> bool {
        self.labels.iter().any(|ticked| ticked.parse() == Ok(*id))
    }

    /// Fields in which this form and the stored task differ.
    pub fn differences(&self, stored: &Self, names: &Names) -> Vec<Difference> {
        let project = |form: &Self| name_of(&names.projects, &form.project_id);
        let person = |form: &Self| name_of(&names.people, &form.assignee_id);
        let billing = |form: &Self| match form.is_billable.0.as_str() {
            "true" => "Billable".to_owned(),
            "false" => "Not billable".to_owned(),
            other => other.to_owned(),
        };
        let labels = |form: &Self| {
            let ticked = names.labels.iter().filter(|label| form.has_label(&label.id));
            ticked.map(|label| label.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let seen_by = |form: &Self| match form.is_client_visible.0.as_str() {
            "true" => "The client, too".to_owned(),
            _ => "The agency only".to_owned(),
        };
        Difference::between([
            ("Title", stored.title.clone(), self.title.clone()),
            ("Project", project(stored), project(self)),
            ("Status", status_label(&stored.status), status_label(&self.status)),
            ("Priority", priority_label(&stored.priority), priority_label(&self.priority)),
            ("Assignee", person(stored), person(self)),
            ("Due", stored.due_on.clone(), self.due_on.clone()),
            ("Estimate, hours", stored.estimate.0.clone(), self.estimate.0.clone()),
            ("Billing", billing(stored), billing(self)),
            ("Visible to", seen_by(stored), seen_by(self)),
            ("Labels", labels(stored), labels(self)),
            ("Description", stored.description.clone(), self.description.clone()),
        ])
    }
}

/// What ids in a form stand for, when two versions are shown side by side.
#[derive(Debug, Default)]
pub struct Names {
    /// Projects to choose from.
    pub projects: Vec<(ProjectId, String)>,
    /// People to choose from.
    pub people: Vec<(UserId, String)>,
    /// Labels to choose from.
    pub labels: Vec<Label>,
}

fn priority_label(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |priority: TaskPriority| priority.label().to_owned())
}

fn status_label(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |status: TaskStatus| status.label().to_owned())
}

/// What the task's page changes in place.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetailsForm {
    /// todo, doing, review or done.
    pub status: String,
    /// urgent, high, normal or low; blank leaves it.
    pub priority: String,
    /// Who does it; blank is nobody.
    pub assignee_id: String,
    /// When it is due, `YYYY-MM-DD`.
    pub due_on: String,
    /// The version that was seen.
    pub version: String,
}

impl DetailsForm {
    /// The details of a stored task.
    pub fn filled(task: &Task) -> Self {
        let form = TaskForm::filled(task, &[]);
        Self {
            status: form.status,
            priority: form.priority,
            assignee_id: form.assignee_id.0,
            due_on: form.due_on,
            version: form.version.0,
        }
    }

    /// `task` with these details, or what is wrong.
    pub fn check(&self, task: &Task) -> Result<NewTask, FormErrors> {
        let mut check = Check::new();
        let status = check.choice("status", &self.status);
        let assignee_id = check.id("assignee_id", &self.assignee_id);
        let due_on = check.date("due_on", &self.due_on);
        let priority = check.id("priority", &self.priority).unwrap_or(task.priority);
        let new =
            status.map(|status| NewTask { status, priority, assignee_id, due_on, ..NewTask::same(task) });
        check.finish(new)
    }

    /// Details in which this form and the stored task differ.
    pub fn differences(&self, stored: &Self, people: &[(UserId, String)]) -> Vec<Difference> {
        let person = |form: &Self| name_of(people, &form.assignee_id);
        Difference::between([
            ("Status", status_label(&stored.status), status_label(&self.status)),
            ("Priority", priority_label(&stored.priority), priority_label(&self.priority)),
            ("Assignee", person(stored), person(self)),
            ("Due", stored.due_on.clone(), self.due_on.clone()),
        ])
    }
}
