//! Retainers: terms, periods, and the verb that closes one.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use super::charges;
pub use super::charges::{
    Charge, ChargeKind, OpenPeriods, UnbilledCharge, charge_fee, has_any, to_close, unbilled,
};
use super::ledger::{Carry, Lot, Numbers, Period, RetainerUnit, Terms, overage_cents, settle};
pub use super::statement::{STATEMENT_ROWS, StatementRow, closed_by, statement};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::{retainer_carries, retainer_periods, retainers};
use crate::error::{AppError, AppResult};
use crate::projects::model::{self as projects, Project};
use crate::types::calendar::day_month_year;
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::ids::ProjectId;
use crate::types::money::{Currency, Money};

/// Periods that are worked out at most beyond those that are closed.
pub(super) const MOST_OPEN: i64 = 600;

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = retainers)]
pub struct Retainer {
    /// On which project.
    pub project_id: ProjectId,
    /// What is granted.
    pub unit: RetainerUnit,
    /// How long a period is.
    pub period: Period,
    /// The first day of the first period.
    pub starts_on: NaiveDate,
    /// What each period grants, in seconds or minor units.
    pub granted: i64,
    /// What a period is charged with, in minor units.
    pub fee_cents: Option<i64>,
    /// The most that rolls over; `None` is all of it.
    pub roll_cap: Option<i64>,
    /// Periods for which what rolled over can be used.
    pub expires_after: Option<i64>,
    /// What an hour beyond costs; `None` takes it from the next period. Money beyond is billed as it is.
    pub overage_rate_cents: Option<i64>,
    /// What else was agreed.
    pub note: String,
    /// Counts the edits.
    pub version: i64,
}

impl Retainer {
    /// What the arithmetic asks.
    pub fn terms(&self) -> Terms {
        Terms {
            granted: self.granted,
            roll_cap: self.roll_cap,
            expires_after: self.expires_after,
            carries_debt: self.unit == RetainerUnit::Hours && self.overage_rate_cents.is_none(),
        }
    }

    /// Whether `actor` may see its amounts: those of money are for who sees money.
    pub fn is_shown(&self, money: bool) -> bool {
        money || self.unit == RetainerUnit::Hours
    }
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = retainers, treat_none_as_null = true)]
pub struct NewRetainer {
    /// What is granted.
    pub unit: RetainerUnit,
    /// How long a period is.
    pub period: Period,
    /// The first day of the first period.
    pub starts_on: NaiveDate,
    /// What each period grants.
    pub granted: i64,
    /// What a period is charged with.
    pub fee_cents: Option<i64>,
    /// The most that rolls over.
    pub roll_cap: Option<i64>,
    /// Periods for which what rolled over can be used.
    pub expires_after: Option<i64>,
    /// What an hour beyond costs.
    pub overage_rate_cents: Option<i64>,
    /// What else was agreed.
    pub note: String,
}

/// A period of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPeriod {
    /// From 0.
    pub seq: i64,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
    /// Its numbers: frozen when it is closed, else as of now.
    pub numbers: Numbers,
    /// What its overage is billed with, in minor units.
    pub overage_cents: i64,
    /// What it is charged with, in minor units.
    pub fee_cents: i64,
    /// Whether it is closed.
    pub is_closed: bool,
    /// The fee that it was charged with.
    pub fee: Option<Charge>,
    /// The overage that it was charged with.
    pub overage: Option<Charge>,
}

impl LedgerPeriod {
    /// Whether `today` lies in it.
    pub fn is_current(&self, today: &NaiveDate) -> bool {
        (self.starts_on..=self.ends_on).contains(today)
    }

    /// What is billed for it, in minor units: its fee and its overage.
    pub fn charge_cents(&self) -> i64 {
        self.fee_cents.saturating_add(self.overage_cents)
    }

    /// Whether its fee can be charged.
    pub fn can_charge(&self) -> bool {
        self.fee_cents > 0 && self.fee.is_none()
    }

    /// Whether something that it was charged with waits to be billed.
    pub fn is_unbilled(&self) -> bool {
        [self.fee, self.overage].iter().flatten().any(|charge| charge.is_unbilled)
    }

    /// Whether all that it was charged with is on an invoice; not where it was charged with nothing.
    pub fn is_billed(&self) -> bool {
        (self.fee.is_some() || self.overage.is_some()) && !self.is_unbilled()
    }

    /// "1 Oct 2026 to 31 Oct 2026".
    pub fn span(&self) -> String {
        format!("{} to {}", day_month_year(self.starts_on), day_month_year(self.ends_on))
    }

    /// Whether it has ended and waits to be closed.
    pub fn can_close(&self, today: &NaiveDate) -> bool {
        !self.is_closed && self.ends_on < *today
    }
}

/// The terms of a project's retainer, if it has one. The caller has found the project.
pub fn of_project(conn: &mut Conn, project: ProjectId) -> AppResult<Option<Retainer>> {
    Ok(retainers::table.find(project).select(Retainer::as_select()).first(conn).optional()?)
}

/// Agrees on a retainer, or on other terms over version `version`. What periods are cannot change once one is closed.
pub fn set(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    project: ProjectId,
    version: Option<i64>,
    new: &NewRetainer,
) -> AppResult<Saved<Retainer>> {
    let project = open_project(conn, actor, project)?;
    let stored = |conn: &mut Conn| of_project(conn, project.id)?.ok_or(AppError::NotFound);
    let Some(before) = of_project(conn, project.id)? else {
        diesel::insert_into(retainers::table)
            .values((
                new,
                retainers::project_id.eq(project.id),
                retainers::created_at.eq(now),
                retainers::updated_at.eq(now),
            ))
            .execute(conn)?;
        note(
            conn,
            actor,
            now,
            Entry::new(Action::Created, Subject::Retainer, project.id.0, &project.name),
            &project,
        )?;
        return Ok(Saved::Done(stored(conn)?));
    };
    if Some(before.version) != version {
        return Ok(Saved::Stale(before));
    }
    let shape = (new.unit, new.period, new.starts_on);
    if shape != (before.unit, before.period, before.starts_on) && has_any(conn, project.id)? {
        let field = match shape {
            (unit, ..) if unit != before.unit => "unit",
            (_, period, _) if period != before.period => "period",
            _ => "starts_on",
        };
        return Err(AppError::invalid(field, "cannot change any more: a period is closed or charged"));
    }
    diesel::update(retainers::table.find(project.id))
        .set((new, retainers::updated_at.eq(now), retainers::version.eq(retainers::version + 1)))
        .execute(conn)?;
    let text = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let currency = clients::find(conn, actor, project.client_id)?.currency;
    let money = |cents: Option<i64>| Money::text_of(cents, currency);
    let hours =
        |unit, amount| if unit == RetainerUnit::Hours { duration::hours(amount) } else { String::new() };
    let cents = |unit, amount| (unit == RetainerUnit::Money).then_some(amount);
    let entry = Entry::new(Action::Updated, Subject::Retainer, project.id.0, &project.name)
        .change("granted", hours(before.unit, before.granted), hours(new.unit, new.granted))
        .change("budget", money(cents(before.unit, before.granted)), money(cents(new.unit, new.granted)))
        .change("price", money(before.fee_cents), money(new.fee_cents))
        .change("rate", money(before.overage_rate_cents), money(new.overage_rate_cents))
        .change("expires_after", text(before.expires_after), text(new.expires_after))
        .change("note", &before.note, &new.note);
    note(conn, actor, now, entry, &project)?;
    Ok(Saved::Done(stored(conn)?))
}

pub(super) fn open_project(conn: &mut Conn, actor: &Actor, id: ProjectId) -> AppResult<Project> {
    projects::find(conn, actor, id)?;
    lock_row(conn, LockedTable::Projects, id.0)?;
    let project = projects::find(conn, actor, id)?;
    if project.is_archived() {
        return Err(AppError::Conflict("This project is archived. Restore it first.".into()));
    }
    Ok(project)
}

pub(super) fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    entry: Entry,
    project: &Project,
) -> AppResult<()> {
    audit::record(conn, Some(actor.id), now, &entry.client(project.client_id).project(project.id))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = retainer_periods)]
struct ClosedRow {
    seq: i64,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    granted: i64,
    carried_in: i64,
    debt_in: i64,
    used: i64,
    adjusted: i64,
    expired: i64,
    debt_out: i64,
    overage: i64,
    overage_cents: i64,
    fee_cents: i64,
}

/// All closed periods in order.
fn closed(conn: &mut Conn, project: ProjectId, charges: &charges::Charges) -> AppResult<Vec<LedgerPeriod>> {
    let rows: Vec<ClosedRow> = retainer_periods::table
        .filter(retainer_periods::project_id.eq(project))
        .order(retainer_periods::seq)
        .select(ClosedRow::as_select())
        .load(conn)?;
    let carries: Vec<(i64, i64, i64)> = retainer_carries::table
        .filter(retainer_carries::project_id.eq(project))
        .order((retainer_carries::seq, retainer_carries::granted_seq))
        .select((retainer_carries::seq, retainer_carries::granted_seq, retainer_carries::amount))
        .load(conn)?;
    let mut lots: BTreeMap<i64, Vec<Lot>> = BTreeMap::new();
    for (seq, granted_seq, amount) in carries {
        lots.entry(seq).or_default().push(Lot { granted_seq, amount });
    }
    let periods = rows.into_iter().map(|row| LedgerPeriod {
        seq: row.seq,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        numbers: Numbers {
            granted: row.granted,
            carried_in: row.carried_in,
            debt_in: row.debt_in,
            used: row.used,
            adjusted: row.adjusted,
            expired: row.expired,
            overage: row.overage,
            carry: Carry { lots: lots.remove(&row.seq).unwrap_or_default(), debt: row.debt_out },
        },
        overage_cents: row.overage_cents,
        fee_cents: row.fee_cents,
        is_closed: true,
        fee: charges.get(&(row.seq, ChargeKind::Fee)).copied(),
        overage: charges.get(&(row.seq, ChargeKind::Overage)).copied(),
    });
    Ok(periods.collect())
}

#[derive(QueryableByName)]
struct Used {
    #[diesel(sql_type = Date)]
    local_on: NaiveDate,
    #[diesel(sql_type = BigInt)]
    seconds: i64,
    #[diesel(sql_type = BigInt)]
    cents: i64,
}

/// What was used on each day since the retainer began: hours that are not marked billable.
fn used(conn: &mut Conn, retainer: &Retainer) -> AppResult<BTreeMap<NaiveDate, i64>> {
    let rows: Vec<Used> = diesel::sql_query(
        "SELECT local_on, CAST(SUM(duration_seconds) AS BIGINT) AS seconds, \
           CAST(SUM(duration_seconds / 3600 * coalesce(rate_cents, 0) \
             + (duration_seconds % 3600 * coalesce(rate_cents, 0) + 1800) / 3600) AS BIGINT) AS cents \
         FROM time_entries WHERE project_id = $1 AND local_on >= $2 AND NOT is_billable \
         GROUP BY local_on ORDER BY local_on",
    )
    .bind::<BigInt, _>(retainer.project_id)
    .bind::<Date, _>(retainer.starts_on)
    .cached()
    .load(conn)?;
    let by_hours = retainer.unit == RetainerUnit::Hours;
    Ok(rows.into_iter().map(|row| (row.local_on, if by_hours { row.seconds } else { row.cents })).collect())
}

/// Every period that has begun by `today`, in order: the closed as they were closed, the open as of now.
pub fn ledger(conn: &mut Conn, retainer: &Retainer, today: NaiveDate) -> AppResult<Vec<LedgerPeriod>> {
    let charges = charges::of_project(conn, retainer.project_id)?;
    let mut periods = closed(conn, retainer.project_id, &charges)?;
    let used = used(conn, retainer)?;
    let between = |from: NaiveDate, to: NaiveDate| -> i64 {
        used.range(from..=to).fold(0, |sum: i64, (_, amount)| sum.saturating_add(*amount))
    };
    let terms = retainer.terms();
    let first = periods.last().map_or(0, |last| last.seq + 1);
    // What closed periods said is what was counted; what the hours say now may differ.
    let counted = periods.iter().fold(0_i64, |sum, period| sum.saturating_add(period.numbers.spent()));
    let mut adjusted = match periods.last() {
        Some(last) => between(retainer.starts_on, last.ends_on).saturating_sub(counted),
        None => 0,
    };
    let mut carry = periods.last().map(|last| last.numbers.carry.clone()).unwrap_or_default();
    for seq in first..first.saturating_add(MOST_OPEN) {
        let Some((starts_on, ends_on)) = retainer.period.days(retainer.starts_on, seq) else { break };
        if starts_on > today {
            break;
        }
        let numbers = settle(&terms, seq, &carry, between(starts_on, ends_on), adjusted);
        adjusted = 0;
        carry = numbers.carry.clone();
        let fee = charges.get(&(seq, ChargeKind::Fee)).copied();
        periods.push(LedgerPeriod {
            seq,
            starts_on,
            ends_on,
            overage_cents: overage_cents(retainer.unit, numbers.overage, retainer.overage_rate_cents),
            // What was charged ahead stays, whatever is agreed later.
            fee_cents: fee.map_or(retainer.fee_cents.unwrap_or(0), |fee| fee.amount_cents),
            numbers,
            is_closed: false,
            fee,
            overage: None,
        });
    }
    Ok(periods)
}

/// Closes the first open period, which must have ended before `today`: its numbers stay from now on.
pub fn close(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    (project, starts_on): (ProjectId, NaiveDate),
) -> AppResult<LedgerPeriod> {
    let project = open_project(conn, actor, project)?;
    let retainer = of_project(conn, project.id)?
        .ok_or_else(|| AppError::Conflict("This project has no retainer yet.".into()))?;
    let open = ledger(conn, &retainer, today)?.into_iter().find(|period| !period.is_closed);
    let Some(period) = open.filter(|period| period.can_close(&today)) else {
        return Err(AppError::Conflict("No period has ended that is still open.".into()));
    };
    if period.starts_on != starts_on {
        return Err(AppError::Conflict(format!(
            "The period that can be closed begins on {}, not on {starts_on}.",
            period.starts_on
        )));
    }
    let numbers = &period.numbers;
    diesel::insert_into(retainer_periods::table)
        .values((
            retainer_periods::project_id.eq(project.id),
            retainer_periods::seq.eq(period.seq),
            retainer_periods::starts_on.eq(period.starts_on),
            retainer_periods::ends_on.eq(period.ends_on),
            retainer_periods::granted.eq(numbers.granted),
            retainer_periods::carried_in.eq(numbers.carried_in),
            retainer_periods::debt_in.eq(numbers.debt_in),
            retainer_periods::used.eq(numbers.used),
            retainer_periods::adjusted.eq(numbers.adjusted),
            retainer_periods::expired.eq(numbers.expired),
            retainer_periods::carried_out.eq(numbers.carry.amount()),
            retainer_periods::debt_out.eq(numbers.carry.debt),
            retainer_periods::overage.eq(numbers.overage),
            retainer_periods::overage_cents.eq(period.overage_cents),
            retainer_periods::fee_cents.eq(period.fee_cents),
            retainer_periods::closed_by.eq(actor.id),
            retainer_periods::closed_at.eq(now),
        ))
        .execute(conn)?;
    for lot in &numbers.carry.lots {
        diesel::insert_into(retainer_carries::table)
            .values((
                retainer_carries::project_id.eq(project.id),
                retainer_carries::seq.eq(period.seq),
                retainer_carries::granted_seq.eq(lot.granted_seq),
                retainer_carries::amount.eq(lot.amount),
            ))
            .execute(conn)?;
    }
    charges::charge_rest(conn, now, &retainer, &period)?;
    let entry = Entry::new(Action::Closed, Subject::Retainer, project.id.0, &project.name);
    note(conn, actor, now, entry.change("period", "", period.span()), &project)?;
    let charges = charges::of_project(conn, project.id)?;
    let charged = |kind| charges.get(&(period.seq, kind)).copied();
    let (fee, overage) = (charged(ChargeKind::Fee), charged(ChargeKind::Overage));
    Ok(LedgerPeriod { is_closed: true, fee, overage, ..period })
}

/// Removes the terms of a project that is about to be deleted; a conflict once a period is closed or charged.
pub fn forget(conn: &mut Conn, project: ProjectId) -> AppResult<()> {
    if has_any(conn, project)? {
        return Err(AppError::Conflict(
            "Its retainer has closed or charged periods. Archive the project instead.".into(),
        ));
    }
    diesel::delete(retainers::table.find(project)).execute(conn)?;
    Ok(())
}

/// What a retainer has earned by `today`, in minor units: the fees of the periods that have begun, and overage.
pub fn earned_cents(conn: &mut Conn, project: ProjectId, today: NaiveDate) -> AppResult<i64> {
    let Some(retainer) = of_project(conn, project)? else { return Ok(0) };
    let periods = ledger(conn, &retainer, today)?;
    Ok(periods.iter().fold(0_i64, |sum, period| sum.saturating_add(period.charge_cents())))
}

/// The first day of the month of `today`, which a new retainer is offered to begin with.
pub fn offered_start(today: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    today.checked_sub_days(Days::new(u64::from(today.day0()))).unwrap_or(today)
}

/// The currency of a project's amounts.
pub fn currency(conn: &mut Conn, actor: &Actor, project: ProjectId) -> AppResult<Currency> {
    let client = projects::find(conn, actor, project)?.client_id;
    Ok(clients::find(conn, actor, client)?.currency)
}
