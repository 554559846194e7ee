//! Tasks and comments: list, tabs, page, forms, closure, Markdown, API.

use bureau::auth::policy::Role;
use bureau::db::schema::tasks;
use bureau::types::ids::{ProjectId, TaskId, UserId};
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::{TestApp, day};

/// Status, whether it is done, and version.
fn state(app: &TestApp, id: TaskId) -> (String, bool, i64) {
    app.read(|conn| {
        Ok(tasks::table
            .find(id)
            .select((tasks::status, tasks::completed_at.is_not_null(), tasks::version))
            .first(conn)?)
    })
}

pub fn form(project: ProjectId, title: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields =
        vec![("project_id".to_owned(), project.to_string()), ("title".to_owned(), title.to_owned())];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

async fn seen(app: &TestApp, path: &str, ids: &[TaskId]) -> Vec<bool> {
    let page = app.member().get(path).htmx().send().await;
    page.assert_status(200).assert_fragment();
    ids.iter().map(|id| page.count(&format!("#{}", id.dom())) == 1).collect()
}

#[actix_web::test]
async fn the_list_is_a_page_and_a_fragment_for_every_role() {
    let app = TestApp::new().await;
    let project = app.project_named(app.client("Halden"), "Shop");
    let task = app.task_for(project, "Fix the cart", Some(app.member().id()), Some(day("2026-11-18")));
    app.entry(app.owner().id(), task, app.today(), 5_400);
    app.assign_project(project, app.contractor().id());
    for role in Role::ALL {
        let page = app.role(*role).get("/tasks").send().await;
        page.assert_status(200).assert_full_page();
        let row = format!("#{}", task.dom());
        page.assert_text(&row, "Fix the cart")
            .assert_text(&row, "Halden · Shop")
            .assert_text(&row, if *role == Role::Contractor { "0" } else { "1.5" });
        page.assert_text(&format!("{row} .bad"), "Late, Yesterday");
        let buttons = page.count(&format!("{row} form[action='/time-entries/timer'] button[aria-label]"));
        assert_eq!(buttons, usize::from(*role != Role::Bookkeeper));
    }
    app.member().get("/tasks").htmx().send().await.assert_fragment().assert_has("#tasks-table");
}

#[actix_web::test]
async fn the_list_filters_by_words_state_client_project_assignee_and_due_date() {
    let app = TestApp::new().await;
    let (halden, osk) = (app.client("Halden"), app.client("Osk"));
    let (shop, lookbook) = (app.project_named(halden, "Shop"), app.project_named(osk, "Lookbook"));
    let tom = app.member().id();
    let late = app.task_for(shop, "Late 100%", Some(tom), Some(day("2026-11-18")));
    let now = app.task_for(shop, "Today", None, Some(day("2026-11-19")));
    let soon = app.task_for(lookbook, "Soon", Some(app.owner().id()), Some(day("2026-11-25")));
    let some = app.task_named(lookbook, "Some day");
    let done = app.task_for(lookbook, "Done late", Some(tom), Some(day("2026-11-01")));
    app.member().post(format!("/tasks/{done}/closure")).send().await.assert_status(303);
    let all = [late, now, soon, some, done];
    for (query, expected) in [
        ("", [true, true, true, true, false]),
        ("status=open", [true, true, true, true, false]),
        ("status=all", [true, true, true, true, true]),
        ("status=done", [false, false, false, false, true]),
        ("status=doing", [false, false, false, false, false]),
        ("due=late", [true, false, false, false, false]),
        ("status=all&due=late", [true, false, false, false, false]),
        ("due=today", [false, true, false, false, false]),
        ("due=week", [false, true, true, false, false]),
        ("due=none", [false, false, false, true, false]),
        ("assignee=me", [true, false, false, false, false]),
        ("assignee=nobody", [false, true, false, true, false]),
        ("assignee=anybody&status=all", [true, true, true, true, true]),
        (&format!("assignee={tom}&status=all"), [true, false, false, false, true]),
        (&format!("client_id={osk}"), [false, false, true, true, false]),
        (&format!("project_id={shop}"), [true, true, false, false, false]),
        (&format!("project_id={shop}&client_id={osk}"), [false, false, false, false, false]),
        ("q=SO", [false, false, true, true, false]),
        ("q=100%25", [true, false, false, false, false]),
        ("q=TOD%C3%84Y", [false, true, false, false, false]),
    ] {
        assert_eq!(seen(&app, &format!("/tasks?{query}"), &all).await, expected, "{query}");
    }
    let page = app.member().get(format!("/tasks?project_id={shop}")).send().await;
    page.assert_text(".chip-on", "Shop");
    for query in ["status=late", "assignee=you", "after=7", "after=2026-02-29,1", "after=99999-01-01,1"] {
        app.member().get(format!("/tasks?{query}")).send().await.assert_status(422);
    }
    app.member().get("/tasks?colour=red").send().await.assert_status(400);
}

#[actix_web::test]
async fn pages_by_key_neither_skip_nor_repeat_a_row() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    for number in 0..123 {
        let due = match number % 4 {
            0 => None,
            n => Some(day("2026-12-01") + chrono::Days::new(n)),
        };
        app.task_for(project, &format!("Task {number}"), None, due);
    }
    let api = app.api(Role::Member);
    let (mut keys, mut after, mut sizes) = (Vec::new(), String::new(), Vec::new());
    loop {
        let list = api.get(format!("/api/tasks?after={after}")).send().await.json();
        assert_eq!(list["meta"]["total"], 123);
        let rows = list["tasks"].as_array().unwrap();
        sizes.push(rows.len());
        keys.extend(rows.iter().map(|row| {
            let due = row["due_on"].as_str().unwrap_or("9999-12-31").to_owned();
            (due, row["id"].as_i64().unwrap())
        }));
        match list["meta"]["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(sizes, [25, 25, 25, 25, 23]);
    assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "out of order or twice");
    assert_eq!(keys.len(), 123);

    let page = app.member().get(format!("/tasks?project_id={project}")).send().await;
    let next = page.attributes(".pager a[rel=next]", "href").remove(0);
    assert!(next.contains("project_id=") && next.contains("after="), "{next}");
    let page = app.member().get(&next).send().await;
    page.assert_count("tbody tr", 25).assert_text(".pager", "25 of 123").assert_text(".pager", "First");
}

#[actix_web::test]
async fn a_client_has_a_tab_with_its_tasks() {
    let app = TestApp::new().await;
    let (halden, osk) = (app.client("Halden"), app.client("Osk"));
    let (ours, theirs) = (app.task(app.project(halden)), app.task(app.project(osk)));
    let page = app.member().get(format!("/clients/{halden}/tasks")).send().await;
    page.assert_status(200).assert_text("h1", "Halden").assert_text(".tabs [aria-current]", "Tasks");
    page.assert_has(&format!("#{}", ours.dom())).assert_no(&format!("#{}", theirs.dom()));
    app.member().get("/clients/99/tasks").send().await.assert_status(404);
}

#[actix_web::test]
async fn create_stores_the_task_with_its_clients_id_and_shows_it() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    let tom = app.member().id();
    let page = app.member().get(format!("/tasks/new?project_id={project}")).send().await;
    page.assert_status(200).assert_value("#project_id", &project.to_string());
    page.assert_has("optgroup[label=Halden]");
    let more = [
        ("description", "Do *this*"),
        ("assignee_id", &tom.to_string()),
        ("due_on", "2026-12-01"),
        ("estimate", "1:30"),
        ("status", "doing"),
    ];
    let page = app.member().post("/tasks").form(form(project, "Age gate", &more)).send().await;
    let (id, stored_client, estimate, billable): (TaskId, i64, Option<i64>, bool) = app.read(|conn| {
        Ok(tasks::table
            .select((tasks::id, tasks::client_id, tasks::estimate_seconds, tasks::is_billable))
            .first(conn)?)
    });
    page.assert_redirect(&format!("/tasks/{id}"));
    assert_eq!((stored_client, estimate, billable), (client.0, Some(5_400), true));
    assert_eq!(app.activity_of(client)[0], "created task: Age gate");
    let page = app.member().get(format!("/tasks/{id}")).send().await;
    page.assert_text("h1", "Age gate").assert_text(".prose em", "this").assert_value("#status", "doing");
    page.assert_text("#task_details", "1.5 estimated").assert_text(".timeline", "created task");
}

#[actix_web::test]
async fn tasks_of_non_billable_projects_start_out_non_billable() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let body = json!({ "client_id": client, "name": "Inside", "billing_model": "non_billable" });
    let project = app.api(Role::Manager).post("/api/projects").json(body).send().await.json();
    let body = json!({ "project_id": project["id"], "title": "Tidy up" });
    let task = app.api(Role::Member).post("/api/tasks").json(body).send().await.json();
    assert_eq!(task["is_billable"], false);
}

#[actix_web::test]
async fn a_refused_form_says_why_at_the_field_and_keeps_the_rest() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let page =
        app.member().post("/tasks").form(form(project, "", &[("description", "Kept")])).htmx().send().await;
    page.assert_status(422).assert_fragment().assert_text("#task_form [data-error=title]", "Can't be blank.");
    page.assert_value("#description", "Kept");
    let long = "x".repeat(201);
    for (field, value) in [
        ("project_id", ""),
        ("project_id", "999"),
        ("project_id", "99999999999999999999"),
        ("title", "a\0b"),
        ("title", long.as_str()),
        ("status", "archived"),
        ("assignee_id", "999"),
        ("assignee_id", "me"),
        ("due_on", "2026-02-29"),
        ("estimate", "soon"),
        ("estimate", "99999999999"),
        ("is_billable", "perhaps"),
    ] {
        let page = app.member().post("/tasks").form(form(project, "Good", &[(field, value)])).send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    app.member().post("/tasks").form([("colour", "red")]).send().await.assert_status(400);
    assert_eq!(app.count("tasks"), 0);
}

#[actix_web::test]
async fn who_does_not_work_is_given_no_task() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let (tom, bea) = (app.member(), app.bookkeeper().id().to_string());
    let offered = tom.get("/tasks/new").send().await.attributes("#assignee_id option", "value");
    assert!(offered.contains(&tom.id().to_string()) && !offered.contains(&bea), "{offered:?}");
    let page = tom.post("/tasks").form(form(project, "Books", &[("assignee_id", &bea)])).send().await;
    page.assert_status(422).assert_text("[data-error=assignee_id]", "Must be one of the choices");
    let body = json!({"project_id": project, "title": "Books", "assignee_id": bea});
    let problem = tom.token().post("/api/tasks").json(body).send().await.problem(422);
    assert_eq!(problem["errors"]["assignee_id"], "must be one of the choices");
    assert_eq!(app.count("tasks"), 0);
    // A task that somebody had before stays theirs until it is given to somebody else.
    let task = app.task_for(project, "Books", Some(app.bookkeeper().id()), None);
    let offered = tom.get(format!("/tasks/{task}/edit")).send().await.fields("#task_form");
    assert!(offered.contains(&("assignee_id".to_owned(), bea)), "{offered:?}");
    tom.post(format!("/tasks/{task}")).form(offered).send().await.assert_status(303);
}

#[actix_web::test]
async fn archived_projects_take_no_new_tasks() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.manager().post(format!("/projects/{project}/archive")).send().await.assert_status(303);
    let page = app.member().post("/tasks").form(form(project, "Late idea", &[])).send().await;
    page.assert_status(422).assert_text("[data-error=project_id]", "Is archived");
    assert_eq!(app.count("tasks"), 0);
}

#[actix_web::test]
async fn projects_of_archived_clients_take_no_new_tasks() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    app.manager().post(format!("/clients/{client}/archive")).send().await.assert_status(303);
    let page = app.member().post("/tasks").form(form(project, "Late idea", &[])).send().await;
    page.assert_status(422).assert_text("[data-error=project_id]", "archived client");
    assert_eq!(app.count("tasks"), 0);
}

#[actix_web::test]
async fn words_are_found_whatever_their_case_and_accents() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let body = json!({ "project_id": project, "title": "Größe ÄNDERN" });
    let task = app.api(Role::Member).post("/api/tasks").json(body).send().await.json();
    let other = app.task(project);
    let id = TaskId(task["id"].as_i64().unwrap());
    for word in ["gr%C3%B6%C3%9Fe", "GR%C3%96SSE", "andern", "%C3%84nd+gro"] {
        assert_eq!(seen(&app, &format!("/tasks?q={word}"), &[id, other]).await, [true, false], "{word}");
    }
}

#[actix_web::test]
async fn a_task_with_new_hours_stays_on_its_project() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let (shop, blog) = (app.project_named(client, "Shop"), app.project_named(client, "Blog"));
    let tom = app.api(Role::Member);
    for round in 0..6 {
        let task = app.task_named(shop, &format!("Task {round}"));
        let body = json!({ "project_id": blog, "title": "Moved", "version": 1 });
        let moves = tom.put(format!("/api/tasks/{task}")).json(body).send();
        let hours = (0..4).map(|_| {
            let body = json!({ "task_id": task, "date": "2026-11-18", "duration": "1" });
            tom.post("/api/time-entries").json(body).send()
        });
        let (moved, hours) = futures_util::future::join(moves, futures_util::future::join_all(hours)).await;
        assert!(matches!(moved.status, 200 | 422), "round {round}: {}", moved.status);
        for logged in hours {
            logged.assert_status(201);
        }
    }
    let strays = "project_id <> (SELECT project_id FROM tasks t WHERE t.id = task_id)";
    assert_eq!((app.count("time_entries"), app.count_where("time_entries", strays)), (24, 0));
}

#[actix_web::test]
async fn bookkeepers_change_nothing() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let id = app.task(project);
    let bea = app.bookkeeper();
    bea.get("/tasks/new").send().await.assert_status(403);
    bea.post("/tasks").form(form(project, "Mine", &[])).send().await.assert_status(403);
    bea.post(format!("/tasks/{id}"))
        .form(form(project, "Mine", &[("version", "1")]))
        .send()
        .await
        .assert_status(403);
    bea.post(format!("/tasks/{id}/closure")).send().await.assert_status(403);
    bea.delete(format!("/tasks/{id}/closure")).send().await.assert_status(403);
    bea.post(format!("/tasks/{id}/comments")).form([("body", "Hi")]).send().await.assert_status(403);
    bea.delete(format!("/tasks/{id}")).send().await.assert_status(403);
    let details = [("status", "done"), ("assignee_id", ""), ("due_on", ""), ("version", "1")];
    bea.post(format!("/tasks/{id}/details")).form(details).send().await.assert_status(403);
    let page = bea.get(format!("/tasks/{id}")).send().await;
    page.assert_status(200).assert_no("main form:not([action$=watching])");
    assert_eq!(state(&app, id), ("todo".to_owned(), false, 1));
    assert_eq!(app.count("task_comments"), 0);
}

#[actix_web::test]
async fn update_saves_and_refuses_the_second_of_two_editors() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let id = app.task(project);
    let page = app.member().get(format!("/tasks/{id}/edit")).send().await;
    let mut fields = page.fields("#task_form");
    fields.retain(|(name, _)| name != "title");
    fields.push(("title".into(), "Home".into()));
    let path = format!("/tasks/{id}");
    app.member().post(&path).form(fields.clone()).send().await.assert_redirect(&path);
    app.member().post(&path).form(fields.clone()).send().await.assert_redirect(&path);
    assert_eq!(state(&app, id).2, 2, "the same again changes nothing");
    fields.retain(|(name, _)| name != "title");
    fields.push(("title".into(), "Landing page".into()));
    let page = app.owner().post(&path).form(fields).htmx().send().await;
    page.assert_status(409).assert_text("table.versions", "Home");
    page.assert_text("table.versions", "Landing page").assert_value("#title", "Landing page");
    page.assert_value("input[name=version]", "2");
    assert_eq!(state(&app, id).2, 2);
    app.member()
        .post("/tasks/99")
        .form(form(project, "x", &[("version", "1")]))
        .send()
        .await
        .assert_status(404);
    app.member().post(&path).form(form(project, "x", &[])).send().await.assert_status(422);
}

#[actix_web::test]
async fn completing_swaps_the_row_and_works_without_javascript() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let id = app.task(app.project(client));
    let closure = format!("/tasks/{id}/closure");
    let row = app.member().post(&closure).htmx().send().await;
    row.assert_status(200).assert_fragment().assert_text(".badge", "Done");
    row.assert_has("form[action$='/reopening'] button[aria-label='Reopen Homepage']");
    assert_eq!(state(&app, id), ("done".to_owned(), true, 2));
    app.member().post(&closure).htmx().send().await.assert_status(200);
    assert_eq!(state(&app, id).2, 2, "done stays done");
    let row = app.member().delete(&closure).htmx().send().await;
    row.assert_status(200).assert_has("form[action$='/closure']");
    assert_eq!(state(&app, id), ("todo".to_owned(), false, 3));
    app.member().post(&closure).send().await.assert_redirect(&format!("/tasks/{id}"));
    app.member().post(format!("/tasks/{id}/reopening")).send().await.assert_redirect(&format!("/tasks/{id}"));
    assert_eq!(state(&app, id), ("todo".to_owned(), false, 5));
    assert_eq!(
        app.activity_of(client)[..4],
        [
            "reopened task: Homepage",
            "completed task: Homepage",
            "reopened task: Homepage",
            "completed task: Homepage"
        ]
    );
    app.member().post("/tasks/99/closure").send().await.assert_status(404);
}

#[actix_web::test]
async fn details_change_in_place_and_as_a_plain_form() {
    let app = TestApp::new().await;
    let id = app.task(app.project(app.client("Halden")));
    let tom = app.member().id();
    let path = format!("/tasks/{id}/details");
    let fields = |status: &str, due: &str, version: &str| {
        [("status", status), ("assignee_id", &tom.to_string()), ("due_on", due), ("version", version)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let part = app.member().post(&path).form(fields("done", "2026-12-24", "1")).htmx().send().await;
    part.assert_status(200).assert_fragment().assert_has("#status [value=done][selected]");
    part.assert_value("#due_on", "2026-12-24").assert_value("[name=version]", "2");
    assert_eq!(state(&app, id), ("done".to_owned(), true, 2));
    let part = app.member().post(&path).form(fields("doing", "2026-02-29", "2")).htmx().send().await;
    part.assert_status(422)
        .assert_text("[data-error=due_on]", "Is not a date")
        .assert_value("#status", "doing");
    app.member().post(&path).form(fields("todo", "", "1")).htmx().send().await.assert_status(409);
    let page = app.member().post(&path).form(fields("review", "", "2")).send().await;
    page.assert_redirect(&format!("/tasks/{id}"));
    let stored: (String, Option<UserId>, chrono::NaiveDate) = app.read(|conn| {
        Ok(tasks::table.find(id).select((tasks::status, tasks::assignee_id, tasks::due_order)).first(conn)?)
    });
    assert_eq!(stored, ("review".to_owned(), Some(tom), day("9999-12-31")));
}

#[actix_web::test]
async fn a_task_with_hours_is_neither_deleted_nor_moved() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let (here, there) = (app.project_named(client, "Here"), app.project_named(client, "There"));
    let (logged, free) = (app.task_named(here, "Logged"), app.task_named(here, "Free"));
    app.entry(app.member().id(), logged, app.today(), 5_400);
    app.comment(free, app.member().id(), "Bye");
    let page = app.member().delete(format!("/tasks/{logged}")).htmx().send().await;
    page.assert_status(409);
    assert!(page.text().contains("“Logged” has 1.5 logged hours."), "{}", page.text());
    let fields = form(there, "Logged", &[("version", "1")]);
    let page = app.member().post(format!("/tasks/{logged}")).form(fields).send().await;
    page.assert_status(422).assert_text("[data-error=project_id]", "Cannot change any more");
    let fields = form(there, "Free", &[("version", "1")]);
    app.member().post(format!("/tasks/{free}")).form(fields).send().await.assert_status(303);
    app.member().delete(format!("/tasks/{free}")).htmx().send().await.assert_redirect("/tasks");
    let left: Vec<(TaskId, ProjectId)> =
        app.read(|conn| Ok(tasks::table.select((tasks::id, tasks::project_id)).load(conn)?));
    assert_eq!(left, [(logged, here)]);
    assert_eq!(app.count("task_comments"), 0);
}

#[actix_web::test]
async fn members_see_their_own_hours_by_name_and_managers_everybodys() {
    let app = TestApp::new().await;
    let id = app.task(app.project(app.client("Halden")));
    app.entry(app.member().id(), id, app.today(), 3_600);
    app.entry(app.owner().id(), id, app.today(), 7_200);
    let page = app.member().get(format!("/tasks/{id}")).send().await;
    page.assert_text("#task_details dl dd", "Tom 1").assert_no_text("#task_details dl dd", "Ines");
    page.assert_text("#task_details dl", "3");
    let page = app.manager().get(format!("/tasks/{id}")).send().await;
    page.assert_text("#task_details dl dd", "Tom 1").assert_text("#task_details dl dd", "Ines 2");
}

#[actix_web::test]
async fn the_running_timer_shows_on_its_row() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let (running, other) = (app.task_named(project, "Running"), app.task_named(project, "Other"));
    app.running_timer(app.member().id(), running, 60);
    for page in [app.member().get("/tasks").send().await, app.member().get("/tasks").htmx().send().await] {
        page.assert_has(&format!("#{} form[action='/time-entries/timer/stop']", running.dom()));
        page.assert_has(&format!("#{} form[action='/time-entries/timer']", other.dom()));
    }
    let page = app.owner().get("/tasks").send().await;
    page.assert_has(&format!("#{} form[action='/time-entries/timer']", running.dom()));
}

pub const HOSTILE: &str = "**bold** [x](javascript:alert(1)) [y](https://example.com) <img src=x onerror=alert(1)> \
                       ![z](https://example.com/z.png) <a href=\"data:text/html,x\" onclick=\"x()\">z</a>\n\n\
                       <script>alert(1)</script>";

#[actix_web::test]
async fn the_api_lists_creates_reads_updates_and_deletes() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let api = app.api(Role::Member);
    let body = json!({
        "project_id": project, "title": "Ship", "due_on": "2026-12-01", "estimate": 2, "is_billable": false,
        "assignee_id": app.member().id(),
    });
    let created = api.post("/api/tasks").json(body.clone()).send().await;
    created.assert_status(201);
    let task = created.json();
    assert_eq!((&task["estimate_seconds"], &task["is_billable"]), (&json!(7_200), &json!(false)));
    let path = format!("/api/tasks/{}", task["id"]);
    assert_eq!(created.header("location").as_deref(), Some(path.as_str()));
    let list = api.get(format!("/api/tasks?project_id={project}&assignee=me&q=sh")).send().await.json();
    assert_eq!((&list["meta"]["count"], &list["tasks"][0]["assignee_name"]), (&json!(1), &json!("Tom")));
    assert_eq!(list["meta"].get("total"), None);

    let mut change = body.clone();
    change["status"] = "done".into();
    api.put(&path).json(change.clone()).send().await.problem(422);
    change["version"] = 1.into();
    let saved = api.put(&path).json(change.clone()).send().await.json();
    assert_eq!((&saved["status"], &saved["version"]), (&json!("done"), &json!(2)));
    assert_ne!(saved["completed_at"], Value::Null);
    api.put(&path).json(change.clone()).send().await.problem(409);
    change["status"] = "doing".into();
    change["version"] = 2.into();
    assert_eq!(api.put(&path).json(change).send().await.json()["completed_at"], Value::Null);

    let problem =
        api.post("/api/tasks").json(json!({ "project_id": 99, "title": " " })).send().await.problem(422);
    assert_eq!(problem["errors"]["title"], "can't be blank");
    api.post("/api/tasks").json(json!({ "title": "x", "sprint": 1 })).send().await.problem(400);
    app.api(Role::Bookkeeper).post("/api/tasks").json(body).send().await.problem(403);
    api.delete(&path).send().await.assert_status(204);
    api.get(&path).send().await.problem(404);
    assert_eq!(app.count("tasks"), 0);
}
