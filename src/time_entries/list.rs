//! The list of hours: what it asks for, its pages, what they add up to.

use chrono::NaiveDate;
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::model::{TimeEntry, visible_to};
use super::rows::{Billing, EntryRow, with_names};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{billed_entries, clients, invoice_lines, invoices, time_entries, time_write_offs};
use crate::db::sum::sum;
use crate::error::{AppError, AppResult};
use crate::types::ids::{ClientId, InvoiceId, InvoiceLineId, ProjectId, TaskId, TimeEntryId, UserId};
use crate::types::money::Currency;
use crate::types::pagination::has_more;

/// Rows on a page of the list.
pub const PER_PAGE: i64 = 25;

/// The last day that a cursor can name.
const LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(date) => date,
    None => NaiveDate::MAX,
};

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct TimeEntryFilter {
    /// One client's.
    pub client_id: Option<ClientId>,
    /// One project's.
    pub project_id: Option<ProjectId>,
    /// One task's.
    pub task_id: Option<TaskId>,
    /// One person's.
    pub user_id: Option<UserId>,
    /// From this local day.
    pub from: Option<NaiveDate>,
    /// To this local day.
    pub to: Option<NaiveDate>,
    /// In this state.
    pub billing: Option<Billing>,
    /// Billed by this invoice or draft.
    pub invoice_id: Option<InvoiceId>,
    /// Billed by this line.
    pub line_id: Option<InvoiceLineId>,
    /// After this entry of the order.
    pub after: Option<Cursor>,
}

impl TimeEntryFilter {
    /// Whether it leaves few enough rows to add them up for a page: one client's, project's, task's or person's, or a
    /// period of up to a year.
    pub fn is_narrow(&self) -> bool {
        let days = self.from.zip(self.to).map(|(from, to)| to.signed_duration_since(from).num_days());
        self.client_id.is_some()
            || self.project_id.is_some()
            || self.task_id.is_some()
            || self.user_id.is_some()
            || self.invoice_id.is_some()
            || self.line_id.is_some()
            || days.is_some_and(|days| days <= 366)
    }
}

/// A place in the order of the list, newest first: `2026-11-19_123`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The day of the last row.
    pub on: NaiveDate,
    /// Its id.
    pub id: TimeEntryId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.on, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (on, id) = text.split_once('_').ok_or(())?;
        let on = NaiveDate::parse_from_str(on, "%Y-%m-%d").map_err(|_| ())?;
        // PostgreSQL has no day before 4714 BC, and we have no hours before 1970.
        if !(NaiveDate::default()..=LAST_DAY).contains(&on) {
            return Err(());
        }
        Ok(Self { on, id: id.parse().map_err(|_| ())? })
    }
}

/// Narrows a boxed query of entries to what `filter` asks for; rows and sums have different types of query.
macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter): (_, &TimeEntryFilter) = ($query, $filter);
        if let Some(id) = filter.client_id {
            query = query.filter(time_entries::client_id.eq(id));
        }
        if let Some(id) = filter.project_id {
            query = query.filter(time_entries::project_id.eq(id));
        }
        if let Some(id) = filter.task_id {
            query = query.filter(time_entries::task_id.eq(id));
        }
        if let Some(id) = filter.user_id {
            query = query.filter(time_entries::user_id.eq(id));
        }
        if let Some(from) = filter.from {
            query = query.filter(time_entries::local_on.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(time_entries::local_on.le(to));
        }
        if let Some(id) = filter.invoice_id {
            let lines = invoice_lines::table.filter(invoice_lines::invoice_id.eq(id)).select(invoice_lines::id);
            let hours = billed_entries::table
                .filter(billed_entries::invoice_line_id.eq_any(lines))
                .select(billed_entries::time_entry_id);
            query = query.filter(time_entries::id.eq_any(hours));
        }
        if let Some(id) = filter.line_id {
            let hours = billed_entries::table
                .filter(billed_entries::invoice_line_id.eq(id))
                .select(billed_entries::time_entry_id);
            query = query.filter(time_entries::id.eq_any(hours));
        }
        let claims = || billed_entries::table.inner_join(invoice_lines::table.inner_join(invoices::table));
        match filter.billing {
            None => query,
            Some(Billing::Unbilled) => query.filter(time_entries::is_unbilled),
            Some(Billing::Drafted) => {
                // From the few drafts to their hours: one list after the other, so that no database starts at the claims.
                let drafts = invoices::table.filter(invoices::issued_at.is_null()).select(invoices::id);
                let lines = invoice_lines::table
                    .filter(invoice_lines::invoice_id.eq_any(drafts))
                    .select(invoice_lines::id);
                let hours = billed_entries::table
                    .filter(billed_entries::invoice_line_id.eq_any(lines))
                    .select(billed_entries::time_entry_id);
                query.filter(time_entries::id.eq_any(hours))
            }
            Some(Billing::Billed) => query.filter(exists(
                claims()
                    .filter(billed_entries::time_entry_id.eq(time_entries::id))
                    .filter(invoices::issued_at.is_not_null()),
            )),
            Some(Billing::WrittenOff) => query.filter(
                time_entries::id.eq_any(time_write_offs::table.select(time_write_offs::time_entry_id)),
            ),
            Some(Billing::NonBillable) => query.filter(time_entries::is_billable.eq(false)),
        }
    }};
}

/// A page of the list, newest first, and where the next one starts.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &TimeEntryFilter,
) -> AppResult<(Vec<EntryRow>, Option<Cursor>)> {
    let mut query = narrowed!(visible_to(actor), filter);
    if let Some(after) = filter.after {
        // The first condition is implied by the second; it lets the index start at the right day.
        query = query.filter(time_entries::local_on.le(after.on)).filter(
            time_entries::local_on
                .lt(after.on)
                .or(time_entries::local_on.eq(after.on).and(time_entries::id.lt(after.id))),
        );
    }
    let mut entries: Vec<TimeEntry> = query
        .order((time_entries::local_on.desc(), time_entries::id.desc()))
        .select(TimeEntry::as_select())
        .limit(PER_PAGE + 1)
        .load(conn)?;
    let more = has_more(&mut entries, PER_PAGE);
    let next = entries.last().filter(|_| more).map(|last| Cursor { on: last.local_on, id: last.id });
    Ok((with_names(conn, entries)?, next))
}

/// What the invoice or the line is called whose hours `filter` asks for; not found for who sees no money.
pub fn billed_by(conn: &mut Conn, actor: &Actor, filter: &TimeEntryFilter) -> AppResult<Option<String>> {
    if filter.invoice_id.is_none() && filter.line_id.is_none() {
        return Ok(None);
    }
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    let name = |number: Option<String>| number.unwrap_or_else(|| "Draft".to_owned());
    if let Some(id) = filter.line_id {
        let (number, title): (Option<String>, String) = invoice_lines::table
            .inner_join(invoices::table)
            .filter(invoice_lines::id.eq(id))
            .select((invoices::number, invoice_lines::title))
            .first(conn)?;
        return Ok(Some(format!("{}, {title}", name(number))));
    }
    let number =
        invoices::table.filter(invoices::id.nullable().eq(filter.invoice_id)).select(invoices::number);
    Ok(Some(name(number.first(conn)?)))
}

/// Sums over a whole filter.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Entries.
    pub count: i64,
    /// Seconds, without what still runs.
    pub seconds: i64,
    /// Value by currency.
    pub amounts: Vec<(Currency, i64)>,
}

/// What the filter's hours come to.
pub fn totals(conn: &mut Conn, actor: &Actor, filter: &TimeEntryFilter) -> AppResult<Totals> {
    // The sign keeps SQLite from walking the whole index of clients for the order of the groups.
    let client = || sql::<BigInt>("+time_entries.client_id");
    let mut query = time_entries::table
        .group_by(client())
        .select((
            client(),
            diesel::dsl::count_star(),
            sum(time_entries::duration_seconds),
            sum(time_entries::amount_cents),
        ))
        .into_boxed();
    if !actor.sees_all_time() {
        query = query.filter(time_entries::user_id.eq(actor.id));
    }
    let sums: Vec<(ClientId, i64, Option<i64>, Option<i64>)> =
        narrowed!(query, filter).cached().load(conn)?;
    let ids: Vec<ClientId> = sums.iter().map(|sum| sum.0).collect();
    let currencies: Vec<(ClientId, Currency)> = clients::table
        .filter(clients::id.eq_any(&ids))
        .select((clients::id, clients::currency))
        .cached()
        .load(conn)?;
    let mut totals = Totals::default();
    for (client, count, seconds, cents) in sums {
        totals.count += count;
        totals.seconds += seconds.unwrap_or(0);
        let Some((_, currency)) = currencies.iter().find(|(id, _)| *id == client) else { continue };
        match totals.amounts.iter_mut().find(|(known, _)| known == currency) {
            Some((_, sum)) => *sum += cents.unwrap_or(0),
            None => totals.amounts.push((*currency, cents.unwrap_or(0))),
        }
    }
    totals.amounts.sort_by_key(|(currency, _)| currency.code());
    Ok(totals)
}
