//! The JSON API of invoices.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::billing::{at_rest, northwind, sound, with_hours};
use crate::support::TestApp;

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
            {"category": "S", "rate_millis": 19_000, "is_second": false, "base_cents": 9_708, "tax_cents": 1_845, "exemption_reason": ""},
            {"category": "S", "rate_millis": 7_000, "is_second": false, "base_cents": 6_750, "tax_cents": 473, "exemption_reason": ""},
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
    assert_eq!(saved.json()["lines"][0]["amount_cents"], 688);
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 1);
    api.put(format!("/api/billing/{id}")).json(body(&draft["version"])).send().await.problem(409);
    let reset = api.post("/api/billing/utils").json(json!({"action": "reset", "id": id})).send().await;
    assert_eq!(reset.json()["lines"][0]["amount_cents"], 1_375);
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
