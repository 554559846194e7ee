//! Entries as pages show them: with names, with links to what is still there, and only what the reader may see.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::Value;

use super::model::{AT_THE_DOOR, Action, Activity, Subject};
use crate::db::cached::Cache;
use crate::db::schema::{activities, clients, users};
use crate::db::{Conn, assigned};
use crate::error::AppResult;
use crate::types::calendar::day_month_year;
use crate::types::ids::{ActivityId, ClientId, InvoiceId, ProjectId, TaskId, UserId};

/// An entry with the names that a timeline shows.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    /// The entry.
    pub activity: Activity,
    /// Who did it.
    pub actor_name: Option<String>,
    /// The client it belongs to.
    pub client_name: Option<String>,
    /// Whether the row on whose page its subject lived was deleted.
    is_gone: bool,
}

impl TimelineEntry {
    /// Who did it, in words.
    pub fn actor(&self) -> &str {
        self.actor_name.as_deref().unwrap_or("Bureau")
    }

    /// Fields with their values before and after, dates as people write them.
    pub fn changes(&self) -> Vec<(String, String, String)> {
        let Ok(Value::Object(fields)) = serde_json::from_str(&self.activity.changes) else {
            return Vec::new();
        };
        let text = |values: &Value, index: usize| {
            let text = values.get(index).and_then(Value::as_str).unwrap_or_default();
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d");
            date.map_or_else(|_| text.to_owned(), day_month_year)
        };
        fields.into_iter().map(|(field, values)| (field, text(&values, 0), text(&values, 1))).collect()
    }

    /// Where the subject lives, while it does.
    pub fn href(&self) -> Option<String> {
        let activity = &self.activity;
        if self.is_gone || activity.action == Action::Deleted {
            return None;
        }
        match activity.subject_type {
            Subject::Client | Subject::Contact => activity.client_id.map(|id| format!("/clients/{id}")),
            Subject::Project => activity.project_id.map(|id| format!("/projects/{id}")),
            Subject::Milestone => activity.project_id.map(|id| format!("/projects/{id}/milestones")),
            Subject::Schedule => Some("/schedules".to_owned()),
            Subject::Template => Some("/project-templates".to_owned()),
            Subject::Member => match activity.project_id {
                Some(id) => Some(format!("/projects/{id}/members")),
                None => activity.client_id.map(|id| format!("/clients/{id}/members")),
            },
            Subject::Retainer => activity.project_id.map(|id| format!("/projects/{id}/retainer")),
            Subject::Task | Subject::Comment => activity.task_id.map(|id| format!("/tasks/{id}")),
            Subject::TimeEntry | Subject::Timer => activity
                .task_id
                .map(|id| format!("/tasks/{id}"))
                .or_else(|| activity.project_id.map(|id| format!("/projects/{id}"))),
            Subject::Invoice => activity.invoice_id.map(|id| format!("/billing/{id}")),
            Subject::Rate | Subject::CostRate | Subject::Timesheet | Subject::Label => None,
            Subject::Recurring => Some(format!("/billing/recurring/{}", activity.subject_id)),
            Subject::Reminder => Some("/billing/reminders".to_owned()),
            Subject::Quote => Some(format!("/quotes/{}", activity.subject_id)),
            Subject::Credential => Some(format!("/credentials/{}", activity.subject_id)),
            Subject::Intake => Some("/credentials/intakes".to_owned()),
            Subject::Expense => Some(format!("/billing/expenses/{}/edit", activity.subject_id)),
            Subject::Payment => Some(format!("/billing/payments/{}", activity.subject_id)),
            Subject::Agency
            | Subject::User
            | Subject::Invitation
            | Subject::Token
            | Subject::SecondFactor
            | Subject::Passkey
            | Subject::Session
            | Subject::Route
            | Subject::List
            | Subject::Job
            | Subject::Rotation
            | Subject::VaultKey
            | Subject::Mail => None,
        }
    }
}

/// Whose timeline.
#[derive(Debug, Clone, Copy)]
pub enum Scope {
    /// Everything.
    All,
    /// What one person did.
    Actor(UserId),
    /// One client's.
    Client(ClientId),
    /// One project's.
    Project(ProjectId),
    /// One task's.
    Task(TaskId),
    /// One invoice's.
    Invoice(InvoiceId),
}

/// How much of the log somebody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Everything,
    /// No invoices, rates, amounts, and nobody's hours.
    Work,
    /// Of that, what was done on projects that this person is assigned to, and no values: one may name another client.
    Assigned(UserId),
}

/// Fields whose values are amounts, rates or terms, and so for roles with money only.
const MONEY_FIELDS: [&str; 9] = [
    "rate",
    "cost",
    "budget",
    "price",
    "amount",
    "payment_terms_kind",
    "payment_terms_days",
    "tax_rate",
    "tax_rate_millis",
];

/// `changes` without the fields that tell of money.
fn without_money(changes: &str) -> String {
    match serde_json::from_str(changes) {
        Ok(Value::Object(mut fields)) => {
            fields.retain(|field, _| !field.ends_with("_cents") && !MONEY_FIELDS.contains(&field.as_str()));
            Value::Object(fields).to_string()
        }
        _ => "{}".to_owned(),
    }
}

/// Rows that were deleted, among them those of `homes`; an id is never given again.
fn gone(conn: &mut Conn, homes: impl Iterator<Item = (Subject, i64)>) -> AppResult<BTreeSet<(Subject, i64)>> {
    let ids: BTreeSet<i64> = homes.map(|(_, id)| id).collect();
    let deleted: Vec<(Subject, i64)> = activities::table
        // As the partial index says it, and no bound value.
        .filter(sql::<Bool>("activities.action = 'deleted'"))
        .filter(activities::subject_id.eq_any(ids))
        .select((activities::subject_type, activities::subject_id))
        .cached()
        .load(conn)?;
    Ok(deleted.into_iter().collect())
}

/// Newest entries first, at most `limit`, older than `before`. The caller has shown that the actor may see the
/// scope; `sight` says which of its entries, and what of them, they are shown.
pub fn timeline(
    conn: &mut Conn,
    scope: Scope,
    sight: Sight,
    before: Option<ActivityId>,
    limit: i64,
) -> AppResult<Vec<TimelineEntry>> {
    let mut query = activities::table
        .left_join(users::table)
        .left_join(clients::table.on(activities::client_id.eq(clients::id.nullable())))
        .select((Activity::as_select(), users::name.nullable(), clients::name.nullable()))
        .order(activities::id.desc())
        .limit(limit)
        .into_boxed();
    // What was done; who came in when is a question of its own. One by one: a list is prepared anew each time.
    for action in AT_THE_DOOR {
        query = query.filter(activities::action.ne(action));
    }
    // A credential may be there for few; its own page tells them what became of it.
    query = query.filter(activities::subject_type.ne(Subject::Credential));
    query = query.filter(activities::subject_type.ne(Subject::Intake));
    query = match scope {
        Scope::All => query,
        Scope::Actor(id) => query.filter(activities::actor_id.eq(id)),
        Scope::Client(id) => query.filter(activities::client_id.eq(id)),
        Scope::Project(id) => query.filter(activities::project_id.eq(id)),
        Scope::Task(id) => query.filter(activities::task_id.eq(id)),
        Scope::Invoice(id) => query.filter(activities::invoice_id.eq(id)),
    };
    if let Sight::Assigned(user) = sight {
        query = query.filter(assigned::to_project("activities.project_id", user));
    }
    if sight != Sight::Everything {
        query = query.filter(activities::subject_type.ne_all([
            Subject::Invoice,
            Subject::Payment,
            Subject::Expense,
            Subject::Quote,
            Subject::Recurring,
            Subject::Reminder,
            Subject::TimeEntry,
            Subject::Timer,
            Subject::Rate,
            Subject::CostRate,
            Subject::Timesheet,
        ]));
    }
    if let Some(before) = before {
        query = query.filter(activities::id.lt(before));
    }
    let rows: Vec<(Activity, Option<String>, Option<String>)> = query.load(conn)?;
    let mut entries = with_homes(conn, rows)?;
    for entry in &mut entries {
        match sight {
            Sight::Everything => {}
            Sight::Work => entry.activity.changes = without_money(&entry.activity.changes),
            Sight::Assigned(_) => entry.activity.changes = "{}".to_owned(),
        }
    }
    Ok(entries)
}

/// Rows with the names of person and client, and whether what they tell of is still there.
pub(in crate::audit) fn with_homes(
    conn: &mut Conn,
    rows: Vec<(Activity, Option<String>, Option<String>)>,
) -> AppResult<Vec<TimelineEntry>> {
    let gone = gone(conn, rows.iter().filter_map(|(activity, ..)| activity.home()))?;
    Ok(rows
        .into_iter()
        .map(|(activity, actor_name, client_name)| {
            let is_gone = activity.home().is_some_and(|home| gone.contains(&home));
            TimelineEntry { activity, actor_name, client_name, is_gone }
        })
        .collect())
}
