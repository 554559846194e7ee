//! Step-up: what is sensitive opens only to who has proved shortly before that it is them.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::auth::opens;
use crate::support::{PASSWORD, Page, TestApp};

const TOKEN: [(&str, &str); 2] = [("name", "Reports"), ("scopes", "clients:read")];

/// Proves with `proof` in the session of `cookie`.
async fn prove(app: &TestApp, cookie: &str, proof: &str) -> Page {
    let form = [("proof", proof), ("next", "/profile/tokens")];
    app.anonymous().post("/step-up").cookie(cookie).form(form).send().await
}

async fn make_token(app: &TestApp, cookie: &str) -> u16 {
    app.anonymous().post("/profile/tokens").cookie(cookie).form(TOKEN).send().await.status
}

#[actix_web::test]
async fn the_password_opens_what_is_sensitive_for_five_minutes_under_a_new_key() {
    let app = TestApp::new().await;
    let cookie = app.manager().sign_in().await;
    let asked = app
        .anonymous()
        .post("/profile/tokens")
        .cookie(&cookie)
        .header("referer", "http://127.0.0.1:8080/profile/tokens?x=1")
        .form(TOKEN)
        .send()
        .await;
    asked.assert_status(403).assert_full_page().assert_value("input[name=next]", "/profile/tokens?x=1");
    assert!(!asked.body().contains("Reports"), "what was typed is not repeated");
    assert_eq!(app.count("api_tokens"), 0);
    let proved = prove(&app, &cookie, PASSWORD).await;
    proved.assert_redirect("/profile/tokens");
    let renewed = format!("bureau={}", proved.cookie("bureau").unwrap());
    assert!(!opens(&app, &cookie).await, "the key of before opens nothing");
    assert_eq!(make_token(&app, &renewed).await, 200);
    app.clock.advance(299);
    assert_eq!(make_token(&app, &renewed).await, 200);
    app.clock.advance(1);
    assert_eq!(make_token(&app, &renewed).await, 403);
    assert!(opens(&app, &renewed).await, "the rest stays open");
    assert_eq!(app.count("api_tokens"), 2);
    assert!(app.activity().contains(&"stepped_up user: Mara".to_owned()));
}

#[actix_web::test]
async fn signing_in_proves_nothing_and_neither_does_another_session() {
    let app = TestApp::new().await;
    let here = app.manager().sign_in().await;
    prove(&app, &here, PASSWORD).await.assert_redirect("/profile/tokens");
    app.manager().forget();
    let there = app.manager().sign_in().await;
    assert_eq!(make_token(&app, &there).await, 403);
}

#[actix_web::test]
async fn a_proof_does_not_make_a_session_younger() {
    let app = TestApp::new().await;
    let cookie = app.manager().sign_in().await;
    let ages = "SELECT CAST(created_at AS TEXT) || ' ' || CAST(expires_at AS TEXT) AS line FROM sessions \
                WHERE revoked_at IS NULL";
    let before = app.line(ages);
    app.clock.advance(3_600);
    let proved = prove(&app, &cookie, PASSWORD).await;
    assert_eq!(app.line(ages), before);
    // What voids the session voids the one that goes on from it.
    let renewed = format!("bureau={}", proved.cookie("bureau").unwrap());
    app.execute("UPDATE users SET auth_epoch = auth_epoch + 1 WHERE name = 'Mara'");
    assert!(!opens(&app, &renewed).await);
}

#[actix_web::test]
async fn wrong_proofs_change_nothing_are_in_the_log_and_slow_down() {
    let app = TestApp::new().await;
    let cookie = app.manager().sign_in().await;
    for _ in 0..5 {
        let page = prove(&app, &cookie, "not her password").await;
        page.assert_status(422).assert_text("[data-error=proof]", "not right");
        assert!(!page.body().contains("not her password"));
    }
    let waits = prove(&app, &cookie, PASSWORD).await;
    waits.assert_status(429);
    assert_eq!(waits.header("retry-after").as_deref(), Some("30"));
    assert_eq!(make_token(&app, &cookie).await, 403);
    assert_eq!(app.activity().iter().filter(|line| *line == "refused user: Mara").count(), 5);
    // A program of hers is counted with her.
    app.api(Role::Manager).get("/api/clients").send().await.assert_status(200);
    app.clock.advance(30);
    prove(&app, &cookie, PASSWORD).await.assert_redirect("/profile/tokens");
}

#[actix_web::test]
async fn htmx_is_asked_in_a_dialog_and_told_when_to_go_on() {
    let app = TestApp::new().await;
    let mara = app.manager();
    let asked = mara.post("/profile/tokens").form(TOKEN).htmx().send().await;
    asked.assert_status(403).assert_fragment().assert_has("dialog#step_up input[type=password]");
    assert_eq!(asked.header("hx-retarget").as_deref(), Some("body"));
    let wrong = mara.post("/step-up").form([("proof", "no")]).htmx().send().await;
    wrong.assert_status(422).assert_fragment().assert_has("dialog#step_up [data-error=proof]");
    let right = mara.post("/step-up").form([("proof", PASSWORD)]).htmx().send().await;
    right.assert_status(204);
    assert_eq!(right.header("hx-trigger").as_deref(), Some("proved"));
}

#[actix_web::test]
async fn a_program_proves_with_each_request() {
    let app = TestApp::new().await;
    let program = app.api(Role::Admin);
    let invite = |proof: Option<&str>| {
        let body = json!({"email": "vik@fielder.studio", "role": "member"});
        let request = program.post("/api/users/invitations").json(body);
        match proof {
            Some(proof) => request.header("bureau-step-up", proof),
            None => request,
        }
    };
    let asked = invite(None).send().await.problem(403);
    assert_eq!(asked["type"], "urn:bureau:step-up");
    assert!(asked["detail"].as_str().unwrap().contains("Bureau-Step-Up"), "{asked}");
    for _ in 0..5 {
        let refused = invite(Some("not the password")).send().await.problem(403);
        assert_eq!(refused["type"], "urn:bureau:step-up");
    }
    let waits = invite(Some(PASSWORD)).send().await;
    waits.problem(429);
    assert_eq!(app.count("invitations"), 0);
    app.clock.advance(30);
    invite(Some(PASSWORD)).send().await.assert_status(201);
    invite(None).send().await.problem(403);
    assert_eq!(app.count("invitations"), 1);
}

#[actix_web::test]
async fn how_long_a_proof_lasts_is_a_setting() {
    let app = TestApp::with(|config| config.session.step_up_seconds = 30).await;
    let mara = app.manager().stepped_up();
    mara.post("/profile/tokens").form(TOKEN).send().await.assert_status(200);
    app.clock.advance(30);
    app.manager().post("/profile/tokens").form(TOKEN).send().await.assert_status(403);
}

#[actix_web::test]
async fn a_proof_leads_to_pages_of_ours_only() {
    let app = TestApp::new().await;
    let mara = app.manager();
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", ""] {
        mara.get(format!("/step-up?next={next}").replace('\\', "%5C"))
            .send()
            .await
            .assert_value("input[name=next]", "/");
        let form = [("proof", PASSWORD), ("next", next)];
        let page = mara.post("/step-up").form(form).send().await;
        page.assert_redirect("/");
        mara.forget();
    }
}
