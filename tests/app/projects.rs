//! Projects: list, page, forms, status, archive, delete, API.

use bureau::auth::policy::Role;
use bureau::db::schema::{projects, rates, tasks};
use bureau::types::ids::{ClientId, ProjectId};
use diesel::prelude::*;
use serde_json::json;

use crate::support::TestApp;

fn name_of(app: &TestApp, id: ProjectId) -> (String, i64) {
    app.read(|conn| Ok(projects::table.find(id).select((projects::name, projects::version)).first(conn)?))
}

fn form(client: ClientId, name: &str) -> Vec<(String, String)> {
    [
        ("client_id", client.to_string().as_str()),
        ("name", name),
        ("status", "active"),
        ("billing_model", "hourly"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn with(mut form: Vec<(String, String)>, more: &[(&str, &str)]) -> Vec<(String, String)> {
    for (name, value) in more {
        form.retain(|(known, _)| known != name);
        form.push(((*name).to_owned(), (*value).to_owned()));
    }
    form
}

#[actix_web::test]
async fn the_list_is_a_page_and_a_fragment_with_figures() {
    let app = TestApp::new().await;
    let client = app.client("Halden Brewing");
    let project = app.project_named(client, "Shop relaunch");
    let task = app.task(project);
    app.entry(app.member().id(), task, app.today(), 5_400);
    let page = app.member().get("/projects").send().await;
    page.assert_status(200).assert_full_page();
    page.assert_text(&format!("#{}", project.dom()), "Shop relaunch");
    page.assert_text(&format!("#{}", project.dom()), "1.5");
    page.assert_text(&format!("#{}", project.dom()), "Halden Brewing");
    let part = app.member().get("/projects").htmx().send().await;
    part.assert_status(200).assert_fragment().assert_has("#projects-table");
}

#[actix_web::test]
async fn the_list_filters_by_words_status_and_client() {
    let app = TestApp::new().await;
    let (halden, osk) = (app.client("Halden"), app.client("Osk"));
    let shop = app.project_named(halden, "Shop");
    let lookbook = app.project_named(osk, "Lookbook");
    let old = app.project_named(osk, "Old site");
    app.manager().post(format!("/projects/{old}/archive")).send().await.assert_status(303);
    let seen = async |query: &str| {
        let page = app.member().get(format!("/projects?{query}")).htmx().send().await;
        page.assert_status(200);
        [shop, lookbook, old].map(|id| page.count(&format!("#{}", id.dom())) == 1)
    };
    assert_eq!(seen("").await, [true, true, false]);
    assert_eq!(seen("q=LOOK").await, [false, true, false]);
    assert_eq!(seen("q=halden").await, [true, false, false]);
    assert_eq!(seen("status=archived").await, [false, false, true]);
    assert_eq!(seen(&format!("client_id={osk}")).await, [false, true, false]);
    app.member().get("/projects?status=late").send().await.assert_status(422);
}

#[actix_web::test]
async fn create_stores_the_project_its_rate_and_its_budget() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let page = app.manager().get(format!("/projects/new?client_id={client}")).send().await;
    page.assert_status(200).assert_value("#client_id", &client.to_string());
    let fields = [
        ("rate", "95"),
        ("hours_budget", "147:30"),
        ("budget", "14,000.00"),
        ("starts_on", "2026-09-07"),
        ("due_on", "2026-12-11"),
        ("billing_model", "fixed_price"),
    ];
    let page =
        app.manager().post("/projects").form(with(form(client, "Shop relaunch"), &fields)).send().await;
    page.assert_status(303);
    let (id, seconds, cents): (ProjectId, Option<i64>, Option<i64>) = app.read(|conn| {
        Ok(projects::table
            .select((projects::id, projects::budget_seconds, projects::budget_cents))
            .first(conn)?)
    });
    page.assert_redirect(&format!("/projects/{id}"));
    assert_eq!((seconds, cents), (Some(531_000), Some(1_400_000)));
    let rate: Option<i64> = app.read(|conn| {
        Ok(rates::table.filter(rates::project_id.eq(id)).select(rates::amount_cents).first(conn)?)
    });
    assert_eq!(rate, Some(9_500));
    assert_eq!(app.activity_of(client)[0], "created project: Shop relaunch");
    let page = app.manager().get(format!("/projects/{id}/edit")).send().await;
    page.assert_value("#hours_budget", "147.5")
        .assert_value("#budget", "14000.00")
        .assert_value("#rate", "95.00");
}

#[actix_web::test]
async fn a_refused_form_says_why_at_the_field_and_keeps_the_rest() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let fields = with(
        form(client, ""),
        &[
            ("description", "A shop"),
            ("starts_on", "2026-03-01"),
            ("due_on", "2026-02-28"),
            ("budget", "1e9"),
        ],
    );
    let page = app.manager().post("/projects").form(fields).htmx().send().await;
    page.assert_status(422).assert_fragment();
    page.assert_text("[data-error=name]", "Can't be blank.");
    page.assert_text("[data-error=due_on]", "Must not be before the start.");
    page.assert_text("[data-error=budget]", "Is not an amount");
    page.assert_value("#description", "A shop");
    for (field, value) in [
        ("client_id", ""),
        ("client_id", "999"),
        ("client_id", "99999999999999999999"),
        ("starts_on", "2026-02-29"),
        ("name", "a\0b"),
        ("status", "archived"),
        ("hours_budget", "999999999999"),
        ("budget", "99999999999999999999"),
    ] {
        let page =
            app.manager().post("/projects").form(with(form(client, "Shop"), &[(field, value)])).send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    assert_eq!(app.count("projects"), 0);
}

#[actix_web::test]
async fn who_does_not_manage_changes_no_project() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let id = app.project(client);
    for visitor in [app.member(), app.bookkeeper()] {
        visitor.get("/projects/new").send().await.assert_status(403);
        visitor.post("/projects").form(form(client, "Mine")).send().await.assert_status(403);
        let fields = with(form(client, "Mine"), &[("version", "1")]);
        visitor.post(format!("/projects/{id}")).form(fields).send().await.assert_status(403);
        visitor.post(format!("/projects/{id}/archive")).send().await.assert_status(403);
        visitor.delete(format!("/projects/{id}")).send().await.assert_status(403);
        let status = [("status", "done"), ("version", "1")];
        visitor.post(format!("/projects/{id}/status")).form(status).send().await.assert_status(403);
    }
    assert_eq!(name_of(&app, id), ("Website".to_owned(), 1));
}

#[actix_web::test]
async fn a_project_shows_the_rate_that_its_hours_get_and_whose_it_is() {
    let app = TestApp::new().await;
    let client = app.client_with("Halden", |new| new.rate_cents = Some(9_000));
    let id = app.project(client);
    let page = app.manager().get(format!("/projects/{id}")).send().await;
    page.assert_text(".strip", "€90.00").assert_text(".strip", "Client rate, EUR");
    let fields = with(form(client, "Website"), &[("rate", "87.65"), ("version", "1")]);
    app.manager().post(format!("/projects/{id}")).form(fields).send().await.assert_status(303);
    let page = app.manager().get(format!("/projects/{id}")).send().await;
    page.assert_text(".strip", "€87.65").assert_text(".strip", "Project rate, EUR");
    let page = app.manager().get(format!("/clients/{client}")).send().await;
    page.assert_text(".strip", "€90.00").assert_text(".strip", "Client rate, EUR");
}

#[actix_web::test]
async fn members_see_no_money_on_pages_in_the_api_or_in_the_activity() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let id = app.project(client);
    let fields = with(form(client, "Website"), &[("rate", "87.65"), ("budget", "4321"), ("version", "1")]);
    app.manager().post(format!("/projects/{id}")).form(fields).send().await.assert_status(303);
    for path in [format!("/projects/{id}"), format!("/projects/{id}/activity"), "/projects".into()] {
        let page = app.member().get(&path).send().await;
        page.assert_status(200);
        assert!(!page.body().contains("87.65") && !page.body().contains("4,321"), "{path}");
    }
    let page = app.manager().get(format!("/projects/{id}/activity")).send().await;
    page.assert_text("#timeline", "Hourly rate: €87.65");
    app.manager().get(format!("/projects/{id}")).send().await.assert_text(".strip", "€87.65");
    let found = app.api(Role::Member).get(format!("/api/projects/{id}")).send().await.json();
    assert!(found.get("budget_cents").is_none() && found.get("rate_cents").is_none(), "{found}");
    let found = app.api(Role::Bookkeeper).get(format!("/api/projects/{id}")).send().await.json();
    assert_eq!((&found["budget_cents"], &found["rate_cents"]), (&json!(432_100), &json!(8_765)));
}

#[actix_web::test]
async fn the_second_of_two_editors_sees_both_versions_and_loses_nothing() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let id = app.project(client);
    let first = with(form(client, "Theirs"), &[("version", "1")]);
    app.owner().post(format!("/projects/{id}")).form(first).send().await.assert_status(303);
    let second = with(form(client, "Ours"), &[("version", "1"), ("description", "Kept")]);
    let page = app.manager().post(format!("/projects/{id}")).form(second).send().await;
    page.assert_status(409).assert_text(".versions", "Theirs").assert_text(".versions", "Ours");
    page.assert_value("#name", "Ours")
        .assert_value("#description", "Kept")
        .assert_value("[name=version]", "2");
    assert_eq!(name_of(&app, id), ("Theirs".to_owned(), 2));
    let again = page.fields("#project_form");
    app.manager().post(format!("/projects/{id}")).form(again).send().await.assert_status(303);
    assert_eq!(name_of(&app, id), ("Ours".to_owned(), 3));
}

#[actix_web::test]
async fn the_status_changes_in_place_and_as_a_plain_form() {
    let app = TestApp::new().await;
    let id = app.project(app.client("Halden"));
    let path = format!("/projects/{id}/status");
    let part = app.manager().post(&path).form([("status", "paused"), ("version", "1")]).htmx().send().await;
    part.assert_status(200).assert_fragment().assert_value("#project_status select", "paused");
    let page = app.manager().post(&path).form([("status", "done"), ("version", "2")]).send().await;
    page.assert_redirect(&format!("/projects/{id}"));
    app.manager().post(&path).form([("status", "active"), ("version", "1")]).send().await.assert_status(409);
    app.manager()
        .post(&path)
        .form([("status", "archived"), ("version", "3")])
        .send()
        .await
        .assert_status(422);
    let status: String =
        app.read(|conn| Ok(projects::table.find(id).select(projects::status).first(conn)?));
    assert_eq!(status, "done");
}

#[actix_web::test]
async fn a_project_with_hours_stays_with_its_client_and_one_without_takes_its_tasks_along() {
    let app = TestApp::new().await;
    let (halden, osk) = (app.client("Halden"), app.client("Osk"));
    let id = app.project(halden);
    let task = app.task(id);
    let path = format!("/projects/{id}");
    let fields = with(form(osk, "Website"), &[("version", "1")]);
    app.manager().post(&path).form(fields).send().await.assert_status(303);
    let client: ClientId =
        app.read(|conn| Ok(tasks::table.find(task).select(tasks::client_id).first(conn)?));
    assert_eq!(client, osk);
    app.entry(app.owner().id(), task, app.today(), 60);
    let fields = with(form(halden, "Website"), &[("version", "2")]);
    let page = app.manager().post(&path).form(fields).send().await;
    page.assert_status(422).assert_text("[data-error=client_id]", "Cannot change any more");
    assert_eq!(name_of(&app, id), ("Website".to_owned(), 2));
}

#[actix_web::test]
async fn hours_and_tasks_that_come_while_a_project_moves_end_with_its_client() {
    let app = TestApp::new().await;
    let clients = [app.client("Halden"), app.client("Osk")];
    let manager = app.api(Role::Manager);
    for round in 0..6 {
        let id = app.project_named(clients[0], &format!("Project {round}"));
        let body = json!({ "client_id": clients[1], "name": "Moved", "version": 1 });
        let moves = manager.put(format!("/api/projects/{id}")).json(body).send();
        let hours = (0..3).map(|_| {
            let body = json!({ "project_id": id, "date": "2026-11-18", "duration": "1" });
            app.api(Role::Member).post("/api/time-entries").json(body)
        });
        let tasks = (0..3).map(|_| {
            app.api(Role::Member).post("/api/tasks").json(json!({ "project_id": id, "title": "New" }))
        });
        let others: Vec<_> = hours.chain(tasks).map(|request| request.send()).collect();
        let (moved, others) = futures_util::future::join(moves, futures_util::future::join_all(others)).await;
        assert!(matches!(moved.status, 200 | 422), "round {round}: {}", moved.status);
        for other in others {
            other.assert_status(201);
        }
    }
    let strays = "project_id IN (SELECT id FROM projects) AND client_id <> (SELECT client_id FROM projects p WHERE p.id = project_id)";
    assert_eq!((app.count_where("time_entries", strays), app.count_where("tasks", strays)), (0, 0));
    // Behind the verbs' back the database holds it as well.
    let project: i64 = app.read(|conn| {
        Ok(bureau::db::schema::time_entries::table
            .select(bureau::db::schema::time_entries::project_id)
            .first(conn)?)
    });
    app.execute_refused(&format!(
        "UPDATE projects SET version = version + 1, client_id = CASE client_id WHEN {0} THEN {1} ELSE {0} END WHERE id = {project}",
        clients[0], clients[1]
    ));
}

#[actix_web::test]
async fn a_project_form_that_is_sent_twice_adds_one_project() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let page = app.manager().get(format!("/projects/new?client_id={client}")).send().await;
    let fields = with(page.fields("#project_form"), &[("name", "Shop")]);
    let first = app.manager().post("/projects").form(fields.clone()).send().await;
    let second = app.manager().post("/projects").form(fields).send().await;
    assert_eq!((first.status, second.status, app.count("projects")), (303, 303, 1));
    assert_eq!(first.header("location"), second.header("location"));
    let body = json!({ "client_id": client, "name": "Shop 2", "idempotency_key": "a" });
    app.api(Role::Manager).post("/api/projects").json(body.clone()).send().await.assert_status(201);
    app.api(Role::Manager).post("/api/projects").json(body).send().await.problem(409);
    assert_eq!(app.count("projects"), 2);
}

#[actix_web::test]
async fn archived_projects_rest_until_they_are_restored() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let id = app.project(client);
    app.manager().post(format!("/projects/{id}/archive")).send().await.assert_status(303);
    app.member().get(format!("/projects/{id}")).send().await.assert_text("main", "This project is archived.");
    let fields = with(form(client, "Other"), &[("version", "2")]);
    app.manager().post(format!("/projects/{id}")).form(fields).send().await.assert_status(409);
    app.manager().post(format!("/projects/{id}/restore")).send().await.assert_status(303);
    assert_eq!(app.activity_of(client)[..2], ["restored project: Website", "archived project: Website"]);
    assert_eq!(name_of(&app, id).0, "Website");
}

#[actix_web::test]
async fn delete_takes_an_empty_project_and_says_what_hangs_on_another() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let (empty, full) = (app.project_named(client, "Empty"), app.project_named(client, "Full"));
    app.project_rate(empty, 9_000);
    app.task(full);
    let page = app.manager().delete(format!("/projects/{full}")).htmx().send().await;
    page.assert_status(409);
    assert!(page.text().contains("Full has 1 task. Archive it instead."), "{}", page.text());
    app.manager().delete(format!("/projects/{empty}")).htmx().send().await.assert_redirect("/projects");
    let names: Vec<String> = app.read(|conn| Ok(projects::table.select(projects::name).load(conn)?));
    assert_eq!(names, ["Full"]);
    app.manager().get(format!("/projects/{empty}")).send().await.assert_status(404);
}

#[actix_web::test]
async fn new_projects_of_archived_clients_are_refused() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    app.manager().post(format!("/clients/{client}/archive")).send().await.assert_status(303);
    let page = app.manager().post("/projects").form(form(client, "Shop")).send().await;
    page.assert_status(422).assert_text("[data-error=client_id]", "Is archived");
    assert_eq!(app.count("projects"), 0);
}

#[actix_web::test]
async fn the_page_lists_open_tasks_and_adds_one_from_a_line() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let id = app.project(client);
    let (open, done) = (app.task_named(id, "Open one"), app.task_named(id, "Done one"));
    app.member().post(format!("/tasks/{done}/closure")).send().await.assert_status(303);
    let page = app.member().get(format!("/projects/{id}")).send().await;
    page.assert_text("h1", "Website")
        .assert_has(&format!("#{}", open.dom()))
        .assert_no(&format!("#{}", done.dom()));
    page.assert_has(&format!("#{} form[action='/time-entries/timer'] button[aria-label]", open.dom()));
    page.assert_no_text("main", "€");
    let page = app.member().get(format!("/projects/{id}?status=done")).send().await;
    page.assert_has(&format!("#{}", done.dom())).assert_no(&format!("#{}", open.dom()));
    let line = [("project_id", id.to_string()), ("then", "project".into()), ("title", "Third".into())];
    app.member().post("/tasks").form(line).send().await.assert_redirect(&format!("/projects/{id}"));
    assert_eq!(app.count("tasks"), 3);
    app.bookkeeper().get(format!("/projects/{id}")).send().await.assert_no("form[action='/tasks']");
}

#[actix_web::test]
async fn the_api_lists_creates_reads_updates_and_deletes() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let api = app.api(Role::Manager);
    let body = json!({ "client_id": client, "name": "Shop", "rate": 95, "hours_budget": "10" });
    let created = api.post("/api/projects").json(body.clone()).send().await;
    created.assert_status(201);
    let project = created.json();
    assert_eq!(project["rate_cents"], 9_500);
    assert_eq!(project["budget_seconds"], 36_000);
    let path = format!("/api/projects/{}", project["id"]);
    assert_eq!(created.header("location").as_deref(), Some(path.as_str()));
    let list = api.get("/api/projects?q=shop").send().await.json();
    assert_eq!((&list["meta"]["total"], &list["projects"][0]["name"]), (&json!(1), &json!("Shop")));
    let mut changed = body.clone();
    changed["name"] = "Shop 2".into();
    api.put(&path).json(changed.clone()).send().await.problem(422);
    changed["version"] = 1.into();
    assert_eq!(api.put(&path).json(changed.clone()).send().await.json()["name"], "Shop 2");
    api.put(&path).json(changed).send().await.problem(409);
    let problem =
        api.post("/api/projects").json(json!({ "client_id": 77, "name": "" })).send().await.problem(422);
    assert_eq!(problem["errors"]["name"], "can't be blank");
    api.post("/api/projects").json(json!({ "nom": "x" })).send().await.problem(400);
    app.api(Role::Member).post("/api/projects").json(body).send().await.problem(403);
    api.delete(&path).send().await.assert_status(204);
    api.get(&path).send().await.problem(404);
    assert_eq!(app.count("projects"), 0);
}
