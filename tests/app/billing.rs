//! Invoices: drafts from hours, editor, issue, payments, document, list, equation, API.

use bureau::auth::policy::Role;
use bureau::billing::draft::{self, NewDraft, Options};
use bureau::billing::draft_hours;
use bureau::billing::issue;
use bureau::billing::model::{self, Grouping, Invoice, InvoiceLine, NewLine, Unit};
use bureau::billing::tax::TaxCategory;
use bureau::billing::totals::Discount;
use bureau::billing::{checks, equation};
use bureau::types::ids::{ClientId, InvoiceId, ProjectId, TaskId};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Dump, TestApp, day};

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
        discount: Discount::NONE,
        second_tax_rate_millis: 0,
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
        options: Options { exchange_rate_e6: Some(1_080_000), ..Options::default() },
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
            (line.title, line.logged_seconds, line.quantity_e4, line.unit_price_cents, line.amount_cents)
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
async fn hours_logged_since_join_the_line_of_their_task() {
    let app = TestApp::new().await;
    let (client, _, home) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    app.entry_at(app.member().id(), home, day("2026-11-19"), 900, Some(2_750));
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("button[value=hours]", "Add 0.25 unbilled hours");
    app.write(|conn| draft_hours::add_hours(conn, &actor, app.now(), id, None));
    let stored = lines(&app, id);
    assert_eq!(stored.len(), 2);
    assert_eq!(
        (stored[0].logged_seconds, stored[0].quantity_e4, stored[0].amount_cents),
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

// ── Lists, equation, access ───────────────────────────────────────────────

#[actix_web::test]
async fn the_file_holds_every_row_of_the_list_with_the_sums_of_the_api() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    app.execute("UPDATE clients SET name = '=Northwind', version = version + 1");
    for n in 0..1_030 {
        app.draft(client, 1_000 + n);
    }
    let id = issued(&app, client, 100_000);
    app.payment(id, 19_000);
    let bea = app.bookkeeper();
    let page = bea.get("/billing?status=open").send().await;
    let href = page.attributes(".pager a[download]", "href").remove(0);
    let file = bea.get(href).send().await;
    assert_eq!(file.header("content-type").as_deref(), Some("text/csv; charset=utf-8"));
    let json = app.api(Role::Bookkeeper).get(format!("/api/billing/{id}")).send().await.json();
    assert_eq!((&json["total_cents"], &json["balance_cents"]), (&119_000.into(), &100_000.into()));
    assert_eq!(
        file.body(),
        "\u{feff}Number,Kind,Client,Project,Issued,Due,Status,Currency,Net,Tax,Total,Paid,Credited,Written off,Balance\r\n\
         INV-2026-0001,invoice,'=Northwind,,2026-11-19,2026-12-03,partly_paid,EUR,1000.00,190.00,1190.00,190.00,0.00,0.00,1000.00\r\n"
    );
    let all = bea.get("/billing/csv").send().await;
    assert_eq!(all.body().lines().count(), 1 + 1_031);
    bea.get("/billing/csv?status=gone").send().await.assert_status(422);
}

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
    page.assert_text(".strip", "€1,190").assert_text(".strip", "CHF 59.50").assert_text(".strip", "€24");
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
    let next = first.attributes(".pager nav a", "href").remove(0);
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
    let terms = app.read(|conn| equation::of_client(conn, &actor, client)).terms;
    assert_eq!(terms.billable_seconds, 10_200);
    assert_eq!(
        terms.rows().map(|term| (term.name, term.seconds, term.cents)),
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

#[actix_web::test]
async fn a_draft_for_nobody_we_know_is_refused_at_the_client_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let (bea, api) = (app.bookkeeper(), app.api(Role::Bookkeeper));
    bea.sign_in().await;
    api.get("/api/billing").send().await.assert_status(200);
    let before = app.dump();
    for client in ["999", "0", "-1"] {
        for include_time in ["true", "false"] {
            let form = [
                ("client_id", client),
                ("from", "2026-11-01"),
                ("grouping", "day"),
                ("include_time", include_time),
            ];
            let page = bea.post("/billing").form(form).send().await;
            page.assert_status(422).assert_full_page();
            page.assert_text("[data-error=client_id]", "Is not a client");
            page.assert_value("#from", "2026-11-01").assert_value("#grouping", "day");
        }
        let problem = api.post("/api/billing").json(json!({"client_id": client})).send().await.problem(422);
        assert_eq!(problem["errors"]["client_id"], "is not a client", "{client}");
    }
    app.assert_unchanged(&before);
}
