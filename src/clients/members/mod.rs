//! Who works for a client as a whole: on all of its projects, those to come as well. For the people of the agency that is
//! a note; contractors see the clients and projects that they are a member of, and nothing else.
//! URLs: `/clients/{id}/members`, `…/{user_id}`; `/api/clients/{id}/members`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of members.
pub fn pages() -> Routes {
    Routes::new()
        .get("/clients/{id}/members", pages::index)
        .post("/clients/{id}/members", pages::create)
        .delete("/clients/{client_id}/members/{user_id}", pages::destroy)
}

/// The JSON API of members.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/clients/{id}/members", api::list_client_members)
        .post("/api/clients/{id}/members", api::create_client_member)
        .delete("/api/clients/{client_id}/members/{user_id}", api::delete_client_member)
}
