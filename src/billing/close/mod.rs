//! The close of a month: every client with hours or costs that nobody has billed, and drafts for all of them at once.
//!
//! What is shown is what drafts would take, up to the last day of the month; the equation of hours below proves that
//! nothing leaks. Drafts are made in one transaction. URLs: `/billing/close`; `/api/billing/close`.

pub mod api;
pub mod form;
pub mod hours;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of the close.
pub fn pages() -> Routes {
    Routes::new().get("/billing/close", pages::index).post("/billing/close", pages::create)
}

/// The JSON API of the close.
pub fn api() -> Routes {
    Routes::new().get("/api/billing/close", api::find_close).post("/api/billing/close", api::create_drafts)
}
