//! The history that the screens show: who was won when, who worked on what, what was billed and paid.

use crate::types::terms::TermsKind;
use diesel::prelude::*;
use rand::RngExt;

use super::Sample;
use super::cast::{CLIENTS, ClientLine, MILESTONES, ProjectLine};
use super::invoices::{self, Schedule};
use super::plan;
use super::work::{self, Place, TaskRow};
use crate::auth::policy::Role;
use crate::auth::user::Actor;
use crate::billing::model::Grouping;
use crate::clients::contacts::model::{self as contacts, NewContact};
use crate::clients::model::{self as clients, NewClient};
use crate::db::Conn;
use crate::db::schema::retainers as retainer_rows;
use crate::db::schema::tasks;
use crate::error::AppResult;
use crate::projects::members::model::{self as members, NewMember};
use crate::projects::milestones::model::{self as milestones, NewMilestone};
use crate::projects::model::{self as projects, BillingModel, NewProject, ProjectStatus};
use crate::projects::retainers::ledger::{Period, RetainerUnit};
use crate::projects::retainers::model::{self as retainers, NewRetainer};
use crate::rates::model::{self as rates, RateKind, Scope};
use crate::tasks::comments::model as comments;
use crate::time_entries::model::NewTimeEntry;
use crate::time_entries::span::{Length, When};
use crate::time_entries::timer::model as timer;
use crate::types::ids::{ProjectId, TaskId};
use crate::types::money::Currency;
use crate::types::text::fold;

/// Minor units that an hour costs on projects that are not paid in euros.
const COST_ABROAD: i64 = 4_300;
/// Days of history.
const HISTORY: u64 = 150;

/// Writes it all; returns whom to bill for it.
pub(super) fn tell(conn: &mut Conn, sample: &mut Sample) -> AppResult<Vec<Schedule>> {
    let owner = sample.owner();
    let mut places = Vec::new();
    let mut billed = Vec::new();
    for (index, line) in CLIENTS.iter().enumerate() {
        let since = sample.morning(HISTORY + 30 - index as u64);
        let client = clients::create(conn, &owner, since, &new_client(line))?;
        let (name, job_title, email) = line.contact;
        let contact = NewContact {
            name: name.into(),
            job_title: job_title.into(),
            email: email.into(),
            phone: String::new(),
            is_billing: true,
            is_technical: index % 3 == 0,
            is_owner: true,
        };
        contacts::create(conn, &owner, since, client.id, &contact)?;
        for project in line.projects {
            let place = add_project(conn, sample, client.id, project)?;
            places.push(place);
        }
        if !line.projects.is_empty()
            && line.projects.iter().all(|project| project.model != BillingModel::NonBillable)
        {
            billed.push(Schedule {
                client: client.id,
                months: 1,
                since: sample.days_ago(HISTORY),
                grouping: if client.id.0 % 3 == 0 { Grouping::Project } else { Grouping::Task },
                untaxed: invoices::untaxed(line.country),
            });
        }
    }
    log_hours(conn, sample, &places)?;
    Ok(billed)
}

/// What is going on right now: the talk about the first task, and the owner's timer on it. Told in the order in which it
/// happened, since the log is read so.
pub(super) fn go_on(conn: &mut Conn, sample: &Sample) -> AppResult<()> {
    let owner = sample.owner();
    let task: TaskId = tasks::table.order(tasks::id).select(tasks::id).first(conn)?;
    plan::sort_out(conn, sample, task)?;
    close_periods(conn, sample)?;
    discuss(conn, sample, task)?;
    let when = When {
        on: sample.today,
        starts: None,
        length: Length::Open,
        break_seconds: 0,
        start_occurrence: None,
        end_occurrence: None,
    };
    let running = NewTimeEntry {
        project_id: None,
        task_id: Some(task),
        when,
        note: "Threshold and messages".into(),
        is_billable: None,
        rate: String::new(),
    };
    timer::start(conn, &owner, sample.now.plus_seconds(-5_057), &running, None).map(drop)
}

fn new_client(line: &ClientLine) -> NewClient {
    NewClient {
        name: line.name.into(),
        status: line.status,
        email: line.contact.2.into(),
        phone: String::new(),
        website: format!("https://{}", line.contact.2.split('@').next_back().unwrap_or_default()),
        tax_id: line.tax_id.into(),
        street: line.street.into(),
        postal_code: line.postal_code.into(),
        city: line.city.into(),
        region: String::new(),
        country: line.country.into(),
        postal_address: String::new(),
        language: if line.country == "DE" { "de" } else { "en" }.into(),
        currency: line.currency.parse().unwrap_or(Currency::EUR),
        payment_terms_kind: TermsKind::Net,
        payment_terms_days: (line.country == "GB").then_some(30),
        tax_rate_millis: (line.country != "DE").then_some(0),
        notes: line.notes.into(),
        rate_cents: line.rate_cents,
    }
}

fn add_project(
    conn: &mut Conn,
    sample: &mut Sample,
    client: crate::types::ids::ClientId,
    line: &ProjectLine,
) -> AppResult<Place> {
    let owner = sample.owner();
    let since = sample.morning(HISTORY);
    let new = NewProject {
        client_id: client,
        name: line.name.into(),
        status: ProjectStatus::Active,
        billing_model: line.model,
        price_cents: line.price_cents,
        budget_seconds: line.budget_hours.map(|hours| hours * 3_600),
        budget_cents: None,
        starts_on: Some(sample.days_ago(HISTORY)),
        due_on: line.due_in.map(|days| sample.days_ahead(days)),
        description: String::new(),
        color: line.color,
        rate_cents: line.rate_cents,
    };
    let project = projects::create(conn, &owner, since, &new)?;
    // What people cost is agreed in euros; work for another currency needs a cost in it.
    if clients::find(conn, &owner, client)?.currency != Currency::EUR {
        rates::begin(conn, owner.id, since, RateKind::Cost, Scope::Project(project.id), COST_ABROAD)?;
    }
    for (index, person) in sample.team.iter().enumerate().take(5) {
        if (index as i64 + project.id.0) % 3 != 0 {
            let new = NewMember { user_id: person.id, rate_cents: None, cost_cents: None };
            members::add(conn, &owner, since, sample.days_ago(HISTORY), project.id, &new)?;
        }
    }
    if line.model == BillingModel::Retainer {
        agree_on_retainer(conn, sample, &owner, project.id)?;
    }
    if line.model == BillingModel::Milestones {
        add_milestones(conn, sample, &owner, project.id)?;
    }
    // Late work is the exception.
    let is_late = project.id.0 % 3 == 1;
    let mut rows = Vec::new();
    for (index, title) in line.tasks.iter().enumerate() {
        // The first tasks of a list are open: they are the ones that the screens show.
        let is_done = index > line.tasks.len() / 2;
        let due_on = if is_done {
            Some(sample.some_day_ago(5, 90))
        } else {
            (index % 4 != 3)
                .then(|| sample.some_day_ahead(25))
                .map(|due| if index == 2 && is_late { sample.days_ago(2) } else { due })
        };
        let assignee =
            work::pick(&mut sample.rng, sample.team.get(..5).unwrap_or_default()).map(|actor| actor.id);
        let assignee = if index == 0 { Some(owner.id) } else { assignee };
        rows.push(TaskRow {
            client_id: client,
            project_id: project.id,
            title: (*title).into(),
            title_key: fold(title),
            description: String::new(),
            description_html: String::new(),
            status: if is_done {
                "done"
            } else {
                ["doing", "todo", "review", "todo"].get(index % 4).copied().unwrap_or("todo")
            },
            priority: match (project.id.0 + index as i64) % 7 {
                1 => "high",
                4 if is_late => "urgent",
                5 => "low",
                _ => "normal",
            },
            is_client_visible: index % 3 == 0,
            assignee_id: assignee.filter(|_| index % 5 != 4),
            due_on,
            due_order: due_on.unwrap_or_else(work::far),
            estimate_seconds: Some(sample.rng.random_range(18..45) * 3_600),
            is_billable: line.model != BillingModel::NonBillable,
            completed_at: is_done.then(|| sample.morning(4)),
            created_by: Some(owner.id),
            created_at: since,
            updated_at: since,
        });
    }
    work::insert_tasks(conn, &rows)?;
    Ok(Place {
        client,
        project: project.id,
        is_billable: line.model.bills_hours(),
        tasks: work::tasks_of(conn, project.id)?,
    })
}

/// Sixty hours a month, of which up to ten roll over for two months.
fn agree_on_retainer(conn: &mut Conn, sample: &Sample, owner: &Actor, project: ProjectId) -> AppResult<()> {
    let new = NewRetainer {
        unit: RetainerUnit::Hours,
        period: Period::Month,
        starts_on: retainers::offered_start(sample.days_ago(HISTORY - 30)),
        granted: 60 * 3_600,
        fee_cents: Some(480_000),
        roll_cap: Some(10 * 3_600),
        expires_after: Some(2),
        overage_rate_cents: Some(9_500),
        note: "Updates, backups and small changes; anything larger is offered on its own.".into(),
    };
    retainers::set(conn, owner, sample.morning(HISTORY), project, None, &new).map(drop)
}

/// Closes what has ended but for the last period, whose statement is still to be looked at.
fn close_periods(conn: &mut Conn, sample: &Sample) -> AppResult<()> {
    let owner = sample.owner();
    let project: Option<ProjectId> =
        retainer_rows::table.select(retainer_rows::project_id).first(conn).optional()?;
    let Some(project) = project else { return Ok(()) };
    for _ in 0..3 {
        let Some(retainer) = retainers::of_project(conn, project)? else { break };
        let periods = retainers::ledger(conn, &retainer, sample.today)?;
        let Some(open) = periods.iter().find(|period| !period.is_closed) else { break };
        retainers::close(
            conn,
            &owner,
            sample.now.plus_seconds(-10_800),
            sample.today,
            (project, open.starts_on),
        )?;
    }
    Ok(())
}

/// Those that lie behind were reached on their day but the last, which waits to be billed since.
fn add_milestones(conn: &mut Conn, sample: &Sample, owner: &Actor, project: ProjectId) -> AppResult<()> {
    for (title, days, amount) in MILESTONES {
        let due = if *days < 0 {
            sample.days_ago(days.unsigned_abs())
        } else {
            sample.days_ahead(days.unsigned_abs())
        };
        let new = NewMilestone { title: (*title).into(), due_on: Some(due), amount_cents: *amount };
        let milestone = milestones::create(conn, owner, sample.morning(HISTORY), project, &new)?;
        if *days < -10 {
            let now = super::morning_of(due);
            milestones::reach(conn, owner, now, (project, milestone.id), due, sample.today)?;
        }
    }
    Ok(())
}

fn log_hours(conn: &mut Conn, sample: &mut Sample, places: &[Place]) -> AppResult<()> {
    let mut rows = Vec::new();
    let workers: Vec<_> =
        sample.team.iter().filter(|actor| actor.role != Role::Bookkeeper).map(|actor| actor.id).collect();
    for days_back in (0..HISTORY).rev() {
        let day = sample.days_ago(days_back);
        if !work::is_workday(day) {
            continue;
        }
        for user in &workers {
            let mut offset = sample.rng.random_range(0..1_800);
            let stretches = if days_back == 0 { 1 } else { sample.rng.random_range(3..=4) };
            for _ in 0..stretches {
                let Some(place) = work::pick(&mut sample.rng, places) else { continue };
                let seconds = sample.rng.random_range(2_400..9_000) / 60 * 60;
                if work_ends(sample, day, offset + seconds) {
                    break;
                }
                let prices = work::prices(conn, place, *user, day)?;
                rows.push(work::entry(&mut sample.rng, place, *user, day, offset, seconds, &prices));
                offset += seconds + sample.rng.random_range(0..15) * 60;
            }
        }
    }
    work::insert_entries(conn, &rows)
}

/// Whether a stretch would end after the running timer began, or after now.
fn work_ends(sample: &Sample, day: chrono::NaiveDate, end: i64) -> bool {
    day == sample.today && super::morning_of(day).plus_seconds(end) > sample.now.plus_seconds(-5_400)
}

fn discuss(conn: &mut Conn, sample: &Sample, task: TaskId) -> AppResult<()> {
    let talk = [
        (1, 9_000, "The threshold compares the *gross* sum, the shop shows **net**. Which one is meant?"),
        (
            0,
            7_500,
            "Net, says Sofie. She sent this:\n\n> Free shipping from 60 € before tax, everywhere.\n\nPlease add a test for 59.99 and 60.00.",
        ),
        (
            2,
            6_000,
            "On it, @Ines. The message in the cart needs a new text, too:\n\n- under the threshold: “Only 4 € to free shipping”\n- over it: “Shipping is on us”",
        ),
    ];
    for (who, ago, body) in talk {
        let Some(author) = sample.team.get(who) else { continue };
        comments::create(conn, author, sample.now.plus_seconds(-ago), task, body)?;
    }
    Ok(())
}
