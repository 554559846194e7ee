//! The outbox: what waits, what was sent, what failed, and links that nobody but their reader sees.

use bureau::auth::policy::Role;
use bureau::mail::model::{self, MailKind, NewMail, SECRET_LINK};
use bureau::net::post::Refusal;
use serde_json::json;
use zeroize::Zeroizing;

use crate::support::TestApp;

const LINK: &str = "http://127.0.0.1:8080/secret/Tr0ub4dor-and-3";

fn write_mail(app: &TestApp, change: impl Fn(&mut NewMail)) -> i64 {
    let mut new = NewMail::new(MailKind::Test, "ada@northwind.com", "Hello", "It is there.".into());
    change(&mut new);
    let (keys, now) = (app.data.keys.clone(), app.now());
    app.write(|conn| model::queue(conn, &keys, None, now, &new)).0
}

fn state(app: &TestApp, id: i64) -> String {
    app.line(&format!("SELECT state || ' ' || attempts || ' ' || error AS line FROM mails WHERE id = {id}"))
}

#[actix_web::test]
async fn without_a_mail_server_mail_waits_and_the_page_says_so() {
    let app = TestApp::new().await;
    let id = app.owner().post("/mail/test").send().await.location();
    assert_eq!(app.run_jobs().await, 0);
    let page = app.owner().get("/mail").send().await;
    page.assert_full_page().assert_text("#server", "No mail server is set, so mail waits here");
    page.assert_text("#mails", "ines@fielder.studio").assert_text("#mails", "Queued");
    page.assert_no_text("#mails", "Sent");
    app.owner()
        .get(&id)
        .send()
        .await
        .assert_text("#state", "Queued")
        .assert_text("main", "so this mail waits");
    app.manager().get("/mail").send().await.assert_status(403);
    app.manager().post("/mail/test").send().await.assert_status(403);
    assert_eq!(app.count("mails"), 1);
}

#[actix_web::test]
async fn sent_is_what_the_mail_server_took() {
    let app = TestApp::with_post().await;
    let path = app.admin().post("/mail/test").send().await.location();
    app.admin().get(&path).send().await.assert_text("#state", "Queued");
    assert_eq!(app.run_jobs().await, 1);
    let letter = app.post.only();
    assert_eq!(
        (letter.to.as_str(), letter.subject.as_str()),
        ("adam@fielder.studio", "Mail from Bureau works")
    );
    let page = app.admin().get(&path).send().await;
    page.assert_text("#state", "Sent").assert_text("#text", "Hello Adam").assert_no("form[action$=retry]");
    app.admin().get("/mail").send().await.assert_text("#server", "Leaves by memory");
    app.admin().post(format!("{path}/retry")).send().await.assert_status(409);
    assert_eq!(app.run_jobs().await, 0);
    assert!(app.post.taken().is_empty());
    for change in ["subject = 'Other'", "state = 'queued', sent_at = NULL", "recipient = 'eve@evil.com'"] {
        let refused = app.refused(|conn| {
            use diesel::RunQueryDsl;
            Ok(diesel::sql_query(format!("UPDATE mails SET {change}")).execute(conn)?)
        });
        assert!(refused.contains("mail was sent"), "{refused}");
    }
}

#[actix_web::test]
async fn what_is_refused_is_never_shown_as_sent_and_is_tried_again() {
    let app = TestApp::with_post().await;
    let id = write_mail(&app, |_| {});
    app.post.refuse(Refusal::Later("The mailbox is full.".into()));
    app.run_jobs().await;
    assert_eq!(state(&app, id), "queued 1 The mailbox is full.");
    app.owner()
        .get("/mail")
        .send()
        .await
        .assert_text("#mails", "The mailbox is full.")
        .assert_no_text("#mails", "Sent");
    app.clock.advance(2);
    app.post.refuse(Refusal::Never("Nobody lives here.".into()));
    app.run_jobs().await;
    assert_eq!(state(&app, id), "failed 2 Nobody lives here.");
    let page = app.owner().get(format!("/mail/{id}")).send().await;
    page.assert_text("#state", "Failed").assert_text("#error", "Nobody lives here.");
    app.clock.advance(40_000);
    assert_eq!(app.run_jobs().await, 0);
    app.owner().post(format!("/mail/{id}/retry")).send().await.assert_redirect(&format!("/mail/{id}"));
    assert_eq!(state(&app, id), "queued 2 Nobody lives here.");
    app.run_jobs().await;
    assert_eq!(state(&app, id), "sent 3 ");
    assert_eq!(app.post.only().to, "ada@northwind.com");
    let report = bureau::doctor::examine(&app.data).unwrap();
    assert!(report.is_healthy(), "{report}");
}

#[actix_web::test]
async fn a_mail_follows_its_job() {
    let app = TestApp::new().await;
    let id = write_mail(&app, |_| {});
    let job = app.line(&format!("SELECT CAST(job_id AS TEXT) AS line FROM mails WHERE id = {id}"));
    app.owner().post(format!("/jobs/{job}/cancellation")).send().await.assert_redirect("/jobs");
    assert_eq!(state(&app, id), "failed 0 Somebody took it out.");
    app.owner().post(format!("/jobs/{job}/retry")).send().await.assert_redirect("/jobs");
    assert!(state(&app, id).starts_with("queued"));
    app.execute("DELETE FROM jobs");
    let report = bureau::doctor::examine(&app.data).unwrap().to_string();
    assert!(report.contains(&format!("Mail {id} is queued, and no job will send it.")), "{report}");
}

#[actix_web::test]
async fn a_link_in_a_mail_is_for_its_reader_alone() {
    let app = TestApp::with_post().await;
    let secret = |new: &mut NewMail| {
        new.text = format!("Open {SECRET_LINK} now.");
        new.secret = Some(Zeroizing::new(LINK.into()));
    };
    let id = write_mail(&app, secret);
    let everything = format!("{:?}", app.dump());
    assert!(!everything.contains("Tr0ub4dor"), "the link stands in the database");
    let page = app.owner().get(format!("/mail/{id}")).send().await;
    page.assert_text("#text", SECRET_LINK);
    let one = app.api(Role::Owner).get(format!("/api/mail/{id}")).send().await;
    assert!(!page.body().contains("Tr0ub4dor") && !one.body().contains("Tr0ub4dor"));
    app.run_jobs().await;
    assert_eq!(app.post.only().text, format!("Open {LINK} now."));
    assert_eq!(app.count_where("mails", "secret IS NOT NULL"), 0, "it goes with the mail");
    // An envelope opens in its own row only: what somebody moved is not sent.
    let (first, second) = (write_mail(&app, secret), write_mail(&app, secret));
    app.execute(&format!(
        "UPDATE mails SET secret = (SELECT secret FROM mails WHERE id = {first}) WHERE id = {second}"
    ));
    app.run_jobs().await;
    assert_eq!(app.post.only().text, format!("Open {LINK} now."));
    assert!(state(&app, second).starts_with("queued 0"), "{}", state(&app, second));
    // What came too late is of no use.
    let late = write_mail(&app, |new| {
        secret(new);
        new.expires_at = Some(app.now().plus_seconds(60));
    });
    app.clock.advance(61);
    app.owner().post(format!("/mail/{late}/retry")).send().await.assert_status(409);
    app.run_jobs().await;
    assert!(state(&app, late).starts_with("failed 0 It was not sent in time"), "{}", state(&app, late));
    assert!(app.post.taken().is_empty());
}

#[actix_web::test]
async fn a_subject_stays_one_line_and_the_same_mail_is_written_once() {
    let app = TestApp::with_post().await;
    let keyed = |new: &mut NewMail| {
        *new = NewMail::new(new.kind, &new.to, "Hello\r\nBcc: eve@evil.com", new.text.clone());
        new.dedupe_key = Some("hello".into());
    };
    let id = write_mail(&app, keyed);
    assert_eq!(write_mail(&app, keyed), id);
    app.run_jobs().await;
    assert_eq!(app.post.only().subject, "Hello Bcc: eve@evil.com");
}

#[actix_web::test]
async fn programs_see_the_outbox_as_people_do() {
    let app = TestApp::with_post().await;
    let api = app.api(Role::Admin);
    let made = api.post("/api/mail/test").json(json!({})).send().await;
    made.assert_status(201);
    let id = made.json()["id"].as_i64().unwrap();
    app.post.refuse(Refusal::Never("No.".into()));
    app.run_jobs().await;
    let list = api.get("/api/mail?state=failed").send().await.json();
    assert_eq!((&list["mails"][0]["id"], &list["has_server"]), (&json!(id), &json!(true)));
    assert!(list["mails"][0].get("text").is_none());
    api.get("/api/mail?state=lost").send().await.problem(422);
    let again = api.post(format!("/api/mail/{id}/retry")).json(json!({})).send().await;
    assert_eq!(again.json()["state"], "queued");
    app.run_jobs().await;
    let one = api.get(format!("/api/mail/{id}")).send().await.json();
    assert_eq!((&one["state"], &one["attempts"]), (&json!("sent"), &json!(2)));
    app.api(Role::Bookkeeper).get("/api/mail").send().await.problem(403);
}
