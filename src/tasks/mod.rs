//! Tasks: what is to be done on a project, by whom and by when.
//!
//! A task is to do, in progress, in review or done; done and "has a completion time" are one and the same, held by
//! the database. It repeats its project's client, and its due date once more with "no date" at the far end, so that
//! every list walks one index; lists page by key, never by offset. A task with hours cannot be deleted nor leave its
//! project. Descriptions and comments are Markdown, rendered and sanitised once, when they are saved.
//! URLs: `/tasks`, `/tasks/{id}`, `…/edit`, `…/details`, `…/closure`, `…/reopening`, `…/comments`; the tabs
//! `/clients/{client_id}/tasks` and `/projects/{id}`; `/api/tasks`, `/api/tasks/{task_id}/comments`.

pub mod api;
pub mod comments;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/tasks", pages::index)
        .post("/tasks", pages::create)
        .get("/tasks/new", pages::new)
        .get("/tasks/{id}", pages::show)
        .post("/tasks/{id}", pages::update)
        .delete("/tasks/{id}", pages::destroy)
        .get("/tasks/{id}/edit", pages::edit)
        .post("/tasks/{id}/details", pages::update_details)
        .post("/tasks/{id}/closure", pages::complete)
        .delete("/tasks/{id}/closure", pages::reopen)
        .post("/tasks/{id}/reopening", pages::reopen)
        .get("/clients/{client_id}/tasks", pages::of_client)
        .get("/projects/{id}", pages::of_project)
        .and(comments::pages())
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/tasks", api::list_tasks)
        .post("/api/tasks", api::create_task)
        .get("/api/tasks/{id}", api::find_task)
        .put("/api/tasks/{id}", api::update_task)
        .delete("/api/tasks/{id}", api::delete_task)
        .and(comments::api())
}
