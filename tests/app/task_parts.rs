//! Checklists, and tasks that wait for others.

use bureau::auth::policy::Role;
use bureau::tasks::dependencies::model as dependencies;
use bureau::types::ids::TaskId;
use proptest::prelude::*;
use serde_json::json;

use crate::support::TestApp;

/// Titles of a task's steps in their order, each ticked one with an x.
fn steps(app: &TestApp, task: TaskId) -> Vec<String> {
    app.read(|conn| bureau::tasks::checklist::model::of_task(conn, task))
        .into_iter()
        .map(|step| format!("{}{}", if step.is_done { "x " } else { "" }, step.title))
        .collect()
}

#[actix_web::test]
async fn steps_are_added_by_the_line_ticked_renamed_moved_and_deleted() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let task = app.task(app.project(client));
    let base = format!("/tasks/{task}/checklist");
    let tom = app.member();
    let part = tom.post(&base).form([("title", "- Sketch\n\n* Build\r\nTest")]).htmx().send().await;
    part.assert_status(200).assert_fragment().assert_count("#checklist li", 3);
    tom.post(&base)
        .form([("title", "Ship")])
        .send()
        .await
        .assert_redirect(&format!("/tasks/{task}#checklist"));
    assert_eq!(steps(&app, task), ["Sketch", "Build", "Test", "Ship"]);

    let part = tom.post(format!("{base}/2")).form([("is_done", "true")]).htmx().send().await;
    part.assert_text("#checklist", "1 of 4").assert_has("#step_2 [aria-pressed=true]");
    let page = tom.get(format!("/tasks/{task}")).send().await;
    page.assert_text(".page-head .marks", "1/4").assert_text(".timeline", "Checklist: 0 of 4 → 1 of 4");
    tom.post(format!("{base}/1"))
        .form([("title", "Sketch twice"), ("version", "1")])
        .send()
        .await
        .assert_status(303);
    tom.post(format!("{base}/1")).form([("title", "Late"), ("version", "1")]).send().await.assert_status(409);
    for (id, to) in [(4, "top"), (1, "down"), (3, "up"), (4, "bottom"), (4, "down")] {
        tom.post(format!("{base}/{id}/place")).form([("to", to)]).send().await.assert_status(303);
    }
    assert_eq!(steps(&app, task), ["x Build", "Test", "Sketch twice", "Ship"]);
    tom.delete(format!("{base}/3")).htmx().send().await.assert_status(200).assert_count("#checklist li", 3);
    assert_eq!(steps(&app, task), ["x Build", "Sketch twice", "Ship"]);
    assert_eq!(app.activity_of(client).len(), 6, "{:?}", app.activity_of(client));
}

#[actix_web::test]
async fn a_refused_step_keeps_what_was_typed_and_changes_nothing() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let elsewhere = app.task(app.project(app.client("Osk")));
    app.member()
        .post(format!("/tasks/{task}/checklist"))
        .form([("title", "Sketch")])
        .send()
        .await
        .assert_status(303);
    app.bookkeeper().sign_in().await;
    let before = app.dump();
    let base = format!("/tasks/{task}/checklist");
    let long = "x".repeat(201);
    let part = app.member().post(&base).form([("title", long.as_str())]).htmx().send().await;
    part.assert_status(422)
        .assert_fragment()
        .assert_has("[data-error=title]")
        .assert_value("#step_title", &long);
    app.member().post(&base).form([("title", " \n ")]).send().await.assert_status(422).assert_full_page();
    let many = "x\n".repeat(200);
    app.member().post(&base).form([("title", many.as_str())]).send().await.assert_status(422);
    app.member().post(format!("{base}/1")).form([("title", "")]).send().await.assert_status(422);
    app.member().post(format!("{base}/1/place")).form([("to", "left")]).send().await.assert_status(422);
    app.bookkeeper().post(&base).form([("title", "Mine")]).send().await.assert_status(403);
    for path in
        [format!("/tasks/{elsewhere}/checklist/1"), format!("{base}/99"), "/tasks/99/checklist/1".into()]
    {
        app.member().post(&path).form([("is_done", "true")]).send().await.assert_status(404);
        app.member().delete(&path).send().await.assert_status(404);
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn the_api_of_checklists_follows_the_same_rules() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let (tom, base) = (app.api(Role::Member), format!("/api/tasks/{task}/checklist"));
    let list = tom.post(&base).json(json!({ "title": "Sketch\nBuild" })).send().await;
    assert_eq!(list.json()["meta"]["count"], 2);
    let id = list.json()["steps"][0]["id"].clone();
    let path = format!("{base}/{id}");
    assert_eq!(tom.put(&path).json(json!({ "is_done": true })).send().await.json()["is_done"], true);
    tom.put(&path).json(json!({ "title": "Late", "version": 1 })).send().await.problem(409);
    let placed = tom.put(format!("{path}/place")).json(json!({ "to": "bottom" })).send().await.json();
    assert_eq!(placed["steps"][1]["id"], id);
    assert_eq!(tom.get(&path).send().await.json()["title"], "Sketch");
    let row = tom.get(format!("/api/tasks/{task}")).send().await.json();
    assert_eq!((&row["steps"], &row["steps_done"]), (&json!(2), &json!(1)));
    tom.delete(&path).send().await.assert_status(204);
    assert_eq!(tom.get(&base).send().await.json()["meta"]["count"], 1);
    tom.delete(format!("/api/tasks/{task}")).send().await.assert_status(204);
    assert_eq!(app.count("checklist_items"), 0, "steps go with their task");
}

#[actix_web::test]
async fn a_task_that_waits_says_so_and_warns_when_it_is_finished() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let (first, second) = (app.task_named(project, "Wireframes"), app.task_named(project, "Design"));
    let tom = app.member();
    let path = format!("/tasks/{second}/dependencies");
    let part = tom.post(&path).form([("blocker_id", first.to_string())]).htmx().send().await;
    part.assert_status(200).assert_fragment().assert_text("#waits li", "Wireframes");
    let page = tom.get(format!("/tasks/{second}")).send().await;
    page.assert_text(".callout-warn", "This task waits.").assert_text(".callout-warn", "Wireframes (To do)");
    page.assert_has("form[action$='/closure'][data-confirm]");
    page.assert_text(".timeline", "Waits for: Wireframes");
    tom.get(format!("/tasks/{first}")).send().await.assert_text("#waits", "Waiting for this: Design");
    let list = tom.get("/tasks").send().await;
    list.assert_text(&format!("#{}", second.dom()), "Waits for 1 task");
    let page = tom.post(format!("/tasks/{second}/move")).form([("status", "doing")]).send().await;
    assert_eq!(page.flash(), "Moved to In progress. “Wireframes” is still open.");
    let page = tom.post(format!("/tasks/{second}/closure")).send().await;
    assert_eq!(page.flash(), "Task done, although “Wireframes” is still open.");

    tom.post(format!("/tasks/{second}/reopening")).send().await.assert_status(303);
    tom.post(format!("/tasks/{first}/closure")).send().await.assert_status(303);
    let page = tom.get(format!("/tasks/{second}")).send().await;
    page.assert_no(".callout-warn").assert_text("#waits li", "Done");
    tom.post(format!("{path}/{first}/removal"))
        .send()
        .await
        .assert_redirect(&format!("/tasks/{second}#waits"));
    assert_eq!(app.count("task_dependencies"), 0);
    tom.delete(format!("{path}/{first}")).send().await.assert_status(404);
}

#[actix_web::test]
async fn no_task_waits_for_itself_by_way_of_others_neither() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let [a, b, c] = ["A", "B", "C"].map(|title| app.task_named(project, title));
    let api = app.api(Role::Member);
    let wait = |task: TaskId, other: TaskId| {
        api.post(format!("/api/tasks/{task}/dependencies")).json(json!({ "blocker_id": other })).send()
    };
    wait(a, b).await.assert_status(201);
    wait(b, c).await.assert_status(201);
    wait(a, b).await.assert_status(201);
    for (task, other, why) in [
        (c, a, "waits for this task itself"),
        (a, a, "cannot be the task itself"),
        (a, TaskId(99), "must be one of the choices"),
    ] {
        let problem = wait(task, other).await.problem(422);
        assert_eq!(problem["errors"]["blocker_id"], why);
    }
    assert_eq!(app.count("task_dependencies"), 2);
    let list = api.get(format!("/api/tasks/{b}/dependencies")).send().await.json();
    assert_eq!((&list["blocked_by"][0]["title"], &list["blocks"][0]["title"]), (&json!("C"), &json!("A")));
    app.execute_refused(&format!(
        "INSERT INTO task_dependencies (task_id, blocker_id, created_at) VALUES ({a}, {a}, '2026-11-19 00:00:00')"
    ));
    api.delete(format!("/api/tasks/{a}/dependencies/{b}")).send().await.assert_status(204);
    app.api(Role::Bookkeeper)
        .post(format!("/api/tasks/{a}/dependencies"))
        .json(json!({}))
        .send()
        .await
        .problem(403);
}

#[actix_web::test]
async fn two_that_begin_to_wait_for_each_other_at_once_close_no_circle() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let (a, b) = (app.task_named(project, "A"), app.task_named(project, "B"));
    let (actor, now) = (app.actor(), app.now());
    let other = actor.clone();
    let second = app.meanwhile(
        move |conn| dependencies::add(conn, &other, now, a, b).map(drop),
        |conn| dependencies::add(conn, &actor, now, b, a).map(drop),
    );
    assert!(second.is_err());
    assert_eq!(app.count("task_dependencies"), 1);
}

proptest! {
    #[test]
    fn any_text_makes_steps_or_a_refusal(text in "\\PC{0,60}(\n\\PC{0,60}){0,4}") {
        let form = bureau::tasks::checklist::form::StepForm { title: text, ..Default::default() };
        if let Ok(titles) = form.check() {
            prop_assert!(!titles.is_empty());
            prop_assert!(titles.iter().all(|title| !title.is_empty() && !title.contains('\n')));
        }
    }
}
