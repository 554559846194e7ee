//! Templates of projects: a plan with tasks, to be begun again for another client.
//!
//! A template is saved from a project: how it is billed, its budgets and colour, and its tasks with checklist, labels
//! and estimate. Dates are days from the start, so they move with it. A project made of one is a project like any
//! other; template and project never touch each other again. Amounts are in the currency of the client that the
//! template comes from; a client with another gets none of them. Who looks after projects looks after templates.
//! URLs: `/project-templates`, `…/{id}/edit`, `…/{id}/start`, `…/{id}/tasks`; `/projects/{id}/template`;
//! `/api/project-templates`.

pub mod api;
pub mod form;
pub mod lines;
pub mod model;
pub mod pages;
pub mod task_pages;

use crate::web::routes::Routes;

/// The pages of templates.
pub fn pages() -> Routes {
    Routes::new()
        .get("/projects/{id}/template", pages::new)
        .post("/projects/{id}/template", pages::create)
        .get("/project-templates", pages::index)
        .get("/project-templates/{id}/edit", pages::edit)
        .post("/project-templates/{id}", pages::update)
        .delete("/project-templates/{id}", pages::destroy)
        .get("/project-templates/{id}/start", pages::start)
        .post("/project-templates/{id}/start", pages::begin)
        .get("/project-templates/{id}/tasks/new", task_pages::new)
        .post("/project-templates/{id}/tasks", task_pages::create)
        .get("/project-templates/{template_id}/tasks/{line_id}/edit", task_pages::edit)
        .post("/project-templates/{template_id}/tasks/{line_id}", task_pages::update)
        .delete("/project-templates/{template_id}/tasks/{line_id}", task_pages::destroy)
}

/// The JSON API of templates.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/project-templates", api::list_templates)
        .post("/api/project-templates", api::create_template)
        .get("/api/project-templates/{id}", api::find_template)
        .put("/api/project-templates/{id}", api::update_template)
        .delete("/api/project-templates/{id}", api::delete_template)
        .post("/api/project-templates/{id}/projects", api::start_template)
        .post("/api/project-templates/{id}/tasks", api::create_template_task)
        .put("/api/project-templates/{template_id}/tasks/{line_id}", api::update_template_task)
        .delete("/api/project-templates/{template_id}/tasks/{line_id}", api::delete_template_task)
}
