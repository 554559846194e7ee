//! Splitting hours: two stretches that follow each other and last as long as the one did.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::billing::at_rest;
use crate::support::{TestApp, day};
use crate::time_entries::{claim, entries, only, work};

#[actix_web::test]
async fn the_second_part_follows_the_first_and_nothing_is_lost() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let id = app.entry_at(app.member().id(), task, day("2026-11-18"), 9_000, Some(9_000));
    let before = only(&app);
    let page = app.member().get(format!("/time-entries/{id}/split")).send().await;
    page.assert_status(200)
        .assert_text("h1", "Split 2:30 on Homepage")
        .assert_value("[name=first_part]", "1:15");
    let form = page.fields("#split_form");
    let done = app.member().post(format!("/time-entries/{id}/split")).form(form).send().await;
    done.assert_redirect("/time-entries?week=2026-W47");
    let parts = entries(&app);
    assert_eq!(parts.iter().map(|part| part.duration_seconds).collect::<Vec<_>>(), [4_500, 4_500]);
    assert_eq!((parts[0].started_at, parts[1].ended_at), (before.started_at, before.ended_at));
    assert_eq!(parts[0].ended_at, Some(parts[1].started_at));
    assert_eq!(parts[1].rate_cents, Some(9_000), "the same work keeps the price it was logged at");
    assert_eq!(parts.iter().map(|part| part.amount_cents).sum::<i64>(), before.amount_cents);
    assert_eq!(app.count_where("project_hours", "seconds = 9000 AND unbilled_entries = 2"), 1);
    assert_eq!(app.activity()[..2], ["created time_entry: Homepage", "updated time_entry: Homepage"]);
}

#[actix_web::test]
async fn the_second_part_goes_to_other_work_at_its_price_and_keeps_the_break() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let other = app.project_named(app.client("Brook"), "Shop");
    app.project_rate(other, 12_000);
    let tom = app.api(Role::Member);
    let body = json!({"task_id": task, "date": "2026-11-18", "duration": "9-12", "break_time": "30m"});
    tom.post("/api/time-entries").json(body).send().await.assert_status(201);
    let id = only(&app).id;
    let body = json!({"first_part": "1", "project_id": other, "note": "Checkout", "version": 1});
    let parts = tom.post(format!("/api/time-entries/{id}/split")).json(body).send().await;
    parts.assert_status(201);
    let stored = entries(&app);
    let shown: Vec<_> =
        stored.iter().map(|part| (part.clock_range(), part.break_seconds, part.rate_cents)).collect();
    assert_eq!(
        shown,
        [("09:00–10:00".to_owned(), 0, Some(9_500)), ("10:00–12:00".to_owned(), 1_800, Some(12_000))]
    );
    assert_eq!((stored[1].project_id, stored[1].task_id, stored[1].note.as_str()), (other, None, "Checkout"));
    assert_eq!(stored[1].duration_seconds, 5_400);
    assert!(parts.json()["second"].get("money").is_none(), "members see no prices");
}

#[actix_web::test]
async fn every_cut_of_every_length_adds_up() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let owner = app.api(Role::Owner);
    for (seconds, cut) in [(2, 1), (3_599, 1_800), (86_399, 86_398), (5_400, 60)] {
        let id = app.entry_at(app.member().id(), task, day("2026-11-18"), seconds, Some(9_999));
        let first = format!("{}:{:02}:{:02}", cut / 3_600, cut / 60 % 60, cut % 60);
        let body = json!({"first_part": first, "version": 1});
        owner.post(format!("/api/time-entries/{id}/split")).json(body).send().await.assert_status(201);
        let all = entries(&app);
        let [one, two] = &all[all.len() - 2..] else { panic!("two parts") };
        assert_eq!((one.duration_seconds, two.duration_seconds), (cut, seconds - cut));
    }
}

#[actix_web::test]
async fn hours_that_run_are_billed_or_are_somebody_elses_are_not_split() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let (tom, owner) = (app.member().id(), app.owner().id());
    let billed = app.entry(tom, task, day("2026-11-16"), 3_600);
    claim(&app, billed);
    let others = app.entry(owner, task, day("2026-11-17"), 3_600);
    let short = app.entry(tom, task, day("2026-11-18"), 3_600);
    app.running_timer(tom, task, 600);
    let running = entries(&app).iter().find(|entry| entry.is_running()).unwrap().id;
    let before = at_rest(&app).await;
    let api = app.api(Role::Member);
    for (id, first, version, status) in [
        (billed, "30m", 1, 409),
        (running, "1m", 1, 409),
        (others, "30m", 1, 404),
        (short, "30m", 2, 409),
        (short, "1", 1, 422),
        (short, "0", 1, 422),
        (short, "", 1, 422),
        (short, "x", 1, 422),
    ] {
        let body = json!({"first_part": first, "version": version});
        api.post(format!("/api/time-entries/{id}/split")).json(body).send().await.problem(status);
    }
    let form = [("first_part", "2"), ("version", "1")];
    let page = app.member().post(format!("/time-entries/{short}/split")).form(form).htmx().send().await;
    page.assert_status(422).assert_text("[data-error=first_part]", "Must leave something of 1:00");
    let form = [("first_part", "30m"), ("version", "7")];
    let page = app.member().post(format!("/time-entries/{short}/split")).form(form).htmx().send().await;
    page.assert_status(409).assert_value("[name=version]", "1");
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn locked_hours_offer_no_change_but_to_who_runs_the_agency() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let id = app.entry(app.member().id(), task, day("2026-11-10"), 3_600);
    let lock = json!({"overlap": "allow", "locked_until": "2026-11-12", "version": 1});
    app.api(Role::Owner).put("/api/settings/time").json(lock).send().await.assert_status(200);
    let row = format!("#{}", id.dom());
    for path in ["/time-entries/all", "/time-entries?week=2026-W46"] {
        let page = app.member().get(path).send().await;
        page.assert_has(&row)
            .assert_no(&format!("{row} a[href$='/edit']"))
            .assert_no(&format!("{row} [hx-delete]"));
        let page = app.owner().get(format!(
            "{path}{}user_id={}",
            if path.contains('?') { "&" } else { "?" },
            app.member().id()
        ));
        page.send()
            .await
            .assert_has(&format!("{row} a[href$='/edit']"))
            .assert_no(&format!("{row} [hx-delete]"));
    }
    let body = json!({"first_part": "30m", "version": 1});
    let path = format!("/api/time-entries/{id}/split");
    app.api(Role::Member).post(&path).json(body.clone()).send().await.problem(409);
    let mut excused = body;
    excused["lock_reason"] = "Two clients in one hour".into();
    app.api(Role::Owner).post(&path).json(excused).send().await.assert_status(201);
    assert_eq!(app.activity()[0], "overrode time_entry: locked hours");
}

#[actix_web::test]
async fn a_price_that_was_typed_stays_with_both_parts() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let owner = app.api(Role::Owner);
    let body = json!({"task_id": task, "date": "2026-11-17", "duration": "22:00-02:00", "rate": "200"});
    owner.post("/api/time-entries").json(body).send().await.assert_status(201);
    let id = only(&app).id;
    let body = json!({"first_part": "2", "version": 1});
    owner.post(format!("/api/time-entries/{id}/split")).json(body).send().await.assert_status(201);
    let parts = entries(&app);
    assert_eq!((parts[1].local_on, parts[1].own_rate()), (day("2026-11-18"), Some(20_000)));
}
