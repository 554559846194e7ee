//! Rounding: how worked seconds become billed seconds.
//!
//! Worked seconds are kept as they are; billed seconds are worked out where hours become lines of an invoice. The rule of
//! a client counts before those of its projects, and these before the agency's. What is a whole number of steps already stays, and
//! nothing is ever less than nothing. URLs: `/time-entries/rounding`, `…/removal`; `/api/time-entries/rounding`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;
pub mod rule;

use crate::web::routes::Routes;

/// The pages of rounding.
pub fn pages() -> Routes {
    Routes::new()
        .get("/time-entries/rounding", pages::index)
        .post("/time-entries/rounding", pages::create)
        .post("/time-entries/rounding/removal", pages::remove)
}

/// The JSON API of rounding.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/time-entries/rounding", api::list_rounding)
        .put("/api/time-entries/rounding", api::set_rounding)
        .delete("/api/time-entries/rounding", api::remove_rounding)
}
