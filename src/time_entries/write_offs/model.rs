//! Write-offs: verbs, and what settled hours refuse.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::schema::{billed_entries, clients, invoice_lines, invoices, time_write_offs};
use crate::error::{AppError, AppResult};
use crate::time_entries::rows;
use crate::types::clock::UtcTime;
use crate::types::ids::TimeEntryId;

/// Refuses to touch hours that are on an invoice, naming it, or written off.
pub(in crate::time_entries) fn refuse_settled(conn: &mut Conn, id: TimeEntryId) -> AppResult<()> {
    let claim: Option<(Option<String>, String)> = billed_entries::table
        .inner_join(invoice_lines::table.inner_join(invoices::table.inner_join(clients::table)))
        .filter(billed_entries::time_entry_id.eq(id))
        .select((invoices::number, clients::name))
        .first(conn)
        .optional()?;
    match claim {
        Some((Some(number), _)) => {
            return Err(AppError::Conflict(format!(
                "These hours are on invoice {number}; what was billed does not change."
            )));
        }
        Some((None, client)) => {
            return Err(AppError::Conflict(format!(
                "These hours are on a draft for {client}. Take them off it first."
            )));
        }
        None => {}
    }
    let written_off = time_write_offs::table
        .filter(time_write_offs::time_entry_id.eq(id))
        .select(time_write_offs::reason)
        .first::<String>(conn)
        .optional()?;
    match written_off {
        Some(_) => {
            Err(AppError::Conflict("These hours are written off. Take the write-off back first.".into()))
        }
        None => Ok(()),
    }
}

/// Decides not to bill an entry, and why.
pub fn write_off(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: TimeEntryId,
    reason: &str,
) -> AppResult<()> {
    lock_row(conn, LockedTable::TimeEntries, id.0)?;
    let row = rows::row(conn, actor, id)?;
    refuse_settled(conn, id)?;
    if !row.may_be_written_off() {
        return Err(AppError::Conflict(
            "Only finished, billable hours can be written off; these are not.".into(),
        ));
    }
    diesel::insert_into(time_write_offs::table)
        .values((
            time_write_offs::time_entry_id.eq(id),
            time_write_offs::reason.eq(reason),
            time_write_offs::created_by.eq(actor.id),
            time_write_offs::created_at.eq(now),
        ))
        .execute(conn)?;
    audit::record(
        conn,
        Some(actor.id),
        now,
        &row.note(Action::WrittenOff, Subject::TimeEntry).change("reason", "", reason),
    )
}

/// Takes a write-off back; harmless when there is none.
pub fn write_on(conn: &mut Conn, actor: &Actor, now: UtcTime, id: TimeEntryId) -> AppResult<()> {
    let row = rows::row(conn, actor, id)?;
    let deleted = diesel::delete(time_write_offs::table.find(id)).execute(conn)?;
    if deleted == 0 {
        return Ok(());
    }
    audit::record(conn, Some(actor.id), now, &row.note(Action::WrittenOn, Subject::TimeEntry))
}
