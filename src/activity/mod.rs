//! The whole activity log for who runs the installation: who did what, and what happened at the door.
//! URLs: `/activity`, `/activity/csv`; `/api/activity`.

pub mod api;
pub mod filter;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new().get("/activity", pages::index).get("/activity/csv", pages::csv)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new().get("/api/activity", api::list_activity)
}
