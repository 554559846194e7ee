//! Weeks that are handed in, approved and reopened, and what locks hours.
//!
//! A person hands a week in; a manager approves it. From then on its hours do not change until the week is taken back by
//! its person, while it waits, or reopened by a manager, with a reason. Days up to the lock date of the settings do not
//! change either. Both are held by the database; whoever runs the agency lifts them for one change, with a reason in the
//! activity log (`locks`). URLs: `/time-entries/submission`, `…/withdrawal`, `/time-entries/approvals`; the same under
//! `/api`.

pub mod api;
pub mod form;
pub mod locks;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of timesheets.
pub fn pages() -> Routes {
    Routes::new()
        .post("/time-entries/submission", pages::submit)
        .post("/time-entries/submission/withdrawal", pages::withdraw)
        .get("/time-entries/approvals", pages::index)
        .post("/time-entries/approvals", pages::decide)
}

/// Their JSON API.
pub fn api() -> Routes {
    Routes::new()
        .post("/api/time-entries/submission", api::submit_week)
        .delete("/api/time-entries/submission", api::withdraw_week)
        .get("/api/time-entries/approvals", api::list_approvals)
        .put("/api/time-entries/approvals", api::decide_week)
}
