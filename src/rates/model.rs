//! Dated rates and how they are resolved.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::rates;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, TaskId, UserId};

crate::text_enum! {
    /// Which side of an hour.
    pub enum RateKind {
        /// What the client pays.
        Bill = "bill", "Price";
        /// What it costs us.
        Cost = "cost", "Cost";
    }
}

/// What a rate is agreed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    fn name(self) -> &'static str {
        match self {
            Self::Task(_) => "task",
            Self::ProjectMember(..) => "project_member",
            Self::Project(_) => "project",
            Self::Client(_) => "client",
            Self::Member(_) => "member",
            Self::Agency => "agency",
        }
    }

    fn label(name: &str) -> &str {
        match name {
            "project_member" => "project member",
            other => other,
        }
    }

    fn client(self) -> Option<ClientId> {
        if let Self::Client(id) = self { Some(id) } else { None }
    }

    fn project(self) -> Option<ProjectId> {
        match self {
            Self::Project(id) | Self::ProjectMember(id, _) => Some(id),
            _ => None,
        }
    }

    fn task(self) -> Option<TaskId> {
        if let Self::Task(id) = self { Some(id) } else { None }
    }

    fn user(self) -> Option<UserId> {
        match self {
            Self::Member(id) | Self::ProjectMember(_, id) => Some(id),
            _ => None,
        }
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

/// Agrees on `amount` for `scope` from `from` on; `None` ends it. Nothing is written when it is the rate already.
/// The first rate of a scope counts for all days before, too: nothing else was ever agreed.
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
    let starts_on = if is_first { NaiveDate::default() } else { from };
    let same_day: Option<i64> = of_scope(kind, scope)
        .filter(rates::starts_on.eq(starts_on))
        .select(rates::id)
        .first(conn)
        .optional()?;
    if let Some(id) = same_day {
        diesel::update(rates::table.find(id)).set(rates::amount_cents.eq(amount)).execute(conn)?;
        return Ok(());
    }
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

/// The rate of `work` done on `on`; `None` when no scope has one.
pub fn resolve(conn: &mut Conn, kind: RateKind, work: Work, on: NaiveDate) -> AppResult<Option<Resolved>> {
    let scopes = [
        work.task.map(Scope::Task),
        Some(Scope::ProjectMember(work.project, work.user)),
        Some(Scope::Project(work.project)),
        Some(Scope::Client(work.client)),
        Some(Scope::Member(work.user)),
        Some(Scope::Agency),
    ];
    for scope in scopes.into_iter().flatten() {
        let latest: Option<(Option<i64>, NaiveDate)> = of_scope(kind, scope)
            .filter(rates::starts_on.le(on))
            .order(rates::starts_on.desc())
            .select((rates::amount_cents, rates::starts_on))
            .first(conn)
            .optional()?;
        if let Some((Some(cents), starts_on)) = latest {
            let label = Scope::label(scope.name());
            let source = if starts_on == NaiveDate::default() {
                format!("{label} rate")
            } else {
                format!("{label} rate from {starts_on}")
            };
            return Ok(Some(Resolved { cents, source }));
        }
    }
    Ok(None)
}

type Rates<'a> = rates::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

fn of_scope<'a>(kind: RateKind, scope: Scope) -> Rates<'a> {
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
