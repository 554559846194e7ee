//! One's second factor: turned on with an app, off again, and the recovery codes for who loses the app.
//! URLs: `/profile/sign-in/second-factor`, `…/confirmation`, `…/recovery-codes`, `…/removal`; `/api/profile/second-factor`.

pub mod api;
pub mod form;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .post("/profile/sign-in/second-factor", pages::create)
        .post("/profile/sign-in/second-factor/confirmation", pages::confirm)
        .post("/profile/sign-in/second-factor/recovery-codes", pages::renew)
        .post("/profile/sign-in/second-factor/removal", pages::destroy)
}

/// The JSON API of this part. The secret and the codes are shown where one is signed in by them: on the page.
pub fn api() -> Routes {
    Routes::new().get("/api/profile/second-factor", api::find_second_factor)
}
