//! Reminders of invoices that are late: a ladder of steps, and a letter for each.
//!
//! A letter is made as a draft, printed, and marked as sent by hand; nothing is sent from here. A step is taken once for
//! an invoice, which the database holds, and not before the time that the letter before gave has passed. Fees and
//! interest are named in the letter and billed by nobody. An invoice or a whole client can be left in peace.
//! URLs: `/billing/reminders`, `…/settings`, `…/{id}`, `…/{id}/sending`, `…/{id}/deletion`, `…/pauses`,
//! `…/pauses/{id}/removal`; `/api/billing/reminders`.

pub mod api;
pub mod form;
pub mod ladder;
pub mod letter;
pub mod model;
pub mod pages;
pub mod verbs;

use crate::web::routes::Routes;

/// The pages of reminders.
pub fn pages() -> Routes {
    Routes::new()
        .get("/billing/reminders", pages::index)
        .post("/billing/reminders", pages::create)
        .get("/billing/reminders/settings", pages::settings)
        .post("/billing/reminders/settings", pages::update_settings)
        .post("/billing/reminders/pauses", pages::pause)
        .post("/billing/reminders/pauses/{id}/removal", pages::resume)
        .get("/billing/reminders/{id}", pages::show)
        .post("/billing/reminders/{id}/sending", pages::send)
        .post("/billing/reminders/{id}/deletion", pages::destroy)
}

/// The JSON API of reminders.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/billing/reminders", api::list_due_reminders)
        .post("/api/billing/reminders", api::create_reminder)
        .get("/api/billing/reminders/settings", api::find_reminder_settings)
        .put("/api/billing/reminders/settings", api::update_reminder_settings)
        .post("/api/billing/reminders/pauses", api::pause_reminders)
        .delete("/api/billing/reminders/pauses/{id}", api::resume_reminders)
        .get("/api/billing/reminders/{id}", api::find_reminder)
        .delete("/api/billing/reminders/{id}", api::delete_reminder)
        .post("/api/billing/reminders/{id}/sending", api::send_reminder)
}
