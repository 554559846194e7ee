//! Who follows a task.
//!
//! Whoever adds a task, gets it, comments on it or is named in it follows it from then on, and is told what becomes of
//! it; anybody may begin or stop by hand. Who stopped is not made a follower again by what they do.
//! URLs: `/tasks/{task_id}/watching`, `…/unwatching`; `/api/tasks/{task_id}/watchers`.

pub mod api;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of watchers.
pub fn pages() -> Routes {
    Routes::new()
        .post("/tasks/{task_id}/watching", pages::watch)
        .post("/tasks/{task_id}/unwatching", pages::unwatch)
}

/// The JSON API of watchers.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/tasks/{task_id}/watchers", api::list_watchers)
        .post("/api/tasks/{task_id}/watchers", api::watch_task)
        .delete("/api/tasks/{task_id}/watchers", api::unwatch_task)
}
