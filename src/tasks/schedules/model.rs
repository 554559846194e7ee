//! Schedules: rows, verbs, and the pass that makes tasks of them.

use chrono::NaiveDate;
use diesel::prelude::*;

pub use super::period::{Rhythm, RhythmUnit};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::{Actor, User};
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::{agency, clients, projects, task_occurrences, task_schedules, users};
use crate::error::{AppError, AppResult};
use crate::tasks::assignees::{can_have_tasks, check_assignee};
use crate::tasks::checklist::model as checklist;
use crate::tasks::model::{self as tasks, NewTask, TaskPriority, TaskStatus};
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, ScheduleId, TaskId, UserId};
use crate::types::zone;

crate::text_enum! {
    /// When the next task is made.
    pub enum ScheduleMode {
        /// On its day.
        Due = "due", "On its day";
        /// When the one before it is done.
        Completed = "completed", "When the one before is done";
    }
}

/// A task that comes back.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = task_schedules)]
pub struct Schedule {
    /// Which.
    pub id: ScheduleId,
    /// On which project.
    pub project_id: ProjectId,
    /// What each task is called.
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// Titles of steps, a line each.
    pub steps: String,
    /// How much it matters.
    pub priority: TaskPriority,
    /// Who does it.
    pub assignee_id: Option<UserId>,
    /// Estimate in seconds.
    pub estimate_seconds: Option<i64>,
    /// How many units lie between two.
    pub every: i64,
    /// Of what.
    pub unit: RhythmUnit,
    /// The first day.
    pub anchor_on: NaiveDate,
    /// When the next one is made.
    pub mode: ScheduleMode,
    /// The day of the next one; none while it waits for the one before to be done.
    pub next_on: Option<NaiveDate>,
    /// Whether it rests.
    pub is_paused: bool,
    /// Who made it, and in whose name its tasks are made.
    pub created_by: UserId,
    /// Counts the edits.
    pub version: i64,
}

impl Schedule {
    /// Its days.
    pub fn rhythm(&self) -> Rhythm {
        Rhythm { every: u32::try_from(self.every).unwrap_or(1), unit: self.unit, anchor: self.anchor_on }
    }

    /// "Every 2 weeks".
    pub fn words(&self) -> String {
        match (self.every, self.unit) {
            (1, unit) => format!("Every {unit}"),
            (count, unit) => format!("Every {count} {}", unit.label()),
        }
    }
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = task_schedules, treat_none_as_null = true)]
pub struct NewSchedule {
    /// On which project.
    pub project_id: ProjectId,
    /// What each task is called.
    pub title: String,
    /// More words, in Markdown.
    pub description: String,
    /// Titles of steps, a line each.
    pub steps: String,
    /// How much it matters.
    pub priority: TaskPriority,
    /// Who does it.
    pub assignee_id: Option<UserId>,
    /// Estimate in seconds.
    pub estimate_seconds: Option<i64>,
    /// How many units lie between two.
    pub every: i64,
    /// Of what.
    pub unit: RhythmUnit,
    /// The first day.
    pub anchor_on: NaiveDate,
    /// When the next one is made.
    pub mode: ScheduleMode,
    /// Whether it rests.
    pub is_paused: bool,
}

/// Schedules that an agency may have.
const MOST: i64 = 500;

/// Every schedule with its project's and client's name, the next first.
pub fn all(conn: &mut Conn) -> AppResult<Vec<(Schedule, String, String)>> {
    Ok(task_schedules::table
        .inner_join(projects::table.inner_join(clients::table))
        .order((task_schedules::next_on, task_schedules::id))
        .select((Schedule::as_select(), projects::name, clients::name))
        .load(conn)?)
}

/// The schedule.
pub fn find(conn: &mut Conn, _actor: &Actor, id: ScheduleId) -> AppResult<Schedule> {
    Ok(task_schedules::table.find(id).select(Schedule::as_select()).first(conn)?)
}

/// The schedule that a task was made by.
pub fn of_task(conn: &mut Conn, task: TaskId) -> AppResult<Option<Schedule>> {
    Ok(task_occurrences::table
        .inner_join(task_schedules::table)
        .filter(task_occurrences::task_id.eq(task))
        .select(Schedule::as_select())
        .first(conn)
        .optional()?)
}

/// Adds a schedule, and the task of its first day when that has come.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    new: &NewSchedule,
) -> AppResult<Schedule> {
    if task_schedules::table.count().get_result::<i64>(conn)? >= MOST {
        return Err(AppError::Conflict(format!("There are {MOST} recurring tasks already.")));
    }
    tasks::open_project(conn, actor, new.project_id)?;
    check_assignee(conn, actor, new.project_id, new.assignee_id)?;
    let id: ScheduleId = diesel::insert_into(task_schedules::table)
        .values((
            new,
            task_schedules::next_on.eq(new.anchor_on),
            task_schedules::created_by.eq(actor.id),
            task_schedules::created_at.eq(now),
            task_schedules::updated_at.eq(now),
        ))
        .returning(task_schedules::id)
        .get_result(conn)?;
    let schedule = find(conn, actor, id)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Created, &schedule))?;
    run(conn, now, today, id)?;
    find(conn, actor, id)
}

/// Saves `new` over version `version`. Days that have passed are left alone: the next is the first from today on.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    (id, version): (ScheduleId, i64),
    new: &NewSchedule,
) -> AppResult<Saved<Schedule>> {
    let before = find(conn, actor, id)?;
    if before.project_id != new.project_id {
        tasks::open_project(conn, actor, new.project_id)?;
    }
    if before.assignee_id != new.assignee_id {
        check_assignee(conn, actor, new.project_id, new.assignee_id)?;
    }
    let rhythm =
        Rhythm { every: u32::try_from(new.every).unwrap_or(1), unit: new.unit, anchor: new.anchor_on };
    let last = last_period(conn, id)?;
    let from = last.unwrap_or(NaiveDate::MIN).max(today.pred_opt().unwrap_or(today));
    // What waits for a task to be done goes on waiting.
    let waits = new.mode == ScheduleMode::Completed && before.next_on.is_none();
    let next_on = if waits { None } else { rhythm.after(from) };
    let this =
        task_schedules::table.filter(task_schedules::id.eq(id)).filter(task_schedules::version.eq(version));
    let updated = diesel::update(this)
        .set((
            new,
            task_schedules::next_on.eq(next_on),
            task_schedules::updated_at.eq(now),
            task_schedules::version.eq(task_schedules::version + 1),
        ))
        .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let after = find(conn, actor, id)?;
    let rests = |schedule: &Schedule| if schedule.is_paused { "yes" } else { "no" };
    let entry = entry(Action::Updated, &after)
        .change("title", &before.title, &after.title)
        .change("rhythm", before.words(), after.words())
        .change("start", before.anchor_on, after.anchor_on)
        .change("made", before.mode.label(), after.mode.label())
        .change("paused", rests(&before), rests(&after));
    audit::record(conn, Some(actor.id), now, &entry)?;
    run(conn, now, today, id)?;
    find(conn, actor, id).map(Saved::Done)
}

/// Deletes a schedule; the tasks that it made stay.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ScheduleId) -> AppResult<()> {
    let schedule = find(conn, actor, id)?;
    diesel::delete(task_schedules::table.find(id)).execute(conn)?;
    audit::record(conn, Some(actor.id), now, &entry(Action::Deleted, &schedule))
}

/// Makes the tasks whose day has come; answers with how many.
pub fn run_due(conn: &mut Conn, now: UtcTime, today: NaiveDate) -> AppResult<usize> {
    let due: Vec<ScheduleId> = task_schedules::table
        .filter(task_schedules::next_on.le(today))
        .filter(task_schedules::is_paused.eq(false))
        .order((task_schedules::next_on, task_schedules::id))
        .select(task_schedules::id)
        .load(conn)?;
    let mut made = 0;
    for id in due {
        made += usize::from(run(conn, now, today, id)?);
    }
    Ok(made)
}

/// Lets the schedule that a finished task came from go on, if it waits for that.
pub fn go_on(conn: &mut Conn, now: UtcTime, task: TaskId) -> AppResult<()> {
    let found: Option<(ScheduleId, NaiveDate)> = task_occurrences::table
        .filter(task_occurrences::task_id.eq(task))
        .select((task_occurrences::schedule_id, task_occurrences::period_on))
        .first(conn)
        .optional()?;
    let Some((id, period)) = found else { return Ok(()) };
    lock_row(conn, LockedTable::TaskSchedules, id.0)?;
    let schedule: Schedule = task_schedules::table.find(id).select(Schedule::as_select()).first(conn)?;
    let is_last = last_period(conn, id)? == Some(period);
    if schedule.mode != ScheduleMode::Completed || schedule.next_on.is_some() || !is_last {
        return Ok(());
    }
    let zone: String = agency::table.select(agency::time_zone).first(conn)?;
    let today = zone::local_date(now, zone::zone(&zone));
    let next = schedule.rhythm().after(period.max(today));
    diesel::update(task_schedules::table.find(id)).set(task_schedules::next_on.eq(next)).execute(conn)?;
    run(conn, now, today, id).map(drop)
}

/// The last day that a schedule has a task for.
fn last_period(conn: &mut Conn, id: ScheduleId) -> AppResult<Option<NaiveDate>> {
    Ok(task_occurrences::table
        .filter(task_occurrences::schedule_id.eq(id))
        .select(diesel::dsl::max(task_occurrences::period_on))
        .first(conn)?)
}

/// Makes the next task of one schedule if it is time; tells whether it did.
fn run(conn: &mut Conn, now: UtcTime, today: NaiveDate, id: ScheduleId) -> AppResult<bool> {
    lock_row(conn, LockedTable::TaskSchedules, id.0)?;
    let schedule: Schedule = task_schedules::table.find(id).select(Schedule::as_select()).first(conn)?;
    let Some(next) = schedule.next_on.filter(|_| !schedule.is_paused) else { return Ok(false) };
    let is_time = next <= today || schedule.mode == ScheduleMode::Completed;
    if !is_time {
        return Ok(false);
    }
    let period = schedule.rhythm().latest(next, today);
    let owner: User = users::table.find(schedule.created_by).select(User::as_select()).first(conn)?;
    let owner = owner.actor();
    // Who has left, or works no more, does it no more.
    let assignee_id = match schedule.assignee_id {
        Some(id) if can_have_tasks(conn, schedule.project_id, id)? => Some(id),
        _ => None,
    };
    let new = NewTask {
        project_id: schedule.project_id,
        title: schedule.title.clone(),
        description: schedule.description.clone(),
        status: TaskStatus::Todo,
        priority: schedule.priority,
        assignee_id,
        due_on: Some(period),
        estimate_seconds: schedule.estimate_seconds,
        is_client_visible: false,
        is_billable: None,
        labels: None,
    };
    let task = match tasks::create(conn, &owner, now, &new) {
        Ok(task) => task,
        Err(AppError::Invalid(errors)) => {
            // Its project or client is put away.
            tracing::info!(schedule = id.0, %errors, "a recurring task was paused");
            diesel::update(task_schedules::table.find(id))
                .set((task_schedules::is_paused.eq(true), task_schedules::version.eq(schedule.version + 1)))
                .execute(conn)?;
            let entry = entry(Action::Updated, &schedule).change("paused", "no", "yes");
            audit::record(conn, None, now, &entry)?;
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let steps: Vec<String> = schedule.steps.lines().map(str::to_owned).collect();
    checklist::create_many(conn, now, task.id, &steps)?;
    diesel::insert_into(task_occurrences::table)
        .values((
            task_occurrences::schedule_id.eq(id),
            task_occurrences::period_on.eq(period),
            task_occurrences::task_id.eq(task.id),
        ))
        .execute(conn)?;
    let next_on = match schedule.mode {
        ScheduleMode::Due => schedule.rhythm().after(period.max(today)),
        ScheduleMode::Completed => None,
    };
    diesel::update(task_schedules::table.find(id)).set(task_schedules::next_on.eq(next_on)).execute(conn)?;
    Ok(true)
}

fn entry(action: Action, schedule: &Schedule) -> Entry {
    Entry::new(action, Subject::Schedule, schedule.id.0, &schedule.title).project(schedule.project_id)
}
