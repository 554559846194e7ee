//! Links by which a client puts something into the vault: "put your FTP password here". Each takes one answer, which
//! nobody sees on its way.
//!
//! URLs: `/credentials/intakes`, `…/new`, `…/{id}/withdrawal`; without signing in `/intakes/{token}`;
//! `/api/credentials/intakes`.

pub mod answer;
pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .get("/credentials/intakes", pages::index)
        .post("/credentials/intakes", pages::create)
        .get("/credentials/intakes/new", pages::new)
        .post("/credentials/intakes/{id}/withdrawal", pages::withdraw)
        .get("/intakes/{token}", answer::show)
        .post("/intakes/{token}", answer::create)
}

/// The JSON API of this part.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/credentials/intakes", api::list_intakes)
        .post("/api/credentials/intakes", api::create_intake)
        .delete("/api/credentials/intakes/{id}", api::withdraw_intake)
}
