//! Credit notes: the only way to correct what was issued.
//!
//! A credit note names its invoice and a reason, takes back lines in full or in part, has a number of its own series
//! and is frozen like an invoice. It takes the place of what was written off of its invoice, then settles that; what is
//! left, never more than was paid, settles other invoices of the client or is refunded. What credit notes on one invoice
//! charge back is computed for all of them together, so in parts they add up to it, in each tax and to the cent, and
//! never to more. Hours and costs can be given back, so that they are billed again, by the note that takes the last part
//! of their line; a deposit that such a line deducted is free again. An invoice that is credited in full can be drafted
//! anew, once.
//! URLs: `/billing/{id}/credit`, `…/reissue`, `…/applications`; `/api/billing/{id}/credits`, `…/reissue`,
//! `…/applications`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;
pub mod reissue;

use crate::web::routes::Routes;

/// The pages of credit notes.
pub fn pages() -> Routes {
    Routes::new()
        .get("/billing/{id}/credit", pages::new)
        .post("/billing/{id}/credit", pages::create)
        .post("/billing/{id}/reissue", pages::reissue)
        .post("/billing/{id}/applications", pages::apply)
}

/// The JSON API of credit notes.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/billing/{id}/credits", api::list_credits)
        .post("/api/billing/{id}/credits", api::create_credit)
        .post("/api/billing/{id}/reissue", api::reissue_invoice)
        .post("/api/billing/{id}/applications", api::apply_credit)
}
