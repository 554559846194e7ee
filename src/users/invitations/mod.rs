//! Invitations: a link that an owner or admin makes, and the page that it opens, once and for seven days.
//! URLs: `/users/invitations`, `…/{id}/removal`, `/invitations/{token}`; `/api/users/invitations`.

pub mod api;
pub mod form;
mod letter;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .post("/users/invitations", pages::create)
        .post("/users/invitations/{id}/removal", pages::withdraw)
        .get("/invitations/{token}", pages::show)
        .post("/invitations/{token}", pages::accept)
}

/// The JSON API of this part.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/users/invitations", api::list_invitations)
        .post("/api/users/invitations", api::create_invitation)
        .delete("/api/users/invitations/{id}", api::withdraw_invitation)
}
