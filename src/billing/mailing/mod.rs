//! Invoices and quotes by mail: words that can be edited, the invoice as it was issued attached, a quote by its link.
//!
//! The mail is queued in the transaction that asks for it. What became of it stands on the invoice or quote.
//! URLs: `/billing/{id}/mail`, `/quotes/{id}/mail`; `/api/billing/{id}/mail`, `/api/quotes/{id}/mail`.

pub mod api;
pub mod form;
pub mod letters;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .get("/billing/{id}/mail", pages::new_invoice_mail)
        .post("/billing/{id}/mail", pages::create_invoice_mail)
        .get("/quotes/{id}/mail", pages::new_quote_mail)
        .post("/quotes/{id}/mail", pages::create_quote_mail)
}

/// The JSON API of this part.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/billing/{id}/mail", api::list_invoice_mails)
        .post("/api/billing/{id}/mail", api::create_invoice_mail)
        .get("/api/quotes/{id}/mail", api::list_quote_mails)
        .post("/api/quotes/{id}/mail", api::create_quote_mail)
}
