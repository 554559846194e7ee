//! The sample agency: sound, loaded once, and shown on the dashboard.

use crate::support::TestApp;

#[actix_web::test]
async fn an_empty_agency_is_told_how_to_begin() {
    let app = TestApp::new().await;
    let page = app.owner().get("/").send().await;
    page.assert_status(200);
    page.assert_text(".lede", "Start by adding your first client.");
    page.assert_has("svg[aria-label='No hours this week yet.']");
}

#[actix_web::test]
async fn the_sample_agency_shows_what_is_owed_and_what_waits() {
    let app = TestApp::empty().await;
    bureau::demo::load(&app.data, 1).unwrap();
    let credentials = [("email", bureau::demo::EMAIL), ("password", bureau::demo::PASSWORD)];
    let door = app.anonymous().post("/login").form(credentials).send().await;
    let cookie = format!("bureau={}", door.cookie("bureau").unwrap());
    let page = app.anonymous().get("/").cookie(&cookie).send().await;
    page.assert_status(200);
    for href in ["/billing?status=open", "/billing/close?month=2026-11", "/tasks?assignee=me"] {
        page.assert_has(&format!("dl.strip a[href='{href}']"));
    }
    page.assert_has("dl.strip a[href^='/time-entries/all?from=']");
    page.assert_has("section[aria-label='Your week'] a[href='/time-entries']");
    page.assert_text("#timer", "Fix free-shipping threshold in cart");
    page.assert_has("section[aria-label='Your tasks'] li");
    page.assert_text("section[aria-label='Latest activity']", "started the timer on");
    let times = page.attributes("section[aria-label='Latest activity'] time", "datetime");
    assert!(times.len() == 10 && times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
}

#[actix_web::test]
async fn the_sample_agency_is_sound_and_loads_once() {
    let app = TestApp::empty().await;
    bureau::demo::load(&app.data, 2).unwrap();
    let report = bureau::doctor::examine(&app.data).unwrap();
    assert!(report.is_healthy(), "{report}");
    let refusal = bureau::demo::load(&app.data, 1).unwrap_err();
    assert!(refusal.to_string().contains("in use"), "{refusal}");
}

#[actix_web::test]
async fn a_member_sees_no_amount() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let project = app.project(client);
    app.project_rate(project, 9_000);
    let task = app.task_for(project, "Homepage", Some(app.member().id()), Some(app.today()));
    app.entry(app.member().id(), task, app.today(), 3_600);
    app.issued_invoice(client, 100_000, app.today());
    let seen = app.owner().get("/").send().await;
    assert!(seen.text().contains("€1,190") && seen.text().contains("€90"), "{}", seen.text());
    let page = app.member().get("/").send().await;
    page.assert_status(200).assert_text("section[aria-label='Your tasks'] li", "Homepage");
    assert!(!page.text().contains('€'), "{}", page.text());
    assert!(!page.text().contains("INV-"), "{}", page.text());
    page.assert_no("a[href^='/billing']");
    for path in [format!("/tasks/{task}"), format!("/clients/{client}"), "/time-entries".into()] {
        let page = app.member().get(&path).send().await;
        page.assert_status(200);
        assert!(!page.text().contains('€'), "{path}: {}", page.text());
    }
}
