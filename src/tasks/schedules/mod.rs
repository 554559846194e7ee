//! Tasks that come back every so many days, weeks or months.
//!
//! All days of a schedule count from its first, so that the 31st comes back after February. The next task is made on
//! its day, or as soon as the one before it is done. What was missed while nobody looked is made up for once, by the
//! latest. One task for each day of a schedule is held by the database. Who looks after projects looks after schedules;
//! a schedule whose project takes no tasks any more pauses itself.
//! URLs: `/schedules`, `/schedules/new`, `/schedules/{id}`, `…/edit`; `/api/schedules`.

pub mod api;
pub mod form;
pub mod model;
pub mod pages;
pub mod period;

use crate::web::routes::Routes;

/// The pages of schedules.
pub fn pages() -> Routes {
    Routes::new()
        .get("/schedules", pages::index)
        .post("/schedules", pages::create)
        .get("/schedules/new", pages::new)
        .get("/schedules/{id}/edit", pages::edit)
        .post("/schedules/{id}", pages::update)
        .delete("/schedules/{id}", pages::destroy)
}

/// The JSON API of schedules.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/schedules", api::list_schedules)
        .post("/api/schedules", api::create_schedule)
        .get("/api/schedules/{id}", api::find_schedule)
        .put("/api/schedules/{id}", api::update_schedule)
        .delete("/api/schedules/{id}", api::delete_schedule)
}
