//! The query string of every list and board of tasks.

use serde::{Deserialize, Serialize};

use super::filter::{Assignee, TaskFilter, TaskState};
use crate::error::FormErrors;
use crate::types::ids::{ClientId, ProjectId};
use crate::web::form::Check;

/// What a list or board is asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::IntoParams)]
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
    /// urgent, high, normal or low; blank is any.
    pub priority: String,
    /// A label's id.
    pub label: String,
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
            priority: check.id("priority", &self.priority),
            label: check.id("label", &self.label),
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

    /// Parameters that say which tasks, with their values.
    fn narrowing(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("q", self.q.as_str()),
            ("status", &self.status),
            ("client_id", &self.client_id),
            ("project_id", &self.project_id),
            ("assignee", &self.assignee),
            ("priority", &self.priority),
            ("label", &self.label),
            ("due", &self.due),
        ]
        .into_iter()
    }

    /// Whether it asks for all open tasks.
    pub fn is_plain(&self) -> bool {
        self.narrowing().all(|(_, value)| value.is_empty())
    }

    /// Whether it begins behind the first row.
    pub fn is_paged(&self) -> bool {
        !self.after.is_empty()
    }

    /// The address of the page of `path` that begins at `after`; blank is the first.
    pub fn address(&self, path: &str, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.narrowing().chain([("after", after)]) {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The address of `path` without the project.
    pub fn without_project(&self, path: &str) -> String {
        Self { project_id: String::new(), ..self.clone() }.address(path, "")
    }
}
