//! The forms of payments and refunds, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::model::{NewPayment, PaymentMethod};
use super::refunds::NewRefund;
use crate::billing::form::exchange_rate;
use crate::error::FormErrors;
use crate::types::ids::{ClientId, InvoiceId};
use crate::types::money::Currency;
use crate::web::form::Check;
use crate::web::json::Typed;

/// A payment on one invoice, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PaymentForm {
    /// When it came in.
    #[schema(required = true)]
    pub received_on: String,
    /// How much.
    #[schema(required = true)]
    pub amount: Typed,
    /// What the bank kept of it; blank is nothing. The amount is what the client paid.
    pub bank_fee: Typed,
    /// bank_transfer, card, cash, direct_debit or other; blank is bank_transfer.
    pub method: String,
    /// What the bank statement says.
    pub reference: String,
    /// One unit of its currency in the agency's; blank takes that of the invoice.
    pub exchange_rate: Typed,
    /// Whether what is more than the invoice asks for stays as the client's credit.
    pub keep_rest: Typed,
    /// The same key is recorded once.
    pub idempotency_key: String,
}

impl PaymentForm {
    /// A payment in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewPayment, FormErrors> {
        let mut check = Check::new();
        let new = self.read(&mut check, currency);
        check.finish(new)
    }

    fn read(&self, check: &mut Check, currency: Currency) -> Option<NewPayment> {
        let received_on = check.required_date("received_on", &self.received_on);
        let amount_cents = amount(check, &self.amount, currency);
        let fee_cents = check.cents("bank_fee", &self.bank_fee, currency).unwrap_or(0);
        if amount_cents.is_some_and(|amount| fee_cents >= amount) {
            check.error("bank_fee", "must be less than the amount");
        }
        let method = method(check, &self.method);
        let reference = check.line("reference", &self.reference);
        let key = check.line("idempotency_key", &self.idempotency_key);
        let exchange_rate_e6 = exchange_rate(check, &self.exchange_rate);
        let keeps_rest = check.flag("keep_rest", &self.keep_rest);
        Some(NewPayment {
            received_on: received_on?,
            amount_cents: amount_cents?,
            fee_cents,
            method: method?,
            reference,
            exchange_rate_e6,
            keeps_rest,
            idempotency_key: (!key.is_empty()).then_some(key),
        })
    }
}

fn amount(check: &mut Check, text: &str, currency: Currency) -> Option<i64> {
    let cents = check.cents("amount", text, currency);
    if cents.is_some_and(|cents| cents == 0) || text.trim().is_empty() {
        check.error("amount", "must be more than nothing");
    }
    cents.filter(|cents| *cents > 0)
}

fn method(check: &mut Check, text: &str) -> Option<PaymentMethod> {
    if text.is_empty() { Some(PaymentMethod::BankTransfer) } else { check.choice("method", text) }
}

/// What of a payment goes to which invoice, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShareForm {
    /// The invoice.
    #[schema(required = true)]
    pub invoice_id: Typed,
    /// How much; blank is nothing.
    pub amount: Typed,
}

/// A payment of a client, shared out among its invoices, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SharedPaymentForm {
    /// From whom.
    #[schema(required = true)]
    pub client_id: Typed,
    /// Its currency, ISO 4217; blank is the client's.
    pub currency: String,
    /// When it came in.
    #[schema(required = true)]
    pub received_on: String,
    /// How much.
    #[schema(required = true)]
    pub amount: Typed,
    /// What the bank kept of it; blank is nothing. The amount is what the client paid.
    pub bank_fee: Typed,
    /// bank_transfer, card, cash, direct_debit or other; blank is bank_transfer.
    pub method: String,
    /// What the bank statement says.
    pub reference: String,
    /// One unit of its currency in the agency's; blank takes that of the first invoice.
    pub exchange_rate: Typed,
    /// What goes to which invoice; the rest stays as the client's credit.
    #[serde(deserialize_with = "crate::web::json::objects")]
    pub shares: Vec<ShareForm>,
    /// The same key is recorded once.
    pub idempotency_key: String,
}

impl SharedPaymentForm {
    /// The client alone, which tells the currency of the rest.
    pub fn client(&self) -> Result<ClientId, FormErrors> {
        let mut check = Check::new();
        let client = check.required_id("client_id", &self.client_id);
        check.finish(client)
    }

    /// The currency, `usual` where none is named.
    pub fn currency(&self, usual: Currency) -> Result<Currency, FormErrors> {
        let mut check = Check::new();
        let currency = check.id("currency", &self.currency);
        check.finish(Some(currency.unwrap_or(usual)))
    }

    /// The payment and what goes to which invoice, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<(NewPayment, Vec<(InvoiceId, i64)>), FormErrors> {
        let mut check = Check::new();
        let payment = PaymentForm {
            received_on: self.received_on.clone(),
            amount: self.amount.clone(),
            bank_fee: self.bank_fee.clone(),
            method: self.method.clone(),
            reference: self.reference.clone(),
            exchange_rate: self.exchange_rate.clone(),
            keep_rest: "true".into(),
            idempotency_key: self.idempotency_key.clone(),
        };
        let new = payment.read(&mut check, currency);
        let mut shares: Vec<(InvoiceId, i64)> = Vec::new();
        for (index, share) in self.shares.iter().enumerate() {
            let invoice = check.required_id(&format!("shares[{index}].invoice_id"), &share.invoice_id);
            let cents = check.cents(&format!("shares[{index}].amount"), &share.amount, currency);
            if let Some((invoice, cents)) = invoice.zip(cents).filter(|(_, cents)| *cents > 0) {
                if shares.iter().any(|(known, _)| *known == invoice) {
                    check.error(&format!("shares[{index}].invoice_id"), "stands twice");
                }
                shares.push((invoice, cents));
            }
        }
        check.finish(new.map(|new| (new, shares)))
    }
}

/// The page's form: a share is what stands at the same place of both lists.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a form are named as on screen")]
pub struct SharedPaymentPageForm {
    pub client_id: String,
    pub currency: String,
    pub received_on: String,
    pub amount: String,
    pub bank_fee: String,
    pub method: String,
    pub reference: String,
    pub exchange_rate: String,
    pub idempotency_key: String,
    pub share_invoice: Vec<String>,
    pub share_amount: Vec<String>,
}

impl SharedPaymentPageForm {
    /// The same as the API gets it. Lists of different lengths are a broken form.
    pub fn into_form(self) -> Result<SharedPaymentForm, FormErrors> {
        if self.share_invoice.len() != self.share_amount.len() {
            let mut errors = FormErrors::default();
            errors.add("shares", "are incomplete");
            return Err(errors);
        }
        let shares = self.share_invoice.into_iter().zip(self.share_amount);
        Ok(SharedPaymentForm {
            client_id: self.client_id.into(),
            currency: self.currency,
            received_on: self.received_on,
            amount: self.amount.into(),
            bank_fee: self.bank_fee.into(),
            method: self.method,
            reference: self.reference,
            exchange_rate: self.exchange_rate.into(),
            shares: shares
                .map(|(invoice, amount)| ShareForm { invoice_id: invoice.into(), amount: amount.into() })
                .collect(),
            idempotency_key: self.idempotency_key,
        })
    }
}

/// Money that goes back to a client, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RefundForm {
    /// When it went out.
    #[schema(required = true)]
    pub refunded_on: String,
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

impl RefundForm {
    /// A refund in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency) -> Result<NewRefund, FormErrors> {
        let mut check = Check::new();
        let refunded_on = check.required_date("refunded_on", &self.refunded_on);
        let amount_cents = amount(&mut check, &self.amount, currency);
        let method = method(&mut check, &self.method);
        let reference = check.line("reference", &self.reference);
        let key = check.line("idempotency_key", &self.idempotency_key);
        let new = refunded_on.zip(amount_cents).zip(method).map(|((refunded_on, amount_cents), method)| {
            NewRefund {
                refunded_on,
                amount_cents,
                method,
                reference,
                idempotency_key: (!key.is_empty()).then_some(key),
            }
        });
        check.finish(new)
    }
}
