//! Invoices that come back every so many weeks, months, quarters or years, as drafts.
//!
//! All days count from the first, so that the 31st comes back after February. Each period is invoiced once, which the
//! primary key of `recurring_periods` holds, also where somebody threw its draft away; what was missed while nobody
//! looked is made up for, a draft each. While it rests nothing is missed. Nothing is issued by itself.
//! URLs: `/billing/recurring`, `…/new`, `…/{id}`, `…/{id}/edit`, `…/preview-totals`, `…/deletion`;
//! `/api/billing/recurring`.

pub mod api;
pub mod form;
mod intake;
pub mod model;
pub mod pages;
pub mod period;
pub mod verbs;

use crate::web::routes::Routes;

/// The pages of recurring invoices.
pub fn pages() -> Routes {
    Routes::new()
        .get("/billing/recurring", pages::index)
        .post("/billing/recurring", pages::create)
        .get("/billing/recurring/new", pages::new)
        .get("/billing/recurring/{id}", pages::show)
        .post("/billing/recurring/{id}", pages::update)
        .get("/billing/recurring/{id}/edit", pages::edit)
        .post("/billing/recurring/{id}/preview-totals", pages::preview_totals)
        .post("/billing/recurring/{id}/deletion", pages::destroy)
}

/// The JSON API of recurring invoices.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/billing/recurring", api::list_recurring)
        .post("/api/billing/recurring", api::create_recurring)
        .get("/api/billing/recurring/{id}", api::find_recurring)
        .put("/api/billing/recurring/{id}", api::update_recurring)
        .delete("/api/billing/recurring/{id}", api::delete_recurring)
}
