//! How one comes in: one's password, and the browsers in which one is signed in.
//! URLs: `/profile/sign-in`, `…/password`, `…/sessions/removal`, `…/sessions/{id}/removal`; `/api/profile/sessions`.

pub mod api;
pub mod form;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .get("/profile/sign-in", pages::index)
        .post("/profile/sign-in/password", pages::change_password)
        .post("/profile/sign-in/sessions/removal", pages::end_others)
        .post("/profile/sign-in/sessions/{id}/removal", pages::end)
}

/// The JSON API of this part. A password is changed where one is signed in by it: on the page.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/profile/sessions", api::list_sessions)
        .delete("/api/profile/sessions/{id}", api::end_session)
}
