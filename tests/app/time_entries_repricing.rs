//! Re-pricing from a date: the preview, the plan, what is left alone.

use bureau::auth::policy::Role;
use bureau::types::ids::TimeEntryId;
use serde_json::json;

use crate::support::{Page, TestApp, day};
use crate::time_entries::{claim, entries, work};

/// Three hours at 90.00 on a project that costs 95.00: one of each week, the last on a draft.
fn three_weeks(app: &TestApp) -> (i64, [TimeEntryId; 3]) {
    let (project, task) = work(app);
    let tom = app.member().id();
    let hours = ["2026-11-04", "2026-11-11", "2026-11-18"].map(|on| app.entry(tom, task, day(on), 3_600));
    claim(app, hours[2]);
    (project.0, hours)
}

async fn preview(app: &TestApp, query: &str) -> serde_json::Value {
    let page = app.api(Role::Manager).get(format!("/api/time-entries/repricing?{query}")).send().await;
    page.assert_status(200);
    page.json()
}

async fn carry_out(app: &TestApp, from: &str, plan: &serde_json::Value) -> Page {
    let body = json!({"from": from, "plan": plan});
    app.api(Role::Manager).post("/api/time-entries/repricing").json(body).send().await
}

fn rates_of(app: &TestApp) -> Vec<Option<i64>> {
    entries(app).iter().map(|entry| entry.rate_cents).collect()
}

#[actix_web::test]
async fn the_preview_says_what_changes_what_not_and_why_and_changes_nothing() {
    let app = TestApp::new().await;
    let (project, _) = three_weeks(&app);
    app.manager().sign_in().await;
    let before = app.dump();
    let path = format!("/time-entries/repricing?from=2026-11-01&project_id={project}");
    let page = app.manager().get(&path).send().await;
    page.assert_count("#changes tbody tr", 2)
        .assert_text("#changes", "€90.00")
        .assert_text("#changes", "€95.00");
    page.assert_text("#changes", "€5.00")
        .assert_text(".callout", "2 of 3 entries")
        .assert_text(".callout", "€10.00");
    page.assert_count("#skipped tbody tr", 1).assert_text("#skipped", "On a draft");
    app.manager().get("/time-entries/repricing").send().await.assert_no("#changes");
    let refused = app.manager().get("/time-entries/repricing?from=2026-02-30").send().await;
    refused.assert_status(422).assert_text(".callout-bad", "is not a date");
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn what_was_shown_is_what_is_done() {
    let app = TestApp::new().await;
    three_weeks(&app);
    let shown = preview(&app, "from=2026-11-10").await;
    assert_eq!(shown["changes"].as_array().unwrap().len(), 1);
    assert_eq!(shown["skipped"][0]["skipped"], "On a draft");
    let done = carry_out(&app, "2026-11-10", &shown["plan"]).await;
    assert_eq!(done.json()["repriced"], 1);
    assert_eq!(rates_of(&app), [Some(9_000), Some(9_500), Some(9_000)]);
    let changed = &entries(&app)[1];
    assert_eq!(
        (changed.amount_cents, changed.rate_source.as_str(), changed.version),
        (9_500, "project rate", 2)
    );
    assert_eq!(app.activity()[0], "repriced time_entry: Homepage");
    assert_eq!(app.count_where("project_hours", "unbilled_cents = 18500"), 1);
    // A second time there is nothing left to do.
    assert_eq!(preview(&app, "from=2026-11-10").await["changes"], json!([]));
}

#[actix_web::test]
async fn a_plan_that_is_not_true_any_more_changes_nothing() {
    let app = TestApp::new().await;
    let (_, hours) = three_weeks(&app);
    let shown = preview(&app, "from=2026-11-01").await;
    let put = json!({"task_id": 1, "date": "2026-11-04", "duration": "2", "version": 1});
    app.api(Role::Member)
        .put(format!("/api/time-entries/{}", hours[0]))
        .json(put)
        .send()
        .await
        .assert_status(200);
    app.manager().sign_in().await;
    let before = app.dump();
    carry_out(&app, "2026-11-01", &shown["plan"]).await.problem(409);
    let form = [("from", "2026-11-01"), ("plan", shown["plan"].as_str().unwrap())];
    let page = app.manager().post("/time-entries/repricing").form(form).htmx().send().await;
    page.assert_status(409).assert_fragment().assert_text(".callout-bad", "look at it again");
    page.assert_count("#changes tbody tr", 2);
    app.assert_unchanged(&before);
    let plan = page.attributes("input[name=plan]", "value");
    let form = [("from", "2026-11-01"), ("plan", plan[0].as_str())];
    app.manager().post("/time-entries/repricing").form(form).send().await.assert_redirect("/rates");
    assert_eq!(rates_of(&app), [Some(9_500), Some(9_500), Some(9_000)]);
}

#[actix_web::test]
async fn costs_are_repriced_on_billed_hours_too_since_no_invoice_holds_them() {
    let app = TestApp::new().await;
    three_weeks(&app);
    let tom = app.member().id();
    let body = json!({"kind": "cost", "user_id": tom, "amount": 45});
    app.api(Role::Owner).post("/api/rates").json(body).send().await.assert_status(200);
    let shown = preview(&app, "from=2026-11-01&kind=cost").await;
    assert_eq!(shown["changes"].as_array().unwrap().len(), 3);
    let body = json!({"from": "2026-11-01", "kind": "cost", "plan": shown["plan"]});
    app.api(Role::Manager).post("/api/time-entries/repricing").json(body).send().await.assert_status(200);
    assert!(entries(&app).iter().all(|entry| entry.cost_rate_cents == Some(4_500)));
    assert_eq!(rates_of(&app), [Some(9_000); 3], "prices are another question");
}

#[actix_web::test]
async fn hours_priced_by_hand_or_written_off_keep_their_price() {
    let app = TestApp::new().await;
    let (_, hours) = three_weeks(&app);
    let put = json!({"task_id": 1, "date": "2026-11-04", "duration": "1", "rate": 200, "version": 1});
    app.api(Role::Manager)
        .put(format!("/api/time-entries/{}", hours[0]))
        .json(put)
        .send()
        .await
        .assert_status(200);
    let path = format!("/time-entries/{}/write-off", hours[1]);
    app.manager().post(path).form([("reason", "Goodwill")]).send().await.assert_status(303);
    let shown = preview(&app, "from=2026-11-01").await;
    let reasons: Vec<&str> =
        shown["skipped"].as_array().unwrap().iter().map(|row| row["skipped"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["Priced by hand", "Written off", "On a draft"]);
    assert_eq!(shown["changes"], json!([]));
}
