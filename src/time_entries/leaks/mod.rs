//! The leak report: hours and days through which money or memory leaks, each with the link that mends it.
//!
//! Billable hours without a rate, timers that run for more than ten hours, unbilled hours on projects that are closed,
//! working days with nothing on them, and weeks that nobody handed in. It looks back over four weeks and changes nothing.
//! URLs: `/time-entries/leaks`, `/api/time-entries/leaks`.

pub mod api;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The page of the report.
pub fn pages() -> Routes {
    Routes::new().get("/time-entries/leaks", pages::index)
}

/// Its JSON API.
pub fn api() -> Routes {
    Routes::new().get("/api/time-entries/leaks", api::list_leaks)
}
