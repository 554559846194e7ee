//! Projects: pieces of work for a client, with a budget, a price and dates.
//!
//! A project is active, paused, done or archived. It belongs to one client and stays there once it holds hours or
//! invoices, for those repeat the client. It can be deleted only while nothing hangs on it; otherwise it is
//! archived. Its own hourly rate is dated: a change counts from today and past hours keep theirs. Two people who
//! edit it at once never overwrite each other. Amounts and rates are shown to roles that see money only.
//! URLs: `/projects`, `/projects/{id}`, `…/edit`, `…/status`, `…/archive`, `…/restore`, `…/activity`;
//! `/api/projects`; budget and margin are in [`budget`], then there are [`milestones`], [`members`] and
//! [`retainers`]. What a project's page shows below its head are tabs: the first, at `/projects/{id}` itself, lists the tasks and belongs to [`crate::tasks`].

pub mod api;
pub mod budget;
pub mod burn;
pub mod choices;
pub mod figures;
pub mod form;
pub mod members;
pub mod milestones;
pub mod model;
pub mod pages;
pub mod retainers;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/projects", pages::index)
        .post("/projects", pages::create)
        .get("/projects/new", pages::new)
        .post("/projects/{id}", pages::update)
        .delete("/projects/{id}", pages::destroy)
        .get("/projects/{id}/edit", pages::edit)
        .post("/projects/{id}/status", pages::update_status)
        .post("/projects/{id}/archive", pages::archive)
        .post("/projects/{id}/restore", pages::restore)
        .get("/projects/{id}/activity", pages::activity)
        .and(budget::pages())
        .and(members::pages())
        .and(milestones::pages())
        .and(retainers::pages())
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/projects", api::list_projects)
        .post("/api/projects", api::create_project)
        .get("/api/projects/{id}", api::find_project)
        .put("/api/projects/{id}", api::update_project)
        .delete("/api/projects/{id}", api::delete_project)
        .post("/api/projects/{id}/archive", api::archive_project)
        .post("/api/projects/{id}/restore", api::restore_project)
        .and(budget::api())
        .and(members::api())
        .and(milestones::api())
        .and(retainers::api())
}
