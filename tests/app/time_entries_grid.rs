//! The week filled in as a table: cells, rows that are kept, last week's copy.

use bureau::auth::policy::Role;
use bureau::types::ids::{ProjectId, TaskId};
use serde_json::{Value, json};

use crate::support::browser::{Browser, Scripts};
use crate::support::{Page, TestApp, day};
use crate::time_entries::{claim, entries, only, work};

const WEEK: &str = "2026-W47";

fn cell(project: ProjectId, task: TaskId, on: &str) -> String {
    format!("{project}_{task}_{on}")
}

/// What was typed into a cell, with what it held when it was shown.
async fn type_in(app: &TestApp, cell: &str, typed: &str, seen: &str) -> Page {
    let form = [("week", WEEK), (&format!("c_{cell}"), typed), (&format!("v_{cell}"), seen)];
    app.member().post("/time-entries/grid").form(form).htmx().send().await
}

#[actix_web::test]
async fn a_cell_takes_every_way_to_write_a_duration_and_answers_with_the_sums() {
    for (typed, seconds) in
        [("1.5", 5_400), ("1:30", 5_400), ("90m", 5_400), ("1,5", 5_400), ("9-10:30", 5_400)]
    {
        let app = TestApp::new().await;
        let (project, task) = work(&app);
        let name = cell(project, task, "2026-11-18");
        app.api(Role::Member)
            .post("/api/time-entries/rows")
            .json(json!({"week": WEEK, "project_id": project, "task_id": task}))
            .send()
            .await
            .assert_status(204);
        let page = type_in(&app, &name, typed, "").await;
        page.assert_status(200).assert_fragment();
        let body = page.body();
        assert!(body.contains(&format!("id=\"c_{name}\"")) && body.contains("value=\"1:30\""), "{body}");
        assert!(body.contains(&format!("id=\"t_{project}_{task}\" hx-swap-oob=\"true\">1:30")), "{body}");
        assert!(body.contains("id=\"t_2026-11-18\" hx-swap-oob=\"true\">1:30"), "{body}");
        let entry = only(&app);
        assert_eq!((entry.duration_seconds, entry.local_on), (seconds, day("2026-11-18")), "{typed}");
        assert_eq!((entry.task_id, entry.rate_cents, entry.is_unbilled), (Some(task), Some(9_500), true));
    }
}

#[actix_web::test]
async fn a_cell_changes_its_entry_and_emptied_it_deletes_it() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-18"), 3_600);
    app.execute("UPDATE time_entries SET note = 'Header'");
    let page = tom.get(format!("/time-entries?week={WEEK}")).send().await;
    let name = cell(project, task, "2026-11-18");
    page.assert_value(&format!("[name='c_{name}']"), "1:00")
        .assert_value(&format!("[name='v_{name}']"), "1-3600");
    type_in(&app, &name, "2:15", "1-3600").await.assert_status(200);
    let entry = only(&app);
    assert_eq!(
        (entry.id, entry.duration_seconds, entry.note.as_str(), entry.version),
        (id, 8_100, "Header", 2)
    );
    assert_eq!((entry.rate_cents, entry.amount_cents), (Some(9_000), 20_250), "the price stays");
    type_in(&app, &name, "", "2-8100").await.assert_status(200);
    assert_eq!(entries(&app).len(), 0);
    let log = app.activity();
    assert_eq!(log[..2], ["deleted time_entry: Homepage", "updated time_entry: Homepage"]);
}

#[actix_web::test]
async fn a_refused_cell_says_why_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    app.entry(app.member().id(), task, day("2026-11-16"), 3_600);
    app.member().sign_in().await;
    let before = app.dump();
    for (on, typed, message) in [
        ("2026-11-18", "soon", "Is not a duration"),
        ("2026-11-18", "25:00", "Is longer than 24 hours"),
        ("2026-11-21", "1", "Lies more than a day ahead"),
        ("2026-11-30", "1", "Lies in another week"),
    ] {
        let name = cell(project, task, on);
        let page = type_in(&app, &name, typed, "").await;
        page.assert_status(422).assert_fragment();
        if on < "2026-11-23" {
            let body = page.body();
            assert!(
                body.contains(message) && body.contains(&format!("value=\"{typed}\"")),
                "{typed}: {body}"
            );
        }
    }
    let name = cell(project, task, "2026-11-18");
    let form = [("week", WEEK), (&format!("c_{name}"), "soon")];
    let page = app.member().post("/time-entries/grid").form(form).send().await;
    page.assert_status(422).assert_full_page().assert_value(&format!("[name='c_{name}']"), "soon");
    page.assert_text(&format!("[data-error='c_{name}']"), "Is not a duration");
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_cell_that_moved_meanwhile_is_not_overwritten() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    app.entry(app.member().id(), task, day("2026-11-18"), 3_600);
    app.member().sign_in().await;
    let before = app.dump();
    let name = cell(project, task, "2026-11-18");
    for seen in ["", "2-3600"] {
        let page = type_in(&app, &name, "2", seen).await;
        page.assert_status(409).assert_fragment();
        assert_eq!(page.header("hx-retarget").as_deref(), Some(format!("#d_{name}").as_str()));
        assert!(page.body().contains("Changed meanwhile: it holds 1:00 now"), "{}", page.body());
    }
    type_in(&app, &cell(project, task, "2026-11-17"), "2", "1-3600").await.assert_status(409);
    app.assert_unchanged(&before);
    // What nobody touched is no change, however old it is.
    type_in(&app, &name, "1:00", "1-3600").await.assert_status(200);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_cell_with_several_entries_or_billed_ones_explains_itself_and_leads_to_them() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-16"), 3_600);
    app.entry(tom.id(), task, day("2026-11-16"), 1_800);
    claim(&app, app.entry(tom.id(), task, day("2026-11-17"), 3_600));
    app.running_timer(tom.id(), task, 600);
    let page = tom.get(format!("/time-entries?week={WEEK}")).send().await;
    page.assert_text("td a[href='#day_2026-11-16']", "1:30")
        .assert_text("td a[href='#day_2026-11-16']", "2 entries");
    page.assert_text("td a[href='#day_2026-11-17']", "On a draft")
        .assert_has("td a.running[href='#day_2026-11-19']");
    page.assert_has("#day_2026-11-16").assert_count("td input.cell", 4);
    let before = app.dump();
    type_in(&app, &cell(project, task, "2026-11-16"), "3", "").await.assert_status(409);
    type_in(&app, &cell(project, task, "2026-11-17"), "3", "1-3600").await.assert_status(409);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn the_whole_form_is_saved_at_once_or_not_at_all() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let imprint = app.task_named(project, "Imprint");
    let tom = app.member();
    tom.sign_in().await;
    let [monday, tuesday, friday] = [
        cell(project, task, "2026-11-16"),
        cell(project, imprint, "2026-11-17"),
        cell(project, task, "2026-11-18"),
    ];
    let fields = |last: &str| {
        vec![
            ("week".to_owned(), WEEK.to_owned()),
            (format!("c_{monday}"), "2".into()),
            (format!("c_{tuesday}"), "45m".into()),
            (format!("c_{friday}"), last.into()),
        ]
    };
    let before = app.dump();
    let page = tom.post("/time-entries/grid").form(fields("later")).send().await;
    page.assert_status(422);
    app.assert_unchanged(&before);
    tom.post("/time-entries/grid")
        .form(fields(""))
        .send()
        .await
        .assert_redirect("/time-entries?week=2026-W47");
    let seconds: Vec<i64> = entries(&app).iter().map(|entry| entry.duration_seconds).collect();
    assert_eq!(seconds, [7_200, 2_700]);
}

#[actix_web::test]
async fn rows_are_kept_for_a_week_or_for_every_week_and_taken_away() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    let row = format!("{project}_{task}");
    tom.post("/time-entries/rows").form([("week", WEEK), ("row", &row)]).send().await.assert_status(303);
    tom.get(format!("/time-entries?week={WEEK}")).send().await.assert_count(".sheet-grid tbody tr", 1);
    tom.get("/time-entries?week=2026-W46").send().await.assert_no(".sheet-grid");
    for _ in 0..2 {
        tom.post("/time-entries/rows").form([("row", &row)]).send().await.assert_status(303);
    }
    assert_eq!(app.count("sheet_rows"), 2);
    let page = tom.get("/time-entries?week=2026-W46").send().await;
    page.assert_text(".sheet-grid th[scope=row]", "Homepage").assert_has("button[aria-pressed=true]");
    tom.post("/time-entries/rows/removal").form([("row", &row)]).send().await.assert_status(303);
    tom.post("/time-entries/rows/removal")
        .form([("week", WEEK), ("row", &row)])
        .send()
        .await
        .assert_status(303);
    assert_eq!(app.count("sheet_rows"), 0);
    tom.post("/time-entries/rows").form([("week", WEEK), ("row", "")]).send().await.assert_status(422);
    let refused = tom.post("/time-entries/rows").form([("row", "99_0")]).send().await;
    refused.assert_status(422).assert_text("[data-error=project_id]", "Must be one of the choices");
    // Somebody else's rows are theirs.
    tom.post("/time-entries/rows").form([("row", &row)]).send().await.assert_status(303);
    app.manager().get("/time-entries").send().await.assert_no(".sheet-grid");
}

#[actix_web::test]
async fn a_week_begins_with_last_weeks_rows_and_on_request_with_its_hours() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let closed = app.project_named(app.client("Contoso"), "Shop");
    let over = app.task_named(closed, "Launch");
    let tom = app.member();
    for (task, on) in [(task, "2026-11-09"), (task, "2026-11-12"), (task, "2026-11-13"), (over, "2026-11-10")]
    {
        app.entry(tom.id(), task, day(on), 5_400);
    }
    app.execute("UPDATE projects SET status = 'done', version = version + 1 WHERE name = 'Shop'");
    app.entry(tom.id(), task, day("2026-11-16"), 600);
    tom.post("/time-entries/rows/copy").form([("week", WEEK)]).send().await.assert_status(303);
    assert_eq!((app.count("sheet_rows"), app.count("time_entries")), (1, 5), "rows alone");
    let body = json!({"week": WEEK, "hours": true});
    let copied = tom.token().post("/api/time-entries/rows/copy").json(body).send().await.json();
    // Monday has hours, the project of Tuesday is done, Friday lies ahead of tomorrow's limit or is tomorrow.
    assert_eq!(copied, json!({"rows": 1, "entries": 2, "left_out": 2}));
    let copies: Vec<_> =
        entries(&app)[5..].iter().map(|entry| (entry.local_on, entry.duration_seconds)).collect();
    assert_eq!(copies, [(day("2026-11-19"), 5_400), (day("2026-11-20"), 5_400)]);
    assert!(entries(&app).iter().all(|entry| entry.project_id == project || entry.project_id == closed));
    tom.token().post("/api/time-entries/rows/copy").json(json!({})).send().await.problem(422);
}

#[actix_web::test]
async fn the_api_reads_and_saves_a_week_of_cells() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-18"), 3_600);
    let read =
        || async { tom.token().get(format!("/api/time-entries/week?week={WEEK}")).send().await.json() };
    let week = read().await;
    let wednesday = &week["rows"][0]["cells"][2];
    assert_eq!((&wednesday["seconds"], &wednesday["version"]), (&json!(3_600), &json!(1)));
    assert_eq!((&wednesday["is_editable"], &week["seconds"]), (&json!(true), &json!(3_600)));
    let put = |cells: Value| tom.token().put("/api/time-entries/week").json(json!({"cells": cells})).send();
    let saved = put(json!([
        {"project_id": project, "task_id": task, "date": "2026-11-18", "duration": "2", "version": 1},
        {"project_id": project, "date": "2026-11-17", "duration": "0:30"},
    ]))
    .await;
    saved.assert_status(200);
    assert_eq!(saved.json()["seconds"], 9_000);
    let stale = json!([{"project_id": project, "task_id": task, "date": "2026-11-18", "duration": "3", "version": 1}]);
    put(stale).await.problem(409);
    put(json!([])).await.problem(422);
    let cleared = json!([{"project_id": project, "task_id": task, "date": "2026-11-18", "duration": ""}]);
    put(cleared).await.problem(422);
    let faults = put(json!([
        {"project_id": project, "date": "2026-11-17", "duration": "1"},
        {"project_id": project, "date": "2026-11-16", "duration": "soon"},
    ]))
    .await
    .problem(422);
    assert!(faults["errors"]["cells[1].duration"].is_string(), "{faults}");
    assert_eq!(read().await["seconds"], 9_000);
    let others = format!("/api/time-entries/week?week={WEEK}&user_id={}", tom.id());
    app.api(Role::Manager).get(&others).send().await.assert_status(200);
    let mine = format!("/api/time-entries/week?week={WEEK}&user_id={}", app.manager().id());
    tom.token().get(mine).send().await.problem(404);
}

#[actix_web::test]
async fn the_timesheet_by_keyboard_alone() {
    let app = TestApp::new().await;
    let (project, homepage) = work(&app);
    let imprint = app.task_named(project, "Imprint");
    for task in [homepage, imprint] {
        let row = json!({"week": WEEK, "project_id": project, "task_id": task});
        app.api(Role::Owner).post("/api/time-entries/rows").json(row).send().await.assert_status(204);
    }
    let Some(browser) = Browser::open(&app, Scripts::On, "the timesheet by keyboard alone").await else {
        return;
    };
    browser.sign_in("ines@fielder.studio").await;
    browser.visit(&format!("/time-entries?week={WEEK}")).await;
    let first = browser.see("input.cell").await;
    first.send_keys("1:30").await.unwrap();
    // Enter goes down, Tab goes on, arrows go where they point.
    browser.keys("\u{e007}").await;
    browser.keys("45m").await;
    browser.keys("\u{e004}").await;
    browser.keys("9-10").await;
    browser.keys("\u{e013}").await;
    browser.keys("2").await;
    browser.keys("\u{e007}").await;
    browser.see_text("5:15").await;
    let hours: Vec<_> = entries(&app)
        .iter()
        .map(|entry| (entry.task_id, entry.local_on.to_string(), entry.duration_seconds))
        .collect();
    let of = |task, on: &str, seconds| (Some(task), on.to_owned(), seconds);
    let mut wanted = vec![
        of(homepage, "2026-11-16", 5_400),
        of(imprint, "2026-11-16", 2_700),
        of(imprint, "2026-11-17", 3_600),
        of(homepage, "2026-11-17", 7_200),
    ];
    let mut logged = hours;
    logged.sort();
    wanted.sort();
    assert_eq!(logged, wanted);
    // A slip is shown at the cell, and Escape takes it back.
    browser.keys("soon").await;
    browser.keys("\u{e015}").await;
    browser.see("td [data-error]").await;
    browser.close().await;
}
