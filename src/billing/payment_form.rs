//! The form of a payment, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::payments::{NewPayment, PaymentMethod};
use crate::error::FormErrors;
use crate::types::money::Currency;
use crate::web::form::Check;
use crate::web::json::Typed;

/// A payment, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentForm {
    /// When it came in.
    #[schema(required = true)]
    pub received_on: String,
    /// How much.
    #[schema(required = true)]
    pub amount: Typed,
    /// bank_transfer, card, cash, direct_debit or other; blank is bank_transfer.
    pub method: String,
    /// What the bank statement says.
    pub reference: String,
    /// The same key is recorded once.
    pub idempotency_key: String,
}

impl PaymentForm {
    /// A payment in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewPayment, FormErrors> {
        let mut check = Check::new();
        let received_on = check.required_date("received_on", &self.received_on);
        let amount_cents = check.cents("amount", &self.amount, currency);
        if amount_cents.is_some_and(|cents| cents == 0) || self.amount.trim().is_empty() {
            check.error("amount", "must be more than nothing");
        }
        let method = if self.method.is_empty() {
            Some(PaymentMethod::BankTransfer)
        } else {
            check.choice("method", &self.method)
        };
        let reference = check.line("reference", &self.reference);
        let key = check.line("idempotency_key", &self.idempotency_key);
        let new = received_on.zip(amount_cents).zip(method).map(|((received_on, amount_cents), method)| {
            NewPayment {
                received_on,
                amount_cents,
                method,
                reference,
                idempotency_key: (!key.is_empty()).then_some(key),
            }
        });
        check.finish(new)
    }
}
