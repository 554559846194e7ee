//! Query strings: what a page or resource does not know is refused by its name.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn a_parameter_that_is_not_known_is_refused_and_named_on_every_list() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let project = app.project(client);
    let lists = [
        "/clients".to_owned(),
        "/projects".into(),
        "/tasks".into(),
        "/time-entries".into(),
        "/time-entries/all".into(),
        "/billing".into(),
        "/billing/equation".into(),
        format!("/clients/{client}/activity"),
        format!("/clients/{client}/tasks"),
        format!("/clients/{client}/time"),
        format!("/clients/{client}/invoices"),
        format!("/projects/{project}"),
        format!("/projects/{project}/activity"),
        format!("/projects/{project}/time"),
    ];
    for path in lists {
        let ask = |query: &str| app.manager().get(format!("{path}?{query}")).send();
        let page = ask("colour=red").await;
        page.assert_status(400).assert_text("main", "a parameter that is not known here: colour.");
        ask("").await.assert_status(200);
    }
    for path in [
        "/api/clients",
        "/api/projects",
        "/api/tasks",
        "/api/time-entries",
        "/api/billing",
        "/api/billing/equation",
    ] {
        let problem = app.api(Role::Manager).get(format!("{path}?colour=red")).send().await.problem(400);
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("The query holds a parameter that is not known here: colour."),
            "{detail}"
        );
    }
    let twice = app.api(Role::Manager).get("/api/clients?q=a&q=b").send().await.problem(400);
    assert!(twice["detail"].as_str().unwrap().contains("the parameter q more than once"), "{twice}");
    let problem = app.api(Role::Manager).get("/api/billing/equation?after=x").send().await.problem(422);
    assert_eq!(problem["errors"]["after"], "must be one of the choices");
}

#[actix_web::test]
async fn a_page_or_resource_that_asks_for_nothing_refuses_what_it_does_not_know() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let task = app.task(app.project(client));
    let manager = app.manager();
    for path in [format!("/clients/{client}"), format!("/clients/{client}/edit"), format!("/tasks/{task}")] {
        manager.get(path.clone()).send().await.assert_status(200);
        manager.get(format!("{path}?")).send().await.assert_status(200);
        let page = manager.get(format!("{path}?colour=red")).send().await;
        page.assert_status(400).assert_text("main", "a parameter that is not known here: colour.");
    }
    let api = manager.token();
    for path in [format!("/api/clients/{client}"), format!("/api/tasks/{task}")] {
        api.get(path.clone()).send().await.assert_status(200);
        let problem = api.get(format!("{path}?fields=name")).send().await.problem(400);
        assert!(problem["detail"].as_str().unwrap().contains("is not known here: fields."), "{problem}");
    }
    let before = app.dump();
    let body = json!({ "name": "Contoso", "currency": "EUR" });
    api.post("/api/clients?dry_run=true").json(body).send().await.problem(400);
    api.delete(format!("/api/clients/{client}?force=true")).send().await.problem(400);
    app.assert_unchanged(&before);
    app.anonymous().get("/offers/none?mc_cid=1").send().await.assert_status(404);
}

#[actix_web::test]
async fn a_form_does_not_begin_with_what_is_no_id() {
    let app = TestApp::new().await;
    for path in [
        "/projects/new?client_id",
        "/tasks/new?project_id",
        "/schedules/new?task_id",
        "/time-entries/new?task_id",
    ] {
        app.manager().get(format!("{path}=")).send().await.assert_status(200);
        let page = app.manager().get(format!("{path}=x")).send().await;
        page.assert_status(422).assert_text("main", "must be one of the choices");
    }
}
