//! What a project has used up, what it earns, and where it is heading.
//!
//! Everything is worked out from what is kept by project and week, from the estimates of open tasks and from
//! milestones; nothing here is stored but which marks of a budget were told of. Money is for roles that see it.
//! URLs: `/projects/{id}/budget`; `/api/projects/{id}/budget`.

pub mod api;
pub mod margin;
pub mod marks;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The page of a project's budget.
pub fn pages() -> Routes {
    Routes::new().get("/projects/{id}/budget", pages::index)
}

/// The JSON API of a project's budget.
pub fn api() -> Routes {
    Routes::new().get("/api/projects/{id}/budget", api::find_project_budget)
}
