//! Hours on the wall clock: zones, nights, and clocks that are put forward and back.

use bureau::auth::policy::Role;
use bureau::db::schema::{time_entries, users};
use bureau::types::ids::UserId;
use diesel::prelude::*;
use serde_json::json;

use crate::support::{TestApp, day};
use crate::time_entries::{at, entries, only, post_json, work};

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
async fn the_api_says_that_the_clock_skipped_a_time_too() {
    let app = TestApp::new().await;
    let (project, _) = work(&app);
    let api = app.api(Role::Member);
    let body =
        |at: &str| json!({ "project_id": project, "date": "2020-03-29", "starts_at": at, "duration": "1" });
    let made = api.post("/api/time-entries").json(body("2:30")).send().await;
    made.assert_status(201);
    assert_eq!(made.json()["notice"], "The clock skipped 02:30 that day, so 03:00 was taken.");
    let path = format!("/api/time-entries/{}", made.json()["id"]);
    assert!(api.get(path.clone()).send().await.json().get("notice").is_none(), "only a change has one");
    let mut again = body("2:15");
    again["version"] = made.json()["version"].clone();
    let changed = api.put(path).json(again).send().await;
    changed.assert_status(200);
    assert_eq!(changed.json()["notice"], "The clock skipped 02:15 that day, so 03:00 was taken.");
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
