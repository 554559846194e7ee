//! Payments: they settle invoices, and only grow.

use bureau::auth::policy::Role;
use bureau::billing::payments::model::{self as payments, NewPayment, PaymentMethod};
use futures_util::future::join_all;
use serde_json::json;

use crate::billing::{at_rest, invoice, issued, northwind, ready_draft, sound};
use crate::support::TestApp;

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
        fee_cents: 0,
        method: PaymentMethod::Card,
        reference: String::new(),
        exchange_rate_e6: None,
        keeps_rest: false,
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

#[actix_web::test]
async fn a_second_payment_of_all_of_it_keeps_what_was_typed_and_says_that_nothing_is_left() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    let pay = |key: &'static str, keep: &'static str| {
        let form = [
            ("received_on", "2026-11-19"),
            ("amount", "119.00"),
            ("reference", "From tab two"),
            ("idempotency_key", key),
            ("keep_rest", keep),
        ];
        app.bookkeeper().post(format!("/billing/{id}/payments")).form(form).send()
    };
    pay("one", "").await.assert_status(303);
    let before = at_rest(&app).await;
    let refused = pay("two", "").await;
    refused.assert_status(422).assert_text("[data-error=amount]", "Is more than the €0.00 left to pay");
    refused.assert_value("#amount", "119.00").assert_value("#reference", "From tab two");
    app.assert_unchanged(&before);
    app.bookkeeper().get(format!("/billing/{id}")).send().await.assert_no("#payment_form");
    pay("two", "true").await.assert_status(303);
    assert_eq!((app.count("payments"), invoice(&app, id).paid_cents), (2, 11_900));
    sound(&app);
}

#[actix_web::test]
async fn money_for_an_invoice_that_is_paid_is_the_clients_credit_by_the_api_too() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/billing/{id}/payments");
    let body = |keep: bool| json!({"received_on": "2026-11-19", "amount": "119.00", "keep_rest": keep});
    api.post(&path).json(body(false)).send().await.assert_status(201);
    let before = at_rest(&app).await;
    api.post(&path).json(body(false)).send().await.problem(422);
    app.assert_unchanged(&before);
    let kept = api.post(&path).json(body(true)).send().await;
    kept.assert_status(201);
    let json = kept.json();
    assert_eq!((&json["amount_cents"], &json["allocated_cents"]), (&json!(11_900), &json!(0)));
    let found = api.get(format!("/api/billing/payments/{}", json["id"])).send().await.json();
    assert_eq!(found["unallocated_cents"], 11_900);
    assert_eq!(invoice(&app, id).paid_cents, 11_900);
    sound(&app);
}
