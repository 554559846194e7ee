//! Dated rates and how they are resolved.

use std::collections::BTreeMap;

/// Every rate at once, for many hours.
pub use super::book::Book;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{agency, clients, projects, rates};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, RateId, TaskId, UserId};

crate::text_enum! {
    /// Which side of an hour.
    pub enum RateKind {
        /// What the client pays.
        Bill = "bill", "Price";
        /// What it costs us.
        Cost = "cost", "Cost";
    }
}

/// What a rate is agreed for, the most specific first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One task.
    Task(TaskId),
    /// One person on one project.
    ProjectMember(ProjectId, UserId),
    /// A project.
    Project(ProjectId),
    /// A client.
    Client(ClientId),
    /// A person.
    Member(UserId),
    /// Everything else.
    Agency,
}

impl Scope {
    const TASK: &'static str = "task";
    const PROJECT_MEMBER: &'static str = "project_member";
    const PROJECT: &'static str = "project";
    const CLIENT: &'static str = "client";
    const MEMBER: &'static str = "member";
    const AGENCY: &'static str = "agency";

    /// The scope that these ids name together; `None` when they name none or several.
    pub fn of(
        client: Option<ClientId>,
        project: Option<ProjectId>,
        task: Option<TaskId>,
        user: Option<UserId>,
    ) -> Option<Self> {
        match (client, project, task, user) {
            (None, None, None, None) => Some(Self::Agency),
            (Some(client), None, None, None) => Some(Self::Client(client)),
            (None, Some(project), None, None) => Some(Self::Project(project)),
            (None, Some(project), None, Some(user)) => Some(Self::ProjectMember(project, user)),
            (None, None, Some(task), None) => Some(Self::Task(task)),
            (None, None, None, Some(user)) => Some(Self::Member(user)),
            _ => None,
        }
    }

    /// Whether its rates are in the agency's currency, and so price no work for a client in another.
    pub fn is_wide(self) -> bool {
        matches!(self, Self::Member(_) | Self::Agency)
    }

    /// "project member", for the source of a rate.
    fn label(self) -> &'static str {
        if let Self::ProjectMember(..) = self { "project member" } else { self.name() }
    }

    pub(in crate::rates) fn name(self) -> &'static str {
        match self {
            Self::Task(_) => Self::TASK,
            Self::ProjectMember(..) => Self::PROJECT_MEMBER,
            Self::Project(_) => Self::PROJECT,
            Self::Client(_) => Self::CLIENT,
            Self::Member(_) => Self::MEMBER,
            Self::Agency => Self::AGENCY,
        }
    }

    /// Its client, if it has one.
    pub fn client(self) -> Option<ClientId> {
        if let Self::Client(id) = self { Some(id) } else { None }
    }

    /// Its project, if it has one.
    pub fn project(self) -> Option<ProjectId> {
        match self {
            Self::Project(id) | Self::ProjectMember(id, _) => Some(id),
            _ => None,
        }
    }

    /// Its task, if it has one.
    pub fn task(self) -> Option<TaskId> {
        if let Self::Task(id) = self { Some(id) } else { None }
    }

    /// Its person, if it has one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Member(id) | Self::ProjectMember(_, id) => Some(id),
            _ => None,
        }
    }
}

/// Where a rate without a beginning starts.
const ALWAYS: NaiveDate = match NaiveDate::from_ymd_opt(1970, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// An agreed rate, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rates)]
pub struct Rate {
    /// Which.
    pub id: RateId,
    /// Price or cost.
    pub kind: RateKind,
    /// Of which client.
    pub client_id: Option<ClientId>,
    /// Of which project.
    pub project_id: Option<ProjectId>,
    /// Of which task.
    pub task_id: Option<TaskId>,
    /// Of which person.
    pub user_id: Option<UserId>,
    /// Minor units an hour; `None` ends the rate before it.
    pub amount_cents: Option<i64>,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// When it was agreed.
    pub created_at: UtcTime,
}

impl Rate {
    /// What it is agreed for.
    pub fn scope(&self) -> Scope {
        Scope::of(self.client_id, self.project_id, self.task_id, self.user_id).unwrap_or(Scope::Agency)
    }

    /// Its first day; `None` when it counts from the beginning.
    pub fn since(&self) -> Option<NaiveDate> {
        (self.starts_on != ALWAYS).then_some(self.starts_on)
    }
}

/// The rate of one scope itself on `on`, in minor units per hour.
pub fn own(conn: &mut Conn, kind: RateKind, scope: Scope, on: NaiveDate) -> AppResult<Option<i64>> {
    let latest: Option<Option<i64>> = of_scope(kind, scope)
        .filter(rates::starts_on.le(on))
        .order(rates::starts_on.desc())
        .select(rates::amount_cents)
        .first(conn)
        .optional()?;
    Ok(latest.flatten())
}

/// The rates that projects themselves have on `on`, in minor units per hour; those without one are left out.
pub fn own_of_projects(
    conn: &mut Conn,
    kind: RateKind,
    projects: &[ProjectId],
    on: NaiveDate,
) -> AppResult<BTreeMap<ProjectId, i64>> {
    let rows: Vec<(Option<ProjectId>, Option<i64>)> = rates::table
        .filter(rates::kind.eq(kind))
        .filter(rates::scope.eq(Scope::PROJECT))
        .filter(rates::project_id.eq_any(projects))
        .filter(rates::starts_on.le(on))
        .order(rates::starts_on)
        .select((rates::project_id, rates::amount_cents))
        .cached()
        .load(conn)?;
    // The latest of a project overwrites those before it.
    let latest: BTreeMap<_, _> = rows.into_iter().collect();
    Ok(latest.into_iter().filter_map(|(project, cents)| project.zip(cents)).collect())
}

/// The rates that clients themselves have on `on`, in minor units per hour; those without one are left out.
pub fn own_of_clients(
    conn: &mut Conn,
    kind: RateKind,
    clients: &[ClientId],
    on: NaiveDate,
) -> AppResult<BTreeMap<ClientId, i64>> {
    let rows: Vec<(Option<ClientId>, Option<i64>)> = rates::table
        .filter(rates::kind.eq(kind))
        .filter(rates::scope.eq(Scope::CLIENT))
        .filter(rates::client_id.eq_any(clients))
        .filter(rates::starts_on.le(on))
        .order(rates::starts_on)
        .select((rates::client_id, rates::amount_cents))
        .cached()
        .load(conn)?;
    let latest: BTreeMap<_, _> = rows.into_iter().collect();
    Ok(latest.into_iter().filter_map(|(client, cents)| client.zip(cents)).collect())
}

/// The rates that people have on `project` itself on `on`, in minor units per hour; those without one are left out.
pub fn own_of_members(
    conn: &mut Conn,
    project: ProjectId,
    on: NaiveDate,
) -> AppResult<BTreeMap<(UserId, RateKind), i64>> {
    let rows: Vec<(Option<UserId>, RateKind, Option<i64>)> = rates::table
        .filter(rates::scope.eq(Scope::PROJECT_MEMBER))
        .filter(rates::project_id.eq(project))
        .filter(rates::starts_on.le(on))
        .order(rates::starts_on)
        .select((rates::user_id, rates::kind, rates::amount_cents))
        .load(conn)?;
    let latest: BTreeMap<_, _> = rows.into_iter().map(|(user, kind, cents)| ((user, kind), cents)).collect();
    Ok(latest.into_iter().filter_map(|((user, kind), cents)| Some(((user?, kind), cents?))).collect())
}

/// Agrees on `amount` for a `scope` that is being created: it counts for all days, those before today, too.
pub fn begin(
    conn: &mut Conn,
    by: UserId,
    now: UtcTime,
    kind: RateKind,
    scope: Scope,
    amount: i64,
) -> AppResult<()> {
    insert(conn, by, now, kind, scope, ALWAYS, Some(amount))
}

/// Agrees on `amount` for `scope` from `from` on; `None` ends it. Nothing is written when it is the rate already.
/// The first rate of a project or client counts for all days before, too, while no wider one was ever in force:
/// nothing else was agreed, and hours without a price could not be billed.
pub fn set(
    conn: &mut Conn,
    by: UserId,
    now: UtcTime,
    kind: RateKind,
    scope: Scope,
    from: NaiveDate,
    amount: Option<i64>,
) -> AppResult<()> {
    if own(conn, kind, scope, from)? == amount {
        return Ok(());
    }
    let is_first = of_scope(kind, scope).select(rates::id).first::<i64>(conn).optional()?.is_none();
    let starts_on = if is_first && !has_wider(conn, kind, scope)? { ALWAYS } else { from };
    put(conn, by, now, kind, scope, starts_on, amount)
}

/// Ends both rates of `scope` from `from` on, and those that were agreed for later days.
pub fn end(conn: &mut Conn, by: UserId, now: UtcTime, scope: Scope, from: NaiveDate) -> AppResult<()> {
    for kind in [RateKind::Bill, RateKind::Cost] {
        set(conn, by, now, kind, scope, from, None)?;
        let later: Vec<i64> =
            of_scope(kind, scope).filter(rates::starts_on.gt(from)).select(rates::id).load(conn)?;
        if !later.is_empty() {
            diesel::delete(rates::table.filter(rates::id.eq_any(later))).execute(conn)?;
        }
    }
    Ok(())
}

/// Agrees on `amount` for `scope` from the very day `from` on; `None` counts from the beginning.
pub(in crate::rates) fn set_from(
    conn: &mut Conn,
    by: UserId,
    now: UtcTime,
    kind: RateKind,
    scope: Scope,
    from: Option<NaiveDate>,
    amount: Option<i64>,
) -> AppResult<()> {
    put(conn, by, now, kind, scope, from.unwrap_or(ALWAYS), amount)
}

fn put(
    conn: &mut Conn,
    by: UserId,
    now: UtcTime,
    kind: RateKind,
    scope: Scope,
    starts_on: NaiveDate,
    amount: Option<i64>,
) -> AppResult<()> {
    let same_day: Option<i64> = of_scope(kind, scope)
        .filter(rates::starts_on.eq(starts_on))
        .select(rates::id)
        .first(conn)
        .optional()?;
    if let Some(id) = same_day {
        diesel::update(rates::table.find(id)).set(rates::amount_cents.eq(amount)).execute(conn)?;
        return Ok(());
    }
    insert(conn, by, now, kind, scope, starts_on, amount)
}

fn insert(
    conn: &mut Conn,
    by: UserId,
    now: UtcTime,
    kind: RateKind,
    scope: Scope,
    starts_on: NaiveDate,
    amount: Option<i64>,
) -> AppResult<()> {
    diesel::insert_into(rates::table)
        .values((
            rates::kind.eq(kind),
            rates::scope.eq(scope.name()),
            rates::client_id.eq(scope.client()),
            rates::project_id.eq(scope.project()),
            rates::task_id.eq(scope.task()),
            rates::user_id.eq(scope.user()),
            rates::amount_cents.eq(amount),
            rates::starts_on.eq(starts_on),
            rates::created_by.eq(by),
            rates::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether a rate of a scope wider than a project or client could ever price work in it.
fn has_wider(conn: &mut Conn, kind: RateKind, scope: Scope) -> AppResult<bool> {
    let (client, own): (ClientId, Option<ClientId>) = match scope {
        Scope::Client(id) => (id, None),
        Scope::Project(id) => {
            let client = projects::table.find(id).select(projects::client_id).first(conn)?;
            (client, Some(client))
        }
        _ => return Ok(true),
    };
    let mut wider = rates::table
        .filter(rates::kind.eq(kind))
        .filter(rates::amount_cents.is_not_null())
        .select(rates::id)
        .into_boxed();
    let of_client = own.map_or(0, |id| id.0);
    wider = if is_in_our_currency(conn, client)? {
        wider.filter(
            rates::client_id.eq(of_client).or(rates::scope.eq_any([Scope::MEMBER, Scope::AGENCY]).nullable()),
        )
    } else {
        wider.filter(rates::client_id.eq(of_client))
    };
    Ok(wider.first::<i64>(conn).optional()?.is_some())
}

/// Whether a client pays in the agency's currency. Rates of people and of the agency are amounts in that currency and
/// mean nothing in another.
fn is_in_our_currency(conn: &mut Conn, client: ClientId) -> AppResult<bool> {
    let ours = agency::table.select(agency::currency);
    let same = clients::table.find(client).filter(clients::currency.eq_any(ours));
    Ok(same.select(clients::id).first::<i64>(conn).optional()?.is_some())
}

/// Removes every rate of a scope that is about to be deleted.
pub fn forget(conn: &mut Conn, scope: Scope) -> AppResult<()> {
    match scope {
        Scope::Client(id) => diesel::delete(rates::table.filter(rates::client_id.eq(id))).execute(conn)?,
        Scope::Project(id) => diesel::delete(rates::table.filter(rates::project_id.eq(id))).execute(conn)?,
        Scope::Task(id) => diesel::delete(rates::table.filter(rates::task_id.eq(id))).execute(conn)?,
        Scope::ProjectMember(..) | Scope::Member(_) | Scope::Agency => 0,
    };
    Ok(())
}

/// A resolved rate and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Minor units per hour.
    pub cents: i64,
    /// "project rate from 2026-04-01", or "client rate" for one without a beginning.
    pub source: String,
}

/// The source of a price that was typed for an entry itself, before every agreed rate.
pub const ENTRY_RATE: &str = "entry rate";

impl Resolved {
    /// Whose rate it is: "client rate".
    pub fn whose(&self) -> &str {
        self.source.split_once(" from ").map_or(&self.source, |(whose, _)| whose)
    }
}

/// Whose hour, on what.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Who worked.
    pub user: UserId,
    /// For whom.
    pub client: ClientId,
    /// On what.
    pub project: ProjectId,
    /// On which task.
    pub task: Option<TaskId>,
}

impl Work {
    /// Whose rates could price it, the most specific first.
    pub(in crate::rates) fn scopes(self) -> impl Iterator<Item = Scope> {
        let narrow = [
            self.task.map(Scope::Task),
            Some(Scope::ProjectMember(self.project, self.user)),
            Some(Scope::Project(self.project)),
            Some(Scope::Client(self.client)),
            Some(Scope::Member(self.user)),
            Some(Scope::Agency),
        ];
        narrow.into_iter().flatten()
    }
}

/// Price and cost of an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// What the client pays; `None` when no scope has a rate.
    pub bill: Option<Resolved>,
    /// What it costs us.
    pub cost: Option<Resolved>,
}

/// The rates of `work` done on `on`: for each side that of the most specific scope with one.
pub fn resolve(conn: &mut Conn, work: Work, on: NaiveDate) -> AppResult<Prices> {
    let project = rates::project_id.eq(work.project);
    let member = rates::user_id.eq(work.user);
    let scope = |name: &'static str| rates::scope.eq(name).nullable();
    // Each alternative leads an index; what the last one says about the kind is there for that.
    let rows: Vec<Rate> = rates::table
        .filter(rates::starts_on.le(on))
        .filter(
            (rates::task_id.eq(work.task.map_or(0, |id| id.0)).and(scope(Scope::TASK)))
                .or(project.and(scope(Scope::PROJECT)))
                .or(project.and(member).and(scope(Scope::PROJECT_MEMBER)))
                .or(rates::client_id.eq(work.client).and(scope(Scope::CLIENT)))
                .or(member.and(scope(Scope::MEMBER)))
                .or(rates::kind.eq_any(RateKind::ALL).nullable().and(scope(Scope::AGENCY))),
        )
        .select(Rate::as_select())
        .cached()
        .load(conn)?;
    let ours = if rows.iter().any(|rate| rate.scope().is_wide()) {
        is_in_our_currency(conn, work.client)?
    } else {
        true
    };
    Ok(Book::of(rows, Vec::new()).prices(work, on, ours))
}

/// The price on `on` of an hour of nobody in particular, on `project` or on any of `client`'s.
pub fn price_of(
    conn: &mut Conn,
    client: ClientId,
    project: Option<ProjectId>,
    on: NaiveDate,
) -> AppResult<Option<Resolved>> {
    // No row has the id 0.
    let work = Work { user: UserId(0), client, project: project.unwrap_or(ProjectId(0)), task: None };
    Ok(resolve(conn, work, on)?.bill)
}

pub(in crate::rates) fn source(scope: Scope, starts_on: NaiveDate) -> String {
    let label = scope.label();
    if starts_on == ALWAYS { format!("{label} rate") } else { format!("{label} rate from {starts_on}") }
}

type Rates<'a> = rates::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The rates of one scope itself.
pub(in crate::rates) fn of_scope<'a>(kind: RateKind, scope: Scope) -> Rates<'a> {
    let rows = rates::table.filter(rates::kind.eq(kind)).filter(rates::scope.eq(scope.name())).into_boxed();
    match scope {
        Scope::Task(id) => rows.filter(rates::task_id.eq(id)),
        Scope::ProjectMember(project, user) => {
            rows.filter(rates::project_id.eq(project)).filter(rates::user_id.eq(user))
        }
        Scope::Project(id) => rows.filter(rates::project_id.eq(id)),
        Scope::Client(id) => rows.filter(rates::client_id.eq(id)),
        Scope::Member(id) => rows.filter(rates::user_id.eq(id)),
        Scope::Agency => rows,
    }
}
