//! The vault: what opens the clients' sites, and who looked at it when.
//!
//! What may be searched stands in the row; what must not be read is in envelopes ([`secrets`], `keys::vault`) and leaves
//! them by one verb alone, [`reveals::record`]: it is on record and committed before anything is decrypted.
//! URLs: `/credentials`, `…/new`, `…/{id}`, `…/{id}/edit`, `…/{id}/reveal`, `…/{id}/grants`,
//! `…/generator`; `/api/credentials`.

pub mod access;
pub mod api;
pub mod checks;
pub mod form;
pub mod generator;
pub mod grants;
pub mod health;
pub mod intakes;
pub mod keys;
pub mod model;
pub mod pages;
pub mod reveal;
pub mod reveals;
pub mod rotations;
pub mod secrets;
pub mod shares;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/credentials", pages::index)
        .post("/credentials", pages::create)
        .get("/credentials/new", pages::new)
        .get("/credentials/generator", generator::new)
        .post("/credentials/generator", generator::create)
        .and(intakes::pages())
        .get("/credentials/{id}", pages::show)
        .post("/credentials/{id}", pages::update)
        .get("/credentials/{id}/edit", pages::edit)
        .post("/credentials/{id}/archive", pages::archive)
        .post("/credentials/{id}/restore", pages::restore)
        .post("/credentials/{id}/deletion", pages::destroy)
        .post("/credentials/{id}/reveal", reveal::show)
        .post("/credentials/{id}/grants", grants::create)
        .post("/credentials/{id}/grants/{user_id}/removal", grants::destroy)
        .and(shares::pages())
        .and(rotations::pages())
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/credentials", api::list_credentials)
        .post("/api/credentials", api::create_credential)
        .post("/api/credentials/generator", generator::generate_password)
        .and(intakes::api())
        .get("/api/credentials/{id}", api::find_credential)
        .put("/api/credentials/{id}", api::update_credential)
        .delete("/api/credentials/{id}", api::delete_credential)
        .post("/api/credentials/{id}/archive", api::archive_credential)
        .post("/api/credentials/{id}/restore", api::restore_credential)
        .post("/api/credentials/{id}/reveals", api::reveal_credential)
        .get("/api/credentials/{id}/reveals", api::list_credential_reveals)
        .post("/api/credentials/{id}/grants", api::grant_credential)
        .delete("/api/credentials/{id}/grants/{user_id}", api::revoke_credential)
        .and(shares::api())
        .and(rotations::api())
}
