//! Quotes: what is offered to a client, sent in versions, answered once by a link or a word, made an invoice once.
//!
//! A quote has one draft at most. Sending it takes the quote's number, copies both parties and keeps the rendered
//! document; from then on the database refuses changes, and a change is a new version, which takes the place of the one
//! before. The link to a version is open to whoever has it, so only the hash of its token is kept and it is shown once.
//! An answer stores who gave it, when, from where, and the hash of the document. Where a quote stands is derived.
//! URLs: `/quotes`, `/quotes/new`, `/quotes/{id}`, `…/edit`, `…/preview-totals`, `…/issue`, `…/revision`, `…/link`, `…/link/removal`,
//! `…/answer`, `…/conversion`, `…/deletion`, `…/print`; `/offers/{token}` for the client; `/api/quotes`.

pub mod answers;
pub mod api;
pub mod checks;
pub mod convert;
pub mod filter;
pub mod form;
pub mod links;
pub(in crate::billing) mod intake;
pub mod model;
pub mod offers;
pub mod pages;
pub mod versions;

use crate::web::routes::Routes;

/// The pages of quotes.
pub fn pages() -> Routes {
    Routes::new()
        .get("/quotes", pages::index)
        .post("/quotes", pages::create)
        .get("/quotes/new", pages::new)
        .get("/quotes/{id}", pages::show)
        .post("/quotes/{id}", pages::update)
        .get("/quotes/{id}/edit", pages::edit)
        .post("/quotes/{id}/preview-totals", pages::preview_totals)
        .post("/quotes/{id}/revision", pages::revise)
        .post("/quotes/{id}/link", links::share)
        .post("/quotes/{id}/link/removal", links::withdraw)
        .post("/quotes/{id}/answer", pages::answer)
        .post("/quotes/{id}/conversion", pages::convert)
        .post("/quotes/{id}/deletion", pages::destroy)
        .get("/quotes/{id}/print", pages::print)
        .get("/offers/{token}", offers::show)
        .post("/offers/{token}/acceptance", offers::accept)
        .post("/offers/{token}/refusal", offers::decline)
}

/// The JSON API of quotes.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/quotes", api::list_quotes)
        .post("/api/quotes", api::create_quote)
        .get("/api/quotes/{id}", api::find_quote)
        .put("/api/quotes/{id}", api::update_quote)
        .delete("/api/quotes/{id}", api::delete_quote)
        .post("/api/quotes/{id}/issue", api::issue_quote)
        .post("/api/quotes/{id}/revision", api::revise_quote)
        .post("/api/quotes/{id}/link", api::share_quote)
        .delete("/api/quotes/{id}/link", api::withdraw_quote_link)
        .post("/api/quotes/{id}/answer", api::answer_quote)
        .post("/api/quotes/{id}/conversion", api::convert_quote)
}
