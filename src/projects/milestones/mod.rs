//! Milestones: what of a project is agreed to be there by a day, and what is paid for it.
//!
//! A milestone is reached on a day, which may be taken back. One with an amount then waits to be billed until a line of
//! an invoice claims it ([`model::unbilled`], [`model::claim`], [`model::release`]); from then on it stays as it was
//! billed, which the database holds as well. Who does not see money sees titles and days only.
//! URLs: `/projects/{id}/milestones`, `…/new`, `…/{id}/edit`, `…/{id}/reach`, `…/{id}/reopen`,
//! `…/price`;
//! `/api/projects/{id}/milestones`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of milestones.
pub fn pages() -> Routes {
    Routes::new()
        .get("/projects/{id}/milestones", pages::index)
        .post("/projects/{id}/milestones", pages::create)
        .get("/projects/{id}/milestones/new", pages::new)
        .post("/projects/{id}/milestones/price", pages::bill_price)
        .post("/projects/{project_id}/milestones/{id}", pages::update)
        .delete("/projects/{project_id}/milestones/{id}", pages::destroy)
        .get("/projects/{project_id}/milestones/{id}/edit", pages::edit)
        .post("/projects/{project_id}/milestones/{id}/reach", pages::reach)
        .post("/projects/{project_id}/milestones/{id}/reopen", pages::reopen)
}

/// The JSON API of milestones.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/projects/{id}/milestones", api::list_milestones)
        .post("/api/projects/{id}/milestones", api::create_milestone)
        .post("/api/projects/{id}/milestones/price", api::bill_price)
        .put("/api/projects/{project_id}/milestones/{id}", api::update_milestone)
        .delete("/api/projects/{project_id}/milestones/{id}", api::delete_milestone)
        .post("/api/projects/{project_id}/milestones/{id}/reach", api::reach_milestone)
        .post("/api/projects/{project_id}/milestones/{id}/reopen", api::reopen_milestone)
}
