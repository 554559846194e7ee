//! The agency that the screens show: Fielder Studio, its team, its clients and what they work on.

use diesel::prelude::*;
use rand::RngExt;

use super::work::{self, Place, TaskRow};
use super::{EMAIL, Sample, ZONE, invoices};
use crate::agency::model::{AgencyChanges, Setup};
use crate::auth::policy::Role;
use crate::clients::contacts::model::{self as contacts, NewContact};
use crate::clients::model::{self as clients, ClientStatus, NewClient};
use crate::db::Conn;
use crate::db::schema::task_comments;
use crate::error::AppResult;
use crate::projects::model::{self as projects, BillingModel, NewProject, ProjectStatus};
use crate::time_entries::model::NewTimeEntry;
use crate::time_entries::span::{Length, When};
use crate::time_entries::timer;
use crate::types::ids::TaskId;
use crate::types::markdown;
use crate::types::money::Currency;

/// The team beside the owner.
pub(super) const TEAM: &[(&str, &str, Role)] = &[
    ("Tom Okafor", "tom@fielder.studio", Role::Manager),
    ("Mika Laine", "mika@fielder.studio", Role::Member),
    ("Priya Nair", "priya@fielder.studio", Role::Member),
    ("Jonas Weber", "jonas@fielder.studio", Role::Admin),
    ("Greta Lindqvist", "greta@fielder.studio", Role::Bookkeeper),
];

/// Days of history.
const HISTORY: u64 = 150;

/// The agency and its owner.
pub(super) fn setup() -> Setup {
    Setup {
        agency: AgencyChanges {
            name: "Fielder Studio".into(),
            street: "Lausitzer Platz 14".into(),
            postal_code: "10997".into(),
            city: "Berlin".into(),
            region: String::new(),
            country: "DE".into(),
            tax_id: "DE318204417".into(),
            email: "accounts@fielder.studio".into(),
            phone: "+49 30 5550 1420".into(),
            website: "https://fielder.studio".into(),
            currency: Currency::EUR,
            time_zone: ZONE.into(),
            payment_terms_days: 14,
            tax_rate_millis: 19_000,
            invoice_terms: "Payable without deduction by the due date. Please quote the invoice number.".into(),
            invoice_footer: "Fielder Studio GmbH · Amtsgericht Charlottenburg HRB 214417 · Managing director Ines Carvalho".into(),
            bank_name: "GLS Bank".into(),
            bank_holder: "Fielder Studio GmbH".into(),
            iban: "DE89370400440532013000".into(),
            bic: "GENODEM1GLS".into(),
        },
        owner_name: "Ines Carvalho".into(),
        owner_email: EMAIL.into(),
        rate_cents: Some(9_000),
        logo: None,
    }
}

struct ClientLine {
    name: &'static str,
    status: ClientStatus,
    contact: (&'static str, &'static str, &'static str),
    street: &'static str,
    postal_code: &'static str,
    city: &'static str,
    country: &'static str,
    tax_id: &'static str,
    currency: &'static str,
    rate_cents: Option<i64>,
    notes: &'static str,
    projects: &'static [ProjectLine],
}

struct ProjectLine {
    name: &'static str,
    model: BillingModel,
    rate_cents: Option<i64>,
    budget_hours: Option<i64>,
    due_in: Option<u64>,
    tasks: &'static [&'static str],
}

const SHOP: &[&str] = &[
    "Fix free-shipping threshold in cart",
    "Product card states",
    "Age gate before checkout",
    "Gift cards",
    "Search with suggestions",
    "Order confirmation mail",
    "Move product pictures to the new size",
    "Checkout on a slow phone",
    "Tax rates for three countries",
    "Redirects from the old shop",
    "Stock sync with the till",
    "Launch checklist",
];
const SITE: &[&str] = &[
    "Send revised sitemap for sign-off",
    "Home page concept",
    "Typography and colour",
    "Page templates",
    "Content entry, first half",
    "Content entry, second half",
    "Contact form with spam check",
    "Cookie notice that does not nag",
    "Performance budget",
    "Accessibility audit",
    "Training for editors",
];
const CARE: &[&str] =
    &["Monthly updates", "Backup check", "Small changes of the month", "Broken-link report"];
const BRAND: &[&str] = &[
    "Write alt text for the autumn lookbook",
    "Logo grid and clear space",
    "Stationery",
    "Illustration style",
    "Brand guidelines, first draft",
    "Slide template",
];
const APP: &[&str] = &[
    "Review accessibility audit notes",
    "Sign-in with a code by mail",
    "Member directory",
    "Voting on motions",
    "Export for the annual meeting",
    "Moderation of posts",
    "Push notifications",
    "Load test with 2,000 members",
];

const CLIENTS: &[ClientLine] = &[
    ClientLine {
        name: "Halden Brewing Co.",
        status: ClientStatus::Active,
        contact: ("Sofie Halden", "Managing director", "sofie@haldenbrewing.example"),
        street: "Nordre Fasanvej 12",
        postal_code: "2000",
        city: "Frederiksberg",
        country: "DK",
        tax_id: "DK31440219",
        currency: "EUR",
        rate_cents: Some(9_500),
        notes: "Sofie signs off copy, Anders signs off anything touching the till. Never deploy on a Friday: taproom events sell out Friday night.",
        projects: &[
            ProjectLine {
                name: "Shop relaunch",
                model: BillingModel::Hourly,
                rate_cents: None,
                budget_hours: Some(160),
                due_in: Some(19),
                tasks: SHOP,
            },
            ProjectLine {
                name: "Care plan",
                model: BillingModel::Hourly,
                rate_cents: Some(8_500),
                budget_hours: Some(60),
                due_in: None,
                tasks: CARE,
            },
        ],
    },
    ClientLine {
        name: "Marlow & Finch",
        status: ClientStatus::Active,
        contact: ("Edward Marlow", "Partner", "edward@marlowfinch.example"),
        street: "18 Bridge Street",
        postal_code: "CB2 1UF",
        city: "Cambridge",
        country: "GB",
        tax_id: "GB287190442",
        currency: "GBP",
        rate_cents: Some(8_200),
        notes: "",
        projects: &[ProjectLine {
            name: "Website 2027",
            model: BillingModel::Hourly,
            rate_cents: None,
            budget_hours: Some(220),
            due_in: Some(64),
            tasks: SITE,
        }],
    },
    ClientLine {
        name: "Tidewater Co-op",
        status: ClientStatus::Active,
        contact: ("Ravi Menon", "Member services", "ravi@tidewater.example"),
        street: "Am Sandtorkai 40",
        postal_code: "20457",
        city: "Hamburg",
        country: "DE",
        tax_id: "DE299113405",
        currency: "EUR",
        rate_cents: None,
        notes: "Decisions go to the board, which meets every second Tuesday.",
        projects: &[ProjectLine {
            name: "Member portal",
            model: BillingModel::Hourly,
            rate_cents: Some(10_500),
            budget_hours: Some(180),
            due_in: Some(33),
            tasks: APP,
        }],
    },
    ClientLine {
        name: "Osk Atelier",
        status: ClientStatus::Active,
        contact: ("Lena Osk", "Founder", "lena@osk.example"),
        street: "Torstraße 61",
        postal_code: "10119",
        city: "Berlin",
        country: "DE",
        tax_id: "DE304551870",
        currency: "EUR",
        rate_cents: Some(8_800),
        notes: "",
        projects: &[
            ProjectLine {
                name: "Brand guidelines",
                model: BillingModel::Hourly,
                rate_cents: None,
                budget_hours: Some(90),
                due_in: Some(12),
                tasks: BRAND,
            },
            ProjectLine {
                name: "Lookbook site",
                model: BillingModel::Hourly,
                rate_cents: None,
                budget_hours: None,
                due_in: Some(40),
                tasks: SITE,
            },
        ],
    },
    ClientLine {
        name: "Bryn Nurseries",
        status: ClientStatus::Active,
        contact: ("Gwen Pugh", "Owner", "gwen@brynnurseries.example"),
        street: "Old Mill Lane 3",
        postal_code: "SY20 8EB",
        city: "Machynlleth",
        country: "GB",
        tax_id: "",
        currency: "GBP",
        rate_cents: Some(7_500),
        notes: "",
        projects: &[ProjectLine {
            name: "Seasonal shop",
            model: BillingModel::Hourly,
            rate_cents: None,
            budget_hours: Some(70),
            due_in: Some(90),
            tasks: SHOP,
        }],
    },
    ClientLine {
        name: "Kessler Legal",
        status: ClientStatus::Active,
        contact: ("Dr. Anna Kessler", "Partner", "kanzlei@kessler.example"),
        street: "Bockenheimer Landstraße 24",
        postal_code: "60323",
        city: "Frankfurt am Main",
        country: "DE",
        tax_id: "DE277604911",
        currency: "EUR",
        rate_cents: Some(11_000),
        notes: "Everything in writing.",
        projects: &[ProjectLine {
            name: "Relaunch",
            model: BillingModel::Hourly,
            rate_cents: None,
            budget_hours: Some(120),
            due_in: Some(5),
            tasks: SITE,
        }],
    },
    ClientLine {
        name: "Verdant Roofing",
        status: ClientStatus::Paused,
        contact: ("Paul Achterberg", "Director", "paul@verdantroofing.example"),
        street: "Keizersgracht 210",
        postal_code: "1016 DX",
        city: "Amsterdam",
        country: "NL",
        tax_id: "NL861204553B01",
        currency: "EUR",
        rate_cents: None,
        notes: "",
        projects: &[ProjectLine {
            name: "Maintenance",
            model: BillingModel::Hourly,
            rate_cents: None,
            budget_hours: Some(40),
            due_in: None,
            tasks: CARE,
        }],
    },
    ClientLine {
        name: "Pinewood Primary School",
        status: ClientStatus::Lead,
        contact: ("Helen Doyle", "Head teacher", "office@pinewood.example"),
        street: "4 School Road",
        postal_code: "BN1 4EJ",
        city: "Brighton",
        country: "GB",
        tax_id: "",
        currency: "GBP",
        rate_cents: None,
        notes: "Wants a quote for a simple site before the governors meet.",
        projects: &[],
    },
    ClientLine {
        name: "Fielder Studio, internal",
        status: ClientStatus::Active,
        contact: ("Ines Carvalho", "Owner", "ines@fielder.studio"),
        street: "Lausitzer Platz 14",
        postal_code: "10997",
        city: "Berlin",
        country: "DE",
        tax_id: "",
        currency: "EUR",
        rate_cents: None,
        notes: "",
        projects: &[ProjectLine {
            name: "Own website and talks",
            model: BillingModel::NonBillable,
            rate_cents: None,
            budget_hours: None,
            due_in: None,
            tasks: BRAND,
        }],
    },
];

/// Writes it all.
pub(super) fn tell(conn: &mut Conn, sample: &mut Sample) -> AppResult<()> {
    let owner = sample.owner();
    let mut places = Vec::new();
    let mut billed = Vec::new();
    for (index, line) in CLIENTS.iter().enumerate() {
        let since = sample.morning(HISTORY + 30 - index as u64);
        let client = clients::create(conn, &owner, since, sample.days_ago(HISTORY + 30), &new_client(line))?;
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
            billed.push(client.id);
        }
    }
    log_hours(conn, sample, &places)?;
    invoices::bill(conn, &owner, sample.today, &billed, sample.days_ago(HISTORY), 1)?;
    if let Some((task, _)) = places.first().and_then(|place| place.tasks.first()).copied() {
        discuss(conn, sample, task)?;
        let started_at = sample.now.plus_seconds(-5_057);
        let running = NewTimeEntry {
            project_id: None,
            task_id: Some(task),
            when: When {
                on: sample.today,
                starts: None,
                length: Length::Open,
                break_seconds: 0,
                start_occurrence: None,
                end_occurrence: None,
            },
            note: "Threshold and messages".into(),
            is_billable: None,
        };
        timer::start(conn, &owner, started_at, &running, None)?;
    }
    Ok(())
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
        budget_seconds: line.budget_hours.map(|hours| hours * 3_600),
        budget_cents: None,
        starts_on: Some(sample.days_ago(HISTORY)),
        due_on: line.due_in.map(|days| sample.days_ahead(days)),
        description: String::new(),
        rate_cents: line.rate_cents,
    };
    let project = projects::create(conn, &owner, since, sample.days_ago(HISTORY), &new)?;
    let mut rows = Vec::new();
    for (index, title) in line.tasks.iter().enumerate() {
        // The first tasks of a list are open: they are the ones that the screens show.
        let is_done = index > line.tasks.len() / 2;
        let due_on = if is_done {
            Some(sample.some_day_ago(5, 90))
        } else {
            (index % 4 != 3)
                .then(|| sample.some_day_ahead(25))
                .map(|due| if index == 2 { sample.days_ago(2) } else { due })
        };
        let assignee =
            work::pick(&mut sample.rng, sample.team.get(..5).unwrap_or_default()).map(|actor| actor.id);
        let assignee = if index == 0 { Some(owner.id) } else { assignee };
        rows.push(TaskRow {
            client_id: client,
            project_id: project.id,
            title: (*title).into(),
            description: String::new(),
            description_html: String::new(),
            status: if is_done {
                "done"
            } else {
                ["doing", "todo", "review", "todo"].get(index % 4).copied().unwrap_or("todo")
            },
            assignee_id: assignee.filter(|_| index % 5 != 4),
            due_on,
            due_order: due_on.unwrap_or_else(work::far),
            estimate_seconds: Some(sample.rng.random_range(2..16) * 3_600),
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
        is_billable: line.model != BillingModel::NonBillable,
        tasks: work::tasks_of(conn, project.id)?,
    })
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
                let rate = work::rate(conn, place, *user, day)?;
                rows.push(work::entry(&mut sample.rng, place, *user, day, offset, seconds, rate.as_ref()));
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
        (1, 6_000, "The threshold compares the *gross* sum, the shop shows **net**. Which one is meant?"),
        (
            0,
            4_500,
            "Net, says Sofie. She sent this:\n\n> Free shipping from 60 € before tax, everywhere.\n\nPlease add a test for 59.99 and 60.00.",
        ),
        (
            2,
            1_200,
            "On it. The message in the cart needs a new text, too:\n\n- under the threshold: “Only 4 € to free shipping”\n- over it: “Shipping is on us”",
        ),
    ];
    for (who, ago, body) in talk {
        let Some(author) = sample.team.get(who) else { continue };
        diesel::insert_into(task_comments::table)
            .values((
                task_comments::task_id.eq(task),
                task_comments::author_id.eq(author.id),
                task_comments::body.eq(body),
                task_comments::body_html.eq(markdown::to_html(body)),
                task_comments::created_at.eq(sample.now.plus_seconds(-ago)),
            ))
            .execute(conn)?;
    }
    Ok(())
}
