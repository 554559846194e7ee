//! Labels: rows and verbs.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::cached::Cache;
use crate::db::saved::Saved;
use crate::db::schema::{labels, task_labels};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{LabelId, TaskId};
use crate::types::text::fold;

crate::text_enum! {
    /// What a label looks like: one of the colours of charts.
    pub enum LabelColour {
        /// The first.
        Green = "c1", "Green";
        /// The second.
        Citron = "c2", "Citron";
        /// The third.
        Orange = "c3", "Orange";
        /// The fourth.
        Blue = "c4", "Blue";
        /// The fifth.
        Plum = "c5", "Plum";
        /// The sixth.
        Grey = "c6", "Grey";
    }
}

impl LabelColour {
    /// The class of the dot before the name.
    pub fn dot(self) -> &'static str {
        match self {
            Self::Green => "dot-1",
            Self::Citron => "dot-2",
            Self::Orange => "dot-3",
            Self::Blue => "dot-4",
            Self::Plum => "dot-5",
            Self::Grey => "dot-6",
        }
    }
}

/// A label.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = labels)]
pub struct Label {
    /// Which.
    pub id: LabelId,
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: LabelColour,
    /// Counts the edits.
    pub version: i64,
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone)]
pub struct NewLabel {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: LabelColour,
}

/// Labels that an agency may have: more are no help in finding anything.
const MOST: i64 = 200;

/// Every label, by name.
pub fn all(conn: &mut Conn) -> AppResult<Vec<Label>> {
    Ok(labels::table.order((labels::name_key, labels::id)).select(Label::as_select()).load(conn)?)
}

/// The label.
pub fn find(conn: &mut Conn, _actor: &Actor, id: LabelId) -> AppResult<Label> {
    Ok(labels::table.find(id).select(Label::as_select()).first(conn)?)
}

/// Adds a label. A name that reads like another's is an error at `name`.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewLabel) -> AppResult<Label> {
    if labels::table.count().get_result::<i64>(conn)? >= MOST {
        return Err(AppError::Conflict(format!("There are {MOST} labels already.")));
    }
    let id: LabelId = diesel::insert_into(labels::table)
        .values((
            labels::name.eq(&new.name),
            labels::name_key.eq(fold(&new.name)),
            labels::colour.eq(new.colour),
            labels::created_at.eq(now),
            labels::updated_at.eq(now),
        ))
        .returning(labels::id)
        .get_result(conn)
        .map_err(name_is_taken)?;
    let label = find(conn, actor, id)?;
    note(conn, actor, now, Action::Created, &label, None)?;
    Ok(label)
}

/// Saves `new` over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: LabelId,
    version: i64,
    new: &NewLabel,
) -> AppResult<Saved<Label>> {
    let before = find(conn, actor, id)?;
    let updated = diesel::update(labels::table.filter(labels::id.eq(id)).filter(labels::version.eq(version)))
        .set((
            labels::name.eq(&new.name),
            labels::name_key.eq(fold(&new.name)),
            labels::colour.eq(new.colour),
            labels::updated_at.eq(now),
            labels::version.eq(labels::version + 1),
        ))
        .execute(conn)
        .map_err(name_is_taken)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let after = find(conn, actor, id)?;
    note(conn, actor, now, Action::Updated, &after, Some(&before))?;
    Ok(Saved::Done(after))
}

/// Deletes a label and takes it off every task.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: LabelId) -> AppResult<()> {
    let label = find(conn, actor, id)?;
    diesel::delete(labels::table.find(id)).execute(conn)?;
    note(conn, actor, now, Action::Deleted, &label, None)
}

/// Labels of tasks, each with its task, by name.
pub fn of_tasks(conn: &mut Conn, tasks: &[TaskId]) -> AppResult<Vec<(TaskId, Label)>> {
    Ok(task_labels::table
        .inner_join(labels::table)
        .filter(task_labels::task_id.eq_any(tasks))
        .order((labels::name_key, labels::id))
        .select((task_labels::task_id, Label::as_select()))
        .cached()
        .load(conn)?)
}

/// Gives a task exactly these labels, and answers with the names that it had before and has now. One that is not
/// there is an error at `labels`.
pub fn assign(conn: &mut Conn, task: TaskId, chosen: &[LabelId]) -> AppResult<(String, String)> {
    let before = of_tasks(conn, &[task])?;
    let known = all(conn)?;
    if chosen.iter().any(|id| known.iter().all(|label| label.id != *id)) {
        return Err(AppError::invalid("labels", "must be some of the choices"));
    }
    let after: Vec<&Label> = known.iter().filter(|label| chosen.contains(&label.id)).collect();
    for (_, label) in before.iter().filter(|(_, label)| !chosen.contains(&label.id)) {
        diesel::delete(task_labels::table.find((task, label.id))).execute(conn)?;
    }
    for label in after.iter().filter(|label| before.iter().all(|(_, had)| had.id != label.id)) {
        diesel::insert_into(task_labels::table)
            .values((task_labels::task_id.eq(task), task_labels::label_id.eq(label.id)))
            .execute(conn)?;
    }
    let names =
        |labels: Vec<&Label>| labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>().join(", ");
    Ok((names(before.iter().map(|(_, label)| label).collect()), names(after)))
}

fn name_is_taken(error: diesel::result::Error) -> AppError {
    match dialect::violated_unique(&error) {
        Some(_) => AppError::invalid("name", "is the name of another label already"),
        None => error.into(),
    }
}

fn note(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    action: Action,
    label: &Label,
    before: Option<&Label>,
) -> AppResult<()> {
    let mut entry = Entry::new(action, Subject::Label, label.id.0, &label.name);
    if let Some(before) = before {
        entry = entry.change("name", &before.name, &label.name).change(
            "colour",
            before.colour.label(),
            label.colour.label(),
        );
        if !entry.has_changes() {
            return Ok(());
        }
    }
    audit::record(conn, Some(actor.id), now, &entry)
}
