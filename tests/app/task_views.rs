//! Saved views: a name for a filter, one's own or everybody's.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn a_filter_is_saved_under_a_name_and_stands_above_the_list() {
    let app = TestApp::new().await;
    let tom = app.member();
    let page = tom.get("/tasks?assignee=me&priority=urgent&after=2026-11-19,1").send().await;
    let mut fields = page.fields("form[action='/tasks/views']");
    fields.retain(|(name, _)| name != "name");
    fields.push(("name".into(), "My fires".into()));
    let address = "/tasks?assignee=me&priority=urgent";
    tom.post("/tasks/views").form(fields).send().await.assert_redirect(address);
    let page = tom.get(address).send().await;
    page.assert_text("[aria-label='Saved views'] .chip-on", "My fires");
    tom.get("/tasks").send().await.assert_has(&format!("a.chip[href='{address}']")).assert_no("a.chip-on");
    app.manager().get("/tasks").send().await.assert_no(&format!("a.chip[href='{address}']"));
    tom.get("/tasks/board?client_id=7").send().await.assert_status(200);
}

#[actix_web::test]
async fn a_shared_view_is_everybodys_to_use_and_its_owners_to_delete() {
    let app = TestApp::new().await;
    let fields = [("name", "Late"), ("query", "due=late"), ("is_board", "true"), ("is_shared", "true")];
    app.manager().post("/tasks/views").form(fields).send().await.assert_redirect("/tasks/board?due=late");
    let page = app.member().get("/tasks").send().await;
    page.assert_has("a.chip[href='/tasks/board?due=late']");
    let page = app.member().get("/tasks/views").send().await;
    page.assert_text("#task_view_1", "Shared").assert_no("#task_view_1 form");
    app.member().post("/tasks/views/1/removal").send().await.assert_status(404);
    assert_eq!(app.count("task_views"), 1);
    app.manager().post("/tasks/views/1/removal").send().await.assert_redirect("/tasks/views");
    let other = app.view("Late");
    app.admin().delete(format!("/tasks/views/{other}")).htmx().send().await.assert_status(200);
    assert_eq!(app.count("task_views"), 0);
}

#[actix_web::test]
async fn a_view_without_a_name_or_of_nothing_is_refused() {
    let app = TestApp::new().await;
    for fields in [
        vec![("name", ""), ("query", "due=late")],
        vec![("name", "X"), ("query", "due=never")],
        vec![("name", "X"), ("query", "colour=red")],
        vec![("name", "X"), ("is_shared", "perhaps")],
    ] {
        let page = app.member().post("/tasks/views").form(fields).send().await;
        page.assert_status(422).assert_has("#view_form");
    }
    assert_eq!(app.count("task_views"), 0);
}

#[actix_web::test]
async fn the_api_of_views_follows_the_same_rules() {
    let app = TestApp::new().await;
    let tom = app.api(Role::Member);
    let created =
        tom.post("/api/task-views").json(json!({ "name": "Mine", "query": "?assignee=me" })).send().await;
    created.assert_status(201);
    assert_eq!(created.json()["address"], "/tasks?assignee=me");
    assert_eq!(tom.get("/api/task-views").send().await.json()["meta"]["count"], 1);
    assert_eq!(app.api(Role::Manager).get("/api/task-views").send().await.json()["meta"]["count"], 0);
    tom.post("/api/task-views").json(json!({ "name": " " })).send().await.problem(422);
    app.api(Role::Manager).delete("/api/task-views/1").send().await.problem(404);
    tom.delete("/api/task-views/1").send().await.assert_status(204);
    assert_eq!(app.count("task_views"), 0);
}
