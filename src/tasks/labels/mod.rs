//! Labels: the agency's own words for kinds of tasks.
//!
//! A label has a name that no other reads like and one of six colours; a task carries any number of them. Who looks
//! after projects looks after labels. A label that is deleted comes off every task and takes nothing else along.
//! URLs: `/labels`, `/labels/{id}`, `…/edit`; `/api/labels`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of labels.
pub fn pages() -> Routes {
    Routes::new()
        .get("/labels", pages::index)
        .post("/labels", pages::create)
        .get("/labels/{id}/edit", pages::edit)
        .post("/labels/{id}", pages::update)
        .delete("/labels/{id}", pages::destroy)
}

/// The JSON API of labels.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/labels", api::list_labels)
        .post("/api/labels", api::create_label)
        .get("/api/labels/{id}", api::find_label)
        .put("/api/labels/{id}", api::update_label)
        .delete("/api/labels/{id}", api::delete_label)
}
