//! People as those see them who look after the installation: what each may do, whether they may come in, what becomes of
//! the tasks of those who leave. People are disabled, never deleted: what they did stays theirs. One owner always
//! remains, which the database holds. URLs: `/users`, `/users/{id}`, `…/disabling`, `…/enabling`, `…/second-factor`,
//! `…/assignments`; `/api/users` the same.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .get("/users", pages::index)
        .get("/users/{id}", pages::edit)
        .post("/users/{id}", pages::update)
        .post("/users/{id}/disabling", pages::disable)
        .post("/users/{id}/enabling", pages::enable)
        .post("/users/{id}/assignments", pages::assign)
        .post("/users/{id}/second-factor/removal", pages::remove_second_factor)
}

/// The JSON API of this part.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/users", api::list_users)
        .get("/api/users/{id}", api::find_user)
        .put("/api/users/{id}", api::update_user)
        .post("/api/users/{id}/disabling", api::disable_user)
        .post("/api/users/{id}/enabling", api::enable_user)
        .get("/api/users/{id}/assignments", api::list_assignments)
        .post("/api/users/{id}/assignments", api::create_assignment)
        .delete("/api/users/{id}/second-factor", api::remove_second_factor)
}
