//! Changing many hours at once: chosen on the list, looked at, carried out in one transaction.
//!
//! The preview is the change itself, rolled back. Hours that may not change (on an invoice, written off, locked, changed
//! meanwhile) stay as they are and are listed with the reason. URLs: `/time-entries/bulk`, `/api/time-entries/bulk`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of bulk changes.
pub fn pages() -> Routes {
    Routes::new().get("/time-entries/bulk", pages::new).post("/time-entries/bulk", pages::create)
}

/// The JSON API of bulk changes.
pub fn api() -> Routes {
    Routes::new().post("/api/time-entries/bulk", api::change_time_entries)
}
