//! Passkeys: what adds and removes one, what it opens, and what it does not.

use bureau::auth::policy::Role;
use serde_json::{Value, json};

use crate::auth::opens;
use crate::second_factor::{code, turn_on};
use crate::support::authenticator::Authenticator;
use crate::support::browser::{Browser, Scripts};
use crate::support::{PASSWORD, Page, TestApp, Visitor};

const ORIGIN: &str = "http://localhost:8080";
const REFUSED: &str = "That passkey was not accepted";

async fn at_localhost() -> TestApp {
    TestApp::with(|config| {
        config.base_url = ORIGIN.parse().unwrap();
        config.base_url_is_set = true;
    })
    .await
}

/// What the browser is asked at `path`.
async fn challenge(visitor: &Visitor<'_>, path: &str, cookie: &str) -> Value {
    let request = visitor.post(format!("{path}/challenge"));
    let page = if cookie.is_empty() { request } else { request.cookie(cookie) }.send().await;
    page.assert_status(200);
    assert_eq!(page.header("cache-control").as_deref(), Some("no-store"));
    page.json()
}

fn answered(asked: &Value, answer: String) -> [(&'static str, String); 2] {
    [("ceremony", asked["ceremony"].as_str().unwrap().to_owned()), ("answer", answer)]
}

/// Adds a passkey; the device that keeps it, and what came after.
async fn add(visitor: &Visitor<'_>, name: &str) -> (Authenticator, Page) {
    let visitor = visitor.stepped_up();
    let asked = challenge(&visitor, "/profile/sign-in/passkeys", "").await;
    let mut device = Authenticator::at(ORIGIN);
    let [ceremony, answer] = answered(&asked, device.make(&asked["options"]));
    let form = [("name", name.to_owned()), ceremony, answer];
    let page = visitor.post("/profile/sign-in/passkeys").form(form).send().await;
    (device, page)
}

async fn sign_in(app: &TestApp, device: &mut Authenticator) -> Page {
    let asked = challenge(&app.anonymous(), "/login/passkey", "").await;
    let [ceremony, answer] = answered(&asked, device.sign(&asked["options"]));
    let form = [("next", "/tasks".to_owned()), ceremony, answer];
    app.anonymous().post("/login/passkey").form(form).send().await
}

/// The first step; the cookie of the session that waits for the second.
async fn first_step(app: &TestApp) -> String {
    let form = [("email", "tom@fielder.studio"), ("password", PASSWORD)];
    let page = app.anonymous().post("/login").form(form).send().await;
    page.assert_redirect("/login/second");
    format!("bureau={}", page.cookie("bureau").unwrap())
}

fn sessions(app: &TestApp) -> i64 {
    app.count_where("sessions", "NOT is_half")
}

#[actix_web::test]
async fn a_passkey_is_added_by_who_proves_to_be_there_and_signs_in_alone() {
    let app = at_localhost().await;
    let tom = app.member();
    for path in ["/profile/sign-in/passkeys/new", "/profile/sign-in/passkeys/challenge"] {
        tom.post(path).send().await.assert_status(403);
    }
    assert_eq!(app.count("passkey_ceremonies"), 0);
    let page = tom.stepped_up().post("/profile/sign-in/passkeys/new").send().await;
    page.assert_status(200).assert_has("form[data-passkey=create] input[name=name]");
    let (mut device, page) = add(&tom, "Phone").await;
    page.assert_status(200).assert_count("#recovery_codes li", 10);
    let stored = app.line("SELECT user_id || ' ' || name || ' ' || credential_id AS line FROM passkeys");
    assert_eq!(stored, format!("{} Phone {}", tom.id(), device.id()));
    assert_eq!(app.count("passkey_ceremonies"), 0);
    assert!(app.activity().contains(&"created passkey: Phone".to_owned()));
    let listed = tom.get("/profile/sign-in").send().await;
    listed.assert_text("#passkeys li", "Phone").assert_text("#passkeys li", "never used");
    listed.assert_text("#second_factor", "10 recovery codes are left");
    app.anonymous().get("/login").send().await.assert_has("form[action='/login/passkey'].js-only");
    let page = sign_in(&app, &mut device).await;
    page.assert_redirect("/tasks");
    let cookie = format!("bureau={}", page.cookie("bureau").unwrap());
    assert!(opens(&app, &cookie).await);
    assert!(page.cookie("bureau-known").is_some());
    assert_eq!(app.count_where("passkeys", "last_used_at IS NOT NULL"), 1);
    assert_eq!(app.count_where("activities", "action = 'signed_in' AND changes LIKE '%passkey%'"), 1);
    sign_in(&app, &mut device).await.assert_redirect("/tasks");
    // The password alone opens nothing any more.
    let half = first_step(&app).await;
    assert!(!opens(&app, &half).await);
}

#[actix_web::test]
async fn what_is_no_answer_of_a_passkey_opens_nothing() {
    let app = at_localhost().await;
    let (device, _) = add(&app.member(), "Phone").await;
    let before = sessions(&app);
    type Change = (&'static str, fn(&mut Authenticator));
    let changes: [Change; 5] = [
        ("another key", |device| {
            let id = device.clone();
            *device = Authenticator::at(ORIGIN).named_as(&id);
        }),
        ("another address", |device| device.origin = "http://localhost:9090".into()),
        ("nobody made sure of", |device| device.verifies = false),
        ("another person", |device| device.handle = Some("AAAAAAAAQACAAAAAAAAAAA".into())),
        ("no person", |device| device.handle = None),
    ];
    for (what, change) in changes {
        let mut device = device.clone();
        device.counter += 10;
        change(&mut device);
        let page = sign_in(&app, &mut device).await;
        page.assert_status(422).assert_text("[role=alert]", REFUSED);
        assert_eq!((what, sessions(&app)), (what, before));
        app.clock.advance(3_600);
    }
    assert_eq!(app.count_where("activities", "action = 'sign_in_failed'"), 5);
    let unknown = sign_in(&app, &mut Authenticator::at(ORIGIN)).await;
    unknown.assert_status(422).assert_text("[role=alert]", REFUSED);
    for answer in ["", "{}", "[1]", "{\"id\":\"x\"}"] {
        let form = [("ceremony", "none"), ("answer", answer)];
        app.anonymous().post("/login/passkey").form(form).send().await.assert_status(422);
    }
    assert_eq!(sessions(&app), before);
    assert_eq!(app.count_where("passkeys", "last_used_at IS NOT NULL"), 0);
}

#[actix_web::test]
async fn a_challenge_is_answered_once_and_within_five_minutes() {
    let app = at_localhost().await;
    let (mut device, _) = add(&app.member(), "Phone").await;
    let asked = challenge(&app.anonymous(), "/login/passkey", "").await;
    let form = answered(&asked, device.sign(&asked["options"]));
    app.anonymous().post("/login/passkey").form(form.clone()).send().await.assert_redirect("/");
    app.anonymous().post("/login/passkey").form(form).send().await.assert_status(422);
    let asked = challenge(&app.anonymous(), "/login/passkey", "").await;
    let form = answered(&asked, device.sign(&asked["options"]));
    app.clock.advance(300);
    app.anonymous().post("/login/passkey").form(form).send().await.assert_status(422);
    // What waited too long goes with the next.
    challenge(&app.anonymous(), "/login/passkey", "").await;
    assert_eq!(app.count("passkey_ceremonies"), 1);
    // A challenge to add one signs nobody in, and one to sign in adds none.
    let tom = app.member().stepped_up();
    let to_add = challenge(&tom, "/profile/sign-in/passkeys", "").await;
    let options = json!({ "challenge": to_add["options"]["challenge"], "rpId": "localhost" });
    let form = answered(&to_add, device.sign(&options));
    app.anonymous().post("/login/passkey").form(form).send().await.assert_status(422);
    let asked = challenge(&app.anonymous(), "/login/passkey", "").await;
    let mut other = Authenticator::at(ORIGIN);
    let answer = other.make(&json!({
        "challenge": asked["options"]["challenge"], "rp": { "id": "localhost" }, "user": { "id": "AAAA" },
    }));
    let [ceremony, answer] = answered(&asked, answer);
    let page =
        tom.post("/profile/sign-in/passkeys").form([("name", "Other".to_owned()), ceremony, answer]).send();
    page.await.assert_status(422).assert_text("[role=alert]", "Nothing was added");
    assert_eq!(app.count("passkeys"), 1);
}

#[actix_web::test]
async fn a_counter_that_went_back_is_refused_and_in_the_log() {
    let app = at_localhost().await;
    let (mut device, _) = add(&app.member(), "Phone").await;
    let mut copy = device.clone();
    sign_in(&app, &mut device).await.assert_redirect("/tasks");
    sign_in(&app, &mut copy).await.assert_status(422);
    assert_eq!(app.count_where("activities", "changes LIKE '%counter went back%'"), 1);
    sign_in(&app, &mut device).await.assert_redirect("/tasks");
}

#[actix_web::test]
async fn whoever_may_not_come_in_is_refused_in_the_same_words() {
    let app = at_localhost().await;
    let (mut device, _) = add(&app.member(), "Phone").await;
    let kai = app.contractor();
    let (mut kais, _) = add(&kai, "Phone").await;
    sign_in(&app, &mut device).await.assert_redirect("/tasks");
    sign_in(&app, &mut kais).await.assert_redirect("/tasks");
    app.execute("UPDATE users SET disabled_at = created_at WHERE name = 'Tom'");
    app.execute("UPDATE users SET access_ends_on = '2026-11-01' WHERE name = 'Kai'");
    let before = sessions(&app);
    for device in [&mut device, &mut kais] {
        let page = sign_in(&app, device).await;
        page.assert_status(422).assert_text("[role=alert]", REFUSED);
    }
    assert_eq!(sessions(&app), before);
    assert_eq!(app.count_where("activities", "action = 'sign_in_failed'"), 2);
}

#[actix_web::test]
async fn wrong_passkeys_slow_down() {
    let app = at_localhost().await;
    let (mut device, _) = add(&app.member(), "Phone").await;
    device.verifies = false;
    for _ in 0..5 {
        sign_in(&app, &mut device).await.assert_status(422);
    }
    device.verifies = true;
    let waits = sign_in(&app, &mut device).await;
    waits.assert_status(429);
    assert_eq!(waits.header("retry-after").as_deref(), Some("30"));
    app.clock.advance(30);
    sign_in(&app, &mut device).await.assert_redirect("/tasks");
}

#[actix_web::test]
async fn after_the_password_a_passkey_does_instead_of_a_code() {
    let app = at_localhost().await;
    let tom = app.member();
    let (mut device, page) = add(&tom, "Phone").await;
    let codes = page.texts("#recovery_codes li");
    let half = first_step(&app).await;
    let asked = app.anonymous().get("/login/second").cookie(&half).send().await;
    asked.assert_text("h1", "Use your passkey").assert_no("#code");
    asked.assert_has("form[action='/login/second/passkey']");
    let ask = challenge(&app.anonymous(), "/login/second/passkey", &half).await;
    assert_eq!(ask["options"]["allowCredentials"][0]["id"], device.id());
    // It names the person or does not: the password has.
    device.handle = None;
    let form = answered(&ask, device.sign(&ask["options"]));
    let page = app.anonymous().post("/login/second/passkey").cookie(&half).form(form).send().await;
    page.assert_redirect("/");
    assert!(opens(&app, &format!("bureau={}", page.cookie("bureau").unwrap())).await);
    // That of somebody else does not do.
    let (mut maras, _) = add(&app.manager(), "Key").await;
    let half = first_step(&app).await;
    let ask = challenge(&app.anonymous(), "/login/second/passkey", &half).await;
    let form = answered(&ask, maras.sign(&ask["options"]));
    let page = app.anonymous().post("/login/second/passkey").cookie(&half).form(form).send().await;
    page.assert_status(422).assert_text("[role=alert]", REFUSED);
    assert!(app.activity().contains(&"refused user: Tom".to_owned()));
    // A recovery code does, and so does the app of who has both.
    let form = [("code", codes[0].as_str())];
    app.anonymous().post("/login/second").cookie(&half).form(form).send().await.assert_redirect("/");
    let (totp, _) = turn_on(&app, &tom);
    let half = first_step(&app).await;
    let asked = app.anonymous().get("/login/second").cookie(&half).send().await;
    asked.assert_has("#code").assert_has("form[action='/login/second/passkey']");
    let form = [("code", code(&app, &totp, 1))];
    app.anonymous().post("/login/second").cookie(&half).form(form).send().await.assert_redirect("/");
    app.anonymous().post("/login/second/passkey/challenge").send().await.assert_status(403);
}

#[actix_web::test]
async fn a_passkey_is_renamed_and_removed_by_its_owner_alone() {
    let app = at_localhost().await;
    let (tom, mara) = (app.member(), app.manager());
    tom.sign_in().await;
    let (mut device, _) = add(&tom, "Phone").await;
    let id = app.line("SELECT CAST(id AS TEXT) AS line FROM passkeys");
    let path = format!("/profile/sign-in/passkeys/{id}");
    let name = || app.line("SELECT name AS line FROM passkeys");
    mara.get(format!("{path}/edit")).send().await.assert_status(404);
    mara.post(&path).form([("name", "Mine")]).send().await.assert_status(404);
    mara.stepped_up().post(format!("{path}/removal")).send().await.assert_status(404);
    tom.get(format!("{path}/edit")).send().await.assert_value("#name", "Phone");
    tom.post(&path).form([("name", " ")]).send().await.assert_status(422).assert_has("[data-error=name]");
    assert_eq!(name(), "Phone");
    tom.post(&path).form([("name", "Old phone")]).send().await.assert_redirect("/profile/sign-in");
    assert_eq!(name(), "Old phone");
    let api = format!("/api/profile/passkeys/{id}");
    let renamed = tom.token().put(&api).json(json!({ "name": "Blue phone" })).send().await;
    renamed.assert_status(200);
    assert_eq!(renamed.json()["name"], "Blue phone");
    tom.token().put(&api).json(json!({ "name": "" })).send().await.problem(422);
    mara.token().put(&api).json(json!({ "name": "Mine" })).send().await.problem(404);
    let list = tom.token().get("/api/profile/passkeys").send().await.json();
    assert_eq!((&list["passkeys"][0]["name"], &list["meta"]["count"]), (&json!("Blue phone"), &json!(1)));
    assert!(!list.to_string().contains("credential"));
    let state = tom.token().get("/api/profile/second-factor").send().await.json();
    assert_eq!(
        (&state["is_on"], &state["on_since"], &state["passkeys"]),
        (&json!(true), &Value::Null, &json!(1))
    );
    app.clock.advance(300);
    tom.post(format!("{path}/removal")).send().await.assert_status(403);
    tom.token().delete(&api).send().await.problem(403);
    assert_eq!(app.count("passkeys"), 1);
    tom.stepped_up().post(format!("{path}/removal")).send().await.assert_redirect("/profile/sign-in");
    assert_eq!((app.count("passkeys"), app.count("recovery_codes")), (0, 0));
    assert!(app.activity().contains(&"deleted passkey: Blue phone".to_owned()));
    sign_in(&app, &mut device).await.assert_status(422);
    let form = [("email", "tom@fielder.studio"), ("password", PASSWORD)];
    app.anonymous().post("/login").form(form).send().await.assert_redirect("/");
    let (_, page) = add(&tom, "New phone").await;
    page.assert_status(200);
    let api = app.line("SELECT '/api/profile/passkeys/' || CAST(id AS TEXT) AS line FROM passkeys");
    tom.token().stepped_up().delete(&api).send().await.assert_status(204);
    assert_eq!(app.count("passkeys"), 0);
}

#[actix_web::test]
async fn recovery_codes_stay_as_long_as_there_is_something_they_stand_for() {
    let app = at_localhost().await;
    let tom = app.member();
    tom.sign_in().await;
    turn_on(&app, &tom);
    let (_, page) = add(&tom, "Phone").await;
    page.assert_redirect("/profile/sign-in");
    tom.stepped_up().post("/profile/sign-in/second-factor/removal").send().await.assert_status(303);
    assert_eq!((app.count("second_factors"), app.count("recovery_codes")), (0, 10));
    let page = tom.post("/profile/sign-in/second-factor/recovery-codes").send().await;
    page.assert_status(200).assert_count("#recovery_codes li", 10);
    assert_eq!(app.count_where("users", "name = 'Tom'"), 1);
}

#[actix_web::test]
async fn nobody_has_more_than_twenty_nor_the_same_one_twice() {
    let app = at_localhost().await;
    let tom = app.member();
    let (device, _) = add(&tom, "Phone").await;
    let asked = challenge(&tom.stepped_up(), "/profile/sign-in/passkeys", "").await;
    assert_eq!(asked["options"]["excludeCredentials"][0]["id"], device.id());
    assert_eq!(asked["options"]["authenticatorSelection"]["userVerification"], "required");
    let mut again = device.clone();
    let [ceremony, answer] = answered(&asked, again.make(&asked["options"]));
    let form = [("name", "Again".to_owned()), ceremony, answer];
    tom.stepped_up().post("/profile/sign-in/passkeys").form(form).send().await.assert_status(422);
    assert_eq!(app.count("passkeys"), 1);
    // Nor does somebody else have it.
    let mara = app.manager().stepped_up();
    let asked = challenge(&mara, "/profile/sign-in/passkeys", "").await;
    let [ceremony, answer] = answered(&asked, again.make(&asked["options"]));
    let form = [("name", "Taken".to_owned()), ceremony, answer];
    let page = mara.post("/profile/sign-in/passkeys").form(form).send().await;
    page.assert_status(422).assert_value("input[name=name]", "Taken");
    assert_eq!((app.count("passkeys"), app.count("recovery_codes")), (1, 10));
    for n in 2..=20 {
        add(&tom, &format!("Key {n}")).await.1.assert_status(303);
    }
    tom.stepped_up().post("/profile/sign-in/passkeys/challenge").send().await.assert_status(409);
    assert_eq!((app.count("passkeys"), app.count("passkey_handles")), (20, 2));
}

#[actix_web::test]
async fn who_lost_their_passkeys_is_helped_by_an_admin_and_told() {
    let app = at_localhost().await;
    let (tom, ines) = (app.member(), app.owner());
    let cookie = tom.sign_in().await;
    let (mut device, _) = add(&tom, "Phone").await;
    add(&ines, "Key").await;
    let admin = app.admin().stepped_up();
    admin.get(format!("/users/{}", tom.id())).send().await.assert_text("main", "Take it off");
    admin.post(format!("/users/{}/second-factor/removal", ines.id())).send().await.assert_status(403);
    admin.post(format!("/users/{}/second-factor/removal", tom.id())).send().await.assert_redirect("/users");
    assert_eq!(app.line("SELECT CAST(user_id AS TEXT) AS line FROM passkeys"), ines.id().to_string());
    assert!(!opens(&app, &cookie).await);
    sign_in(&app, &mut device).await.assert_status(422);
    assert_eq!(app.count_where("activities", "action = 'deleted' AND changes LIKE '%passkeys%'"), 1);
    tom.forget();
    tom.get("/notifications").send().await.assert_text("main", "Adam took your second factor off");
    app.api(Role::Owner).stepped_up().delete(format!("/api/users/{}/second-factor", ines.id())).send().await;
    assert_eq!(app.count("passkeys"), 0);
}

#[actix_web::test]
async fn where_browsers_offer_no_passkeys_the_page_says_so() {
    for address in ["http://127.0.0.1:8080", "http://bureau.example.com", "https://192.168.1.7"] {
        let app = TestApp::with(|config| config.base_url = address.parse().unwrap()).await;
        app.anonymous().get("/login").send().await.assert_no("[data-passkey]");
        app.anonymous().post("/login/passkey/challenge").send().await.assert_status(409);
        app.anonymous().post("/login/passkey").form([("answer", "{}")]).send().await.assert_status(422);
        if address.starts_with("https") {
            continue;
        }
        let tom = app.member().stepped_up();
        let page = tom.get("/profile/sign-in").send().await;
        page.assert_text("#passkeys", "Browsers offer passkeys by https").assert_no("#passkeys form");
        let page = tom.post("/profile/sign-in/passkeys/new").send().await;
        page.assert_status(200).assert_no("form[data-passkey]");
        tom.post("/profile/sign-in/passkeys/challenge").send().await.assert_status(409);
        assert_eq!(app.count("passkey_ceremonies"), 0);
    }
    let app = TestApp::with(|config| config.base_url = "https://bureau.example.com".parse().unwrap()).await;
    app.anonymous().get("/login").send().await.assert_has("form[action='/login/passkey']");
    let asked = challenge(&app.anonymous(), "/login/passkey", "").await;
    assert_eq!(asked["options"]["rpId"], "bureau.example.com");
}

#[actix_web::test]
async fn a_passkey_is_made_used_and_removed_in_the_browser() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let app = TestApp::with(|config| {
        config.base_url = base.parse().unwrap();
        config.base_url_is_set = true;
    })
    .await;
    let name = "a passkey in the browser";
    let Some(browser) = Browser::open_at(&app, listener, base, Scripts::On, name).await else { return };
    browser.plug_in_authenticator().await;
    browser.sign_in("ines@fielder.studio").await;
    browser.visit("/profile/sign-in").await;
    browser.press("form[action='/profile/sign-in/passkeys/new'] button").await;
    let proof = browser.see("dialog#step_up[open] input[name=proof]").await;
    proof.send_keys(PASSWORD).await.unwrap();
    browser.press("dialog#step_up .btn-primary").await;
    browser.fill("name", "Test device").await;
    browser.press("form[data-passkey=create] .btn-primary").await;
    browser.see("#recovery_codes li").await;
    browser.forget().await;
    browser.visit("/login?next=/clients").await;
    browser.press("form[action='/login/passkey'] button").await;
    browser.see("#nav").await;
    assert_eq!(browser.path().await, "/clients");
    browser.forget().await;
    browser.visit("/login").await;
    browser.fill("email", "ines@fielder.studio").await;
    browser.fill("password", PASSWORD).await;
    browser.press("form[action='/login'] button").await;
    browser.press("form[action='/login/second/passkey'] button").await;
    browser.see("#nav").await;
    browser.visit("/profile/sign-in").await;
    browser.see_text("Test device").await;
    browser.press("[aria-label='Remove Test device']").await;
    browser.press("dialog[open] button[value=yes]").await;
    let proof = browser.see("dialog#step_up[open] input[name=proof]").await;
    proof.send_keys(PASSWORD).await.unwrap();
    browser.press("dialog#step_up .btn-primary").await;
    browser.see_text("The passkey opens nothing any more.").await;
    assert_eq!(app.count("passkeys"), 0);
    browser.forget().await;
    browser.visit("/login").await;
    browser.press("form[action='/login/passkey'] button").await;
    browser.see_text("That passkey was not accepted").await;
    browser.close().await;
}
