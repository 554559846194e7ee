//! Unbilled hours and how they become lines. Claims are rows of `billed_entries`; only the database's triggers
//! touch the hours themselves.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Grouping, NewLine, Unit};
use super::tax::{TaxCategory, TaxRates};
use super::totals::Discount;
use crate::db::schema::{billed_entries, invoice_lines, projects, tasks, time_entries};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::time_entries::rounding::model::{self as rounding, Worked};
use crate::types::calendar::{day_month, day_month_year};
use crate::types::ids::{ClientId, InvoiceId, InvoiceLineId, ProjectId, TaskId, TimeEntryId};
use crate::types::money;

/// Rows of one insert: well below what a statement may bind.
const CLAIM_BATCH: usize = 1_000;
/// Characters of a line's title.
const TITLE: usize = 200;
/// Names that the details of a line list.
const NAMES: usize = 8;

/// Whose hours, and of which days.
#[derive(Debug, Clone, Copy)]
pub struct HoursFilter {
    /// Of this client.
    pub client: ClientId,
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// From this local day on.
    pub from: Option<NaiveDate>,
    /// To this local day.
    pub to: Option<NaiveDate>,
}

/// An hour that may be billed, or is claimed.
#[derive(Debug, Clone, Queryable)]
pub struct Entry {
    /// Which.
    pub id: TimeEntryId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its project's name.
    pub project: String,
    /// Its task.
    pub task_id: Option<TaskId>,
    /// Its task's title.
    pub task: Option<String>,
    /// The local day it belongs to.
    pub local_on: NaiveDate,
    /// Seconds worked.
    pub seconds: i64,
    /// Seconds that rounding bills of them.
    pub rounded: i64,
    /// Price of an hour; `None` when nothing was agreed.
    pub rate_cents: Option<i64>,
    /// Its own value in minor units.
    pub cents: i64,
    /// What was written about it.
    pub note: String,
}

/// Entries become one line when their keys are equal; the order of keys is the order of lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    day: Option<NaiveDate>,
    project: Option<(String, ProjectId)>,
    task: Option<(String, Option<TaskId>)>,
    entry: Option<TimeEntryId>,
    rate_cents: i64,
}

impl Key {
    /// The key of `entry`; `None` when it has no rate.
    pub fn of(entry: &Entry, grouping: Grouping) -> Option<Self> {
        let rate_cents = entry.rate_cents?;
        let mut key = Self { day: None, project: None, task: None, entry: None, rate_cents };
        match grouping {
            Grouping::Task => {
                key.project = Some((entry.project.clone(), entry.project_id));
                key.task = Some((entry.task.clone().unwrap_or_default(), entry.task_id));
            }
            Grouping::Project => key.project = Some((entry.project.clone(), entry.project_id)),
            Grouping::Day => key.day = Some(entry.local_on),
            Grouping::Entry => {
                key.day = Some(entry.local_on);
                key.entry = Some(entry.id);
            }
        }
        Some(key)
    }
}

/// Hours that become one line.
#[derive(Debug, Clone)]
pub struct Group {
    /// What they have in common.
    pub key: Key,
    /// The line's title.
    pub title: String,
    /// The line's details.
    pub details: String,
    /// Sum of the seconds.
    pub seconds: i64,
    /// Sum of the seconds that rounding bills.
    pub rounded: i64,
    /// Sum of the entries' own values.
    pub cents: i64,
    /// Price of an hour.
    pub rate_cents: i64,
    /// The entries.
    pub entries: Vec<TimeEntryId>,
}

impl Group {
    /// The line: quantity from the summed billed seconds, as it will be printed.
    pub fn line(&self, rates: TaxRates, tax_category: TaxCategory) -> AppResult<NewLine> {
        Ok(NewLine {
            title: self.title.clone(),
            details: self.details.clone(),
            quantity_e4: quantity(self.rounded)?,
            unit: Unit::Hour,
            unit_price_cents: self.rate_cents,
            discount: Discount::NONE,
            tax_rate_millis: rates.first_millis,
            second_tax_rate_millis: rates.second_millis,
            tax_category,
            adjustment_reason: String::new(),
        })
    }

    /// Its net in minor units; `None` when that is more than can be kept.
    pub fn net(&self) -> Option<i64> {
        money::line_net(money::hours_e4(self.rounded)?, self.rate_cents)
    }
}

/// Seconds as a quantity of hours in ten-thousandths.
pub fn quantity(seconds: i64) -> AppResult<i64> {
    money::hours_e4(seconds)
        .filter(|quantity| *quantity <= money::MAX_QUANTITY_E4)
        .ok_or_else(|| AppError::invalid("lines", "hold more hours than can be kept"))
}

/// Hours that no invoice holds, by day.
pub fn unbilled(conn: &mut Conn, filter: &HoursFilter) -> AppResult<Vec<Entry>> {
    let mut query = time_entries::table
        .inner_join(projects::table)
        .left_join(tasks::table)
        .filter(time_entries::client_id.eq(filter.client))
        .filter(time_entries::is_unbilled)
        .select((
            time_entries::id,
            time_entries::project_id,
            projects::name,
            time_entries::task_id,
            tasks::title.nullable(),
            time_entries::local_on,
            time_entries::duration_seconds,
            time_entries::duration_seconds,
            time_entries::rate_cents,
            time_entries::amount_cents,
            time_entries::note,
        ))
        .order((time_entries::local_on, time_entries::id))
        .into_boxed();
    if let Some(project) = filter.project {
        query = query.filter(time_entries::project_id.eq(project));
    }
    if let Some(from) = filter.from {
        query = query.filter(time_entries::local_on.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(time_entries::local_on.le(to));
    }
    let mut entries: Vec<Entry> = query.load(conn)?;
    round(conn, filter.client, entries.iter_mut().collect())?;
    Ok(entries)
}

/// Works out what of each entry of `client` is billed.
fn round(conn: &mut Conn, client: ClientId, mut entries: Vec<&mut Entry>) -> AppResult<()> {
    let rules = rounding::of_client(conn, client)?;
    let worked: Vec<Worked> = entries
        .iter()
        .map(|entry| Worked {
            on: entry.local_on,
            project: entry.project_id,
            task: entry.task_id,
            seconds: entry.seconds,
        })
        .collect();
    for (entry, seconds) in entries.iter_mut().zip(rounding::billed(&worked, |project| rules.of(project))) {
        entry.rounded = seconds;
    }
    Ok(())
}

/// [`unbilled`], locked until the transaction ends, so that two drafts never want the same hours.
pub fn unbilled_locked(conn: &mut Conn, filter: &HoursFilter) -> AppResult<Vec<Entry>> {
    dialect::lock_row(conn, dialect::LockedTable::TimeEntriesOfClient, filter.client.0)?;
    unbilled(conn, filter)
}

/// The hours that the lines of an invoice for `client` claim, by day.
pub fn claimed(conn: &mut Conn, id: InvoiceId, client: ClientId) -> AppResult<Vec<(InvoiceLineId, Entry)>> {
    let mut rows: Vec<(InvoiceLineId, Entry)> = billed_entries::table
        .inner_join(invoice_lines::table)
        .inner_join(time_entries::table.inner_join(projects::table).left_join(tasks::table))
        .filter(invoice_lines::invoice_id.eq(id))
        .select((
            billed_entries::invoice_line_id,
            (
                time_entries::id,
                time_entries::project_id,
                projects::name,
                time_entries::task_id,
                tasks::title.nullable(),
                time_entries::local_on,
                time_entries::duration_seconds,
                time_entries::duration_seconds,
                time_entries::rate_cents,
                time_entries::amount_cents,
                time_entries::note,
            ),
        ))
        .order((time_entries::local_on, time_entries::id))
        .load(conn)?;
    round(conn, client, rows.iter_mut().map(|(_, entry)| entry).collect())?;
    Ok(rows)
}

/// Takes hours for a line. The primary key refuses hours that are taken.
pub fn claim(conn: &mut Conn, line: InvoiceLineId, entries: &[TimeEntryId]) -> AppResult<()> {
    for batch in entries.chunks(CLAIM_BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .map(|entry| (billed_entries::time_entry_id.eq(*entry), billed_entries::invoice_line_id.eq(line)))
            .collect();
        crate::insert_batch!(conn, billed_entries::table, &rows)?;
    }
    Ok(())
}

/// Gives the hours of lines back.
pub fn release(conn: &mut Conn, lines: &[InvoiceLineId]) -> AppResult<()> {
    for batch in lines.chunks(CLAIM_BATCH) {
        diesel::delete(billed_entries::table.filter(billed_entries::invoice_line_id.eq_any(batch)))
            .execute(conn)?;
    }
    Ok(())
}

/// Hours grouped into lines, in order, and those left out because no rate was agreed for them.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What becomes lines.
    pub groups: Vec<Group>,
    /// What has no rate.
    pub without_rate: Vec<Entry>,
    /// First day of the hours that become lines.
    pub first: Option<NaiveDate>,
    /// Their last day.
    pub last: Option<NaiveDate>,
}

impl Plan {
    /// Groups `entries`.
    pub fn new(entries: Vec<Entry>, grouping: Grouping) -> Self {
        let mut plan = Self::default();
        let mut groups: BTreeMap<Key, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            let Some(key) = Key::of(&entry, grouping) else {
                plan.without_rate.push(entry);
                continue;
            };
            plan.first = Some(plan.first.map_or(entry.local_on, |first| first.min(entry.local_on)));
            plan.last = Some(plan.last.map_or(entry.local_on, |last| last.max(entry.local_on)));
            groups.entry(key).or_default().push(entry);
        }
        plan.groups =
            groups.into_iter().filter_map(|(key, entries)| group(key, &entries, grouping)).collect();
        plan
    }

    /// Seconds that lines will bill.
    pub fn seconds(&self) -> i64 {
        self.groups.iter().map(|group| group.rounded).sum()
    }

    /// Their value in minor units; `None` when that is more than can be kept.
    pub fn net(&self) -> Option<i64> {
        self.groups.iter().try_fold(0_i64, |sum, group| sum.checked_add(group.net()?))
    }

    /// Seconds that have no rate.
    pub fn seconds_without_rate(&self) -> i64 {
        self.without_rate.iter().map(|entry| entry.seconds).sum()
    }
}

fn group(key: Key, entries: &[Entry], grouping: Grouping) -> Option<Group> {
    let first = entries.first()?;
    let last = entries.last()?;
    let period = period(first.local_on, last.local_on);
    let (title, details) = match grouping {
        Grouping::Task => match &first.task {
            Some(task) => (task.clone(), format!("{}, {period}", first.project)),
            None => (first.project.clone(), period),
        },
        Grouping::Project => (first.project.clone(), period),
        Grouping::Day => {
            let names: BTreeSet<&str> =
                entries.iter().map(|entry| entry.task.as_deref().unwrap_or(&entry.project)).collect();
            let more = if names.len() > NAMES { " and more" } else { "" };
            let names: Vec<&str> = names.into_iter().take(NAMES).collect();
            (period, format!("{}{more}", names.join(", ")))
        }
        Grouping::Entry => {
            let work = first.task.as_deref().unwrap_or(&first.project);
            match first.note.lines().find(|line| !line.trim().is_empty()) {
                Some(note) => (note.trim().to_owned(), format!("{work}, {period}")),
                None => (work.to_owned(), period),
            }
        }
    };
    Some(Group {
        title: title.chars().take(TITLE).collect(),
        details,
        seconds: entries.iter().map(|entry| entry.seconds).sum(),
        rounded: entries.iter().map(|entry| entry.rounded).sum(),
        cents: entries.iter().map(|entry| entry.cents).sum(),
        rate_cents: key.rate_cents,
        entries: entries.iter().map(|entry| entry.id).collect(),
        key,
    })
}

/// "19 Nov 2026", or "14 Nov – 18 Nov 2026".
pub fn period(first: NaiveDate, last: NaiveDate) -> String {
    use chrono::Datelike;
    if first == last {
        return day_month_year(last);
    }
    let begin = if first.year() == last.year() { day_month(first) } else { day_month_year(first) };
    format!("{begin} – {}", day_month_year(last))
}
