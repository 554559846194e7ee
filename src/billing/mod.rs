//! Billing: drafts from unbilled hours and free lines, numbered and frozen invoices, payments.
//!
//! A draft has no number and claims its hours at once: the primary key of `billed_entries` is the claim, so an hour
//! is billed exactly once. What a line bills less than its hours say is written down, with a reason. Issuing takes the number, copies both parties and keeps the rendered document in one
//! transaction; from then on the database itself refuses changes. Payments are a ledger that only grows; whether an
//! invoice is open, overdue or paid is derived from it. Amounts are rounded per line and per tax category and rate,
//! nowhere else. No tax is charged without a category and a reason.
//! Only roles that see money come in. Hours are never written here: triggers on the claims keep them.
//! Payments, credit notes, write-offs, expenses, quotes, recurring invoices, reminders, statements mails and the close
//! of a month are rooms of their own.
//! URLs: `/billing`, `/billing/new`, `/billing/{id}`, `…/preview-totals`, `…/issue`, `…/deletion`, `…/print`,
//! `/billing/csv`, `/billing/equation`, `/clients/{client_id}/invoices`; `/api/billing`.

pub mod api;
pub mod base;
pub mod checks;
pub mod close;
pub mod costs;
pub mod credits;
pub mod deposits;
pub mod draft;
pub mod draft_hours;
pub mod editor;
pub mod expenses;
pub mod equation;
pub mod figures;
pub mod filter;
pub mod form;
pub mod hours;
pub mod intake;
pub mod issue;
pub mod line;
pub mod line_form;
pub mod line_lists;
pub mod lines;
pub mod mailing;
pub mod model;
pub mod numbers;
pub mod outline;
pub mod outline_form;
pub mod outline_json;
pub mod pages;
pub mod parties;
pub mod payments;
pub mod print;
pub mod qr;
pub mod quotes;
pub mod recurring;
pub mod reminders;
pub mod rows;
pub mod series;
pub mod statement;
pub mod tax;
pub mod time_detail;
pub mod totals;
pub mod write_offs;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    payments::pages()
        .and(expenses::pages())
        .and(close::pages())
        .and(numbers::pages())
        .and(credits::pages())
        .and(write_offs::pages())
        .and(quotes::pages())
        .and(recurring::pages())
        .and(reminders::pages())
        .and(statement::pages())
        .and(mailing::pages())
        .get("/billing", pages::index)
        .post("/billing", editor::create)
        .get("/billing/new", editor::new)
        .get("/billing/csv", pages::csv)
        .get("/billing/equation", pages::equation)
        .get("/billing/{id}", pages::show)
        .post("/billing/{id}", editor::update)
        .delete("/billing/{id}", editor::destroy)
        .post("/billing/{id}/preview-totals", editor::preview_totals)
        .post("/billing/{id}/issue", editor::issue)
        .post("/billing/{id}/deletion", editor::destroy)
        .get("/billing/{id}/print", pages::print)
        .get("/clients/{client_id}/invoices", pages::of_client)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    payments::api()
        .and(expenses::api())
        .and(close::api())
        .and(numbers::api())
        .and(credits::api())
        .and(write_offs::api())
        .and(quotes::api())
        .and(recurring::api())
        .and(reminders::api())
        .and(statement::api())
        .and(mailing::api())
        .get("/api/billing", api::list_invoices)
        .post("/api/billing", api::create_invoice)
        .post("/api/billing/utils", api::run_billing_util)
        .get("/api/billing/equation", api::list_equations)
        .get("/api/billing/{id}", api::find_invoice)
        .put("/api/billing/{id}", api::update_invoice)
        .delete("/api/billing/{id}", api::delete_invoice)
        .post("/api/billing/{id}/issue", api::issue_invoice)
        .post("/api/billing/{id}/deductions", api::deduct_deposit)
}
