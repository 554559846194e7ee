//! People at a client: who gets the invoices, who knows the site, who decides.
//!
//! A contact belongs to one client and is found only through it.
//! URLs: `/clients/{client_id}/contacts`, `…/{id}`, `…/{id}/edit`; in the API they are part of the client.

pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of contacts.
pub fn pages() -> Routes {
    Routes::new()
        .get("/clients/{client_id}/contacts/new", pages::new)
        .post("/clients/{client_id}/contacts", pages::create)
        .get("/clients/{client_id}/contacts/{id}", pages::show)
        .post("/clients/{client_id}/contacts/{id}", pages::update)
        .delete("/clients/{client_id}/contacts/{id}", pages::destroy)
        .get("/clients/{client_id}/contacts/{id}/edit", pages::edit)
}
