//! Rows that a timesheet keeps although there are no hours on them yet.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::RowKey;
use crate::auth::user::Actor;
use crate::db::schema::{clients, projects, sheet_rows, tasks};
use crate::db::{Conn, assigned};
use crate::error::AppResult;
use crate::time_entries::place::Place;
use crate::time_entries::week::Week;
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, TaskId};

/// A kept row with its names.
#[derive(Debug, Clone, Queryable)]
pub struct KeptRow {
    /// On which project.
    pub project_id: ProjectId,
    /// On which task.
    pub task_id: Option<TaskId>,
    /// The Thursday of its week, which names it; `None` is a favourite.
    pub thursday: Option<NaiveDate>,
    /// The client's name.
    pub client: String,
    /// The project's name.
    pub project: String,
    /// The task's title.
    pub task: Option<String>,
}

impl KeptRow {
    /// Its work.
    pub fn key(&self) -> RowKey {
        RowKey { project: self.project_id, task: self.task_id }
    }
}

/// The rows that `actor` keeps for `week` and for every week, as far as they may see them.
pub fn of_week(conn: &mut Conn, actor: &Actor, week: Week) -> AppResult<Vec<KeptRow>> {
    let mut query = sheet_rows::table
        .inner_join(projects::table.inner_join(clients::table))
        .left_join(tasks::table.on(sheet_rows::task_id.eq(tasks::id.nullable())))
        .filter(sheet_rows::user_id.eq(actor.id))
        .filter(sheet_rows::thursday.eq(week.thursday()).or(sheet_rows::thursday.is_null()))
        .select((
            sheet_rows::project_id,
            sheet_rows::task_id,
            sheet_rows::thursday,
            clients::name,
            projects::name,
            tasks::title.nullable(),
        ))
        .into_boxed();
    if let Some(user) = actor.only_assigned() {
        query = query.filter(assigned::to_project("sheet_rows.project_id", user));
    }
    Ok(query.load(conn)?)
}

/// Keeps a row of `actor` for `week`, or for every week; harmless when it is kept already. Refused for work that takes
/// no new hours.
pub fn add(conn: &mut Conn, actor: &Actor, now: UtcTime, week: Option<Week>, row: RowKey) -> AppResult<()> {
    Place::find(conn, actor, Some(row.project), row.task, None)?;
    insert(conn, actor, now, week, row)
}

pub(in crate::time_entries) fn insert(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    week: Option<Week>,
    row: RowKey,
) -> AppResult<()> {
    if this(actor, week, row).select(sheet_rows::id).first::<i64>(conn).optional()?.is_some() {
        return Ok(());
    }
    diesel::insert_into(sheet_rows::table)
        .values((
            sheet_rows::user_id.eq(actor.id),
            sheet_rows::thursday.eq(week.map(|week| week.thursday())),
            sheet_rows::project_id.eq(row.project),
            sheet_rows::task_id.eq(row.task),
            sheet_rows::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Keeps a row no longer; harmless when it is not kept. Hours on it stay.
pub fn remove(conn: &mut Conn, actor: &Actor, week: Option<Week>, row: RowKey) -> AppResult<()> {
    let ids: Vec<i64> = this(actor, week, row).select(sheet_rows::id).load(conn)?;
    diesel::delete(sheet_rows::table.filter(sheet_rows::id.eq_any(ids))).execute(conn)?;
    Ok(())
}

type Rows<'a> = sheet_rows::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

fn this<'a>(actor: &Actor, week: Option<Week>, row: RowKey) -> Rows<'a> {
    let rows = sheet_rows::table
        .filter(sheet_rows::user_id.eq(actor.id))
        .filter(sheet_rows::project_id.eq(row.project))
        .into_boxed();
    let rows = match row.task {
        Some(task) => rows.filter(sheet_rows::task_id.eq(task)),
        None => rows.filter(sheet_rows::task_id.is_null()),
    };
    match week {
        Some(week) => rows.filter(sheet_rows::thursday.eq(week.thursday())),
        None => rows.filter(sheet_rows::thursday.is_null()),
    }
}
