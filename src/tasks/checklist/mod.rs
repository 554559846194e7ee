//! The checklist of a task: its steps, in an order of their own.
//!
//! A step has a title and is ticked or not; several are added at once, one a line. Everybody who works may change
//! them. Progress stands in the activity of the task; the order of steps does not.
//! URLs: `/tasks/{task_id}/checklist`, `…/{id}`, `…/{id}/place`; `/api/tasks/{task_id}/checklist`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of checklists.
pub fn pages() -> Routes {
    Routes::new()
        .get("/tasks/{task_id}/checklist", pages::index)
        .post("/tasks/{task_id}/checklist", pages::create)
        .post("/tasks/{task_id}/checklist/{id}", pages::update)
        .post("/tasks/{task_id}/checklist/{id}/place", pages::place)
        .delete("/tasks/{task_id}/checklist/{id}", pages::destroy)
}

/// The JSON API of checklists.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/tasks/{task_id}/checklist", api::list_steps)
        .post("/api/tasks/{task_id}/checklist", api::create_steps)
        .get("/api/tasks/{task_id}/checklist/{id}", api::find_step)
        .put("/api/tasks/{task_id}/checklist/{id}", api::update_step)
        .delete("/api/tasks/{task_id}/checklist/{id}", api::delete_step)
        .put("/api/tasks/{task_id}/checklist/{id}/place", api::place_step)
}
