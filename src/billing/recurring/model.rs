//! Recurring invoices: rows, queries and the days to come.

use chrono::NaiveDate;
use diesel::prelude::*;

pub use super::period::{Calendar, Covers, RecurringUnit};
use crate::auth::user::Actor;
use crate::billing::outline::Outline;
use crate::db::schema::{clients, invoices, projects, recurring_invoices, recurring_periods};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ProjectId, RecurringId, UserId};
use crate::types::money::Currency;
use crate::types::pagination::{PER_PAGE, has_more};

/// Days that a preview shows.
const PREVIEW: usize = 12;

crate::text_enum! {
    /// Whether a recurring invoice goes on; derived, never stored.
    pub enum RecurringStatus {
        /// Its next day is known.
        Active = "active", "Active";
        /// It rests.
        Paused = "paused", "Paused";
        /// Its last invoice is made.
        Ended = "ended", "Ended";
    }
}

/// An invoice that comes back. Amounts are minor units of its currency.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = recurring_invoices)]
pub struct Recurring {
    /// Which.
    pub id: RecurringId,
    /// For whom.
    pub client_id: ClientId,
    /// For which of its projects.
    pub project_id: Option<ProjectId>,
    /// What its amounts are of.
    pub currency: Currency,
    /// What we call it; not printed.
    pub title: String,
    /// What each invoice adds up to.
    pub total_cents: i64,
    /// How many units lie between two.
    pub every: i64,
    /// Of what.
    pub unit: RecurringUnit,
    /// Which time each covers.
    pub covers: Covers,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day on which one may fall.
    pub ends_on: Option<NaiveDate>,
    /// How many there are at most.
    pub most: Option<i64>,
    /// How many were made.
    pub made: i64,
    /// The day of the next one; none while it rests or when it has ended.
    pub next_on: Option<NaiveDate>,
    /// Whether it rests.
    pub is_paused: bool,
    /// Who made it, and in whose name its drafts are made.
    pub created_by: UserId,
    /// When it began.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl Recurring {
    /// Its days.
    pub fn calendar(&self) -> Calendar {
        Calendar { every: self.every, unit: self.unit, starts_on: self.starts_on }
    }

    /// "Every 2 weeks".
    pub fn words(&self) -> String {
        self.calendar().words()
    }

    /// `day` if one may still be made on it after `made` of them.
    pub fn allowed(&self, day: Option<NaiveDate>, made: i64) -> Option<NaiveDate> {
        let is_within = |day: &NaiveDate| self.ends_on.is_none_or(|end| *day <= end);
        day.filter(is_within).filter(|_| self.most.is_none_or(|most| made < most))
    }

    /// Whether it goes on.
    pub fn status(&self) -> RecurringStatus {
        match (self.is_paused, self.next_on) {
            (true, _) => RecurringStatus::Paused,
            (false, Some(_)) => RecurringStatus::Active,
            (false, None) => RecurringStatus::Ended,
        }
    }

    /// The next days, with the time that each covers; of one that rests, what they would be from `today` on.
    pub fn upcoming(&self, today: NaiveDate) -> Vec<Upcoming> {
        let calendar = self.calendar();
        let first = if self.is_paused { calendar.from(today.max(self.starts_on)) } else { self.next_on };
        let mut days = Vec::new();
        let (mut next, mut made) = (self.allowed(first, self.made), self.made);
        while let Some(on) = next.filter(|_| days.len() < PREVIEW) {
            let Some((from, to)) = calendar.covered(on, self.covers) else { break };
            days.push(Upcoming { on, from, to });
            made += 1;
            next = self.allowed(calendar.after(on), made);
        }
        days
    }
}

/// A day to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upcoming {
    /// When its draft is made.
    pub on: NaiveDate,
    /// First day that it covers.
    pub from: NaiveDate,
    /// Last day that it covers.
    pub to: NaiveDate,
}

/// A row of the list.
#[derive(Debug, Clone)]
pub struct RecurringRow {
    /// The recurring invoice.
    pub recurring: Recurring,
    /// Its client's name.
    pub client: String,
    /// Its project's name.
    pub project: Option<String>,
}

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct RecurringFilter {
    /// Of one client.
    pub client: Option<ClientId>,
    /// The rows after this one.
    pub after: Option<RecurringId>,
}

/// A page of recurring invoices, newest first, and the row after which the next begins.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &RecurringFilter,
) -> AppResult<(Vec<RecurringRow>, Option<RecurringId>)> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let mut query = recurring_invoices::table
        .inner_join(clients::table)
        .left_join(projects::table.on(projects::id.nullable().eq(recurring_invoices::project_id)))
        .select((Recurring::as_select(), clients::name, projects::name.nullable()))
        .order(recurring_invoices::id.desc())
        .limit(PER_PAGE + 1)
        .into_boxed();
    if let Some(client) = filter.client {
        query = query.filter(recurring_invoices::client_id.eq(client));
    }
    if let Some(after) = filter.after {
        query = query.filter(recurring_invoices::id.lt(after));
    }
    let rows: Vec<(Recurring, String, Option<String>)> = query.load(conn)?;
    let mut rows: Vec<RecurringRow> = rows
        .into_iter()
        .map(|(recurring, client, project)| RecurringRow { recurring, client, project })
        .collect();
    let more = has_more(&mut rows, PER_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.recurring.id);
    Ok((rows, next))
}

/// The recurring invoice, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: RecurringId) -> AppResult<Recurring> {
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    Ok(recurring_invoices::table.find(id).select(Recurring::as_select()).first(conn)?)
}

/// [`find`], locked until the transaction ends.
pub fn find_locked(conn: &mut Conn, actor: &Actor, id: RecurringId) -> AppResult<Recurring> {
    dialect::lock_row(conn, dialect::LockedTable::RecurringInvoices, id.0)?;
    find(conn, actor, id)
}

/// What each invoice says, with its placeholders.
pub fn outline(conn: &mut Conn, id: RecurringId) -> AppResult<Outline> {
    Ok(recurring_invoices::table.find(id).select(recurring_invoices::content).first(conn)?)
}

/// A period that was invoiced, newest first: its day, and the invoice with its number, if nobody threw the draft away.
pub type Made = (NaiveDate, Option<InvoiceId>, Option<String>);

/// The latest periods that were invoiced.
pub fn made(conn: &mut Conn, id: RecurringId) -> AppResult<Vec<Made>> {
    Ok(recurring_periods::table
        .left_join(invoices::table)
        .filter(recurring_periods::recurring_id.eq(id))
        .order(recurring_periods::period_on.desc())
        .limit(PER_PAGE)
        .select((recurring_periods::period_on, invoices::id.nullable(), invoices::number.nullable()))
        .load(conn)?)
}

/// The last day that was invoiced.
pub(super) fn last_period(conn: &mut Conn, id: RecurringId) -> AppResult<Option<(NaiveDate, NaiveDate)>> {
    Ok(recurring_periods::table
        .filter(recurring_periods::recurring_id.eq(id))
        .order(recurring_periods::period_on.desc())
        .select((recurring_periods::period_on, recurring_periods::covered_to))
        .first(conn)
        .optional()?)
}
