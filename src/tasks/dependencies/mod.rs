//! What a task waits for: other tasks that have to be done first.
//!
//! No task waits for itself, by way of others neither. A task that waits may still be begun or finished; whoever does so
//! is told. Everybody who works may change what waits for what.
//! URLs: `/tasks/{task_id}/dependencies`, `…/{blocker_id}`; `/api/tasks/{task_id}/dependencies`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of dependencies.
pub fn pages() -> Routes {
    Routes::new()
        .get("/tasks/{task_id}/dependencies", pages::index)
        .post("/tasks/{task_id}/dependencies", pages::create)
        .delete("/tasks/{task_id}/dependencies/{blocker_id}", pages::destroy)
        .post("/tasks/{task_id}/dependencies/{blocker_id}/removal", pages::destroy)
}

/// The JSON API of dependencies.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/tasks/{task_id}/dependencies", api::list_dependencies)
        .post("/api/tasks/{task_id}/dependencies", api::create_dependency)
        .delete("/api/tasks/{task_id}/dependencies/{blocker_id}", api::delete_dependency)
}
