//! Hours: entries, timer, week, list, write-off, API.

use std::str::FromStr;

use bureau::auth::policy::Role;
use bureau::clients::form::ClientForm;
use bureau::clients::model::{self as clients, NewClient};
use bureau::db::schema::{billed_entries, invoice_lines, projects, rates, tasks, time_entries, users};
use bureau::rates::model::{self as rates_model, RateKind, Scope};
use bureau::time_entries::form::TimeEntryForm;
use bureau::time_entries::model::{self, NewTimeEntry, TimeEntry};
use bureau::time_entries::span::{self, Length};
use bureau::time_entries::week::Week;
use bureau::types::clock::UtcTime;
use bureau::types::duration;
use bureau::types::ids::{ClientId, InvoiceId, InvoiceLineId, ProjectId, TaskId, TimeEntryId, UserId};
use diesel::prelude::*;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{TestApp, day};

/// What the activity log says about hours, newest first.
fn log(app: &TestApp) -> Vec<String> {
    let about_hours = |line: &String| line.contains(" time_entry: ") || line.contains(" timer: ");
    app.activity().into_iter().filter(about_hours).collect()
}

/// A client with the project "Website" at 95.00 and its task "Homepage".
fn work(app: &TestApp) -> (ProjectId, TaskId) {
    let project = app.project(app.client("Northwind"));
    app.project_rate(project, 9_500);
    (project, app.task(project))
}

fn entries(app: &TestApp) -> Vec<TimeEntry> {
    app.read(|conn| {
        Ok(time_entries::table.order(time_entries::id).select(TimeEntry::as_select()).load(conn)?)
    })
}

fn only(app: &TestApp) -> TimeEntry {
    let mut all = entries(app);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn at(text: &str) -> UtcTime {
    UtcTime::from_datetime(text.parse().unwrap())
}

/// A claim of `entry` by a draft of its client; the line is where an issue freezes it.
fn claim(app: &TestApp, entry: TimeEntryId) -> InvoiceId {
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

async fn post_json(app: &TestApp, body: Value) -> crate::support::Page {
    app.api(Role::Member).post("/api/time-entries").json(body).send().await
}

#[actix_web::test]
async fn an_empty_week_teaches_how_to_fill_it() {
    let app = TestApp::new().await;
    let page = app.member().get("/time-entries").send().await;
    page.assert_status(200).assert_full_page();
    page.assert_text("h1", "16 to 22 November").assert_text(".empty h2", "No hours in this week");
    page.assert_has("nav a[href='/time-entries'][aria-current=page]");
}

#[actix_web::test]
async fn the_week_adds_up_by_row_and_by_day() {
    let app = TestApp::new().await;
    let (project, homepage) = work(&app);
    let imprint = app.task_named(project, "Imprint");
    let tom = app.member();
    app.entry(tom.id(), homepage, day("2026-11-16"), 9_000);
    app.entry(tom.id(), homepage, day("2026-11-17"), 5_400);
    app.entry_at(tom.id(), imprint, day("2026-11-17"), 3_600, None);
    app.entry(tom.id(), homepage, day("2026-11-15"), 3_600);
    let page = tom.get("/time-entries?week=2026-W47").send().await;
    page.assert_text(".sheet-grid tbody tr:first-child .tot", "4:00");
    page.assert_text(".sheet-grid tfoot td:nth-of-type(2)", "2:30");
    page.assert_text(".sheet-grid tfoot .tot", "5:00")
        .assert_text(".sheet-grid tfoot .tot small", "4:00 billable");
    page.assert_has(".sheet-grid thead th.today").assert_count(".list > li", 3);
    tom.get("/time-entries?week=2026-W46")
        .htmx()
        .send()
        .await
        .assert_fragment()
        .assert_count(".list > li", 1);
    tom.get("/time-entries?week=2026-W60").send().await.assert_status(422);
}

#[actix_web::test]
async fn managers_see_the_week_of_others_and_members_do_not() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-17"), 5_400);
    let path = format!("/time-entries?user_id={}", tom.id());
    app.manager().get(&path).send().await.assert_status(200).assert_text(".lede", "Tom");
    app.bookkeeper().get(&path).send().await.assert_status(200).assert_no("a[href='/time-entries/new']");
    app.user("ute", Role::Member).get(&path).send().await.assert_status(404);
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
async fn a_duration_alone_follows_the_last_hours_of_its_day() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    for (date, duration) in [("2026-11-18", "1.5"), ("2026-11-18", "90m"), ("2026-11-17", "1:30")] {
        let body = json!({"project_id": project, "date": date, "duration": duration});
        post_json(&app, body).await.assert_status(201);
    }
    let starts: Vec<_> = entries(&app).iter().map(|entry| entry.started_at.to_string()).collect();
    assert_eq!(starts, ["2026-11-18T08:00:00Z", "2026-11-18T09:30:00Z", "2026-11-17T08:00:00Z"]);
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
async fn clocks_that_are_put_forward_and_back_lose_and_gain_no_minute() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    let body =
        |date: &str, duration: &str| json!({"project_id": project, "date": date, "duration": duration});
    for (date, range, seconds) in [
        ("2020-03-29", "01:49-03:15", 26 * 60),
        ("2021-10-31", "0:00-24:00", 25 * 3_600),
        ("2021-03-28", "0-24", 23 * 3_600),
        ("2026-11-18", "22:00-01:30", 3 * 3_600 + 1_800),
        ("2021-10-30", "22:00-04:00", 7 * 3_600),
    ] {
        let created = post_json(&app, body(date, range)).await;
        created.assert_status(201);
        let created = created.json();
        assert_eq!(created["duration_seconds"], seconds, "{date} {range}");
        assert_eq!(created["local_on"], date);
    }
}

#[actix_web::test]
async fn a_time_that_the_clock_showed_twice_is_asked_for_and_kept() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    let form = |more: &[(&str, &str)]| {
        let mut form = vec![
            ("project_id".to_owned(), project.to_string()),
            ("date".to_owned(), "2021-10-31".to_owned()),
            ("duration".to_owned(), "2:30-4".to_owned()),
        ];
        form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form
    };
    let asked = app.member().post("/time-entries").form(form(&[])).send().await;
    asked.assert_status(422).assert_count("input[type=radio][name=start_occurrence]", 2);
    asked.assert_text("[data-error=start_occurrence]", "twice");
    for (which, seconds) in [("first", 9_000), ("second", 5_400)] {
        let saved =
            app.member().post("/time-entries").form(form(&[("start_occurrence", which)])).send().await;
        saved.assert_status(303);
        assert_eq!(entries(&app).last().unwrap().duration_seconds, seconds, "{which}");
    }
    // Editing the end alone keeps the start inside the repeated hour.
    let entry = entries(&app).pop().unwrap();
    let mut fields =
        app.member().get(format!("/time-entries/{}/edit", entry.id)).send().await.fields("#time_entry_form");
    for (name, value) in &mut fields {
        if name == "duration" {
            *value = "2:30-5".to_owned();
        }
    }
    app.member().post(format!("/time-entries/{}", entry.id)).form(fields).send().await.assert_status(303);
    let edited = entries(&app).pop().unwrap();
    assert_eq!(edited.started_at, entry.started_at);
    assert_eq!(edited.duration_seconds, 9_000);
}

#[actix_web::test]
async fn a_time_that_the_clock_skipped_moves_forward_and_says_so() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    let page = app
        .member()
        .post("/time-entries")
        .form([
            ("project_id", project.to_string().as_str()),
            ("date", "2020-03-29"),
            ("starts_at", "2:30"),
            ("duration", "1"),
        ])
        .send()
        .await;
    page.assert_status(303);
    assert!(page.flash().contains("02:30") && page.flash().contains("03:00"), "{}", page.flash());
    assert_eq!(only(&app).started_at, at("2020-03-29T01:00:00Z"));
}

#[actix_web::test]
async fn editing_keeps_the_rate_until_the_work_or_its_day_changes() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    let actor = app.actor();
    app.write(|conn| {
        Ok(diesel::insert_into(rates::table)
            .values((
                rates::kind.eq("bill"),
                rates::scope.eq("project"),
                rates::project_id.eq(project),
                rates::amount_cents.eq(12_000_i64),
                rates::starts_on.eq(day("2026-11-18")),
                rates::created_by.eq(actor.id),
                rates::created_at.eq(app.now()),
            ))
            .execute(conn)?)
    });
    let path = format!("/api/time-entries/{id}");
    let put = async |date: &str, duration: &str, version: i64| {
        let body =
            json!({"task_id": task, "date": date, "duration": duration, "note": "n", "version": version});
        tom.token().put(&path).json(body).send().await
    };
    put("2026-11-17", "2", 1).await.assert_status(200);
    assert_eq!((only(&app).rate_cents, only(&app).amount_cents), (Some(9_000), 18_000));
    put("2026-11-18", "2", 2).await.assert_status(200);
    let entry = only(&app);
    assert_eq!((entry.rate_cents, entry.amount_cents, entry.version), (Some(12_000), 24_000, 3));
    assert_eq!(entry.rate_source, "project rate from 2026-11-18");
    put("2026-11-18", "3", 2).await.problem(409);
    put("2026-11-18", "3", 3).await.assert_status(200);
    assert_eq!(only(&app).duration_seconds, 10_800);
}

#[actix_web::test]
async fn an_edit_of_the_note_alone_moves_no_instant() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-17"), 3_671);
    app.write(|conn| {
        Ok(diesel::update(time_entries::table.find(id))
            .set((
                time_entries::started_at.eq(at("2026-11-17T08:00:13.250Z")),
                time_entries::ended_at.eq(at("2026-11-17T09:01:24.500Z")),
            ))
            .execute(conn)?)
    });
    let before = only(&app);
    let mut fields = tom.get(format!("/time-entries/{id}/edit")).send().await.fields("#time_entry_form");
    fields.retain(|(name, _)| name != "note");
    fields.push(("note".into(), "Better words".into()));
    tom.post(format!("/time-entries/{id}")).form(fields).send().await.assert_status(303);
    let after = only(&app);
    assert_eq!(after.note, "Better words");
    assert_eq!(
        (after.started_at, after.ended_at, after.duration_seconds, after.amount_cents),
        (before.started_at, before.ended_at, before.duration_seconds, before.amount_cents)
    );
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
async fn hours_on_an_invoice_do_not_change() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    claim(&app, id);
    tom.sign_in().await;
    tom.token().get("/api/time-entries").send().await.assert_status(200);
    app.manager().sign_in().await;
    let before = app.dump();
    let body = json!({"task_id": task, "date": "2026-11-17", "duration": "8", "version": 1});
    let problem = tom.token().put(format!("/api/time-entries/{id}")).json(body).send().await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("a draft for Northwind"), "{problem}");
    tom.token().delete(format!("/api/time-entries/{id}")).send().await.problem(409);
    tom.delete(format!("/time-entries/{id}")).htmx().send().await.assert_status(409);
    app.manager()
        .post(format!("/time-entries/{id}/write-off"))
        .form([("reason", "x")])
        .send()
        .await
        .assert_status(409);
    app.assert_unchanged(&before);
    let drafted = tom.token().get("/api/time-entries?billing=drafted").send().await.json();
    assert_eq!(drafted["time_entries"][0]["id"], id.0);
    assert_eq!(drafted["time_entries"][0]["billing"], "drafted");
    // Behind the verbs' back the database refuses as well.
    let refused = app.refused(|conn| {
        Ok(diesel::update(time_entries::table.find(id))
            .set(time_entries::duration_seconds.eq(1_i64))
            .execute(conn)?)
    });
    assert!(refused.contains("on an invoice"), "{refused}");
}

#[actix_web::test]
async fn written_off_hours_need_a_reason_and_come_back() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    let path = format!("/time-entries/{id}/write-off");
    tom.post(&path).form([("reason", "mine")]).send().await.assert_status(403);
    let page = app.bookkeeper().post(&path).form([("reason", " ")]).htmx().send().await;
    page.assert_status(422).assert_fragment().assert_text("[data-error=reason]", "Can't be blank");
    app.bookkeeper().get(&path).send().await.assert_status(200).assert_has("#write_off_form");
    app.bookkeeper().post(&path).form([("reason", "Goodwill")]).send().await.assert_status(303);
    assert!(!only(&app).is_unbilled);
    app.bookkeeper().post(&path).form([("reason", "Again")]).send().await.assert_status(409);
    tom.token().delete(format!("/api/time-entries/{id}")).send().await.problem(409);
    let list = app.manager().get("/time-entries/all?billing=written_off").send().await;
    list.assert_count("#time-list tbody tr", 1).assert_text("#time-list tbody", "Goodwill");
    for _ in 0..2 {
        app.manager().post(format!("/time-entries/{id}/write-on")).send().await.assert_status(303);
        assert!(only(&app).is_unbilled);
    }
    assert_eq!(log(&app), ["written_on time_entry: Homepage", "written_off time_entry: Homepage"]);
}

#[actix_web::test]
async fn starting_a_timer_stops_the_one_before_at_the_same_instant() {
    let app = TestApp::new().await;
    let (project, homepage) = work(&app);
    let imprint = app.task_named(project, "Imprint");
    let tom = app.member();
    let start = async |task: TaskId| {
        tom.post("/time-entries/timer")
            .header("referer", "http://localhost/tasks")
            .header("host", "localhost")
            .form([("task_id", task.to_string())])
            .send()
            .await
    };
    start(homepage).await.assert_redirect("/tasks");
    app.clock.advance(90 * 60 + 7);
    let page = tom.get("/time-entries").send().await;
    page.assert_text("#timer output", "1:30:07").assert_text("#timer .label", "Homepage · Northwind");
    page.assert_has(".sheet-grid .cell.running");
    let switched = start(imprint).await;
    assert!(
        switched.flash().contains("Imprint") && switched.flash().contains("1:30"),
        "{}",
        switched.flash()
    );
    app.clock.advance(600);
    tom.post("/time-entries/timer/stop")
        .form([("ended_at", "")])
        .send()
        .await
        .assert_redirect("/time-entries");
    let again = tom.post("/time-entries/timer/stop").form([("ended_at", "")]).send().await;
    again.assert_redirect("/time-entries");
    assert_eq!(again.flash(), "No timer was running.");
    let [first, second] = <[TimeEntry; 2]>::try_from(entries(&app)).unwrap();
    assert_eq!((first.duration_seconds, first.amount_cents, first.is_unbilled), (5_407, 14_268, true));
    assert_eq!(first.ended_at, Some(second.started_at));
    assert_eq!((second.duration_seconds, second.is_running()), (600, false));
    assert_eq!(
        log(&app),
        [
            "stopped timer: Imprint",
            "started timer: Imprint",
            "stopped timer: Homepage",
            "started timer: Homepage"
        ]
    );
}

#[actix_web::test]
async fn the_form_starts_a_timer_with_its_second_button() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    let page = tom.get(format!("/time-entries/new?task_id={task}")).send().await;
    page.assert_value("#project_id", &project.to_string()).assert_value("#task_id", &task.to_string());
    page.assert_has("button[formaction='/time-entries/timer']").assert_value("#date", "2026-11-19");
    let fields = page.fields("#time_entry_form");
    tom.post("/time-entries/timer").form(fields).htmx().send().await.assert_redirect("/time-entries");
    assert!(only(&app).is_running());
    let empty = tom.post("/time-entries/timer").form([("note", "Something")]).htmx().send().await;
    empty
        .assert_status(422)
        .assert_text("[data-error=project_id]", "Can't be blank")
        .assert_value("#note", "Something");
    assert!(only(&app).is_running());
}

#[actix_web::test]
async fn ten_starts_at_once_leave_one_running_and_no_empty_hours() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.api(Role::Member);
    let starts = (0..10).map(|number| {
        tom.post("/api/time-entries/timer").json(json!({"task_id": task, "note": number.to_string()})).send()
    });
    for page in futures_util::future::join_all(starts).await {
        page.assert_status(201);
    }
    assert!(only(&app).is_running());
    // Ten times the same is once.
    let again = (0..10).map(|_| tom.post("/api/time-entries/timer").json(json!({"task_id": task})).send());
    let before = only(&app);
    for page in futures_util::future::join_all(again).await {
        page.assert_status(200);
        assert_eq!(page.json()["id"], before.id.0);
    }
    assert_eq!(only(&app).version, before.version);
    tom.delete("/api/time-entries/timer").send().await.assert_status(204);
    assert_eq!(app.count("time_entries"), 0, "no time, no hours");
}

#[actix_web::test]
async fn stopping_a_timer_keeps_what_was_edited_at_the_same_moment() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.api(Role::Member);
    for round in 0..8 {
        let id = app.running_timer(app.member().id(), task, 3_600);
        let body = json!({"task_id": task, "date": "2026-11-19", "starts_at": "09:31", "note": "Moved", "version": 1});
        let edit = tom.put(format!("/api/time-entries/{id}")).json(body).send();
        let stop = tom.delete("/api/time-entries/timer").send();
        let (edited, stopped) = futures_util::future::join(edit, stop).await;
        stopped.assert_status(200);
        let entry = entries(&app).into_iter().find(|entry| entry.id == id).unwrap();
        let elapsed = entry.ended_at.unwrap().seconds_since(entry.started_at);
        assert_eq!(entry.duration_seconds, elapsed, "round {round}");
        // An edit is either in the hours that were logged or was refused.
        assert_eq!(edited.status == 200, entry.note == "Moved", "round {round}: {}", edited.status);
        tom.delete(format!("/api/time-entries/{id}")).send().await.assert_status(204);
    }
}

#[actix_web::test]
async fn hours_logged_before_there_was_a_rate_get_one_when_they_are_saved_again() {
    let app = TestApp::new().await;
    let client = app.client_with("Kawa", |new| new.currency = "JPY".parse().unwrap());
    let project = app.project(client);
    let tom = app.member();
    let body = json!({"project_id": project, "date": "2026-11-17", "duration": "1"});
    post_json(&app, body.clone()).await.assert_status(201);
    let entry = only(&app);
    assert_eq!((entry.rate_cents, entry.is_unbilled), (None, true), "the agency's euros are no yen");
    let actor = app.actor();
    let today = app.today();
    app.write(|conn| {
        rates_model::set(
            conn,
            actor.id,
            app.now(),
            RateKind::Bill,
            Scope::Project(project),
            today,
            Some(9_000),
        )
    });
    let mut again = body;
    again["version"] = 1.into();
    tom.token().put(format!("/api/time-entries/{}", entry.id)).json(again).send().await.assert_status(200);
    let entry = only(&app);
    assert_eq!((entry.rate_cents, entry.amount_cents), (Some(9_000), 9_000));
    let page = app.manager().get(format!("/billing/new?client_id={client}")).send().await;
    page.assert_status(200).assert_no_text("main", "have no rate");
}

#[actix_web::test]
async fn a_first_rate_counts_from_its_day_where_a_wider_one_was_in_force() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Northwind"));
    let actor = app.actor();
    app.write(|conn| {
        let scope = Scope::Project(project);
        rates_model::set(conn, actor.id, app.now(), RateKind::Bill, scope, day("2026-11-19"), Some(12_000))
    });
    for (date, rate, source) in
        [("2026-11-18", 9_000, "agency rate"), ("2026-11-19", 12_000, "project rate from 2026-11-19")]
    {
        post_json(&app, json!({"project_id": project, "date": date, "duration": "1"}))
            .await
            .assert_status(201);
        let entry = entries(&app).pop().unwrap();
        assert_eq!((entry.rate_cents, entry.rate_source.as_str()), (Some(rate), source));
    }
    // Agreed with the project itself it counts for the days before, too.
    let body = json!({"client_id": app.client("Southwind"), "name": "Shop", "rate": "80"});
    let shop = app.api(Role::Manager).post("/api/projects").json(body).send().await.json();
    post_json(&app, json!({"project_id": shop["id"], "date": "2026-10-01", "duration": "1"}))
        .await
        .assert_status(201);
    assert_eq!(entries(&app).pop().unwrap().rate_source, "project rate");
}

#[actix_web::test]
async fn hours_that_are_paid_by_price_start_out_not_billable_by_the_hour() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    for (model, wanted) in [
        ("hourly", true),
        ("fixed_price", false),
        ("milestones", false),
        ("retainer", false),
        ("non_billable", false),
    ] {
        let body = json!({"client_id": client, "name": model, "billing_model": model});
        let project = app.api(Role::Manager).post("/api/projects").json(body).send().await.json();
        let body = json!({"project_id": project["id"], "date": "2026-11-18", "duration": "1"});
        let entry = post_json(&app, body.clone()).await.json();
        assert_eq!(entry["is_billable"], wanted, "{model}");
        let mut extra = body;
        extra["is_billable"] = true.into();
        assert_eq!(
            post_json(&app, extra).await.json()["is_billable"],
            true,
            "{model}: work beyond the price"
        );
    }
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
async fn the_database_refuses_a_write_off_of_hours_that_are_not_free() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member().id();
    let (claimed, free) =
        (app.entry(tom, task, day("2026-11-17"), 3_600), app.entry(tom, task, day("2026-11-18"), 3_600));
    claim(&app, claimed);
    let write_off = |id: TimeEntryId| {
        format!(
            "INSERT INTO time_write_offs (time_entry_id, reason, created_by, created_at) VALUES ({id}, 'x', {tom}, '2026-11-19 00:00:00')"
        )
    };
    assert!(app.execute_refused(&write_off(claimed)).contains("not free to be written off"));
    app.execute(&write_off(free));
    assert!(app.execute_refused("UPDATE time_write_offs SET reason = 'y'").contains("never changed"));
    if !crate::support::database::on_postgres() {
        let replace =
            format!("INSERT OR REPLACE INTO time_entries SELECT * FROM time_entries WHERE id = {claimed}");
        assert!(app.execute_refused(&replace).contains("never replaced"));
        let replace = format!("UPDATE OR REPLACE time_entries SET id = {claimed} WHERE id = {free}");
        assert!(app.execute_refused(&replace).contains("never replaced"));
    }
    assert_eq!(app.count("time_entries"), 2);
}

#[actix_web::test]
async fn hours_that_are_written_off_meanwhile_are_not_billed() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member().id();
    let entry = app.entry(tom, task, day("2026-11-17"), 3_600);
    let invoice = app.draft(app.client("Contoso"), 10_000);
    let write_off = format!(
        "INSERT INTO time_write_offs (time_entry_id, reason, created_by, created_at) VALUES ({entry}, 'x', {tom}, '2026-11-19 00:00:00')"
    );
    let claim = format!(
        "INSERT INTO billed_entries (time_entry_id, invoice_line_id) SELECT {entry}, id FROM invoice_lines WHERE invoice_id = {invoice}"
    );
    let claimed = app.meanwhile(
        move |conn| Ok(diesel::sql_query(write_off.as_str()).execute(conn).map(drop)?),
        move |conn| Ok(diesel::sql_query(claim.as_str()).execute(conn)?),
    );
    assert!(claimed.unwrap_err().to_string().contains("not free to bill"));
    assert_eq!((app.count("time_write_offs"), app.count("billed_entries")), (1, 0));
}

/// An hour on a new project of `client`, and the client with `currency` and no rate.
fn hour_and_currency(app: &TestApp, client: ClientId, currency: &str) -> (NewTimeEntry, i64, NewClient) {
    let form = TimeEntryForm {
        project_id: Some(app.project(client)).into(),
        date: "2026-11-18".into(),
        duration: "1".into(),
        ..TimeEntryForm::default()
    };
    let stored = app.read(|conn| clients::find(conn, &app.actor(), client));
    let changed = ClientForm { currency: currency.into(), ..ClientForm::filled(&stored, None) };
    (form.check().unwrap(), stored.version, changed.check().unwrap())
}

#[actix_web::test]
async fn a_client_keeps_its_currency_while_hours_are_logged_in_it() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let (hour, version, in_dollars) = hour_and_currency(&app, client, "USD");
    let (actor, now, today) = (app.actor(), app.now(), app.today());
    let by = actor.clone();
    let changed = app.meanwhile(
        move |conn| model::create(conn, &by, now, &hour).map(drop),
        move |conn| clients::update(conn, &actor, now, today, client, version, &in_dollars).map(drop),
    );
    assert!(changed.unwrap_err().to_string().contains("currency cannot change any more"));
    assert_eq!(app.count_where("clients", "currency = 'EUR'"), 1);
}

#[actix_web::test]
async fn hours_that_are_logged_while_the_currency_changes_take_no_rate_of_the_old_one() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| new.rate_cents = Some(9_500));
    let (hour, version, in_dollars) = hour_and_currency(&app, client, "USD");
    let (actor, now, today) = (app.actor(), app.now(), app.today());
    let by = actor.clone();
    let logged = app.meanwhile(
        move |conn| clients::update(conn, &by, now, today, client, version, &in_dollars).map(drop),
        move |conn| model::create(conn, &actor, now, &hour).map(drop),
    );
    logged.unwrap();
    assert_eq!(app.count_where("clients", "currency = 'USD'"), 1);
    assert_eq!((only(&app).rate_cents, only(&app).amount_cents), (None, 0));
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
async fn the_longest_day_can_be_edited_as_it_was_logged() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    let body = json!({"project_id": project, "date": "2021-10-31", "duration": "0:00-24:00"});
    post_json(&app, body).await.assert_status(201);
    let entry = only(&app);
    let tom = app.member();
    let mut fields =
        tom.get(format!("/time-entries/{}/edit", entry.id)).send().await.fields("#time_entry_form");
    fields.retain(|(name, _)| name != "note");
    fields.push(("note".into(), "All night".into()));
    tom.post(format!("/time-entries/{}", entry.id)).form(fields).send().await.assert_status(303);
    assert_eq!((only(&app).duration_seconds, only(&app).note.as_str()), (25 * 3_600, "All night"));
    let body = json!({"project_id": project, "date": "2021-10-30", "duration": "25:00"});
    let problem = post_json(&app, body).await.problem(422);
    assert_eq!(problem["errors"]["duration"], "is longer than 24 hours");
}

#[actix_web::test]
async fn a_narrow_screen_shows_one_day_of_the_week() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    app.entry(tom.id(), task, day("2026-11-19"), 7_200);
    let page = tom.get("/time-entries").send().await;
    page.assert_text(".days [aria-current]", "19").assert_count("section[id^=day_]:not(.hide-m)", 1);
    page.assert_has("#day_2026-11-19:not(.hide-m)").assert_has("#day_2026-11-17.hide-m");
    let page = tom.get("/time-entries?week=2026-W47&day=2026-11-18").send().await;
    page.assert_text(".only-m", "No hours on Wednesday").assert_count("section[id^=day_]:not(.hide-m)", 0);
    tom.get("/time-entries?day=2026-11-31").send().await.assert_status(422);
}

#[actix_web::test]
async fn the_database_holds_that_nobody_runs_two_timers() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member().id();
    app.running_timer(tom, task, 60);
    let refused = app.refused(|conn| {
        Ok(diesel::sql_query(format!(
            "INSERT INTO time_entries (user_id, client_id, project_id, started_at, time_zone, local_on, is_billable, is_unbilled, created_at, updated_at) \
             SELECT user_id, client_id, project_id, started_at, time_zone, local_on, is_billable, is_unbilled, created_at, updated_at FROM time_entries WHERE user_id = {tom}"
        ))
        .execute(conn)?)
    });
    assert!(refused.to_lowercase().contains("unique"), "{refused}");
}

#[actix_web::test]
async fn a_forgotten_timer_is_flagged_and_asks_when_the_work_ended() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.running_timer(tom.id(), task, 11 * 3_600);
    let page = tom.get("/time-entries").send().await;
    page.assert_text("#timer", "more than 10 hours").assert_text(".list .badge-warn", "over 10 hours");
    app.clock.advance(14 * 3_600);
    tom.forget();
    let asked = tom.post("/time-entries/timer/stop").form([("ended_at", "")]).send().await;
    asked.assert_status(422).assert_full_page().assert_text("[data-error=ended_at]", "24 hours");
    let switching = tom.post("/time-entries/timer").form([("task_id", task.to_string())]).send().await;
    switching.assert_status(422).assert_has("#stop_form input[name=task_id]");
    assert!(only(&app).is_running());
    for (ended_at, message) in [
        ("2026-11-17T09:00", "before the start"),
        ("2027-01-01T09:00", "Lies ahead"),
        ("yesterday", "Is not a day and time"),
    ] {
        let refused = tom.post("/time-entries/timer/stop").form([("ended_at", ended_at)]).htmx().send().await;
        refused.assert_status(422).assert_fragment().assert_text("[data-error=ended_at]", message);
        refused.assert_value("#ended_at", ended_at);
    }
    // Started at 22:31 UTC the evening before, 23:31 in Berlin.
    tom.post("/time-entries/timer/stop")
        .form([("ended_at", "2026-11-19T01:01")])
        .send()
        .await
        .assert_status(303);
    assert_eq!(only(&app).duration_seconds, 5_400);
}

#[actix_web::test]
async fn a_running_entry_can_be_edited_and_discarded() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let imprint = app.task_named(project, "Imprint");
    let tom = app.member();
    let id = app.running_timer(tom.id(), task, 600);
    let page = tom.get(format!("/time-entries/{id}/edit")).send().await;
    let mut fields = page.fields("#time_entry_form");
    for (name, value) in &mut fields {
        match name.as_str() {
            "task_id" => *value = imprint.to_string(),
            "starts_at" => *value = "10:00".into(),
            _ => {}
        }
    }
    tom.post(format!("/time-entries/{id}")).form(fields).send().await.assert_status(303);
    let entry = only(&app);
    assert_eq!((entry.task_id, entry.is_running()), (Some(imprint), true));
    assert_eq!((entry.started_at, entry.rate_cents), (at("2026-11-19T09:00:00Z"), Some(9_500)));
    tom.delete(format!("/time-entries/{id}")).htmx().send().await.assert_redirect("/time-entries");
    assert_eq!(app.count("time_entries"), 0);
    assert_eq!(log(&app)[0], "deleted time_entry: Imprint");
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

#[actix_web::test]
async fn the_api_runs_the_timer() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.api(Role::Member);
    tom.get("/api/time-entries/timer").send().await.assert_status(204);
    tom.delete("/api/time-entries/timer").send().await.assert_status(204);
    let started = tom.post("/api/time-entries/timer").json(json!({"task_id": task})).send().await;
    started.assert_status(201);
    assert_eq!(started.json()["is_running"], true);
    app.clock.advance(120);
    let running = tom.get("/api/time-entries/timer").send().await.json();
    assert_eq!((&running["duration_seconds"], &running["billing"]), (&json!(120), &Value::Null));
    let stopped = tom.delete("/api/time-entries/timer").send().await.json();
    assert_eq!((&stopped["duration_seconds"], &stopped["is_running"]), (&json!(120), &json!(false)));
    tom.post("/api/time-entries/timer").json(json!({"task_id": task})).send().await.assert_status(201);
    app.clock.advance(25 * 3_600);
    let problem = tom.delete("/api/time-entries/timer").send().await.problem(422);
    assert!(problem["errors"]["ended_at"].as_str().unwrap().contains("24 hours"));
    let stopped = tom.delete("/api/time-entries/timer?ended_at=2026-11-19T10:00:00Z").send().await.json();
    assert_eq!(stopped["duration_seconds"], 27 * 60);
}

#[actix_web::test]
async fn hours_keep_the_zone_of_the_one_who_worked() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.write(|conn| {
        Ok(diesel::update(users::table.find(tom.id()))
            .set(users::time_zone.eq("America/New_York"))
            .execute(conn)?)
    });
    let body = json!({"task_id": task, "date": "2026-11-18", "duration": "22:00-23:30"});
    post_json(&app, body).await.assert_status(201);
    let entry = only(&app);
    assert_eq!((entry.time_zone.as_str(), entry.local_on), ("America/New_York", day("2026-11-18")));
    assert_eq!(entry.started_at, at("2026-11-19T03:00:00Z"));
    let _: UserId = entry.user_id;
}

#[test]
fn weeks_read_and_write_as_iso_weeks() {
    for (text, monday, title) in [
        ("2026-W47", "2026-11-16", "16 to 22 November"),
        ("2026-W53", "2026-12-28", "28 December 2026 to 3 January 2027"),
        ("2026-W44", "2026-10-26", "26 October to 1 November"),
    ] {
        let week = Week::from_str(text).unwrap();
        assert_eq!(
            (week.monday(), week.title().as_str(), week.to_string().as_str()),
            (day(monday), title, text)
        );
        assert_eq!(Week::of(week.sunday()), week);
        assert_eq!(week.next().previous(), week);
    }
    for text in ["2025-W53", "2026-W00", "W47", "", "99999-W01", "2026-W4x"] {
        assert!(Week::from_str(text).is_err(), "{text}");
    }
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

#[actix_web::test]
async fn hours_stay_on_the_day_that_was_typed_even_after_a_night() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    let night = json!({"project_id": project, "date": "2026-11-17", "duration": "22-1"});
    post_json(&app, night).await.assert_status(201);
    let later = json!({"project_id": project, "date": "2026-11-17", "duration": "2"});
    let page = post_json(&app, later).await;
    page.assert_status(201);
    assert_eq!(page.json()["local_on"], "2026-11-17", "{}", page.text());
}

#[actix_web::test]
async fn a_timer_takes_no_hours_that_were_typed() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let body = json!({ "task_id": task, "duration": "9-10:45" });
    let problem = app.api(Role::Member).post("/api/time-entries/timer").json(body).send().await.problem(422);
    assert!(problem["errors"]["duration"].as_str().unwrap().contains("a timer counts"), "{problem}");
    let form = [("task_id", task.to_string()), ("duration", "9-10:45".to_owned())];
    let page = app.member().post("/time-entries/timer").form(form).send().await;
    page.assert_status(422).assert_value("[name=duration]", "9-10:45");
    assert_eq!(app.count("time_entries"), 0);
}
