//! Projects to choose from, as forms of tasks and hours offer them.

use std::sync::Arc;

use diesel::prelude::*;

use super::model::{BillingModel, ProjectStatus, find, visible_to};
use crate::auth::user::Actor;
use crate::clients::model as clients_model;
use crate::db::Conn;
use crate::db::kept::{Kept, Revision};
use crate::db::schema::{clients, projects};
use crate::error::{AppResult, found};
use crate::types::ids::{ClientId, ProjectId};
use crate::types::text::fold;

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
            let is_billable = billing_model.bills_hours();
            Some(ProjectChoice { id, name, client_id, client_name, is_billable })
        })
        .collect();
    // Stable: the names within a client stay in the order of the query.
    choices.sort_by_cached_key(|choice| (fold(&choice.client_name), choice.client_id));
    Ok(choices)
}

/// [`choices`] with `chosen` among them, though it rest or be put away.
pub fn choices_with(
    conn: &mut Conn,
    actor: &Actor,
    chosen: Option<ProjectId>,
) -> AppResult<Vec<ProjectChoice>> {
    let mut choices = choices(conn, actor)?;
    if let Some(id) = chosen.filter(|id| choices.iter().all(|choice| choice.id != *id))
        && let Some(project) = found(find(conn, actor, id))?
    {
        choices.push(ProjectChoice {
            is_billable: project.is_billable(),
            client_name: clients_model::find(conn, actor, project.client_id)?.name,
            id,
            client_id: project.client_id,
            name: project.name,
        });
    }
    Ok(choices)
}

/// What a list can be narrowed to: project, client, and both names.
pub type Narrowing = (ProjectId, ClientId, String);

/// [`choices`] as they were last read, anew after every change of a project or client; first among them `chosen`, though
/// it is not under way or its client is archived.
pub fn kept_choices(
    conn: &mut Conn,
    actor: &Actor,
    kept: &Kept<Vec<Narrowing>>,
    chosen: Option<ProjectId>,
) -> AppResult<Arc<Vec<Narrowing>>> {
    let named = |conn: &mut Conn| {
        let named = |choice: ProjectChoice| {
            (choice.id, choice.client_id, format!("{} · {}", choice.client_name, choice.name))
        };
        Ok(choices(conn, actor)?.into_iter().map(named).collect())
    };
    // What is kept is everybody's, so it is for those who see every project.
    let mut offered: Arc<Vec<Narrowing>> = match actor.only_assigned() {
        Some(_) => Arc::new(named(conn)?),
        None => {
            let revisions = vec![clients_model::revision(conn)?, Revision::of(conn, "projects")?];
            kept.get(conn, revisions, named)?
        }
    };
    if let Some(id) = chosen.filter(|id| offered.iter().all(|(other, _, _)| other != id))
        && let Some(project) = found(find(conn, actor, id))?
    {
        let client = clients_model::find(conn, actor, project.client_id)?;
        let name = format!("{} · {}", client.name, project.name);
        Arc::make_mut(&mut offered).insert(0, (id, client.id, name));
    }
    Ok(offered)
}

/// Choices under the names of their clients, for a select.
pub fn by_client(choices: Vec<ProjectChoice>) -> Vec<(String, Vec<ProjectChoice>)> {
    let mut groups: Vec<(String, Vec<ProjectChoice>)> = Vec::new();
    for choice in choices {
        match groups.iter_mut().find(|(name, _)| *name == choice.client_name) {
            Some((_, group)) => group.push(choice),
            None => groups.push((choice.client_name.clone(), vec![choice])),
        }
    }
    groups
}
