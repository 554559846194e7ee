//! The leak report: what it finds, what it leaves out, whom it is for.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::{TestApp, day};
use crate::time_entries::work;

#[actix_web::test]
async fn each_leak_is_shown_with_the_link_that_mends_it() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member().id();
    app.execute("UPDATE users SET created_at = '2026-01-01 00:00:00'");
    let without = app.entry(tom, task, day("2026-11-17"), 3_600);
    app.execute("UPDATE time_entries SET rate_cents = NULL, amount_cents = 0");
    let running = app.running_timer(tom, task, 11 * 3_600);
    let done = app.project_named(app.client("Contoso"), "Shop");
    app.entry(tom, app.task_named(done, "Launch"), day("2026-11-10"), 7_200);
    app.execute("UPDATE projects SET status = 'done', version = version + 1 WHERE name = 'Shop'");
    let page = app.manager().get("/time-entries/leaks").send().await;
    page.assert_status(200).assert_text("#without_rate", "Homepage");
    page.assert_has(&format!("#without_rate a[href='/rates/history?project_id={project}']"));
    page.assert_text("#running_long", "11:00")
        .assert_has(&format!("#running_long a[href='/time-entries/{running}/edit']"));
    page.assert_text("#closed", "Shop").assert_text("#closed", "2:00").assert_text("#closed", "€180.00");
    page.assert_text("#gaps", "Tom").assert_text("#gaps", "18 Nov").assert_text("#gaps", "week 46");
    let found = app.api(Role::Bookkeeper).get("/api/time-entries/leaks").send().await.json();
    assert_eq!((&found["without_rate"], &found["running_long"]), (&json!([without]), &json!([running])));
    assert_eq!(found["closed_projects"], json!([done]));
    assert_eq!((&found["from"], &found["to"]), (&json!("2026-10-19"), &json!("2026-11-18")));
    let gaps = found["gaps"].as_array().unwrap();
    let of_tom = gaps.iter().find(|gaps| gaps["user_id"] == tom.0).unwrap();
    assert_eq!(of_tom["weeks"], json!(["2026-W46"]));
    assert_eq!(of_tom["days"].as_array().unwrap().len(), 21, "23 working days but the 10th and the 17th");
    app.member().get("/time-entries/leaks").send().await.assert_status(403);
}

#[actix_web::test]
async fn what_is_mended_leaks_no_more() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    for on in ["2026-11-16", "2026-11-17", "2026-11-18"] {
        app.entry(tom.id(), task, day(on), 3_600);
    }
    let found = app.api(Role::Owner).get("/api/time-entries/leaks").send().await.json();
    assert_eq!((&found["without_rate"], &found["gaps"]), (&json!([]), &json!([])));
    app.owner().get("/time-entries/leaks").send().await.assert_text(".empty h2", "Nothing leaks");
}

#[actix_web::test]
async fn hours_without_a_rate_leak_however_old_they_are() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let old = app.entry(app.member().id(), task, day("2026-03-02"), 3_600);
    app.execute("UPDATE time_entries SET rate_cents = NULL, amount_cents = 0");
    let found = app.api(Role::Bookkeeper).get("/api/time-entries/leaks").send().await.json();
    assert_eq!(found["without_rate"], json!([old]));
    let page = app.manager().get("/time-entries/leaks").send().await;
    page.assert_has("#without_rate a[href='/time-entries/repricing?from=2026-03-02']");
}
