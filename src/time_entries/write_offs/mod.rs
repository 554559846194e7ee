//! Write-offs: finished, billable hours that we decided not to bill, and why.
//!
//! Written-off hours stay in every report, are never offered to an invoice, and change only once the write-off is taken
//! back.
//! URLs: `/time-entries/{id}/write-off`, `…/write-on`; `/api/time-entries/{id}/write-off`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of write-offs.
pub fn pages() -> Routes {
    Routes::new()
        .get("/time-entries/{id}/write-off", pages::new)
        .post("/time-entries/{id}/write-off", pages::create)
        .post("/time-entries/{id}/write-on", pages::undo)
}

/// The JSON API of write-offs.
pub fn api() -> Routes {
    Routes::new()
        .post("/api/time-entries/{id}/write-off", api::write_off_entry)
        .delete("/api/time-entries/{id}/write-off", api::write_on_entry)
}
