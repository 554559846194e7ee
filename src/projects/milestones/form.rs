//! The milestone form, shared by pages and API.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::model::{Milestone, NewMilestone};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::error::{AppResult, FormErrors};
use crate::projects::model as projects;
use crate::types::ids::ProjectId;
use crate::types::money::{Currency, Money};
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MilestoneForm {
    /// What is there then.
    #[schema(required = true)]
    pub title: String,
    /// When it should be, `YYYY-MM-DD`.
    pub due_on: String,
    /// What is paid for it, in the client's currency; blank is nothing by itself.
    pub amount: Typed,
    /// The version that was edited.
    pub version: Typed,
    /// For a new milestone: the same key with the same content is saved once.
    pub idempotency_key: String,
}

impl MilestoneForm {
    /// The form of a stored milestone.
    pub fn filled(milestone: &Milestone, currency: Currency) -> Self {
        Self {
            title: milestone.title.clone(),
            due_on: milestone.due_on.map(|date| date.to_string()).unwrap_or_default(),
            amount: milestone.amount_cents.map(|cents| Money::new(cents, currency).plain()).into(),
            version: Some(milestone.version).into(),
            idempotency_key: String::new(),
        }
    }

    /// A milestone with its amount in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewMilestone, FormErrors> {
        let mut check = Check::new();
        let new = NewMilestone {
            title: check.required("title", &self.title),
            due_on: check.date("due_on", &self.due_on),
            amount_cents: check.cents("amount", &self.amount, currency),
        };
        if new.amount_cents == Some(0) {
            check.error("amount", "must be more than nothing; leave it blank where nothing is paid");
        }
        check.finish(Some(new))
    }

    /// [`MilestoneForm::check`] with the currency of the project's client.
    pub fn check_for(&self, conn: &mut Conn, actor: &Actor, project: ProjectId) -> AppResult<NewMilestone> {
        Ok(self.check(currency(conn, actor, project)?)?)
    }

    /// Fields in which this form and the stored milestone differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Title", stored.title.as_str(), self.title.as_str()),
            ("Due", &stored.due_on, &self.due_on),
            ("Amount", &stored.amount, &self.amount),
        ])
    }
}

/// The currency of a project's amounts.
pub fn currency(conn: &mut Conn, actor: &Actor, project: ProjectId) -> AppResult<Currency> {
    let client = projects::find(conn, actor, project)?.client_id;
    Ok(clients::find(conn, actor, client)?.currency)
}

/// The day on which a milestone was reached.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReachForm {
    /// The day, `YYYY-MM-DD`, today or before.
    #[schema(required = true)]
    pub reached_on: String,
}

impl ReachForm {
    /// The day, or what is wrong.
    pub fn check(&self) -> Result<NaiveDate, FormErrors> {
        let mut check = Check::new();
        let on = check.required_date("reached_on", &self.reached_on);
        check.finish(on)
    }
}
