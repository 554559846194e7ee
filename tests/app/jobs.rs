//! Jobs: put down with their cause, done at least once, tried again, given up, and seen to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bureau::auth::policy::Role;
use bureau::error::AppError;
use bureau::jobs::model::{self, Fault, Job};
use bureau::jobs::queue::{self, LEASE, Outcome};
use bureau::jobs::runner::Handler;
use serde::{Deserialize, Serialize};

use crate::support::TestApp;

#[derive(Serialize, Deserialize)]
struct Probe {
    number: i64,
}

impl Job for Probe {
    const KIND: &'static str = "probe";
    const MOST_ATTEMPTS: i64 = 4;
    const TIMEOUT: u64 = 5;

    fn unique_key(&self) -> Option<String> {
        Some(self.number.to_string())
    }
}

/// How often the probe was done, and what does it.
fn counting(
    answer: impl Fn() -> Result<(), Fault> + Copy + Send + Sync + 'static,
) -> (&'static AtomicUsize, Arc<[Handler]>) {
    let done: &'static AtomicUsize = Box::leak(Box::default());
    let handler = Handler::new(move |_, _: Probe| async move {
        done.fetch_add(1, Ordering::SeqCst);
        answer()
    });
    (done, Arc::new([handler]))
}

fn put_down(app: &TestApp, number: i64) -> Option<i64> {
    let now = app.now();
    app.write(|conn| model::enqueue(conn, now, now, &Probe { number })).map(|id| id.0)
}

fn state(app: &TestApp, id: i64) -> String {
    app.line(&format!("SELECT state || ' ' || attempt AS line FROM jobs WHERE id = {id}"))
}

#[actix_web::test]
async fn a_job_is_there_with_its_cause_only_and_is_done_once() {
    let app = TestApp::new().await;
    let (done, handlers) = counting(|| Ok(()));
    let now = app.now();
    app.refused(|conn| {
        model::enqueue(conn, now, now, &Probe { number: 1 })?;
        Err::<(), _>(AppError::Conflict("The cause did not come about.".into()))
    });
    assert_eq!(app.count("jobs"), 0);
    let id = put_down(&app, 1).unwrap();
    assert_eq!(put_down(&app, 1), None, "the same work waits once");
    assert_eq!(app.run_jobs_of(handlers.clone()).await, 1);
    assert_eq!((done.load(Ordering::SeqCst), state(&app, id).as_str()), (1, "done 1"));
    assert_eq!(app.run_jobs_of(handlers).await, 0);
    assert!(put_down(&app, 1).is_some(), "once it is done it may be asked for again");
    let later = now.plus_seconds(60);
    app.write(|conn| model::enqueue(conn, now, later, &Probe { number: 2 }));
    let (_, handlers) = counting(|| Ok(()));
    assert_eq!(app.run_jobs_of(handlers.clone()).await, 1, "the other one is not due");
    app.clock.advance(60);
    assert_eq!(app.run_jobs_of(handlers).await, 1);
}

#[actix_web::test]
async fn what_fails_is_tried_again_later_each_time_and_then_given_up() {
    let app = TestApp::new().await;
    let (done, handlers) = counting(|| Err(Fault::Again("The line is busy.".into())));
    let id = put_down(&app, 1).unwrap();
    for (attempt, wait) in [(1, 2), (2, 18), (3, 90)] {
        assert_eq!(app.run_jobs_of(handlers.clone()).await, 1);
        assert_eq!(state(&app, id), format!("retry {attempt}"));
        assert_eq!(app.run_jobs_of(handlers.clone()).await, 0, "not before its time");
        app.clock.advance(wait);
    }
    assert_eq!(app.run_jobs_of(handlers.clone()).await, 1);
    assert_eq!((state(&app, id).as_str(), done.load(Ordering::SeqCst)), ("dead 4", 4));
    app.clock.advance(90 * 86_400);
    assert_eq!(app.run_jobs_of(handlers).await, 0);
    assert_eq!(
        app.count_where("jobs", "error = 'The line is busy.'"),
        1,
        "it stays until somebody sees to it"
    );
    for attempt in 1..30 {
        let wait = queue::wait(attempt);
        assert!(wait >= attempt.pow(4).min(3_600) && wait <= 3_960, "{wait} after {attempt}");
    }
    let (_, never) = counting(|| Err(Fault::Never("There is no such thing.".into())));
    let id = put_down(&app, 2).unwrap();
    app.run_jobs_of(never).await;
    assert_eq!(state(&app, id), "dead 1");
}

#[actix_web::test]
async fn a_job_that_panics_is_put_aside_and_stops_no_other() {
    let app = TestApp::new().await;
    let handlers: Arc<[Handler]> = Arc::new([Handler::new(|_, job: Probe| async move {
        assert!(job.number != 13, "on purpose");
        Ok(())
    })]);
    let (bad, good) = (put_down(&app, 13).unwrap(), put_down(&app, 14).unwrap());
    for _ in 0..4 {
        app.run_jobs_of(handlers.clone()).await;
        app.clock.advance(4_000);
    }
    assert_eq!((state(&app, bad).as_str(), state(&app, good).as_str()), ("dead 3", "done 1"));
}

#[actix_web::test]
async fn who_goes_away_over_a_job_loses_it_and_comes_too_late_with_it() {
    let app = TestApp::new().await;
    let id = put_down(&app, 1).unwrap();
    let now = app.now();
    let first = app.write(|conn| queue::claim(conn, now, "first", "probe")).unwrap();
    assert!(app.write(|conn| queue::claim(conn, now, "second", "probe")).is_none(), "it is in hand");
    let (done, handlers) = counting(|| Ok(()));
    app.clock.advance(LEASE - 1);
    assert_eq!(app.run_jobs_of(handlers.clone()).await, 0);
    let beat = app.now();
    assert!(app.write(|conn| queue::extend(conn, beat, &first)));
    app.clock.advance(LEASE);
    assert_eq!(app.run_jobs_of(handlers.clone()).await, 0, "it said so again");
    app.clock.advance(2);
    app.run_jobs_of(handlers.clone()).await;
    assert_eq!((done.load(Ordering::SeqCst), state(&app, id).as_str()), (1, "done 2"));
    let late = app.now();
    for outcome in [Outcome::Failed(Fault::Never("late".into())), Outcome::Done] {
        assert!(!app.write(|conn| queue::finish(conn, late, &first, &outcome)));
    }
    assert!(!app.write(|conn| queue::extend(conn, late, &first)));
    assert_eq!(state(&app, id), "done 2");
    let id = put_down(&app, 2).unwrap();
    for _ in 0..3 {
        let now = app.now();
        assert!(app.write(|conn| queue::claim(conn, now, "gone", "probe")).is_some());
        app.clock.advance(LEASE + 1);
        let now = app.now();
        app.write(|conn| queue::tidy(conn, now));
    }
    assert_eq!(state(&app, id), "dead 3");
}

#[actix_web::test]
async fn several_workers_never_have_the_same_job_in_hand() {
    let app = TestApp::new().await;
    let (first, second) = (put_down(&app, 1).unwrap(), put_down(&app, 2).unwrap());
    let now = app.now();
    let claimed = app.meanwhile(
        |conn| {
            assert_eq!(queue::claim(conn, now, "one", "probe")?.unwrap().id.0, first);
            Ok(())
        },
        |conn| queue::claim(conn, now, "two", "probe"),
    );
    assert_eq!(claimed.unwrap().unwrap().id.0, second);
    app.write(|conn| queue::release(conn, now, "one"));
    assert_eq!((state(&app, first).as_str(), state(&app, second).as_str()), ("available 1", "running 1"));
}

#[actix_web::test]
async fn a_kind_that_this_version_does_not_know_waits_and_old_ones_go() {
    let app = TestApp::new().await;
    let id = put_down(&app, 1).unwrap();
    assert_eq!(app.run_jobs().await, 0);
    assert_eq!(state(&app, id), "available 0");
    let (_, handlers) = counting(|| Ok(()));
    app.run_jobs_of(handlers.clone()).await;
    app.clock.advance(30 * 86_400 + 1);
    app.run_jobs_of(handlers).await;
    assert_eq!(app.count("jobs"), 0);
}

#[actix_web::test]
async fn who_runs_the_installation_sees_jobs_and_takes_them_up_or_out() {
    let app = TestApp::new().await;
    let (_, never) = counting(|| Err(Fault::Never("There is no such thing.".into())));
    let dead = put_down(&app, 4242).unwrap();
    app.run_jobs_of(never).await;
    let waiting = put_down(&app, 4343).unwrap();
    let page = app.admin().get("/jobs").send().await;
    page.assert_full_page().assert_text(&format!("#job_{dead}"), "There is no such thing.");
    page.assert_text(&format!("#job_{dead}"), "Given up").assert_text(&format!("#job_{waiting}"), "Waiting");
    assert!(!page.body().contains("4242") && !page.body().contains("number"), "arguments are not shown");
    app.admin().get("/jobs?state=dead").htmx().send().await.assert_fragment().assert_count("tbody tr", 1);
    app.admin().get("/jobs?state=tired").send().await.assert_status(422);
    app.manager().get("/jobs").send().await.assert_status(403);
    app.manager().post(format!("/jobs/{dead}/retry")).send().await.assert_status(403);
    assert_eq!(state(&app, dead), "dead 1");
    app.admin().post(format!("/jobs/{dead}/retry")).send().await.assert_redirect("/jobs");
    assert_eq!(state(&app, dead), "available 1");
    app.admin().post(format!("/jobs/{waiting}/cancellation")).send().await.assert_redirect("/jobs");
    app.admin().post(format!("/jobs/{waiting}/cancellation")).send().await.assert_status(409);
    assert_eq!(state(&app, waiting), "cancelled 0");
    let api = app.api(Role::Owner);
    let list = api.get("/api/jobs?state=cancelled").send().await.json();
    assert_eq!((&list["jobs"][0]["id"], &list["counts"]["available"]), (&waiting.into(), &1.into()));
    assert!(list["jobs"][0].get("args").is_none());
    let again = api.post(format!("/api/jobs/{waiting}/retry")).json(serde_json::json!({})).send().await;
    again.assert_status(200);
    api.post(format!("/api/jobs/{dead}/cancellation"))
        .json(serde_json::json!({}))
        .send()
        .await
        .assert_status(200);
    api.post("/api/jobs/9999/retry").json(serde_json::json!({})).send().await.assert_status(404);
    let (done, handlers) = counting(|| Ok(()));
    app.run_jobs_of(handlers).await;
    assert_eq!((done.load(Ordering::SeqCst), state(&app, waiting).as_str()), (1, "done 1"));
    assert_eq!(app.count_where("activities", "action = 'cancelled' AND subject_type = 'job'"), 2);
}
