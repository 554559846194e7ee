//! How documents are numbered: the pattern of each kind, whether it begins anew each year, where it starts.
//!
//! A number is taken at issue (`billing/series.rs`); what is set here counts from the next one on. URLs:
//! `/settings/numbers`, `/api/settings/numbers`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of number series.
pub fn pages() -> Routes {
    Routes::new()
        .get("/settings/numbers", pages::index)
        .get("/settings/numbers/edit", pages::edit)
        .post("/settings/numbers", pages::update)
}

/// Their JSON API.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/settings/numbers", api::list_number_series)
        .put("/api/settings/numbers", api::update_number_series)
}
