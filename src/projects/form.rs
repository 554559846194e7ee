//! The project form, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{BillingModel, NewProject, Project, ProjectFilter, ProjectStatus};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors, found};
use crate::types::color::Color;
use crate::types::duration;
use crate::types::ids::ClientId;
use crate::types::money::{Currency, Money};
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// The largest budget in hours: a hundred people for five years.
const MAX_BUDGET_SECONDS: i64 = 1_000_000 * 3_600;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectForm {
    /// For whom.
    #[schema(required = true)]
    pub client_id: Typed,
    /// Name.
    #[schema(required = true)]
    pub name: String,
    /// active, paused or done.
    pub status: String,
    /// hourly, fixed_price, retainer, milestones or non_billable.
    pub billing_model: String,
    /// The fixed price in the client's currency, where that is how it is billed.
    pub price: Typed,
    /// Price of an hour in the client's currency; blank follows the client.
    pub rate: Typed,
    /// Budget in hours.
    pub hours_budget: Typed,
    /// Budget in the client's currency.
    pub budget: Typed,
    /// First day, `YYYY-MM-DD`.
    pub starts_on: String,
    /// Day it is due, `YYYY-MM-DD`.
    pub due_on: String,
    /// What it is about.
    pub description: String,
    /// c1 to c6, as charts and lists draw it; blank is c1.
    pub color: String,
    /// The version that was edited.
    pub version: Typed,
    /// For a new project: the same key with the same content is saved once.
    pub idempotency_key: String,
}

impl ProjectForm {
    /// What a new project of `client` is offered.
    pub fn blank(client: Option<ClientId>) -> Self {
        Self {
            client_id: client.into(),
            status: ProjectStatus::Active.to_string(),
            billing_model: BillingModel::Hourly.to_string(),
            color: Color::Green.to_string(),
            ..Self::default()
        }
    }

    /// The form of a stored project.
    pub fn filled(project: &Project, rate_cents: Option<i64>, currency: Currency) -> Self {
        let amount = |cents: Option<i64>| cents.map(|cents| Money::new(cents, currency).plain()).into();
        let day = |date: Option<chrono::NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            client_id: Some(project.client_id).into(),
            name: project.name.clone(),
            status: project.status.to_string(),
            billing_model: project.billing_model.to_string(),
            price: amount(project.price_cents),
            rate: amount(rate_cents),
            hours_budget: project.budget_seconds.map(duration::plain).into(),
            budget: amount(project.budget_cents),
            starts_on: day(project.starts_on),
            due_on: day(project.due_on),
            description: project.description.clone(),
            color: project.color.to_string(),
            version: Some(project.version).into(),
            idempotency_key: String::new(),
        }
    }

    /// The client that was chosen, if it is an id at all.
    pub fn client(&self) -> Option<ClientId> {
        self.client_id.trim().parse().ok()
    }

    /// A project with amounts in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewProject, FormErrors> {
        let mut check = Check::new();
        let name = check.required("name", &self.name);
        let client_id = check.required_id("client_id", &self.client_id);
        let status = if self.status.is_empty() {
            Some(ProjectStatus::Active)
        } else {
            check.choice("status", &self.status)
        };
        if status == Some(ProjectStatus::Archived) {
            check.error("status", "must be active, paused or done; archive a project by its own button");
        }
        let billing_model = if self.billing_model.is_empty() {
            Some(BillingModel::Hourly)
        } else {
            check.choice("billing_model", &self.billing_model)
        };
        let price_cents = check.cents("price", &self.price, currency);
        if price_cents.is_some() && billing_model.is_some_and(|model| model != BillingModel::FixedPrice) {
            check.error("price", "belongs to a fixed price; choose that as the billing or leave this blank");
        }
        let starts_on = check.date("starts_on", &self.starts_on);
        let due_on = check.date("due_on", &self.due_on);
        if starts_on.zip(due_on).is_some_and(|(starts_on, due_on)| due_on < starts_on) {
            check.error("due_on", "must not be before the start");
        }
        let budget_seconds = check.seconds("hours_budget", &self.hours_budget, MAX_BUDGET_SECONDS);
        let budget_cents = check.cents("budget", &self.budget, currency);
        let rate_cents = check.cents("rate", &self.rate, currency);
        let description = check.text("description", &self.description);
        let color =
            if self.color.is_empty() { Some(Color::Green) } else { check.choice("color", &self.color) };
        let chosen = client_id.zip(status).zip(billing_model).zip(color);
        let new = chosen.map(|(((client_id, status), billing_model), color)| NewProject {
            client_id,
            name,
            status,
            billing_model,
            price_cents,
            budget_seconds,
            budget_cents,
            starts_on,
            due_on,
            description,
            color,
            rate_cents,
        });
        check.finish(new)
    }

    /// [`ProjectForm::check`] with the currency of the chosen client.
    pub fn check_for(&self, conn: &mut Conn, actor: &Actor) -> AppResult<NewProject> {
        let client = match self.client() {
            Some(id) => found(clients::find_held(conn, actor, id))?,
            None => None,
        };
        let checked = self.check(client.as_ref().map_or(Currency::EUR, |client| client.currency));
        match (client, checked) {
            (Some(_), Ok(new)) => Ok(new),
            (None, Ok(_)) => Err(AppError::invalid("client_id", "must be one of the choices")),
            (_, Err(errors)) => Err(errors.into()),
        }
    }

    /// Fields in which this form and the stored project differ. `client` names a client.
    pub fn differences(&self, stored: &Self, client: impl Fn(&str) -> String) -> Vec<Difference> {
        let status =
            |text: &str| text.parse().map_or(text.to_owned(), |s: ProjectStatus| s.label().to_owned());
        let billing =
            |text: &str| text.parse().map_or(text.to_owned(), |b: BillingModel| b.label().to_owned());
        let color = |text: &str| text.parse().map_or(text.to_owned(), |c: Color| c.label().to_owned());
        Difference::between([
            ("Client", client(&stored.client_id), client(&self.client_id)),
            ("Name", stored.name.clone(), self.name.clone()),
            ("Status", status(&stored.status), status(&self.status)),
            ("Billing", billing(&stored.billing_model), billing(&self.billing_model)),
            ("Fixed price", stored.price.0.clone(), self.price.0.clone()),
            ("Hourly rate", stored.rate.0.clone(), self.rate.0.clone()),
            ("Budget, hours", stored.hours_budget.0.clone(), self.hours_budget.0.clone()),
            ("Budget, money", stored.budget.0.clone(), self.budget.0.clone()),
            ("Start", stored.starts_on.clone(), self.starts_on.clone()),
            ("Due", stored.due_on.clone(), self.due_on.clone()),
            ("Colour", color(&stored.color), color(&self.color)),
            ("Description", stored.description.clone(), self.description.clone()),
        ])
    }
}

/// The status alone, as the project's page changes it in place.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatusForm {
    /// active, paused or done.
    pub status: String,
    /// The version that was seen.
    pub version: Typed,
}

impl StatusForm {
    /// The status and the version that was seen, or what is wrong.
    pub fn check(&self) -> Result<(ProjectStatus, i64), FormErrors> {
        let mut check = Check::new();
        let status = check.choice("status", &self.status);
        if status == Some(ProjectStatus::Archived) {
            check.error("status", "must be active, paused or done; archive a project by its own button");
        }
        let version = check.required_id("version", &self.version);
        check.finish(status.zip(version))
    }
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectQuery {
    /// Words in the names of project or client.
    pub q: String,
    /// active, paused, done or archived; blank is all that are not archived.
    pub status: String,
    /// One client's.
    pub client_id: String,
    /// The page, from 1.
    pub page: String,
}

impl ProjectQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<ProjectFilter, FormErrors> {
        let mut check = Check::new();
        let q = check.line("q", &self.q);
        let status = check.id("status", &self.status);
        let client_id = check.id("client_id", &self.client_id);
        let page = check.number("page", &self.page, 1..=1_000_000).unwrap_or(1);
        check.finish(Some(ProjectFilter { q, status, client_id, page }))
    }

    /// Whether it narrows the list at all.
    pub fn is_plain(&self) -> bool {
        self.q.is_empty() && self.status.is_empty() && self.client_id.is_empty()
    }

    /// The list's address with another page.
    pub fn paged(&self, page: &i64) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let page = page.to_string();
        for (name, value) in [
            ("q", self.q.as_str()),
            ("status", &self.status),
            ("client_id", &self.client_id),
            ("page", &page),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/projects?{}", query.finish())
    }
}
