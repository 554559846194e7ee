//! What somebody knows when they leave: every secret that they looked at, copied or stored and that has not been changed
//! since, and the tasks by which it is.
//!
//! URLs: `/users/{id}/rotations`; `/api/users/{id}/rotations`.

pub mod api;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new().get("/users/{id}/rotations", pages::index).post("/users/{id}/rotations", pages::create)
}

/// The JSON API of this part.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/users/{id}/rotations", api::list_rotations)
        .post("/api/users/{id}/rotations", api::create_rotations)
}
