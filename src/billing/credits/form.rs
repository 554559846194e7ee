//! The forms of credit notes, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::NewCredit;
use crate::error::FormErrors;
use crate::types::ids::{InvoiceId, InvoiceLineId};
use crate::types::money::{self, Currency};
use crate::web::form::Check;
use crate::web::json::Typed;

/// A line to take back, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CreditLineForm {
    /// The line of the invoice.
    #[schema(required = true)]
    pub id: Typed,
    /// How much of it, up to four decimals; blank or 0 leaves it as it is.
    pub quantity: Typed,
}

/// A credit note, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CreditForm {
    /// Why; printed.
    #[schema(required = true)]
    pub reason: String,
    /// The lines; absent takes back everything that is left.
    #[serde(deserialize_with = "crate::web::json::some_objects")]
    pub lines: Option<Vec<CreditLineForm>>,
    /// Whether hours and costs on these lines can be billed again. No such line may then be left in part.
    pub release_hours: Typed,
}

impl CreditForm {
    /// What to take back, or what is wrong.
    pub fn check(&self) -> Result<NewCredit, FormErrors> {
        let mut check = Check::new();
        let reason = check.required("reason", &self.reason);
        let releases_hours = check.flag("release_hours", &self.release_hours);
        let lines = self.lines.as_ref().map(|lines| {
            lines
                .iter()
                .enumerate()
                .filter_map(|(index, line)| {
                    let id = check.required_id(&format!("lines[{index}].id"), &line.id);
                    let quantity = quantity(&mut check, &format!("lines[{index}].quantity"), &line.quantity);
                    id.zip(quantity)
                })
                .collect::<Vec<(InvoiceLineId, i64)>>()
        });
        check.finish(Some(NewCredit { reason, lines, releases_hours }))
    }
}

fn quantity(check: &mut Check, field: &str, text: &str) -> Option<i64> {
    if text.trim().is_empty() {
        return Some(0);
    }
    let value = money::parse_decimal(text, 4).filter(|value| (0..=money::MAX_QUANTITY_E4).contains(value));
    if value.is_none() {
        check.error(field, "is not a quantity, like 3.5");
    }
    value
}

/// The page's form: a line is what stands at the same place of both lists.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a form are named as on screen")]
pub struct CreditPageForm {
    pub reason: String,
    pub release_hours: String,
    /// Whether a corrected draft follows.
    pub reissue: String,
    pub line_id: Vec<String>,
    pub line_quantity: Vec<String>,
}

impl CreditPageForm {
    /// The same as the API gets it. Lists of different lengths are a broken form.
    pub fn into_form(self) -> Result<CreditForm, FormErrors> {
        if self.line_id.len() != self.line_quantity.len() {
            let mut errors = FormErrors::default();
            errors.add("lines", "are incomplete");
            return Err(errors);
        }
        let lines = self
            .line_id
            .into_iter()
            .zip(self.line_quantity)
            .map(|(id, quantity)| CreditLineForm { id: id.into(), quantity: quantity.into() })
            .collect();
        Ok(CreditForm { reason: self.reason, lines: Some(lines), release_hours: self.release_hours.into() })
    }
}

/// What of a credit note settles which invoice, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationForm {
    /// The invoice.
    #[schema(required = true)]
    pub invoice_id: Typed,
    /// How much.
    #[schema(required = true)]
    pub amount: Typed,
}

impl ApplicationForm {
    /// Invoice and minor units of `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<(InvoiceId, i64), FormErrors> {
        let mut check = Check::new();
        let invoice = check.required_id("invoice_id", &self.invoice_id);
        let cents = check.cents("amount", &self.amount, currency);
        if cents.is_none_or(|cents| cents == 0) && !check.has_error("amount") {
            check.error("amount", "must be more than nothing");
        }
        check.finish(invoice.zip(cents))
    }
}
