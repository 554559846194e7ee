//! What an hour costs from a date on.
//!
//! A rate belongs to a scope; the most specific one that has started by the entry's local date wins: task,
//! project member, project, client, member, agency. Rates are dated and never rewritten for past days, so what
//! was logged keeps its price until somebody re-prices it. Roles that see money see rates; managers agree on them,
//! and on those of people and of the agency who runs it. Clients and projects set their own price in their forms, too.
//! URLs: `/rates`, `/rates/history` (one scope, named by ids), `/rates/{id}`; `/api/rates`.

pub mod agreed;
pub mod api;
mod book;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/rates", pages::index)
        .post("/rates", pages::create)
        .get("/rates/history", pages::history)
        .delete("/rates/{id}", pages::destroy)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/rates", api::list_rates)
        .post("/api/rates", api::create_rate)
        .delete("/api/rates/{id}", api::delete_rate)
}
