//! What the sample agreed: what each person costs, a raise that has come, a price that is still to come.

use chrono::Days;
use diesel::prelude::*;

use super::Sample;
use crate::db::Conn;
use crate::db::schema::{clients, projects};
use crate::error::AppResult;
use crate::rates::model::{self as rates, RateKind, Scope};
use crate::types::ids::{ClientId, ProjectId};

/// Minor units that an hour of each of the team costs, the owner's first.
const COSTS: [i64; 6] = [6_200, 5_400, 4_600, 4_400, 5_000, 4_200];

/// Agrees on it before anybody works.
pub(super) fn agree(conn: &mut Conn, sample: &Sample) -> AppResult<()> {
    let (owner, now) = (sample.owner().id, sample.morning(180));
    rates::begin(conn, owner, now, RateKind::Cost, Scope::Agency, 4_500)?;
    for (person, cents) in sample.team.iter().zip(COSTS) {
        rates::begin(conn, owner, now, RateKind::Cost, Scope::Member(person.id), cents)?;
    }
    if let Some(person) = sample.team.get(2) {
        let raised = sample.days_ago(45);
        rates::set(conn, owner, now, RateKind::Cost, Scope::Member(person.id), raised, Some(4_900))?;
    }
    Ok(())
}

/// What is agreed with clients from next month on.
pub(super) fn look_ahead(conn: &mut Conn, sample: &Sample) -> AppResult<()> {
    let (owner, now) = (sample.owner().id, sample.now);
    let from = sample.today.checked_add_days(Days::new(30)).unwrap_or(sample.today);
    let client: ClientId = clients::table.order(clients::id).select(clients::id).first(conn)?;
    rates::set(conn, owner, now, RateKind::Bill, Scope::Client(client), from, Some(10_500))?;
    let project: ProjectId = projects::table.order(projects::id).select(projects::id).first(conn)?;
    if let Some(person) = sample.team.get(1) {
        let scope = Scope::ProjectMember(project, person.id);
        rates::set(conn, owner, now, RateKind::Bill, scope, sample.today, Some(11_500))?;
    }
    Ok(())
}
