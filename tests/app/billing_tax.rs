//! What no tax is charged for and why, and what a line bills less than its hours say.

use bureau::auth::policy::Role;
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::{checks, equation, issue};
use bureau::types::ids::InvoiceId;
use serde_json::json;

use crate::billing::{
    at_rest, change, editor, free_line, invoice, lines, northwind, ready_draft, sound, with_hours,
};
use crate::support::{TestApp, day};

/// A draft with one line at 0 % and all else that an issue asks for.
fn untaxed_draft(app: &TestApp) -> InvoiceId {
    let client = northwind(app);
    let actor = app.actor();
    let mut line = free_line("Design", 100_000);
    line.tax_rate_millis = 0;
    let new = NewDraft {
        include_time: false,
        lines: vec![line],
        delivery_from: Some(day("2026-11-18")),
        ..NewDraft::of_hours(client)
    };
    app.write(|conn| draft::create(conn, &actor, app.now(), &new))
}

#[actix_web::test]
async fn no_tax_needs_a_treatment_a_reason_and_the_numbers_of_both() {
    let app = TestApp::new().await;
    let id = untaxed_draft(&app);
    app.execute("UPDATE clients SET tax_id = ''");
    let mut fields = editor(&app, id).await;
    fields.push(("then".into(), "issue".into()));
    let before = at_rest(&app).await;
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_status(422).assert_text("#problems", "The tax treatment must be chosen for the lines at 0 %");
    change(&mut fields, "tax_category", "E");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_status(422).assert_text("#problems", "The reason for no tax must say why no tax is charged");
    change(&mut fields, "tax_category", "AE");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_status(422).assert_text("#problems", "The client’s tax number can't be blank");
    change(&mut fields, "tax_category", "XX");
    app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await.assert_status(422);
    app.assert_unchanged(&before);
    app.execute("UPDATE clients SET tax_id = 'DK31440219'");
    app.execute("UPDATE agency SET tax_id = ''");
    change(&mut fields, "tax_category", "AE");
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_status(422).assert_text("#problems", "The agency’s tax number can't be blank");
    app.execute("UPDATE agency SET tax_id = 'DE123456789'");
    app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await.assert_status(303);
    let printed = app.bookkeeper().get(format!("/billing/{id}/print")).send().await;
    printed
        .assert_text(".inv-sum", "Reverse charge, 0% tax on €1,000.00")
        .assert_text(".inv-sum", "the recipient is liable for the tax");
    assert_eq!(app.count_where("invoice_lines", "tax_category = 'AE'"), 1);
    assert_eq!(app.count_where("invoice_taxes", "tax_category = 'AE' AND exemption_reason <> ''"), 1);
    sound(&app);
}

#[actix_web::test]
async fn the_usual_sentence_follows_the_treatment_and_ones_own_words_stay() {
    let app = TestApp::new().await;
    let id = untaxed_draft(&app);
    let save = async |category: &str, reason: &str| {
        let mut fields = editor(&app, id).await;
        change(&mut fields, "tax_category", category);
        change(&mut fields, "exemption_reason", reason);
        app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await.assert_status(303);
        app.line("SELECT exemption_reason AS line FROM invoice_taxes")
    };
    assert_eq!(save("AE", "").await, "Reverse charge: the recipient is liable for the tax.");
    assert_eq!(
        save("G", "Reverse charge: the recipient is liable for the tax.").await,
        "Export outside the EU, exempt from VAT."
    );
    assert_eq!(save("E", "Exempt under § 19 UStG.").await, "Exempt under § 19 UStG.");
    assert_eq!(save("O", "Exempt under § 19 UStG.").await, "Exempt under § 19 UStG.");
    // A verb that knows nothing of taxes keeps the reason.
    let actor = app.actor();
    app.write(|conn| draft::recalculate(conn, &actor, id));
    assert_eq!(app.line("SELECT exemption_reason AS line FROM invoice_taxes"), "Exempt under § 19 UStG.");
}

#[actix_web::test]
async fn the_api_takes_treatment_and_reason() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    let body = json!({"client_id": client, "tax_category": "K", "delivery_from": "2026-11-18",
                      "lines": [{"title": "Photo", "quantity": 2, "unit_price": "33.75", "tax_rate": 0}]});
    let made = api.post("/api/billing").json(body).send().await;
    made.assert_status(201);
    assert_eq!(
        made.json()["taxes"],
        json!([{"category": "K", "rate_millis": 0, "is_second": false, "base_cents": 6_750, "tax_cents": 0,
                "exemption_reason": "Intra-Community supply, exempt from VAT."}])
    );
    assert_eq!(made.json()["lines"][0]["tax_category"], "K");
    let id = made.json()["id"].as_i64().unwrap();
    let version = json!({"version": made.json()["version"]});
    api.post(format!("/api/billing/{id}/issue")).json(version).send().await.assert_status(200);
    let bad = json!({"client_id": client, "tax_category": "Q", "lines": []});
    assert!(
        api.post("/api/billing").json(bad).send().await.problem(422)["errors"]["tax_category"].is_string()
    );
    sound(&app);
}

#[actix_web::test]
async fn the_database_refuses_an_issue_without_a_treatment_and_a_reason() {
    let app = TestApp::new().await;
    let id = untaxed_draft(&app);
    let issue = format!(
        "UPDATE invoices SET number = 'X-1', series_id = (SELECT min(id) FROM invoice_series), series_year = 2026, seq = 1, \
         seller = '{{}}', buyer = '{{}}', issued_at = '2026-11-19 10:00:00' WHERE id = {id}"
    );
    assert!(app.execute_refused(&issue).contains("at 0 % tax needs a category and a reason"));
    app.execute("UPDATE invoice_lines SET tax_category = 'E'");
    app.execute("UPDATE invoice_taxes SET tax_category = 'E'");
    assert!(app.execute_refused(&issue).contains("at 0 % tax needs a category and a reason"));
    app.execute("UPDATE invoice_taxes SET exemption_reason = 'Education'");
    app.execute(&issue);
    assert_eq!(app.count_where("invoices", "issued_at IS NOT NULL"), 1);
}

#[actix_web::test]
async fn what_a_line_bills_less_is_written_down_with_a_reason() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    let mut fields = editor(&app, id).await;
    change(&mut fields, "line_quantity", "0.25");
    fields.push(("then".into(), "issue".into()));
    let before = at_rest(&app).await;
    let page = app.bookkeeper().post(format!("/billing/{id}")).form(fields.clone()).send().await;
    page.assert_status(422)
        .assert_text("#problems", "Line 1, adjustment reason must say why")
        .assert_has("#line_0_adjustment_reason[aria-invalid]")
        .assert_count("#line_0_why", 0);
    app.assert_unchanged(&before);
    change(&mut fields, "line_reason", "First look was free");
    app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await.assert_status(303);
    assert_eq!(lines(&app, id)[0].adjustment_reason, "First look was free");
    let terms = app.read(|conn| equation::of_client(conn, &actor, client)).terms;
    assert_eq!((terms.billable_seconds, terms.billable_cents), (4_800, 688 + 688 + 8_333));
    assert_eq!((terms.billed_seconds, terms.billed_cents), (3_900, 688 + 8_333));
    assert_eq!((terms.written_down_seconds, terms.written_down_cents), (900, 688));
    assert!(terms.holds());
    let tab = app.bookkeeper().get(format!("/clients/{client}/invoices")).send().await;
    tab.assert_text("#equation", "Written down").assert_text("#equation", "€6.88");
    let api = app.api(Role::Bookkeeper);
    let all = api.get("/api/billing/equation").send().await.json();
    assert_eq!(all["equations"][0]["written_down_seconds"], 900);
    assert_eq!((&all["equations"][0]["difference_cents"], &all["meta"]["count"]), (&json!(0), &json!(1)));
    let shown = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    shown.assert_text("table", "First look was free");
    sound(&app);
}

#[actix_web::test]
async fn more_than_logged_is_written_up_and_another_price_asks_why_too() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    app.execute(&format!(
        "UPDATE invoice_lines SET unit_price_cents = 20000 WHERE invoice_id = {id} AND position = 2"
    ));
    let refusal = app.refused(|conn| issue::issue(conn, &actor, app.now(), id, None));
    assert!(refusal.contains("must say why"), "{refusal}");
    app.execute("UPDATE invoice_lines SET adjustment_reason = 'Night work' WHERE position = 2");
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    let terms = app.read(|conn| equation::of_client(conn, &actor, client)).terms;
    assert_eq!((terms.written_down_seconds, terms.written_down_cents), (0, -8_333));
    assert_eq!(terms.rounding_cents, 1, "the line that nobody touched is rounded, not written down");
    assert_eq!(terms.billed_cents, 1_375 + 16_666);
    sound(&app);
}

#[actix_web::test]
async fn equations_come_a_page_of_clients_at_a_time() {
    let app = TestApp::new().await;
    let tom = app.member().id();
    for n in 0..27 {
        let client = app.client(&format!("Client {n:02}"));
        app.entry(tom, app.task(app.project(client)), day("2026-11-17"), 3_600);
    }
    let page = app.bookkeeper().get("/billing/equation").send().await;
    page.assert_count("#equation tbody tr", 25).assert_text("#verdict", "on this page");
    let next = page.attributes("main p a.btn", "href").remove(0);
    let rest = app.bookkeeper().get(format!("/billing/equation{next}")).send().await;
    rest.assert_count("#equation tbody tr", 2).assert_text("#equation", "Client 26");
    app.bookkeeper().get("/billing/equation?after=999").send().await.assert_status(404);
}

#[actix_web::test]
async fn an_invoice_in_the_agencys_currency_keeps_its_totals_at_par() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let actor = app.actor();
    let home = ready_draft(&app, client, 100_000);
    app.write(|conn| issue::issue(conn, &actor, app.now(), home, None));
    assert_eq!(
        app.count_where(
            "invoices",
            "base_currency = currency AND exchange_rate_e6 = 1000000 AND base_total_cents = total_cents"
        ),
        1
    );
    let swiss = app.client_with("Alpina", |new| new.currency = "CHF".parse().unwrap());
    app.execute(
        "UPDATE clients SET street = 'Bahnhofstrasse 1', city = 'Bern', country = 'CH' WHERE name = 'Alpina'",
    );
    let abroad = ready_draft(&app, swiss, 5_000);
    app.write(|conn| issue::issue(conn, &actor, app.now(), abroad, None));
    let at_rate = "base_currency <> currency AND exchange_rate_e6 = 1080000 AND base_net_cents = 5400 AND base_total_cents = 6426";
    assert_eq!(app.count_where("invoices", at_rate), 1);
    let page = app.bookkeeper().get(format!("/billing/{abroad}")).send().await;
    page.assert_text("#base_total", "€64.26").assert_text("#totals", "In EUR at 1.08");
    app.bookkeeper().get(format!("/billing/{home}")).send().await.assert_no("#base_total");
    let json = app.api(Role::Bookkeeper).get(format!("/api/billing/{abroad}")).send().await.json();
    assert_eq!((&json["base_currency"], &json["base_total_cents"]), (&"EUR".into(), &6_426.into()));
    let other = format!("UPDATE invoices SET exchange_rate_e6 = 2000000 WHERE id = {abroad}");
    assert!(app.execute_refused(&other).contains("frozen"));
    assert_eq!(invoice(&app, abroad).total_cents, 5_950);
    sound(&app);
}

#[actix_web::test]
async fn the_first_number_of_a_year_is_missed_like_any_other() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let first = app.issued_invoice(client, 1_000, app.today());
    app.issued_invoice(client, 2_000, app.today());
    assert_eq!(app.read(checks::number_gaps), Vec::<String>::new());
    app.without_guards(
        &["invoice_lines", "invoice_taxes", "invoices"],
        &[
            &format!("DELETE FROM invoice_taxes WHERE invoice_id = {first}"),
            &format!("DELETE FROM invoice_lines WHERE invoice_id = {first}"),
            &format!("DELETE FROM invoices WHERE id = {first}"),
        ],
    );
    assert_eq!(
        app.read(checks::number_gaps),
        ["Series invoice of 2026: 1 of the numbers 1 to 2 are missing."]
    );
}
