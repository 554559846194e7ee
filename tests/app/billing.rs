//! Invoices: drafts from hours, editor, issue, payments, document, list, equation, API.

use bureau::auth::policy::Role;
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::issue;
use bureau::billing::model::{self, Grouping, Invoice, InvoiceLine, NewLine, Unit};
use bureau::billing::payments::{self, NewPayment, PaymentMethod};
use bureau::billing::tax::TaxCategory;
use bureau::billing::{checks, equation};
use bureau::types::ids::{ClientId, InvoiceId, ProjectId, TaskId};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Dump, Page, TestApp, day};

/// A client to whom an invoice can be issued.
pub fn northwind(app: &TestApp) -> ClientId {
    app.client_with("Northwind", |new| {
        new.street = "Havnegade 12".into();
        new.postal_code = "1058".into();
        new.city = "Copenhagen".into();
        new.country = "DK".into();
        new.tax_id = "DK31440219".into();
    })
}

/// A client with hours: 2 × 15 min and 50 min on two tasks, a project and a task.
pub fn with_hours(app: &TestApp) -> (ClientId, ProjectId, TaskId) {
    let client = northwind(app);
    let project = app.project(client);
    let (home, shop) = (app.task_named(project, "Homepage"), app.task_named(project, "Shop"));
    let tom = app.member().id();
    app.entry_at(tom, home, day("2026-11-16"), 900, Some(2_750));
    app.entry_at(tom, home, day("2026-11-17"), 900, Some(2_750));
    app.entry_at(tom, shop, day("2026-11-18"), 3_000, Some(10_000));
    (client, project, home)
}

pub fn free_line(title: &str, cents: i64) -> NewLine {
    NewLine {
        title: title.into(),
        details: String::new(),
        quantity_e4: 10_000,
        unit: Unit::Piece,
        unit_price_cents: cents,
        tax_rate_millis: 19_000,
        tax_category: TaxCategory::Standard,
        adjustment_reason: String::new(),
    }
}

/// A draft with one free line and all that an issue asks for.
pub fn ready_draft(app: &TestApp, client: ClientId, cents: i64) -> InvoiceId {
    let actor = app.actor();
    let new = NewDraft {
        include_time: false,
        lines: vec![free_line("Design", cents)],
        delivery_from: Some(day("2026-11-18")),
        ..NewDraft::of_hours(client)
    };
    app.write(|conn| draft::create(conn, &actor, app.now(), &new))
}

pub fn issued(app: &TestApp, client: ClientId, cents: i64) -> InvoiceId {
    let id = ready_draft(app, client, cents);
    let actor = app.actor();
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    id
}

pub fn invoice(app: &TestApp, id: InvoiceId) -> Invoice {
    let actor = app.actor();
    app.read(|conn| model::find(conn, &actor, id))
}

pub fn lines(app: &TestApp, id: InvoiceId) -> Vec<InvoiceLine> {
    app.read(|conn| model::lines_of(conn, id))
}

pub fn sound(app: &TestApp) {
    assert_eq!(app.read(equation::faults), Vec::<String>::new());
    assert_eq!(app.read(checks::reference_faults), Vec::<String>::new());
    assert_eq!(app.read(checks::number_gaps), Vec::<String>::new());
    assert_eq!(app.read(checks::ledger_faults), Vec::<String>::new());
}

/// The database after everybody has signed in, so that only what a test does can change it.
pub async fn at_rest(app: &TestApp) -> Dump {
    for visitor in [app.owner(), app.bookkeeper(), app.member()] {
        visitor.get("/billing").send().await;
        visitor.token().get("/api/billing").send().await;
    }
    app.dump()
}

pub async fn editor(app: &TestApp, id: InvoiceId) -> Vec<(String, String)> {
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_status(200);
    page.fields("#invoice_form").into_iter().filter(|(name, _)| name != "then").collect()
}

pub fn change(fields: &mut [(String, String)], name: &str, value: &str) {
    fields.iter_mut().find(|(field, _)| field == name).unwrap_or_else(|| panic!("no {name}")).1 =
        value.into();
}

// ── Drafts ────────────────────────────────────────────────────────────────

#[actix_web::test]
async fn a_draft_takes_the_hours_by_task_and_sums_their_seconds_first() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let offer = app.bookkeeper().get(format!("/billing/new?client_id={client}")).send().await;
    offer.assert_status(200).assert_text("#offer", "Homepage").assert_text("#offer", "€13.75");
    let made = app
        .bookkeeper()
        .post("/billing")
        .form([("client_id", client.to_string().as_str()), ("grouping", "task"), ("include_time", "true")])
        .send()
        .await;
    let id = InvoiceId(made.new_id());
    let shown: Vec<_> = lines(&app, id)
        .into_iter()
        .map(|line| {
            (line.title, line.logged_seconds, line.quantity_e4, line.unit_price_cents, line.net_cents)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("Homepage".to_owned(), Some(1_800), 5_000, 2_750, 1_375),
            ("Shop".to_owned(), Some(3_000), 8_333, 10_000, 8_333),
        ]
    );
    let draft = invoice(&app, id);
    assert_eq!((draft.number.clone(), draft.issued_at), (None, None));
    assert_eq!((draft.net_cents, draft.tax_cents, draft.total_cents), (9_708, 1_845, 11_553));
    assert_eq!((draft.delivery_from, draft.delivery_to), (Some(day("2026-11-16")), Some(day("2026-11-18"))));
    assert_eq!((draft.issue_on, draft.due_on), (Some(day("2026-11-19")), Some(day("2026-12-03"))));
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 0);
    assert_eq!(app.count("billed_entries"), 3);
    assert!(app.activity_of(client).contains(&"created invoice: draft for Northwind".to_owned()));
    sound(&app);
}

#[actix_web::test]
async fn every_grouping_bills_every_hour_once() {
    for (grouping, count) in
        [(Grouping::Task, 2), (Grouping::Project, 2), (Grouping::Day, 3), (Grouping::Entry, 3)]
    {
        let app = TestApp::new().await;
        let (client, _, _) = with_hours(&app);
        let actor = app.actor();
        let new = NewDraft { grouping, ..NewDraft::of_hours(client) };
        let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
        assert_eq!(lines(&app, id).len(), count, "{grouping}");
        let seconds: i64 = lines(&app, id).iter().filter_map(|line| line.logged_seconds).sum();
        assert_eq!(seconds, 4_800);
        sound(&app);
    }
}

#[actix_web::test]
async fn only_the_hours_that_were_asked_for_are_taken() {
    let app = TestApp::new().await;
    let (client, project, home) = with_hours(&app);
    let tom = app.member().id();
    let other = app.project_named(client, "Retainer");
    app.entry(tom, app.task(other), day("2026-11-17"), 3_600);
    let stranger = app.client("Stranger");
    app.entry(tom, app.task(app.project(stranger)), day("2026-11-17"), 3_600);
    app.entry(tom, home, day("2026-10-30"), 3_600);
    let made = app
        .bookkeeper()
        .post("/billing")
        .form([
            ("client_id", client.to_string().as_str()),
            ("project_id", &project.to_string()),
            ("from", "2026-11-01"),
            ("to", "2026-11-17"),
            ("include_time", "true"),
        ])
        .send()
        .await;
    let id = InvoiceId(made.new_id());
    assert_eq!(lines(&app, id).iter().map(|line| line.logged_seconds).collect::<Vec<_>>(), [Some(1_800)]);
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 4);
    // A project of somebody else is refused, and nothing is taken.
    let before = at_rest(&app).await;
    let page = app
        .bookkeeper()
        .post("/billing")
        .form([
            ("client_id", stranger.to_string().as_str()),
            ("project_id", &project.to_string()),
            ("include_time", "true"),
        ])
        .send()
        .await;
    page.assert_status(422).assert_text("[data-error=project_id]", "Is no project of this client");
    app.assert_unchanged(&before);
    sound(&app);
}

#[actix_web::test]
async fn hours_without_a_rate_are_named_and_left_alone() {
    let app = TestApp::new().await;
    let (client, _, home) = with_hours(&app);
    let entry = app.entry(app.member().id(), home, day("2026-11-18"), 7_200);
    app.execute(&format!("UPDATE time_entries SET rate_cents = NULL, amount_cents = 0 WHERE id = {entry}"));
    let page = app.bookkeeper().get(format!("/billing/new?client_id={client}")).send().await;
    page.assert_text("#offer .callout", "2 h have no rate")
        .assert_has(&format!("a[href='/time-entries/{entry}/edit']"));
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    assert_eq!(lines(&app, id).len(), 2);
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 1);
    sound(&app);
}

#[actix_web::test]
async fn two_drafts_at_once_never_share_an_hour() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let (actor, now) = (app.actor(), app.now());
    let tries = (0..8).map(|_| {
        let actor = actor.clone();
        app.db.write(move |conn| draft::create(conn, &actor, now, &NewDraft::of_hours(client)))
    });
    let made = join_all(tries).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(made, 1);
    assert_eq!((app.count("invoices"), app.count("billed_entries")), (1, 3));
    sound(&app);
}

#[actix_web::test]
async fn an_empty_draft_is_possible_and_no_hours_is_an_error() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = client.to_string();
    let page = app
        .owner()
        .post("/billing")
        .form([("client_id", id.as_str()), ("include_time", "true")])
        .send()
        .await;
    page.assert_status(422).assert_text("[data-error=include_time]", "Found no unbilled hours here");
    assert_eq!(app.count("invoices"), 0);
    let made = app
        .owner()
        .post("/billing")
        .form([("client_id", id.as_str()), ("include_time", "false")])
        .send()
        .await;
    assert_eq!(invoice(&app, InvoiceId(made.new_id())).total_cents, 0);
}

#[actix_web::test]
async fn the_editor_saves_and_a_write_down_keeps_the_claim() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_quantity", "0.25");
    change(&mut fields, "note", "Thank you.\nUntil soon.");
    let spare = fields.iter().rposition(|(name, _)| name == "line_title").unwrap();
    fields[spare].1 = "Stock photo".into();
    let quantity = fields.iter().rposition(|(name, _)| name == "line_quantity").unwrap();
    fields[quantity].1 = "2".into();
    let price = fields.iter().rposition(|(name, _)| name == "line_price").unwrap();
    fields[price].1 = "33,75".into();
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_redirect(&format!("/billing/{id}"));
    let stored = lines(&app, id);
    assert_eq!(stored.len(), 3, "the other spare row was blank and is passed over");
    assert_eq!(
        (stored[0].quantity_e4, stored[0].logged_seconds, stored[0].net_cents),
        (2_500, Some(1_800), 688)
    );
    assert_eq!(
        (stored[2].title.as_str(), stored[2].net_cents, stored[2].logged_seconds),
        ("Stock photo", 6_750, None)
    );
    assert_eq!(invoice(&app, id).note, "Thank you.\nUntil soon.");
    assert_eq!(app.count("billed_entries"), 3);
    let shown = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    shown
        .assert_text("#lines", "0.25 h less than logged")
        .assert_has("#line_0_adjustment_reason[aria-describedby=line_0_why]")
        .assert_text("#line_0_why", "Issuing the invoice asks for this");
    // The version has moved on: the same form again is refused and changes nothing.
    let before = at_rest(&app).await;
    app.owner().post(format!("/billing/{id}")).form(fields).send().await.assert_status(409);
    app.assert_unchanged(&before);
    sound(&app);
}

#[actix_web::test]
async fn a_line_that_goes_gives_its_hours_back_and_reset_restores_the_rest() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    let mut fields = editor(&app, id).await;
    // Without JavaScript a row is removed by emptying it.
    for name in ["line_title", "line_details", "line_quantity", "line_price"] {
        change(&mut fields, name, "");
    }
    let last = fields.iter().position(|(name, value)| name == "line_quantity" && value == "0.8333").unwrap();
    fields[last].1 = "9".into();
    fields.push(("then".into(), "reset".into()));
    app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await.assert_status(303);
    let left = lines(&app, id);
    assert_eq!((left.len(), left[0].title.as_str(), left[0].quantity_e4), (1, "Shop", 8_333));
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 2);
    sound(&app);
    // And "Add hours" takes them again.
    let mut fields = editor(&app, id).await;
    fields.push(("then".into(), "hours".into()));
    app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await.assert_status(303);
    assert_eq!(lines(&app, id).len(), 2);
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 0);
    sound(&app);
}

#[actix_web::test]
async fn hours_logged_since_join_the_line_of_their_task() {
    let app = TestApp::new().await;
    let (client, _, home) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    app.entry_at(app.member().id(), home, day("2026-11-19"), 900, Some(2_750));
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("button[value=hours]", "Add 0.25 unbilled hours");
    app.write(|conn| draft::add_hours(conn, &actor, app.now(), id, None));
    let stored = lines(&app, id);
    assert_eq!(stored.len(), 2);
    assert_eq!(
        (stored[0].logged_seconds, stored[0].quantity_e4, stored[0].net_cents),
        (Some(2_700), 7_500, 2_063)
    );
    assert_eq!(invoice(&app, id).delivery_to, Some(day("2026-11-19")));
    sound(&app);
}

#[actix_web::test]
async fn deleting_a_draft_frees_its_hours_and_nothing_else() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let kept = ready_draft(&app, client, 5_000);
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    app.bookkeeper().delete(format!("/billing/{id}")).htmx().send().await.assert_status(200);
    assert_eq!((app.count("invoices"), app.count("billed_entries")), (1, 0));
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 3);
    assert_eq!(invoice(&app, kept).total_cents, 5_950);
    sound(&app);
    // And without JavaScript, by a form.
    let page = app.bookkeeper().get(format!("/billing/{kept}")).send().await;
    page.assert_has(&format!("form[method=post][action='/billing/{kept}/deletion'] button"));
    app.bookkeeper().post(format!("/billing/{kept}/deletion")).send().await.assert_redirect("/billing");
    assert_eq!(app.count("invoices"), 0);
    // The next one is another one: no stale tab or link leads to it.
    assert!(ready_draft(&app, client, 100).0 > id.0);
}

#[actix_web::test]
async fn live_totals_come_from_the_server_and_store_nothing() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_quantity", "1");
    let before = at_rest(&app).await;
    let path = format!("/billing/{id}/preview-totals");
    let part = app.bookkeeper().post(&path).form(fields.clone()).htmx().send().await;
    part.assert_status(200).assert_fragment();
    part.assert_text("#totals dd.sum", "€131.89").assert_text("output#line_0_amount", "€27.50");
    change(&mut fields, "line_quantity", "one");
    let part = app.bookkeeper().post(&path).form(fields.clone()).htmx().send().await;
    part.assert_status(422).assert_text("#totals [data-note]", "not complete");
    change(&mut fields, "line_quantity", "1000000");
    change(&mut fields, "line_price", "1000000000000");
    let part = app.bookkeeper().post(&path).form(fields.clone()).htmx().send().await;
    part.assert_status(422).assert_text("#totals [data-note]", "larger than can be kept");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await;
    page.assert_status(422).assert_text("#problems", "add up to more than can be kept");
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_refused_editor_keeps_no_row_that_nobody_used() {
    let app = TestApp::new().await;
    let id = ready_draft(&app, northwind(&app), 5_000);
    let post = async |fields| app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await;
    let rows = |page: &Page, body: &str| page.attributes(&format!("{body} input[name=line_key]"), "value");
    // A browser sends the rows that are offered without JavaScript, shown or not.
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_price", "ninety");
    let page = post(fields).await;
    page.assert_status(422).assert_has("#problems a[href='#line_0_unit_price']");
    assert_eq!(rows(&page, "tbody:not(.no-js) > tr"), ["0"]);
    assert_eq!(rows(&page, "tbody.no-js"), ["1", "2"]);
    // What was typed into one of them stays, at its number, and no other row gets that number.
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_price", "ninety");
    let last = fields.iter().rposition(|(name, _)| name == "line_title").unwrap();
    fields[last].1 = "Extra".into();
    let page = post(fields).await;
    page.assert_status(422).assert_value("#line_2_title", "Extra");
    page.assert_has("#problems a[href='#line_2_quantity']");
    assert_eq!(rows(&page, "tbody.no-js"), ["3", "4"]);
}

#[actix_web::test]
async fn a_refused_editor_names_the_line_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = ready_draft(&app, client, 5_000);
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_price", "ninety");
    change(&mut fields, "due_on", "2026-02-29");
    change(&mut fields, "note", "Kept <b>text</b>");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_status(422)
        .assert_text("#problems", "Line 1, unit price")
        .assert_text("[data-error=due_on]", "Is not a date");
    page.assert_value("#line_0_unit_price", "ninety").assert_value("#note", "Kept <b>text</b>");
    page.assert_has("#problems a[href='#line_0_unit_price']");
    // A line of another invoice, a list that is too short, a discount below nothing.
    let stranger = lines(&app, ready_draft(&app, client, 100))[0].id.to_string();
    let before_two = at_rest(&app).await;
    let mut foreign = editor(&app, id).await;
    change(&mut foreign, "line_id", &stranger);
    app.bookkeeper().post(format!("/billing/{id}")).form(foreign).send().await.assert_status(422);
    let mut short = editor(&app, id).await;
    short.retain(|(name, _)| name != "line_tax");
    app.bookkeeper().post(format!("/billing/{id}")).form(short).send().await.assert_status(422);
    let mut negative = editor(&app, id).await;
    change(&mut negative, "line_price", "-50");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(negative).send().await;
    page.assert_status(422).assert_text("#problems", "less than nothing");
    let mut nul = editor(&app, id).await;
    change(&mut nul, "line_title", "a\0b");
    app.bookkeeper().post(format!("/billing/{id}")).form(nul).send().await.assert_status(422);
    app.assert_unchanged(&before_two);
}

// ── Issue ─────────────────────────────────────────────────────────────────

#[actix_web::test]
async fn issuing_names_everything_that_is_missing_at_once() {
    let app = TestApp::new().await;
    let client = app.client("Nowhere");
    let actor = app.actor();
    let new = NewDraft { include_time: false, ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    app.execute("UPDATE agency SET iban = '', street = '', tax_id = '', invoice_footer = ''");
    app.execute("UPDATE invoices SET terms = '', due_on = '2026-11-01'");
    let before = at_rest(&app).await;
    let version = invoice(&app, id).version.to_string();
    let page = app
        .bookkeeper()
        .post(format!("/billing/{id}/issue"))
        .form([("version", version.as_str())])
        .send()
        .await;
    page.assert_status(422);
    for fault in [
        "The agency’s address needs street, city and country",
        "The agency’s tax number can't be blank",
        "The client’s address needs street, city and country",
        "Lines can't be blank",
        "The day or period of delivery can't be blank",
        "The due date must not precede the issue date",
        "The invoice needs a bank account or payment terms",
    ] {
        page.assert_text("#problems", fault);
    }
    page.assert_has(&format!("#problems a[href='/clients/{client}/edit']"))
        .assert_has("#problems a[href='/settings']");
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn an_issued_invoice_has_the_next_number_and_a_snapshot() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = ready_draft(&app, client, 100_000);
    let mut fields = editor(&app, id).await;
    fields.push(("then".into(), "issue".into()));
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await;
    page.assert_redirect(&format!("/billing/{id}"));
    assert_eq!(page.flash(), "INV-2026-0001 issued.");
    let stored = invoice(&app, id);
    assert_eq!(stored.number.as_deref(), Some("INV-2026-0001"));
    assert_eq!((stored.net_cents, stored.tax_cents, stored.total_cents), (100_000, 19_000, 119_000));
    let shown = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    shown
        .assert_text("h1", "INV-2026-0001")
        .assert_text("#status", "Open")
        .assert_text("#balance", "€1,190.00");
    shown.assert_text(".timeline", "issued invoice INV-2026-0001").assert_value("#amount", "1190.00");
    let printed = app.bookkeeper().get(format!("/billing/{id}/print")).send().await;
    printed.assert_status(200).assert_no(".app").assert_no(".side").assert_has("[data-print]");
    printed.assert_text("main.a4 h1", "Invoice INV-2026-0001").assert_text(".inv-window", "Northwind");
    printed.assert_text(".inv-bank", "DE89 3704 0044 0532 0130 00").assert_text(".inv-due", "€1,190.00");
    printed.assert_text(".inv-sum", "19% tax on €1,000.00");
    sound(&app);
    // A second issue is refused and takes no number.
    app.bookkeeper()
        .post(format!("/billing/{id}/issue"))
        .form([("version", "")])
        .send()
        .await
        .assert_status(409);
    assert_eq!(issued_number(&app, client), "INV-2026-0002");
}

fn issued_number(app: &TestApp, client: ClientId) -> String {
    let id = issued(app, client, 1_000);
    invoice(app, id).number.unwrap()
}

#[actix_web::test]
async fn fifty_issues_at_once_among_failing_ones_have_contiguous_numbers() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let good: Vec<InvoiceId> = (0..50).map(|n| ready_draft(&app, client, 1_000 + n)).collect();
    let bad: Vec<InvoiceId> = (0..20).map(|_| ready_draft(&app, client, 500)).collect();
    let list = bad.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    app.execute(&format!(
        "UPDATE invoices SET delivery_from = NULL, delivery_to = NULL WHERE id IN ({list})"
    ));
    let (actor, now) = (app.actor(), app.now());
    let mut mixed: Vec<InvoiceId> = good.iter().chain(&bad).copied().collect();
    mixed.sort_by_key(|id| id.0 % 7);
    let results = join_all(mixed.into_iter().map(|id| {
        let actor = actor.clone();
        app.db.write(move |conn| issue::issue(conn, &actor, now, id, None))
    }))
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 50);
    let mut numbers: Vec<String> = good.iter().filter_map(|id| invoice(&app, *id).number).collect();
    numbers.sort();
    let wanted: Vec<String> = (1..=50).map(|seq| format!("INV-2026-{seq:04}")).collect();
    assert_eq!(numbers, wanted);
    sound(&app);
}

#[actix_web::test]
async fn numbers_follow_the_issue_date_and_begin_anew_each_year() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let actor = app.actor();
    app.execute("UPDATE invoice_series SET next_seq = 38 WHERE kind = 'invoice'");
    assert_eq!(issued_number(&app, client), "INV-2026-0038");
    let dated = |on: &str| {
        let id = ready_draft(&app, client, 1_000);
        app.execute(&format!("UPDATE invoices SET issue_on = '{on}' WHERE id = {id}"));
        id
    };
    let early = dated("2026-11-18");
    let refusal = app.refused(|conn| issue::issue(conn, &actor, app.now(), early, None));
    assert!(refusal.contains("must not precede 2026-11-19"), "{refusal}");
    let late = dated("2026-11-20");
    let refusal = app.refused(|conn| issue::issue(conn, &actor, app.now(), late, None));
    assert!(refusal.contains("lies in the future"), "{refusal}");
    app.clock.advance(60 * 86_400);
    assert_eq!(issued_number(&app, client), "INV-2027-0001");
    assert_eq!(issued_number(&app, client), "INV-2027-0002");
    sound(&app);
}

#[actix_web::test]
async fn the_database_itself_refuses_to_change_what_was_issued() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let new = NewDraft { lines: vec![free_line("Design", 5_000)], ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    let before = at_rest(&app).await;
    for sql in [
        "UPDATE invoices SET total_cents = total_cents - 100, net_cents = net_cents - 100",
        "UPDATE invoices SET number = 'INV-1'",
        "UPDATE invoices SET buyer = '{}'",
        "UPDATE invoices SET issued_at = NULL, number = NULL, seq = NULL, series_id = NULL",
        "UPDATE invoices SET due_on = '2030-01-01'",
        "DELETE FROM invoices",
        "UPDATE invoice_lines SET title = 'Other'",
        "DELETE FROM invoice_lines WHERE logged_seconds IS NULL",
        "UPDATE invoice_taxes SET tax_cents = 0",
        "DELETE FROM invoice_taxes",
        "UPDATE invoice_documents SET html = ''",
        "DELETE FROM invoice_documents",
        "DELETE FROM billed_entries",
        "UPDATE invoices SET is_imported = TRUE, series_id = NULL, seq = NULL, series_year = NULL",
        "UPDATE invoices SET exchange_rate_e6 = 2000000",
        "UPDATE invoice_series_years SET first_seq = 2",
        "UPDATE billed_entries SET invoice_line_id = invoice_line_id + 1",
        "UPDATE time_entries SET duration_seconds = 1",
        "DELETE FROM time_entries",
    ] {
        app.execute_refused(sql);
    }
    let line = format!(
        "INSERT INTO invoice_lines (invoice_id, position, title, quantity_e4, unit, unit_price_cents, tax_rate_millis, net_cents) \
         VALUES ({id}, 99, 'Late', 10000, 'C62', 100, 0, 100)"
    );
    app.execute_refused(&line);
    app.bookkeeper().delete(format!("/billing/{id}")).send().await.assert_status(409);
    let fields = [("version", "2"), ("line_title", "x")];
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await;
    assert!(matches!(page.status, 409 | 422));
    app.assert_unchanged(&before);
    sound(&app);
}

#[actix_web::test]
async fn renaming_client_and_agency_leaves_the_document_as_it_was() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 100_000);
    let path = format!("/billing/{id}/print");
    let document = |page: &Page| page.body().split("<main").nth(1).map(str::to_owned).unwrap();
    let before = document(&app.bookkeeper().get(&path).send().await);
    app.execute("UPDATE clients SET name = 'Southwind', street = 'Elsewhere 1', version = version + 1");
    app.execute("UPDATE agency SET name = 'Other Studio', iban = 'DE00', tax_id = 'none'");
    app.execute("UPDATE contacts SET name = 'Nobody'");
    let after = app.bookkeeper().get(&path).send().await;
    assert_eq!(document(&after), before);
    assert!(before.contains("Northwind") && before.contains("Fielder Studio"));
    sound(&app);
}

#[actix_web::test]
async fn a_changed_document_or_sum_is_found_by_the_checks() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    issued(&app, client, 100_000);
    sound(&app);
    app.execute("UPDATE invoices SET paid_cents = 100");
    let faults = app.read(checks::ledger_faults);
    assert!(faults.iter().any(|fault| fault.contains("not the sum of its payments")), "{faults:?}");
    app.execute("UPDATE invoice_series SET next_seq = 9 WHERE kind = 'invoice'");
    assert_eq!(app.read(checks::number_gaps).len(), 1);
}

// ── Payments ──────────────────────────────────────────────────────────────

#[actix_web::test]
async fn payments_settle_an_invoice_and_a_reversal_opens_it_again() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 100_000);
    let pay = |amount: &'static str, key: &'static str| {
        app.bookkeeper()
            .post(format!("/billing/{id}/payments"))
            .form([
                ("received_on", "2026-11-19"),
                ("amount", amount),
                ("method", "bank_transfer"),
                ("idempotency_key", key),
            ])
            .send()
    };
    pay("400.00", "one").await.assert_redirect(&format!("/billing/{id}"));
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#status", "Partly paid")
        .assert_text("#balance", "€790.00")
        .assert_value("#amount", "790.00");
    // The same form sent twice.
    let before = at_rest(&app).await;
    pay("400.00", "one").await.assert_status(409);
    // More than is left.
    pay("790.01", "two")
        .await
        .assert_status(422)
        .assert_text("[data-error=amount]", "Is more than the €790.00 left to pay");
    pay("0", "three").await.assert_status(422);
    pay("-5", "four").await.assert_status(422);
    pay("many", "five").await.assert_status(422).assert_value("#amount", "many");
    app.assert_unchanged(&before);
    pay("790", "six").await.assert_status(303);
    let paid = invoice(&app, id);
    assert_eq!((paid.paid_cents, paid.settled_at, paid.balance()), (119_000, Some(app.now()), 0));
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#status", "Paid").assert_no("#payment_form");
    // A reversal is a new row; the old one stays, and cannot be reversed again.
    let first = app.read(|conn| payments::of_invoice(conn, id))[0].payment.id;
    let path = format!("/billing/{id}/payments/{first}/reversal");
    app.bookkeeper().post(&path).send().await.assert_status(303);
    let opened = invoice(&app, id);
    assert_eq!((opened.paid_cents, opened.settled_at), (79_000, None));
    let rows: Vec<i64> =
        app.read(|conn| payments::of_invoice(conn, id)).iter().map(|row| row.allocated_cents).collect();
    assert_eq!(rows, [40_000, 79_000, -40_000]);
    let before = at_rest(&app).await;
    app.bookkeeper().post(&path).send().await.assert_status(409);
    app.assert_unchanged(&before);
    app.execute_refused("UPDATE payments SET amount_cents = 1");
    app.execute_refused("DELETE FROM payments");
    app.execute_refused("DELETE FROM payment_allocations");
    sound(&app);
}

#[actix_web::test]
async fn ten_clicks_at_once_record_one_payment() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 100_000);
    let (actor, now, today) = (app.actor(), app.now(), app.today());
    let new = NewPayment {
        received_on: today,
        amount_cents: 1_000,
        method: PaymentMethod::Card,
        reference: String::new(),
        idempotency_key: Some("once".into()),
    };
    let results = join_all((0..10).map(|_| {
        let (actor, new) = (actor.clone(), new.clone());
        app.db.write(move |conn| payments::record(conn, &actor, now, today, id, &new))
    }))
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!((app.count("payments"), invoice(&app, id).paid_cents), (1, 1_000));
    sound(&app);
}

#[actix_web::test]
async fn a_draft_cannot_be_paid() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = ready_draft(&app, client, 1_000);
    let before = at_rest(&app).await;
    let form = [("received_on", "2026-11-19"), ("amount", "5")];
    app.bookkeeper().post(format!("/billing/{id}/payments")).form(form).send().await.assert_status(409);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn overdue_falls_in_the_agencys_zone() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 1_000);
    app.read(|_| Ok(()));
    let status = |app: &TestApp| {
        let (today, found) = (app.today(), invoice(app, id));
        (found.status(today).as_str(), found.badge(&today))
    };
    // Due on 3 December; it is 22:59 UTC there, which is 23:59 in Berlin.
    app.clock.advance(14 * 86_400 + (22 * 60 + 59 - 9 * 60 - 31) * 60);
    assert_eq!(status(&app).0, "open");
    app.clock.advance(60);
    assert_eq!(status(&app), ("overdue", "1 day late".to_owned()));
    let list = app.bookkeeper().get("/billing?status=overdue").send().await;
    list.assert_count("tbody tr", 1).assert_text(".strip", "1 invoice");
}

// ── Lists, equation, access ───────────────────────────────────────────────

#[actix_web::test]
async fn the_list_filters_pages_and_never_adds_two_currencies() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let swiss = app.client_with("Alpina", |new| new.currency = "CHF".parse().unwrap());
    ready_draft(&app, client, 1_000);
    issued(&app, client, 100_000);
    app.execute(
        "UPDATE clients SET street = 'Bahnhofstrasse 1', city = 'Bern', country = 'CH' WHERE name = 'Alpina'",
    );
    issued(&app, swiss, 5_000);
    let paid = issued(&app, client, 2_000);
    app.payment(paid, 2_380);
    let page = app.bookkeeper().get("/billing").send().await;
    page.assert_status(200).assert_full_page().assert_count("#invoices tbody tr", 4);
    page.assert_text(".strip", "€1,190").assert_text(".strip", "CHF 59.50").assert_text(".strip", "€23");
    for (query, count) in [
        ("status=draft", 1),
        ("status=open", 2),
        ("status=overdue", 0),
        ("status=paid", 1),
        ("q=inv-2026-0002", 1),
        ("q=alpina", 1),
        ("q=%25", 0),
        ("paid_in=2026-11", 1),
        ("paid_in=2026-10", 0),
    ] {
        let part = app.bookkeeper().get(format!("/billing?{query}")).htmx().send().await;
        part.assert_status(200).assert_fragment().assert_count("tbody tr", count);
    }
    let part = app.bookkeeper().get(format!("/billing?client_id={swiss}")).htmx().send().await;
    part.assert_count("tbody tr", 1);
    for query in
        ["status=gone", "client_id=x", "paid_in=2026-13", "after=-x", "client_id=99999999999999999999"]
    {
        app.bookkeeper().get(format!("/billing?{query}")).send().await.assert_status(422);
    }
    // 30 rows are two pages, and the second continues the first.
    for n in 0..26 {
        ready_draft(&app, client, 1_000 + n);
    }
    let first = app.bookkeeper().get("/billing").send().await;
    first.assert_count("#invoices tbody tr", 25);
    let next = first.attributes(".pager a", "href").remove(0);
    app.bookkeeper().get(next).send().await.assert_count("#invoices tbody tr", 5);
    let open = app.bookkeeper().get("/billing?status=open&after=2").htmx().send().await;
    open.assert_status(200).assert_count("tbody tr", 1);
}

#[actix_web::test]
async fn the_equation_holds_on_screen_and_shows_what_is_lost() {
    let app = TestApp::new().await;
    let (client, _, home) = with_hours(&app);
    let tom = app.member().id();
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    app.entry(tom, home, day("2026-11-19"), 3_600);
    let off = app.entry(tom, home, day("2026-11-19"), 1_800);
    app.execute(&format!(
        "INSERT INTO time_write_offs (time_entry_id, reason, created_by, created_at) VALUES ({off}, 'Ours', {tom}, '2026-11-19 10:00:00')"
    ));
    let terms = app.read(|conn| equation::of_client(conn, &actor, client));
    assert_eq!(terms.billable_seconds, 10_200);
    assert_eq!(
        terms.terms(),
        [
            ("Unbilled", 3_600, 9_000),
            ("On drafts", 0, 0),
            ("Billed", 4_800, 9_708),
            ("Written down", 0, 0),
            ("Written off", 1_800, 4_500),
            // Two quarters of an hour at 27.50 are 6.88 each, and 13.75 together.
            ("Rounding", 0, 1),
        ]
    );
    assert!(terms.holds());
    let tab = app.bookkeeper().get(format!("/clients/{client}/invoices")).send().await;
    tab.assert_status(200).assert_text("#equation", "Adds up").assert_has("#equation [data-difference='0']");
    tab.assert_text("table", "INV-2026-0001");
    let page = app.bookkeeper().get("/billing/equation").send().await;
    page.assert_text("#verdict", "Adds up for every client");
    // A flag that nobody may set by hand.
    app.execute(&format!(
        "UPDATE time_entries SET is_unbilled = FALSE WHERE local_on = '2026-11-19' AND id <> {off}"
    ));
    assert_eq!(app.read(equation::faults).len(), 1);
    app.bookkeeper().get("/billing/equation").send().await.assert_text("#verdict", "Does not add up");
}

#[actix_web::test]
async fn a_member_comes_nowhere_near() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 1_000);
    let draft = ready_draft(&app, client, 1_000);
    let before = at_rest(&app).await;
    for path in [
        "/billing".to_owned(),
        "/billing/new".into(),
        "/billing/equation".into(),
        format!("/billing/{id}"),
        format!("/billing/{id}/print"),
        format!("/clients/{client}/invoices"),
    ] {
        app.member().get(&path).send().await.assert_status(403);
    }
    for path in [
        "/billing".to_owned(),
        format!("/billing/{draft}"),
        format!("/billing/{draft}/issue"),
        format!("/billing/{draft}/preview-totals"),
        format!("/billing/{id}/payments"),
        format!("/billing/{id}/payments/1/reversal"),
    ] {
        app.member().post(&path).form([("version", "1")]).send().await.assert_status(403);
    }
    app.member().delete(format!("/billing/{draft}")).send().await.assert_status(403);
    app.api(Role::Member).get("/api/billing").send().await.problem(403);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 1_000);
    for path in
        ["/billing/999", "/billing/999/print", "/clients/999/invoices", "/billing/99999999999999999999"]
    {
        app.bookkeeper().get(path).send().await.assert_status(404);
    }
    let path = format!("/billing/{id}/payments/999/reversal");
    app.bookkeeper().post(path).send().await.assert_status(404);
    app.bookkeeper().delete("/billing/999").send().await.assert_status(404);
    app.bookkeeper().get("/billing/new?client_id=999").send().await.assert_status(404);
}

// ── API ───────────────────────────────────────────────────────────────────

#[actix_web::test]
async fn the_api_makes_changes_issues_and_pays() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let api = app.api(Role::Bookkeeper);
    let made = api
        .post("/api/billing")
        .json(json!({"client_id": client, "include_time": true, "grouping": "task", "note": "Thanks",
                     "lines": [{"title": "Photo", "quantity": 2, "unit_price": "33.75", "tax_rate": 7}]}))
        .send()
        .await;
    made.assert_status(201);
    let draft = made.json();
    let id = draft["id"].as_i64().unwrap();
    assert_eq!(made.location(), format!("/api/billing/{id}"));
    assert_eq!((draft["status"].as_str(), draft["number"].is_null()), (Some("draft"), true));
    assert_eq!(draft["net_cents"], 9_708 + 6_750);
    assert_eq!(
        draft["taxes"],
        json!([
            {"category": "S", "rate_millis": 19_000, "base_cents": 9_708, "tax_cents": 1_845, "exemption_reason": ""},
            {"category": "S", "rate_millis": 7_000, "base_cents": 6_750, "tax_cents": 473, "exemption_reason": ""},
        ])
    );
    let first = &draft["lines"][0];
    let body = |version: &serde_json::Value| {
        json!({"issue_on": "2026-11-19", "due_on": "2026-12-03", "delivery_from": "2026-11-16", "delivery_to": "2026-11-18",
               "terms": "Soon", "version": version,
               "lines": [{"id": first["id"], "title": "Homepage", "quantity": "0.25", "unit": "HUR", "unit_price": "27.50"}]})
    };
    let saved = api.put(format!("/api/billing/{id}")).json(body(&draft["version"])).send().await;
    saved.assert_status(200);
    assert_eq!(saved.json()["lines"][0]["net_cents"], 688);
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 1);
    api.put(format!("/api/billing/{id}")).json(body(&draft["version"])).send().await.problem(409);
    let reset = api.post("/api/billing/utils").json(json!({"action": "reset", "id": id})).send().await;
    assert_eq!(reset.json()["lines"][0]["net_cents"], 1_375);
    let same = api.post("/api/billing/utils").json(json!({"action": "recalculate", "id": id})).send().await;
    assert_eq!(same.json()["total_cents"], 1_375 + 261);
    api.post("/api/billing/utils").json(json!({"action": "burn", "id": id})).send().await.problem(422);
    let issue = format!("/api/billing/{id}/issue");
    api.post(&issue).json(json!({})).send().await.problem(422);
    let done = api.post(&issue).json(json!({"version": same.json()["version"]})).send().await;
    done.assert_status(200);
    assert_eq!(done.json()["number"], "INV-2026-0001");
    api.put(format!("/api/billing/{id}")).json(body(&done.json()["version"])).send().await.problem(409);
    api.delete(format!("/api/billing/{id}")).send().await.problem(409);
    api.post("/api/billing/utils").json(json!({"action": "reset", "id": id})).send().await.problem(409);
    let path = format!("/api/billing/{id}/payments");
    let pay = json!({"received_on": "2026-11-19", "amount": "10.00", "idempotency_key": "a"});
    let paid = api.post(&path).json(pay.clone()).send().await;
    paid.assert_status(201);
    assert_eq!(paid.json()["amount_cents"], 1_000);
    api.post(&path).json(pay).send().await.problem(409);
    let back = api.post(format!("{path}/{}/reversal", paid.json()["id"])).json(json!({})).send().await;
    back.assert_status(201);
    assert_eq!(
        (back.json()["amount_cents"].as_i64(), &back.json()["reverses_id"]),
        (Some(-1_000), &paid.json()["id"])
    );
    api.post(format!("{path}/{}/reversal", paid.json()["id"])).json(json!({})).send().await.problem(409);
    api.post(format!("{path}/999/reversal")).json(json!({})).send().await.problem(404);
    let again = json!({"received_on": "2026-11-19", "amount": "10.00", "idempotency_key": "b"});
    api.post(&path).json(again).send().await.assert_status(201);
    let over = json!({"received_on": "2026-11-19", "amount": 1000});
    assert!(api.post(&path).json(over).send().await.problem(422)["errors"]["amount"].is_string());
    assert_eq!(api.get(&path).send().await.json()["meta"]["count"], 3);
    let list = api.get("/api/billing?status=open").send().await.json();
    assert_eq!((list["billing"][0]["id"].as_i64(), list["meta"]["count"].as_i64()), (Some(id), Some(1)));
    assert_eq!(list["billing"][0]["balance_cents"], 636);
    sound(&app);
}

#[actix_web::test]
async fn the_api_refuses_what_makes_no_sense() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    let before = at_rest(&app).await;
    for body in [
        json!({}),
        json!({"client_id": 999}),
        json!({"client_id": client, "grouping": "moon"}),
        json!({"client_id": client, "from": "2026-02-29"}),
        json!({"client_id": client, "from": "2026-03-02", "to": "2026-03-01"}),
        json!({"client_id": client, "include_time": true}),
        json!({"client_id": client, "lines": [{"title": "", "quantity": "1", "unit_price": "1"}]}),
        json!({"client_id": client, "lines": [{"title": "x", "quantity": "-1", "unit_price": "1"}]}),
        json!({"client_id": client, "lines": [{"title": "x", "quantity": "1.23456", "unit_price": "1"}]}),
        json!({"client_id": client, "lines": [{"title": "x", "quantity": 999999, "unit_price": "999999999999"}]}),
        json!({"client_id": client, "lines": [{"title": "x", "quantity": 1, "unit_price": 9007199254740993_i64}]}),
        json!({"client_id": client, "lines": [{"title": "x", "quantity": 1, "unit_price": 1, "tax_rate": 101}]}),
        json!({"client_id": client, "lines": [{"title": "a\u{0}b", "quantity": 1, "unit_price": 1}]}),
        json!({"client_id": client, "lines": [{"title": "x", "quantity": 1, "unit_price": -1}]}),
    ] {
        api.post("/api/billing").json(body).send().await.problem(422);
    }
    for body in [json!({"client_id": client, "colour": 1}), json!({"lines": 7}), json!(7)] {
        let page = api.post("/api/billing").json(body).send().await;
        page.assert_status(400);
    }
    app.assert_unchanged(&before);
}
