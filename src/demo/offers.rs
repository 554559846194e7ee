//! What lies on the bookkeeper's desk: quotes and their answers, costs to pass on, invoices that come back, and a letter to
//! who pays late. All through the verbs that people use.

use chrono::Datelike as _;
use diesel::prelude::*;

use super::{Sample, invoices, morning_of};
use crate::billing::expenses::model::{self as expenses, NewExpense};
use crate::billing::line::{NewLine, Unit};
use crate::billing::outline::Outline;
use crate::billing::quotes::answers::{self, NewAnswer};
use crate::billing::quotes::convert::convert;
use crate::billing::quotes::model::{self as quotes, AnswerKind};
use crate::billing::quotes::versions::{self, NewQuote, QuoteChanges};
use crate::billing::recurring::model as recurring;
use crate::billing::recurring::period::{Calendar, Covers, RecurringUnit};
use crate::billing::recurring::verbs::{self as recurring_verbs, NewRecurring, RecurringChanges};
use crate::billing::reminders::model as reminders;
use crate::billing::reminders::verbs as letters;
use crate::billing::tax::Treatment;
use crate::billing::totals::Discount;
use crate::clients::model::{self as clients, Client};
use crate::db::Conn;
use crate::db::schema::{clients as client_rows, projects};
use crate::error::AppResult;
use crate::types::ids::{ClientId, ProjectId};

/// A line of an offer: words, quantity, unit, price in minor units.
type Line = (&'static str, i64, Unit, i64);

/// What became of a quote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Drafted,
    Open,
    Declined,
    Converted,
}

struct QuoteLine {
    client: &'static str,
    title: &'static str,
    sent_days_ago: u64,
    fate: Fate,
    lines: &'static [Line],
}

const QUOTES: &[QuoteLine] = &[
    QuoteLine {
        client: "Kessler Legal",
        title: "Second language for the site",
        sent_days_ago: 41,
        fate: Fate::Declined,
        lines: &[
            ("Translation workflow", 2, Unit::Day, 72_000),
            ("Templates in two languages", 3, Unit::Day, 72_000),
        ],
    },
    QuoteLine {
        client: "Tidewater Co-op",
        title: "Members’ newsletter",
        sent_days_ago: 23,
        fate: Fate::Converted,
        lines: &[
            ("Design of the letter", 2, Unit::Day, 72_000),
            ("Sending and reports", 1, Unit::Piece, 95_000),
        ],
    },
    QuoteLine {
        client: "Pinewood Primary School",
        title: "A simple site for the school",
        sent_days_ago: 6,
        fate: Fate::Open,
        lines: &[
            ("Concept and home page", 4, Unit::Day, 64_000),
            ("Eight further pages", 8, Unit::Piece, 18_500),
            ("Training for the office", 3, Unit::Hour, 8_200),
        ],
    },
    QuoteLine {
        client: "Osk Atelier",
        title: "Autumn lookbook, online",
        sent_days_ago: 0,
        fate: Fate::Drafted,
        lines: &[("Layout of 24 pictures", 3, Unit::Day, 72_000)],
    },
];

/// Costs of the last weeks: client, days ago, what, from whom, cost, price.
const EXPENSES: &[(&str, u64, &str, &str, i64, i64)] = &[
    ("Halden Brewing Co.", 19, "Photographs of the taproom", "Lene Krog Foto", 84_000, 92_400),
    ("Tidewater Co-op", 12, "Load test, one month", "Loadmeter", 9_900, 9_900),
    ("Osk Atelier", 5, "Typeface licence, web", "Foundry Nord", 26_000, 26_000),
];

/// What comes back: client, what we call it, unit, line.
const RECURRING: &[(&str, &str, RecurringUnit, Line)] = &[
    ("Kessler Legal", "Hosting", RecurringUnit::Month, ("Hosting {period}", 1, Unit::Month, 4_900)),
    (
        "Verdant Roofing",
        "Domain and mail",
        RecurringUnit::Year,
        ("Domain and mail {period}", 1, Unit::Piece, 9_600),
    ),
];

/// Writes it all.
pub(super) fn lay_out(conn: &mut Conn, sample: &Sample) -> AppResult<()> {
    for line in QUOTES {
        offer(conn, sample, line)?;
    }
    for (client, days_ago, title, supplier, cost_cents, price_cents) in EXPENSES {
        let (client, project) = find(conn, sample, client)?;
        let new = NewExpense {
            client_id: client.id,
            project_id: project,
            spent_on: sample.days_ago(*days_ago),
            title: (*title).into(),
            supplier: (*supplier).into(),
            cost_cents: *cost_cents,
            price_cents: *price_cents,
            tax_rate_millis: None,
            is_billable: true,
        };
        expenses::create(conn, &sample.owner(), sample.morning(*days_ago), &new)?;
    }
    for (client, title, unit, line) in RECURRING {
        come_back(conn, sample, client, title, *unit, line)?;
    }
    remind(conn, sample)
}

/// The client of that name and the first of its projects.
fn find(conn: &mut Conn, sample: &Sample, name: &str) -> AppResult<(Client, Option<ProjectId>)> {
    let id: ClientId = client_rows::table
        .filter(client_rows::name.eq(name))
        .order(client_rows::id)
        .select(client_rows::id)
        .first(conn)?;
    let project = projects::table
        .filter(projects::client_id.eq(id))
        .order(projects::id)
        .select(projects::id)
        .first(conn)
        .optional()?;
    Ok((clients::find(conn, &sample.owner(), id)?, project))
}

/// `outline` with `lines`, taxed as the client is.
fn filled(outline: Outline, client: &Client, lines: &[Line]) -> Outline {
    let treatment = Treatment::new(invoices::untaxed(&client.country), String::new());
    let tax_rate_millis = client.tax_rate_millis.unwrap_or(19_000);
    let line = |(title, quantity, unit, unit_price_cents): &Line| NewLine {
        title: (*title).into(),
        details: String::new(),
        quantity_e4: quantity * 10_000,
        unit: *unit,
        unit_price_cents: *unit_price_cents,
        discount: Discount::NONE,
        tax_rate_millis,
        second_tax_rate_millis: 0,
        tax_category: treatment.category,
        adjustment_reason: String::new(),
    };
    Outline { lines: lines.iter().map(line).collect(), treatment, ..outline }
}

fn offer(conn: &mut Conn, sample: &Sample, line: &QuoteLine) -> AppResult<()> {
    let (owner, at) = (sample.owner(), sample.morning(line.sent_days_ago).min(sample.now));
    let (client, project) = find(conn, sample, line.client)?;
    let expires_on = Some(sample.days_ahead(24));
    let new = NewQuote { client: client.id, project, title: line.title.into(), expires_on };
    let id = versions::create(conn, &owner, at, &new)?;
    let (_, draft) = versions::editable(conn, &owner, id)?;
    let outline = filled(quotes::outline(conn, draft.id)?, &client, line.lines);
    let changes = QuoteChanges { title: line.title.into(), expires_on, outline };
    versions::save(conn, &owner, at, id, draft.version, changes)?;
    if line.fate == Fate::Drafted {
        return Ok(());
    }
    versions::issue(conn, &owner, at, id, None)?;
    let (answer, name, reason) = match line.fate {
        Fate::Converted => (AnswerKind::Accepted, "Board of Tidewater Co-op", ""),
        Fate::Declined => (AnswerKind::Declined, "Dr. Kessler", "Next year, when the partners are back."),
        Fate::Open | Fate::Drafted => return Ok(()),
    };
    let answered = sample.morning(line.sent_days_ago.saturating_sub(4));
    let new = NewAnswer { answer, name: name.into(), reason: reason.into() };
    answers::note(conn, &owner, answered, id, &new)?;
    if line.fate == Fate::Converted {
        convert(conn, &owner, answered, id)?;
    }
    Ok(())
}

/// Begins with this month, so that the first draft waits to be issued.
fn come_back(
    conn: &mut Conn,
    sample: &Sample,
    client: &str,
    title: &str,
    unit: RecurringUnit,
    line: &Line,
) -> AppResult<()> {
    let (owner, today) = (sample.owner(), sample.today);
    let (client, _) = find(conn, sample, client)?;
    let starts_on = today.with_day(1).unwrap_or(today);
    let at = morning_of(starts_on).min(sample.now);
    let calendar = Calendar { every: 1, unit, starts_on };
    let new = NewRecurring { client: client.id, project: None, title: title.into(), calendar };
    let id = recurring_verbs::create(conn, &owner, at, &new)?;
    let found = recurring::find(conn, &owner, id)?;
    let changes = RecurringChanges {
        title: title.into(),
        calendar,
        covers: Covers::Coming,
        ends_on: None,
        most: None,
        is_paused: false,
        outline: filled(recurring::outline(conn, id)?, &client, &[*line]),
    };
    recurring_verbs::save(conn, &owner, at, starts_on, (id, found.version), changes)?;
    recurring_verbs::run_due(conn, at, today).map(drop)
}

/// The first letter to who is late: one was sent on the first morning that it was due, the others wait.
fn remind(conn: &mut Conn, sample: &Sample) -> AppResult<()> {
    let owner = sample.owner();
    let (late, _) = reminders::late(conn, &owner, None, sample.today)?;
    let due: Vec<_> = late.iter().filter(|row| row.is_due()).take(2).map(|row| row.invoice.id).collect();
    let made = letters::create(conn, &owner, sample.now, sample.today, &due)?;
    if let Some(first) = made.first() {
        letters::send(conn, &owner, sample.now, sample.today, *first, sample.today)?;
    }
    Ok(())
}
