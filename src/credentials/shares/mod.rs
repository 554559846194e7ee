//! Links that show one secret to somebody outside, a few times at most. What the database holds of it opens with a key
//! that stands in the link alone, after its `#`: no browser sends that part, so that the server cannot read it later.
//!
//! URLs: `/credentials/{id}/shares`, `…/new`, `…/{share_id}/withdrawal`; without signing in `/shares/{token}`, `…/opening`;
//! `/api/credentials/{id}/shares`.

pub mod api;
pub mod form;
mod link;
pub mod model;
pub mod opening;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .post("/credentials/{id}/shares", pages::create)
        .get("/credentials/{id}/shares/new", pages::new)
        .post("/credentials/{id}/shares/{share_id}/withdrawal", pages::withdraw)
        .get("/shares/{token}", opening::show)
        .post("/shares/{token}/opening", opening::create)
}

/// The JSON API of this part.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/credentials/{id}/shares", api::list_shares)
        .post("/api/credentials/{id}/shares", api::create_share)
        .delete("/api/credentials/{id}/shares/{share_id}", api::withdraw_share)
}
