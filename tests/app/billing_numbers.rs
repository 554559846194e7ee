//! Number series: patterns, the yearly reset, where a series starts.

use bureau::auth::policy::Role;
use chrono::Datelike;
use serde_json::{Value, json};

use crate::billing::{at_rest, northwind, ready_draft};
use crate::support::TestApp;

async fn put(app: &TestApp, body: Value) -> Value {
    let page = app.api(Role::Owner).stepped_up().put("/api/settings/numbers").json(body).send().await;
    page.assert_status(200);
    page.json()
}

async fn issue(app: &TestApp) -> String {
    let client = app.read(|conn| {
        use bureau::db::schema::clients;
        use diesel::prelude::*;
        Ok(clients::table.select(clients::id).first(conn)?)
    });
    let id = ready_draft(app, client, 10_000);
    let page = app
        .api(Role::Bookkeeper)
        .post(format!("/api/billing/{id}/issue"))
        .json(json!({"version": 1}))
        .send()
        .await;
    page.assert_status(200);
    page.json()["number"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_series_goes_on_where_the_last_tool_stopped_and_keeps_its_pattern() {
    let app = TestApp::new().await;
    northwind(&app);
    let page = app.owner().get("/settings/numbers").send().await;
    page.assert_text("tbody", "INV-2026-0001").assert_text("tbody", "CN-2026-0001");
    let edit = app.owner().get("/settings/numbers/edit?kind=invoice").send().await;
    edit.assert_value("[name=pattern]", "INV-{Y}-{seq:4}").assert_value("[name=first]", "1");
    let mut form = edit.fields("#numbers_form");
    form.retain(|(name, _)| name != "pattern" && name != "first");
    form.extend([("pattern".into(), "F{Y}/{M}-{seq:3}".into()), ("first".into(), "318".into())]);
    app.owner()
        .stepped_up()
        .post("/settings/numbers")
        .form(form)
        .send()
        .await
        .assert_redirect("/settings/numbers");
    assert_eq!(issue(&app).await, "F2026/11-318");
    assert_eq!(issue(&app).await, "F2026/11-319");
    assert!(app.activity().iter().any(|line| line == "updated agency: numbers of invoices"));
    // Now that it has begun its place is settled, its pattern is not.
    let edit = app.owner().get("/settings/numbers/edit?kind=invoice").send().await;
    edit.assert_no("[name=first]").assert_text(".lede", "F2026/11-320");
    let body =
        json!({"kind": "invoice", "pattern": "{Y}-{seq}", "resets_yearly": true, "first": 500, "version": 2});
    app.api(Role::Owner).stepped_up().put("/api/settings/numbers").json(body).send().await.problem(422);
    let saved =
        put(&app, json!({"kind": "invoice", "pattern": "{Y}-{seq}", "resets_yearly": true, "version": 2}))
            .await;
    assert_eq!(saved["next"], "2026-320");
    assert_eq!(issue(&app).await, "2026-320");
}

#[actix_web::test]
async fn a_series_begins_anew_with_the_year_only_if_it_is_to() {
    let app = TestApp::new().await;
    northwind(&app);
    assert_eq!(issue(&app).await, "INV-2026-0001");
    put(&app, json!({"kind": "invoice", "pattern": "INV-{seq:4}", "resets_yearly": false, "version": 1}))
        .await;
    assert_eq!(issue(&app).await, "INV-0002");
    // Counting by year again would repeat numbers of a year that has some.
    let again = json!({"kind": "invoice", "pattern": "INV-{Y}-{seq:4}", "resets_yearly": true, "version": 2});
    let refused = app
        .api(Role::Owner)
        .stepped_up()
        .put("/api/settings/numbers")
        .json(again.clone())
        .send()
        .await
        .problem(422);
    assert!(refused["errors"]["resets_yearly"].as_str().unwrap().contains("2027"), "{refused}");
    app.clock.advance(60 * 86_400);
    assert_eq!(app.today().year(), 2027);
    assert_eq!(put(&app, again).await["next"], "INV-2027-0003");
    assert_eq!(issue(&app).await, "INV-2027-0003");
    app.clock.advance(365 * 86_400);
    assert_eq!(issue(&app).await, "INV-2028-0001");
    let gaps = app.read(bureau::billing::checks::number_gaps);
    assert!(gaps.is_empty(), "{gaps:?}");
}

#[actix_web::test]
async fn a_pattern_that_would_repeat_itself_is_refused() {
    let app = TestApp::new().await;
    app.manager().sign_in().await;
    let before = at_rest(&app).await;
    for (pattern, yearly) in [
        ("", true),
        ("INV", false),
        ("INV-{seq}", true),
        ("INV-{Y}", true),
        ("{seq}-{seq}", false),
        ("{Y}-{seq:0}", true),
        ("{Y}-{seq:99}", true),
        ("{Y}-{Seq}", true),
        ("{Y}-{seq", true),
        ("{Y}-seq}-{seq}", true),
        ("INV-{Y}-{seq}-with-more-characters-than-fit", true),
    ] {
        let body = json!({"kind": "invoice", "pattern": pattern, "resets_yearly": yearly, "version": 1});
        let problem = app
            .api(Role::Owner)
            .stepped_up()
            .put("/api/settings/numbers")
            .json(body)
            .send()
            .await
            .problem(422);
        assert!(problem["errors"]["pattern"].is_string(), "{pattern}: {problem}");
    }
    for (field, value) in [("kind", json!("receipt")), ("first", json!(0)), ("resets_yearly", json!("maybe"))]
    {
        let mut body = json!({"kind": "quote", "pattern": "Q{Y}-{seq}", "resets_yearly": true, "version": 1});
        body[field] = value;
        let problem = app
            .api(Role::Owner)
            .stepped_up()
            .put("/api/settings/numbers")
            .json(body)
            .send()
            .await
            .problem(422);
        assert!(problem["errors"][field].is_string(), "{problem}");
    }
    let stale = json!({"kind": "quote", "pattern": "Q{Y}-{seq}", "resets_yearly": true, "version": 9});
    app.api(Role::Owner).stepped_up().put("/api/settings/numbers").json(stale).send().await.problem(409);
    app.manager().get("/settings/numbers").send().await.assert_status(403);
    app.owner().get("/settings/numbers/edit?kind=receipt").send().await.assert_status(422);
    app.assert_unchanged_but(&before, &crate::support::PROOFS);
}

#[actix_web::test]
async fn no_two_kinds_of_documents_share_a_pattern_and_no_series_its_own_past() {
    let app = TestApp::new().await;
    northwind(&app);
    let body =
        json!({"kind": "credit_note", "pattern": "INV-{Y}-{seq:4}", "resets_yearly": true, "version": 1});
    app.api(Role::Owner).stepped_up().put("/api/settings/numbers").json(body).send().await.problem(422);
    put(&app, json!({"kind": "invoice", "pattern": "I{seq}", "resets_yearly": false, "version": 1})).await;
    issue(&app).await;
    put(&app, json!({"kind": "invoice", "pattern": "I{Y}-{seq}", "resets_yearly": true, "version": 2})).await;
    let back = json!({"kind": "invoice", "pattern": "I{seq}", "resets_yearly": false, "version": 3});
    let refused =
        app.api(Role::Owner).stepped_up().put("/api/settings/numbers").json(back).send().await.problem(422);
    assert!(refused["errors"]["resets_yearly"].is_string(), "{refused}");
}

#[actix_web::test]
async fn patterns_that_could_write_the_same_number_are_refused() {
    let app = TestApp::new().await;
    let numbers = app.api(Role::Owner).get("/api/settings/numbers").send().await.json();
    let of = |kind: &str| {
        let rows = numbers["number_series"].as_array().unwrap();
        rows.iter().find(|row| row["kind"] == kind).unwrap().clone()
    };
    let body = |kind: &str, pattern: &str| json!({"kind": kind, "pattern": pattern, "resets_yearly": false, "version": of(kind)["version"]});
    put(&app, body("invoice", "A-{seq}")).await;
    for pattern in ["A-{seq}", "A-{seq:3}", "A-2{seq}", "A-{Y}{seq:2}"] {
        let page = app
            .api(Role::Owner)
            .stepped_up()
            .put("/api/settings/numbers")
            .json(body("credit_note", pattern))
            .send()
            .await;
        let problem = page.problem(422);
        assert!(problem["errors"]["pattern"].to_string().contains("would meet"), "{problem}");
    }
    put(&app, body("credit_note", "A-CN-{seq}")).await;
}
