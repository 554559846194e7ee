//! Entries with what a list shows beside them: names, claims, and where they stand on their way to an invoice.

use diesel::prelude::*;

use super::model::{self, TimeEntry};
use super::timesheets::locks::Locks;
use crate::audit::model::{Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{
    billed_entries, clients, invoice_lines, invoices, projects, tasks, time_write_offs, users,
};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::money::Currency;

crate::text_enum! {
    /// Where hours stand on their way to an invoice.
    pub enum Billing {
        /// Billable and on no invoice yet.
        Unbilled = "unbilled", "Unbilled";
        /// On a draft.
        Drafted = "drafted", "On a draft";
        /// On an issued invoice.
        Billed = "billed", "Billed";
        /// We decided not to bill them.
        WrittenOff = "written_off", "Written off";
        /// Never to be billed.
        NonBillable = "non_billable", "Not billable";
    }
}

impl Billing {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Unbilled => "badge-info",
            Self::Drafted => "badge-warn",
            Self::Billed => "badge-ok",
            Self::WrittenOff | Self::NonBillable => "",
        }
    }
}

/// An entry with what a list shows beside it.
#[derive(Debug, Clone)]
pub struct EntryRow {
    /// The entry.
    pub entry: TimeEntry,
    /// Who worked.
    pub user_name: String,
    /// For whom.
    pub client_name: String,
    /// The currency of its amounts.
    pub currency: Currency,
    /// On which project.
    pub project_name: String,
    /// On which task.
    pub task_title: Option<String>,
    /// The invoice that claims it, with its number unless that is a draft.
    pub invoice: Option<(InvoiceId, Option<String>)>,
    /// Why it was written off.
    pub written_off: Option<String>,
    /// Whether its day is locked; known to the lists that ask [`mark_locked`].
    pub is_locked: bool,
}

impl EntryRow {
    /// The task, or the project when there is none.
    pub fn label(&self) -> &str {
        self.task_title.as_deref().unwrap_or(&self.project_name)
    }

    /// Where it stands; `None` while it runs.
    pub fn billing(&self) -> Option<Billing> {
        match &self.invoice {
            _ if self.entry.is_running() => None,
            Some((_, Some(_))) => Some(Billing::Billed),
            Some((_, None)) => Some(Billing::Drafted),
            None if self.written_off.is_some() => Some(Billing::WrittenOff),
            None if self.entry.is_billable => Some(Billing::Unbilled),
            None => Some(Billing::NonBillable),
        }
    }

    /// Whether it may change: neither on an invoice nor written off.
    pub fn is_open(&self) -> bool {
        self.invoice.is_none() && self.written_off.is_none()
    }

    /// Whether it is offered for editing: what is locked only to whoever `administers`, who says why.
    pub fn may_change(&self, administers: bool) -> bool {
        self.is_open() && (!self.is_locked || administers)
    }

    /// Whether it may be deleted.
    pub fn may_go(&self) -> bool {
        self.is_open() && !self.is_locked
    }

    /// Whether it may be written off.
    pub fn may_be_written_off(&self) -> bool {
        self.entry.is_unbilled
    }

    /// An entry of the activity log about it.
    pub(in crate::time_entries) fn note(&self, action: Action, subject: Subject) -> Entry {
        let entry = Entry::new(action, subject, self.entry.id.0, self.label())
            .client(self.entry.client_id)
            .project(self.entry.project_id);
        match self.entry.task_id {
            Some(task) => entry.task(task),
            None => entry,
        }
    }
}

/// The entry with what a list shows beside it, if `actor` may see it.
pub fn row(conn: &mut Conn, actor: &Actor, id: TimeEntryId) -> AppResult<EntryRow> {
    let entry = model::find(conn, actor, id)?;
    with_names(conn, vec![entry])?.pop().ok_or(AppError::NotFound)
}

/// Entries with the names and claims that lists show.
pub fn with_names(conn: &mut Conn, entries: Vec<TimeEntry>) -> AppResult<Vec<EntryRow>> {
    let ids: Vec<TimeEntryId> = entries.iter().map(|entry| entry.id).collect();
    let of = |id: fn(&TimeEntry) -> i64| {
        let mut ids: Vec<i64> = entries.iter().map(id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let people: Vec<(UserId, String)> = users::table
        .filter(users::id.eq_any(of(|entry| entry.user_id.0)))
        .select((users::id, users::name))
        .cached()
        .load(conn)?;
    let companies: Vec<(ClientId, String, Currency)> = clients::table
        .filter(clients::id.eq_any(of(|entry| entry.client_id.0)))
        .select((clients::id, clients::name, clients::currency))
        .cached()
        .load(conn)?;
    let undertakings: Vec<(ProjectId, String)> = projects::table
        .filter(projects::id.eq_any(of(|entry| entry.project_id.0)))
        .select((projects::id, projects::name))
        .cached()
        .load(conn)?;
    let titles: Vec<(TaskId, String)> = tasks::table
        .filter(tasks::id.eq_any(of(|entry| entry.task_id.map_or(0, |id| id.0))))
        .select((tasks::id, tasks::title))
        .cached()
        .load(conn)?;
    let claims: Vec<(TimeEntryId, InvoiceId, Option<String>)> = billed_entries::table
        .inner_join(invoice_lines::table.inner_join(invoices::table))
        .filter(billed_entries::time_entry_id.eq_any(&ids))
        .select((billed_entries::time_entry_id, invoices::id, invoices::number))
        .cached()
        .load(conn)?;
    let reasons: Vec<(TimeEntryId, String)> = time_write_offs::table
        .filter(time_write_offs::time_entry_id.eq_any(&ids))
        .select((time_write_offs::time_entry_id, time_write_offs::reason))
        .cached()
        .load(conn)?;
    Ok(entries
        .into_iter()
        .map(|entry| {
            let company = companies.iter().find(|row| row.0 == entry.client_id);
            EntryRow {
                user_name: name_of(&people, entry.user_id),
                client_name: company.map(|row| row.1.clone()).unwrap_or_default(),
                currency: company.map_or(Currency::EUR, |row| row.2),
                project_name: name_of(&undertakings, entry.project_id),
                task_title: entry.task_id.map(|id| name_of(&titles, id)),
                invoice: claims
                    .iter()
                    .find(|row| row.0 == entry.id)
                    .map(|(_, id, number)| (*id, number.clone())),
                written_off: reasons.iter().find(|row| row.0 == entry.id).map(|row| row.1.clone()),
                is_locked: false,
                entry,
            }
        })
        .collect())
}

/// Notes which of `rows` lie on locked days.
pub(in crate::time_entries) fn mark_locked(
    conn: &mut Conn,
    now: UtcTime,
    rows: &mut [EntryRow],
) -> AppResult<()> {
    let Some(first) = rows.iter().map(|row| row.entry.local_on).min() else { return Ok(()) };
    let locks = Locks::load(conn, now, first)?;
    for row in rows {
        row.is_locked = locks.hold(row.entry.user_id, row.entry.local_on);
    }
    Ok(())
}

fn name_of<I: PartialEq>(names: &[(I, String)], id: I) -> String {
    names.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone()).unwrap_or_default()
}
