//! Expenses: what was bought for a client, passed on with or without a margin.
//!
//! An expense that is billable waits until a line of an invoice claims it, once; from then on it stays as it was billed,
//! which the database holds. URLs: `/billing/expenses`, `…/new`, `…/{id}`, `…/{id}/edit`; `/api/billing/expenses`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of expenses.
pub fn pages() -> Routes {
    Routes::new()
        .get("/billing/expenses", pages::index)
        .post("/billing/expenses", pages::create)
        .get("/billing/expenses/new", pages::new)
        .get("/billing/expenses/{id}/edit", pages::edit)
        .post("/billing/expenses/{id}", pages::update)
        .post("/billing/expenses/{id}/deletion", pages::destroy)
}

/// The JSON API of expenses.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/billing/expenses", api::list_expenses)
        .post("/api/billing/expenses", api::create_expense)
        .get("/api/billing/expenses/{id}", api::find_expense)
        .put("/api/billing/expenses/{id}", api::update_expense)
        .delete("/api/billing/expenses/{id}", api::delete_expense)
}
