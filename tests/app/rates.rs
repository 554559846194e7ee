//! Rates: who sees them, who agrees on them, which one counts, and that the past keeps its own.

use bureau::auth::policy::Role;
use bureau::rates::model::{self as rates, Book, Work};
use bureau::types::ids::{ProjectId, TaskId, UserId};
use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::support::{TestApp, day};
use crate::time_entries::{entries, only, post_json, work};

async fn agree(app: &TestApp, body: Value) -> Value {
    let page = app.api(Role::Owner).post("/api/rates").json(body).send().await;
    page.assert_status(200);
    page.json()
}

fn source_of(app: &TestApp, user: UserId, project: ProjectId, task: TaskId, on: NaiveDate) -> String {
    app.read(|conn| {
        let client = bureau::projects::model::find(conn, &app.actor(), project)?.client_id;
        let work = Work { user, client, project, task: Some(task) };
        let found = rates::resolve(conn, work, on)?;
        assert_eq!(Book::load(conn)?.resolve(work, on), found, "many hours are priced as one is");
        Ok(found.bill.map(|rate| rate.source).unwrap_or_default())
    })
}

#[actix_web::test]
async fn the_most_specific_rate_counts_and_says_whose_it_is() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Northwind"));
    let task = app.task(project);
    let tom = app.member().id();
    let client = app.line("SELECT CAST(id AS TEXT) AS line FROM clients").parse::<i64>().unwrap();
    let today = app.today();
    let mut wanted = vec!["agency rate".to_owned()];
    for (ids, label) in [
        (json!({"user_id": tom}), "member"),
        (json!({"client_id": client}), "client"),
        (json!({"project_id": project}), "project"),
        (json!({"project_id": project, "user_id": tom}), "project member"),
        (json!({"task_id": task}), "task"),
    ] {
        assert_eq!(source_of(&app, tom, project, task, today), *wanted.last().unwrap());
        let mut body = ids;
        body["kind"] = "bill".into();
        body["amount"] = "101.50".into();
        body["valid_from"] = "2026-11-02".into();
        agree(&app, body).await;
        wanted.push(format!("{label} rate from 2026-11-02"));
        assert_eq!(source_of(&app, tom, project, task, today), *wanted.last().unwrap());
    }
    assert_eq!(source_of(&app, tom, project, task, day("2026-11-01")), "agency rate");
    post_json(&app, json!({"task_id": task, "date": "2026-11-18", "duration": "1"})).await.assert_status(201);
    assert_eq!(only(&app).rate_source, "task rate from 2026-11-02");
}

#[actix_web::test]
async fn a_rate_that_ends_gives_way_to_the_wider_one() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Northwind"));
    let task = app.task(project);
    let tom = app.member().id();
    agree(&app, json!({"kind": "bill", "project_id": project, "amount": "80", "valid_from": "2026-11-01"}))
        .await;
    let list = agree(&app, json!({"kind": "bill", "project_id": project, "valid_from": "2026-11-16"})).await;
    assert_eq!(list["rates"][0]["amount_cents"], Value::Null);
    assert_eq!(list["currency"], "EUR");
    assert_eq!(source_of(&app, tom, project, task, day("2026-11-15")), "project rate from 2026-11-01");
    assert_eq!(source_of(&app, tom, project, task, day("2026-11-16")), "agency rate");
}

#[actix_web::test]
async fn agreeing_changes_no_logged_hour_and_stands_in_the_log() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    app.entry(app.member().id(), task, day("2026-11-17"), 3_600);
    app.manager().sign_in().await;
    let before = app.dump();
    let path = format!("/rates/history?project_id={project}");
    let page = app.manager().get(&path).send().await;
    page.assert_text("h1", "Rates of Website")
        .assert_text("#rates", "The beginning")
        .assert_text("#rates", "€95.00");
    let form = [
        ("kind", "bill"),
        ("project_id", &project.to_string()),
        ("amount", "110"),
        ("valid_from", "2026-11-16"),
    ];
    app.manager().post("/rates").form(form).send().await.assert_redirect(&path);
    app.assert_unchanged_but(
        &before,
        &["rates", "activities", "unsealed_activities", "activity_seals", "activity_chain"],
    );
    let page = app.manager().get(&path).send().await;
    page.assert_text("#rates tbody tr:first-child", "16 Nov")
        .assert_text("#rates tbody tr:first-child", "Now");
    assert_eq!(app.activity()[0], "updated rate: Website");
    let overview = app.manager().get("/rates").send().await;
    overview.assert_text("#agreed", "Website").assert_text("#agreed", "€110.00").assert_text("main", "Tom");
}

#[actix_web::test]
async fn a_refused_rate_says_where_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let client = app.client("Northwind").to_string();
    app.manager().sign_in().await;
    app.api(Role::Manager).get("/api/rates").send().await.assert_status(200);
    let before = app.dump();
    for (field, value, message) in [
        ("kind", "gift", "Must be one of the choices"),
        ("amount", "much", "Is not an amount"),
        ("amount", "-1", "Is out of range"),
        ("valid_from", "2026-02-30", "Is not a date"),
    ] {
        let mut form =
            vec![("kind", "bill"), ("client_id", &client), ("amount", "80"), ("valid_from", "2026-11-01")];
        form.retain(|(name, _)| *name != field);
        form.push((field, value));
        let page = app.manager().post("/rates").form(form).htmx().send().await;
        page.assert_status(422).assert_fragment().assert_text(&format!("[data-error={field}]"), message);
        page.assert_value("input[name=client_id]", &client);
    }
    let twice = json!({"kind": "bill", "client_id": client, "task_id": 1, "amount": 80});
    app.api(Role::Manager).post("/api/rates").json(twice).send().await.problem(422);
    let nobody = json!({"kind": "bill", "project_id": 99_999, "amount": 80});
    let problem = app.api(Role::Manager).post("/api/rates").json(nobody).send().await.problem(422);
    assert!(
        problem["errors"]["project_id"].is_string() || problem["errors"]["project_id"].is_array(),
        "{problem}"
    );
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn rates_of_people_and_of_the_agency_are_for_who_runs_it() {
    let app = TestApp::new().await;
    let tom = app.member().id();
    app.manager().sign_in().await;
    app.api(Role::Manager).get("/api/rates").send().await.assert_status(200);
    app.bookkeeper().sign_in().await;
    app.member().sign_in().await;
    let before = app.dump();
    for body in [json!({"kind": "cost", "user_id": tom, "amount": 45}), json!({"kind": "bill", "amount": 45})]
    {
        app.api(Role::Manager).post("/api/rates").json(body).send().await.problem(403);
    }
    app.bookkeeper().get(format!("/rates/history?user_id={tom}")).send().await.assert_no("#rate_form");
    app.member().get("/rates").send().await.assert_status(403);
    app.assert_unchanged(&before);
    agree(&app, json!({"kind": "cost", "user_id": tom, "amount": 45})).await;
    let project = app.project(app.client("Northwind"));
    post_json(&app, json!({"project_id": project, "date": "2026-11-18", "duration": "1"}))
        .await
        .assert_status(201);
    let entry = only(&app);
    assert_eq!((entry.cost_rate_cents, entry.cost_rate_source.as_str()), (Some(4_500), "member rate"));
}

#[actix_web::test]
async fn a_rate_is_taken_back_and_hours_keep_theirs() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Northwind"));
    let list = agree(&app, json!({"kind": "bill", "project_id": project, "amount": "80"})).await;
    let id = list["rates"][0]["id"].as_i64().unwrap();
    post_json(&app, json!({"project_id": project, "date": "2026-11-18", "duration": "1"})).await;
    app.api(Role::Manager).delete(format!("/api/rates/{id}")).send().await.assert_status(204);
    app.api(Role::Manager).delete(format!("/api/rates/{id}")).send().await.problem(404);
    post_json(&app, json!({"project_id": project, "date": "2026-11-18", "duration": "1"})).await;
    let rates: Vec<_> = entries(&app).iter().map(|entry| entry.rate_cents).collect();
    assert_eq!(rates, [Some(8_000), Some(9_000)]);
    assert_eq!(app.activity()[1], "deleted rate: Website");
}

#[actix_web::test]
async fn a_price_for_one_entry_comes_before_everything_agreed_and_stays_hidden_from_members() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let mara = app.manager();
    let mut body = json!({"task_id": task, "date": "2026-11-18", "duration": "1", "rate": "250"});
    app.api(Role::Member).post("/api/time-entries").json(body.clone()).send().await.problem(422);
    app.api(Role::Manager).post("/api/time-entries").json(body.clone()).send().await.assert_status(201);
    let entry = only(&app);
    assert_eq!(
        (entry.rate_cents, entry.rate_source.as_str(), entry.amount_cents),
        (Some(25_000), "entry rate", 25_000)
    );
    let path = format!("/time-entries/{}/edit", entry.id);
    mara.get(&path).send().await.assert_value("[name=rate]", "250.00");
    // Taken out of the form, what is agreed counts again.
    body["rate"] = "".into();
    body["version"] = 1.into();
    mara.token().put(format!("/api/time-entries/{}", entry.id)).json(body).send().await.assert_status(200);
    assert_eq!((only(&app).rate_cents, only(&app).rate_source.as_str()), (Some(9_500), "project rate"));
    app.member().get("/time-entries/new").send().await.assert_no("[name=rate]");
}

#[actix_web::test]
async fn a_member_who_edits_keeps_the_price_that_was_typed_for_the_entry() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let id = app.entry(app.member().id(), task, day("2026-11-18"), 3_600);
    let put = json!({"task_id": task, "date": "2026-11-18", "duration": "1", "rate": 200, "version": 1});
    app.api(Role::Manager).put(format!("/api/time-entries/{id}")).json(put).send().await.assert_status(200);
    let put = json!({"task_id": task, "date": "2026-11-17", "duration": "2", "version": 2});
    app.api(Role::Member).put(format!("/api/time-entries/{id}")).json(put).send().await.assert_status(200);
    let entry = only(&app);
    assert_eq!((entry.rate_cents, entry.amount_cents), (Some(20_000), 40_000));
    assert_eq!(entry.rate_source, "entry rate");
}
