//! What re-pricing would change, and the verb that does.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Subject};
use crate::auth::policy::Policy;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult};
use crate::keys::sha256_hex;
use crate::rates::model::{Book, ENTRY_RATE, RateKind, Resolved, Work};
use crate::time_entries::model::{TimeEntry, visible_to};
use crate::time_entries::price::worth;
use crate::time_entries::rows::{Billing, EntryRow, with_names};
use crate::time_entries::timesheets::locks::Locks;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, TaskId, UserId};
use crate::types::money::{Currency, Money};

/// Entries that are looked at in one go.
const MOST: i64 = 5_000;

/// Which hours.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// Their price or their cost.
    pub kind: RateKind,
    /// From this local day.
    pub from: NaiveDate,
    /// To this local day.
    pub to: Option<NaiveDate>,
    /// One client's.
    pub client: Option<ClientId>,
    /// One project's.
    pub project: Option<ProjectId>,
    /// One task's.
    pub task: Option<TaskId>,
    /// One person's.
    pub user: Option<UserId>,
}

/// An entry that another rate is agreed for than it was saved with.
#[derive(Debug, Clone)]
pub struct Change {
    /// The entry with its names.
    pub row: EntryRow,
    /// Minor units an hour until now.
    pub old_cents: Option<i64>,
    /// What is agreed.
    pub new: Resolved,
    /// What its value changes by, in minor units; what it costs us, for costs.
    pub difference: i64,
    /// Its value afterwards.
    amount: i64,
    /// Why it stays as it is.
    pub skipped: Option<&'static str>,
}

/// What would change.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which hours were asked for.
    pub period: Period,
    /// Entries that get another rate, by day.
    pub changes: Vec<Change>,
    /// Entries that keep theirs although another is agreed, by day.
    pub skipped: Vec<Change>,
    /// Entries that were looked at.
    pub looked_at: usize,
}

impl Plan {
    /// Names exactly these changes: entries, their versions and their new rates.
    pub fn fingerprint(&self) -> String {
        let mut text = self.period.kind.to_string();
        for change in &self.changes {
            let entry = &change.row.entry;
            text.push_str(&format!(
                ";{} {} {} {}",
                entry.id, entry.version, change.new.cents, change.new.source
            ));
        }
        sha256_hex(&text)
    }

    /// What the value of all changes by, for each currency.
    pub fn differences(&self) -> Vec<(Currency, i64)> {
        let mut sums: Vec<(Currency, i64)> = Vec::new();
        for change in &self.changes {
            let currency = change.row.currency;
            match sums.iter_mut().find(|(known, _)| *known == currency) {
                Some((_, sum)) => *sum = sum.saturating_add(change.difference),
                None => sums.push((currency, change.difference)),
            }
        }
        sums
    }
}

/// What re-pricing the hours of `period` would do. Hours for which nothing is agreed keep what they have.
pub fn plan(conn: &mut Conn, actor: &Actor, now: UtcTime, period: &Period) -> AppResult<Plan> {
    if !actor.sees_money() {
        return Err(AppError::Forbidden);
    }
    let entries = entries_of(conn, actor, period)?;
    let looked_at = entries.len();
    let (book, locks) = (Book::load(conn)?, Locks::load(conn, now, period.from)?);
    let mut agreed = Vec::new();
    for entry in entries {
        let work = Work {
            user: entry.user_id,
            client: entry.client_id,
            project: entry.project_id,
            task: entry.task_id,
        };
        let prices = book.resolve(work, entry.local_on);
        let (new, old_cents) = match period.kind {
            RateKind::Bill => (prices.bill, entry.rate_cents),
            RateKind::Cost => (prices.cost, entry.cost_rate_cents),
        };
        if let Some(new) = new.filter(|new| Some(new.cents) != old_cents) {
            agreed.push((entry, old_cents, new));
        }
    }
    let rows = with_names(conn, agreed.iter().map(|(entry, ..)| entry.clone()).collect())?;
    let mut plan = Plan { period: *period, changes: Vec::new(), skipped: Vec::new(), looked_at };
    for (row, (_, old_cents, new)) in rows.into_iter().zip(agreed) {
        let mut change = change(period.kind, row, old_cents, new)?;
        let entry = &change.row.entry;
        if !entry.is_running() && locks.hold(entry.user_id, entry.local_on) {
            change.skipped = change.skipped.or(Some("Locked"));
        }
        if change.skipped.is_some() { plan.skipped.push(change) } else { plan.changes.push(change) }
    }
    Ok(plan)
}

fn entries_of(conn: &mut Conn, actor: &Actor, period: &Period) -> AppResult<Vec<TimeEntry>> {
    let mut query = visible_to(actor)
        .filter(time_entries::local_on.ge(period.from))
        .order((time_entries::local_on, time_entries::id))
        .select(TimeEntry::as_select())
        .limit(MOST + 1);
    if let Some(to) = period.to {
        query = query.filter(time_entries::local_on.le(to));
    }
    if let Some(id) = period.client {
        query = query.filter(time_entries::client_id.eq(id));
    }
    if let Some(id) = period.project {
        query = query.filter(time_entries::project_id.eq(id));
    }
    if let Some(id) = period.task {
        query = query.filter(time_entries::task_id.eq(id));
    }
    if let Some(id) = period.user {
        query = query.filter(time_entries::user_id.eq(id));
    }
    let entries: Vec<TimeEntry> = query.load(conn)?;
    if entries.len() as i64 > MOST {
        return Err(AppError::invalid(
            "from",
            "leaves more than 5,000 entries: choose a shorter period, or one client, project or person",
        ));
    }
    Ok(entries)
}

fn change(kind: RateKind, row: EntryRow, old_cents: Option<i64>, new: Resolved) -> AppResult<Change> {
    let entry = &row.entry;
    let (amount, difference) = match kind {
        RateKind::Bill => {
            let amount = worth(entry.duration_seconds, Some(new.cents), entry.is_billable)?;
            (amount, amount - entry.amount_cents)
        }
        RateKind::Cost => {
            let cost = |cents| worth(entry.duration_seconds, cents, true);
            (entry.amount_cents, cost(Some(new.cents))? - cost(old_cents)?)
        }
    };
    let skipped = match (kind, row.billing()) {
        (RateKind::Bill, Some(Billing::Billed)) => Some("On an invoice"),
        (RateKind::Bill, Some(Billing::Drafted)) => Some("On a draft"),
        (RateKind::Bill, Some(Billing::WrittenOff)) => Some("Written off"),
        (RateKind::Bill, _) if entry.rate_source == ENTRY_RATE => Some("Priced by hand"),
        _ => None,
    };
    Ok(Change { row, old_cents, new, difference, amount, skipped })
}

/// Carries out the plan that was shown and says how many entries it changed; a conflict, and no change at all, when
/// the same question has another answer by now.
pub fn carry_out(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    period: &Period,
    shown: &str,
) -> AppResult<usize> {
    if !actor.may(Policy::Manage) {
        return Err(AppError::Forbidden);
    }
    let plan = plan(conn, actor, now, period)?;
    let moved = || {
        AppError::Conflict(
            "Hours or rates changed since the preview. Nothing was re-priced: look at it again.".into(),
        )
    };
    if plan.fingerprint() != shown {
        return Err(moved());
    }
    for change in &plan.changes {
        let entry = &change.row.entry;
        let this = time_entries::table
            .filter(time_entries::id.eq(entry.id))
            .filter(time_entries::version.eq(entry.version));
        let common = (time_entries::updated_at.eq(now), time_entries::version.eq(time_entries::version + 1));
        let updated = match period.kind {
            RateKind::Bill => diesel::update(this)
                .set((
                    time_entries::rate_cents.eq(change.new.cents),
                    time_entries::rate_source.eq(&change.new.source),
                    time_entries::amount_cents.eq(change.amount),
                    common,
                ))
                .execute(conn)?,
            RateKind::Cost => diesel::update(this)
                .set((
                    time_entries::cost_rate_cents.eq(change.new.cents),
                    time_entries::cost_rate_source.eq(&change.new.source),
                    common,
                ))
                .execute(conn)?,
        };
        if updated != 1 {
            return Err(moved());
        }
        let field = match period.kind {
            RateKind::Bill => "rate",
            RateKind::Cost => "cost",
        };
        let text = |cents| Money::text_of(cents, change.row.currency);
        let note = change
            .row
            .note(Action::Repriced, Subject::TimeEntry)
            .change(field, text(change.old_cents), text(Some(change.new.cents)))
            .change("date", "", entry.local_on);
        audit::record(conn, Some(actor.id), now, &note)?;
    }
    Ok(plan.changes.len())
}
