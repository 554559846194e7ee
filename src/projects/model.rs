//! Projects: rows, queries, verbs.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::{clients, projects};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId};

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
        /// Not at all: new hours are not billable.
        NonBillable = "non_billable", "Non-billable";
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
        self.billing_model != BillingModel::NonBillable
    }
}

type Projects<'a> = projects::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The projects that `actor` may see: all of them, for every role there is so far.
pub fn visible_to<'a>(_actor: &Actor) -> Projects<'a> {
    projects::table.into_boxed()
}

/// The project, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: ProjectId) -> AppResult<Project> {
    Ok(visible_to(actor).filter(projects::id.eq(id)).select(Project::as_select()).first(conn)?)
}

/// A project that work can be put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectChoice {
    /// Which.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// For whom.
    pub client_id: ClientId,
    /// The client's name.
    pub client_name: String,
    /// Whether new hours on it are billable.
    pub is_billable: bool,
}

/// Projects under way of clients that are not archived, by client and name, for a choice.
pub fn choices(conn: &mut Conn, actor: &Actor) -> AppResult<Vec<ProjectChoice>> {
    let client_name = clients::table
        .filter(clients::id.eq(projects::client_id))
        .filter(clients::archived_at.is_null())
        .select(clients::name)
        .single_value();
    let rows: Vec<(ProjectId, String, ClientId, Option<String>, BillingModel)> = visible_to(actor)
        .filter(projects::status.eq(ProjectStatus::Active))
        .order((projects::name_key, projects::id))
        .select((projects::id, projects::name, projects::client_id, client_name, projects::billing_model))
        .load(conn)?;
    let mut choices: Vec<ProjectChoice> = rows
        .into_iter()
        .filter_map(|(id, name, client_id, client_name, billing_model)| {
            let client_name = client_name?;
            let is_billable = billing_model != BillingModel::NonBillable;
            Some(ProjectChoice { id, name, client_id, client_name, is_billable })
        })
        .collect();
    // Stable: the names within a client stay in the order of the query.
    choices.sort_by_cached_key(|choice| (crate::types::text::fold(&choice.client_name), choice.client_id));
    Ok(choices)
}
