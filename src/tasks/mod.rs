//! Tasks: what is to be done on a project, by whom and by when.
//!
//! A task is to do, in progress, in review or done; done and "has a completion time" are one and the same, held by
//! the database. It repeats its project's client, and its due date once more with "no date" at the far end, so that
//! every list walks one index; lists page by key, never by offset. A task with hours cannot be deleted nor leave its
//! project. Descriptions and comments are Markdown, rendered and sanitised once, when they are saved.
//! What it carries along are rooms of their own: labels, the checklist, what it waits for, who
//! follows it, comments. People who are named in its texts with an @ are stored and told.
//! URLs: `/tasks`, `/tasks/board`, `/tasks/{id}`, `…/edit`, `…/details`, `…/closure`, `…/reopening`, `…/move`, `…/comments`; the tabs
//! `/clients/{client_id}/tasks`, `/projects/{id}` and `/projects/{id}/board`; `/api/tasks`, `/api/tasks/{task_id}/comments`.

pub mod api;
pub mod assignees;
pub mod board;
pub mod checklist;
pub mod closure;
pub mod comments;
pub mod dependencies;
pub mod figures;
pub mod filter;
mod filter_bar;
pub mod form;
pub mod labels;
pub mod lists;
pub mod mentions;
pub mod model;
pub mod pages;
pub mod parts;
pub mod query;
pub mod schedules;
pub mod show;
pub mod templates;
pub mod views;
pub mod watchers;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/tasks", lists::index)
        .post("/tasks", pages::create)
        .get("/tasks/new", pages::new)
        .get("/tasks/{id}", show::show)
        .post("/tasks/{id}", pages::update)
        .delete("/tasks/{id}", pages::destroy)
        .get("/tasks/{id}/edit", pages::edit)
        .post("/tasks/{id}/details", show::update_details)
        .post("/tasks/{id}/closure", closure::complete)
        .delete("/tasks/{id}/closure", closure::reopen)
        .post("/tasks/{id}/reopening", closure::reopen)
        .get("/clients/{client_id}/tasks", lists::of_client)
        .get("/projects/{id}", lists::of_project)
        .and(board::pages())
        .and(checklist::pages())
        .and(dependencies::pages())
        .and(watchers::pages())
        .and(comments::pages())
        .and(labels::pages())
        .and(schedules::pages())
        .and(templates::pages())
        .and(views::pages())
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/tasks", api::list_tasks)
        .post("/api/tasks", api::create_task)
        .get("/api/tasks/{id}", api::find_task)
        .put("/api/tasks/{id}", api::update_task)
        .delete("/api/tasks/{id}", api::delete_task)
        .and(board::api())
        .and(checklist::api())
        .and(dependencies::api())
        .and(watchers::api())
        .and(comments::api())
        .and(labels::api())
        .and(schedules::api())
        .and(templates::api())
        .and(views::api())
}
