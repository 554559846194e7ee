//! The forms of templates, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::lines::{Line, NewTemplateTask};
use super::model::{MOST_DAYS, NewStart, NewTemplate, Template};
use crate::error::FormErrors;
use crate::projects::model::BillingModel;
use crate::tasks::checklist::form::StepForm;
use crate::tasks::form::MAX_ESTIMATE_SECONDS;
use crate::tasks::model::TaskPriority;
use crate::types::color::Color;
use crate::types::duration;
use crate::types::ids::{LabelId, ProjectId};
use crate::types::money::{Currency, Money};
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// The largest budget in hours, as a project's.
const MAX_BUDGET_SECONDS: i64 = 1_000_000 * 3_600;

/// What a project is saved with as a template.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SaveForm {
    /// The project; the page names it in its path.
    #[schema(required = true)]
    pub project_id: Typed,
    /// What the template is called.
    #[schema(required = true)]
    pub name: String,
    /// The same key with the same content is saved once.
    pub idempotency_key: String,
}

impl SaveForm {
    /// Which project, and the name; or what is wrong.
    pub fn check(&self) -> Result<(ProjectId, String), FormErrors> {
        let mut check = Check::new();
        let project = check.required_id("project_id", &self.project_id);
        let name = check.required("name", &self.name);
        check.finish(project.map(|project| (project, name)))
    }
}

/// What a project is begun with.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StartForm {
    /// For whom.
    #[schema(required = true)]
    pub client_id: Typed,
    /// The project's name.
    #[schema(required = true)]
    pub name: String,
    /// Its first day, `YYYY-MM-DD`; all dates count from it.
    #[schema(required = true)]
    pub starts_on: String,
    /// The same key with the same content is saved once.
    pub idempotency_key: String,
}

impl StartForm {
    /// A start, or what is wrong.
    pub fn check(&self) -> Result<NewStart, FormErrors> {
        let mut check = Check::new();
        let client_id = check.required_id("client_id", &self.client_id);
        let name = check.required("name", &self.name);
        let starts_on = check.required_date("starts_on", &self.starts_on);
        let new = client_id.zip(starts_on);
        check.finish(new.map(|(client_id, starts_on)| NewStart { client_id, name, starts_on }))
    }
}

/// The fields of a template. Amounts are in its own currency.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateForm {
    /// Name.
    #[schema(required = true)]
    pub name: String,
    /// What it is about.
    pub description: String,
    /// c1 to c6; blank is c1.
    pub color: String,
    /// hourly, fixed_price, retainer, milestones or non_billable; blank is hourly.
    pub billing_model: String,
    /// The fixed price, where that is how it is billed.
    pub price: Typed,
    /// Price of an hour; blank follows the client.
    pub rate: Typed,
    /// Budget in hours.
    pub hours_budget: Typed,
    /// Budget in money.
    pub budget: Typed,
    /// Days from the start to the day on which a project is due.
    pub due_days: Typed,
    /// The version that was edited.
    pub version: Typed,
}

impl TemplateForm {
    /// The form of a stored template.
    pub fn filled(template: &Template) -> Self {
        let amount =
            |cents: Option<i64>| cents.map(|cents| Money::new(cents, template.currency).plain()).into();
        Self {
            name: template.name.clone(),
            description: template.description.clone(),
            color: template.color.to_string(),
            billing_model: template.billing_model.to_string(),
            price: amount(template.price_cents),
            rate: amount(template.rate_cents),
            hours_budget: template.budget_seconds.map(duration::plain).into(),
            budget: amount(template.budget_cents),
            due_days: template.due_days.into(),
            version: Some(template.version).into(),
        }
    }

    /// A template with amounts in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewTemplate, FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        let description = check.text("description", &self.description);
        let color = check.id("color", &self.color).unwrap_or(Color::Green);
        let billing_model = check.id("billing_model", &self.billing_model).unwrap_or(BillingModel::Hourly);
        let price_cents = check.cents("price", &self.price, currency);
        if price_cents.is_some() && billing_model != BillingModel::FixedPrice {
            check.error("price", "belongs to a fixed price; choose that as the billing or leave this blank");
        }
        let rate_cents = check.cents("rate", &self.rate, currency);
        let budget_seconds = check.seconds("hours_budget", &self.hours_budget, MAX_BUDGET_SECONDS);
        let budget_cents = check.cents("budget", &self.budget, currency);
        let due_days = check.number("due_days", &self.due_days, 0..=MOST_DAYS);
        check.finish(Some(NewTemplate {
            name,
            description,
            color,
            billing_model,
            price_cents,
            rate_cents,
            budget_seconds,
            budget_cents,
            due_days,
        }))
    }

    /// Fields in which this form and the stored template differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Name", stored.name.as_str(), self.name.as_str()),
            ("Description", &stored.description, &self.description),
            ("Colour", &stored.color, &self.color),
            ("Billing", &stored.billing_model, &self.billing_model),
            ("Fixed price", &stored.price.0, &self.price.0),
            ("Hourly rate", &stored.rate.0, &self.rate.0),
            ("Budget, hours", &stored.hours_budget.0, &self.hours_budget.0),
            ("Budget, money", &stored.budget.0, &self.budget.0),
            ("Days to the due date", &stored.due_days.0, &self.due_days.0),
        ])
    }
}

/// The fields of a task of a template.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateTaskForm {
    /// What is to be done.
    #[schema(required = true)]
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// Steps of its checklist, one a line.
    pub steps: String,
    /// urgent, high, normal or low; blank is normal.
    pub priority: String,
    /// Estimate in hours, like 1.5 or 1:30.
    pub estimate: Typed,
    /// Days from the start of the project to its due date; blank is no date.
    pub due_days: Typed,
    /// Whether its client may see it; blank is no.
    pub is_client_visible: Typed,
    /// Ids of its labels.
    pub labels: Vec<Typed>,
    /// The version that was edited.
    pub version: Typed,
}

impl TemplateTaskForm {
    /// What a new task is offered.
    pub fn blank() -> Self {
        Self { priority: TaskPriority::Normal.to_string(), ..Self::default() }
    }

    /// The form of a stored task.
    pub fn filled(line: &Line) -> Self {
        let task = &line.task;
        Self {
            title: task.title.clone(),
            description: task.description.clone(),
            steps: task.steps.clone(),
            priority: task.priority.to_string(),
            estimate: task.estimate_seconds.map(duration::plain).into(),
            due_days: task.due_days.into(),
            is_client_visible: Some(task.is_client_visible).into(),
            labels: line.labels.iter().map(|label| Some(label.id).into()).collect(),
            version: Some(task.version).into(),
        }
    }

    /// Whether this label is ticked.
    pub fn has_label(&self, id: &LabelId) -> bool {
        self.labels.iter().any(|ticked| ticked.parse() == Ok(*id))
    }

    /// A task, or what is wrong.
    pub fn check(&self) -> Result<NewTemplateTask, FormErrors> {
        let mut check = Check::new();
        let title = check.required("title", &self.title);
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
        let estimate_seconds = check.seconds("estimate", &self.estimate, MAX_ESTIMATE_SECONDS);
        let due_days = check.number("due_days", &self.due_days, 0..=MOST_DAYS);
        let is_client_visible = check.flag("is_client_visible", &self.is_client_visible);
        let labels: Vec<LabelId> = self.labels.iter().filter_map(|id| check.id("labels", id)).collect();
        check.finish(Some(NewTemplateTask {
            title,
            description,
            steps: steps.join("\n"),
            priority,
            estimate_seconds,
            due_days,
            is_client_visible,
            labels,
        }))
    }

    /// Fields in which this form and the stored task differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Title", stored.title.as_str(), self.title.as_str()),
            ("Description", &stored.description, &self.description),
            ("Steps", &stored.steps, &self.steps),
            ("Priority", &stored.priority, &self.priority),
            ("Estimate, hours", &stored.estimate.0, &self.estimate.0),
            ("Days to the due date", &stored.due_days.0, &self.due_days.0),
            ("Visible to", &stored.is_client_visible.0, &self.is_client_visible.0),
        ])
    }
}
