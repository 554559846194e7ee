//! What exchange rates gain or lose, what the bank keeps, and what a client's bank takes back.

use bureau::auth::policy::Role;
use bureau::billing::payments::exchange::{Rate, difference, total};
use bureau::types::ids::{ClientId, PaymentId};
use bureau::types::money::{Currency, MAX_CENTS, Money, convert};
use proptest::prelude::*;
use serde_json::json;

use crate::billing::{at_rest, invoice, issued, northwind, sound};
use crate::support::TestApp;

/// A client who is billed in dollars, each worth 1.08 of ours on its invoices.
fn contoso(app: &TestApp) -> ClientId {
    app.client_with("Contoso", |new| {
        new.street = "Way 1".into();
        new.city = "Town".into();
        new.country = "US".into();
        new.currency = "USD".parse().unwrap();
    })
}

/// Records a payment over the API and gives its id.
async fn pay(app: &TestApp, id: impl std::fmt::Display, body: serde_json::Value) -> PaymentId {
    let page = app.api(Role::Bookkeeper).post(format!("/api/billing/{id}/payments")).json(body).send().await;
    page.assert_status(201);
    PaymentId(page.json()["id"].as_i64().unwrap())
}

// ── Exchange differences ──────────────────────────────────────────────────

#[actix_web::test]
async fn a_payment_at_another_rate_gains_or_loses_against_its_invoice() {
    let app = TestApp::new().await;
    let id = issued(&app, contoso(&app), 10_000);
    // $119.00 at 1.10 are €130.90, and were billed as €128.52.
    let form = [("received_on", "2026-11-19"), ("amount", "119.00"), ("exchange_rate", "1.10")];
    app.bookkeeper().post(format!("/billing/{id}/payments")).form(form).send().await.assert_status(303);
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#payments", "Exchange difference €2.38");
    let api = app.api(Role::Bookkeeper);
    let on_invoice = api.get(format!("/api/billing/{id}/payments")).send().await.json();
    assert_eq!(on_invoice["payments"][0]["exchange_difference_cents"], 238);
    let payment = on_invoice["payments"][0]["id"].clone();
    let path = format!("/billing/payments/{payment}");
    let page = app.bookkeeper().get(&path).send().await;
    page.assert_text("#difference", "€2.38").assert_text("#shares", "Exchange difference €2.38");
    let json = api.get(format!("/api{path}")).send().await.json();
    assert_eq!(
        (&json["exchange_difference_cents"], &json["shares"][0]["exchange_difference_cents"]),
        (&json!(238), &json!(238))
    );
    assert_eq!((&json["base_currency"], &json["exchange_rate_e6"]), (&json!("EUR"), &json!(1_100_000)));
    app.bookkeeper().get("/billing").send().await.assert_text(".strip", "exchange difference €2.38");
    // What is taken back is worth what came in.
    app.bookkeeper()
        .post(format!("/billing/{id}/payments/{payment}/reversal"))
        .send()
        .await
        .assert_status(303);
    let rows = api.get(format!("/api/billing/{id}/payments")).send().await.json();
    assert_eq!(rows["payments"][1]["exchange_difference_cents"], -238);
    app.bookkeeper().get("/billing").send().await.assert_text(".strip", "exchange difference €0.00");
    for path in [path.clone(), format!("/billing/{id}"), "/billing".into()] {
        app.member().get(path).send().await.assert_status(403);
    }
    app.api(Role::Member).get(format!("/api{path}")).send().await.problem(403);
    sound(&app);
}

#[actix_web::test]
async fn what_settles_nothing_gains_nothing_until_it_is_applied() {
    let app = TestApp::new().await;
    let client = contoso(&app);
    let id = issued(&app, client, 10_000);
    let body =
        json!({"received_on": "2026-11-19", "amount": "150", "exchange_rate": "1.05", "keep_rest": true});
    let payment = pay(&app, id, body).await;
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/billing/payments/{payment}");
    // $119.00 at 1.05 are €124.95.
    assert_eq!(api.get(&path).send().await.json()["exchange_difference_cents"], -357);
    let later = issued(&app, client, 2_000);
    let body = json!({"invoice_id": later, "amount": "11"});
    assert_eq!(
        api.post(format!("{path}/applications")).json(body).send().await.json()["exchange_difference_cents"],
        -357 - 33
    );
    // The rest goes back at the rate it came in at.
    let body = json!({"refunded_on": "2026-11-19", "amount": "20"});
    let refund = api.post(format!("{path}/refund")).json(body).send().await.json();
    assert_eq!(
        (&refund["exchange_rate_e6"], &refund["exchange_difference_cents"]),
        (&json!(1_050_000), &json!(null))
    );
    assert_eq!(api.get(&path).send().await.json()["exchange_difference_cents"], -390);
    sound(&app);
}

#[actix_web::test]
async fn our_own_currency_has_no_exchange_difference() {
    let app = TestApp::new().await;
    let id = issued(&app, northwind(&app), 10_000);
    let body = json!({"received_on": "2026-11-19", "amount": "119", "exchange_rate": "1.10"});
    let payment = pay(&app, id, body).await;
    let found = app.api(Role::Bookkeeper).get(format!("/api/billing/payments/{payment}")).send().await.json();
    assert_eq!(
        (&found["exchange_difference_cents"], &found["exchange_rate_e6"]),
        (&json!(null), &json!(1_000_000))
    );
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_no_text("#payments", "Exchange");
    app.bookkeeper().get("/billing").send().await.assert_no_text(".strip", "exchange");
}

fn currencies() -> impl Strategy<Value = (Currency, Currency)> {
    let codes = prop::sample::select(vec!["EUR", "USD", "JPY", "KWD", "CHF"]);
    (codes.clone(), codes).prop_map(|(of, base)| (of.parse().unwrap(), base.parse().unwrap()))
}

proptest! {
    /// Whatever is allocated and taken back, in whatever parts, cancels out to the last cent.
    #[test]
    fn differences_cancel_out_exactly(
        (of, base) in currencies(),
        parts in prop::collection::vec(1..=MAX_CENTS / 1_000, 1..8),
        paid in 1..1_000_000_000_i64,
        invoiced in 1..1_000_000_000_i64,
    ) {
        let (paid, invoiced) = (Some(Rate { base, e6: paid }), Some(Rate { base, e6: invoiced }));
        let there: Vec<_> = parts.iter().map(|cents| difference(Money::new(*cents, of), paid, invoiced)).collect();
        let back = parts.iter().map(|cents| difference(Money::new(-*cents, of), paid, invoiced));
        if of == base {
            prop_assert!(there.iter().all(Option::is_none));
            return Ok(());
        }
        for (cents, found) in parts.iter().zip(&there) {
            let at = |rate: Option<Rate>| convert(*cents, of, base, rate.unwrap().e6).unwrap();
            prop_assert_eq!(found.unwrap(), Money::new(at(paid) - at(invoiced), base));
        }
        let all = there.iter().copied().chain(back).map(Option::unwrap);
        prop_assert_eq!(total(base, all), Some(Money::new(0, base)));
        for cents in parts {
            prop_assert_eq!(difference(Money::new(cents, of), paid, paid).unwrap().cents, 0);
            prop_assert_eq!(difference(Money::new(cents, of), paid, None), None);
            let moved = invoiced.map(|rate| Rate { base: of, ..rate });
            prop_assert_eq!(difference(Money::new(cents, of), paid, moved), None);
        }
    }
}

#[test]
fn differences_that_do_not_fit_are_not_shown() {
    let (of, base): (Currency, Currency) = ("JPY".parse().unwrap(), "KWD".parse().unwrap());
    let rate = |e6| Some(Rate { base, e6 });
    assert_eq!(difference(Money::new(i64::MAX, of), rate(i64::MAX), rate(1)), None);
    let most = Money::new(i64::MAX, base);
    assert_eq!(total(base, [most, most]), None);
    assert_eq!(total(base, [most, Money::new(5, of)]), Some(most), "two currencies are never added");
}

// ── What the bank keeps ───────────────────────────────────────────────────

#[actix_web::test]
async fn a_bank_fee_is_kept_beside_the_payment_and_the_invoice_counts_as_paid() {
    let app = TestApp::new().await;
    let id = issued(&app, northwind(&app), 10_000);
    let send = async |fee: &str| {
        let form = [("received_on", "2026-11-19"), ("amount", "119.00"), ("bank_fee", fee)];
        app.bookkeeper().post(format!("/billing/{id}/payments")).form(form).send().await
    };
    let before = at_rest(&app).await;
    for (fee, message) in [
        ("119.00", "Must be less than the amount"),
        ("200", "Must be less than the amount"),
        ("-1", "Is out of range"),
        ("much", "Is not an amount, like 90.00"),
    ] {
        let page = send(fee).await;
        page.assert_status(422).assert_text("[data-error=bank_fee]", message).assert_value("#bank_fee", fee);
    }
    app.assert_unchanged(&before);
    send("3.50").await.assert_status(303);
    let paid = invoice(&app, id);
    assert_eq!((paid.balance(), paid.paid_cents), (0, 11_900));
    let api = app.api(Role::Bookkeeper);
    let row = api.get(format!("/api/billing/{id}/payments")).send().await.json()["payments"][0].clone();
    assert_eq!((&row["amount_cents"], &row["fee_cents"]), (&json!(11_900), &json!(350)));
    let path = format!("/billing/payments/{}", row["id"]);
    let found = api.get(format!("/api{path}")).send().await.json();
    assert_eq!((&found["fee_cents"], &found["received_cents"]), (&json!(350), &json!(11_550)));
    let page = app.bookkeeper().get(&path).send().await;
    page.assert_text("#fee", "€3.50").assert_text("#received", "€115.50");
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#payments", "Bank fee €3.50");
    app.bookkeeper().get("/billing/payments").send().await.assert_text("tbody", "€3.50 fee");
    // What was recorded wrongly never cost a fee.
    api.post(format!("/api/billing/{id}/payments/{}/reversal", row["id"])).json(json!({})).send().await;
    assert_eq!(app.line("SELECT CAST(SUM(amount_cents - fee_cents) AS TEXT) AS line FROM payments"), "0");
    sound(&app);
}

#[actix_web::test]
async fn a_shared_payment_has_a_fee_too() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    let api = app.api(Role::Bookkeeper);
    let body = |fee: &str| json!({"client_id": client, "received_on": "2026-11-19", "amount": "150", "bank_fee": fee, "shares": [{"invoice_id": id, "amount": "119"}]});
    let before = at_rest(&app).await;
    let problem = api.post("/api/billing/payments").json(body("150")).send().await.problem(422);
    assert_eq!(problem["errors"]["bank_fee"], "must be less than the amount");
    app.assert_unchanged(&before);
    let made = api.post("/api/billing/payments").json(body("149.99")).send().await.json();
    assert_eq!(
        (&made["fee_cents"], &made["received_cents"], &made["unallocated_cents"]),
        (&json!(14_999), &json!(1), &json!(3_100))
    );
}

// ── What a client's bank takes back ───────────────────────────────────────

#[actix_web::test]
async fn a_chargeback_opens_the_invoice_again_and_the_bank_keeps_its_fee() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    let payment =
        pay(&app, id, json!({"received_on": "2026-11-19", "amount": "119", "bank_fee": "3.50"})).await;
    let path = format!("/billing/{id}/payments/{payment}/chargeback");
    let before = at_rest(&app).await;
    app.member().post(&path).send().await.assert_status(403);
    app.bookkeeper().post(format!("/billing/{id}/payments/999/chargeback")).send().await.assert_status(404);
    app.assert_unchanged(&before);
    app.bookkeeper().post(&path).send().await.assert_redirect(&format!("/billing/{id}"));
    assert_eq!(invoice(&app, id).balance(), 11_900);
    let api = app.api(Role::Bookkeeper);
    let rows = api.get(format!("/api/billing/{id}/payments")).send().await.json();
    let back = &rows["payments"][1];
    assert_eq!(
        (&back["reversal_kind"], &back["amount_cents"], &back["fee_cents"], &back["reverses_id"]),
        (&json!("chargeback"), &json!(-11_900), &json!(0), &json!(payment))
    );
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#payments", "chargeback");
    assert_eq!(app.activity_of(client)[0], "charged_back invoice: INV-2026-0001");
    let page = app.bookkeeper().get(format!("/billing/payments/{}", back["id"])).send().await;
    page.assert_text("h1 + .meta", "Chargeback");
    let page = app
        .bookkeeper()
        .get(format!("/clients/{client}/statement?from=2026-11-01&to=2026-11-19"))
        .send()
        .await;
    page.assert_text("tbody", "Chargeback");
    let before = at_rest(&app).await;
    for verb in ["chargeback", "reversal"] {
        let again = format!("/api/billing/{id}/payments/{payment}/{verb}");
        api.post(again).json(json!({})).send().await.problem(409);
    }
    app.assert_unchanged(&before);
    sound(&app);
}

#[actix_web::test]
async fn the_ledger_itself_refuses_a_fee_or_a_reversal_that_does_not_fit() {
    let app = TestApp::new().await;
    let id = issued(&app, contoso(&app), 10_000);
    let body = json!({"received_on": "2026-11-19", "amount": "119", "bank_fee": "3.50"});
    let payment = pay(&app, id, body).await;
    let insert = |amount: &str, fee: &str, rate: &str, reverses: &str, kind: &str| {
        format!(
            "INSERT INTO payments (client_id, received_on, amount_cents, currency, base_currency, exchange_rate_e6, \
             fee_cents, method, reverses_id, reversal_kind, created_at) SELECT client_id, received_on, {amount}, \
             currency, base_currency, {rate}, {fee}, method, {reverses}, {kind}, created_at FROM payments WHERE id = {payment}"
        )
    };
    let kept = "exchange_rate_e6";
    for (amount, fee, rate, reverses, kind) in [
        ("100", "-1", kept, "NULL", "NULL"),
        ("100", "100", kept, "NULL", "NULL"),
        ("-100", "1", kept, "NULL", "NULL"),
        ("100", "0", kept, "NULL", "'chargeback'"),
        ("-11900", "-350", kept, "id", "NULL"),
        ("-11900", "-350", kept, "id", "'theft'"),
        ("-11899", "-350", kept, "id", "'correction'"),
        ("-11900", "0", kept, "id", "'correction'"),
        ("-11900", "-350", kept, "id", "'chargeback'"),
        ("-11900", "-350", "1000001", "id", "'correction'"),
    ] {
        app.execute_refused(&insert(amount, fee, rate, reverses, kind));
    }
    app.execute_refused("UPDATE payments SET fee_cents = 1");
    app.execute_refused("UPDATE payments SET reversal_kind = 'chargeback'");
    app.execute(&insert("-11900", "-350", kept, "id", "'correction'"));
    app.execute_refused(&insert("-11900", "0", kept, "id", "'chargeback'"));
}
