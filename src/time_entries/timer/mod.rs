//! The timer in the header of every page: started on a task or project, stopped, switched in one click.
//!
//! A person has at most one; the database holds that. URLs: `/time-entries/timer`, `…/timer/stop`;
//! `/api/time-entries/timer`.

pub mod form;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of the timer.
pub fn pages() -> Routes {
    Routes::new().post("/time-entries/timer", pages::start).post("/time-entries/timer/stop", pages::stop)
}
