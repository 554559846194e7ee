//! The hours behind an invoice, as its second page lists them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::{billed_entries, invoice_lines, projects, tasks, time_entries, users};
use crate::error::AppResult;
use crate::types::ids::InvoiceId;

/// An hour that an invoice bills.
#[derive(Debug, Clone, Queryable)]
pub struct TimeRow {
    /// The local day it belongs to.
    pub local_on: NaiveDate,
    /// Who worked.
    pub person: String,
    /// On which project.
    pub project: String,
    /// On which task.
    pub task: Option<String>,
    /// What was written about it.
    pub note: String,
    /// Seconds worked.
    pub seconds: i64,
}

impl TimeRow {
    /// Task or project.
    pub fn work(&self) -> &str {
        self.task.as_deref().unwrap_or(&self.project)
    }
}

/// The hours that an invoice bills, by day.
pub fn of_invoice(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<TimeRow>> {
    Ok(billed_entries::table
        .inner_join(invoice_lines::table)
        .inner_join(
            time_entries::table.inner_join(projects::table).inner_join(users::table).left_join(tasks::table),
        )
        .filter(invoice_lines::invoice_id.eq(id))
        .order((time_entries::local_on, time_entries::id))
        .select((
            time_entries::local_on,
            users::name,
            projects::name,
            tasks::title.nullable(),
            time_entries::note,
            time_entries::duration_seconds,
        ))
        .load(conn)?)
}
