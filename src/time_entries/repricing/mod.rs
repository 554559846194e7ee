//! Re-pricing: hours of a period get the rates that are agreed for them now, after a look at what would change.
//!
//! Nothing else ever changes the rate of logged hours. The preview lists what would change and what is left alone, and
//! why; what is saved is exactly the plan that was shown, or nothing. Prices of hours on an invoice or written off stay;
//! costs have no part in an invoice. URLs: `/time-entries/repricing`, `/api/time-entries/repricing`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of re-pricing.
pub fn pages() -> Routes {
    Routes::new().get("/time-entries/repricing", pages::show).post("/time-entries/repricing", pages::create)
}

/// The JSON API of re-pricing.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/time-entries/repricing", api::preview_repricing)
        .post("/api/time-entries/repricing", api::reprice_time_entries)
}
