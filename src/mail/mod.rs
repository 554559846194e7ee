//! Mail: the outbox. A mail is written in the transaction of what it tells of, together with the job that sends it.
//!
//! It is queued until a mail server has taken it, and only then sent; failed is what was refused or given up. A link that
//! opens something never stands in a stored text: it is sealed apart, put in as the mail leaves, and gone once it has.
//! Without a mail server in the settings mail waits, and the page says so. How it leaves is `net::post`.
//! URLs: `/mail`, `…/{id}`, `…/{id}/retry`, `/mail/test`; `/api/mail`.

pub mod api;
pub mod checks;
pub mod filter;
pub mod model;
pub mod outbox;
pub mod pages;
pub mod sending;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/mail", pages::index)
        .post("/mail/test", pages::test)
        .get("/mail/{id}", pages::show)
        .post("/mail/{id}/retry", pages::retry)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/mail", api::list_mails)
        .post("/api/mail/test", api::test_mail)
        .get("/api/mail/{id}", api::find_mail)
        .post("/api/mail/{id}/retry", api::retry_mail)
}
