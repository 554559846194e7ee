//! Payments: what came in, which invoices it settles, and what went back.
//!
//! The ledger only grows. A payment is shared out among issued invoices of its client and currency; what is left is the
//! client's credit, to be applied later or refunded. A reversal takes a payment back everywhere, and a chargeback is one
//! that says so; a refund is a payment of the opposite sign, of what is left of a payment or of a credit note. What the
//! bank kept is stored beside what the client paid. What exchange rates gain or lose is worked out, never stored.
//! URLs: `/billing/payments`, `…/new`, `…/{id}`, `…/{id}/applications`, `…/{id}/refund`, `/billing/{id}/payments`,
//! `…/{id}/reversal`, `…/{id}/chargeback`, `/billing/{id}/refunds`; the same under `/api`.

pub mod api;
pub mod exchange;
pub mod form;
pub mod list;
pub mod model;
pub mod pages;
pub mod refunds;
pub mod reversals;

use crate::web::routes::Routes;

/// The pages of payments.
pub fn pages() -> Routes {
    Routes::new()
        .get("/billing/payments", pages::index)
        .post("/billing/payments", pages::create)
        .get("/billing/payments/new", pages::new)
        .get("/billing/payments/{id}", pages::show)
        .post("/billing/payments/{id}/applications", pages::apply)
        .post("/billing/payments/{id}/refund", pages::refund)
        .post("/billing/{id}/payments", pages::create_on_invoice)
        .post("/billing/{id}/payments/{payment_id}/reversal", pages::reverse)
        .post("/billing/{id}/payments/{payment_id}/chargeback", pages::charge_back)
        .post("/billing/{id}/refunds", pages::refund_credit_note)
}

/// The JSON API of payments.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/billing/payments", api::list_payments)
        .post("/api/billing/payments", api::create_payment)
        .get("/api/billing/payments/{id}", api::find_payment)
        .post("/api/billing/payments/{id}/applications", api::apply_payment)
        .post("/api/billing/payments/{id}/refund", api::refund_payment)
        .get("/api/billing/{id}/payments", api::list_invoice_payments)
        .post("/api/billing/{id}/payments", api::create_invoice_payment)
        .post("/api/billing/{id}/payments/{payment_id}/reversal", api::reverse_payment)
        .post("/api/billing/{id}/payments/{payment_id}/chargeback", api::charge_back_payment)
        .post("/api/billing/{id}/refunds", api::refund_credit_note)
}
