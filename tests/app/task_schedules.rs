//! Tasks that come back: their days, when they are made, what is made up for.

use bureau::auth::policy::Role;
use bureau::tasks::schedules::model::{self as schedules, Rhythm, RhythmUnit, ScheduleMode};
use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{TestApp, day};

fn rhythm(every: u32, unit: RhythmUnit, anchor: &str) -> Rhythm {
    Rhythm { every, unit, anchor: day(anchor) }
}

/// Due days of the tasks that there are, in the order in which they were made.
fn made(app: &TestApp) -> Vec<String> {
    use bureau::db::schema::tasks;
    use diesel::prelude::*;
    let days: Vec<Option<NaiveDate>> =
        app.read(|conn| Ok(tasks::table.order(tasks::id).select(tasks::due_on).load(conn)?));
    days.into_iter().flatten().map(|day| day.to_string()).collect()
}

/// Looks for what has come due, so many days later.
fn days_later(app: &TestApp, days: i64) -> usize {
    app.clock.advance(days * 86_400);
    let today = app.today();
    app.write(|conn| schedules::run_due(conn, app.now(), today))
}

#[test]
fn the_thirty_first_comes_back_after_february() {
    let monthly = rhythm(1, RhythmUnit::Month, "2026-12-31");
    let days: Vec<String> = (0..5).map(|n| monthly.nth(n).unwrap().to_string()).collect();
    assert_eq!(days, ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]);
    assert_eq!(monthly.after(day("2027-02-28")), Some(day("2027-03-31")));
    assert_eq!(rhythm(2, RhythmUnit::Week, "2026-11-19").after(day("2026-11-19")), Some(day("2026-12-03")));
    assert_eq!(rhythm(10, RhythmUnit::Day, "2026-11-19").after(day("2026-11-01")), Some(day("2026-11-19")));
}

proptest! {
    #[test]
    fn the_next_day_is_the_first_of_all_that_come_after(
        every in 1_u32..40, unit in 0_usize..3, anchor in 0_u32..20_000, date in 0_u32..40_000,
    ) {
        let origin = day("1990-01-01");
        let date = origin + chrono::Days::new(date.into());
        let anchor = origin + chrono::Days::new(anchor.into());
        let rhythm = Rhythm { every, unit: RhythmUnit::ALL[unit], anchor };
        let next = rhythm.after(date).unwrap();
        prop_assert!(next > date);
        let before = (0..).map(|n| rhythm.nth(n).unwrap()).take_while(|day| *day < next).last();
        prop_assert!(before.is_none_or(|before| before <= date));
    }
}

#[actix_web::test]
async fn a_task_is_made_on_its_day_and_only_then() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let schedule = app.schedule(project, "Backups", |new| {
        (new.anchor_on, new.unit, new.every) = (day("2026-11-21"), RhythmUnit::Week, 1);
        new.steps = "Restore one\nTell Ines".into();
    });
    assert_eq!((made(&app), schedule.next_on), (vec![], Some(day("2026-11-21"))));
    assert_eq!(days_later(&app, 1), 0);
    assert_eq!(days_later(&app, 1), 1);
    assert_eq!(days_later(&app, 0), 0, "once");
    assert_eq!(days_later(&app, 7), 1);
    assert_eq!(made(&app), ["2026-11-21", "2026-11-28"]);
    assert_eq!(app.count("checklist_items"), 4);
    let page = app.member().get("/tasks/1").send().await;
    page.assert_text("h1", "Backups")
        .assert_text(".meta", "Every week")
        .assert_text("#checklist", "Restore one");
}

#[actix_web::test]
async fn what_was_missed_is_made_up_for_once() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.schedule(project, "Backups", |new| {
        (new.anchor_on, new.unit, new.every) = (day("2026-11-20"), RhythmUnit::Day, 2);
    });
    assert_eq!(days_later(&app, 10), 1);
    assert_eq!(made(&app), ["2026-11-28"]);
    assert_eq!(days_later(&app, 1), 1);
    assert_eq!(made(&app), ["2026-11-28", "2026-11-30"]);
}

#[actix_web::test]
async fn the_next_is_made_when_the_one_before_is_done() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.schedule(project, "Report", |new| {
        (new.anchor_on, new.mode) = (day("2026-11-30"), ScheduleMode::Completed);
    });
    assert_eq!(made(&app), ["2026-11-30"], "the first is there at once");
    assert_eq!(days_later(&app, 40), 0, "the second waits");
    app.member().post("/tasks/1/closure").send().await.assert_status(303);
    assert_eq!(made(&app), ["2026-11-30", "2026-12-30"]);
    app.member().post("/tasks/1/reopening").send().await.assert_status(303);
    app.member().post("/tasks/1/closure").send().await.assert_status(303);
    assert_eq!(made(&app).len(), 2, "the one before the last makes none");
    app.member().post("/tasks/2/move").form([("status", "done")]).send().await.assert_status(303);
    assert_eq!(made(&app), ["2026-11-30", "2026-12-30", "2027-01-30"]);
}

#[actix_web::test]
async fn a_day_of_a_schedule_has_one_task_whoever_makes_it() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.schedule(project, "Backups", |new| new.anchor_on = day("2026-11-20"));
    app.clock.advance(86_400);
    let (now, today) = (app.now(), app.today());
    let second = app.meanwhile(
        move |conn| schedules::run_due(conn, now, today).map(drop),
        |conn| schedules::run_due(conn, now, today),
    );
    assert_eq!(second.unwrap(), 0);
    assert_eq!(made(&app), ["2026-11-20"]);
    let again = "INSERT INTO task_occurrences (schedule_id, period_on, task_id) \
                 SELECT schedule_id, period_on, task_id + 1 FROM task_occurrences";
    app.task(project);
    app.execute_refused(again);
}

#[actix_web::test]
async fn a_schedule_whose_project_is_put_away_pauses_itself() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.schedule(project, "Backups", |new| new.anchor_on = day("2026-11-20"));
    app.manager().post(format!("/projects/{project}/archive")).send().await.assert_status(303);
    assert_eq!(days_later(&app, 3), 0);
    assert_eq!((made(&app), app.count_where("task_schedules", "is_paused")), (vec![], 1));
    assert_eq!(app.activity()[0], "updated schedule: Backups");
    app.member().get("/schedules").send().await.assert_text("#schedule_1", "Paused");
}

#[actix_web::test]
async fn managers_make_a_task_recur_change_and_delete_it() {
    let app = TestApp::new().await;
    let project = app.project_named(app.client("Halden"), "Care");
    let task = app.task_for(project, "Check backups", Some(app.member().id()), Some(day("2026-11-30")));
    let mara = app.manager();
    let page = mara.get(format!("/schedules/new?task_id={task}")).send().await;
    page.assert_value("#title", "Check backups").assert_value("#anchor_on", "2026-11-30");
    let mut fields = page.fields("#schedule_form");
    for (name, value) in &mut fields {
        if name == "every" {
            *value = "2".into();
        }
    }
    for _ in 0..2 {
        mara.post("/schedules").form(fields.clone()).send().await.assert_redirect("/schedules");
    }
    assert_eq!(app.count("task_schedules"), 1);
    let page = app.bookkeeper().get("/schedules").send().await;
    page.assert_text("#schedule_1", "Halden · Care · Every 2 months")
        .assert_text("#schedule_1", "Next 30 Nov");
    let page = mara.get("/schedules/1/edit").send().await;
    let mut fields = page.fields("#schedule_form");
    fields.retain(|(name, _)| name != "is_paused");
    fields.push(("is_paused".into(), "true".into()));
    mara.post("/schedules/1").form(fields.clone()).send().await.assert_redirect("/schedules");
    fields.retain(|(name, _)| name != "title");
    fields.push(("title".into(), "Late".into()));
    mara.post("/schedules/1").form(fields).send().await.assert_status(409).assert_text(".conflict", "Late");
    assert_eq!(days_later(&app, 30), 0, "it rests");
    mara.forget();
    mara.delete("/schedules/1").htmx().send().await.assert_redirect("/schedules");
    assert_eq!((app.count("task_schedules"), app.count("tasks")), (0, 1));
}

#[actix_web::test]
async fn a_refused_schedule_says_why_and_members_make_none() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.manager().sign_in().await;
    app.member().sign_in().await;
    let bea = app.bookkeeper().id().to_string();
    let before = app.dump();
    let good = [
        ("project_id", project.to_string()),
        ("title", "X".into()),
        ("unit", "week".into()),
        ("anchor_on", "2026-12-01".into()),
    ];
    for (field, value) in [
        ("project_id", "99"),
        ("title", ""),
        ("unit", "year"),
        ("unit", ""),
        ("anchor_on", "2026-02-30"),
        ("every", "0"),
        ("every", "400"),
        ("mode", "never"),
        ("assignee_id", "99"),
        ("assignee_id", bea.as_str()),
    ] {
        let mut fields: Vec<(&str, String)> = good.to_vec();
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value.into()));
        let page = app.manager().post("/schedules").form(fields).send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    app.member().post("/schedules").form(good.clone()).send().await.assert_status(403);
    app.member().get("/schedules/new").send().await.assert_status(403);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn the_api_of_schedules_follows_the_same_rules() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let mara = app.api(Role::Manager);
    let body =
        json!({ "project_id": project, "title": "Report", "unit": "month", "anchor_on": "2026-11-19" });
    let created = mara.post("/api/schedules").json(body.clone()).send().await;
    created.assert_status(201);
    let path = created.header("location").unwrap();
    assert_eq!(created.json()["next_on"], "2026-12-19", "today's is made already");
    assert_eq!(made(&app), ["2026-11-19"]);
    let mut change = body.clone();
    change["version"] = 1.into();
    change["anchor_on"] = "2026-11-25".into();
    assert_eq!(mara.put(&path).json(change.clone()).send().await.json()["next_on"], "2026-11-25");
    mara.put(&path).json(change).send().await.problem(409);
    app.api(Role::Member).post("/api/schedules").json(body).send().await.problem(403);
    assert_eq!(app.api(Role::Member).get("/api/schedules").send().await.json()["meta"]["count"], 1);
    app.api(Role::Member).get(&path).send().await.assert_status(200);
    mara.delete(&path).send().await.assert_status(204);
    mara.get(&path).send().await.problem(404);
}
