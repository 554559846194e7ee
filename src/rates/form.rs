//! The forms of rates, shared by pages and API.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::agreed::{self, NewRate, Party};
use super::model::{RateKind, Scope};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::money::Currency;
use crate::web::form::Check;
use crate::web::json::Typed;

/// What was typed. Without any id the rate is the agency's own.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateForm {
    /// bill is what the client pays, cost what an hour costs us.
    #[schema(required = true)]
    pub kind: String,
    /// For a client.
    pub client_id: Typed,
    /// For a project; together with a person for that person on it.
    pub project_id: Typed,
    /// For a task.
    pub task_id: Typed,
    /// For a person.
    pub user_id: Typed,
    /// The first day, `YYYY-MM-DD`; blank counts from the beginning.
    pub valid_from: String,
    /// An hour, as 95.50, in the client's currency, or in the agency's for people and the agency; blank ends what is
    /// agreed.
    pub amount: Typed,
}

impl RateForm {
    /// What the form of a scope is offered.
    pub fn blank(scope: Scope, today: NaiveDate) -> Self {
        Self {
            kind: RateKind::Bill.to_string(),
            client_id: scope.client().into(),
            project_id: scope.project().into(),
            task_id: scope.task().into(),
            user_id: scope.user().into(),
            valid_from: today.to_string(),
            amount: Typed::default(),
        }
    }

    /// For whom or what, or what is wrong with the ids.
    pub fn scope(&self) -> Result<Scope, FormErrors> {
        scope_of(&self.client_id, &self.project_id, &self.task_id, &self.user_id)
    }

    /// The rate in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewRate, FormErrors> {
        let scope = self.scope()?;
        let mut check = Check::new();
        let kind = check.choice("kind", &self.kind);
        let from = check.date("valid_from", &self.valid_from);
        let amount = check.cents("amount", &self.amount, currency);
        check.finish(kind.map(|kind| NewRate { kind, scope, from, amount }))
    }

    /// [`RateForm::check`] with the currency of whom or what it is for.
    pub fn check_for(&self, conn: &mut Conn, actor: &Actor) -> AppResult<(Party, NewRate)> {
        let party = agreed::party_held(conn, actor, self.scope()?).map_err(|error| match error {
            AppError::NotFound => AppError::invalid(self.named(), "must be one of the choices"),
            other => other,
        })?;
        let new = self.check(party.currency)?;
        Ok((party, new))
    }

    /// The first field that names something.
    fn named(&self) -> &'static str {
        let ids = [
            ("client_id", &self.client_id),
            ("task_id", &self.task_id),
            ("project_id", &self.project_id),
            ("user_id", &self.user_id),
        ];
        ids.into_iter().find(|(_, id)| !id.trim().is_empty()).map_or("", |(name, _)| name)
    }
}

fn scope_of(client: &str, project: &str, task: &str, user: &str) -> Result<Scope, FormErrors> {
    let mut check = Check::new();
    let client = check.id("client_id", client);
    let project = check.id("project_id", project);
    let task = check.id("task_id", task);
    let user = check.id("user_id", user);
    let scope = Scope::of(client, project, task, user);
    if scope.is_none() {
        check.error("", "A rate is for one client, project, task or person, or for a person on a project.");
    }
    check.finish(scope)
}

/// Whose rates are asked for; blank is the agency's own.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RateQuery {
    /// A client's.
    pub client_id: String,
    /// A project's.
    pub project_id: String,
    /// A task's.
    pub task_id: String,
    /// A person's; together with a project that person's on it.
    pub user_id: String,
}

impl RateQuery {
    /// For whom or what, or what makes no sense.
    pub fn check(&self) -> Result<Scope, FormErrors> {
        scope_of(&self.client_id, &self.project_id, &self.task_id, &self.user_id)
    }
}

/// The overview's query string.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OverviewQuery {
    /// The page of what is agreed with clients, from 1.
    pub page: String,
}

impl OverviewQuery {
    /// The page, or what makes no sense.
    pub fn check(&self) -> Result<i64, FormErrors> {
        let mut check = Check::new();
        let page = check.number("page", &self.page, 1..=1_000_000).unwrap_or(1);
        check.finish(Some(page))
    }

    /// The overview's address with another page.
    pub fn paged(&self, page: &i64) -> String {
        format!("/rates?page={page}")
    }
}
