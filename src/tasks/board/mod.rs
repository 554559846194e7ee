//! The board: open tasks in three columns by status, and what was done last in a fourth.
//!
//! A card's place is a number of its own, far from its neighbours': a card that moves is one row that changes, and two
//! that move at once both arrive. The last column is in the order in which tasks were done. Boards show the same tasks
//! as the lists with the same filters.
//! URLs: `/tasks/board`, `/projects/{id}/board`, `/tasks/{id}/move`; `/api/tasks/{id}/place`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of boards.
pub fn pages() -> Routes {
    Routes::new()
        .get("/tasks/board", pages::index)
        .get("/projects/{id}/board", pages::of_project)
        .get("/tasks/{id}/move", pages::edit_place)
        .post("/tasks/{id}/move", pages::place)
}

/// The JSON API of boards.
pub fn api() -> Routes {
    Routes::new().put("/api/tasks/{id}/place", api::place_task)
}
