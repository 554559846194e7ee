//! Quotes: drafts, versions that stay as they were sent, the link that accepts or declines, the invoice made of one.

use bureau::auth::policy::Role;
use bureau::billing::checks;
use bureau::billing::model::NewLine;
use bureau::billing::quotes::answers::{self, NewAnswer};
use bureau::billing::quotes::convert;
use bureau::billing::quotes::model::{self, QuoteRow, QuoteStatus};
use bureau::billing::quotes::versions::{self, NewQuote};
use bureau::billing::tax::{TaxCategory, Treatment};
use bureau::billing::totals::Discount;
use bureau::keys::sha256_hex;
use bureau::types::ids::{ClientId, InvoiceId, QuoteId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::billing::{change, northwind, sound};
use crate::support::{TestApp, day};

/// A quote of one line at 100.00, ready to be sent.
pub fn drafted(app: &TestApp, client: ClientId) -> QuoteId {
    let actor = app.actor();
    let new =
        NewQuote { client, project: None, title: "Relaunch".into(), expires_on: Some(day("2026-12-19")) };
    app.write(|conn| {
        let id = versions::create(conn, &actor, app.now(), &new)?;
        let draft = model::find(conn, &actor, id)?.draft().cloned().unwrap();
        let mut outline = model::outline(conn, draft.id)?;
        outline.lines = vec![crate::billing::free_line("Design", 10_000)];
        let changes = versions::QuoteChanges { title: draft.title, expires_on: draft.expires_on, outline };
        versions::save(conn, &actor, app.now(), id, draft.version, changes)?;
        Ok(id)
    })
}

/// The same, sent.
pub fn sent(app: &TestApp, client: ClientId) -> QuoteId {
    let (id, actor) = (drafted(app, client), app.actor());
    app.write(|conn| versions::issue(conn, &actor, app.now(), id, None));
    id
}

pub fn row(app: &TestApp, id: QuoteId) -> QuoteRow {
    let actor = app.actor();
    app.read(|conn| model::find(conn, &actor, id))
}

pub fn status(app: &TestApp, id: QuoteId) -> QuoteStatus {
    row(app, id).status(app.today())
}

/// The path of the link that a click makes.
pub async fn link(app: &TestApp, id: QuoteId) -> String {
    let page =
        app.bookkeeper().post(format!("/quotes/{id}/link")).header("accept-encoding", "gzip").send().await;
    page.assert_status(200);
    assert_eq!(page.header("content-encoding").filter(|encoding| encoding != "identity"), None, "a secret");
    let address = page.attributes("#link_address", "value").remove(0);
    address[address.find("/offers/").unwrap()..].to_owned()
}

#[actix_web::test]
async fn a_quote_is_drafted_priced_and_finished_in_the_editor() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let bea = app.bookkeeper();
    let page = bea.get(format!("/quotes/new?client_id={client}")).send().await;
    page.assert_value("#expires_on", "2026-12-19");
    let mut fields = page.fields("#quote_form");
    change(&mut fields, "title", "Relaunch");
    let made = bea.post("/quotes").form(fields.clone()).send().await;
    made.assert_redirect("/quotes/1/edit");
    bea.post("/quotes").form(fields).send().await.assert_redirect("/quotes/1");
    assert_eq!(app.count("quotes"), 1, "once");
    let page = bea.get("/quotes/1/edit").send().await;
    let mut fields = page.fields("#outline_form");
    fields.retain(|(name, _)| name != "then");
    change(&mut fields, "line_title", "Design");
    change(&mut fields, "line_quantity", "2.5");
    change(&mut fields, "line_price", "90");
    change(&mut fields, "discount", "10 %");
    let preview = bea.post("/quotes/1/preview-totals").form(fields.clone()).htmx().send().await;
    preview.assert_status(200).assert_text("#totals", "€240.98");
    fields.push(("then".into(), "issue".into()));
    bea.post("/quotes/1").form(fields).send().await.assert_redirect("/quotes/1");
    let quote = row(&app, QuoteId(1));
    assert_eq!(quote.quote.number.as_deref(), Some("QUO-2026-0001"));
    let version = quote.sent().unwrap().clone();
    assert_eq!((version.net_cents, version.tax_cents, version.total_cents), (20_250, 3_848, 24_098));
    let document = app.read(|conn| model::document(conn, version.id)).unwrap();
    assert_eq!(version.sha256, Some(sha256_hex(&document)));
    let page = bea.get("/quotes/1").send().await;
    page.assert_text("#status", "Sent").assert_text("#total", "€240.98");
    let printed = bea.get("/quotes/1/print").send().await;
    printed
        .assert_text(".inv-title", "Quote QUO-2026-0001")
        .assert_text(".inv-meta", "Valid until 19 December 2026")
        .assert_text(".inv-due", "Total €240.98")
        .assert_no(".inv-bank");
    assert_eq!(app.activity_of(client)[0], "issued quote: QUO-2026-0001");
    sound(&app);
}

#[actix_web::test]
async fn a_refused_quote_names_every_fault_and_takes_no_number() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = drafted(&app, client);
    let bea = app.bookkeeper();
    let mut fields = bea.get(format!("/quotes/{id}/edit")).send().await.fields("#outline_form");
    fields.retain(|(name, _)| name != "then");
    change(&mut fields, "expires_on", "2026-11-01");
    change(&mut fields, "line_tax", "0");
    let before = app.dump();
    for (field, value, problem) in
        [("then", "issue", "expires_on"), ("line_price", "much", "line_0_unit_price"), ("title", "", "title")]
    {
        let mut typed = fields.clone();
        typed.push(("then".into(), "issue".into()));
        change(&mut typed, field, value);
        let page = bea.post(format!("/quotes/{id}")).form(typed).send().await;
        page.assert_status(422).assert_has(&format!("#problems a[href='#{problem}']"));
    }
    app.assert_unchanged_but(&before, &[]);
    // Somebody else was faster: both are shown.
    change(&mut fields, "title", "Mine");
    let mut first = fields.clone();
    change(&mut first, "title", "Theirs");
    bea.post(format!("/quotes/{id}")).form(first).send().await.assert_status(303);
    let page = bea.post(format!("/quotes/{id}")).form(fields).send().await;
    page.assert_status(409).assert_text(".conflict", "Theirs").assert_value("#title", "Mine");
    bea.post(format!("/quotes/{id}")).form([("then", "launch")]).send().await.assert_status(400);
}

#[actix_web::test]
async fn a_changed_quote_is_a_new_version_and_what_was_sent_stays() {
    let app = TestApp::new().await;
    let id = sent(&app, northwind(&app));
    let bea = app.bookkeeper();
    let old = link(&app, id).await;
    let first = row(&app, id).sent().unwrap().clone();
    let document = app.read(|conn| model::document(conn, first.id)).unwrap();
    bea.get(format!("/quotes/{id}/edit")).send().await.assert_redirect(&format!("/quotes/{id}"));
    bea.post(format!("/quotes/{id}/revision")).send().await.assert_redirect(&format!("/quotes/{id}/edit"));
    bea.post(format!("/quotes/{id}/revision")).send().await.assert_status(409);
    app.anonymous().get(&old).send().await.assert_text("#status", "Waits for your answer");
    let mut fields = bea.get(format!("/quotes/{id}/edit")).send().await.fields("#outline_form");
    fields.retain(|(name, _)| name != "then");
    change(&mut fields, "line_price", "200");
    fields.push(("then".into(), "issue".into()));
    bea.post(format!("/quotes/{id}")).form(fields).send().await.assert_status(303);
    let quote = row(&app, id);
    assert_eq!(quote.quote.number.as_deref(), Some("QUO-2026-0001"), "all versions share it");
    assert_eq!(quote.sent().unwrap().total_cents, 23_800);
    assert_eq!(app.read(|conn| model::document(conn, first.id)).unwrap(), document);
    bea.get(format!("/quotes/{id}/print")).send().await.assert_text(".inv-title", "QUO-2026-0001, version 2");
    let page = app.anonymous().get(&old).send().await;
    page.assert_text("#status", "Replaced").assert_no("#acceptance_form");
    let accepted =
        app.anonymous().post(format!("{old}/acceptance")).form([("name", "Ada"), ("agreed", "true")]);
    accepted.send().await.assert_status(409);
    assert_eq!(app.count("quote_answers"), 0);
    for sql in [
        "UPDATE quote_versions SET title = 'x' WHERE ordinal = 1",
        "UPDATE quote_versions SET content = '{}' WHERE ordinal = 2",
        "UPDATE quote_versions SET issued_at = NULL",
        "DELETE FROM quote_versions",
        "UPDATE quotes SET number = 'QUO-1'",
        "UPDATE quotes SET client_id = client_id + 1",
    ] {
        let refusal = app.execute_refused(sql);
        assert!(refusal.contains("frozen") || refusal.contains("Something else"), "{sql}: {refusal}");
    }
    app.execute_refused("DELETE FROM quotes");
    sound(&app);
}

#[actix_web::test]
async fn a_version_begins_as_a_draft_and_stays_in_its_place() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let (id, other) = (sent(&app, client), drafted(&app, client));
    let before = app.dump();
    let copied = "title, content, net_cents, tax_cents, total_cents, expires_on, issue_on, seller, buyer, html, sha256, \
                  issued_by, created_by, created_at, updated_at";
    let insert = |issued_at: &str| {
        format!(
            "INSERT INTO quote_versions (quote_id, ordinal, issued_at, {copied}) \
             SELECT quote_id, 7, {issued_at}, {copied} FROM quote_versions WHERE quote_id = {id}"
        )
    };
    assert!(app.execute_refused(&insert("issued_at")).contains("begins as a draft"));
    for sql in [
        format!("UPDATE quote_versions SET quote_id = {id}, ordinal = 7 WHERE quote_id = {other}"),
        format!("UPDATE quote_versions SET ordinal = 7 WHERE quote_id = {other}"),
        format!("UPDATE quote_versions SET id = 777 WHERE quote_id = {other}"),
    ] {
        assert!(app.execute_refused(&sql).contains("stays where it is"), "{sql}");
    }
    app.assert_unchanged(&before);
    app.execute(&insert("NULL"));
}

#[actix_web::test]
async fn an_accepted_quote_becomes_one_invoice() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = sent(&app, client);
    let bea = app.bookkeeper();
    bea.post(format!("/quotes/{id}/conversion")).send().await.assert_status(409);
    let noted = [("answer", "accepted"), ("name", "Ada")];
    bea.post(format!("/quotes/{id}/answer")).form(noted).send().await.assert_status(303);
    let made = bea.post(format!("/quotes/{id}/conversion")).send().await;
    let invoice = InvoiceId(made.new_id());
    let draft = crate::billing::invoice(&app, invoice);
    assert_eq!((draft.client_id, draft.total_cents, draft.is_draft()), (client, 11_900, true));
    assert_eq!(status(&app, id), QuoteStatus::Converted);
    let before = crate::billing::at_rest(&app).await;
    bea.post(format!("/quotes/{id}/conversion")).send().await.assert_status(409);
    app.assert_unchanged(&before);
    let other = crate::billing::ready_draft(&app, client, 100);
    let again = format!(
        "INSERT INTO quote_conversions (quote_id, invoice_id, created_at) SELECT {id}, {other}, created_at FROM quotes"
    );
    app.execute_refused(&again);
    // Deleting the draft gives the quote back.
    bea.post(format!("/billing/{invoice}/deletion")).send().await.assert_status(303);
    assert_eq!(status(&app, id), QuoteStatus::Accepted);
    let made = bea.post(format!("/quotes/{id}/conversion")).send().await;
    let invoice = InvoiceId(made.new_id());
    let actor = app.actor();
    app.execute(&format!("UPDATE invoices SET delivery_from = issue_on WHERE id = {invoice}"));
    app.write(|conn| bureau::billing::issue::issue(conn, &actor, app.now(), invoice, None));
    assert!(app.execute_refused("DELETE FROM quote_conversions").contains("converted once"));
    bea.get(format!("/quotes/{id}")).send().await.assert_text("#status", "Converted");
    sound(&app);
}

#[actix_web::test]
async fn the_doctor_finds_a_quote_that_is_not_what_was_sent() {
    let app = TestApp::new().await;
    let id = sent(&app, northwind(&app));
    let noted = [("answer", "accepted"), ("name", "Ada")];
    app.bookkeeper().post(format!("/quotes/{id}/answer")).form(noted).send().await.assert_status(303);
    let faults = || app.read(bureau::billing::quotes::checks::faults);
    assert_eq!(faults(), Vec::<String>::new());
    app.damaged();
    for (statement, undo, fault) in [
        (
            "UPDATE quote_versions SET html = html || ' '",
            "UPDATE quote_versions SET html = trim(html)",
            "its document is not the one that was sent",
        ),
        (
            "UPDATE quote_versions SET total_cents = total_cents + 1",
            "UPDATE quote_versions SET total_cents = total_cents - 1",
            "its lines and taxes do not add up to its total",
        ),
        (
            "UPDATE quote_answers SET document_sha256 = 'x'",
            "SELECT 1",
            "what was answered is not what was sent",
        ),
    ] {
        app.without_guards(&["quote_versions", "quote_answers"], &[statement]);
        assert_eq!(faults(), [format!("Quote {id}, version 1: {fault}.")], "{statement}");
        if undo.starts_with("UPDATE") {
            app.without_guards(&["quote_versions", "quote_answers"], &[undo]);
        }
    }
}

#[actix_web::test]
async fn quotes_are_listed_by_where_they_stand() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let (draft, open, yes, no) =
        (drafted(&app, client), sent(&app, client), sent(&app, client), sent(&app, client));
    let bea = app.bookkeeper();
    for (id, answer) in [(yes, "accepted"), (no, "declined")] {
        let form = [("answer", answer), ("name", "Ada")];
        bea.post(format!("/quotes/{id}/answer")).form(form).send().await.assert_status(303);
    }
    for (status, ids) in [
        ("all", vec![no, yes, open, draft]),
        ("draft", vec![draft]),
        ("sent", vec![open]),
        ("expired", vec![]),
        ("accepted", vec![yes]),
        ("declined", vec![no]),
        ("converted", vec![]),
    ] {
        let page = bea.get(format!("/quotes?status={status}")).htmx().send().await;
        page.assert_fragment();
        let shown: Vec<String> = page.attributes("tbody tr", "id");
        let wanted: Vec<String> = ids.iter().map(|id| id.dom()).collect();
        assert_eq!(shown, wanted, "{status}");
    }
    bea.get("/quotes?status=lost").send().await.assert_status(422);
    app.member().get("/quotes").send().await.assert_status(403);
    app.clock.advance(60 * 86_400);
    bea.forget();
    bea.get("/quotes?status=expired").send().await.assert_count("tbody tr", 1);
    bea.get(format!("/quotes?client_id={}", app.client("Other"))).send().await.assert_count("tbody tr", 0);
}

#[actix_web::test]
async fn the_api_of_quotes_follows_the_same_rules() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let bea = app.api(Role::Bookkeeper);
    let body = json!({ "client_id": client, "title": "Relaunch", "expires_on": "2026-12-01", "idempotency_key": "k" });
    let made = bea.post("/api/quotes").json(body.clone()).send().await;
    made.assert_status(201);
    let path = made.header("location").unwrap();
    assert_eq!((made.json()["status"].clone(), made.json()["number"].clone()), (json!("draft"), Value::Null));
    bea.post("/api/quotes").json(body).send().await.problem(409);
    bea.post(format!("{path}/issue")).json(json!({ "version": 1 })).send().await.problem(422);
    let lines = json!([{ "title": "Design", "quantity": 1, "unit_price": 100 }]);
    let change = json!({ "title": "Relaunch", "expires_on": "2026-12-01", "lines": lines, "version": 1 });
    let saved = bea.put(&path).json(change.clone()).send().await;
    assert_eq!(saved.json()["content"]["total_cents"], 11_900);
    bea.put(&path).json(change.clone()).send().await.problem(409);
    let issued = bea.post(format!("{path}/issue")).json(json!({ "version": 2 })).send().await;
    assert_eq!(
        (issued.json()["number"].clone(), issued.json()["status"].clone()),
        (json!("QUO-2026-0001"), json!("sent"))
    );
    bea.put(&path).json(change).send().await.problem(409);
    let url = bea.post(format!("{path}/link")).send().await.json()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&app.data.config.origin()), "{url}");
    bea.post(format!("{path}/answer"))
        .json(json!({ "answer": "accepted", "name": "Ada" }))
        .send()
        .await
        .assert_status(200);
    let invoice = bea.post(format!("{path}/conversion")).send().await;
    invoice.assert_status(201);
    assert_eq!(invoice.json()["total_cents"], 11_900);
    bea.post(format!("{path}/conversion")).send().await.problem(409);
    let shown = bea.get(&path).send().await.json();
    assert_eq!(
        (shown["status"].clone(), shown["invoice_id"].clone()),
        (json!("converted"), invoice.json()["id"].clone())
    );
    assert_eq!(bea.get("/api/quotes?status=converted").send().await.json()["meta"]["count"], 1);
    app.api(Role::Member).get(&path).send().await.problem(403);
    bea.delete(&path).send().await.problem(409);
    let other = drafted(&app, client);
    bea.delete(format!("/api/quotes/{other}")).send().await.assert_status(204);
    assert_eq!(app.count_where("quotes", "number IS NULL"), 0);
}

#[actix_web::test]
async fn quotes_are_numbered_without_a_gap_however_many_are_sent_at_once() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let ids: Vec<QuoteId> = (0..8).map(|_| drafted(&app, client)).collect();
    app.bookkeeper().token().get("/api/quotes").send().await;
    let program = app.api(Role::Bookkeeper);
    let issues = ids.iter().enumerate().map(|(at, id)| {
        let version = if at % 3 == 0 { 99 } else { 2 };
        program.post(format!("/api/quotes/{id}/issue")).json(json!({ "version": version })).send()
    });
    let answers = futures_util::future::join_all(issues).await;
    let issued = answers.iter().filter(|page| page.status == 200).count();
    assert_eq!(issued, 5);
    let numbers = app.lines("SELECT number AS line FROM quotes WHERE number IS NOT NULL ORDER BY 1");
    let wanted: Vec<String> = (1..=5).map(|seq| format!("QUO-2026-{seq:04}")).collect();
    assert_eq!(numbers, wanted);
    assert_eq!(app.read(checks::number_gaps), Vec::<String>::new());
}

/// A line of random quantity, price, taxes and discount.
fn any_line() -> impl Strategy<Value = NewLine> {
    let rates = prop_oneof![Just(19_000_i64), Just(7_000), Just(0)];
    let discounts = prop_oneof![
        Just(Discount::NONE),
        (0_i64..100_000).prop_map(Discount::Percent),
        (0_i64..50).prop_map(Discount::Amount),
    ];
    (1_i64..500_000, 100_i64..90_000, rates, discounts, 0_i64..2).prop_map(
        |(quantity, price, rate, discount, second)| {
            let mut line = crate::billing::free_line("Work", price);
            line.quantity_e4 = quantity + 10_000;
            line.tax_rate_millis = rate;
            line.second_tax_rate_millis = second * 9_975;
            line.discount = discount;
            line.tax_category = if rate == 0 { TaxCategory::ReverseCharge } else { TaxCategory::Standard };
            line
        },
    )
}

#[actix_web::test]
async fn an_invoice_made_of_a_quote_charges_what_was_offered() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let actor = app.actor();
    let mut runner = TestRunner::new(Config { cases: 40, ..Config::default() });
    let quotes = (proptest::collection::vec(any_line(), 1..8), 0_i64..30_000, any::<bool>());
    runner
        .run(&quotes, |(lines, percent, prices_include_tax)| {
            let id = drafted(&app, client);
            let draft = row(&app, id).draft().cloned().unwrap();
            let mut outline = app.read(|conn| model::outline(conn, draft.id));
            outline.lines = lines;
            outline.discount = Discount::Percent(percent);
            outline.prices_include_tax = prices_include_tax;
            outline.treatment = Treatment::new(TaxCategory::ReverseCharge, String::new());
            app.write(|conn| {
                let changes = versions::QuoteChanges {
                    title: "Any".into(),
                    expires_on: draft.expires_on,
                    outline: outline.clone(),
                };
                versions::save(conn, &actor, app.now(), id, draft.version, changes)?;
                versions::issue(conn, &actor, app.now(), id, None)?;
                let yes = NewAnswer {
                    answer: model::AnswerKind::Accepted,
                    name: "Ada".into(),
                    reason: String::new(),
                };
                answers::note(conn, &actor, app.now(), id, &yes)
            });
            let offered = row(&app, id).sent().cloned().unwrap();
            let made = app.write(|conn| convert::convert(conn, &actor, app.now(), id));
            let invoice = crate::billing::invoice(&app, made);
            prop_assert_eq!(
                (invoice.net_cents, invoice.tax_cents, invoice.total_cents),
                (offered.net_cents, offered.tax_cents, offered.total_cents)
            );
            let sums = app.read(|conn| model::outline(conn, offered.id)).totals;
            let charged: Vec<i64> =
                crate::billing::lines(&app, made).iter().map(|line| line.amount_cents).collect();
            prop_assert_eq!(charged, sums.lines.iter().map(|line| line.amount_cents).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
    assert_eq!(app.read(bureau::billing::quotes::checks::faults), Vec::<String>::new());
}

#[actix_web::test]
async fn what_was_offered_is_invoiced_whatever_the_agency_says_by_then() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let (id, actor) = (drafted(&app, client), app.actor());
    app.write(|conn| {
        let draft = model::find(conn, &actor, id)?.draft().cloned().unwrap();
        let mut outline = model::outline(conn, draft.id)?;
        outline.lines = vec![crate::billing::free_line("Design", 10_002)];
        let changes = versions::QuoteChanges { title: draft.title, expires_on: draft.expires_on, outline };
        versions::save(conn, &actor, app.now(), id, draft.version, changes)?;
        versions::issue(conn, &actor, app.now(), id, None)
    });
    let body = json!({"answer": "accepted", "name": "Nora"});
    let api = app.api(Role::Bookkeeper);
    api.post(format!("/api/quotes/{id}/answer")).json(body).send().await.assert_status(200);
    app.execute("UPDATE agency SET rounding_step_cents = 5, tax_name = 'GST'");
    app.bookkeeper().post(format!("/quotes/{id}/conversion")).send().await.assert_status(303);
    let made = crate::billing::invoice(&app, InvoiceId(1));
    assert_eq!((made.total_cents, made.rounding_step_cents), (row(&app, id).sent().unwrap().total_cents, 1));
    assert_ne!(made.tax_name, "GST");
}
