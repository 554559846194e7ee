//! What somebody knows, and the tasks that change it.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::{self, Actor};
use crate::credentials::model::Access;
use crate::credentials::secrets::Field;
use crate::db::Conn;
use crate::db::schema::{
    clients as client_rows, credential_intakes as intakes, credential_reveals as r,
    credential_rotations as rotations, credential_secrets as s, credentials, projects as project_rows,
};
use crate::error::AppResult;
use crate::projects::model::{self as projects, BillingModel, NewProject, ProjectStatus};
use crate::tasks::model::{self as tasks, NewTask, TaskPriority, TaskStatus};
use crate::types::clock::UtcTime;
use crate::types::color::Color;
use crate::types::ids::{ClientId, CredentialId, ProjectId, TaskId, UserId};

/// Days until a password that somebody took with them is to be changed.
const DUE_DAYS: u64 = 7;
/// The project of a client that has none under way.
const PROJECT: &str = "Password changes";

/// A secret that somebody knows: the one that is current.
#[derive(Debug, Clone)]
pub struct Known {
    /// Of which credential.
    pub credential_id: CredentialId,
    /// What that is called.
    pub label: String,
    /// Who else sees it.
    pub access: Access,
    /// Whose it is.
    pub client_id: ClientId,
    /// Their name.
    pub client: String,
    /// Whether that client is put away, so that no task can be added.
    pub is_archived: bool,
    /// Which field.
    pub field: Field,
    /// Which version.
    pub version: i64,
    /// When they last looked at it, copied or stored it.
    pub last_at: UtcTime,
    /// How often they looked at it or copied it; 0 for what they stored and never looked at.
    pub looks: i64,
    /// The task by which it is changed.
    pub task_id: Option<TaskId>,
}

type Row = (CredentialId, String, Access, (ClientId, String, Option<UtcTime>), String, i64, Option<TaskId>);

/// What `user` knows, by client and name.
pub fn known_by(conn: &mut Conn, user: UserId) -> AppResult<Vec<Known>> {
    let task = || {
        rotations::table.on(rotations::credential_id
            .eq(s::credential_id)
            .and(rotations::field.eq(s::field))
            .and(rotations::secret_version.eq(s::version)))
    };
    let columns = (
        credentials::id,
        credentials::label,
        credentials::access,
        (client_rows::id, client_rows::name, client_rows::archived_at),
        s::field,
        s::version,
        rotations::task_id.nullable(),
    );
    let looked: Vec<(Row, UtcTime)> = r::table
        .inner_join(
            s::table.on(s::credential_id
                .eq(r::credential_id)
                .and(s::field.eq(r::field))
                .and(s::version.eq(r::secret_version))
                .and(s::replaced_at.is_null())),
        )
        .inner_join(credentials::table.on(credentials::id.eq(s::credential_id)))
        .inner_join(client_rows::table.on(client_rows::id.eq(credentials::client_id)))
        .left_join(task())
        .filter(r::user_id.eq(user))
        .select((columns, r::revealed_at))
        .load(conn)?;
    let stored: Vec<(Row, UtcTime)> = s::table
        .inner_join(credentials::table.on(credentials::id.eq(s::credential_id)))
        .inner_join(client_rows::table.on(client_rows::id.eq(credentials::client_id)))
        .left_join(task())
        .filter(s::created_by.eq(user))
        .filter(s::replaced_at.is_null())
        // What a client put in by a link of theirs, they never saw.
        .filter(not(exists(
            intakes::table
                .filter(intakes::credential_id.eq(s::credential_id.nullable()))
                .filter(intakes::answered_at.eq(s::created_at.nullable())),
        )))
        .select((columns, s::created_at))
        .load(conn)?;
    let mut known: BTreeMap<(CredentialId, String), Known> = BTreeMap::new();
    let all = looked.into_iter().map(|row| (row, 1)).chain(stored.into_iter().map(|row| (row, 0)));
    for ((row, at), looks) in all {
        let (credential_id, label, access, (client_id, client, archived_at), text, version, task_id) = row;
        let Some(field) = Field::parse(&text) else { continue };
        let entry = known.entry((credential_id, text)).or_insert(Known {
            credential_id,
            label,
            access,
            client_id,
            client,
            is_archived: archived_at.is_some(),
            field,
            version,
            last_at: at,
            looks: 0,
            task_id,
        });
        entry.looks += looks;
        entry.last_at = entry.last_at.max(at);
    }
    let mut known: Vec<Known> = known.into_values().collect();
    known.sort_by(|a, b| (&a.client, a.client_id, &a.label).cmp(&(&b.client, b.client_id, &b.label)));
    Ok(known)
}

/// Whether `user` knows anything that no task is to change yet.
pub fn is_due(conn: &mut Conn, user: UserId) -> AppResult<bool> {
    Ok(known_by(conn, user)?.iter().any(|known| known.task_id.is_none() && !known.is_archived))
}

/// Adds a task for each secret that `user` knows and that has none: on the latest project under way of its client, or on
/// one that is made for it. Answers with how many.
pub fn create_tasks(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    user: UserId,
) -> AppResult<i64> {
    let person = user::find(conn, user)?;
    let mut count = 0;
    let due = known_by(conn, user)?.into_iter().filter(|known| known.task_id.is_none() && !known.is_archived);
    for known in due {
        let project = project_of(conn, actor, now, known.client_id)?;
        // Whoever works on the project reads the title, and may not know of the credential.
        let what = match known.access {
            Access::Team => known.label.clone(),
            _ => format!("credential no. {}", known.credential_id),
        };
        let new = NewTask {
            project_id: project,
            title: format!("Change {} of {what}", known.field.words().to_lowercase()),
            description: format!(
                "{} knew it. Change it there, then in the [vault](/credentials/{}): that takes it off the list.",
                person.name, known.credential_id
            ),
            status: TaskStatus::Todo,
            priority: TaskPriority::High,
            assignee_id: Some(actor.id),
            due_on: today.checked_add_days(Days::new(DUE_DAYS)),
            estimate_seconds: None,
            is_client_visible: false,
            is_billable: Some(false),
            labels: None,
        };
        let task = tasks::create(conn, actor, now, &new)?;
        diesel::insert_into(rotations::table)
            .values((
                rotations::credential_id.eq(known.credential_id),
                rotations::field.eq(known.field.text()),
                rotations::secret_version.eq(known.version),
                rotations::task_id.eq(task.id),
                rotations::user_id.eq(user),
                rotations::created_at.eq(now),
            ))
            .execute(conn)?;
        count += 1;
    }
    if count > 0 {
        let entry =
            Entry::new(Action::Added, Subject::Rotation, user.0, &person.name).change("tasks", "", count);
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(count)
}

fn project_of(conn: &mut Conn, actor: &Actor, now: UtcTime, client: ClientId) -> AppResult<ProjectId> {
    let latest: Option<ProjectId> = project_rows::table
        .filter(project_rows::client_id.eq(client))
        .filter(project_rows::status.eq(ProjectStatus::Active))
        .order(project_rows::id.desc())
        .select(project_rows::id)
        .first(conn)
        .optional()?;
    if let Some(id) = latest {
        return Ok(id);
    }
    let new = NewProject {
        client_id: client,
        name: PROJECT.to_owned(),
        status: ProjectStatus::Active,
        billing_model: BillingModel::NonBillable,
        price_cents: None,
        budget_seconds: None,
        budget_cents: None,
        starts_on: None,
        due_on: None,
        description: String::new(),
        color: Color::Grey,
        rate_cents: None,
    };
    Ok(projects::create(conn, actor, now, &new)?.id)
}
