//! Splitting hours: one stretch of work becomes two that follow each other, the second on other work if need be.
//!
//! Together they last as long as before and cost nobody's time twice; a break stays with the second. What stays on the
//! same work keeps its price. URLs: `/time-entries/{id}/split`, `/api/time-entries/{id}/split`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of splitting.
pub fn pages() -> Routes {
    Routes::new().get("/time-entries/{id}/split", pages::new).post("/time-entries/{id}/split", pages::create)
}

/// The JSON API of splitting.
pub fn api() -> Routes {
    Routes::new().post("/api/time-entries/{id}/split", api::split_time_entry)
}
