//! Clients: the companies we work for, and their contacts.
//!
//! A client is a lead, active, paused or archived. It can be deleted only while nothing hangs on it; otherwise it
//! is archived. Two people who edit it at once never overwrite each other: each save names the version it saw.
//! Amounts and rates are shown to roles that see money only.
//! URLs: `/clients`, `/clients/{id}`, `…/edit`, `…/row`, `…/archive`, `…/activity`, `…/contacts`; `/api/clients`.
//! Tabs of later areas stand under `/clients/{client_id}/…` and belong to those areas.

pub mod api;
pub mod choices;
pub mod contacts;
pub mod figures;
pub mod form;
pub mod members;
pub mod model;
pub mod pages;
pub mod search;
pub mod similar;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/clients", pages::index)
        .post("/clients", pages::create)
        .get("/clients/new", pages::new)
        .get("/clients/{id}", pages::show)
        .post("/clients/{id}", pages::update)
        .delete("/clients/{id}", pages::destroy)
        .get("/clients/{id}/edit", pages::edit)
        .get("/clients/{id}/row", pages::row)
        .post("/clients/{id}/row", pages::update_row)
        .get("/clients/{id}/row/edit", pages::edit_row)
        .post("/clients/{id}/archive", pages::archive)
        .post("/clients/{id}/restore", pages::restore)
        .get("/clients/{id}/activity", pages::activity)
        .and(contacts::pages())
        .and(members::pages())
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/clients", api::list_clients)
        .post("/api/clients", api::create_client)
        .get("/api/clients/{id}", api::find_client)
        .put("/api/clients/{id}", api::update_client)
        .delete("/api/clients/{id}", api::delete_client)
        .post("/api/clients/{id}/archive", api::archive_client)
        .post("/api/clients/{id}/restore", api::restore_client)
        .and(members::api())
}
