//! One's API tokens: what each opens and until when. A token is made on the page and by the command only, never by
//! another token. URLs: `/profile/tokens`, `…/{id}/removal`; `/api/profile/tokens`.

pub mod api;
pub mod form;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .get("/profile/tokens", pages::index)
        .post("/profile/tokens", pages::create)
        .post("/profile/tokens/{id}/removal", pages::revoke)
}

/// The JSON API of this part.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/profile/tokens", api::list_tokens)
        .delete("/api/profile/tokens/{id}", api::revoke_token)
}
