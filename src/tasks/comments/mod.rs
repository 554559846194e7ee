//! Comments on tasks, in Markdown.
//!
//! Everybody who works may comment. A comment is changed by its author alone and deleted by its author or by who runs
//! the installation; for everybody else it is not there to be changed. What was changed says so and keeps what it said
//! before, for everybody to read.
//! URLs: `/tasks/{task_id}/comments`, `…/{id}`, `…/{id}/edit`, `…/{id}/versions`; `/api/tasks/{task_id}/comments`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of comments.
pub fn pages() -> Routes {
    Routes::new()
        .post("/tasks/{task_id}/comments", pages::create)
        .get("/tasks/{task_id}/comments/{id}", pages::show)
        .post("/tasks/{task_id}/comments/{id}", pages::update)
        .delete("/tasks/{task_id}/comments/{id}", pages::destroy)
        .get("/tasks/{task_id}/comments/{id}/edit", pages::edit)
        .get("/tasks/{task_id}/comments/{id}/versions", pages::versions)
}

/// The JSON API of comments.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/tasks/{task_id}/comments", api::list_comments)
        .post("/api/tasks/{task_id}/comments", api::create_comment)
        .get("/api/tasks/{task_id}/comments/{id}", api::find_comment)
        .put("/api/tasks/{task_id}/comments/{id}", api::update_comment)
        .delete("/api/tasks/{task_id}/comments/{id}", api::delete_comment)
        .get("/api/tasks/{task_id}/comments/{id}/versions", api::list_comment_versions)
}
