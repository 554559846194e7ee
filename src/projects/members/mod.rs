//! Who is on a project, with the price and the cost of an hour of theirs there.
//!
//! A membership says who belongs to the project; anybody who works may log hours on it. Their own rates on the project
//! are dated rates like all others: joining may agree on them, and leaving ends them from that day on.
//! URLs: `/projects/{id}/members`, `…/{user_id}`; `/api/projects/{id}/members`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of members.
pub fn pages() -> Routes {
    Routes::new()
        .get("/projects/{id}/members", pages::index)
        .post("/projects/{id}/members", pages::create)
        .delete("/projects/{project_id}/members/{user_id}", pages::destroy)
}

/// The JSON API of members.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/projects/{id}/members", api::list_members)
        .post("/api/projects/{id}/members", api::create_member)
        .delete("/api/projects/{project_id}/members/{user_id}", api::delete_member)
}
