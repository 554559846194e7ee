//! The timer: one a person, started, stopped and forgotten.

use bureau::auth::policy::Role;
use bureau::time_entries::model::TimeEntry;
use bureau::types::ids::TaskId;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::time_entries::{at, entries, log, only, work};

#[actix_web::test]
async fn starting_a_timer_stops_the_one_before_at_the_same_instant() {
    let app = TestApp::new().await;
    let (project, homepage) = work(&app);
    let imprint = app.task_named(project, "Imprint");
    let tom = app.member();
    let start = async |task: TaskId| {
        tom.post("/time-entries/timer")
            .header("referer", "http://localhost/tasks")
            .header("host", "localhost")
            .form([("task_id", task.to_string())])
            .send()
            .await
    };
    start(homepage).await.assert_redirect("/tasks");
    app.clock.advance(90 * 60 + 7);
    let page = tom.get("/time-entries").send().await;
    page.assert_text("#timer output", "1:30:07").assert_text("#timer .label", "Homepage · Northwind");
    page.assert_has(".sheet-grid .cell.running");
    let switched = start(imprint).await;
    assert!(
        switched.flash().contains("Imprint") && switched.flash().contains("1:30"),
        "{}",
        switched.flash()
    );
    app.clock.advance(600);
    tom.post("/time-entries/timer/stop")
        .form([("ended_at", "")])
        .send()
        .await
        .assert_redirect("/time-entries");
    let again = tom.post("/time-entries/timer/stop").form([("ended_at", "")]).send().await;
    again.assert_redirect("/time-entries");
    assert_eq!(again.flash(), "No timer was running.");
    let [first, second] = <[TimeEntry; 2]>::try_from(entries(&app)).unwrap();
    assert_eq!((first.duration_seconds, first.amount_cents, first.is_unbilled), (5_407, 14_268, true));
    assert_eq!(first.ended_at, Some(second.started_at));
    assert_eq!((second.duration_seconds, second.is_running()), (600, false));
    assert_eq!(
        log(&app),
        [
            "stopped timer: Imprint",
            "started timer: Imprint",
            "stopped timer: Homepage",
            "started timer: Homepage"
        ]
    );
}

#[actix_web::test]
async fn the_form_starts_a_timer_with_its_second_button() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    let page = tom.get(format!("/time-entries/new?task_id={task}")).send().await;
    page.assert_value("#project_id", &project.to_string()).assert_value("#task_id", &task.to_string());
    page.assert_has("button[formaction='/time-entries/timer']").assert_value("#date", "2026-11-19");
    let fields = page.fields("#time_entry_form");
    tom.post("/time-entries/timer").form(fields).htmx().send().await.assert_redirect("/time-entries");
    assert!(only(&app).is_running());
    let empty = tom.post("/time-entries/timer").form([("note", "Something")]).htmx().send().await;
    empty
        .assert_status(422)
        .assert_text("[data-error=project_id]", "Can't be blank")
        .assert_value("#note", "Something");
    assert!(only(&app).is_running());
}

#[actix_web::test]
async fn ten_starts_at_once_leave_one_running_and_no_empty_hours() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.api(Role::Member);
    let starts = (0..10).map(|number| {
        tom.post("/api/time-entries/timer").json(json!({"task_id": task, "note": number.to_string()})).send()
    });
    for page in futures_util::future::join_all(starts).await {
        page.assert_status(201);
    }
    assert!(only(&app).is_running());
    // Ten times the same is once.
    let again = (0..10).map(|_| tom.post("/api/time-entries/timer").json(json!({"task_id": task})).send());
    let before = only(&app);
    for page in futures_util::future::join_all(again).await {
        page.assert_status(200);
        assert_eq!(page.json()["id"], before.id.0);
    }
    assert_eq!(only(&app).version, before.version);
    tom.delete("/api/time-entries/timer").send().await.assert_status(204);
    assert_eq!(app.count("time_entries"), 0, "no time, no hours");
}

#[actix_web::test]
async fn stopping_a_timer_keeps_what_was_edited_at_the_same_moment() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.api(Role::Member);
    for round in 0..8 {
        let id = app.running_timer(app.member().id(), task, 3_600);
        let body = json!({"task_id": task, "date": "2026-11-19", "starts_at": "09:31", "note": "Moved", "version": 1});
        let edit = tom.put(format!("/api/time-entries/{id}")).json(body).send();
        let stop = tom.delete("/api/time-entries/timer").send();
        let (edited, stopped) = futures_util::future::join(edit, stop).await;
        stopped.assert_status(200);
        let entry = entries(&app).into_iter().find(|entry| entry.id == id).unwrap();
        let elapsed = entry.ended_at.unwrap().seconds_since(entry.started_at);
        assert_eq!(entry.duration_seconds, elapsed, "round {round}");
        // An edit is either in the hours that were logged or was refused.
        assert_eq!(edited.status == 200, entry.note == "Moved", "round {round}: {}", edited.status);
        tom.delete(format!("/api/time-entries/{id}")).send().await.assert_status(204);
    }
}

#[actix_web::test]
async fn the_database_holds_that_nobody_runs_two_timers() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member().id();
    app.running_timer(tom, task, 60);
    let refused = app.refused(|conn| {
        Ok(diesel::sql_query(format!(
            "INSERT INTO time_entries (user_id, client_id, project_id, started_at, time_zone, local_on, is_billable, is_unbilled, created_at, updated_at) \
             SELECT user_id, client_id, project_id, started_at, time_zone, local_on, is_billable, is_unbilled, created_at, updated_at FROM time_entries WHERE user_id = {tom}"
        ))
        .execute(conn)?)
    });
    assert!(refused.to_lowercase().contains("unique"), "{refused}");
}

#[actix_web::test]
async fn a_forgotten_timer_is_flagged_and_asks_when_the_work_ended() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.running_timer(tom.id(), task, 11 * 3_600);
    let page = tom.get("/time-entries").send().await;
    page.assert_text("#timer", "more than 10 hours").assert_text(".list .badge-warn", "over 10 hours");
    app.clock.advance(14 * 3_600);
    tom.forget();
    let asked = tom.post("/time-entries/timer/stop").form([("ended_at", "")]).send().await;
    asked.assert_status(422).assert_full_page().assert_text("[data-error=ended_at]", "24 hours");
    let switching = tom.post("/time-entries/timer").form([("task_id", task.to_string())]).send().await;
    switching.assert_status(422).assert_has("#stop_form input[name=task_id]");
    assert!(only(&app).is_running());
    for (ended_at, message) in [
        ("2026-11-17T09:00", "before the start"),
        ("2027-01-01T09:00", "Lies ahead"),
        ("yesterday", "Is not a day and time"),
    ] {
        let refused = tom.post("/time-entries/timer/stop").form([("ended_at", ended_at)]).htmx().send().await;
        refused.assert_status(422).assert_fragment().assert_text("[data-error=ended_at]", message);
        refused.assert_value("#ended_at", ended_at);
    }
    // Started at 22:31 UTC the evening before, 23:31 in Berlin.
    tom.post("/time-entries/timer/stop")
        .form([("ended_at", "2026-11-19T01:01")])
        .send()
        .await
        .assert_status(303);
    assert_eq!(only(&app).duration_seconds, 5_400);
}

#[actix_web::test]
async fn a_running_entry_can_be_edited_and_discarded() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let imprint = app.task_named(project, "Imprint");
    let tom = app.member();
    let id = app.running_timer(tom.id(), task, 600);
    let page = tom.get(format!("/time-entries/{id}/edit")).send().await;
    let mut fields = page.fields("#time_entry_form");
    for (name, value) in &mut fields {
        match name.as_str() {
            "task_id" => *value = imprint.to_string(),
            "starts_at" => *value = "10:00".into(),
            _ => {}
        }
    }
    tom.post(format!("/time-entries/{id}")).form(fields).send().await.assert_status(303);
    let entry = only(&app);
    assert_eq!((entry.task_id, entry.is_running()), (Some(imprint), true));
    assert_eq!((entry.started_at, entry.rate_cents), (at("2026-11-19T09:00:00Z"), Some(9_500)));
    tom.delete(format!("/time-entries/{id}")).htmx().send().await.assert_redirect("/time-entries");
    assert_eq!(app.count("time_entries"), 0);
    assert_eq!(log(&app)[0], "deleted time_entry: Imprint");
}

#[actix_web::test]
async fn the_api_runs_the_timer() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.api(Role::Member);
    tom.get("/api/time-entries/timer").send().await.assert_status(204);
    tom.delete("/api/time-entries/timer").send().await.assert_status(204);
    let started = tom.post("/api/time-entries/timer").json(json!({"task_id": task})).send().await;
    started.assert_status(201);
    assert_eq!(started.json()["is_running"], true);
    app.clock.advance(120);
    let running = tom.get("/api/time-entries/timer").send().await.json();
    assert_eq!((&running["duration_seconds"], &running["billing"]), (&json!(120), &Value::Null));
    let stopped = tom.delete("/api/time-entries/timer").send().await.json();
    assert_eq!((&stopped["duration_seconds"], &stopped["is_running"]), (&json!(120), &json!(false)));
    tom.post("/api/time-entries/timer").json(json!({"task_id": task})).send().await.assert_status(201);
    app.clock.advance(25 * 3_600);
    let problem = tom.delete("/api/time-entries/timer").send().await.problem(422);
    assert!(problem["errors"]["ended_at"].as_str().unwrap().contains("24 hours"));
    let stopped = tom.delete("/api/time-entries/timer?ended_at=2026-11-19T10:00:00Z").send().await.json();
    assert_eq!(stopped["duration_seconds"], 27 * 60);
}

#[actix_web::test]
async fn a_timer_takes_no_hours_that_were_typed() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let body = json!({ "task_id": task, "duration": "9-10:45" });
    let problem = app.api(Role::Member).post("/api/time-entries/timer").json(body).send().await.problem(422);
    assert!(problem["errors"]["duration"].as_str().unwrap().contains("a timer counts"), "{problem}");
    let form = [("task_id", task.to_string()), ("duration", "9-10:45".to_owned())];
    let page = app.member().post("/time-entries/timer").form(form).send().await;
    page.assert_status(422).assert_value("[name=duration]", "9-10:45");
    assert_eq!(app.count("time_entries"), 0);
}
