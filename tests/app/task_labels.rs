//! Labels: managed on a page of their own, carried by tasks, found by.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::TestApp;
use crate::tasks::form;

#[actix_web::test]
async fn managers_add_rename_and_delete_labels() {
    let app = TestApp::new().await;
    let mara = app.manager();
    app.member().sign_in().await;
    mara.post("/labels").form([("name", "Bug"), ("colour", "c3")]).send().await.assert_redirect("/labels");
    let page = app.member().get("/labels").send().await;
    page.assert_text("#label_1", "Bug").assert_has("#label_1 .dot-3").assert_no("#label_form");
    let page = mara.get("/labels/1/edit").send().await;
    page.assert_value("#name", "Bug").assert_value("#colour", "c3");
    let fields = [("name", "Fault"), ("colour", "c5"), ("version", "1")];
    mara.post("/labels/1").form(fields).send().await.assert_redirect("/labels");
    mara.post("/labels/1").form([("name", "Late"), ("version", "1")]).send().await.assert_status(409);
    assert_eq!(app.line("SELECT name || ' ' || colour AS line FROM labels"), "Fault c5");
    assert_eq!(app.activity()[..2], ["updated label: Fault", "created label: Bug"]);
    mara.delete("/labels/1").htmx().send().await.assert_redirect("/labels");
    assert_eq!(app.count("labels"), 0);
}

#[actix_web::test]
async fn no_two_labels_read_alike_and_members_leave_them_alone() {
    let app = TestApp::new().await;
    app.label("Größe");
    app.manager().sign_in().await;
    app.member().sign_in().await;
    let before = app.dump();
    let page = app.manager().post("/labels").form([("name", "GRÖSSE")]).htmx().send().await;
    page.assert_status(422).assert_fragment().assert_text("[data-error=name]", "another label already");
    page.assert_value("#name", "GRÖSSE");
    for (name, colour) in [("", "c1"), ("Fine", "c9"), (&"x".repeat(41), "c1")] {
        let page = app.manager().post("/labels").form([("name", name), ("colour", colour)]).send().await;
        page.assert_status(422);
    }
    app.member().post("/labels").form([("name", "Mine")]).send().await.assert_status(403);
    app.member().delete("/labels/1").send().await.assert_status(403);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_task_carries_labels_and_a_priority_and_is_found_by_them() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    let (bug, copy) = (app.label("Bug"), app.label("Copy"));
    let other = app.task_named(project, "Other");
    let mut fields = form(project, "Fix the cart", &[("priority", "urgent"), ("is_client_visible", "true")]);
    fields.extend([bug, copy].map(|id| ("labels".to_owned(), id.to_string())));
    let path = app.member().post("/tasks").form(fields).send().await.location();
    let page = app.member().get(&path).send().await;
    page.assert_text(".marks", "Urgent").assert_text(".meta", "The client can see it");
    assert_eq!(page.texts(".page-head .tag"), ["Bug", "Copy"]);
    for query in ["priority=urgent", &format!("label={bug}"), &format!("label={copy}&priority=urgent")] {
        let list = app.member().get(format!("/tasks?{query}")).htmx().send().await;
        list.assert_text("#tasks-table", "Fix the cart").assert_no(&format!("#{}", other.dom()));
    }

    let page = app.member().get(format!("{path}/edit")).send().await;
    page.assert_count("[name=labels][checked]", 2).assert_value("#priority", "urgent");
    let mut fields = page.fields("#task_form");
    fields.retain(|(name, value)| name != "labels" || *value == copy.to_string());
    app.member().post(&path).form(fields).send().await.assert_redirect(&path);
    assert_eq!(app.count("task_labels"), 1);
    app.member().get(&path).send().await.assert_text(".timeline", "Labels: Bug, Copy → Copy");

    app.manager().delete(format!("/labels/{copy}")).send().await.assert_status(303);
    assert_eq!((app.count("task_labels"), app.count("tasks")), (0, 2));
}

#[actix_web::test]
async fn a_label_that_is_not_there_is_refused_at_its_field() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.label("Bug");
    for id in ["99", "bug"] {
        let fields = form(project, "Fix the cart", &[("labels", id)]);
        let page = app.member().post("/tasks").form(fields).send().await;
        page.assert_status(422).assert_has("[data-error=labels]").assert_value("#title", "Fix the cart");
    }
    assert_eq!(app.count("tasks"), 0);
}

#[actix_web::test]
async fn the_api_of_labels_follows_the_same_rules() {
    let app = TestApp::new().await;
    let (mara, tom) = (app.api(Role::Manager), app.api(Role::Member));
    let created = mara.post("/api/labels").json(json!({ "name": "Bug", "colour": "c4" })).send().await;
    created.assert_status(201);
    let path = created.header("location").unwrap();
    assert_eq!(tom.get(&path).send().await.json()["colour"], "c4");
    assert_eq!(tom.get("/api/labels").send().await.json()["meta"]["count"], 1);
    mara.post("/api/labels").json(json!({ "name": "bug" })).send().await.problem(422);
    tom.post("/api/labels").json(json!({ "name": "Mine" })).send().await.problem(403);
    let saved = mara.put(&path).json(json!({ "name": "Fault", "version": 1 })).send().await.json();
    assert_eq!((&saved["name"], &saved["colour"]), (&json!("Fault"), &json!("c1")));
    mara.put(&path).json(json!({ "name": "Late", "version": 1 })).send().await.problem(409);

    let project = app.project(app.client("Halden"));
    let body = json!({ "project_id": project, "title": "Fix", "labels": [saved["id"]], "priority": "high" });
    let task = tom.post("/api/tasks").json(body).send().await.json();
    assert_eq!((&task["labels"][0]["name"], &task["priority"]), (&json!("Fault"), &json!("high")));
    assert_eq!(tom.get(format!("/api/tasks?label={}", saved["id"])).send().await.json()["meta"]["count"], 1);
    mara.delete(&path).send().await.assert_status(204);
    mara.get(&path).send().await.problem(404);
}
