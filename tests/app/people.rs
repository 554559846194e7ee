//! People: invitations, roles, who is shut out and lets go of their tasks, passwords and sessions.

use actix_web::http::Method;
use bureau::app::all_routes;
use bureau::auth::policy::Role;
use bureau::auth::token::Area;
use serde_json::json;

use crate::auth::opens;
use crate::support::{PASSWORD, PROOFS, TestApp};

const CHOSEN: &str = "violet harbour ladder nine";

/// The path of a link that the owner makes for `email`.
async fn invite(app: &TestApp, email: &str, role: &str) -> String {
    let page = app
        .owner()
        .stepped_up()
        .post("/users/invitations")
        .form([("email", email), ("role", role)])
        .send()
        .await;
    page.assert_status(200);
    assert_ne!(page.header("content-encoding").as_deref(), Some("gzip"), "what shows a secret");
    let link = page.attributes("#link_address", "value").remove(0);
    path_of(&link)
}

/// The path of a link, which begins with the configured address.
fn path_of(link: &str) -> String {
    let path = link.strip_prefix("http://127.0.0.1:8080").unwrap_or_else(|| panic!("{link}"));
    assert!(path.starts_with("/invitations/"), "{link}");
    path.to_owned()
}

fn answer(password: &str) -> [(&'static str, String); 3] {
    [("name", "Nora Vik".into()), ("time_zone", "Europe/Oslo".into()), ("password", password.into())]
}

#[actix_web::test]
async fn a_link_lets_one_person_in_once_with_the_role_that_was_given() {
    let app = TestApp::new().await;
    let path = invite(&app, "Nora@Fielder.studio", "manager").await;
    let secret = path.rsplit('/').next().unwrap();
    assert_eq!(app.count_where("invitations", &format!("token_hash = '{secret}'")), 0, "kept as a hash");
    let page = app.owner().get("/users").send().await;
    page.assert_text("#invitations", "nora@fielder.studio").assert_no("#link_address");
    let page = app.anonymous().get(&path).send().await;
    page.assert_status(200).assert_text("main", "nora@fielder.studio").assert_text("main", "a manager");
    assert_eq!(page.header("x-robots-tag").as_deref(), Some("noindex, nofollow"));
    let before = app.dump();
    for weak in ["short", "nora@fielder.studio", "Password2024!"] {
        let page = app.anonymous().post(&path).form(answer(weak)).send().await;
        page.assert_status(422).assert_has("[data-error=password]").assert_value("#name", "Nora Vik");
        assert!(!page.body().contains(weak) || weak.contains('@'), "a password is never shown again");
    }
    app.assert_unchanged(&before);
    app.anonymous().post(&path).form(answer(CHOSEN)).send().await.assert_redirect("/login");
    let form = [("email", "nora@fielder.studio"), ("password", CHOSEN)];
    app.anonymous().post("/login").form(form).send().await.assert_redirect("/");
    assert_eq!(
        app.line("SELECT role || ' ' || time_zone AS line FROM users WHERE email = 'nora@fielder.studio'"),
        "manager Europe/Oslo"
    );
    app.anonymous().get(&path).send().await.assert_status(404);
    app.anonymous().post(&path).form(answer(CHOSEN)).send().await.assert_status(404);
    assert_eq!(app.count_where("users", "name = 'Nora Vik'"), 1);
    assert_eq!(app.activity()[1..3], ["accepted invitation: nora@fielder.studio", "created user: Nora Vik"]);
}

#[actix_web::test]
async fn a_link_opens_no_more_once_it_is_withdrawn_replaced_or_old() {
    let app = TestApp::new().await;
    let first = invite(&app, "nora@fielder.studio", "member").await;
    let second = invite(&app, "nora@fielder.studio", "bookkeeper").await;
    app.anonymous().get(&first).send().await.assert_status(404);
    app.anonymous().get(&second).send().await.assert_status(200);
    let removal = app.owner().get("/users").send().await.attributes("#invitations form", "action").remove(0);
    app.owner().post(&removal).send().await.assert_redirect("/users");
    app.owner().post(&removal).send().await.assert_status(404);
    app.anonymous().get(&second).send().await.assert_status(404);
    let third = invite(&app, "nora@fielder.studio", "member").await;
    app.clock.advance(7 * 86_400);
    app.anonymous().get(&third).send().await.assert_status(404);
    assert_eq!(app.count_where("users", "email = 'nora@fielder.studio'"), 0);
    let fourth = app.api(Role::Admin).stepped_up().post("/api/users/invitations");
    let made = fourth.json(json!({"email": "nora@fielder.studio", "role": "member"})).send().await.json();
    let path = path_of(made["link"].as_str().unwrap());
    app.anonymous().get(&path).send().await.assert_status(200);
    // Whoever made it may give that role no more.
    app.execute("UPDATE users SET role = 'member' WHERE role = 'admin'");
    app.anonymous().get(&path).send().await.assert_status(404);
}

#[actix_web::test]
async fn whom_nobody_may_invite_is_refused() {
    let app = TestApp::new().await;
    app.admin().sign_in().await;
    app.manager().sign_in().await;
    let before = app.dump();
    for (email, role, field) in [
        ("", "member", "email"),
        ("nora", "member", "email"),
        ("ines@fielder.studio", "member", "email"),
        ("nora@fielder.studio", "king", "role"),
    ] {
        let page = app
            .admin()
            .stepped_up()
            .post("/users/invitations")
            .form([("email", email), ("role", role)])
            .send()
            .await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]")).assert_value("#email", email);
    }
    let owner = [("email", "nora@fielder.studio"), ("role", "owner")];
    app.admin().stepped_up().post("/users/invitations").form(owner).send().await.assert_status(403);
    app.manager().post("/users/invitations").form(owner).send().await.assert_status(403);
    app.admin().get("/users").send().await.assert_no("#role option[value=owner]");
    app.assert_unchanged_but(&before, &PROOFS);
}

#[actix_web::test]
async fn a_role_counts_from_the_next_request_and_only_owners_touch_owners() {
    let app = TestApp::new().await;
    let tom = app.member();
    tom.get("/billing").send().await.assert_status(403);
    let path = format!("/users/{}", tom.id());
    let form = [("role", "manager"), ("version", "1")];
    app.admin().stepped_up().post(&path).form(form).send().await.assert_redirect("/users");
    tom.get("/billing").send().await.assert_status(200);
    let page = app
        .admin()
        .stepped_up()
        .post(&path)
        .form([("role", "bookkeeper"), ("version", "1")])
        .htmx()
        .send()
        .await;
    page.assert_status(409).assert_text("[data-error=role]", "Manager");
    let owner = format!("/api/users/{}", app.owner().id());
    for role in [Role::Admin, Role::Owner] {
        app.api(role).get("/api/users").send().await.assert_status(200);
    }
    let before = app.dump();
    let body = json!({"role": "member", "version": 1});
    app.api(Role::Admin).stepped_up().put(&owner).json(body.clone()).send().await.problem(403);
    app.api(Role::Admin)
        .stepped_up()
        .post(format!("{owner}/disabling"))
        .json(json!({}))
        .send()
        .await
        .problem(403);
    let promotion = json!({"role": "owner", "version": 2});
    app.api(Role::Admin).stepped_up().put(format!("/api{path}")).json(promotion).send().await.problem(403);
    let refused = app.api(Role::Owner).stepped_up().put(&owner).json(body).send().await.problem(409);
    assert!(refused["detail"].as_str().unwrap().contains("one owner must remain"), "{refused}");
    assert!(app.execute_refused("UPDATE users SET role = 'admin' WHERE role = 'owner'").contains("owner"));
    assert!(
        app.execute_refused("UPDATE users SET disabled_at = created_at WHERE role = 'owner'")
            .contains("owner")
    );
    assert!(app.execute_refused("DELETE FROM users WHERE name = 'Tom'").contains("not deleted"));
    app.assert_unchanged_but(&before, &PROOFS);
    let second = json!({"role": "owner", "version": 2});
    app.api(Role::Owner).stepped_up().put(format!("/api{path}")).json(second).send().await.assert_status(200);
    app.api(Role::Owner)
        .stepped_up()
        .put(&owner)
        .json(json!({"role": "admin", "version": 1}))
        .send()
        .await
        .assert_status(200);
}

#[actix_web::test]
async fn who_is_shut_out_is_out_at_once_and_their_tasks_go_over() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let tom = app.member();
    let (open, done) = (
        app.task_for(project, "Age gate", Some(tom.id()), None),
        app.task_for(project, "Logo", Some(tom.id()), None),
    );
    tom.post(format!("/tasks/{done}/closure")).send().await.assert_status(303);
    let (cookie, token) = (tom.sign_in().await, tom.token());
    token.get("/api/tasks").send().await.assert_status(200);
    let path = format!("/users/{}", tom.id());
    let page = app.admin().get(&path).send().await;
    page.assert_text("#leaving_form", "1 open task stays");
    let nobody = [("hand_over_to", "99")];
    app.admin().stepped_up().post(format!("{path}/disabling")).form(nobody).send().await.assert_status(422);
    assert!(opens(&app, &cookie).await);
    let mara = [("hand_over_to", app.manager().id().to_string())];
    app.admin()
        .stepped_up()
        .post(format!("{path}/disabling"))
        .form(mara)
        .send()
        .await
        .assert_redirect("/users");
    assert!(!opens(&app, &cookie).await);
    token.get("/api/tasks").send().await.problem(401);
    let form = [("email", "tom@fielder.studio"), ("password", PASSWORD)];
    app.anonymous().post("/login").form(form).send().await.assert_status(422);
    let assignee = |task| format!("SELECT CAST(assignee_id AS TEXT) AS line FROM tasks WHERE id = {task}");
    assert_eq!(app.line(&assignee(open)), app.manager().id().to_string());
    assert_eq!(app.line(&assignee(done)), tom.id().to_string(), "what is done stays whose it was");
    app.admin().get("/users").send().await.assert_text(&format!("#{}", tom.id().dom()), "Shut out");
    app.admin().stepped_up().post(format!("{path}/enabling")).send().await.assert_redirect("/users");
    assert!(!opens(&app, &cookie).await, "the session of before stays void");
    app.anonymous().post("/login").form(form).send().await.assert_redirect("/");
    let own = format!("/users/{}/disabling", app.admin().id());
    app.admin().stepped_up().post(own).form([("hand_over_to", "")]).send().await.assert_status(409);
}

#[actix_web::test]
async fn a_new_password_ends_every_other_session_and_every_token() {
    let app = TestApp::new().await;
    let tom = app.member();
    let here = tom.sign_in().await;
    let form = [("email", "tom@fielder.studio"), ("password", PASSWORD)];
    let elsewhere = app.anonymous().post("/login").form(form).send().await;
    let elsewhere = format!("bureau={}", elsewhere.cookie("bureau").unwrap());
    let token = tom.token();
    token.get("/api/tasks").send().await.assert_status(200);
    let change = |current: &str, new: &str| {
        let form = [("current_password", current.to_owned()), ("new_password", new.to_owned())];
        app.anonymous().post("/profile/sign-in/password").cookie(&here).form(form).send()
    };
    for (current, new, field) in [
        ("", CHOSEN, "current_password"),
        ("not my password at all", CHOSEN, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
    ] {
        change(current, new).await.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    assert!(opens(&app, &elsewhere).await);
    let changed = change(PASSWORD, CHOSEN).await;
    changed.assert_redirect("/profile/sign-in");
    let renewed = format!("bureau={}", changed.cookie("bureau").unwrap());
    assert!(opens(&app, &renewed).await, "one stays signed in where one changed it");
    assert!(!opens(&app, &elsewhere).await && !opens(&app, &here).await);
    token.get("/api/tasks").send().await.problem(401);
    app.anonymous().post("/login").form(form).send().await.assert_status(422);
    let form = [("email", "tom@fielder.studio"), ("password", CHOSEN)];
    app.anonymous().post("/login").form(form).send().await.assert_redirect("/");
    assert!(app.activity().contains(&"changed_password user: Tom".to_owned()));
}

#[actix_web::test]
async fn guessing_the_password_from_an_open_session_is_slowed_down() {
    let app = TestApp::new().await;
    let tom = app.member();
    let form = [("current_password", "not my password at all"), ("new_password", CHOSEN)];
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(tom.post("/profile/sign-in/password").form(form).send().await.status);
    }
    assert_eq!(statuses[..5], [422; 5]);
    assert_eq!(statuses.last(), Some(&429));
    tom.get("/tasks").send().await.assert_status(200);
}

#[actix_web::test]
async fn one_sees_where_one_is_signed_in_and_ends_it_there() {
    let app = TestApp::new().await;
    let tom = app.member();
    tom.sign_in().await;
    let browsers = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
    ];
    let mut cookies = Vec::new();
    for browser in browsers {
        let form = [("email", "tom@fielder.studio"), ("password", PASSWORD)];
        let page = app.anonymous().post("/login").header("user-agent", browser).form(form).send().await;
        cookies.push(format!("bureau={}", page.cookie("bureau").unwrap()));
    }
    let page = tom.get("/profile/sign-in").send().await;
    page.assert_status(200).assert_count("#sessions li", 3).assert_text("#sessions", "Firefox on Linux");
    page.assert_text("#sessions", "Safari on iPhone").assert_count("#sessions .badge-now", 1);
    let list = tom.token().get("/api/profile/sessions").send().await.json();
    let phone = list["sessions"].as_array().unwrap().iter().find(|row| row["device"] == "Safari on iPhone");
    let phone = &phone.unwrap()["id"];
    let path = format!("/profile/sign-in/sessions/{phone}/removal");
    app.manager().post(&path).send().await.assert_status(404);
    app.manager().token().delete(format!("/api/profile/sessions/{phone}")).send().await.problem(404);
    assert!(opens(&app, &cookies[1]).await);
    tom.post(&path).send().await.assert_redirect("/profile/sign-in");
    assert!(!opens(&app, &cookies[1]).await && opens(&app, &cookies[0]).await);
    tom.post("/profile/sign-in/sessions/removal").send().await.assert_redirect("/profile/sign-in");
    assert!(!opens(&app, &cookies[0]).await);
    tom.get("/profile/sign-in").send().await.assert_count("#sessions li", 1);
}

#[actix_web::test]
async fn a_token_opens_what_was_chosen_until_its_last_day() {
    let app = TestApp::new().await;
    let mara = app.manager();
    let form = [
        ("name", "Time tracker"),
        ("ends_on", "2026-11-20"),
        ("scopes", "clients:read"),
        ("scopes", "time:write"),
        ("scopes", ""),
    ];
    let page = mara.stepped_up().post("/profile/tokens").form(form).send().await;
    page.assert_status(200).assert_text("#token_list", "Clients: read; Time: read and change");
    assert_ne!(page.header("content-encoding").as_deref(), Some("gzip"), "what shows a secret");
    let text = page.attributes("#token_text", "value").remove(0);
    assert_eq!(app.count_where("api_tokens", &format!("token_hash = '{text}'")), 0, "kept as a hash");
    mara.get("/profile/tokens").send().await.assert_no("#token_text");
    let with = |method: Method, path: &str| {
        app.anonymous().request(method, path).header("authorization", &format!("Bearer {text}"))
    };
    with(Method::GET, "/api/clients").send().await.assert_status(200);
    with(Method::POST, "/api/clients").json(json!({"name": "Halden"})).send().await.problem(403);
    assert_eq!(app.count("clients"), 0);
    with(Method::GET, "/api/billing").send().await.problem(403);
    with(Method::POST, "/api/time-entries").json(json!({})).send().await.problem(422);
    app.clock.advance(86_400);
    with(Method::GET, "/api/clients").send().await.assert_status(200);
    app.clock.advance(86_400);
    with(Method::GET, "/api/clients").send().await.problem(401);
}

#[actix_web::test]
async fn a_token_never_opens_more_than_its_owner_may_and_ends_when_revoked() {
    let app = TestApp::new().await;
    let tom = app.member();
    let form = [("name", "Everything"), ("scopes", "billing:write"), ("scopes", "tasks:read")];
    let page = tom.stepped_up().post("/profile/tokens").form(form).send().await;
    let text = page.attributes("#token_text", "value").remove(0);
    let get =
        |path: &str| app.anonymous().get(path).header("authorization", &format!("Bearer {text}")).send();
    get("/api/billing").await.problem(403);
    get("/api/tasks").await.assert_status(200);
    let removal = page.attributes("#token_list form", "action").remove(0);
    app.manager().post(&removal).send().await.assert_status(404);
    tom.post(&removal).send().await.assert_redirect("/profile/tokens");
    get("/api/tasks").await.problem(401);
    let before = app.dump();
    for (form, field) in [
        (vec![("name", ""), ("scopes", "tasks:read")], "name"),
        (vec![("name", "x"), ("scopes", "")], "scopes"),
        (vec![("name", "x"), ("scopes", "moon:read")], "scopes"),
        (vec![("name", "x"), ("scopes", "tasks:read"), ("scopes", "tasks:write")], "scopes"),
        (vec![("name", "x"), ("scopes", "tasks:read"), ("ends_on", "2026-11-18")], "ends_on"),
    ] {
        let page = tom.stepped_up().post("/profile/tokens").form(form).send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    app.assert_unchanged(&before);
}

#[test]
fn every_path_of_the_api_belongs_to_an_area_that_tokens_name() {
    for path in all_routes().iter().map(|route| route.path).filter(|path| path.starts_with("/api/")) {
        assert!(path == "/api/openapi.json" || Area::of(path).is_some(), "{path}");
    }
}
