//! The week: by row, by day, one's own and that of others.

use std::str::FromStr;

use bureau::auth::policy::Role;
use bureau::time_entries::week::{Week, WeekName};
use bureau::types::calendar::WeekStart;
use serde_json::json;

use crate::support::{TestApp, day};
use crate::time_entries::work;

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

#[test]
fn weeks_are_named_as_iso_weeks_whatever_day_they_begin_on() {
    for (text, start, first, title) in [
        ("2026-W47", WeekStart::Monday, "2026-11-16", "16 to 22 November"),
        ("2026-W53", WeekStart::Monday, "2026-12-28", "28 December 2026 to 3 January 2027"),
        ("2026-W44", WeekStart::Monday, "2026-10-26", "26 October to 1 November"),
        ("2026-W47", WeekStart::Sunday, "2026-11-15", "15 to 21 November"),
        ("2026-W53", WeekStart::Sunday, "2026-12-27", "27 December 2026 to 2 January 2027"),
        ("2026-W47", WeekStart::Saturday, "2026-11-14", "14 to 20 November"),
    ] {
        let week = WeekName::from_str(text).unwrap().week(start);
        assert_eq!(
            (week.first(), week.title().as_str(), week.to_string().as_str()),
            (day(first), title, text),
            "{start}"
        );
        for offset in 0..7 {
            assert_eq!(Week::of(week.day(offset), start), week);
        }
        assert_eq!(week.next().previous(), week);
        assert_ne!(Week::of(week.day(7), start), week);
    }
    for text in ["2025-W53", "2026-W00", "W47", "", "99999-W01", "2026-W4x"] {
        assert!(WeekName::from_str(text).is_err(), "{text}");
    }
}

#[actix_web::test]
async fn a_week_is_measured_by_the_hours_that_its_person_means_to_work() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    app.entry(tom.id(), task, day("2026-11-17"), 27_000);
    app.entry(tom.id(), task, day("2026-11-18"), 3_600);
    tom.get("/time-entries").send().await.assert_no_text("tfoot", "Target");
    let mut fields = tom.get("/profile").send().await.fields("#profile_form");
    for (name, value) in &mut fields {
        if name == "week_target" {
            *value = "32".into();
        }
    }
    tom.post("/profile").form(fields).send().await.assert_redirect("/profile");
    tom.get("/profile").send().await.assert_value("#week_target", "32");
    let week = tom.get("/time-entries").send().await;
    week.assert_text("tfoot", "Target 6:24 a day").assert_text("tfoot", "of 32:00");
    week.assert_text("#t_2026-11-17", "7:30 +1:06").assert_text("#t_2026-11-18", "1:00 −5:24");
    week.assert_no_text("#t_2026-11-19", "−6:24");
    let api = app.api(Role::Member);
    let seen = api.get("/api/time-entries/week?week=2026-W47").send().await.json();
    assert_eq!(seen["target_seconds"], 115_200);
    for wrong in ["0", "169", "much", "-4"] {
        let body = json!({"name": "Tom", "time_zone": "Europe/Berlin", "week_starts_on": "monday", "week_target": wrong, "version": 2});
        let refused = api.put("/api/profile").json(body).send().await.problem(422);
        assert!(refused["errors"]["week_target"].is_string(), "{wrong}: {refused}");
    }
}

#[actix_web::test]
async fn a_week_begins_on_the_day_that_its_person_says() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    // Sunday and Saturday: of one week for who begins on Sunday.
    app.entry(tom.id(), task, day("2026-11-15"), 3_600);
    app.entry(tom.id(), task, day("2026-11-22"), 7_200);
    tom.get("/time-entries").send().await.assert_text("h1", "16 to 22 November").assert_text("main", "2:00");
    let page = tom.get("/profile").send().await;
    page.assert_full_page().assert_value("#name", "Tom").assert_text("main", "Week starts on");
    let mut fields = page.fields("#profile_form");
    for (name, value) in &mut fields {
        if name == "week_starts_on" {
            *value = "sunday".into();
        }
    }
    tom.post("/profile").form(fields.clone()).htmx().send().await.assert_redirect("/profile");
    let week = tom.get("/time-entries").send().await;
    week.assert_text("h1", "15 to 21 November").assert_text("main", "1:00").assert_no_text("main", "2:00");
    tom.get("/").send().await.assert_text(".strip .stat:first-child", "1:00");
    // Handed in, just those seven days are locked, and stay so when the setting goes back.
    let token = app.api(Role::Member);
    let sheet = token.post("/api/time-entries/submission").json(json!({"week": "2026-W47"})).send().await;
    assert_eq!((&sheet.json()["seconds"], &sheet.json()["week"]), (&json!(3_600), &json!("2026-W47")));
    let people = app.manager().get("/time-entries/approvals?week=2026-W47").send().await;
    people.assert_text("#people", "1:00 logged").assert_text("#people", "Handed in");
    let profile = token.get("/api/profile").send().await.json();
    let back = json!({"name": "Tom", "time_zone": "Europe/Berlin", "week_starts_on": "monday", "version": profile["version"]});
    token.put("/api/profile").json(back.clone()).send().await.assert_status(200);
    token.put("/api/profile").json(back).send().await.problem(409);
    for (on, status) in [("2026-11-14", 201), ("2026-11-15", 409), ("2026-11-18", 409)] {
        let body = json!({"task_id": task, "date": on, "duration": "1"});
        let logged = token.post("/api/time-entries").json(body).send().await;
        assert_eq!(logged.status, status, "{on}: {}", logged.body());
    }
    // The other window saves over what it has not seen.
    tom.post("/profile")
        .form(fields)
        .htmx()
        .send()
        .await
        .assert_status(409)
        .assert_text("#profile_form", "Somebody else saved your profile meanwhile");
    for (field, value) in [("name", ""), ("time_zone", "Mars/Base"), ("week_starts_on", "friday")] {
        let mut body =
            json!({"name": "Tom", "time_zone": "Europe/Berlin", "week_starts_on": "monday", "version": 1});
        body[field] = json!(value);
        let refused = token.put("/api/profile").json(body).send().await;
        assert!(refused.problem(422).get("errors").is_some(), "{field}");
    }
}
