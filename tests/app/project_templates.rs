//! Templates of projects: what is saved of a project, and what a project that is begun from one has.

use bureau::auth::policy::Role;
use bureau::types::ids::{ProjectId, TaskId};
use serde_json::json;

use crate::support::{TestApp, day};

/// A project of 1 November with a due date, a budget and two tasks, one of them with all that a task can have.
fn project(app: &TestApp) -> (ProjectId, TaskId) {
    let project = app.project_named(app.client("Northwind"), "Relaunch");
    app.project_rate(project, 9_500);
    app.execute(
        "UPDATE projects SET billing_model = 'fixed_price', price_cents = 900000, budget_seconds = 360000, \
         starts_on = '2026-11-01', due_on = '2026-12-31', description = 'All new', color = 'c3', version = version + 1",
    );
    let task = app.task_for(project, "Homepage", Some(app.member().id()), Some(day("2026-11-11")));
    let blocker = app.task_named(project, "Wireframes");
    app.carry(task, blocker);
    app.execute("UPDATE tasks SET priority = 'high', estimate_seconds = 28800, description = 'With *care*' WHERE title = 'Homepage'");
    (project, task)
}

fn tasks_of(app: &TestApp, project: &str) -> Vec<String> {
    let sql = format!(
        "SELECT t.title || ' ' || t.priority || ' ' || coalesce(CAST(t.due_on AS TEXT), 'never') || ' ' || \
           coalesce(CAST(t.estimate_seconds AS TEXT), '-') || ' ' || coalesce(CAST(t.assignee_id AS TEXT), 'nobody') || ' ' || \
           (SELECT count(*) FROM task_labels l WHERE l.task_id = t.id) || ' ' || \
           (SELECT count(*) FROM checklist_items c WHERE c.task_id = t.id) AS line \
         FROM tasks t WHERE t.project_id = {project} ORDER BY t.id"
    );
    app.lines(&sql)
}

#[actix_web::test]
async fn a_project_is_saved_as_a_template_and_begun_again_with_its_dates_moved() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    let path = format!("/projects/{project}/template");
    let page = app.manager().get(&path).send().await;
    page.assert_value("#name", "Relaunch");
    let mut fields = page.fields("#save_form");
    for (name, value) in &mut fields {
        if name == "name" {
            *value = "Relaunch of a shop".into();
        }
    }
    app.manager().post(&path).form(fields.clone()).send().await.assert_redirect("/project-templates/1/edit");
    app.manager().post(&path).form(fields).send().await.assert_redirect("/project-templates/1/edit");
    assert_eq!((app.count("project_templates"), app.count("template_tasks")), (1, 2));
    let list = app.manager().get("/project-templates").send().await;
    list.assert_text("#template_1", "Relaunch of a shop").assert_text("#template_1", "2 tasks");
    let edit = app.manager().get("/project-templates/1/edit").send().await;
    edit.assert_text("#template-tasks", "Due after 10 days").assert_text("#template-tasks", "1 step");
    edit.assert_value("#due_days", "60").assert_value("#price", "9000.00").assert_value("#rate", "95.00");
    let other = app.client("Contoso");
    let page = app.manager().get("/project-templates/1/start").send().await;
    page.assert_value("#starts_on", &app.today().to_string());
    let mut fields = page.fields("#start_form");
    for (name, value) in &mut fields {
        match name.as_str() {
            "client_id" => *value = other.to_string(),
            "name" => *value = "Shop of Contoso".into(),
            "starts_on" => *value = "2027-02-01".into(),
            _ => {}
        }
    }
    let begun = app.manager().post("/project-templates/1/start").form(fields.clone()).send().await;
    begun.assert_redirect("/projects/2");
    app.manager().post("/project-templates/1/start").form(fields).send().await.assert_redirect("/projects/2");
    assert_eq!(app.count("projects"), 2);
    let stored = app.line(
        "SELECT name || ' ' || billing_model || ' ' || price_cents || ' ' || budget_seconds || ' ' || starts_on || ' ' || \
         due_on || ' ' || description || ' ' || color || ' ' || status AS line FROM projects WHERE id = 2",
    );
    assert_eq!(stored, "Shop of Contoso fixed_price 900000 360000 2027-02-01 2027-04-02 All new c3 active");
    assert_eq!(
        tasks_of(&app, "2"),
        ["Homepage high 2027-02-11 28800 nobody 1 1", "Wireframes normal never - nobody 0 0"]
    );
    let api = app.api(Role::Owner).get("/api/projects/2").send().await.json();
    assert_eq!(api["rate_cents"], 9_500);
    // The project that it came from is as it was.
    assert_eq!(tasks_of(&app, "1").len(), 2);
}

#[actix_web::test]
async fn a_client_with_another_currency_gets_no_amount_and_an_archived_one_no_project() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    let (id, _) = app.template(project, "Relaunch");
    let dollars = app.client_with("Contoso", |new| new.currency = "USD".parse().unwrap());
    let path = format!("/api/project-templates/{id}/projects");
    let body = |client| json!({"client_id": client, "name": "Shop", "starts_on": "2027-02-01"});
    let api = app.api(Role::Manager);
    let begun = api.post(&path).json(body(json!(dollars))).send().await;
    begun.assert_status(201);
    let amounts = app.line(
        "SELECT coalesce(price_cents, -1) || ' ' || coalesce(budget_cents, -1) || ' ' || budget_seconds AS line \
         FROM projects WHERE name = 'Shop'",
    );
    assert_eq!((amounts.as_str(), app.count_where("rates", "project_id = 2")), ("-1 -1 360000", 0));
    let gone = app.client("Old");
    app.manager().post(format!("/clients/{gone}/archive")).send().await.assert_status(303);
    let before = app.dump();
    for client in [json!(gone), json!(999), json!("")] {
        let problem = api.post(&path).json(body(client.clone())).send().await.problem(422);
        assert!(problem["errors"]["client_id"].is_string(), "{client}: {problem}");
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn what_comes_back_by_itself_and_dates_before_the_start_are_no_part_of_a_template() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Northwind"));
    app.execute("UPDATE projects SET starts_on = '2026-11-10'");
    app.task_for(project, "Early", None, Some(day("2026-11-01")));
    app.schedule(project, "Backups", |new| new.anchor_on = day("2026-11-18"));
    assert_eq!(app.count("tasks"), 2);
    app.template(project, "Website");
    assert_eq!(app.lines("SELECT title || ' ' || due_days AS line FROM template_tasks"), ["Early 0"]);
}

#[actix_web::test]
async fn templates_and_their_tasks_are_edited_in_turn_and_deleted() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    let (id, line) = app.template(project, "Relaunch");
    app.template(project, "Another");
    let base = format!("/project-templates/{id}");
    let manager = app.manager();
    let fields = manager.get(format!("{base}/edit")).send().await.fields("#template_form");
    let with = |fields: &[(String, String)], field: &str, value: &str| -> Vec<(String, String)> {
        let text = |name: &str, had: &str| if name == field { value.to_owned() } else { had.to_owned() };
        fields.iter().map(|(name, had)| (name.clone(), text(name, had))).collect()
    };
    for (field, value) in
        [("name", ""), ("name", "another"), ("due_days", "-1"), ("billing_model", "free"), ("price", "x")]
    {
        let page = manager.post(&base).form(with(&fields, field, value)).htmx().send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    manager
        .post(&base)
        .form(with(&fields, "budget", "7000"))
        .send()
        .await
        .assert_redirect("/project-templates");
    let page = manager.post(&base).form(with(&fields, "budget", "8000")).send().await;
    page.assert_status(409).assert_text(".versions", "7000");
    assert_eq!(
        app.line("SELECT CAST(budget_cents AS TEXT) AS line FROM project_templates WHERE name = 'Relaunch'"),
        "700000"
    );
    let task = format!("{base}/tasks/{line}");
    let fields = manager.get(format!("{task}/edit")).send().await.fields("#template_task_form");
    for (field, value) in
        [("title", ""), ("estimate", "x"), ("due_days", "99999"), ("priority", "most"), ("labels", "99")]
    {
        let page = manager.post(&task).form(with(&fields, field, value)).htmx().send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    let changed = with(&with(&fields, "due_days", "5"), "steps", "One\nTwo");
    manager.post(&task).form(changed).send().await.assert_redirect(&format!("{base}/edit"));
    manager.post(&task).form(with(&fields, "due_days", "6")).send().await.assert_status(409);
    assert_eq!(
        app.line(&format!("SELECT due_days || ' ' || replace(steps, '\n', ',') AS line FROM template_tasks WHERE id = {line}")),
        "5 One,Two"
    );
    let page = manager.get(format!("{base}/tasks/new")).send().await;
    page.assert_value("#priority", "normal");
    let fields = with(&page.fields("#template_task_form"), "title", "Launch");
    manager.post(format!("{base}/tasks")).form(fields).send().await.assert_redirect(&format!("{base}/edit"));
    assert_eq!(app.count_where("template_tasks", &format!("template_id = {id}")), 3);
    manager.delete(&task).send().await.assert_redirect(&format!("{base}/edit"));
    manager.get(format!("{task}/edit")).send().await.assert_status(404);
    manager.delete(&base).send().await.assert_redirect("/project-templates");
    assert_eq!(
        (app.count("project_templates"), app.count_where("template_tasks", &format!("template_id = {id}"))),
        (1, 0)
    );
    assert_eq!(app.activity()[0], "deleted template: Relaunch");
}

#[actix_web::test]
async fn a_task_of_another_template_is_not_there() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    let (_, line) = app.template(project, "Relaunch");
    let (other, _) = app.template(project, "Another");
    app.api(Role::Manager).get("/api/project-templates").send().await.assert_status(200);
    let before = app.dump();
    let path = format!("/api/project-templates/{other}/tasks/{line}");
    let body = json!({"title": "Mine", "version": 1});
    app.api(Role::Manager).put(&path).json(body).send().await.problem(404);
    app.api(Role::Manager).delete(&path).send().await.problem(404);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn the_api_of_templates_follows_the_same_rules() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    let api = app.api(Role::Manager);
    for role in [Role::Member, Role::Bookkeeper] {
        app.api(role).get("/api/project-templates").send().await.problem(403);
    }
    api.post("/api/project-templates").json(json!({"project_id": project})).send().await.problem(422);
    let body = json!({"project_id": project, "name": "Relaunch", "idempotency_key": "once"});
    let saved = api.post("/api/project-templates").json(body.clone()).send().await;
    saved.assert_status(201);
    api.post("/api/project-templates").json(body).send().await.problem(409);
    let path = saved.location();
    let full = api.get(&path).send().await.json();
    assert_eq!((&full["price_cents"], &full["due_days"]), (&json!(900_000), &json!(60)));
    let first = &full["tasks"][0];
    assert_eq!(
        (&first["title"], &first["due_days"], &first["steps"]),
        (&json!("Homepage"), &json!(10), &json!("Sketch"))
    );
    assert_eq!(first["labels"].as_array().unwrap().len(), 1);
    let body = json!({"name": "Shop", "billing_model": "hourly", "version": 1});
    let changed = api.put(&path).json(body.clone()).send().await;
    assert_eq!((&changed.json()["price_cents"], &changed.json()["version"]), (&json!(null), &json!(2)));
    api.put(&path).json(body).send().await.problem(409);
    let added =
        api.post(format!("{path}/tasks")).json(json!({"title": "Launch", "due_days": 60})).send().await;
    added.assert_status(201);
    let task = added.location();
    let body = json!({"title": "Launch day", "due_days": 59, "version": 1});
    assert_eq!(api.put(&task).json(body).send().await.json()["title"], "Launch day");
    api.delete(&task).send().await.assert_status(204);
    let body = json!({"client_id": app.client("Contoso"), "name": "Begun", "starts_on": "2027-01-04", "idempotency_key": "b"});
    let begun = api.post(format!("{path}/projects")).json(body.clone()).send().await;
    begun.assert_status(201);
    api.post(format!("{path}/projects")).json(body).send().await.problem(409);
    api.delete(&path).send().await.assert_status(204);
    api.get(&path).send().await.problem(404);
    assert_eq!(api.get(begun.location()).send().await.json()["starts_on"], "2027-01-04");
}
