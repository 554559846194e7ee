//! What somebody is assigned to: the projects they are a member of, and all projects of the clients they are a member
//! of. What a contractor sees is narrowed by these conditions and by nothing else.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};

use super::Conn;
use super::schema::{client_members, project_members, projects, tasks};
use crate::error::AppResult;
use crate::types::ids::{ProjectId, TaskId, UserId};

/// A condition: the row that a column names is one that a person is assigned to. Written as SQL, since Diesel takes no
/// subquery of a table in a query that names the table already.
#[derive(Debug, Clone, Copy)]
pub struct Assigned {
    /// What stands before, between and behind the person.
    pieces: [&'static str; 3],
    column: &'static str,
    user: UserId,
}

/// The client of `column` ("clients.id") is one that `user` is assigned to, as a whole or by one of its projects.
pub fn to_client(column: &'static str, user: UserId) -> Assigned {
    let pieces = [
        " IN (SELECT client_id FROM client_members WHERE user_id = ",
        " UNION SELECT p.client_id FROM project_members m JOIN projects p ON p.id = m.project_id WHERE m.user_id = ",
        ")",
    ];
    Assigned { pieces, column, user }
}

/// The project of `column` ("tasks.project_id") is one that `user` is assigned to.
pub fn to_project(column: &'static str, user: UserId) -> Assigned {
    let pieces = [
        " IN (SELECT project_id FROM project_members WHERE user_id = ",
        " UNION SELECT p.id FROM client_members m JOIN projects p ON p.client_id = m.client_id WHERE m.user_id = ",
        ")",
    ];
    Assigned { pieces, column, user }
}

/// The task of `column` ("notifications.task_id") is of a project that `user` is assigned to.
pub fn to_task(column: &'static str, user: UserId) -> Assigned {
    let pieces = [
        " IN (SELECT t.id FROM project_members m JOIN tasks t ON t.project_id = m.project_id WHERE m.user_id = ",
        " UNION SELECT t.id FROM client_members m JOIN tasks t ON t.client_id = m.client_id WHERE m.user_id = ",
        ")",
    ];
    Assigned { pieces, column, user }
}

impl Expression for Assigned {
    type SqlType = Bool;
}

impl<T> AppearsOnTable<T> for Assigned {}

impl<T> SelectableExpression<T> for Assigned {}

impl<G> ValidGrouping<G> for Assigned {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for Assigned {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB> QueryFragment<DB> for Assigned
where
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let [before, between, behind] = self.pieces;
        out.push_sql(self.column);
        out.push_sql(before);
        out.push_bind_param::<BigInt, _>(&self.user.0)?;
        out.push_sql(between);
        out.push_bind_param::<BigInt, _>(&self.user.0)?;
        out.push_sql(behind);
        Ok(())
    }
}

/// Who is assigned to a project, by itself or by its client.
pub fn people_on(conn: &mut Conn, project: ProjectId) -> AppResult<Vec<UserId>> {
    let single = project_members::table
        .filter(project_members::project_id.eq(project))
        .select(project_members::user_id);
    let client = projects::table.filter(projects::id.eq(project)).select(projects::client_id);
    let whole = client_members::table
        .filter(client_members::client_id.eq_any(client))
        .select(client_members::user_id);
    let mut people: Vec<UserId> = single.load(conn)?;
    people.extend(whole.load::<UserId>(conn)?);
    Ok(people)
}

/// Who is assigned to any of what `user` is assigned to.
pub fn people_beside(conn: &mut Conn, user: UserId) -> AppResult<Vec<UserId>> {
    let single = project_members::table
        .filter(to_project("project_members.project_id", user))
        .select(project_members::user_id);
    let whole = client_members::table
        .filter(to_client("client_members.client_id", user))
        .select(client_members::user_id);
    let mut people: Vec<UserId> = single.load(conn)?;
    people.extend(whole.load::<UserId>(conn)?);
    Ok(people)
}

/// Whether `user` is assigned to the project of `task`.
pub fn sees_task(conn: &mut Conn, user: UserId, task: TaskId) -> AppResult<bool> {
    Ok(tasks::table
        .filter(tasks::id.eq(task))
        .filter(to_project("tasks.project_id", user))
        .select(tasks::id)
        .first::<i64>(conn)
        .optional()?
        .is_some())
}
