//! What we no longer expect to be paid of an invoice. The invoice stays as it was issued; the rest is written off with
//! a reason, and may be taken back when money comes in after all.
//! URLs: `/billing/{id}/write-off`, `…/write-on`; the same under `/api`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of write-offs.
pub fn pages() -> Routes {
    Routes::new().post("/billing/{id}/write-off", pages::create).post("/billing/{id}/write-on", pages::undo)
}

/// The JSON API of write-offs.
pub fn api() -> Routes {
    Routes::new()
        .post("/api/billing/{id}/write-off", api::write_off_invoice)
        .post("/api/billing/{id}/write-on", api::write_on_invoice)
}
