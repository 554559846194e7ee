//! One's passkeys: added by the device that keeps them, called something else, and removed.
//! URLs: `/profile/sign-in/passkeys`, `…/new`, `…/challenge`, `…/{id}`, `…/{id}/edit`, `…/{id}/removal`; `/api/profile/passkeys`.

pub mod api;
pub mod form;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .post("/profile/sign-in/passkeys/new", pages::new)
        .post("/profile/sign-in/passkeys/challenge", pages::challenge)
        .post("/profile/sign-in/passkeys", pages::create)
        .get("/profile/sign-in/passkeys/{id}/edit", pages::edit)
        .post("/profile/sign-in/passkeys/{id}", pages::update)
        .post("/profile/sign-in/passkeys/{id}/removal", pages::destroy)
}

/// The JSON API of this part. A passkey is added where the device that keeps it is asked: on the page.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/profile/passkeys", api::list_passkeys)
        .put("/api/profile/passkeys/{id}", api::rename_passkey)
        .delete("/api/profile/passkeys/{id}", api::remove_passkey)
}
