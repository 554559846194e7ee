//! Jobs: work that is done apart from the request that asked for it, such as sending a mail.
//!
//! A job is put down in the transaction of what it follows from, and is done at least once: so its effect must be
//! harmless the second time. Arguments name rows and hold no secret. What runs is `background::handlers`; a kind that has no
//! handler here waits. URLs: `/jobs`, `…/{id}/retry`, `…/{id}/cancellation`; `/api/jobs`.

pub mod api;
pub mod filter;
pub mod model;
pub mod pages;
pub mod queue;
pub mod runner;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new()
        .get("/jobs", pages::index)
        .post("/jobs/{id}/retry", pages::retry)
        .post("/jobs/{id}/cancellation", pages::cancel)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/jobs", api::list_jobs)
        .post("/api/jobs/{id}/retry", api::retry_job)
        .post("/api/jobs/{id}/cancellation", api::cancel_job)
}
