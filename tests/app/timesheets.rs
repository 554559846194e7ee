//! Weeks that are handed in, approved and reopened; the lock date with its days of grace; overlap.

use bureau::auth::policy::Role;
use serde_json::{Value, json};

use crate::support::{Page, TestApp, day};
use crate::time_entries::{claim, entries, only, post_json, work};

const WEEK: &str = "2026-W47";

async fn submit(app: &TestApp) -> Value {
    let page =
        app.api(Role::Member).post("/api/time-entries/submission").json(json!({"week": WEEK})).send().await;
    page.assert_status(200);
    page.json()
}

async fn decide(app: &TestApp, decision: &str, version: i64) -> Page {
    let body = json!({"user_id": app.member().id(), "week": WEEK, "decision": decision, "reason": "Two hours are missing", "version": version});
    app.api(Role::Manager).put("/api/time-entries/approvals").json(body).send().await
}

async fn settings(app: &TestApp, mut body: Value) {
    let stored = app.api(Role::Owner).get("/api/settings/time").send().await.json();
    body["version"] = stored["version"].clone();
    app.api(Role::Owner).put("/api/settings/time").json(body).send().await.assert_status(200);
}

#[actix_web::test]
async fn a_week_is_handed_in_approved_and_reopened_with_a_reason() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-18"), 5_400);
    tom.get(format!("/time-entries?week={WEEK}"))
        .send()
        .await
        .assert_has("form[action='/time-entries/submission']");
    let sheet = submit(&app).await;
    assert_eq!((&sheet["status"], &sheet["seconds"]), (&json!("submitted"), &json!(5_400)));
    let seen = sheet["version"].as_i64().unwrap();
    assert_eq!(submit(&app).await["version"], seen, "a second time changes nothing");
    let page = app.manager().get(format!("/time-entries/approvals?week={WEEK}")).send().await;
    page.assert_text("#people", "Tom")
        .assert_text("#people", "1:30 logged")
        .assert_text("#people", "Handed in");
    page.assert_text(".callout", "Waiting for approval");
    decide(&app, "approve", 7).await.problem(409);
    assert_eq!(decide(&app, "approve", seen).await.json()["status"], "approved");
    tom.get(format!("/time-entries?week={WEEK}"))
        .send()
        .await
        .assert_text(".callout", "is approved")
        .assert_no("td input");
    let withdrawn = tom.token().delete(format!("/api/time-entries/submission?week={WEEK}")).send().await;
    withdrawn.problem(409);
    let form = [
        ("user_id", tom.id().to_string()),
        ("week", WEEK.into()),
        ("decision", "reopen".into()),
        ("version", (seen + 1).to_string()),
    ];
    let page = app.manager().post("/time-entries/approvals").form(form).send().await;
    page.assert_status(422).assert_text("[data-error=reason]", "Can't be blank");
    assert_eq!(decide(&app, "reopen", seen + 1).await.json()["reason"], "Two hours are missing");
    let page = tom.get(format!("/time-entries?week={WEEK}")).send().await;
    page.assert_text(".callout", "Two hours are missing").assert_has("td input");
    assert_eq!(submit(&app).await["version"], seen + 3);
    let log: Vec<String> = app.activity().into_iter().filter(|line| line.contains("timesheet")).collect();
    assert_eq!(log.len(), 4);
    assert_eq!(log[3], "submitted timesheet: Tom, 16 to 22 November");
}

#[actix_web::test]
async fn a_week_that_was_taken_back_and_handed_in_anew_is_not_approved_as_it_was_seen_before() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-18"), 7_200);
    let seen = submit(&app).await["version"].as_i64().unwrap();
    let path = format!("/api/time-entries/submission?week={WEEK}");
    tom.token().delete(&path).send().await.assert_status(204);
    app.entry(tom.id(), task, day("2026-11-19"), 64_800);
    submit(&app).await;
    decide(&app, "approve", seen).await.problem(409);
    assert_eq!(app.count_where("timesheets", "status = 'approved'"), 0);
}

#[actix_web::test]
async fn hours_of_a_week_that_is_handed_in_do_not_change_until_it_is_taken_back() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-18"), 3_600);
    submit(&app).await;
    tom.sign_in().await;
    let before = app.dump();
    let body = json!({"task_id": task, "date": "2026-11-18", "duration": "2", "version": 1});
    let path = format!("/api/time-entries/{id}");
    let problem = tom.token().put(&path).json(body.clone()).send().await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("handed in"), "{problem}");
    tom.token().delete(&path).send().await.problem(409);
    post_json(&app, json!({"task_id": task, "date": "2026-11-17", "duration": "1"})).await.problem(409);
    let cell = format!("c_{project}_{task}_2026-11-17");
    tom.post("/time-entries/grid")
        .form([("week", WEEK), (&cell, "1")])
        .htmx()
        .send()
        .await
        .assert_status(409);
    app.assert_unchanged(&before);
    // Behind the verbs' back the database refuses as well.
    for sql in [
        "UPDATE time_entries SET duration_seconds = 1",
        "UPDATE time_entries SET rate_cents = 1",
        "UPDATE time_entries SET local_on = '2026-12-01'",
        "DELETE FROM time_entries",
    ] {
        assert!(app.execute_refused(sql).contains("locked"), "{sql}");
    }
    // An invoice may still take them.
    claim(&app, id);
    assert_eq!(app.count("billed_entries"), 1);
    app.execute("DELETE FROM billed_entries");
    let form = [("week", WEEK)];
    tom.post("/time-entries/submission/withdrawal").form(form).send().await.assert_status(303);
    tom.token().put(&path).json(body).send().await.assert_status(200);
}

#[actix_web::test]
async fn who_runs_the_agency_goes_past_a_lock_with_a_reason_in_the_log() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let id = app.entry(app.member().id(), task, day("2026-11-18"), 3_600);
    submit(&app).await;
    let path = format!("/api/time-entries/{id}");
    let body = json!({"task_id": task, "date": "2026-11-18", "duration": "2", "version": 1, "lock_reason": "Typing slip"});
    app.api(Role::Manager).put(&path).json(body.clone()).send().await.problem(422);
    assert_eq!(only(&app).duration_seconds, 3_600);
    app.owner().get(format!("/time-entries/{id}/edit")).send().await.assert_has("[name=lock_reason]");
    app.manager().get(format!("/time-entries/{id}/edit")).send().await.assert_no("[name=lock_reason]");
    app.api(Role::Owner).put(&path).json(body).send().await.assert_status(200);
    assert_eq!((only(&app).duration_seconds, app.count("lifted_locks")), (7_200, 0));
    assert_eq!(app.activity()[0], "overrode time_entry: locked hours");
    let body = json!({"task_id": task, "date": "2026-11-18", "duration": "3", "version": 2});
    app.api(Role::Owner).put(&path).json(body).send().await.problem(409);
}

#[actix_web::test]
async fn a_week_with_a_running_timer_or_one_that_has_not_begun_is_not_handed_in() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    app.running_timer(app.member().id(), task, 600);
    for week in [WEEK, "2026-W48"] {
        let body = json!({"week": week});
        app.api(Role::Member).post("/api/time-entries/submission").json(body).send().await.problem(409);
    }
    assert_eq!(app.count("timesheets"), 0);
}

#[actix_web::test]
async fn the_lock_moves_on_by_itself_when_the_days_of_grace_are_over() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-13"), 3_600);
    // Today is Thursday the 19th: the week that ended on the 15th has its days of grace until the 20th.
    settings(&app, json!({"overlap": "allow", "lock_after_days": 5})).await;
    let put = |version: i64| {
        let body = json!({"task_id": task, "date": "2026-11-13", "duration": "2", "version": version});
        tom.token().put(format!("/api/time-entries/{id}")).json(body).send()
    };
    put(1).await.assert_status(200);
    app.clock.advance(2 * 86_400);
    let problem = put(2).await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("up to 15 Nov 2026 are locked"), "{problem}");
    settings(&app, json!({"overlap": "allow", "locked_until": "2026-11-10"})).await;
    put(2).await.assert_status(200);
    assert!(app.execute_refused("UPDATE time_entries SET local_on = '2026-11-10'").contains("locked"));
    let page = app.owner().post("/settings/time").form([
        ("overlap", "allow"),
        ("lock_after_days", "900"),
        ("version", "1"),
    ]);
    page.htmx()
        .send()
        .await
        .assert_status(422)
        .assert_text("[data-error=lock_after_days]", "Must be a whole number");
    let page = app.owner().post("/settings/time").form([("overlap", "warn"), ("version", "1")]);
    page.htmx().send().await.assert_status(409).assert_text(".conflict", "Overlap");
    app.manager().get("/settings/time").send().await.assert_status(403);
}

#[actix_web::test]
async fn re_pricing_leaves_locked_hours_alone_and_says_so() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    app.entry(app.member().id(), task, day("2026-11-18"), 3_600);
    submit(&app).await;
    let plan = app.api(Role::Manager).get("/api/time-entries/repricing?from=2026-11-01").send().await.json();
    assert_eq!((&plan["changes"], &plan["skipped"][0]["skipped"]), (&json!([]), &json!("Locked")));
}

#[actix_web::test]
async fn hours_overlap_are_warned_of_or_refused_as_the_agency_says_and_touching_ends_do_not() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    let log = |range: &str| json!({"task_id": task, "date": "2026-11-18", "duration": range});
    post_json(&app, log("9-10:30")).await.assert_status(201);
    post_json(&app, log("10-11")).await.assert_status(201);
    settings(&app, json!({"overlap": "forbid"})).await;
    let problem = post_json(&app, log("10:45-12")).await.problem(422);
    assert!(
        problem["errors"]["duration"].to_string().contains("overlaps 10:00–11:00 on Homepage"),
        "{problem}"
    );
    post_json(&app, log("11-12")).await.assert_status(201);
    post_json(&app, log("8-9")).await.assert_status(201);
    assert_eq!(entries(&app).len(), 4);
    // An entry does not overlap itself.
    let body = json!({"task_id": task, "date": "2026-11-18", "duration": "11-12:30", "version": 1});
    tom.token()
        .put(format!("/api/time-entries/{}", entries(&app)[2].id))
        .json(body)
        .send()
        .await
        .assert_status(200);
    // What still runs lies over what ends after it began.
    app.running_timer(tom.id(), task, 3_600);
    let today = |range: &str| json!({"task_id": task, "date": "2026-11-19", "duration": range});
    let problem = post_json(&app, today("9:45-10:30")).await.problem(422);
    assert!(problem["errors"]["duration"].to_string().contains("overlaps since 09:31"), "{problem}");
    post_json(&app, today("9-9:31")).await.assert_status(201);
    settings(&app, json!({"overlap": "warn"})).await;
    let form = [("task_id", task.to_string()), ("date", "2026-11-18".into()), ("duration", "9-9:30".into())];
    let page = tom.post("/time-entries").form(form).send().await;
    assert!(page.flash().contains("It overlaps 09:00–10:30 on Homepage."), "{}", page.flash());
}

#[actix_web::test]
async fn hours_that_name_no_start_are_put_where_nothing_else_is() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    settings(&app, json!({"overlap": "forbid"})).await;
    let log = |on: &str, typed: &str| json!({"task_id": task, "date": on, "duration": typed});
    // The last entry ran into the next day: the first goes to the morning, the second after it, not over it.
    for (typed, start) in [
        ("22-1", "2026-11-17T21:00:00Z"),
        ("2", "2026-11-17T08:00:00Z"),
        ("2", "2026-11-17T10:00:00Z"),
        ("9", "2026-11-17T12:00:00Z"),
        ("3", "2026-11-16T23:00:00Z"),
    ] {
        let logged = post_json(&app, log("2026-11-17", typed)).await;
        assert_eq!(logged.status, 201, "{typed}: {}", logged.body());
        let at = logged.json()["started_at"].as_str().unwrap().to_owned();
        assert!(at.starts_with(start.trim_end_matches('Z')), "{typed}: {at}, not {start}");
    }
    let full = post_json(&app, log("2026-11-17", "7")).await.problem(422);
    assert!(full["errors"]["duration"].to_string().contains("overlaps"), "{full}");
    // A timer that runs takes the rest of its day.
    app.running_timer(app.member().id(), task, 3_600);
    post_json(&app, log("2026-11-19", "30m")).await.assert_status(201);
    post_json(&app, log("2026-11-19", "2")).await.assert_status(201);
}
