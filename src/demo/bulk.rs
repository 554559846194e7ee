//! More of the same for load tests: each unit of scale is a client with two projects, 100 tasks and 2,000 entries.

use crate::types::terms::TermsKind;
use std::collections::BTreeMap;

use chrono::Days;
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::invoices::Schedule;
use super::work::{self, Place, TaskRow};
use super::{SEED, Sample, ZONE};
use crate::auth::policy::Role;
use crate::auth::user::{self, Actor, NewUser};
use crate::billing::model::Grouping;
use crate::billing::tax::TaxCategory;
use crate::clients::model::{self as clients, ClientStatus, NewClient};
use crate::db::Conn;
use crate::db::schema::{task_comments, tasks, users};
use crate::error::AppResult;
use crate::projects::model::{self as projects, BillingModel, NewProject, ProjectStatus};
use crate::types::color::Color;
use crate::types::ids::{ClientId, TaskId, UserId};
use crate::types::markdown;
use crate::types::money::Currency;
use crate::types::text::fold;
use crate::types::zone;
use crate::web::App;

const TASKS: usize = 100;
const ENTRIES: u64 = 2_000;
/// Days over which the entries of a client are spread: two a day.
const DAYS: u64 = ENTRIES / 2;
/// Units written in one transaction; people are not shared across two.
const UNITS_A_COMMIT: usize = 5 * CLIENTS_A_PERSON as usize;
/// Clients that share one person.
const CLIENTS_A_PERSON: u32 = 5;
/// Comments on the one task that is measured with many.
const COMMENTS: usize = 100;

const FIRST: [&str; 20] = [
    "Alder", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Harbour", "Iris", "Juniper", "Kestrel",
    "Larch", "Meadow", "North", "Orchard", "Pebble", "Quarry", "River", "Sable", "Thistle",
];
const SECOND: [&str; 25] = [
    "Architects",
    "Bakery",
    "Bikes",
    "Books",
    "Cafés",
    "Ceramics",
    "Clinic",
    "Consulting",
    "Coffee",
    "Dental",
    "Energy",
    "Events",
    "Films",
    "Gardens",
    "Health",
    "Hotels",
    "Labs",
    "Legal",
    "Logistics",
    "Music",
    "Optics",
    "Outdoors",
    "Physio",
    "Schools",
    "Textiles",
];
const VERBS: [&str; 10] =
    ["Design", "Build", "Review", "Fix", "Document", "Test", "Measure", "Translate", "Migrate", "Polish"];
const NOUNS: [&str; 10] = [
    "the home page",
    "the checkout",
    "the search",
    "the newsletter",
    "the booking form",
    "the image gallery",
    "the member area",
    "the footer links",
    "the opening hours",
    "the tracking consent",
];

/// Adds `scale - 1` units, a few to a transaction: each commit writes a page of nearly every index, and memory stays
/// flat. Returns whom to bill for them.
pub(super) fn multiply(app: &App, scale: u32) -> AppResult<Vec<Schedule>> {
    let now = app.clock.now();
    let owner = app.db.read_blocking(|conn| {
        let owner: user::User = users::table.order(users::id).select(user::User::as_select()).first(conn)?;
        Ok(owner.actor())
    })?;
    let today = zone::local_date(now, zone::zone(ZONE));
    let since = today.checked_sub_days(Days::new(DAYS)).unwrap_or(today);
    let mut units = Vec::new();
    for first in (1..scale).step_by(UNITS_A_COMMIT) {
        let after = first.saturating_add(UNITS_A_COMMIT as u32).min(scale);
        let clients = app.db.write_blocking(|conn| {
            let mut clients = Vec::new();
            let mut worker = owner.id;
            for unit in first..after {
                if (unit - 1) % CLIENTS_A_PERSON == 0 {
                    worker = person(conn, &owner, now, unit)?;
                }
                let rng = StdRng::seed_from_u64(SEED + u64::from(unit));
                let mut sample = Sample { now, today, rng, team: vec![owner.clone()] };
                clients.push(add_unit(conn, &mut sample, unit, worker)?);
            }
            Ok(clients)
        })?;
        units.extend(clients.into_iter().map(|client| Schedule {
            client,
            months: 3,
            since,
            // Few lines, since a quarter of a client's hours falls on every one of its hundred tasks.
            grouping: Grouping::Project,
            untaxed: TaxCategory::Standard,
        }));
    }
    app.db.write_blocking(|conn| discuss_at_length(conn, &owner))?;
    Ok(units)
}

fn person(conn: &mut Conn, owner: &Actor, now: crate::types::clock::UtcTime, unit: u32) -> AppResult<UserId> {
    let new = NewUser {
        email: format!("member{unit}@fielder.studio"),
        name: format!("Member {unit}"),
        role: Role::Member,
        password_hash: None,
        time_zone: ZONE.to_owned(),
    };
    Ok(user::create(conn, Some(owner.id), now, &new)?.id)
}

fn add_unit(conn: &mut Conn, sample: &mut Sample, unit: u32, worker: UserId) -> AppResult<ClientId> {
    let owner = sample.owner();
    let index = unit as usize;
    let first = FIRST.get(index % FIRST.len()).copied().unwrap_or_default();
    let second = SECOND.get(index / FIRST.len() % SECOND.len()).copied().unwrap_or_default();
    let since = sample.morning(DAYS + 10);
    let name = if index < FIRST.len() * SECOND.len() {
        format!("{first} {second}")
    } else {
        format!("{first} {second} {unit}")
    };
    let new = NewClient {
        name,
        status: ClientStatus::Active,
        email: format!("office@client{unit}.example"),
        phone: String::new(),
        website: format!("https://client{unit}.example"),
        tax_id: format!("DE{:09}", 300_000_000 + unit),
        street: format!("Hauptstraße {unit}"),
        postal_code: format!("{:05}", 10_000 + unit),
        city: "Berlin".into(),
        region: String::new(),
        country: "DE".into(),
        postal_address: String::new(),
        language: "de".into(),
        currency: Currency::EUR,
        payment_terms_kind: TermsKind::Net,
        payment_terms_days: None,
        tax_rate_millis: None,
        notes: String::new(),
        rate_cents: Some(8_000 + i64::from(unit % 8) * 500),
    };
    let client = clients::create(conn, &owner, since, &new)?;
    let mut places = Vec::new();
    for name in ["Website", "Care plan"] {
        let new = NewProject {
            client_id: client.id,
            name: name.into(),
            status: ProjectStatus::Active,
            billing_model: BillingModel::Hourly,
            price_cents: None,
            budget_seconds: Some(1_500 * 3_600),
            budget_cents: None,
            starts_on: Some(sample.days_ago(DAYS)),
            due_on: None,
            description: String::new(),
            color: Color::Green,
            rate_cents: None,
        };
        let project = projects::create(conn, &owner, since, &new)?;
        let rows: Vec<TaskRow> =
            (0..TASKS / 2).map(|index| task(sample, client.id, project.id, worker, index)).collect();
        work::insert_tasks(conn, &rows)?;
        places.push(Place {
            client: client.id,
            project: project.id,
            is_billable: true,
            tasks: work::tasks_of(conn, project.id)?,
        });
    }
    let mut rates = BTreeMap::new();
    let mut rows = Vec::new();
    for number in 0..ENTRIES {
        let day = sample.days_ago(1 + DAYS - number / 2 % (DAYS + 1));
        let Some(place) = work::pick(&mut sample.rng, &places) else { continue };
        let prices = match rates.get(&place.project) {
            Some(prices) => Clone::clone(prices),
            None => {
                let found = work::prices(conn, place, worker, day)?;
                rates.insert(place.project, found.clone());
                found
            }
        };
        // The five clients of one person take turns through the day.
        let offset = i64::from(unit % CLIENTS_A_PERSON) * 5_400 + (number as i64 % 2) * 2_700;
        let seconds = sample.rng.random_range(15..45) * 60;
        rows.push(work::entry(&mut sample.rng, place, worker, day, offset, seconds, &prices));
    }
    work::insert_entries(conn, &rows)?;
    Ok(client.id)
}

fn task(
    sample: &mut Sample,
    client: ClientId,
    project: crate::types::ids::ProjectId,
    worker: UserId,
    index: usize,
) -> TaskRow {
    let is_done = !index.is_multiple_of(5);
    let verb = work::pick(&mut sample.rng, &VERBS).copied().unwrap_or_default();
    let noun = work::pick(&mut sample.rng, &NOUNS).copied().unwrap_or_default();
    let due_on = if is_done { sample.some_day_ago(1, 900) } else { sample.some_day_ahead(120) };
    let since = sample.morning(DAYS);
    TaskRow {
        client_id: client,
        project_id: project,
        title: format!("{verb} {noun}"),
        title_key: fold(&format!("{verb} {noun}")),
        description: String::new(),
        description_html: String::new(),
        status: if is_done {
            "done"
        } else {
            ["todo", "doing", "review"].get(index / 5 % 3).copied().unwrap_or("todo")
        },
        priority: "normal",
        is_client_visible: false,
        assignee_id: Some(worker),
        due_on: Some(due_on),
        due_order: due_on,
        estimate_seconds: Some(4 * 3_600),
        is_billable: true,
        completed_at: is_done.then_some(since),
        created_by: Some(worker),
        created_at: since,
        updated_at: since,
    }
}

/// Gives the last task a hundred comments, for measuring its page.
fn discuss_at_length(conn: &mut Conn, owner: &Actor) -> AppResult<()> {
    let (task, at): (TaskId, crate::types::clock::UtcTime) =
        tasks::table.order(tasks::id.desc()).select((tasks::id, tasks::created_at)).first(conn)?;
    for number in 0..COMMENTS {
        let body =
            format!("Note {number}: looked at **this** again, see [the page](https://example.com/{number}).");
        diesel::insert_into(task_comments::table)
            .values((
                task_comments::task_id.eq(task),
                task_comments::author_id.eq(owner.id),
                task_comments::body.eq(&body),
                task_comments::body_html.eq(markdown::to_html(&body)),
                task_comments::created_at.eq(at),
            ))
            .execute(conn)?;
    }
    Ok(())
}
