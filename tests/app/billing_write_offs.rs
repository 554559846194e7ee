//! Write-offs beside what else happens to an invoice: a credit note takes their place, and a deposit that is no longer
//! expected is taken off nothing.

use bureau::auth::policy::Role;
use bureau::billing::deposits;
use bureau::billing::draft::{self, NewDraft, Options};
use bureau::billing::issue;
use bureau::types::ids::{ClientId, InvoiceId};
use serde_json::json;

use crate::billing::{at_rest, free_line, invoice, issued, northwind, ready_draft, sound};
use crate::support::{TestApp, day};

async fn pay(app: &TestApp, id: InvoiceId, amount: &str) {
    let body = json!({"received_on": "2026-11-19", "amount": amount});
    let paid = app.api(Role::Bookkeeper).post(format!("/api/billing/{id}/payments")).json(body).send().await;
    paid.assert_status(201);
}

async fn write_off(app: &TestApp, id: InvoiceId) {
    let path = format!("/api/billing/{id}/write-off");
    let done = app.api(Role::Bookkeeper).post(path).json(json!({"reason": "Bankrupt"})).send().await;
    done.assert_status(200);
}

/// Credits what is named, or all that is left.
async fn credit(app: &TestApp, id: InvoiceId, lines: serde_json::Value) -> InvoiceId {
    let body = json!({"reason": "Not delivered", "lines": lines});
    let done = app.api(Role::Bookkeeper).post(format!("/api/billing/{id}/credits")).json(body).send().await;
    done.assert_status(201);
    InvoiceId(done.json()["id"].as_i64().unwrap())
}

/// Paid, credited, written off and left of an invoice.
fn stands(app: &TestApp, id: InvoiceId) -> (i64, i64, i64, i64) {
    let of = invoice(app, id);
    (of.paid_cents, of.credited_cents, of.written_off_cents, of.balance())
}

#[actix_web::test]
async fn a_credit_note_on_what_was_written_off_gives_nothing_back() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    write_off(&app, id).await;
    assert_eq!(stands(&app, id), (0, 0, 11_900, 0));
    let note = credit(&app, id, json!(null)).await;
    assert_eq!(stands(&app, id), (0, 11_900, 0, 0));
    assert_eq!(stands(&app, note), (0, 11_900, 0, 0));
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#status", "Credited").assert_no("#written_off");
    page.assert_text("#main", "Credited by CN-2026-0001");
    let refund = json!({"refunded_on": "2026-11-19", "amount": "0.01"});
    let before = at_rest(&app).await;
    let path = format!("/api/billing/{note}/refunds");
    app.api(Role::Bookkeeper).post(path).json(refund).send().await.problem(422);
    app.assert_unchanged(&before);
    let statement = app.bookkeeper().get(format!("/clients/{client}/statement")).send().await;
    statement.assert_status(200);
    sound(&app);
}

#[actix_web::test]
async fn what_was_paid_of_an_invoice_that_was_written_off_is_what_a_credit_note_gives_back() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    pay(&app, id, "19.00").await;
    write_off(&app, id).await;
    assert_eq!(stands(&app, id), (1_900, 0, 10_000, 0));
    let line = crate::billing::lines(&app, id)[0].id;
    let half = credit(&app, id, json!([{"id": line, "quantity": "0.5"}])).await;
    assert_eq!((stands(&app, half), stands(&app, id)), ((0, 5_950, 0, 0), (1_900, 5_950, 4_050, 0)));
    let rest = credit(&app, id, json!(null)).await;
    assert_eq!((stands(&app, rest), stands(&app, id)), ((0, 4_050, 0, 1_900), (1_900, 10_000, 0, 0)));
    let said = app.lines("SELECT CAST(amount_cents AS TEXT) AS line FROM invoice_write_offs ORDER BY id");
    assert_eq!(said, ["10000", "-5950", "-4050"]);
    sound(&app);
}

#[actix_web::test]
async fn what_nobody_paid_after_all_is_not_paid_out() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    pay(&app, id, "119.00").await;
    let note = credit(&app, id, json!(null)).await;
    let payment = app.line("SELECT CAST(max(id) AS TEXT) AS line FROM payments");
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/billing/{id}/payments/{payment}/reversal");
    api.post(path).send().await.assert_status(201);
    let refund = || {
        let body = json!({"refunded_on": "2026-11-19", "amount": "119.00"});
        api.post(format!("/api/billing/{note}/refunds")).json(body).send()
    };
    let before = at_rest(&app).await;
    let said = "is more than the €0.00 to pay out: €119.00 of INV-2026-0001 is not paid; settle that first";
    assert_eq!(refund().await.problem(422)["errors"]["amount"], said);
    app.assert_unchanged(&before);
    write_off(&app, id).await;
    assert_eq!(refund().await.problem(422)["errors"]["amount"], said);
    sound(&app);
}

/// An issued deposit over 300.00 before tax.
fn deposit(app: &TestApp, client: ClientId) -> InvoiceId {
    let actor = app.actor();
    let new = NewDraft {
        include_time: false,
        lines: vec![free_line("Deposit", 30_000)],
        delivery_from: Some(day("2026-11-18")),
        options: Options { is_deposit: true, ..Options::default() },
        ..NewDraft::of_hours(client)
    };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    id
}

#[actix_web::test]
async fn a_deposit_that_is_written_off_is_not_deducted() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let (id, last) = (deposit(&app, client), ready_draft(&app, client, 100_000));
    pay(&app, id, "100.00").await;
    write_off(&app, id).await;
    let before = at_rest(&app).await;
    let path = format!("/api/billing/{last}/deductions");
    let api = app.api(Role::Bookkeeper);
    let refused = api.post(&path).json(json!({"deposit_id": id})).send().await.problem(422);
    assert_eq!(
        refused["errors"]["deposit_id"],
        "is written off in part or in full; take the write-off back, or credit the deposit"
    );
    let page = app.bookkeeper().get(format!("/billing/{last}")).send().await;
    page.assert_no_text("#invoice_form", "Deduct");
    let line = crate::billing::lines(&app, last)[0].id;
    let said = app.execute_refused(&format!(
        "INSERT INTO deducted_deposits (deposit_id, part, invoice_line_id) VALUES ({id}, 1, {line})"
    ));
    assert!(said.contains("A deposit that is written off is not deducted"), "{said}");
    app.assert_unchanged(&before);
    api.post(format!("/api/billing/{id}/write-on")).send().await.assert_status(200);
    api.post(&path).json(json!({"deposit_id": id})).send().await.assert_status(200);
    sound(&app);
}

#[actix_web::test]
async fn a_deposit_on_a_draft_is_not_written_off_before_that_is_issued() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let (id, last) = (deposit(&app, client), ready_draft(&app, client, 100_000));
    let actor = app.actor();
    app.write(|conn| deposits::deduct(conn, &actor, app.now(), last, None, id));
    let path = format!("/api/billing/{id}/write-off");
    let api = app.api(Role::Bookkeeper);
    let before = at_rest(&app).await;
    let refused = api.post(&path).json(json!({"reason": "Bankrupt"})).send().await.problem(409);
    let said = refused["detail"].as_str().unwrap();
    assert!(
        said.starts_with("This deposit is taken off a draft. Take it off there, or issue that draft, first.")
    );
    app.execute_refused(&format!(
        "INSERT INTO invoice_write_offs (invoice_id, amount_cents, reason, created_at) VALUES ({id}, 1, 'x', '2026-11-19 10:00:00')"
    ));
    app.assert_unchanged(&before);
    // Once it is deducted for good, what is not paid of it is a loss like any other.
    app.write(|conn| issue::issue(conn, &actor, app.now(), last, None));
    write_off(&app, id).await;
    assert_eq!(stands(&app, id), (0, 0, 35_700, 0));
    sound(&app);
}
