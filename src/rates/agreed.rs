//! What was agreed: who or what a rate is for, its dated rates, and the verbs that change them.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{self, Book, Rate, RateKind, Scope};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Policy;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::dialect::{LockedTable, lock_row};
use crate::db::schema::{agency, clients, projects, rates, tasks, users};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ProjectId, RateId, TaskId, UserId};
use crate::types::money::{Currency, Money};

/// Whom or what a rate is for, by name.
#[derive(Debug, Clone)]
pub struct Party {
    /// What.
    pub scope: Scope,
    /// "Website", or "Tom on Website".
    pub name: String,
    /// "Northwind" for what belongs to a client, else empty.
    pub client: String,
    /// The client, if it belongs to one.
    pub client_id: Option<ClientId>,
    /// The project, if it belongs to one.
    pub project_id: Option<ProjectId>,
    /// What its amounts are in.
    pub currency: Currency,
}

impl Party {
    /// The ids that name it, as a query string: "project_id=2&user_id=3".
    pub fn query(&self) -> String {
        query_of(self.scope)
    }

    /// Where its rates are.
    pub fn path(&self) -> String {
        format!("/rates/history?{}", self.query())
    }

    /// What it is: "Client", "Project member".
    pub fn kind(&self) -> &'static str {
        match self.scope {
            Scope::Task(_) => "Task",
            Scope::ProjectMember(..) => "Project member",
            Scope::Project(_) => "Project",
            Scope::Client(_) => "Client",
            Scope::Member(_) => "Person",
            Scope::Agency => "Agency",
        }
    }
}

/// The ids of a scope as a query string; empty for the agency.
pub fn query_of(scope: Scope) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let ids = [
        ("client_id", scope.client().map(|id| id.0)),
        ("project_id", scope.project().map(|id| id.0)),
        ("task_id", scope.task().map(|id| id.0)),
        ("user_id", scope.user().map(|id| id.0)),
    ];
    for (name, id) in ids.into_iter().filter_map(|(name, id)| Some((name, id?))) {
        query.append_pair(name, &id.to_string());
    }
    query.finish()
}

/// Whether `actor` may agree on rates of `scope`: those of people and of the agency are for who runs it.
pub fn may_set(actor: &Actor, scope: Scope) -> bool {
    let policy = if scope.is_wide() { Policy::Administer } else { Policy::Manage };
    actor.may(policy) && actor.sees_money()
}

/// Whom or what `scope` names, if `actor` may see it.
pub fn party(conn: &mut Conn, actor: &Actor, scope: Scope) -> AppResult<Party> {
    if !actor.sees_money() {
        return Err(AppError::NotFound);
    }
    parties(conn, &[scope])?.pop().ok_or(AppError::NotFound)
}

/// [`party`] for what is about to be agreed in its client's currency, which stays until the transaction ends.
pub fn party_held(conn: &mut Conn, actor: &Actor, scope: Scope) -> AppResult<Party> {
    if let Some(project) = project_of(conn, scope)? {
        lock_row(conn, LockedTable::ProjectKey, project.0)?;
    }
    if let Some(client) = party(conn, actor, scope)?.client_id {
        lock_row(conn, LockedTable::ClientKey, client.0)?;
    }
    party(conn, actor, scope)
}

fn project_of(conn: &mut Conn, scope: Scope) -> AppResult<Option<ProjectId>> {
    match scope.task() {
        Some(task) => Ok(Some(tasks::table.find(task).select(tasks::project_id).first(conn)?)),
        None => Ok(scope.project()),
    }
}

/// The names of `scopes`, in their order; those that are gone are left out.
pub fn parties(conn: &mut Conn, scopes: &[Scope]) -> AppResult<Vec<Party>> {
    let (our_name, ours): (String, Currency) =
        agency::table.select((agency::name, agency::currency)).first(conn)?;
    let ids = |id: fn(&Scope) -> Option<i64>| scopes.iter().filter_map(id).collect::<Vec<i64>>();
    let titles: Vec<(TaskId, String, ProjectId)> = tasks::table
        .filter(tasks::id.eq_any(ids(|scope| scope.task().map(|id| id.0))))
        .select((tasks::id, tasks::title, tasks::project_id))
        .cached()
        .load(conn)?;
    let mut wanted = ids(|scope| scope.project().map(|id| id.0));
    wanted.extend(titles.iter().map(|row| row.2.0));
    let undertakings: Vec<(ProjectId, String, ClientId)> = projects::table
        .filter(projects::id.eq_any(wanted))
        .select((projects::id, projects::name, projects::client_id))
        .cached()
        .load(conn)?;
    let mut wanted = ids(|scope| scope.client().map(|id| id.0));
    wanted.extend(undertakings.iter().map(|row| row.2.0));
    let companies: Vec<(ClientId, String, Currency)> = clients::table
        .filter(clients::id.eq_any(wanted))
        .select((clients::id, clients::name, clients::currency))
        .cached()
        .load(conn)?;
    let people: Vec<(UserId, String)> = users::table
        .filter(users::id.eq_any(ids(|scope| scope.user().map(|id| id.0))))
        .select((users::id, users::name))
        .cached()
        .load(conn)?;
    let named = |scope: Scope| {
        let task = scope.task().map(|id| titles.iter().find(|row| row.0 == id));
        let project_id = match task {
            Some(task) => Some(task?.2),
            None => scope.project(),
        };
        let project = match project_id {
            Some(id) => Some(undertakings.iter().find(|row| row.0 == id)?),
            None => None,
        };
        let client_id = project.map(|project| project.2).or(scope.client());
        let client = match client_id {
            Some(id) => Some(companies.iter().find(|row| row.0 == id)?),
            None => None,
        };
        let person = match scope.user() {
            Some(id) => Some(people.iter().find(|row| row.0 == id)?.1.clone()),
            None => None,
        };
        let name = match (task.flatten(), project, person, client) {
            (Some(task), ..) => task.1.clone(),
            (None, Some(project), Some(person), _) => format!("{person} on {}", project.1),
            (None, Some(project), None, _) => project.1.clone(),
            (None, None, Some(person), _) => person,
            (None, None, None, Some(client)) => client.1.clone(),
            _ => our_name.clone(),
        };
        Some(Party {
            scope,
            name,
            client: client.map(|client| client.1.clone()).unwrap_or_default(),
            client_id,
            project_id,
            currency: client.map_or(ours, |client| client.2),
        })
    };
    Ok(scopes.iter().filter_map(|scope| named(*scope)).collect())
}

/// A rate that is to be agreed.
#[derive(Debug, Clone, Copy)]
pub struct NewRate {
    /// Price or cost.
    pub kind: RateKind,
    /// For whom or what.
    pub scope: Scope,
    /// From which day on; `None` counts from the beginning.
    pub from: Option<NaiveDate>,
    /// Minor units an hour; `None` ends what is agreed.
    pub amount: Option<i64>,
}

/// The dated rates of a scope itself, the latest first; prices before costs.
pub fn history(conn: &mut Conn, scope: Scope) -> AppResult<Vec<Rate>> {
    let mut all = Vec::new();
    for kind in RateKind::ALL {
        let rows: Vec<Rate> = model::of_scope(*kind, scope)
            .order(rates::starts_on.desc())
            .select(Rate::as_select())
            .load(conn)?;
        all.extend(rows);
    }
    Ok(all)
}

/// Agrees on a rate. Hours that are logged keep what they were saved with.
pub fn agree(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewRate) -> AppResult<()> {
    let party = party_held(conn, actor, new.scope)?;
    if !may_set(actor, new.scope) {
        return Err(AppError::Forbidden);
    }
    model::set_from(conn, actor.id, now, new.kind, new.scope, new.from, new.amount)?;
    let from = new.from.map(|from| from.to_string()).unwrap_or_default();
    let note = note(&party, Action::Updated, new.kind)
        .change("rate", "", Money::text_of(new.amount, party.currency))
        .change("from", "", from);
    audit::record(conn, Some(actor.id), now, &note)
}

/// Takes an agreed rate back. Hours that are logged keep what they were saved with.
pub fn withdraw(conn: &mut Conn, actor: &Actor, now: UtcTime, id: RateId) -> AppResult<Party> {
    let rate: Rate = rates::table.find(id).select(Rate::as_select()).first(conn)?;
    let party = party(conn, actor, rate.scope())?;
    if !may_set(actor, rate.scope()) {
        return Err(AppError::Forbidden);
    }
    diesel::delete(rates::table.find(id)).execute(conn)?;
    let note = note(&party, Action::Deleted, rate.kind)
        .change("rate", Money::text_of(rate.amount_cents, party.currency), "")
        .change("from", rate.since().map(|from| from.to_string()).unwrap_or_default(), "");
    audit::record(conn, Some(actor.id), now, &note)?;
    Ok(party)
}

fn note(party: &Party, action: Action, kind: RateKind) -> Entry {
    let id = [
        party.scope.task().map(|id| id.0),
        party.scope.user().map(|id| id.0),
        party.scope.project().map(|id| id.0),
        party.scope.client().map(|id| id.0),
    ];
    let subject = match kind {
        RateKind::Bill => Subject::Rate,
        RateKind::Cost => Subject::CostRate,
    };
    let mut entry = Entry::new(action, subject, id.into_iter().flatten().next().unwrap_or(1), &party.name);
    if let Some(client) = party.client_id {
        entry = entry.client(client);
    }
    if let Some(project) = party.project_id {
        entry = entry.project(project);
    }
    match party.scope.task() {
        Some(task) => entry.task(task),
        None => entry,
    }
}

/// Somebody or something with what is agreed for it on a day.
#[derive(Debug, Clone)]
pub struct Agreed {
    /// Whom or what.
    pub party: Party,
    /// Its own price of an hour.
    pub bill: Option<i64>,
    /// Its own cost of an hour.
    pub cost: Option<i64>,
}

/// What is agreed on a day with everybody and everything.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The agency's own.
    pub agency: Option<Agreed>,
    /// Everybody who can come in.
    pub people: Vec<Agreed>,
    /// Clients, projects, project members and tasks that have rates, by name of the client.
    pub others: Vec<Agreed>,
}

/// What is agreed on `on`. Rates are few: they are read as a whole.
pub fn overview(conn: &mut Conn, on: NaiveDate) -> AppResult<Overview> {
    let book = Book::load(conn)?;
    let people: Vec<UserId> = users::table
        .filter(users::disabled_at.is_null())
        .order((users::name, users::id))
        .select(users::id)
        .load(conn)?;
    let mut scopes = book.scopes();
    scopes.retain(|scope| !scope.is_wide());
    let agreed = |party: Party| {
        let own = |kind| book.own(kind, party.scope, on);
        let (bill, cost) = (own(RateKind::Bill), own(RateKind::Cost));
        Agreed { party, bill, cost }
    };
    scopes.extend(people.into_iter().map(Scope::Member));
    scopes.push(Scope::Agency);
    let mut overview = Overview { agency: None, people: Vec::new(), others: Vec::new() };
    for row in parties(conn, &scopes)?.into_iter().map(agreed) {
        match row.party.scope {
            Scope::Agency => overview.agency = Some(row),
            Scope::Member(_) => overview.people.push(row),
            _ if row.bill.is_some() || row.cost.is_some() => overview.others.push(row),
            _ => {}
        }
    }
    overview.others.sort_by_cached_key(|row| {
        (row.party.client.to_lowercase(), std::cmp::Reverse(row.party.scope), row.party.name.to_lowercase())
    });
    Ok(overview)
}
