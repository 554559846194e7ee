//! Issuing: the number, the snapshot, and what the database then holds.

use bureau::billing::checks;
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::issue;
use bureau::types::ids::{ClientId, InvoiceId};
use futures_util::future::join_all;

use crate::billing::{
    at_rest, editor, free_line, invoice, issued, northwind, ready_draft, sound, with_hours,
};
use crate::support::{Page, TestApp};

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
        "INSERT INTO invoice_lines (invoice_id, position, title, quantity_e4, unit, unit_price_cents, tax_rate_millis, amount_cents) \
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
