//! Saved views: rows and verbs.

use diesel::prelude::*;

use crate::auth::policy::Policy;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::task_views;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{TaskViewId, UserId};

/// A view.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = task_views)]
pub struct TaskView {
    /// Which.
    pub id: TaskViewId,
    /// Whose.
    pub user_id: UserId,
    /// Its name.
    pub name: String,
    /// Path and query of the list or board.
    pub address: String,
    /// Whether everybody may use it.
    pub is_shared: bool,
}

impl TaskView {
    /// Whether `actor` may delete it.
    pub fn is_deletable_by(&self, actor: &Actor) -> bool {
        self.user_id == actor.id || actor.may(Policy::Administer)
    }
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone)]
pub struct NewTaskView {
    /// Its name.
    pub name: String,
    /// Path and query of the list or board.
    pub address: String,
    /// Whether everybody may use it.
    pub is_shared: bool,
}

/// Views that one person may keep.
const MOST: i64 = 50;

/// The views of `actor` and those that others share, by name.
pub fn of(conn: &mut Conn, actor: &Actor) -> AppResult<Vec<TaskView>> {
    let mut views: Vec<TaskView> = task_views::table
        .filter(task_views::user_id.eq(actor.id))
        .order((task_views::name, task_views::id))
        .limit(MOST)
        .select(TaskView::as_select())
        .load(conn)?;
    let shared: Vec<TaskView> = task_views::table
        .filter(task_views::is_shared)
        .order((task_views::name, task_views::id))
        .limit(MOST)
        .select(TaskView::as_select())
        .load(conn)?;
    views.extend(shared.into_iter().filter(|view| view.user_id != actor.id));
    Ok(views)
}

/// Keeps a view.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewTaskView) -> AppResult<TaskView> {
    let own = task_views::table.filter(task_views::user_id.eq(actor.id));
    if own.count().get_result::<i64>(conn)? >= MOST {
        return Err(AppError::Conflict(format!("You keep {MOST} views already.")));
    }
    let id: TaskViewId = diesel::insert_into(task_views::table)
        .values((
            task_views::user_id.eq(actor.id),
            task_views::name.eq(&new.name),
            task_views::address.eq(&new.address),
            task_views::is_shared.eq(new.is_shared),
            task_views::created_at.eq(now),
        ))
        .returning(task_views::id)
        .get_result(conn)?;
    Ok(task_views::table.find(id).select(TaskView::as_select()).first(conn)?)
}

/// Deletes a view; one that `actor` may not delete is not there.
pub fn delete(conn: &mut Conn, actor: &Actor, id: TaskViewId) -> AppResult<()> {
    let view: TaskView = task_views::table.find(id).select(TaskView::as_select()).first(conn)?;
    if !view.is_deletable_by(actor) {
        return Err(AppError::NotFound);
    }
    diesel::delete(task_views::table.find(id)).execute(conn)?;
    Ok(())
}
