//! What the agency says about hours: whether they may overlap, and from when on they are locked.
//! URLs: `/settings/time`, `/api/settings/time`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of these settings.
pub fn pages() -> Routes {
    Routes::new().get("/settings/time", pages::edit).post("/settings/time", pages::update)
}

/// Their JSON API.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/settings/time", api::find_time_settings)
        .put("/api/settings/time", api::update_time_settings)
}
