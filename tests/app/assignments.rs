//! Contractors: what they are assigned to, nothing else, and until when.

use actix_web::http::Method;
use bureau::auth::policy::{Policy, Role};
use bureau::types::ids::{ClientId, ProjectId, TaskId};
use serde_json::json;

use crate::routes::{Rows, ask, is_api, name, routes};
use crate::support::{PASSWORD, PROOFS, TestApp, day};

/// What stands in the rows of the client that Kai is not assigned to, and nowhere else.
const FOREIGN: [&str; 9] =
    ["Northwind", "Website", "Homepage", "Wireframes", "Sketch", "Launch", "Backups", "Looks good", "Ada"];

/// What is everybody's: words without a client.
const SHARED: [&str; 1] = ["/api/labels/{id}"];

/// What Kai is assigned to, beside another project of the same client.
struct Own {
    client: ClientId,
    project: ProjectId,
    task: TaskId,
    hidden: ProjectId,
}

fn own(app: &TestApp) -> Own {
    let client = app.client_with("Halden", |new| new.notes = "Pays late".into());
    let (project, hidden) = (app.project_named(client, "Shop"), app.project_named(client, "Intranet"));
    let task = app.task_named(project, "Cart");
    app.task_named(hidden, "Wiki");
    app.assign_project(project, app.contractor().id());
    Own { client, project, task, hidden }
}

fn assert_nothing_foreign(of: &str, shown: &str) {
    for marker in FOREIGN {
        assert!(!shown.contains(marker), "{of} shows {marker}: {shown}");
    }
}

#[actix_web::test]
async fn no_route_shows_or_changes_what_a_contractor_is_not_assigned_to() {
    let app = TestApp::new().await;
    let rows = Rows::foreign(&app);
    own(&app);
    let kai = app.contractor().stepped_up();
    let program = kai.token();
    kai.get("/").send().await.assert_status(200);
    program.get("/api/clients").send().await.assert_status(200);
    let mut asked = 0;
    for route in routes().iter().filter(|route| route.policy != Policy::Public) {
        if ["/logout", "/step-up", "/shortcuts"].contains(&route.path)
            || route.path.starts_with("/profile")
            || route.path.starts_with("/api/profile")
        {
            continue;
        }
        let visitor = if is_api(route) { &program } else { &kai };
        let path = rows.fill(route.path, &route.method);
        let before = app.dump();
        let mut page = ask(visitor, route, &path).await;
        if route.method == Method::GET && page.status == 303 {
            page = visitor.get(page.location()).send().await;
        }
        assert_nothing_foreign(&name(route), &page.body());
        if !route.policy.allows(Role::Contractor) {
            assert_eq!(page.status, 403, "{}", name(route));
        } else if route.path.contains("id}") && !SHARED.contains(&route.path) {
            let refused = matches!(page.status, 400 | 422) && route.method != Method::GET;
            assert!(page.status == 404 || refused, "{} gave {}: {}", name(route), page.status, page.text());
            asked += 1;
        }
        if route.path.contains("id}") || !route.policy.allows(Role::Contractor) {
            // Proving who asks is in the log, whatever comes of what is asked for.
            app.assert_unchanged_but(&before, if route.step_up { &PROOFS } else { &[] });
        }
        if route.method == Method::GET && !is_api(route) {
            let part = visitor.get(path.as_str()).htmx().send().await;
            assert_nothing_foreign(&name(route), &part.body());
        }
    }
    assert!(asked >= 60, "only {asked} routes with a row");
}

#[actix_web::test]
async fn sensible_requests_with_ids_of_another_client_are_refused_and_change_nothing() {
    let app = TestApp::new().await;
    let rows = Rows::foreign(&app);
    let own = own(&app);
    let (foreign_project, foreign_task) = (rows.project.to_string(), rows.task.to_string());
    let (kai, program) = (app.contractor(), app.contractor().token());
    kai.get("/").send().await;
    program.get("/api/clients").send().await;
    let before = app.dump();
    let task = own.task;
    let version = "1".to_owned();
    let posts: Vec<(String, Vec<(&str, String)>)> = vec![
        ("/tasks".into(), vec![("title", "Spy".into()), ("project_id", foreign_project.clone())]),
        (
            format!("/tasks/{task}"),
            vec![("title", "Moved".into()), ("project_id", foreign_project.clone()), ("version", version)],
        ),
        (format!("/tasks/{task}/dependencies"), vec![("blocker_id", foreign_task.clone())]),
        (format!("/tasks/{foreign_task}/comments"), vec![("body", "Hello".into())]),
        (format!("/tasks/{foreign_task}/closure"), vec![]),
        (format!("/tasks/{foreign_task}/watching"), vec![]),
        (format!("/tasks/{foreign_task}/move"), vec![("status", "doing".into())]),
        (
            "/time-entries".into(),
            vec![
                ("project_id", foreign_project.clone()),
                ("date", app.today().to_string()),
                ("duration", "1".into()),
            ],
        ),
        (
            "/time-entries".into(),
            vec![
                ("task_id", foreign_task.clone()),
                ("date", app.today().to_string()),
                ("duration", "1".into()),
            ],
        ),
        ("/time-entries/timer".into(), vec![("task_id", foreign_task.clone())]),
        ("/time-entries/timer".into(), vec![("project_id", foreign_project.clone())]),
        (
            "/time-entries/rows".into(),
            vec![("project_id", foreign_project.clone()), ("week", app.today().to_string())],
        ),
    ];
    for (path, form) in posts {
        let page = kai.post(&path).form(form.clone()).send().await;
        assert!(matches!(page.status, 400 | 404 | 422), "{path} {form:?} gave {}", page.status);
        assert_nothing_foreign(&path, &page.body());
        app.assert_unchanged(&before);
        let body: serde_json::Map<String, serde_json::Value> =
            form.into_iter().map(|(field, value)| (field.to_owned(), json!(value))).collect();
        let page = program.post(format!("/api{path}")).json(json!(body)).send().await;
        assert!(matches!(page.status, 400 | 404 | 405 | 415 | 422), "/api{path} gave {}", page.status);
        assert_nothing_foreign(&path, &page.body());
        app.assert_unchanged(&before);
    }
    let (client, entry, hidden) = (rows.client, rows.entry, own.hidden);
    for path in [
        format!("/tasks?client_id={client}"),
        format!("/tasks?project_id={foreign_project}"),
        "/tasks?q=Homepage&status=all".into(),
        format!("/tasks/board?client_id={client}"),
        format!("/tasks/new?project_id={foreign_project}"),
        format!("/projects?client_id={client}"),
        "/projects?q=Northwind".into(),
        "/clients?q=Northwind".into(),
        "/clients?q=Ada".into(),
        format!("/time-entries/all?client_id={client}"),
        format!("/time-entries/all?project_id={foreign_project}"),
        format!("/time-entries/all?task_id={foreign_task}"),
        format!("/time-entries/all?user_id={}", app.member().id()),
        format!("/time-entries?user_id={}", app.member().id()),
        format!("/time-entries/new?client_id={client}"),
        format!("/time-entries/new?project_id={foreign_project}"),
        format!("/time-entries/task-options?project_id={foreign_project}"),
        format!("/time-entries/bulk?id={entry}"),
        format!("/projects/{hidden}"),
    ] {
        let page = kai.get(&path).send().await;
        let searched = path.split("q=").nth(1).unwrap_or("-").split('&').next().unwrap_or("-").to_owned();
        let shown = page.text().replace(&searched, "");
        assert!(page.status < 500, "{path} gave {}", page.status);
        assert_nothing_foreign(&path, &shown);
        let page = program.get(format!("/api{path}")).send().await;
        assert_nothing_foreign(&path, &page.body());
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_contractor_works_on_what_they_are_assigned_to() {
    let app = TestApp::new().await;
    let own = own(&app);
    let kai = app.contractor();
    let (client, project, task) = (own.client, own.project, own.task);
    app.entry_at(app.member().id(), task, day("2026-11-18"), 7 * 3_600, Some(9_999));
    let page = kai.get(format!("/clients/{client}")).send().await;
    page.assert_no_text("main", "Pays late");
    let found = kai.token().get(format!("/api/clients/{client}")).send().await.json();
    assert_eq!((&found["name"], &found["notes"]), (&json!("Halden"), &json!("")));
    page.assert_status(200).assert_text("main", "Shop").assert_no_text("main", "Intranet");
    page.assert_no_text("main", "7.0").assert_no("a[href$='/activity']").assert_no("a[href$='/members']");
    let page = kai.get(format!("/projects/{project}")).send().await;
    page.assert_text("main", "Cart").assert_text(".strip", "Your hours").assert_no("a[href$='/budget']");
    kai.get(format!("/projects/{}", own.hidden)).send().await.assert_status(404);
    let form = [("title", "Checkout".to_owned()), ("project_id", project.to_string())];
    kai.post("/tasks").form(form).send().await.assert_status(303);
    kai.post(format!("/tasks/{task}/comments")).form([("body", "On it")]).send().await.assert_status(303);
    let hours =
        [("task_id", task.to_string()), ("date", app.today().to_string()), ("duration", "1:30".into())];
    kai.post("/time-entries").form(hours).send().await.assert_status(303);
    let page = kai.get(format!("/tasks/{task}")).send().await;
    page.assert_text("#task_details", "Hours 1.5").assert_no_text("main", "8.5");
    let found = kai.token().get(format!("/api/tasks/{task}")).send().await.json();
    assert_eq!(found["logged_seconds"], 5_400);
    let found = kai.token().get(format!("/api/projects/{project}")).send().await.json();
    assert_eq!((&found["used_seconds"], &found["budget_seconds"]), (&json!(5_400), &json!(null)));
    let counts = kai.get("/").send().await.texts(".side .nav .count");
    assert_eq!(counts[..2], ["1", "1"], "clients and projects in the navigation");
}

#[actix_web::test]
async fn assigned_to_a_client_as_a_whole_they_see_all_of_its_projects_until_they_are_taken_off() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project_named(client, "Shop");
    let kai = app.contractor();
    let (id, path) = (kai.id(), format!("/clients/{client}/members"));
    kai.get(format!("/projects/{project}")).send().await.assert_status(404);
    app.member().get(&path).send().await.assert_status(200).assert_no("#member_form");
    app.member().post(&path).form([("user_id", id.to_string())]).send().await.assert_status(403);
    app.manager().post(&path).form([("user_id", id.to_string())]).send().await.assert_redirect(&path);
    app.manager()
        .get(&path)
        .send()
        .await
        .assert_text("#members", "All projects")
        .assert_text("#members", "Kai");
    let page = app.manager().post(&path).form([("user_id", id.to_string())]).send().await;
    page.assert_status(422).assert_has("[data-error=user_id]");
    assert_eq!(app.activity_of(client)[0], "added member: Kai");
    kai.get(format!("/projects/{project}")).send().await.assert_status(200);
    app.manager().delete(format!("{path}/{id}")).send().await.assert_redirect(&path);
    kai.get(format!("/projects/{project}")).send().await.assert_status(404);
    kai.get(format!("/clients/{client}")).send().await.assert_status(404);
    // The same by the API.
    let (manager, path) = (app.api(Role::Manager), format!("/api/clients/{client}/members"));
    manager.post(&path).json(json!({ "user_id": id })).send().await.assert_status(201);
    let list = manager.get(&path).send().await.json();
    assert_eq!(list["members"][0]["name"], "Kai");
    manager.post(&path).json(json!({ "user_id": 9_999 })).send().await.problem(422);
    manager.delete(format!("{path}/{id}")).send().await.assert_status(204);
    manager.delete(format!("{path}/{id}")).send().await.problem(404);
    assert_eq!(app.count("client_members"), 0);
}

#[actix_web::test]
async fn who_is_taken_off_keeps_seeing_their_own_hours_and_changes_them_no_more() {
    let app = TestApp::new().await;
    let own = own(&app);
    let kai = app.contractor();
    let entry = app.entry(kai.id(), own.task, app.today(), 3_600);
    let (project, id) = (own.project, kai.id());
    app.manager().delete(format!("/projects/{project}/members/{id}")).send().await.assert_status(303);
    kai.get("/time-entries/all").send().await.assert_status(200).assert_text("main", "Cart");
    let before = app.dump();
    kai.delete(format!("/time-entries/{entry}")).send().await.assert_status(404);
    let form =
        [("task_id", own.task.to_string()), ("date", app.today().to_string()), ("duration", "2".into())];
    let form = form.into_iter().chain([("version", "1".into())]);
    kai.post(format!("/time-entries/{entry}")).form(form).send().await.assert_status(422);
    app.assert_unchanged(&before);
    kai.get(format!("/tasks/{}", own.task)).send().await.assert_status(404);
}

#[actix_web::test]
async fn nobody_gives_a_contractor_a_task_or_news_of_a_project_that_they_do_not_see() {
    let app = TestApp::new().await;
    let own = own(&app);
    let foreign = app.project_named(app.client("Northwind"), "Website");
    let (hidden, kai) = (app.task_named(foreign, "Homepage"), app.contractor());
    let give = |task: TaskId| {
        let form =
            [("status", "todo"), ("priority", "normal"), ("version", "1")].map(|(k, v)| (k, v.to_owned()));
        let form = form.into_iter().chain([("assignee_id", kai.id().to_string())]);
        app.manager().post(format!("/tasks/{task}/details")).form(form).send()
    };
    give(hidden).await.assert_status(422).assert_has("[data-error=assignee_id]");
    give(own.task).await.assert_status(303);
    let say = |task: TaskId| {
        app.manager().post(format!("/tasks/{task}/comments")).form([("body", "@Kai look")]).send()
    };
    say(hidden).await.assert_status(303);
    assert_eq!(app.count_where("task_mentions", "1 = 1"), 0);
    say(own.task).await.assert_status(303);
    kai.get("/notifications").send().await.assert_text("main", "Cart");
    assert_eq!(app.count_where("notifications", &format!("user_id = {}", kai.id())), 2);
    // What they were told before is gone with the project.
    let (project, id) = (own.project, kai.id());
    app.manager().delete(format!("/projects/{project}/members/{id}")).send().await;
    kai.get("/notifications").send().await.assert_no_text("main", "Cart");
    kai.get("/").send().await.assert_no_text("main", "Cart").assert_no(".bell .count");
    // And they choose among those they share a project with.
    app.assign_project(own.project, kai.id());
    app.assign_project(own.project, app.member().id());
    let people = kai.get(format!("/tasks/{}", own.task)).send().await.texts("#assignee_id option");
    assert_eq!(people, ["Nobody", "Kai", "Tom"]);
    let form = [("status", "todo"), ("priority", "normal"), ("version", "2")].map(|(k, v)| (k, v.to_owned()));
    let form = form.into_iter().chain([("assignee_id", app.manager().id().to_string())]);
    kai.post(format!("/tasks/{}/details", own.task)).form(form).send().await.assert_status(422);
}

#[actix_web::test]
async fn after_their_last_day_a_contractor_comes_in_no_more() {
    let app = TestApp::new().await;
    let kai = app.contractor();
    kai.sign_in().await;
    let program = kai.token();
    program.get("/api/clients").send().await.assert_status(200);
    let page = app.owner().get(format!("/users/{}", kai.id())).send().await;
    let mut fields = page.fields(&format!("form[action='/users/{}']", kai.id()));
    let set = |fields: &mut Vec<(String, String)>, name: &str, value: &str| {
        fields.iter_mut().find(|(known, _)| known == name).unwrap().1 = value.to_owned();
    };
    set(&mut fields, "access_ends_on", &app.today().to_string());
    let save = |fields: Vec<(String, String)>| {
        app.owner().stepped_up().post(format!("/users/{}", kai.id())).form(fields).send()
    };
    save(fields.clone()).await.assert_redirect("/users");
    assert_eq!(app.activity()[0], "updated user: Kai");
    // On the last day itself all is open.
    kai.get("/").send().await.assert_status(200);
    program.get("/api/clients").send().await.assert_status(200);
    let yesterday = app.today().pred_opt().unwrap();
    let body = json!({ "role": "contractor", "access_ends_on": yesterday.to_string(), "version": 2 });
    let path = format!("/api/users/{}", kai.id());
    let saved = app.api(Role::Owner).stepped_up().put(&path).json(body).send().await;
    assert_eq!(saved.json()["access_ends_on"], yesterday.to_string());
    assert!(kai.get("/").send().await.location().starts_with("/login"));
    program.get("/api/clients").send().await.problem(401);
    let before = app.dump();
    let form = [("email", "kai@fielder.studio"), ("password", PASSWORD)];
    app.anonymous()
        .post("/login")
        .form(form)
        .send()
        .await
        .assert_status(422)
        .assert_has("[data-error=password]");
    app.assert_unchanged(&before);
    // Nobody else has a last day, and another role ends it.
    let refused = json!({ "role": "member", "access_ends_on": yesterday.to_string(), "version": 3 });
    app.api(Role::Owner).stepped_up().put(&path).json(refused).send().await.problem(422);
    let body = json!({ "role": "member", "version": 3 });
    app.api(Role::Owner).stepped_up().put(&path).json(body).send().await.assert_status(200);
    program.get("/api/clients").send().await.assert_status(200);
    let denied = "UPDATE users SET access_ends_on = '2026-01-01' WHERE role <> 'contractor'";
    assert!(
        app.refused(|conn| Ok(diesel::RunQueryDsl::execute(diesel::sql_query(denied), conn)?))
            .to_lowercase()
            .contains("check")
    );
}

#[actix_web::test]
async fn an_admin_assigns_somebody_on_their_own_page() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project_named(client, "Shop");
    let other = app.project_named(app.client("Osk"), "Blog");
    let (kai, id) = (app.contractor(), app.contractor().id());
    let path = format!("/users/{id}/assignments");
    app.manager().post(&path).form([("project_id", project.to_string())]).send().await.assert_status(403);
    let page = app.admin().get(format!("/users/{id}")).send().await;
    page.assert_has("#assignment_form").assert_no("#assignments");
    let form = [("project_id", project.to_string())];
    app.admin().post(&path).form(form.clone()).send().await.assert_redirect(&format!("/users/{id}"));
    let page = app.admin().get(format!("/users/{id}")).send().await;
    page.assert_text("#assignments", "Halden · Shop");
    kai.get(format!("/projects/{project}")).send().await.assert_status(200);
    let before = app.dump();
    app.admin().post(&path).form(form).send().await.assert_status(422).assert_has("[data-error=project_id]");
    let both = [("project_id", other.to_string()), ("client_id", client.to_string())];
    app.admin().post(&path).form(both).send().await.assert_status(422).assert_has("[data-error=project_id]");
    for nothing in ["", "9999"] {
        let page = app.admin().post(&path).form([("client_id", nothing)]).send().await;
        page.assert_status(422).assert_has("[data-error=client_id]");
    }
    app.assert_unchanged(&before);
    // The same by the API.
    let (api, path) = (app.api(Role::Admin), format!("/api/users/{id}/assignments"));
    api.post(&path).json(json!({ "client_id": client })).send().await.assert_status(201);
    let found = api.get(&path).send().await.json();
    assert_eq!(found["clients"][0]["name"], "Halden");
    assert_eq!(found["projects"][0]["project_id"], json!(project));
    api.post(&path).json(json!({ "client_id": 9_999 })).send().await.problem(422);
    api.get("/api/users/9999/assignments").send().await.problem(404);
}
