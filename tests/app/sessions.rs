//! Sessions: how long they last, what ends them, what they are stored as.

use bureau::keys::sha256_hex;
use serde_json::json;

use crate::auth::{DAY, HOUR, opens};
use crate::support::{PASSWORD, TestApp};

#[actix_web::test]
async fn signing_out_voids_the_session_at_once_and_for_good() {
    let app = TestApp::new().await;
    let member = app.member();
    let cookie = member.sign_in().await;
    assert!(opens(&app, &cookie).await);
    let page = member.post("/logout").send().await;
    page.assert_redirect("/login");
    assert!(page.header("clear-site-data").is_some());
    assert!(page.set_cookies().iter().any(|cookie| cookie.name() == "bureau" && cookie.value().is_empty()));
    assert!(!opens(&app, &cookie).await);
    // A request that was under way with the old cookie writes nothing back.
    for _ in 0..3 {
        app.anonymous().post("/logout").cookie(&cookie).send().await.assert_status(303);
        app.anonymous().get("/login").cookie(&cookie).send().await.assert_status(200);
    }
    assert!(!opens(&app, &cookie).await);
    assert_eq!(app.count_where("sessions", "revoked_at IS NULL"), 0);
    member.forget();
    member.get("/clients").send().await.assert_status(200);
}

#[actix_web::test]
async fn requests_under_way_while_somebody_signs_out_do_not_bring_the_session_back() {
    let app = TestApp::new().await;
    let member = app.member();
    let cookie = member.sign_in().await;
    let look = (0..20).map(|_| member.get("/clients").send());
    let (_, out) =
        futures_util::future::join(futures_util::future::join_all(look), member.post("/logout").send()).await;
    out.assert_redirect("/login");
    assert!(!opens(&app, &cookie).await);
    assert_eq!(app.count_where("sessions", "revoked_at IS NULL"), 0);
}

#[actix_web::test]
async fn a_session_ends_after_twelve_idle_hours() {
    let app = TestApp::new().await;
    let cookie = app.member().sign_in().await;
    app.clock.advance(12 * HOUR - 1);
    assert!(opens(&app, &cookie).await);
    app.clock.advance(12 * HOUR - 1);
    assert!(opens(&app, &cookie).await, "every request begins the idle time anew");
    app.clock.advance(12 * HOUR);
    assert!(!opens(&app, &cookie).await);
}

#[actix_web::test]
async fn a_session_ends_after_fourteen_days_in_any_case() {
    let app = TestApp::new().await;
    let cookie = app.member().sign_in().await;
    for _ in 0..14 * 24 - 1 {
        app.clock.advance(HOUR);
        assert!(opens(&app, &cookie).await);
    }
    app.clock.advance(HOUR);
    assert!(!opens(&app, &cookie).await);
}

#[actix_web::test]
async fn both_limits_are_settings() {
    let app = TestApp::with(|config| {
        config.session.idle_seconds = HOUR;
        config.session.max_seconds = DAY;
    })
    .await;
    let cookie = app.member().sign_in().await;
    app.clock.advance(HOUR);
    assert!(!opens(&app, &cookie).await);
}

#[actix_web::test]
async fn looking_at_pages_notes_the_session_s_use_once_a_minute_at_most() {
    let app = TestApp::new().await;
    let cookie = app.member().sign_in().await;
    let seen = || app.line("SELECT CAST(max(last_seen_at) AS TEXT) AS line FROM sessions");
    let first = seen();
    app.clock.advance(59);
    assert!(opens(&app, &cookie).await);
    assert_eq!(seen(), first);
    app.clock.advance(1);
    assert!(opens(&app, &cookie).await);
    assert_ne!(seen(), first);
}

#[actix_web::test]
async fn whoever_is_disabled_or_rekeyed_is_out_on_the_next_request() {
    for sql in [
        "UPDATE users SET disabled_at = created_at WHERE name = 'Tom'",
        "UPDATE users SET auth_epoch = auth_epoch + 1 WHERE name = 'Tom'",
    ] {
        let app = TestApp::new().await;
        let member = app.member();
        let cookie = member.sign_in().await;
        member.token().get("/api/clients").send().await.assert_status(200);
        app.execute(sql);
        assert!(!opens(&app, &cookie).await, "{sql}");
        member.token().get("/api/clients").send().await.problem(401);
    }
}

#[actix_web::test]
async fn a_change_of_role_counts_on_the_next_request() {
    let app = TestApp::new().await;
    let manager = app.manager();
    manager.get("/clients/new").send().await.assert_status(200);
    manager.token().get("/api/clients").send().await.assert_status(200);
    app.execute("UPDATE users SET role = 'member' WHERE name = 'Mara'");
    manager.get("/clients/new").send().await.assert_status(403);
    manager.token().post("/api/clients").json(json!({})).send().await.problem(403);
}

#[actix_web::test]
async fn session_keys_and_tokens_are_stored_as_hashes_only() {
    let app = TestApp::new().await;
    let member = app.member();
    let cookie = member.sign_in().await;
    member.token().get("/api/clients").send().await.assert_status(200);
    let stored = app.line("SELECT key_hash AS line FROM sessions");
    assert_eq!(stored.len(), 64);
    assert!(!cookie.contains(&stored));
    // The cookie is "signature" and key; none of its parts stands in the table.
    let value = percent_decoded(cookie.split_once('=').unwrap().1);
    let key: String = value.chars().skip(44).collect();
    assert_eq!(sha256_hex(&key), stored);
    let token = app.tokens.borrow().values().next().unwrap().clone();
    assert!(token.starts_with("bureau_"));
    assert_eq!(app.line("SELECT token_hash AS line FROM api_tokens"), sha256_hex(&token));
    let hash = app.line("SELECT password_hash AS line FROM users WHERE name = 'Tom'");
    assert!(hash.starts_with("$2") && !hash.contains(PASSWORD));
}

fn percent_decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("v={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned()
}

#[actix_web::test]
async fn a_cookie_that_is_made_up_or_bent_opens_nothing() {
    let app = TestApp::new().await;
    let cookie = app.member().sign_in().await;
    let bent = format!("{}x", cookie.strip_suffix(|_: char| true).unwrap());
    for made_up in
        [bent.as_str(), "bureau=", "bureau=x", "bureau=%00", "bureau=aaaa.bbbb.cccc", &format!("{cookie}x")]
    {
        assert!(!opens(&app, made_up).await, "{made_up}");
    }
    assert_eq!(app.count("sessions"), 1);
}

#[actix_web::test]
async fn signing_in_gives_a_new_session_whatever_cookie_was_there() {
    let app = TestApp::new().await;
    let first = app.member().sign_in().await;
    let form = [("email", "tom@fielder.studio"), ("password", PASSWORD)];
    let page = app.anonymous().post("/login").cookie(&first).form(form).send().await;
    page.assert_redirect("/");
    assert_ne!(format!("bureau={}", page.cookie("bureau").unwrap()), first);
    assert!(!opens(&app, &first).await, "the old key is void");
}

#[actix_web::test]
async fn an_expired_session_leads_back_to_the_page_htmx_was_on() {
    let app = TestApp::new().await;
    for (page, next) in [
        ("http://127.0.0.1:8080/clients/7?tab=x", "/login?next=%2Fclients%2F7%3Ftab%3Dx"),
        ("https://evil.example/clients", "/login?next=%2Fclients"),
        ("nonsense", "/login"),
    ] {
        let request = app.anonymous().post("/clients/7/row").htmx().header("hx-current-url", page);
        let answer = request.form([("name", "x")]).send().await;
        assert_eq!(answer.header("hx-redirect").as_deref(), Some(next));
    }
}

#[actix_web::test]
async fn an_address_says_in_words_where_somebody_signed_in() {
    use bureau::auth::session::Open;
    use bureau::types::ids::SessionId;

    let now = TestApp::new().await.now();
    let place = |ip: &str| {
        let (id, user_agent) = (SessionId(1), String::new());
        Open { id, ip: ip.to_owned(), user_agent, created_at: now, last_seen_at: now }.place()
    };
    for (ip, words) in [
        ("127.0.0.1", "This machine, 127.0.0.1"),
        ("::1", "This machine, ::1"),
        ("192.168.1.7", "Your own network, 192.168.1.7"),
        ("::ffff:10.0.0.4", "Your own network, 10.0.0.4"),
        ("fd12::9", "Your own network, fd12::9"),
        ("203.0.113.7", "The internet, 203.0.113.7"),
        ("2001:db8::1", "The internet, 2001:db8::1"),
        ("", ""),
    ] {
        assert_eq!(place(ip), words);
    }
}
