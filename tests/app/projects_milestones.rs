//! Milestones: what is reached can be billed once, and stays as it was billed.

use bureau::auth::policy::Role;
use bureau::projects::milestones::model as milestones;
use bureau::types::ids::{MilestoneId, ProjectId};
use serde_json::json;

use crate::support::TestApp;

fn stored(app: &TestApp, id: MilestoneId) -> milestones::Milestone {
    let (actor, project) = (app.actor(), project_of(app));
    app.read(|conn| milestones::find(conn, &actor, project, id))
}

fn project_of(app: &TestApp) -> ProjectId {
    app.line("SELECT CAST(min(id) AS TEXT) AS line FROM projects").parse().unwrap()
}

#[actix_web::test]
async fn milestones_are_added_reached_on_a_day_and_taken_back() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    let base = format!("/projects/{project}/milestones");
    app.manager().get(format!("{base}/new")).send().await.assert_has("#milestone_form");
    let form = [("title", "Launch"), ("due_on", "2026-11-10"), ("amount", "4,000")];
    app.manager().post(&base).form(form).send().await.assert_redirect(&base);
    let page = app.manager().get(&base).send().await;
    page.assert_text("#milestones", "Launch").assert_text("#milestones .badge", "Late");
    page.assert_text("#milestones", "€4,000.00");
    let id: MilestoneId = app.line("SELECT CAST(id AS TEXT) AS line FROM milestones").parse().unwrap();
    let reach = [("reached_on", "2026-11-18")];
    app.manager().post(format!("{base}/{id}/reach")).form(reach).send().await.assert_redirect(&base);
    let page = app.manager().get(&base).send().await;
    page.assert_text("#milestones .badge", "Ready to bill").assert_text("main", "€4,000.00 ready to bill");
    assert_eq!(app.activity_of(client)[0], "reached milestone: Launch");
    app.manager().post(format!("{base}/{id}/reopen")).send().await.assert_redirect(&base);
    assert_eq!((stored(&app, id).reached_on, stored(&app, id).is_unbilled), (None, false));
    app.manager().delete(format!("{base}/{id}")).send().await.assert_redirect(&base);
    assert_eq!(app.count("milestones"), 0);
}

#[actix_web::test]
async fn a_refused_milestone_says_why_at_the_field_and_keeps_the_text() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let base = format!("/projects/{project}/milestones");
    let form = [("title", ""), ("due_on", "2026-02-30"), ("amount", "0")];
    let page = app.manager().post(&base).form(form).htmx().send().await;
    page.assert_status(422).assert_fragment();
    page.assert_text("[data-error=title]", "Can't be blank.").assert_has("[data-error=due_on]");
    page.assert_has("[data-error=amount]").assert_value("#due_on", "2026-02-30");
    assert_eq!(app.count("milestones"), 0);
    let id = app.milestone(project, "Launch", None);
    let late = [("reached_on", "2026-11-20")];
    app.manager().post(format!("{base}/{id}/reach")).form(late).send().await.assert_status(422);
    assert_eq!(stored(&app, id).reached_on, None);
}

#[actix_web::test]
async fn who_does_not_manage_changes_no_milestone_and_a_member_sees_no_amount() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let id = app.milestone(project, "Launch", Some(432_100));
    let base = format!("/projects/{project}/milestones");
    for visitor in [app.member(), app.bookkeeper()] {
        visitor.post(&base).form([("title", "Mine")]).send().await.assert_status(403);
        let form = [("title", "Mine"), ("version", "1")];
        visitor.post(format!("{base}/{id}")).form(form).send().await.assert_status(403);
        let form = [("reached_on", "2026-11-18")];
        visitor.post(format!("{base}/{id}/reach")).form(form).send().await.assert_status(403);
        visitor.delete(format!("{base}/{id}")).send().await.assert_status(403);
    }
    let other = app.project_named(app.client("Osk"), "Other");
    let form = [("title", "Mine"), ("version", "1")];
    app.owner().post(format!("/projects/{other}/milestones/{id}")).form(form).send().await.assert_status(404);
    assert_eq!((stored(&app, id).title.as_str(), stored(&app, id).version), ("Launch", 1));
    let page = app.member().get(&base).send().await;
    page.assert_text("#milestones", "Launch").assert_no_text("main", "4,321");
    let list = app.api(Role::Member).get(format!("/api{base}")).send().await.json();
    assert!(list["milestones"][0].get("amount_cents").is_none(), "{list}");
    let activity = app.member().get(format!("/projects/{project}/activity")).send().await;
    activity.assert_text("#timeline", "Launch").assert_no_text("#timeline", "4,321");
}

#[actix_web::test]
async fn the_second_of_two_editors_of_a_milestone_sees_both_versions() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let id = app.milestone(project, "Launch", None);
    let path = format!("/projects/{project}/milestones/{id}");
    let page = app.manager().get(format!("{path}/edit")).send().await;
    page.assert_value("#title", "Launch");
    app.owner().post(&path).form([("title", "Theirs"), ("version", "1")]).send().await.assert_status(303);
    let page = app.manager().post(&path).form([("title", "Ours"), ("version", "1")]).send().await;
    page.assert_status(409).assert_text(".versions", "Theirs").assert_text(".versions", "Ours");
    let again = page.fields("#milestone_form");
    app.manager().post(&path).form(again).send().await.assert_status(303);
    assert_eq!(stored(&app, id).title, "Ours");
}

#[actix_web::test]
async fn a_milestone_is_claimed_once_and_then_stays_as_it_was_billed() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    let (launch, party) =
        (app.milestone(project, "Launch", Some(400_000)), app.milestone(project, "Party", None));
    let waits = || app.read(|conn| milestones::unbilled(conn, client, None));
    assert_eq!(waits(), []);
    app.refused(|conn| milestones::claim(conn, &[launch]));
    let actor = app.actor();
    for id in [launch, party] {
        let today = app.today();
        app.write(|conn| milestones::reach(conn, &actor, app.now(), (project, id), today, today));
    }
    let ready = waits();
    assert_eq!((ready.len(), ready[0].id, ready[0].amount_cents), (1, launch, Some(400_000)));
    app.write(|conn| milestones::claim(conn, &[launch]));
    assert_eq!(waits(), []);
    let refusal = app.refused(|conn| milestones::claim(conn, &[launch]));
    assert!(refusal.contains("on an invoice already"), "{refusal}");
    let base = format!("/projects/{project}/milestones/{launch}");
    app.manager().sign_in().await;
    let before = app.dump();
    let form = [("title", "Changed"), ("version", "2")];
    app.manager().post(&base).form(form).send().await.assert_status(409);
    app.manager().post(format!("{base}/reopen")).send().await.assert_status(409);
    app.manager().delete(&base).send().await.assert_status(409);
    for sql in [
        "UPDATE milestones SET amount_cents = 1 WHERE amount_cents > 0",
        "UPDATE milestones SET reached_on = NULL WHERE amount_cents > 0",
        "DELETE FROM milestones WHERE amount_cents > 0",
    ] {
        assert!(app.execute_refused(sql).contains("on an invoice"), "{sql}");
    }
    app.assert_unchanged(&before);
    app.write(|conn| milestones::release(conn, &[launch]));
    assert_eq!(waits().len(), 1);
}

#[actix_web::test]
async fn the_api_adds_changes_reaches_and_deletes_milestones() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let base = format!("/api/projects/{project}/milestones");
    let manager = app.api(Role::Manager);
    let body = json!({ "title": "Launch", "amount": 4000.5, "idempotency_key": "once" });
    let added = manager.post(&base).json(body.clone()).send().await;
    added.assert_status(201);
    manager.post(&base).json(body).send().await.problem(409);
    let id = added.new_id();
    assert_eq!(added.json()["amount_cents"], 400_050);
    let body = json!({ "title": "Launch day", "version": 1 });
    let saved = manager.put(format!("{base}/{id}")).json(body.clone()).send().await;
    saved.assert_status(200);
    assert_eq!(saved.json()["version"], 2);
    manager.put(format!("{base}/{id}")).json(body).send().await.problem(409);
    let body = json!({ "reached_on": "2026-11-18" });
    let reached = manager.post(format!("{base}/{id}/reach")).json(body).send().await;
    assert_eq!(reached.json()["state"], "reached");
    let open = manager.request(actix_web::http::Method::POST, format!("{base}/{id}/reopen")).send().await;
    assert_eq!(open.json()["state"], "planned");
    assert_eq!(manager.get(&base).send().await.json()["milestones"].as_array().unwrap().len(), 1);
    manager.delete(format!("{base}/{id}")).send().await.assert_status(204);
    app.api(Role::Member).post(&base).json(json!({ "title": "Mine" })).send().await.problem(403);
    assert_eq!(app.count("milestones"), 0);
}

#[actix_web::test]
async fn a_fixed_price_is_billed_once_through_milestones_and_shows_as_a_leak_until_then() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    app.execute("UPDATE projects SET billing_model = 'fixed_price', price_cents = 1000000, status = 'done', version = version + 1");
    app.milestone(project, "Half", Some(400_000));
    let base = format!("/projects/{project}/milestones");
    let page = app.manager().get(&base).send().await;
    page.assert_text("#price", "€6,000.00 of the fixed price are in no milestone yet");
    app.member().get(&base).send().await.assert_no("#price").assert_no_text("main", "€");
    let leaks = app.bookkeeper().get("/time-entries/leaks").send().await;
    leaks.assert_text("#prices", "€6,000.00");
    app.manager().post(format!("{base}/price")).send().await.assert_redirect(&base);
    app.manager().get(&base).send().await.assert_no("#price").assert_text("main", "Rest of the fixed price");
    app.bookkeeper().get("/time-entries/leaks").send().await.assert_no("#prices");
    let close = app.api(Role::Bookkeeper).get("/api/billing/close?month=2026-11").send().await.json();
    assert_eq!(close["clients"][0]["cost_cents"], 600_000, "{close}");
    // What is planned in full is not planned twice, and no price is no price.
    let api = app.api(Role::Manager);
    api.post(format!("/api{base}/price")).send().await.problem(409);
    let hourly = app.project(client);
    api.post(format!("/api/projects/{hourly}/milestones/price")).send().await.problem(409);
    assert_eq!(app.count("milestones"), 2);
}
