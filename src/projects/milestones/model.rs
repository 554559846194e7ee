//! Milestones: rows and verbs.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::{milestones, projects};
use crate::error::{AppError, AppResult};
use crate::projects::model::{self as projects_model, BillingModel, Project};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, MilestoneId, ProjectId};
use crate::types::money::{Currency, Money};

/// Where "no date" stands in the order of due dates.
const NO_DUE: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(date) => date,
    None => NaiveDate::MAX,
};
/// Milestones that one project may have.
pub const MOST: i64 = 200;

/// A milestone.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = milestones)]
pub struct Milestone {
    /// Which.
    pub id: MilestoneId,
    /// On which project.
    pub project_id: ProjectId,
    /// What is there then.
    pub title: String,
    /// When it should be.
    pub due_on: Option<NaiveDate>,
    /// What is paid for it, in minor units of the client's currency.
    pub amount_cents: Option<i64>,
    /// When it was.
    pub reached_on: Option<NaiveDate>,
    /// Whether an invoice can take it.
    pub is_unbilled: bool,
    /// Counts the edits.
    pub version: i64,
}

crate::text_enum! {
    /// How far a milestone is.
    pub enum MilestoneState {
        /// Still to come.
        Planned = "planned", "Planned";
        /// Still to come, and its day has passed.
        Late = "late", "Late";
        /// There.
        Reached = "reached", "Reached";
        /// There, and to be billed.
        Unbilled = "unbilled", "Ready to bill";
        /// On an invoice.
        Billed = "billed", "On an invoice";
    }
}

impl MilestoneState {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Planned => "",
            Self::Late => "badge-bad",
            Self::Reached | Self::Billed => "badge-ok",
            Self::Unbilled => "badge-warn",
        }
    }
}

impl Milestone {
    /// How far it is on `today`.
    pub fn state(&self, today: &NaiveDate) -> MilestoneState {
        match (self.reached_on, self.amount_cents) {
            (None, _) if self.due_on.is_some_and(|due| due < *today) => MilestoneState::Late,
            (None, _) => MilestoneState::Planned,
            (Some(_), None) => MilestoneState::Reached,
            (Some(_), Some(_)) if self.is_unbilled => MilestoneState::Unbilled,
            (Some(_), Some(_)) => MilestoneState::Billed,
        }
    }

    /// [`Milestone::state`] for who sees no money: reached is all there is to know.
    pub fn shown_state(&self, money: bool, today: &NaiveDate) -> MilestoneState {
        let state = self.state(today);
        let tells_money = matches!(state, MilestoneState::Unbilled | MilestoneState::Billed);
        if tells_money && !money { MilestoneState::Reached } else { state }
    }

    /// Whether a line of an invoice has claimed it.
    pub fn is_billed(&self) -> bool {
        self.reached_on.is_some() && self.amount_cents.is_some() && !self.is_unbilled
    }
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = milestones, treat_none_as_null = true)]
pub struct NewMilestone {
    /// What is there then.
    pub title: String,
    /// When it should be.
    pub due_on: Option<NaiveDate>,
    /// What is paid for it, in minor units.
    pub amount_cents: Option<i64>,
}

/// A project's milestones by due date. The caller has found the project.
pub fn of_project(conn: &mut Conn, project: ProjectId) -> AppResult<Vec<Milestone>> {
    Ok(milestones::table
        .filter(milestones::project_id.eq(project))
        .order((milestones::due_order, milestones::id))
        .select(Milestone::as_select())
        .load(conn)?)
}

/// The milestone, if `actor` may see its project and it is that project's.
pub fn find(conn: &mut Conn, actor: &Actor, project: ProjectId, id: MilestoneId) -> AppResult<Milestone> {
    projects_model::find(conn, actor, project)?;
    Ok(milestones::table
        .filter(milestones::project_id.eq(project))
        .filter(milestones::id.eq(id))
        .select(Milestone::as_select())
        .first(conn)?)
}

/// The project, if its milestones may change, and the currency of its amounts.
fn open_project(conn: &mut Conn, actor: &Actor, id: ProjectId) -> AppResult<(Project, Currency)> {
    let project = projects_model::find(conn, actor, id)?;
    if project.is_archived() {
        return Err(AppError::Conflict("This project is archived. Restore it first.".into()));
    }
    let currency = clients::find(conn, actor, project.client_id)?.currency;
    Ok((project, currency))
}

/// Adds a milestone.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    project: ProjectId,
    new: &NewMilestone,
) -> AppResult<Milestone> {
    let (project, currency) = open_project(conn, actor, project)?;
    let count: i64 =
        milestones::table.filter(milestones::project_id.eq(project.id)).count().get_result(conn)?;
    if count >= MOST {
        return Err(AppError::invalid("", format!("A project has at most {MOST} milestones.")));
    }
    let id: MilestoneId = diesel::insert_into(milestones::table)
        .values((
            new,
            milestones::project_id.eq(project.id),
            milestones::due_order.eq(new.due_on.unwrap_or(NO_DUE)),
            milestones::created_at.eq(now),
            milestones::updated_at.eq(now),
        ))
        .returning(milestones::id)
        .get_result(conn)?;
    let entry = Entry::new(Action::Created, Subject::Milestone, id.0, &new.title)
        .change("due_on", "", day(new.due_on))
        .change("amount", "", Money::text_of(new.amount_cents, currency));
    note(conn, actor, now, entry, &project)?;
    find(conn, actor, project.id, id)
}

/// Saves `new` over version `version`; a conflict once it is on an invoice.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    project: ProjectId,
    id: MilestoneId,
    version: i64,
    new: &NewMilestone,
) -> AppResult<Saved<Milestone>> {
    let before = find(conn, actor, project, id)?;
    let (project, currency) = open_project(conn, actor, project)?;
    refuse_billed(&before)?;
    let updated = diesel::update(
        milestones::table.filter(milestones::id.eq(id)).filter(milestones::version.eq(version)),
    )
    .set((
        new,
        milestones::due_order.eq(new.due_on.unwrap_or(NO_DUE)),
        milestones::is_unbilled.eq(before.reached_on.is_some() && new.amount_cents.is_some()),
        milestones::updated_at.eq(now),
        milestones::version.eq(milestones::version + 1),
    ))
    .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let entry = Entry::new(Action::Updated, Subject::Milestone, id.0, &new.title)
        .change("title", &before.title, &new.title)
        .change("due_on", day(before.due_on), day(new.due_on))
        .change(
            "amount",
            Money::text_of(before.amount_cents, currency),
            Money::text_of(new.amount_cents, currency),
        );
    if entry.has_changes() {
        note(conn, actor, now, entry, &project)?;
    }
    Ok(Saved::Done(find(conn, actor, project.id, id)?))
}

/// Notes that it was reached on `on`, which is not after `today`; harmless when it is already.
pub fn reach(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    (project, id): (ProjectId, MilestoneId),
    on: NaiveDate,
    today: NaiveDate,
) -> AppResult<Milestone> {
    let before = find(conn, actor, project, id)?;
    let (project, _) = open_project(conn, actor, project)?;
    if on > today {
        return Err(AppError::invalid("reached_on", "must not lie ahead"));
    }
    if before.reached_on.is_some() {
        return Ok(before);
    }
    set_reached(conn, now, &before, Some(on))?;
    let entry = Entry::new(Action::Reached, Subject::Milestone, id.0, &before.title);
    note(conn, actor, now, entry.change("reached_on", "", on), &project)?;
    find(conn, actor, project.id, id)
}

/// What of a fixed price no milestone pays for, in minor units; `None` where no price is fixed. The caller has found the
/// project.
pub fn price_left(conn: &mut Conn, project: &Project) -> AppResult<Option<i64>> {
    let Some(price) = project.price_cents.filter(|_| project.billing_model == BillingModel::FixedPrice)
    else {
        return Ok(None);
    };
    let planned: Vec<Option<i64>> = milestones::table
        .filter(milestones::project_id.eq(project.id))
        .select(milestones::amount_cents)
        .load(conn)?;
    Ok(Some(planned.into_iter().flatten().fold(price, i64::saturating_sub)))
}

/// Makes what is left of a fixed price ready to be billed, as a milestone that is reached on `today`.
pub fn bill_price(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    project: ProjectId,
    today: NaiveDate,
) -> AppResult<Milestone> {
    let (project, _) = open_project(conn, actor, project)?;
    lock_row(conn, LockedTable::Projects, project.id.0)?;
    let left = match price_left(conn, &project)? {
        None => return Err(AppError::Conflict("This project has no fixed price.".into())),
        Some(left) if left <= 0 => {
            return Err(AppError::Conflict("Milestones pay for the whole price already.".into()));
        }
        Some(left) => left,
    };
    let title = if project.price_cents == Some(left) { "Fixed price" } else { "Rest of the fixed price" };
    let new = NewMilestone { title: title.into(), due_on: Some(today), amount_cents: Some(left) };
    let milestone = create(conn, actor, now, project.id, &new)?;
    reach(conn, actor, now, (project.id, milestone.id), today, today)
}

/// Takes back that it was reached; a conflict once it is on an invoice, harmless when it was not reached.
pub fn reopen(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    project: ProjectId,
    id: MilestoneId,
) -> AppResult<Milestone> {
    let before = find(conn, actor, project, id)?;
    let (project, _) = open_project(conn, actor, project)?;
    refuse_billed(&before)?;
    if before.reached_on.is_none() {
        return Ok(before);
    }
    set_reached(conn, now, &before, None)?;
    note(conn, actor, now, Entry::new(Action::Reopened, Subject::Milestone, id.0, &before.title), &project)?;
    find(conn, actor, project.id, id)
}

fn set_reached(conn: &mut Conn, now: UtcTime, before: &Milestone, on: Option<NaiveDate>) -> AppResult<()> {
    let same =
        milestones::table.filter(milestones::id.eq(before.id)).filter(milestones::version.eq(before.version));
    let updated = diesel::update(same)
        .set((
            milestones::reached_on.eq(on),
            milestones::is_unbilled.eq(on.is_some() && before.amount_cents.is_some()),
            milestones::updated_at.eq(now),
            milestones::version.eq(milestones::version + 1),
        ))
        .execute(conn)?;
    if updated == 0 {
        return Err(AppError::Conflict("Somebody else changed this milestone meanwhile.".into()));
    }
    Ok(())
}

/// Deletes a milestone that is on no invoice.
pub fn delete(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    project: ProjectId,
    id: MilestoneId,
) -> AppResult<()> {
    let milestone = find(conn, actor, project, id)?;
    let (project, _) = open_project(conn, actor, project)?;
    refuse_billed(&milestone)?;
    diesel::delete(milestones::table.find(id)).execute(conn)?;
    note(conn, actor, now, Entry::new(Action::Deleted, Subject::Milestone, id.0, &milestone.title), &project)
}

fn refuse_billed(milestone: &Milestone) -> AppResult<()> {
    if milestone.is_billed() {
        return Err(AppError::Conflict(format!("{} is on an invoice and stays as it is.", milestone.title)));
    }
    Ok(())
}

fn note(conn: &mut Conn, actor: &Actor, now: UtcTime, entry: Entry, project: &Project) -> AppResult<()> {
    audit::record(conn, Some(actor.id), now, &entry.client(project.client_id).project(project.id))
}

fn day(date: Option<NaiveDate>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

/// A milestone that waits to be billed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct UnbilledMilestone {
    /// Which.
    pub id: MilestoneId,
    /// On which project.
    pub project_id: ProjectId,
    /// The project's name.
    pub project_name: String,
    /// What was reached.
    pub title: String,
    /// When.
    pub reached_on: Option<NaiveDate>,
    /// What is paid for it, in minor units of the client's currency.
    pub amount_cents: Option<i64>,
}

/// What a client's projects, or one of them, have reached and nobody has billed, the earliest first.
pub fn unbilled(
    conn: &mut Conn,
    client: ClientId,
    project: Option<ProjectId>,
) -> AppResult<Vec<UnbilledMilestone>> {
    let mut query = milestones::table
        .inner_join(projects::table)
        .filter(projects::client_id.eq(client))
        .filter(milestones::is_unbilled)
        .into_boxed();
    if let Some(project) = project {
        query = query.filter(milestones::project_id.eq(project));
    }
    let mut rows: Vec<UnbilledMilestone> = query
        .select((
            milestones::id,
            milestones::project_id,
            projects::name,
            milestones::title,
            milestones::reached_on,
            milestones::amount_cents,
        ))
        .load(conn)?;
    rows.sort_by_key(|row| (row.reached_on, row.id));
    Ok(rows)
}

/// Takes milestones for lines of an invoice; a conflict when one of them is not free.
pub fn claim(conn: &mut Conn, ids: &[MilestoneId]) -> AppResult<()> {
    if set_unbilled(conn, ids, false)? != ids.len() {
        return Err(AppError::Conflict("A milestone is on an invoice already, or not reached.".into()));
    }
    Ok(())
}

/// Gives milestones back that lines had claimed.
pub fn release(conn: &mut Conn, ids: &[MilestoneId]) -> AppResult<()> {
    set_unbilled(conn, ids, true).map(drop)
}

fn set_unbilled(conn: &mut Conn, ids: &[MilestoneId], is_unbilled: bool) -> AppResult<usize> {
    let rows =
        milestones::table.filter(milestones::id.eq_any(ids)).filter(milestones::is_unbilled.ne(is_unbilled));
    Ok(diesel::update(rows).set(milestones::is_unbilled.eq(is_unbilled)).execute(conn)?)
}
