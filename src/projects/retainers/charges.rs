//! What the periods of retainers are charged with: each fee once and each overage once, and what of it waits to be billed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::ledger::{Period, RetainerUnit};
use super::model::{self, LedgerPeriod, Retainer};
use crate::audit::model::{Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::schema::{projects, retainer_charges, retainer_periods, retainers};
use crate::error::{AppError, AppResult};
use crate::projects::burn::Unit;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, RetainerChargeId};
use crate::types::money::Money;

crate::text_enum! {
    /// What a period is charged with.
    pub enum ChargeKind {
        /// What was agreed for each period.
        Fee = "fee", "Fee";
        /// What was used beyond.
        Overage = "overage", "Overage";
    }
}

/// A charge of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Minor units of the client's currency.
    pub amount_cents: i64,
    /// Whether it waits to be billed.
    pub is_unbilled: bool,
}

/// The charges of a project's retainer, by period and kind.
pub type Charges = BTreeMap<(i64, ChargeKind), Charge>;

/// What a project's retainer has been charged with so far.
pub fn of_project(conn: &mut Conn, project: ProjectId) -> AppResult<Charges> {
    let rows: Vec<(i64, ChargeKind, i64, bool)> = retainer_charges::table
        .filter(retainer_charges::project_id.eq(project))
        .select((
            retainer_charges::seq,
            retainer_charges::kind,
            retainer_charges::amount_cents,
            retainer_charges::is_unbilled,
        ))
        .load(conn)?;
    let charge = |amount_cents, is_unbilled| Charge { amount_cents, is_unbilled };
    Ok(rows.into_iter().map(|(seq, kind, cents, free)| ((seq, kind), charge(cents, free))).collect())
}

/// Charges the fee of the first period that has begun by `today` and is not charged: for who bills ahead. Closing a
/// period charges what it was not charged with before.
pub fn charge_fee(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    (project, starts_on): (ProjectId, NaiveDate),
) -> AppResult<LedgerPeriod> {
    let project = model::open_project(conn, actor, project)?;
    let retainer = model::of_project(conn, project.id)?
        .ok_or_else(|| AppError::Conflict("This project has no retainer yet.".into()))?;
    let mut periods = model::ledger(conn, &retainer, today)?.into_iter();
    let Some(period) = periods.find(LedgerPeriod::can_charge) else {
        return Err(AppError::Conflict("No fee is left to charge of the periods that have begun.".into()));
    };
    if period.starts_on != starts_on {
        return Err(AppError::Conflict(format!(
            "The next fee to charge is that of the period from {}, not from {starts_on}.",
            period.starts_on
        )));
    }
    insert(conn, now, &retainer, &period, ChargeKind::Fee, period.starts_on)?;
    let currency = clients::find(conn, actor, project.client_id)?.currency;
    let entry = Entry::new(Action::Charged, Subject::Retainer, project.id.0, &project.name)
        .change("period", "", period.span())
        .change("amount", "", Money::new(period.fee_cents, currency));
    model::note(conn, actor, now, entry, &project)?;
    let fee = Some(Charge { amount_cents: period.fee_cents, is_unbilled: true });
    Ok(LedgerPeriod { fee, ..period })
}

/// Charges what a period that is closed was not charged with before.
pub(super) fn charge_rest(
    conn: &mut Conn,
    now: UtcTime,
    retainer: &Retainer,
    period: &LedgerPeriod,
) -> AppResult<()> {
    if period.can_charge() {
        insert(conn, now, retainer, period, ChargeKind::Fee, period.ends_on)?;
    }
    if period.overage_cents > 0 {
        insert(conn, now, retainer, period, ChargeKind::Overage, period.ends_on)?;
    }
    Ok(())
}

fn insert(
    conn: &mut Conn,
    now: UtcTime,
    retainer: &Retainer,
    period: &LedgerPeriod,
    kind: ChargeKind,
    on: NaiveDate,
) -> AppResult<()> {
    let of = match retainer.period {
        Period::Week => "a week",
        Period::Month => "a month",
        Period::Quarter => "a quarter",
    };
    let (title, cents) = match (kind, retainer.unit) {
        (ChargeKind::Fee, _) => (format!("Retainer for {of}"), period.fee_cents),
        (ChargeKind::Overage, RetainerUnit::Hours) => (
            format!("{} beyond the retainer", Unit::Hours.text(period.numbers.overage)),
            period.overage_cents,
        ),
        (ChargeKind::Overage, RetainerUnit::Money) => {
            ("Work beyond the retainer".into(), period.overage_cents)
        }
    };
    diesel::insert_into(retainer_charges::table)
        .values((
            retainer_charges::project_id.eq(retainer.project_id),
            retainer_charges::seq.eq(period.seq),
            retainer_charges::kind.eq(kind),
            retainer_charges::title.eq(title),
            retainer_charges::starts_on.eq(period.starts_on),
            retainer_charges::ends_on.eq(period.ends_on),
            retainer_charges::charged_on.eq(on),
            retainer_charges::amount_cents.eq(cents),
            retainer_charges::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// A charge that waits to be billed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct UnbilledCharge {
    /// Which.
    pub id: RetainerChargeId,
    /// The project's name.
    pub project_name: String,
    /// What it is for.
    pub title: String,
    /// The first day of its period.
    pub starts_on: NaiveDate,
    /// The last day of its period.
    pub ends_on: NaiveDate,
    /// The day from which it can be billed.
    pub charged_on: NaiveDate,
    /// Minor units of the client's currency.
    pub amount_cents: i64,
}

/// What the retainers of a client, or of one of its projects, are charged with and nobody has billed, the earliest first.
pub fn unbilled(
    conn: &mut Conn,
    client: ClientId,
    project: Option<ProjectId>,
) -> AppResult<Vec<UnbilledCharge>> {
    let mut query = retainer_charges::table
        .inner_join(projects::table.on(projects::id.eq(retainer_charges::project_id)))
        .filter(projects::client_id.eq(client))
        .filter(retainer_charges::is_unbilled)
        .into_boxed();
    if let Some(project) = project {
        query = query.filter(retainer_charges::project_id.eq(project));
    }
    let mut rows: Vec<UnbilledCharge> = query
        .select((
            retainer_charges::id,
            projects::name,
            retainer_charges::title,
            retainer_charges::starts_on,
            retainer_charges::ends_on,
            retainer_charges::charged_on,
            retainer_charges::amount_cents,
        ))
        .load(conn)?;
    rows.sort_by_key(|row| (row.charged_on, row.id));
    Ok(rows)
}

/// A retainer with periods that have ended and are not closed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct OpenPeriods {
    /// On which project.
    pub project_id: ProjectId,
    /// The project's name.
    pub project: String,
    /// How many there are.
    pub periods: i64,
}

/// Retainers with periods that have ended by `to` and are not closed, by the name of the project: what they will be
/// charged with is not known yet.
pub fn to_close(conn: &mut Conn, to: NaiveDate) -> AppResult<Vec<OpenPeriods>> {
    type Row = (ProjectId, String, Period, NaiveDate, Option<i64>);
    let closed = retainer_periods::table
        .filter(retainer_periods::project_id.eq(retainers::project_id))
        .select(diesel::dsl::max(retainer_periods::seq))
        .single_value();
    let rows: Vec<Row> = retainers::table
        .inner_join(projects::table)
        .filter(projects::status.ne(crate::projects::model::ProjectStatus::Archived))
        .filter(retainers::starts_on.le(to))
        .order((projects::name_key, projects::id))
        .select((projects::id, projects::name, retainers::period, retainers::starts_on, closed))
        .load(conn)?;
    let open = rows.into_iter().map(|(project_id, project, period, starts_on, closed)| {
        let first = closed.map_or(0, |seq| seq + 1);
        let has_ended = |seq: &i64| period.days(starts_on, *seq).is_some_and(|(_, ends_on)| ends_on <= to);
        let periods = (first..first.saturating_add(model::MOST_OPEN)).take_while(has_ended).count();
        OpenPeriods { project_id, project, periods: i64::try_from(periods).unwrap_or(i64::MAX) }
    });
    Ok(open.filter(|open| open.periods > 0).collect())
}

/// Whether a project has charges or closed periods, which bind it to its client and to how it counts.
pub fn has_any(conn: &mut Conn, project: ProjectId) -> AppResult<bool> {
    let charged = retainer_charges::table
        .filter(retainer_charges::project_id.eq(project))
        .select(retainer_charges::seq)
        .first::<i64>(conn)
        .optional()?;
    let closed = retainer_periods::table
        .filter(retainer_periods::project_id.eq(project))
        .select(retainer_periods::seq)
        .first::<i64>(conn)
        .optional()?;
    Ok(charged.is_some() || closed.is_some())
}
