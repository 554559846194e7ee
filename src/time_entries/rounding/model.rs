//! The rules that are stored, and which of them counts.

use std::collections::BTreeMap;

use diesel::prelude::*;

/// The arithmetic, for what bills.
pub use super::rule::{RoundingBasis, RoundingMode, Rule, Worked, billed};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients_model;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::{clients, projects, rounding_rules};
use crate::error::AppResult;
use crate::projects::model as projects_model;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId};

/// Whose hours a rule is for; without either it is the agency's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whose {
    /// A client's.
    pub client: Option<ClientId>,
    /// A project's.
    pub project: Option<ProjectId>,
}

type Row = (Option<ClientId>, Option<ProjectId>, RoundingMode, i64, i64, RoundingBasis);

fn rule((.., mode, step_seconds, minimum_seconds, basis): Row) -> Rule {
    Rule { mode, step_seconds, minimum_seconds, basis }
}

/// The rules that count for the hours of one client.
#[derive(Debug, Clone)]
pub struct Rules {
    client: Option<Rule>,
    projects: BTreeMap<ProjectId, Rule>,
    agency: Rule,
}

impl Rules {
    /// The rule for hours on `project`.
    pub fn of(&self, project: ProjectId) -> Rule {
        self.client.or_else(|| self.projects.get(&project).copied()).unwrap_or(self.agency)
    }
}

/// The rules that count for the hours of `client`.
pub fn of_client(conn: &mut Conn, client: ClientId) -> AppResult<Rules> {
    Ok(of(&rows(conn)?, client))
}

fn of(rows: &[Row], client: ClientId) -> Rules {
    let of_nobody = rows.iter().find(|row| row.0.is_none() && row.1.is_none());
    Rules {
        client: rows.iter().find(|row| row.0 == Some(client)).copied().map(rule),
        projects: rows.iter().filter_map(|row| Some((row.1?, rule(*row)))).collect(),
        agency: of_nobody.copied().map_or(Rule::AS_WORKED, rule),
    }
}

/// The rules of all clients.
#[derive(Debug, Clone)]
pub struct Everybody {
    rows: Vec<Row>,
    clients: Vec<ClientId>,
}

impl Everybody {
    /// Whether the agency's own rule rounds, and so the hours of every client may be rounded.
    pub fn round_everything(&self) -> bool {
        self.rows.iter().any(|row| row.0.is_none() && row.1.is_none() && rule(*row) != Rule::AS_WORKED)
    }

    /// Whether hours of `client` may be rounded.
    pub fn round(&self, client: ClientId) -> bool {
        self.round_everything() || self.clients.binary_search(&client).is_ok()
    }

    /// Clients with a rule of their own or of one of their projects.
    pub fn clients(&self) -> &[ClientId] {
        &self.clients
    }

    /// The rules that count for the hours of `client`.
    pub fn of(&self, client: ClientId) -> Rules {
        of(&self.rows, client)
    }
}

/// The rules that count for anybody's hours.
pub fn of_everybody(conn: &mut Conn) -> AppResult<Everybody> {
    let rows = rows(conn)?;
    let mut clients: Vec<ClientId> = rows.iter().filter_map(|row| row.0).collect();
    let undertakings: Vec<ProjectId> = rows.iter().filter_map(|row| row.1).collect();
    let theirs: Vec<ClientId> = projects::table
        .filter(projects::id.eq_any(undertakings))
        .select(projects::client_id)
        .cached()
        .load(conn)?;
    clients.extend(theirs);
    clients.sort_unstable();
    clients.dedup();
    Ok(Everybody { rows, clients })
}

fn rows(conn: &mut Conn) -> AppResult<Vec<Row>> {
    Ok(rounding_rules::table
        .select((
            rounding_rules::client_id,
            rounding_rules::project_id,
            rounding_rules::mode,
            rounding_rules::step_seconds,
            rounding_rules::minimum_seconds,
            rounding_rules::basis,
        ))
        .cached()
        .load(conn)?)
}

/// A rule with the names of whose it is.
#[derive(Debug, Clone)]
pub struct NamedRule {
    /// Whose.
    pub whose: Whose,
    /// "Website", "Northwind" or "Agency".
    pub name: String,
    /// The client of a project, else empty.
    pub client: String,
    /// The rule.
    pub rule: Rule,
    /// Whether it is a project's whose client has a rule of its own, which comes first.
    pub is_overruled: bool,
}

/// Every rule: the agency's, then by client and project.
pub fn all(conn: &mut Conn) -> AppResult<Vec<NamedRule>> {
    let rows = rows(conn)?;
    let undertakings: Vec<(ProjectId, String, ClientId)> = projects::table
        .filter(projects::id.eq_any(rows.iter().filter_map(|row| row.1).collect::<Vec<_>>()))
        .select((projects::id, projects::name, projects::client_id))
        .cached()
        .load(conn)?;
    let mut wanted: Vec<ClientId> = rows.iter().filter_map(|row| row.0).collect();
    wanted.extend(undertakings.iter().map(|row| row.2));
    let companies: Vec<(ClientId, String)> = clients::table
        .filter(clients::id.eq_any(wanted))
        .select((clients::id, clients::name))
        .cached()
        .load(conn)?;
    let company =
        |id: ClientId| companies.iter().find(|row| row.0 == id).map(|row| row.1.clone()).unwrap_or_default();
    let ruled: Vec<ClientId> = rows.iter().filter_map(|row| row.0).collect();
    let mut named: Vec<NamedRule> = rows
        .into_iter()
        .map(|row| {
            let project = undertakings.iter().find(|project| Some(project.0) == row.1);
            let (name, client) = match (row.0, project) {
                (Some(id), _) => (company(id), String::new()),
                (None, Some(project)) => (project.1.clone(), company(project.2)),
                (None, None) => ("Agency".to_owned(), String::new()),
            };
            let is_overruled = project.is_some_and(|project| ruled.contains(&project.2));
            NamedRule {
                whose: Whose { client: row.0, project: row.1 },
                name,
                client,
                rule: rule(row),
                is_overruled,
            }
        })
        .collect();
    named.sort_by_cached_key(|row| {
        let of_client =
            if row.client.is_empty() { row.name.to_lowercase() } else { row.client.to_lowercase() };
        (row.whose != Whose::default(), of_client, row.whose.project.is_some(), row.name.to_lowercase())
    });
    Ok(named)
}

/// Sets the rule of the agency, a client or a project. What is on a draft or billed already stays as it is.
pub fn set(conn: &mut Conn, actor: &Actor, now: UtcTime, whose: Whose, rule: &Rule) -> AppResult<()> {
    let note = note(conn, actor, whose)?.change("rounding", text_of(conn, whose)?, rule.describe());
    let values = (
        rounding_rules::mode.eq(rule.mode),
        rounding_rules::step_seconds.eq(rule.step_seconds),
        rounding_rules::minimum_seconds.eq(rule.minimum_seconds),
        rounding_rules::basis.eq(rule.basis),
        rounding_rules::updated_at.eq(now),
    );
    match find(conn, whose)? {
        Some((id, _)) => diesel::update(rounding_rules::table.find(id)).set(values).execute(conn)?,
        None => diesel::insert_into(rounding_rules::table)
            .values((
                rounding_rules::client_id.eq(whose.client),
                rounding_rules::project_id.eq(whose.project),
                values,
            ))
            .execute(conn)?,
    };
    if note.has_changes() {
        audit::record(conn, Some(actor.id), now, &note)?;
    }
    Ok(())
}

/// Takes a rule away, so that the wider one counts; harmless when there is none.
pub fn remove(conn: &mut Conn, actor: &Actor, now: UtcTime, whose: Whose) -> AppResult<()> {
    let Some((id, _)) = find(conn, whose)? else { return Ok(()) };
    let note = note(conn, actor, whose)?.change("rounding", text_of(conn, whose)?, "");
    diesel::delete(rounding_rules::table.find(id)).execute(conn)?;
    audit::record(conn, Some(actor.id), now, &note)
}

fn text_of(conn: &mut Conn, whose: Whose) -> AppResult<String> {
    Ok(find(conn, whose)?.map(|(_, rule)| rule.describe()).unwrap_or_default())
}

fn find(conn: &mut Conn, whose: Whose) -> AppResult<Option<(i64, Rule)>> {
    let ids: Vec<i64> = {
        let mut query = rounding_rules::table.select(rounding_rules::id).into_boxed();
        query = match whose.client {
            Some(id) => query.filter(rounding_rules::client_id.eq(id)),
            None => query.filter(rounding_rules::client_id.is_null()),
        };
        query = match whose.project {
            Some(id) => query.filter(rounding_rules::project_id.eq(id)),
            None => query.filter(rounding_rules::project_id.is_null()),
        };
        query.load(conn)?
    };
    let stored = rows(conn)?.into_iter().find(|row| (row.0, row.1) == (whose.client, whose.project));
    Ok(ids.first().copied().zip(stored.map(rule)))
}

/// An entry of the activity log about the rule; not found when whose it is cannot be seen.
fn note(conn: &mut Conn, actor: &Actor, whose: Whose) -> AppResult<Entry> {
    Ok(match (whose.client, whose.project) {
        (_, Some(id)) => {
            let project = projects_model::find(conn, actor, id)?;
            Entry::new(Action::Updated, Subject::Project, id.0, &project.name)
                .client(project.client_id)
                .project(id)
        }
        (Some(id), None) => {
            let client = clients_model::find(conn, actor, id)?;
            Entry::new(Action::Updated, Subject::Client, id.0, &client.name).client(id)
        }
        (None, None) => Entry::new(Action::Updated, Subject::Agency, 1, "rounding of hours"),
    })
}
