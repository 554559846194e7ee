//! The form of an expense, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{Expense, ExpenseFilter, NewExpense};
use crate::error::FormErrors;
use crate::types::ids::ClientId;
use crate::types::money::{Currency, Money, plain_decimal};
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// An expense, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpenseForm {
    /// For whom.
    #[schema(required = true)]
    pub client_id: Typed,
    /// For which of its projects.
    pub project_id: Typed,
    /// When it was bought.
    #[schema(required = true)]
    pub spent_on: String,
    /// What it is.
    #[schema(required = true)]
    pub title: String,
    /// From whom.
    pub supplier: String,
    /// What it cost us, without tax, in the client's currency.
    #[schema(required = true)]
    pub cost: Typed,
    /// What the client pays for it; blank is what it cost.
    pub client_pays: Typed,
    /// Tax in percent; blank follows the client.
    pub tax_rate: Typed,
    /// Whether the client does not pay for it.
    pub is_internal: Typed,
    /// The version that was edited.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub version: Typed,
    /// The same key again adds nothing. For a new expense only.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub idempotency_key: String,
}

impl ExpenseForm {
    /// The form of a stored expense.
    pub fn filled(expense: &Expense, currency: Currency) -> Self {
        Self {
            client_id: Some(expense.client_id).into(),
            project_id: expense.project_id.into(),
            spent_on: expense.spent_on.to_string(),
            title: expense.title.clone(),
            supplier: expense.supplier.clone(),
            cost: Money::new(expense.cost_cents, currency).plain().into(),
            client_pays: Money::new(expense.price_cents, currency).plain().into(),
            tax_rate: expense.tax_rate_millis.map(|millis| plain_decimal(millis, 3)).into(),
            is_internal: if expense.is_billable { Typed::default() } else { "true".into() },
            version: Some(expense.version).into(),
            idempotency_key: String::new(),
        }
    }

    /// The client alone, which tells the currency of the rest.
    pub fn client(&self) -> Option<ClientId> {
        self.client_id.trim().parse().ok()
    }

    /// An expense with amounts in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewExpense, FormErrors> {
        let mut check = Check::new();
        let client = check.required_id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let spent_on = check.required_date("spent_on", &self.spent_on);
        let title = check.required("title", &self.title);
        let supplier = check.line("supplier", &self.supplier);
        let cost = check.cents("cost", &self.cost, currency);
        if self.cost.trim().is_empty() {
            check.error("cost", "can't be blank");
        }
        let price = check.cents("client_pays", &self.client_pays, currency).or(cost);
        let tax_rate_millis = check.percent("tax_rate", &self.tax_rate);
        let is_internal = check.flag("is_internal", &self.is_internal);
        let new = client.zip(spent_on).zip(cost.zip(price)).map(
            |((client_id, spent_on), (cost_cents, price_cents))| NewExpense {
                client_id,
                project_id: project,
                spent_on,
                title,
                supplier,
                cost_cents,
                price_cents,
                tax_rate_millis,
                is_billable: !is_internal,
            },
        );
        check.finish(new)
    }

    /// Fields in which this form and the stored expense differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Client", &stored.client_id.0, &self.client_id.0),
            ("Project", &stored.project_id.0, &self.project_id.0),
            ("Bought on", &stored.spent_on, &self.spent_on),
            ("Title", &stored.title, &self.title),
            ("Supplier", &stored.supplier, &self.supplier),
            ("Cost", &stored.cost.0, &self.cost.0),
            ("Client pays", &stored.client_pays.0, &self.client_pays.0),
            ("Tax, %", &stored.tax_rate.0, &self.tax_rate.0),
            ("Not billed", &stored.is_internal.0, &self.is_internal.0),
        ])
    }
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExpenseQuery {
    /// Of one client.
    pub client_id: String,
    /// Of one project.
    pub project_id: String,
    /// true for what waits for an invoice.
    pub unbilled: String,
    /// The rows after this one.
    pub after: String,
}

impl ExpenseQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<ExpenseFilter, FormErrors> {
        let mut check = Check::new();
        let client = check.id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let unbilled = check.flag("unbilled", &self.unbilled);
        let after = check.id("after", &self.after);
        check.finish(Some(ExpenseFilter { client, project, unbilled, after }))
    }
}
