//! Hours: entries, timer, week, list, write-off, API.

use bureau::auth::policy::Role;
use bureau::db::schema::{billed_entries, invoice_lines, projects, tasks, time_entries};
use bureau::time_entries::model::TimeEntry;
use bureau::time_entries::span::{self, Length};
use bureau::types::clock::UtcTime;
use bureau::types::duration;
use bureau::types::ids::{InvoiceId, InvoiceLineId, ProjectId, TaskId, TimeEntryId};
use diesel::prelude::*;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{TestApp, day};

/// What the activity log says about hours, newest first.
pub fn log(app: &TestApp) -> Vec<String> {
    let about_hours = |line: &String| line.contains(" time_entry: ") || line.contains(" timer: ");
    app.activity().into_iter().filter(about_hours).collect()
}

/// A client with the project "Website" at 95.00 and its task "Homepage".
pub fn work(app: &TestApp) -> (ProjectId, TaskId) {
    let project = app.project(app.client("Northwind"));
    app.project_rate(project, 9_500);
    (project, app.task(project))
}

pub fn entries(app: &TestApp) -> Vec<TimeEntry> {
    app.read(|conn| {
        Ok(time_entries::table.order(time_entries::id).select(TimeEntry::as_select()).load(conn)?)
    })
}

pub fn only(app: &TestApp) -> TimeEntry {
    let mut all = entries(app);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

pub fn at(text: &str) -> UtcTime {
    UtcTime::from_datetime(text.parse().unwrap())
}

/// A claim of `entry` by a draft of its client; the line is where an issue freezes it.
pub fn claim(app: &TestApp, entry: TimeEntryId) -> InvoiceId {
    let client =
        app.read(|conn| Ok(time_entries::table.find(entry).select(time_entries::client_id).first(conn)?));
    let invoice = app.draft(client, 10_000);
    app.write(|conn| {
        let line: InvoiceLineId = invoice_lines::table
            .filter(invoice_lines::invoice_id.eq(invoice))
            .select(invoice_lines::id)
            .first(conn)?;
        diesel::insert_into(billed_entries::table)
            .values((billed_entries::time_entry_id.eq(entry), billed_entries::invoice_line_id.eq(line)))
            .execute(conn)?;
        Ok(())
    });
    invoice
}

pub async fn post_json(app: &TestApp, body: Value) -> crate::support::Page {
    app.api(Role::Member).post("/api/time-entries").json(body).send().await
}

#[actix_web::test]
async fn logging_hours_stores_the_instants_the_day_and_the_rate_with_its_source() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let page = app
        .member()
        .post("/time-entries")
        .form([
            ("project_id", project.to_string().as_str()),
            ("task_id", &task.to_string()),
            ("date", "2026-11-18"),
            ("duration", "9:15–10:45"),
            ("note", "Header"),
        ])
        .send()
        .await;
    page.assert_redirect("/time-entries?week=2026-W47");
    let entry = only(&app);
    assert_eq!(entry.user_id, app.member().id());
    assert_eq!(
        (entry.started_at, entry.ended_at),
        (at("2026-11-18T08:15:00Z"), Some(at("2026-11-18T09:45:00Z")))
    );
    assert_eq!((entry.duration_seconds, entry.break_seconds), (5_400, 0));
    assert_eq!((entry.time_zone.as_str(), entry.local_on), ("Europe/Berlin", day("2026-11-18")));
    assert_eq!((entry.rate_cents, entry.rate_source.as_str()), (Some(9_500), "project rate"));
    assert_eq!((entry.amount_cents, entry.is_billable, entry.is_unbilled), (14_250, true, true));
    assert_eq!(log(&app)[0], "created time_entry: Homepage");
}

#[actix_web::test]
async fn a_refused_form_says_where_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    for (field, value, message) in [
        ("duration", "", "Can't be blank"),
        ("duration", "soon", "Is not a duration"),
        ("duration", "0", "Must be longer than nothing"),
        ("duration", "24:01", "Is longer than 24 hours"),
        ("duration", "9-9", "Must be longer than nothing"),
        ("duration", "10:30-9", "Ends before it starts"),
        ("duration", "9-25", "Is not a range"),
        ("duration", "99999999999999999999", "Is not a duration"),
        ("date", "2026-02-29", "Is not a date"),
        ("date", "2026-11-21", "Lies more than a day ahead"),
        ("starts_at", "25:00", "Is not a time of day"),
        ("break_time", "2", "Is longer than the work"),
        ("project_id", "", "Can't be blank"),
        ("project_id", "99999", "Must be one of the choices"),
        ("project_id", "99999999999999999999", "Must be one of the choices"),
        ("task_id", "99999", "Must be one of the choices"),
        ("note", "a\0b", "Contains a character"),
    ] {
        let mut form = vec![
            ("project_id", project.to_string()),
            ("date", "2026-11-18".to_owned()),
            ("duration", "9-10:30".to_owned()),
            ("note", "Header".to_owned()),
        ];
        form.retain(|(name, _)| *name != field);
        form.push((field, value.to_owned()));
        let page = app.member().post("/time-entries").form(form).htmx().send().await;
        page.assert_status(422).assert_fragment();
        page.assert_text(&format!("[data-error={field}]"), message);
        if field == "duration" {
            page.assert_value("#duration", value).assert_value("#note", "Header");
        }
    }
    assert_eq!(app.count("time_entries"), 0);
}

#[actix_web::test]
async fn closed_work_takes_no_new_hours_and_billability_follows_task_and_project() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let body = |extra: Value| {
        let mut body = json!({"task_id": task, "date": "2026-11-18", "duration": "1"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let set = |billing: &str, status: &str, billable: bool| {
        app.write(|conn| {
            diesel::update(projects::table.find(project))
                .set((
                    projects::billing_model.eq(billing),
                    projects::status.eq(status),
                    projects::version.eq(projects::version + 1),
                ))
                .execute(conn)?;
            Ok(diesel::update(tasks::table.find(task)).set(tasks::is_billable.eq(billable)).execute(conn)?)
        });
    };
    for (billing, billable, said, wanted) in [
        ("hourly", true, Value::Null, true),
        ("hourly", false, Value::Null, false),
        ("non_billable", true, Value::Null, false),
        ("hourly", true, json!(false), false),
        ("non_billable", true, json!(true), true),
    ] {
        set(billing, "active", billable);
        let created = post_json(&app, body(json!({"is_billable": said}))).await;
        created.assert_status(201);
        assert_eq!(created.json()["is_billable"], wanted, "{billing} {billable} {said}");
    }
    for status in ["done", "archived"] {
        set("hourly", status, true);
        let problem = post_json(&app, body(json!({}))).await.problem(422);
        assert!(problem["errors"]["project_id"].as_str().unwrap().contains("no new hours"), "{problem}");
        let refused =
            app.member().post("/time-entries/timer").form([("task_id", task.to_string())]).send().await;
        refused.assert_status(422).assert_text("[data-error=project_id]", "no new hours");
    }
    set("hourly", "paused", true);
    post_json(&app, body(json!({}))).await.assert_status(201);
    let other = app.project_named(app.client("Southwind"), "Shop");
    let problem = post_json(&app, body(json!({"project_id": other}))).await.problem(422);
    assert_eq!(problem["errors"]["task_id"], "belongs to another project");
}

#[actix_web::test]
async fn another_persons_hours_are_not_found_and_stay_as_they_are() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let id = app.entry(app.member().id(), task, day("2026-11-17"), 3_600);
    let ute = app.user("ute", Role::Member);
    ute.sign_in().await;
    ute.token().get("/api/time-entries").send().await.assert_status(200);
    let before = app.dump();
    let form = [
        ("task_id", task.to_string()),
        ("date", "2026-11-17".into()),
        ("duration", "8".into()),
        ("version", "1".into()),
    ];
    ute.get(format!("/time-entries/{id}/edit")).send().await.assert_status(404);
    ute.post(format!("/time-entries/{id}")).form(form).send().await.assert_status(404);
    ute.delete(format!("/time-entries/{id}")).send().await.assert_status(404);
    ute.token().get(format!("/api/time-entries/{id}")).send().await.problem(404);
    let body = json!({"task_id": task, "date": "2026-11-17", "duration": "8", "version": 1});
    ute.token().put(format!("/api/time-entries/{id}")).json(body).send().await.problem(404);
    ute.token().delete(format!("/api/time-entries/{id}")).send().await.problem(404);
    let list = ute.token().get("/api/time-entries").send().await.json();
    assert_eq!(list["time_entries"], json!([]));
    app.assert_unchanged(&before);
    // A manager may put them right; a bookkeeper only reads.
    let form = |version: &str| {
        [
            ("task_id", task.to_string()),
            ("date", "2026-11-17".into()),
            ("duration", "8".into()),
            ("version", version.into()),
        ]
    };
    app.bookkeeper().post(format!("/time-entries/{id}")).form(form("1")).send().await.assert_status(403);
    app.manager().post(format!("/time-entries/{id}")).form(form("1")).send().await.assert_status(303);
    assert_eq!((only(&app).duration_seconds, only(&app).user_id), (28_800, app.member().id()));
}

#[actix_web::test]
async fn a_form_that_is_sent_twice_logs_its_hours_once() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    let tom = app.member();
    let mut fields =
        tom.get(format!("/time-entries/new?project_id={project}")).send().await.fields("#time_entry_form");
    fields.retain(|(name, _)| name != "duration");
    fields.push(("duration".into(), "1".into()));
    let twice = (0..4).map(|_| tom.post("/time-entries").form(fields.clone()).send());
    for page in futures_util::future::join_all(twice).await {
        page.assert_status(303);
    }
    assert_eq!(app.count("time_entries"), 1);
    // Back in the browser and changed: other hours, asked once whether they are meant.
    fields.push(("note".into(), "Afternoon".into()));
    fields.retain(|(name, value)| name != "note" || !value.is_empty());
    let asked = tom.post("/time-entries").form(fields).send().await;
    asked.assert_status(422).assert_text("[role=alert]", "saved before");
    tom.post("/time-entries").form(asked.fields("#time_entry_form")).send().await.assert_status(303);
    assert_eq!(app.count("time_entries"), 2);
    let body =
        json!({"project_id": project, "date": "2026-11-18", "duration": "1", "idempotency_key": "import-7"});
    post_json(&app, body.clone()).await.assert_status(201);
    post_json(&app, body.clone()).await.problem(409);
    let mut other = body.clone();
    other["note"] = json!("Evening");
    let problem = post_json(&app, other).await.problem(422);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.ends_with("to add this as well."), "{detail}");
    assert_eq!(app.count("time_entries"), 3);
    app.api(Role::Manager).post("/api/time-entries").json(body).send().await.assert_status(201);
}

#[actix_web::test]
async fn ids_are_never_given_twice() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.api(Role::Member);
    let body = json!({"task_id": task, "date": "2026-11-18", "duration": "1"});
    let first = tom.post("/api/time-entries").json(body.clone()).send().await.json();
    tom.delete(format!("/api/time-entries/{}", first["id"])).send().await.assert_status(204);
    let second = tom.post("/api/time-entries").json(body).send().await.json();
    assert!(second["id"].as_i64() > first["id"].as_i64(), "{second}");
}

#[actix_web::test]
async fn the_list_filters_pages_and_adds_up() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let other = app.task(app.project(app.client("Southwind")));
    let (tom, mara) = (app.member(), app.manager());
    for number in 0..55 {
        app.entry(tom.id(), task, day("2026-11-01") + chrono::Days::new(number % 15), 3_600);
    }
    app.entry_at(mara.id(), other, day("2026-11-18"), 1_800, None);
    let page = mara.get("/time-entries/all").send().await;
    page.assert_full_page()
        .assert_count("#time-list tbody tr", 25)
        .assert_text("#time-list tbody tr:first-child", "Southwind");
    let filtered = mara.get(format!("/time-entries/all?project_id={project}")).htmx().send().await;
    filtered
        .assert_fragment()
        .assert_text("#time-list .lede", "55:00")
        .assert_text("#time-list .lede", "€4,950.00");
    let older = filtered.attributes("#time-list .pager a", "href").remove(0);
    mara.get(older).htmx().send().await.assert_count("#time-list tbody tr", 25);
    for (query, rows) in [
        (format!("user_id={}", mara.id()), 1),
        (format!("task_id={other}"), 1),
        ("from=2026-11-15&to=2026-11-17".to_owned(), 3),
        ("billing=non_billable".to_owned(), 1),
        ("billing=unbilled&to=2026-11-01".to_owned(), 4),
        ("billing=billed".to_owned(), 0),
    ] {
        let page = mara.get(format!("/time-entries/all?{query}")).htmx().send().await;
        page.assert_count("#time-list tbody tr", rows);
    }
    for (query, adds_up) in [
        ("from=2026-11-01", false),
        ("from=2020-01-01&to=2026-11-17", false),
        ("from=2026-11-01&to=2026-11-30", true),
    ] {
        let page = mara.get(format!("/time-entries/all?{query}")).htmx().send().await;
        page.assert_count("#time-list .lede b", if adds_up { 2 } else { 0 });
    }
    // Tom sees his own hours, without what they are worth.
    let own = tom.get("/time-entries/all").send().await;
    own.assert_text("#time-list .lede", "55:00")
        .assert_no_text("body", "€")
        .assert_no("select[name=user_id]");
    tom.get(format!("/time-entries/all?user_id={}", mara.id()))
        .send()
        .await
        .assert_count("#time-list tbody tr", 0);
    for query in [
        "client_id=x",
        "billing=paid",
        "from=2026-02-29",
        "after=1",
        "after=-5000-01-01_1",
        "user_id=99999999999999999999",
    ] {
        mara.get(format!("/time-entries/all?{query}")).send().await.assert_status(422);
    }
}

#[actix_web::test]
async fn clients_and_projects_have_a_tab_with_their_hours() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let client =
        app.read(|conn| Ok(projects::table.find(project).select(projects::client_id).first::<i64>(conn)?));
    app.entry(app.member().id(), task, day("2026-11-17"), 3_600);
    for path in [format!("/clients/{client}/time"), format!("/projects/{project}/time")] {
        let page = app.manager().get(&path).send().await;
        page.assert_status(200)
            .assert_text(".tabs a[aria-current=page]", "Time")
            .assert_count("#time-list tbody tr", 1);
        page.assert_text("#time-list .lede", "€90.00");
        app.user("ute", Role::Member).get(&path).send().await.assert_text(".empty h2", "No hours yet");
    }
    app.manager().get("/clients/999/time").send().await.assert_status(404);
    app.manager().get("/projects/999/time").send().await.assert_status(404);
}

#[actix_web::test]
async fn the_tasks_of_the_chosen_project_are_offered() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    app.task_named(app.project(app.client("Southwind")), "Elsewhere");
    let tom = app.member();
    let part = tom.get(format!("/time-entries/task-options?project_id={project}")).htmx().send().await;
    part.assert_fragment().assert_text("option", "Homepage").assert_no_text("option", "Elsewhere");
    let all = tom.get("/time-entries/new").send().await;
    all.assert_text("#task_id option", "Homepage").assert_text("#task_id option", "Elsewhere");
    tom.get("/time-entries/task-options?project_id=999").htmx().send().await.assert_status(404);
    tom.get("/time-entries/new?project_id=x").send().await.assert_status(422);
    app.bookkeeper().get("/time-entries/new").send().await.assert_status(403);
}

#[actix_web::test]
async fn the_api_lists_creates_changes_and_deletes() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.api(Role::Member);
    let body = json!({"task_id": task, "date": "2026-11-18", "duration": 1.5, "is_billable": true});
    tom.post("/api/time-entries").json(body.clone()).send().await.assert_status(201);
    let entry = only(&app);
    let found = tom.get(format!("/api/time-entries/{}", entry.id)).send().await.json();
    assert_eq!((&found["duration_seconds"], &found["billing"]), (&json!(5_400), &json!("unbilled")));
    assert_eq!(found.get("money"), None);
    let rich = app.api(Role::Manager).get(format!("/api/time-entries/{}", entry.id)).send().await.json();
    assert_eq!((&rich["money"]["amount_cents"], &rich["money"]["currency"]), (&json!(14_250), &json!("EUR")));
    let problem = tom.post("/api/time-entries").json(json!({"date": "2026-11-18"})).send().await.problem(422);
    assert_eq!(problem["errors"]["project_id"], "can't be blank");
    tom.post("/api/time-entries").json(json!({"colour": "red"})).send().await.problem(400);
    app.api(Role::Bookkeeper).post("/api/time-entries").json(json!({})).send().await.problem(403);
    let list = tom.get("/api/time-entries").send().await.json();
    assert_eq!((&list["meta"]["count"], &list["time_entries"][0]["id"]), (&json!(1), &json!(entry.id.0)));
    let path = format!("/api/time-entries/{}", entry.id);
    let mut changed = body;
    changed["duration"] = "2".into();
    changed["version"] = entry.version.into();
    let saved = tom.put(&path).json(changed.clone()).send().await;
    saved.assert_status(200);
    assert_eq!((&saved.json()["duration_seconds"], only(&app).version), (&json!(7_200), entry.version + 1));
    tom.put(&path).json(changed).send().await.problem(409);
    assert_eq!(only(&app).version, entry.version + 1);
    tom.delete(&path).send().await.assert_status(204);
    assert_eq!(app.count("time_entries"), 0);
}

proptest! {
    #[test]
    fn a_duration_reads_back_as_it_was_written(seconds in 1..=span::MAX_SECONDS) {
        prop_assert_eq!(span::parse_length(&span::duration_text(seconds)), Ok(Length::Lasting(seconds)));
        prop_assert_eq!(duration::parse(&duration::stopwatch(seconds)), Some(seconds));
        let minutes = seconds - seconds % 60;
        prop_assert_eq!(duration::parse(&duration::clock(seconds)), Some(minutes));
    }

    #[test]
    fn a_time_of_day_reads_back_as_it_was_written(seconds in 0..=86_400_i64) {
        prop_assert_eq!(span::parse_time(&span::time_text(seconds)), Some(seconds));
    }

    #[test]
    fn a_range_means_its_two_times(from in 0..1_439_i64, minutes in 1..=960_i64, dash in "[-–—]", space in " ?") {
        let (from, to) = (from * 60, (from + minutes) * 60);
        let shown = if to > 86_400 { to - 86_400 } else { to };
        let text = format!("{}{space}{dash}{space}{}", span::time_text(from), span::time_text(shown));
        prop_assert_eq!(span::parse_length(&text), Ok(Length::Between(from, to)), "{}", text);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,24}") {
        let _ = span::parse_length(&text);
        let _ = span::parse_time(&text);
    }
}
