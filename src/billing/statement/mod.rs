//! Statements of account: what a client was billed, what came in, and what is left, day by day in each currency.
//!
//! Nothing is stored: a statement is read from the invoices and the ledgers. Its balance over all time is what is open
//! less what the client has to its credit.
//! URLs: `/clients/{client_id}/statement`, `…/print`, `…/csv`; `/api/clients/{client_id}/statement`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of statements.
pub fn pages() -> Routes {
    Routes::new()
        .get("/clients/{client_id}/statement", pages::show)
        .get("/clients/{client_id}/statement/print", pages::print)
        .get("/clients/{client_id}/statement/csv", pages::csv)
}

/// The JSON API of statements.
pub fn api() -> Routes {
    Routes::new().get("/api/clients/{client_id}/statement", api::find_statement)
}
