//! The agency itself: who sends the invoices, in which currency and zone, with which terms and logo.
//!
//! There is one row, made by the first visit together with the owner; after that setup is closed for ever.
//! URLs: `/setup`, `/settings`; `/api/settings`.

pub mod api;
pub mod form;
pub mod logo;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/setup", pages::new)
        .post("/setup", pages::create)
        .get("/settings", pages::edit)
        .post("/settings", pages::update)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new().get("/api/settings", api::find_settings).put("/api/settings", api::update_settings)
}
