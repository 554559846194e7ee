//! Payments that settle several invoices, what is left of them, and refunds.

use bureau::auth::policy::Role;
use bureau::billing::payments::list::credit_of;
use bureau::types::money::Currency;
use proptest::prelude::*;
use serde_json::json;

use crate::billing::{at_rest, invoice, issued, northwind, ready_draft, sound};
use crate::support::TestApp;

#[actix_web::test]
async fn one_payment_settles_several_invoices_and_its_rest_is_credit() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let (first, second) = (issued(&app, client, 10_000), issued(&app, client, 20_000));
    let page = app.bookkeeper().get(format!("/billing/payments/new?client_id={client}")).send().await;
    page.assert_count("input[name=share_amount]", 2);
    let mut fields = page.fields("#payment_form");
    let amounts = ["119.00", "100.00"];
    for (name, value) in &mut fields {
        match name.as_str() {
            "amount" => *value = "300.00".into(),
            "reference" => *value = "Statement 47".into(),
            _ => {}
        }
    }
    let shares = fields.iter_mut().filter(|(name, _)| name == "share_amount");
    for ((_, value), amount) in shares.zip(amounts) {
        *value = amount.into();
    }
    let done = app.bookkeeper().post("/billing/payments").form(fields.clone()).send().await;
    done.assert_status(303);
    let path = done.location();
    assert_eq!((invoice(&app, first).balance(), invoice(&app, second).balance()), (0, 13_800));
    assert_eq!(app.read(|conn| credit_of(conn, client)), vec![(Currency::EUR, 8_100)]);
    let before = at_rest(&app).await;
    app.bookkeeper().post("/billing/payments").form(fields).send().await.assert_status(409);
    app.assert_unchanged(&before);
    let page = app.bookkeeper().get(&path).send().await;
    page.assert_text("#left", "€81.00").assert_count("#shares li", 2);
    let apply = async |amount: &str| {
        let form = [("invoice_id", second.to_string()), ("amount", amount.to_owned())];
        app.bookkeeper().post(format!("{path}/applications")).form(form).send().await
    };
    apply("81.01").await.assert_status(422);
    apply("50").await.assert_status(303);
    let refund = async |amount: &str| {
        let form = [("refunded_on", "2026-11-19"), ("amount", amount)];
        app.bookkeeper().post(format!("{path}/refund")).form(form).send().await
    };
    refund("31.01").await.assert_status(422);
    refund("31.00").await.assert_status(303);
    assert_eq!(app.read(|conn| credit_of(conn, client)), vec![]);
    apply("0.01").await.assert_status(422);
    refund("0.01").await.assert_status(422);
    sound(&app);
    // A refunded payment cannot be reversed as if nothing had gone back.
    let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let before = at_rest(&app).await;
    app.bookkeeper().post(format!("/billing/{first}/payments/{id}/reversal")).send().await.assert_status(409);
    app.execute_refused(&format!(
        "INSERT INTO payments (client_id, received_on, amount_cents, currency, method, refunds_id, created_at) \
         SELECT client_id, received_on, -1, currency, method, id, created_at FROM payments WHERE id = {id}"
    ));
    app.assert_unchanged(&before);
    app.bookkeeper()
        .get("/billing/payments")
        .send()
        .await
        .assert_text("tbody", "Statement 47")
        .assert_count("tbody tr", 2);
}

#[actix_web::test]
async fn more_than_is_left_is_kept_only_when_that_is_asked_for() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    let pay = async |keep: &str| {
        let form = [("received_on", "2026-11-19"), ("amount", "120.00"), ("keep_rest", keep)];
        app.bookkeeper().post(format!("/billing/{id}/payments")).form(form).send().await
    };
    let before = at_rest(&app).await;
    pay("")
        .await
        .assert_status(422)
        .assert_text("[data-error=amount]", "Is more than the €119.00 left to pay");
    app.assert_unchanged(&before);
    pay("true").await.assert_status(303);
    assert_eq!(invoice(&app, id).balance(), 0);
    assert_eq!(app.read(|conn| credit_of(conn, client)), vec![(Currency::EUR, 100)]);
    sound(&app);
}

#[actix_web::test]
async fn the_api_of_payments_follows_the_same_rules() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let (id, draft) = (issued(&app, client, 10_000), ready_draft(&app, client, 500));
    let stranger = issued(
        &app,
        app.client_with("Contoso", |new| {
            new.street = "Way 1".into();
            new.city = "Town".into();
            new.country = "DE".into();
        }),
        500,
    );
    let api = app.api(Role::Bookkeeper);
    let before = at_rest(&app).await;
    for (body, field) in [
        (
            json!({"client_id": client, "received_on": "2026-11-19", "amount": 5, "shares": [{"invoice_id": draft, "amount": 5}]}),
            format!("invoice_{draft}"),
        ),
        (
            json!({"client_id": client, "received_on": "2026-11-19", "amount": 5, "shares": [{"invoice_id": stranger, "amount": 5}]}),
            format!("invoice_{stranger}"),
        ),
        (
            json!({"client_id": client, "received_on": "2026-11-19", "amount": 5, "shares": [{"invoice_id": 999, "amount": 5}]}),
            "invoice_999".into(),
        ),
        (
            json!({"client_id": client, "received_on": "2026-11-19", "amount": 5, "shares": [{"invoice_id": id, "amount": 6}]}),
            "amount".into(),
        ),
        (
            json!({"client_id": client, "received_on": "2026-11-19", "amount": 500, "shares": [{"invoice_id": id, "amount": "119.01"}]}),
            format!("invoice_{id}"),
        ),
        (json!({"client_id": client, "received_on": "2026-11-20", "amount": 5}), "received_on".into()),
        (json!({"client_id": client, "received_on": "2026-11-19"}), "amount".into()),
        (json!({"client_id": 999, "received_on": "2026-11-19", "amount": 5}), "client_id".into()),
    ] {
        let problem = api.post("/api/billing/payments").json(body.clone()).send().await.problem(422);
        assert!(problem["errors"][&field].is_string(), "{body}: {problem}");
    }
    app.assert_unchanged(&before);
    let body = json!({"client_id": client, "received_on": "2026-11-19", "amount": "150", "shares": [{"invoice_id": id, "amount": "119"}]});
    let made = api.post("/api/billing/payments").json(body).send().await;
    made.assert_status(201);
    assert_eq!(made.json()["unallocated_cents"], 3_100);
    let path = format!("/api/billing/payments/{}", made.json()["id"]);
    assert_eq!(api.get(&path).send().await.json()["shares"][0]["amount_cents"], 11_900);
    let later = issued(&app, client, 1_000);
    api.post(format!("{path}/applications"))
        .json(json!({"invoice_id": later, "amount": "11.90"}))
        .send()
        .await
        .assert_status(200);
    let refund = api
        .post(format!("{path}/refund"))
        .json(json!({"refunded_on": "2026-11-19", "amount": "19.10"}))
        .send()
        .await;
    refund.assert_status(201);
    assert_eq!(
        (refund.json()["amount_cents"].as_i64(), refund.json()["refunds_id"].clone()),
        (Some(-1_910), made.json()["id"].clone())
    );
    assert_eq!(api.get("/api/billing/payments").send().await.json()["meta"]["count"], 2);
    app.api(Role::Member).get("/api/billing/payments").send().await.problem(403);
    app.api(Role::Member).get(&path).send().await.problem(403);
    sound(&app);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Random payments, applications, refunds, credits and reversals: what is stored as paid is what was shared out.
    #[test]
    fn the_ledger_adds_up_whatever_happens(steps in prop::collection::vec((0..6_usize, 0..4_usize, 1..20_000_i64), 1..25)) {
        actix_web::rt::System::new().block_on(async {
            let app = TestApp::new().await;
            let client = northwind(&app);
            let ids: Vec<_> = (1..=4).map(|index| issued(&app, client, index * 2_500)).collect();
            let api = app.api(Role::Bookkeeper);
            let mut payments: Vec<i64> = Vec::new();
            for (what, which, cents) in steps {
                let id = ids[which];
                let amount = format!("{}.{:02}", cents / 100, cents % 100);
                let last = payments.get(which % payments.len().max(1)).copied().unwrap_or(1);
                let page = match what {
                    0 => api.post(format!("/api/billing/{id}/payments")).json(json!({"received_on": "2026-11-19", "amount": amount, "keep_rest": true})),
                    1 => api.post("/api/billing/payments").json(json!({"client_id": client, "received_on": "2026-11-19", "amount": amount})),
                    2 => api.post(format!("/api/billing/payments/{last}/applications")).json(json!({"invoice_id": id, "amount": amount})),
                    3 => api.post(format!("/api/billing/payments/{last}/refund")).json(json!({"refunded_on": "2026-11-19", "amount": amount})),
                    4 => api.post(format!("/api/billing/{id}/payments/{last}/reversal")).json(json!({})),
                    _ => api.post(format!("/api/billing/{id}/credits")).json(json!({"reason": "less"})),
                }
                .send()
                .await;
                assert!(page.status < 500, "{what}: {}", page.text());
                if what < 2 && page.status == 201 {
                    payments.push(page.json()["id"].as_i64().unwrap());
                }
            }
            sound(&app);
        });
    }
}
