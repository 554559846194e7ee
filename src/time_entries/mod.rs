//! Hours: who worked when on what, and what that is worth.
//!
//! An entry keeps UTC instants, the IANA zone they were entered in and the local day it starts on; its duration is
//! raw seconds (end minus start minus break), never rounded. Rates are resolved when it is saved and stored with
//! their source, unless a price was typed for the entry itself: a later rate never changes a past hour, until somebody
//! re-prices a period (`repricing`). A person has at most one running timer; starting another
//! stops it at the same instant. Weeks that are handed in and days before the lock date do not change (`timesheets`).
//! Hours on an invoice, draft or issued, do not change; written-off hours change only
//! once the write-off is taken back. Everybody sees their own hours, roles that see money see everybody's.
//! URLs: `/time-entries` (a week, `grid`), `/time-entries/all` (the list), `…/new`, `…/{id}/edit`, `…/timer`,
//! `…/{id}/write-off`; the tabs `/clients/{client_id}/time` and `/projects/{project_id}/time`; `/api/time-entries`.

pub mod api;
pub mod bulk;
pub mod checks;
pub mod choices;
pub mod form;
pub mod grid;
pub mod leaks;
pub mod list;
pub mod model;
mod overlap;
pub mod pages;
pub mod place;
pub mod price;
pub mod repricing;
pub mod rounding;
pub mod rows;
pub mod settings;
pub mod span;
pub mod split;
mod stored;
pub mod timer;
pub mod timesheets;
pub mod week;
pub mod write_offs;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/time-entries", grid::pages::week)
        .post("/time-entries", pages::create)
        .get("/time-entries/all", pages::index)
        .get("/time-entries/new", pages::new)
        .get("/time-entries/task-options", choices::task_options)
        .and(grid::pages())
        .and(timer::pages())
        .and(repricing::pages())
        .and(rounding::pages())
        .and(settings::pages())
        .and(timesheets::pages())
        .and(leaks::pages())
        .and(bulk::pages())
        .and(split::pages())
        .post("/time-entries/{id}", pages::update)
        .delete("/time-entries/{id}", pages::destroy)
        .get("/time-entries/{id}/edit", pages::edit)
        .and(write_offs::pages())
        .get("/clients/{client_id}/time", pages::of_client)
        .get("/projects/{project_id}/time", pages::of_project)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/time-entries", api::list_time_entries)
        .post("/api/time-entries", api::create_time_entry)
        .get("/api/time-entries/timer", api::find_timer)
        .post("/api/time-entries/timer", api::start_timer)
        .delete("/api/time-entries/timer", api::stop_timer)
        .get("/api/time-entries/{id}", api::find_time_entry)
        .put("/api/time-entries/{id}", api::update_time_entry)
        .delete("/api/time-entries/{id}", api::delete_time_entry)
        .and(grid::api())
        .and(repricing::api())
        .and(rounding::api())
        .and(settings::api())
        .and(timesheets::api())
        .and(leaks::api())
        .and(bulk::api())
        .and(split::api())
        .and(write_offs::api())
}
