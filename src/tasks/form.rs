//! The task forms, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::filter::{Assignee, TaskFilter, TaskState};
use super::model::{NewTask, Task, TaskStatus};
use crate::error::FormErrors;
use crate::types::duration;
use crate::types::ids::{ClientId, ProjectId, UserId};
use crate::web::form::{Check, Difference, name_of};
use crate::web::json::Typed;

/// The longest estimate: ten thousand hours.
const MAX_ESTIMATE_SECONDS: i64 = 10_000 * 3_600;

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
    /// Who does it; blank is nobody.
    pub assignee_id: Typed,
    /// When it is due, `YYYY-MM-DD`.
    pub due_on: String,
    /// Estimate in hours, like 1.5 or 1:30.
    pub estimate: Typed,
    /// Whether new hours are billable; blank follows the project.
    pub is_billable: Typed,
    /// The version that was edited.
    pub version: Typed,
    /// For a new task: the same key with the same content is saved once.
    pub idempotency_key: String,
    /// "project" leads back to the project instead of on to the task.
    #[serde(skip_serializing)]
    pub then: String,
}

impl TaskForm {
    /// What a new task of `project` is offered.
    pub fn blank(project: Option<ProjectId>) -> Self {
        Self { project_id: project.into(), status: TaskStatus::Todo.to_string(), ..Self::default() }
    }

    /// The form of a stored task.
    pub fn filled(task: &Task) -> Self {
        Self {
            project_id: Some(task.project_id).into(),
            title: task.title.clone(),
            description: task.description.clone(),
            status: task.status.to_string(),
            assignee_id: task.assignee_id.into(),
            due_on: task.due_on.map(|date| date.to_string()).unwrap_or_default(),
            estimate: task.estimate_seconds.map(duration::plain).into(),
            is_billable: Some(task.is_billable).into(),
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
        let assignee_id = check.id("assignee_id", &self.assignee_id);
        let due_on = check.date("due_on", &self.due_on);
        let estimate_seconds = check.seconds("estimate", &self.estimate, MAX_ESTIMATE_SECONDS);
        let is_billable = if self.is_billable.trim().is_empty() {
            None
        } else {
            Some(check.flag("is_billable", &self.is_billable))
        };
        let new = project_id.zip(status).map(|(project_id, status)| NewTask {
            project_id,
            title,
            description,
            status,
            assignee_id,
            due_on,
            estimate_seconds,
            is_billable,
        });
        check.finish(new)
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
        Difference::between([
            ("Title", stored.title.clone(), self.title.clone()),
            ("Project", project(stored), project(self)),
            ("Status", status_label(&stored.status), status_label(&self.status)),
            ("Assignee", person(stored), person(self)),
            ("Due", stored.due_on.clone(), self.due_on.clone()),
            ("Estimate, hours", stored.estimate.0.clone(), self.estimate.0.clone()),
            ("Billing", billing(stored), billing(self)),
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
        let form = TaskForm::filled(task);
        Self {
            status: form.status,
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
        let new = status.map(|status| NewTask { status, assignee_id, due_on, ..NewTask::same(task) });
        check.finish(new)
    }

    /// Details in which this form and the stored task differ.
    pub fn differences(&self, stored: &Self, people: &[(UserId, String)]) -> Vec<Difference> {
        let person = |form: &Self| name_of(people, &form.assignee_id);
        Difference::between([
            ("Status", status_label(&stored.status), status_label(&self.status)),
            ("Assignee", person(stored), person(self)),
            ("Due", stored.due_on.clone(), self.due_on.clone()),
        ])
    }
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// Words in the title.
    pub q: String,
    /// open (also when blank), todo, doing, review, done or all.
    pub status: String,
    /// One client's.
    pub client_id: String,
    /// One project's.
    pub project_id: String,
    /// me, nobody, a person's id, or anybody (also when blank).
    pub assignee: String,
    /// late, today, week or none; blank is whenever.
    pub due: String,
    /// The place after which the page begins, as `meta.next` gave it.
    pub after: String,
}

impl TaskQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<TaskFilter, FormErrors> {
        let mut check = Check::new();
        let filter = TaskFilter {
            q: check.line("q", &self.q),
            state: check.id("status", &self.status).unwrap_or(TaskState::Open),
            client_id: check.id("client_id", &self.client_id),
            project_id: check.id("project_id", &self.project_id),
            assignee: check.id("assignee", &self.assignee).unwrap_or(Assignee::Anybody),
            due: check.id("due", &self.due),
            after: check.id("after", &self.after),
        };
        check.finish(Some(filter))
    }

    /// [`TaskQuery::check`] among the tasks of one client.
    pub fn check_of_client(&self, client: ClientId) -> Result<TaskFilter, FormErrors> {
        self.check().map(|filter| TaskFilter { client_id: Some(client), ..filter })
    }

    /// [`TaskQuery::check`] among the tasks of one project.
    pub fn check_of_project(&self, project: ProjectId) -> Result<TaskFilter, FormErrors> {
        self.check().map(|filter| TaskFilter { project_id: Some(project), ..filter })
    }

    /// Whether it asks for all open tasks.
    pub fn is_plain(&self) -> bool {
        [&self.q, &self.status, &self.client_id, &self.project_id, &self.assignee, &self.due]
            .iter()
            .all(|part| part.is_empty())
    }

    /// Whether it begins behind the first row.
    pub fn is_paged(&self) -> bool {
        !self.after.is_empty()
    }

    /// The address of the page of `path` that begins at `after`; blank is the first.
    pub fn address(&self, path: &str, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", self.q.as_str()),
            ("status", &self.status),
            ("client_id", &self.client_id),
            ("project_id", &self.project_id),
            ("assignee", &self.assignee),
            ("due", &self.due),
            ("after", after),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The list's address without the project.
    pub fn without_project(&self) -> String {
        Self { project_id: String::new(), ..self.clone() }.address("/tasks", "")
    }
}
