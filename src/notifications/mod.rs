//! What people are told: somebody gave them a task, named them, or went on with a task they follow.
//!
//! A notification is written in the transaction of what it tells of. Nobody is told of what they did themselves, nor
//! who may not come in any more. It is unread until the one it is for says otherwise, and is theirs alone.
//! URLs: `/notifications`, `/notifications/reading`, `/notifications/{id}/reading`; `/api/notifications`.

pub mod api;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/notifications", pages::index)
        .post("/notifications/reading", pages::read_all)
        .post("/notifications/{id}/reading", pages::read)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/notifications", api::list_notifications)
        .post("/api/notifications/reading", api::read_notifications)
        .post("/api/notifications/{id}/reading", api::read_notification)
}
