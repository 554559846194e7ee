//! Saved views: filters of the list or the board that somebody gave a name.
//!
//! A view is its owner's alone or everybody's to use; its owner deletes it, and whoever runs the installation may.
//! URLs: `/tasks/views`, `/tasks/views/{view_id}`, `…/removal`; `/api/task-views`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of saved views.
pub fn pages() -> Routes {
    Routes::new()
        .get("/tasks/views", pages::index)
        .post("/tasks/views", pages::create)
        .delete("/tasks/views/{view_id}", pages::destroy)
        .post("/tasks/views/{view_id}/removal", pages::destroy)
}

/// The JSON API of saved views.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/task-views", api::list_task_views)
        .post("/api/task-views", api::create_task_view)
        .delete("/api/task-views/{view_id}", api::delete_task_view)
}
