//! Retainers: hours or money that a project grants by the week, month or quarter.
//!
//! What is left of a period may roll over, up to a cap and for so many periods, the oldest first. What goes beyond is
//! overage: billed by the hour, or taken from the next period. Hours that are marked billable are charged on their own
//! and use nothing up. Periods are worked out from the hours until somebody closes them, one after the other; a closed
//! period is frozen, by the database as well, and what is logged, changed or deleted in it later is an adjustment of the
//! first period that is open. A closed period is charged with its fee and its overage, each once, and invoices claim what it
//! was charged with; a fee may be charged ahead. A retainer of money is for who sees money.
//! URLs: `/projects/{id}/retainer`, `…/edit`, `…/close`, `…/fee`, `…/{seq}` (the statement of a period);
//! `/api/projects/{id}/retainer`.

pub mod api;
pub mod charges;
pub mod form;
pub mod ledger;
pub mod model;
pub mod pages;
pub mod statement;

use crate::web::routes::Routes;

/// The pages of retainers.
pub fn pages() -> Routes {
    Routes::new()
        .get("/projects/{id}/retainer", pages::index)
        .post("/projects/{id}/retainer", pages::update)
        .get("/projects/{id}/retainer/edit", pages::edit)
        .post("/projects/{id}/retainer/close", pages::close)
        .post("/projects/{id}/retainer/fee", pages::charge)
        .get("/projects/{project_id}/retainer/{seq}", pages::statement)
}

/// The JSON API of retainers.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/projects/{id}/retainer", api::find_retainer)
        .put("/api/projects/{id}/retainer", api::update_retainer)
        .post("/api/projects/{id}/retainer/close", api::close_retainer_period)
        .post("/api/projects/{id}/retainer/fee", api::charge_retainer_fee)
}
