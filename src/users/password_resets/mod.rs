//! A new password for who has lost theirs: they ask at the door, and a link comes by mail.
//!
//! Whoever asks gets the same words after the same work, whether there is such an account or not: that is looked at, the
//! link made and the mail written in a job. URLs: `/password-reset`, `/password-reset/{token}`.

pub mod form;
pub mod pages;
pub mod sending;

use crate::web::routes::Routes;

/// The pages of this part.
pub fn pages() -> Routes {
    Routes::new()
        .get("/password-reset", pages::new)
        .post("/password-reset", pages::create)
        .get("/password-reset/{token}", pages::show)
        .post("/password-reset/{token}", pages::accept)
}
