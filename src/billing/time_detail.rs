//! The hours behind an invoice, as its second page lists them: as they were worked, as rounding bills them, and what the
//! lines bill in the end.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::hours;
use super::line::{InvoiceLine, Unit};
use super::model::Invoice;
use crate::db::Conn;
use crate::db::schema::{billed_entries, invoice_lines, time_entries, users};
use crate::error::AppResult;
use crate::types::ids::TimeEntryId;
use crate::types::money;

/// An hour that an invoice bills.
#[derive(Debug, Clone)]
pub struct TimeRow {
    /// The local day it belongs to.
    pub local_on: NaiveDate,
    /// Who worked.
    pub person: String,
    /// On which task, or else on which project.
    pub work: String,
    /// What was written about it.
    pub note: String,
    /// Seconds worked.
    pub worked: i64,
    /// Seconds that rounding bills of them.
    pub billed: i64,
}

/// The hours of an invoice and their sums, in seconds.
#[derive(Debug, Clone, Default)]
pub struct TimeDetail {
    /// The hours, by day.
    pub rows: Vec<TimeRow>,
    /// As they were worked.
    pub worked: i64,
    /// As rounding bills them.
    pub rounded: i64,
    /// What lines charge more or less than that, where somebody changed them by hand.
    pub adjusted: i64,
}

impl TimeDetail {
    /// Whether other hours are billed than were worked.
    pub fn differs(&self) -> bool {
        self.adjusted != 0 || self.rows.iter().any(|row| row.worked != row.billed)
    }

    /// What the lines bill.
    pub fn billed(&self) -> i64 {
        self.rounded + self.adjusted
    }
}

/// The hours that the `lines` of `invoice` bill.
pub fn of_invoice(conn: &mut Conn, invoice: &Invoice, lines: &[InvoiceLine]) -> AppResult<TimeDetail> {
    let people: BTreeMap<TimeEntryId, String> = billed_entries::table
        .inner_join(invoice_lines::table)
        .inner_join(time_entries::table.inner_join(users::table))
        .filter(invoice_lines::invoice_id.eq(invoice.id))
        .select((time_entries::id, users::name))
        .load(conn)?
        .into_iter()
        .collect();
    let mut claimed = hours::claimed(conn, invoice.id, invoice.client_id)?;
    for line in lines {
        let of_line = claimed.iter_mut().filter(|(id, _)| *id == line.id).map(|(_, entry)| entry);
        agree(of_line.collect(), line);
    }
    let rows: Vec<TimeRow> = claimed
        .into_iter()
        .map(|(_, entry)| TimeRow {
            local_on: entry.local_on,
            person: people.get(&entry.id).cloned().unwrap_or_default(),
            work: entry.task.unwrap_or(entry.project),
            note: entry.note,
            worked: entry.seconds,
            billed: entry.rounded,
        })
        .collect();
    Ok(TimeDetail {
        worked: rows.iter().map(|row| row.worked).sum(),
        rounded: rows.iter().map(|row| row.billed).sum(),
        adjusted: lines.iter().map(adjustment).sum(),
        rows,
    })
}

/// A line keeps what rounding said when it claimed its hours. Where the rules say something else by now, its hours stand
/// as they were worked, and the last of them carry the difference.
fn agree(mut entries: Vec<&mut hours::Entry>, line: &InvoiceLine) {
    let Some(due) = line.due_seconds() else { return };
    if due == entries.iter().map(|entry| entry.rounded).sum::<i64>() {
        return;
    }
    for entry in &mut entries {
        entry.rounded = entry.seconds;
    }
    let mut difference = due - entries.iter().map(|entry| entry.rounded).sum::<i64>();
    for entry in entries.iter_mut().rev() {
        let share = difference.max(-entry.rounded);
        entry.rounded += share;
        difference -= share;
    }
}

/// Seconds that a line of hours charges more than rounding says; 0 for a line that charges something else than hours.
fn adjustment(line: &InvoiceLine) -> i64 {
    match line.due_seconds() {
        Some(due) if line.unit == Unit::Hour && money::hours_e4(due) != Some(line.quantity_e4) => {
            money::hours_seconds(line.quantity_e4).map_or(0, |billed| billed - due)
        }
        _ => 0,
    }
}
