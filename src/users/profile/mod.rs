//! One's own name, time zone and the day on which one's weeks begin.
//! URLs: `/profile`; `/api/profile`.

pub mod api;
pub mod form;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new().get("/profile", pages::edit).post("/profile", pages::update)
}

/// The JSON API of this part.
pub fn api() -> Routes {
    Routes::new().get("/api/profile", api::find_profile).put("/api/profile", api::update_profile)
}
