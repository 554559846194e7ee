//! Projects: rows, queries, verbs.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients_model;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::{clients, invoices, milestones, projects, tasks, time_entries};
use crate::db::{Conn, assigned, dialect};
use crate::error::{AppError, AppResult};
use crate::rates::model::{self as rates, RateKind, Scope};
use crate::types::clock::UtcTime;
use crate::types::color::Color;
use crate::types::duration;
use crate::types::ids::{ClientId, ProjectId};
use crate::types::money::Money;
use crate::types::text::fold;

/// The head of a project's pages, for the tabs of later areas.
pub use super::burn::Burn;
/// What later areas choose from.
pub use super::choices::{ProjectChoice, by_client, choices, choices_with, kept_choices};
pub use super::figures::{ProjectHead, fullest, head};

crate::text_enum! {
    /// How far a project is.
    pub enum ProjectStatus {
        /// Work goes on.
        Active = "active", "Active";
        /// No work at present.
        Paused = "paused", "Paused";
        /// Everything is delivered.
        Done = "done", "Done";
        /// Put away; keeps its history.
        Archived = "archived", "Archived";
    }
}

impl ProjectStatus {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Active => "badge-ok",
            Self::Paused => "badge-warn",
            Self::Done => "badge-info",
            Self::Archived => "",
        }
    }

    /// What a form may choose: archiving is a verb of its own.
    pub const CHOICES: [Self; 3] = [Self::Active, Self::Paused, Self::Done];
}

crate::text_enum! {
    /// How a project is paid for.
    pub enum BillingModel {
        /// By the hour.
        Hourly = "hourly", "By the hour";
        /// One price for everything.
        FixedPrice = "fixed_price", "Fixed price";
        /// A sum each month.
        Retainer = "retainer", "Retainer";
        /// A price for each milestone.
        Milestones = "milestones", "Milestones";
        /// Not at all.
        NonBillable = "non_billable", "Non-billable";
    }
}

impl BillingModel {
    /// Whether each hour is charged. A fixed price, a milestone or a month's retainer is charged as such: its hours show
    /// what it costs us, and billed by the hour as well they would be charged twice. Work beyond what was agreed is
    /// marked billable hour by hour.
    pub fn bills_hours(self) -> bool {
        self == Self::Hourly
    }

    /// Whether it is paid for by the period.
    pub fn is_retainer(self) -> bool {
        self == Self::Retainer
    }
}

/// A project.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = projects)]
pub struct Project {
    /// Which.
    pub id: ProjectId,
    /// For whom.
    pub client_id: ClientId,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub status: ProjectStatus,
    /// How it is paid for.
    pub billing_model: BillingModel,
    /// What a fixed price is, in minor units of the client's currency.
    pub price_cents: Option<i64>,
    /// Budget in seconds of work.
    pub budget_seconds: Option<i64>,
    /// Budget in minor units of the client's currency.
    pub budget_cents: Option<i64>,
    /// First day.
    pub starts_on: Option<NaiveDate>,
    /// Day it is due.
    pub due_on: Option<NaiveDate>,
    /// What it is about.
    pub description: String,
    /// Its colour.
    pub color: Color,
    /// When it was added.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl Project {
    /// Whether it is put away.
    pub fn is_archived(&self) -> bool {
        self.status == ProjectStatus::Archived
    }

    /// Whether new hours on it are billable unless somebody says otherwise.
    pub fn is_billable(&self) -> bool {
        self.billing_model.bills_hours()
    }

    /// What the work may cost the client, in minor units: the budget, or else the fixed price.
    pub fn money_budget(&self) -> Option<i64> {
        self.budget_cents.or(self.price_cents)
    }
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = projects, treat_none_as_null = true)]
pub struct NewProject {
    /// For whom.
    pub client_id: ClientId,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub status: ProjectStatus,
    /// How it is paid for.
    pub billing_model: BillingModel,
    /// What a fixed price is, in minor units.
    pub price_cents: Option<i64>,
    /// Budget in seconds.
    pub budget_seconds: Option<i64>,
    /// Budget in minor units.
    pub budget_cents: Option<i64>,
    /// First day.
    pub starts_on: Option<NaiveDate>,
    /// Day it is due.
    pub due_on: Option<NaiveDate>,
    /// What it is about.
    pub description: String,
    /// Its colour.
    pub color: Color,
    /// Price of an hour in minor units; set as a dated rate.
    #[diesel(skip_insertion, skip_update)]
    pub rate_cents: Option<i64>,
}

impl NewProject {
    /// What would leave `project` as it is.
    pub fn same(project: &Project, rate_cents: Option<i64>) -> Self {
        Self {
            client_id: project.client_id,
            name: project.name.clone(),
            status: project.status,
            billing_model: project.billing_model,
            price_cents: project.price_cents,
            budget_seconds: project.budget_seconds,
            budget_cents: project.budget_cents,
            starts_on: project.starts_on,
            due_on: project.due_on,
            description: project.description.clone(),
            color: project.color,
            rate_cents,
        }
    }
}

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct ProjectFilter {
    /// Words in the names of project or client.
    pub q: String,
    /// One status; `None` is all that are not archived.
    pub status: Option<ProjectStatus>,
    /// One client's.
    pub client_id: Option<ClientId>,
    /// The page, from 1.
    pub page: i64,
}

/// A query of projects that is still being narrowed.
pub(in crate::projects) type Projects<'a> = projects::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The projects that `actor` may see: all of them, or those that a contractor is assigned to.
pub fn visible_to<'a>(actor: &Actor) -> Projects<'a> {
    let all = projects::table.into_boxed();
    match actor.only_assigned() {
        Some(user) => all.filter(assigned::to_project("projects.id", user)),
        None => all,
    }
}

/// The projects that a list asks for, in no order.
pub(in crate::projects) fn filtered<'a>(actor: &Actor, filter: &ProjectFilter) -> Projects<'a> {
    let mut query = visible_to(actor);
    query = match filter.status {
        Some(status) => query.filter(projects::status.eq(status)),
        None => query.filter(projects::status.ne(ProjectStatus::Archived)),
    };
    if let Some(client) = filter.client_id {
        query = query.filter(projects::client_id.eq(client));
    }
    for word in fold(&filter.q).split(' ').filter(|word| !word.is_empty()) {
        let of_client = clients::table
            .filter(clients::name_key.like(dialect::contains(word)).escape('\\'))
            .select(clients::id);
        query = query.filter(
            projects::name_key
                .like(dialect::contains(word))
                .escape('\\')
                .or(projects::client_id.eq_any(of_client)),
        );
    }
    query
}

/// The project, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: ProjectId) -> AppResult<Project> {
    Ok(visible_to(actor).filter(projects::id.eq(id)).select(Project::as_select()).first(conn)?)
}

/// The price of an hour agreed for the project itself.
pub fn own_rate(conn: &mut Conn, id: ProjectId, today: NaiveDate) -> AppResult<Option<i64>> {
    rates::own(conn, RateKind::Bill, Scope::Project(id), today)
}

/// Adds a project.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewProject) -> AppResult<Project> {
    open_client(conn, actor, new.client_id)?;
    let id: ProjectId = diesel::insert_into(projects::table)
        .values((
            new,
            projects::name_key.eq(fold(&new.name)),
            projects::created_at.eq(now),
            projects::updated_at.eq(now),
        ))
        .returning(projects::id)
        .get_result(conn)?;
    if let Some(cents) = new.rate_cents {
        rates::begin(conn, actor.id, now, RateKind::Bill, Scope::Project(id), cents)?;
    }
    let entry = Entry::new(Action::Created, Subject::Project, id.0, &new.name);
    audit::record(conn, Some(actor.id), now, &entry.client(new.client_id).project(id))?;
    find(conn, actor, id)
}

/// Saves `new` over version `version`. Once there are hours or invoices, the project stays with its client; before that
/// it takes its tasks along, by the reference in the schema.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: ProjectId,
    version: i64,
    new: &NewProject,
) -> AppResult<Saved<Project>> {
    let mut before = find(conn, actor, id)?;
    if before.client_id != new.client_id {
        // No hours come meanwhile: they hold the project where it is (`LockedTable::ProjectKey`).
        lock_row(conn, LockedTable::Projects, id.0)?;
        before = find(conn, actor, id)?;
    }
    if before.is_archived() {
        return Err(AppError::Conflict("This project is archived. Restore it first.".into()));
    }
    let moves = before.client_id != new.client_id;
    if moves && before.version == version {
        open_client(conn, actor, new.client_id)?;
        if has_work(conn, id)? {
            return Err(AppError::invalid(
                "client_id",
                "cannot change any more: there are hours or invoices on the project",
            ));
        }
    }
    let updated =
        diesel::update(projects::table.filter(projects::id.eq(id)).filter(projects::version.eq(version)))
            .set((
                new,
                projects::name_key.eq(fold(&new.name)),
                projects::updated_at.eq(now),
                projects::version.eq(projects::version + 1),
            ))
            .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let rate_before = own_rate(conn, id, today)?;
    rates::set(conn, actor.id, now, RateKind::Bill, Scope::Project(id), today, new.rate_cents)?;
    let client_before = clients_model::find(conn, actor, before.client_id)?;
    let client = clients_model::find(conn, actor, new.client_id)?;
    let hours = |seconds: Option<i64>| seconds.map(duration::hours).unwrap_or_default();
    let day = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let entry = Entry::new(Action::Updated, Subject::Project, id.0, &new.name)
        .client(new.client_id)
        .project(id)
        .change("client", &client_before.name, &client.name)
        .change("name", &before.name, &new.name)
        .change("status", before.status.label(), new.status.label())
        .change("billing", before.billing_model.label(), new.billing_model.label())
        .change(
            "price",
            Money::text_of(before.price_cents, client_before.currency),
            Money::text_of(new.price_cents, client.currency),
        )
        .change("hours_budget", hours(before.budget_seconds), hours(new.budget_seconds))
        .change(
            "budget",
            Money::text_of(before.budget_cents, client_before.currency),
            Money::text_of(new.budget_cents, client.currency),
        )
        .change(
            "rate",
            Money::text_of(rate_before, client_before.currency),
            Money::text_of(new.rate_cents, client.currency),
        )
        .change("starts_on", day(before.starts_on), day(new.starts_on))
        .change("due_on", day(before.due_on), day(new.due_on))
        .change("color", before.color.label(), new.color.label())
        .change("description", &before.description, &new.description);
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(Saved::Done(find(conn, actor, id)?))
}

/// Puts a project away; harmless when it is already.
pub fn archive(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ProjectId) -> AppResult<Project> {
    let project = find(conn, actor, id)?;
    if project.is_archived() {
        return Ok(project);
    }
    set_status(conn, actor, now, &project, ProjectStatus::Archived, Action::Archived)
}

/// Takes a project back out, as active; harmless when it is not archived.
pub fn restore(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ProjectId) -> AppResult<Project> {
    let project = find(conn, actor, id)?;
    if !project.is_archived() {
        return Ok(project);
    }
    set_status(conn, actor, now, &project, ProjectStatus::Active, Action::Restored)
}

fn set_status(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    project: &Project,
    status: ProjectStatus,
    action: Action,
) -> AppResult<Project> {
    diesel::update(projects::table.find(project.id))
        .set((
            projects::status.eq(status),
            projects::updated_at.eq(now),
            projects::version.eq(projects::version + 1),
        ))
        .execute(conn)?;
    let entry = Entry::new(action, Subject::Project, project.id.0, &project.name)
        .client(project.client_id)
        .project(project.id);
    audit::record(conn, Some(actor.id), now, &entry)?;
    find(conn, actor, project.id)
}

/// Deletes a project on which nothing hangs; a conflict that says what does.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ProjectId) -> AppResult<()> {
    let project = find(conn, actor, id)?;
    let counts: [(i64, &str, &str); 3] = [
        (tasks::table.filter(tasks::project_id.eq(id)).count().get_result(conn)?, "task", "tasks"),
        (
            time_entries::table.filter(time_entries::project_id.eq(id)).count().get_result(conn)?,
            "time entry",
            "time entries",
        ),
        (
            invoices::table.filter(invoices::project_id.eq(id)).count().get_result(conn)?,
            "invoice",
            "invoices",
        ),
    ];
    let hanging: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    if !hanging.is_empty() {
        return Err(AppError::Conflict(format!(
            "{} has {}. Archive it instead.",
            project.name,
            hanging.join(" and ")
        )));
    }
    rates::forget(conn, Scope::Project(id))?;
    super::retainers::model::forget(conn, id)?;
    diesel::delete(milestones::table.filter(milestones::project_id.eq(id))).execute(conn)?;
    diesel::delete(projects::table.find(id)).execute(conn)?;
    let entry = Entry::new(Action::Deleted, Subject::Project, id.0, &project.name)
        .client(project.client_id)
        .project(id);
    audit::record(conn, Some(actor.id), now, &entry)
}

/// Refuses a client that is gone or put away, at the field that names it.
fn open_client(conn: &mut Conn, actor: &Actor, id: ClientId) -> AppResult<()> {
    match clients_model::find(conn, actor, id) {
        Ok(client) if client.is_archived() => {
            Err(AppError::invalid("client_id", "is archived; restore the client first"))
        }
        Ok(_) => Ok(()),
        Err(AppError::NotFound) => Err(AppError::invalid("client_id", "must be one of the choices")),
        Err(error) => Err(error),
    }
}

fn has_work(conn: &mut Conn, id: ProjectId) -> AppResult<bool> {
    let hours = time_entries::table
        .filter(time_entries::project_id.eq(id))
        .select(time_entries::id)
        .first::<i64>(conn)
        .optional()?;
    let bills = invoices::table
        .filter(invoices::project_id.eq(id))
        .select(invoices::id)
        .first::<i64>(conn)
        .optional()?;
    let billed = milestones::table
        .filter(milestones::project_id.eq(id))
        .filter(milestones::reached_on.is_not_null())
        .filter(milestones::amount_cents.is_not_null())
        .filter(diesel::dsl::not(milestones::is_unbilled))
        .select(milestones::id)
        .first::<i64>(conn)
        .optional()?;
    let retained = super::retainers::model::has_any(conn, id)?;
    Ok(hours.is_some() || bills.is_some() || billed.is_some() || retained)
}
