//! The door: sign-in, throttling, sessions, tokens, other websites, headers.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::{PASSWORD, Page, TestApp};

pub const HOUR: i64 = 3_600;

pub const DAY: i64 = 24 * HOUR;

async fn try_to_sign_in(app: &TestApp, email: &str, password: &str) -> Page {
    app.anonymous().post("/login").form([("email", email), ("password", password)]).send().await
}

/// Whether a session cookie still opens the list of clients.
pub async fn opens(app: &TestApp, cookie: &str) -> bool {
    let page = app.anonymous().get("/clients").cookie(cookie).send().await;
    assert!(matches!(page.status, 200 | 303), "{}", page.status);
    page.status == 200
}

#[actix_web::test]
async fn the_right_password_opens_a_session() {
    let app = TestApp::new().await;
    let page = app.anonymous().get("/login").send().await;
    page.assert_status(200).assert_full_page().assert_has("form[action='/login'] input[type=password]");
    assert!(page.set_cookies().is_empty(), "nobody gets a session for looking at the door");
    let page = try_to_sign_in(&app, " INES@fielder.studio ", PASSWORD).await;
    page.assert_redirect("/");
    let cookies = page.set_cookies();
    let cookie = cookies.iter().find(|cookie| cookie.name() == "bureau").unwrap();
    assert_eq!((cookie.http_only(), cookie.path()), (Some(true), Some("/")));
    assert_eq!(cookie.same_site(), Some(actix_web::cookie::SameSite::Lax));
    assert!(opens(&app, &format!("bureau={}", cookie.value())).await);
    assert_eq!(app.count("sessions"), 1);
    let last = "SELECT action || ' ' || subject_label AS line FROM activities ORDER BY id DESC LIMIT 1";
    assert_eq!(app.line(last), "signed_in Ines");
}

#[actix_web::test]
async fn a_wrong_password_and_a_wrong_address_get_the_same_words() {
    let app = TestApp::new().await;
    app.user("nina", Role::Member);
    app.execute("UPDATE users SET disabled_at = created_at WHERE name = 'Nina'");
    app.execute("UPDATE users SET password_hash = NULL WHERE name = 'Adam'");
    let mut told = Vec::new();
    for (email, password) in [
        ("ines@fielder.studio", "not her password"),
        ("nobody@fielder.studio", PASSWORD),
        ("nina@fielder.studio", PASSWORD),
        ("adam@fielder.studio", PASSWORD),
        ("", ""),
    ] {
        let page = try_to_sign_in(&app, email, password).await;
        page.assert_status(422)
            .assert_value("input[name=email]", email)
            .assert_value("input[name=password]", "");
        page.assert_text("[data-error=password]", "That email and password do not match.");
        page.assert_has("#password[autofocus]").assert_no("#email[autofocus]");
        assert!(page.cookie("bureau").is_none());
        assert!(!page.body().contains("not her password"), "a password is never shown again");
        told.push(page.text());
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    assert_eq!(app.count("sessions"), 0);
}

#[actix_web::test]
async fn the_sixth_try_waits_and_each_further_one_twice_as_long() {
    let app = TestApp::new().await;
    for _ in 0..5 {
        try_to_sign_in(&app, "ines@fielder.studio", "wrong").await.assert_status(422);
    }
    let page = try_to_sign_in(&app, "INES@fielder.studio", PASSWORD).await;
    page.assert_status(429).assert_full_page();
    assert_eq!(page.header("retry-after").as_deref(), Some("30"));
    assert_eq!(app.count("sign_in_throttles"), 3, "by account here, by account and by address");
    assert_eq!(
        app.count_where("sign_in_throttles", "subject_hash LIKE '%@%'"),
        0,
        "nobody's address is kept"
    );
    app.clock.advance(29);
    try_to_sign_in(&app, "ines@fielder.studio", PASSWORD).await.assert_status(429);
    app.clock.advance(1);
    try_to_sign_in(&app, "ines@fielder.studio", "wrong").await.assert_status(422);
    let page = try_to_sign_in(&app, "ines@fielder.studio", PASSWORD).await;
    assert_eq!(page.header("retry-after").as_deref(), Some("60"));
    app.clock.advance(60);
    try_to_sign_in(&app, "ines@fielder.studio", PASSWORD).await.assert_redirect("/");
    for _ in 0..5 {
        try_to_sign_in(&app, "ines@fielder.studio", "wrong").await.assert_status(422);
    }
}

#[actix_web::test]
async fn nobody_is_locked_out_for_longer_than_a_quarter_of_an_hour() {
    let app = TestApp::new().await;
    for _ in 0..40 {
        try_to_sign_in(&app, "ines@fielder.studio", "wrong").await;
        app.clock.advance(900);
    }
    try_to_sign_in(&app, "ines@fielder.studio", PASSWORD).await.assert_redirect("/");
}

#[actix_web::test]
async fn many_tries_at_once_gain_nothing() {
    let app = TestApp::new().await;
    let tries = (0..40).map(|_| try_to_sign_in(&app, "ines@fielder.studio", "wrong"));
    let pages = futures_util::future::join_all(tries).await;
    assert_eq!(pages.iter().filter(|page| page.status == 422).count(), 5);
    assert_eq!(pages.iter().filter(|page| page.status == 429).count(), 35);
}

#[actix_web::test]
async fn one_address_that_tries_many_accounts_waits_too() {
    let app = TestApp::new().await;
    for number in 0..30 {
        try_to_sign_in(&app, &format!("guess{number}@fielder.studio"), "wrong").await.assert_status(422);
    }
    try_to_sign_in(&app, "ines@fielder.studio", PASSWORD).await.assert_status(429);
    app.clock.advance(30);
    try_to_sign_in(&app, "ines@fielder.studio", PASSWORD).await.assert_redirect("/");
}

#[actix_web::test]
async fn a_busy_office_is_not_slowed_down_by_signing_in() {
    let app = TestApp::new().await;
    for _ in 0..40 {
        try_to_sign_in(&app, "ines@fielder.studio", PASSWORD).await.assert_redirect("/");
    }
}

#[actix_web::test]
async fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let tries = async |app: &TestApp| {
        for number in 0..31 {
            let form = [("email", format!("guess{number}@x.de")), ("password", "wrong".to_owned())];
            let forwarded = format!("198.51.100.{number}, 203.0.113.{number}");
            let page =
                app.anonymous().post("/login").header("x-forwarded-for", &forwarded).form(form).send().await;
            if page.status == 429 {
                return true;
            }
        }
        false
    };
    let app = TestApp::new().await;
    assert!(tries(&app).await, "whoever writes the header himself stays one address");
    let app = TestApp::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    assert!(!tries(&app).await, "behind our proxy they are many");
}

#[actix_web::test]
async fn next_leads_to_a_page_of_ours_or_to_the_dashboard() {
    let app = TestApp::new().await;
    let page = app.anonymous().get("/clients?q=a%20b").send().await;
    page.assert_redirect("/login?next=%2Fclients%3Fq%3Da%2520b");
    let page = app.anonymous().get(page.location()).send().await;
    page.assert_value("input[name=next]", "/clients?q=a%20b");
    let mut fields = page.fields("form");
    fields.retain(|(name, _)| name == "next");
    fields.extend([("email".into(), "ines@fielder.studio".into()), ("password".into(), PASSWORD.into())]);
    app.anonymous().post("/login").form(fields).send().await.assert_redirect("/clients?q=a%20b");
    for next in [
        "//evil.example",
        "/\\evil.example",
        "///evil.example",
        "https://evil.example",
        "evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "\\\\evil.example",
        " //evil.example",
        "/ü",
        "",
    ] {
        let form = [("email", "ines@fielder.studio"), ("password", PASSWORD), ("next", next)];
        app.anonymous().post("/login").form(form).send().await.assert_redirect("/");
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        app.owner().get(format!("/login?next={query}")).send().await.assert_redirect("/");
    }
    app.anonymous().post("/clients").form([("name", "x")]).send().await.assert_redirect("/login");
}

#[actix_web::test]
async fn htmx_is_sent_to_the_door_by_its_own_header() {
    let app = TestApp::new().await;
    let page = app.anonymous().get("/clients").htmx().send().await;
    page.assert_status(401);
    assert_eq!(page.header("hx-redirect").as_deref(), Some("/login?next=%2Fclients"));
}

#[actix_web::test]
async fn the_api_takes_tokens_and_ignores_cookies() {
    let app = TestApp::new().await;
    let owner = app.owner();
    let cookie = owner.sign_in().await;
    let answer = owner.get("/api/clients").send().await;
    answer.problem(401);
    assert_eq!(answer.header("www-authenticate").as_deref(), Some("Bearer"));
    assert!(answer.set_cookies().is_empty());
    owner
        .post("/api/clients")
        .json(json!({ "name": "Northwind", "currency": "EUR" }))
        .send()
        .await
        .problem(401);
    owner.token().get("/api/clients").send().await.assert_status(200);
    let token = app.tokens.borrow().values().next().unwrap().clone();
    for wrong in [format!("Basic {token}"), token.clone(), format!("Bearer {token}x"), "Bearer ".into()] {
        let request = app.anonymous().get("/api/clients").header("authorization", &wrong).cookie(&cookie);
        request.send().await.problem(401);
    }
    app.anonymous().get(format!("/api/clients?token={token}")).send().await.problem(401);
    // The name of the scheme may be written in any case (RFC 9110).
    let spelled = app.anonymous().get("/api/clients").header("authorization", &format!("bearer {token}"));
    spelled.send().await.assert_status(200);
    app.anonymous()
        .get("/clients")
        .header("authorization", &format!("Bearer {token}"))
        .send()
        .await
        .assert_status(303);
    app.execute("UPDATE api_tokens SET revoked_at = created_at");
    owner.token().get("/api/clients").send().await.problem(401);
    assert_eq!(app.count("clients"), 0);
}

#[actix_web::test]
async fn no_other_website_acts_for_a_signed_in_person() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let manager = app.manager();
    manager.sign_in().await;
    let before = app.dump();
    let form = [("name", "Contoso"), ("currency", "EUR")];
    let refused = [
        ("sec-fetch-site", Some("cross-site"), None),
        ("sec-fetch-site", Some("same-site"), None),
        ("sec-fetch-site", Some("cross-site"), Some("http://127.0.0.1:8080")),
        ("sec-fetch-site", None, None),
        ("sec-fetch-site", None, Some("null")),
        ("sec-fetch-site", None, Some("http://192.168.1.20:8080")),
        ("sec-fetch-site", None, Some("http://127.0.0.1:8080.evil.example")),
    ];
    for (name, site, origin) in refused {
        for path in
            ["/clients".to_owned(), format!("/clients/{client}/archive"), "/logout".into(), "/login".into()]
        {
            let mut request = manager.post(path).form(form).without(name);
            if let Some(site) = site {
                request = request.header(name, site);
            }
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            request.send().await.assert_status(403);
        }
        let mut request = manager.delete(format!("/clients/{client}")).without(name);
        if let Some(site) = site {
            request = request.header(name, site);
        }
        request.send().await.assert_status(403);
    }
    app.assert_unchanged(&before);
    assert_eq!(app.count_where("sessions", "revoked_at IS NULL"), 1, "not even signed out");
    manager.get("/clients").cross_site().send().await.assert_status(200);
    // Plain http in a local network: the browser sends no Sec-Fetch-Site but an Origin.
    let request = manager.post("/clients").form(form).without("sec-fetch-site");
    request.header("origin", "http://127.0.0.1:8080").send().await.assert_status(303);
    let form = [("name", "Fabrikam"), ("currency", "EUR")];
    manager.post("/clients").form(form).header("sec-fetch-site", "none").send().await.assert_status(303);
    let program = manager.token().post("/api/clients").json(json!({ "name": "Tailspin", "currency": "EUR" }));
    program.cross_site().send().await.assert_status(201);
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::new().await;
    let (manager, nobody) = (app.manager(), app.anonymous());
    let sheet = manager.get("/clients").send().await.attributes("link[rel=stylesheet]", "href").remove(0);
    let answers = [
        (200, manager.get("/clients").send().await),
        (200, manager.get("/clients").htmx().send().await),
        (200, nobody.get("/login").send().await),
        (200, nobody.get("/healthz").send().await),
        (200, nobody.get("/api/openapi.json").send().await),
        (303, nobody.get("/clients").send().await),
        (401, nobody.get("/api/clients").send().await),
        (401, nobody.get("/clients").htmx().send().await),
        (403, app.member().get("/clients/new").send().await),
        (403, manager.post("/clients").cross_site().send().await),
        (404, nobody.get("/nothing").send().await),
        (404, nobody.get("/static/nothing.js").send().await),
        (404, nobody.get("/api/nothing").send().await),
        (405, manager.put("/clients").send().await),
        (415, manager.post("/clients").body("x").send().await),
        (422, manager.post("/clients").form([("name", "")]).send().await),
        (422, manager.token().post("/api/clients").json(json!({})).send().await),
        (200, nobody.get(sheet).send().await),
    ];
    let last = answers.len() - 1;
    for (index, (status, page)) in answers.iter().enumerate() {
        page.assert_status(*status);
        let header = |name: &str| page.header(name).unwrap_or_default();
        let csp = header("content-security-policy");
        assert!(csp.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{csp}");
        assert!(csp.contains("frame-ancestors 'none'") && csp.contains("base-uri 'none'"), "{csp}");
        assert!(!csp.contains("unsafe") && !csp.contains('*'), "{csp}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert!(!header("permissions-policy").is_empty());
        assert_eq!(page.header("strict-transport-security"), None, "no promise that plain http cannot keep");
        let cache = if index == last { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(header("cache-control"), cache, "{status}");
    }
}

#[actix_web::test]
async fn over_https_the_cookie_is_bound_to_the_host_and_the_browser_stays_there() {
    let app = TestApp::with(|config| config.base_url = "https://bureau.example.com".parse().unwrap()).await;
    let page = try_to_sign_in(&app, "ines@fielder.studio", PASSWORD).await;
    page.assert_redirect("/");
    let cookies = page.set_cookies();
    let cookie = cookies.iter().find(|cookie| cookie.name() == "__Host-bureau").unwrap();
    assert_eq!((cookie.secure(), cookie.domain(), cookie.path()), (Some(true), None, Some("/")));
    assert!(page.header("strict-transport-security").is_some());
    let form = [("name", "Contoso"), ("currency", "EUR")];
    let cookie = format!("__Host-bureau={}", cookie.value());
    let request = app.anonymous().post("/clients").cookie(&cookie).form(form).without("sec-fetch-site");
    let page = request.header("origin", "http://bureau.example.com").send().await;
    page.assert_status(421).assert_text("main", "BUREAU_BASE_URL");
    let request = app.anonymous().post("/clients").cookie(&cookie).form(form).without("sec-fetch-site");
    request.header("origin", "https://bureau.example.com").send().await.assert_status(303);
}

#[test]
fn passwords_are_refused_for_a_reason() {
    use bureau::auth::password::weakness;
    let told =
        |password: &str| weakness(password, "Ines Fielder-Maas", "ines@fielder.studio").unwrap_or_default();
    assert!(told("short words").contains("at least 12"));
    assert!(told(&"ab c".repeat(65)).contains("more than 256"));
    assert!(told("a river\0at dawn").contains("NUL"));
    for easy in [
        "aaaaaaaaaaaa",
        "121212121212",
        "ines@fielder.studio",
        "INES FIELDER-MAAS",
        "PasswordPassword",
        "123456789012",
        "Password2024!",
        "P@ssw0rd1234",
        "qwertyuiop12",
        "iloveyou!!!!",
        "administrator1",
        "fielder2026!",
        "letmein123456",
    ] {
        assert!(told(easy).contains("too easy"), "{easy}");
    }
    for good in [
        PASSWORD,
        "7#9$k2!x8@4%",
        "monkey dragon shadow master",
        "twelve chars",
        "ein Fluß am frühen Morgen",
        &"wxyz é".repeat(42),
    ] {
        assert_eq!(told(good), "", "{good}");
    }
}

#[actix_web::test]
async fn a_long_password_counts_to_its_last_character() {
    use bureau::auth::password::{hash, verify};
    let app = TestApp::new().await;
    let keys = &app.data.keys;
    let long = "ü".repeat(255);
    let stored = hash(keys, 4, &format!("{long}a")).await.unwrap();
    assert!(verify(keys, 4, &format!("{long}a"), Some(stored.clone())).await.unwrap());
    assert!(!verify(keys, 4, &format!("{long}b"), Some(stored)).await.unwrap());
}

#[actix_web::test]
async fn bcrypt_works_as_hard_as_the_setting_says() {
    let app = TestApp::with(|config| config.bcrypt_cost = 5).await;
    app.member();
    assert!(app.line("SELECT password_hash AS line FROM users WHERE name = 'Tom'").contains("$05$"));
}

#[actix_web::test]
async fn who_guesses_at_an_account_locks_it_for_nobody_elsewhere() {
    let app = TestApp::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let from = async |address: &str, password: &str| {
        let form = [("email", "ines@fielder.studio"), ("password", password)];
        app.anonymous().post("/login").header("x-forwarded-for", address).form(form).send().await
    };
    from("192.0.2.1", PASSWORD).await.assert_redirect("/");
    for _ in 0..10 {
        from("198.51.100.7", "wrong").await;
    }
    let page = from("198.51.100.7", PASSWORD).await;
    page.assert_status(429).assert_full_page().assert_value("input[name=email]", "ines@fielder.studio");
    page.assert_text("[role=alert]", "Too many tries.");
    assert!(page.header("retry-after").is_some());
    from("203.0.113.5", PASSWORD).await.assert_redirect("/");
    for network in 0..210 {
        from(&format!("198.18.{network}.1"), "wrong").await;
    }
    from("203.0.113.99", PASSWORD).await.assert_status(429);
    from("192.0.2.1", PASSWORD).await.assert_redirect("/");
    app.clock.advance(2 * DAY);
    from("203.0.113.99", "wrong").await.assert_status(422);
    assert_eq!(app.count("sign_in_throttles"), 3, "what is forgotten goes");
}

#[actix_web::test]
async fn a_sign_in_hashes_the_password_with_the_present_work_factor() {
    let app = TestApp::with(|config| config.bcrypt_cost = 5).await;
    let hash = || app.line("SELECT password_hash AS line FROM users WHERE name = 'Ines'");
    assert!(hash().contains("$04$"));
    let cookie = app.owner().sign_in().await;
    assert!(hash().contains("$05$"), "{}", hash());
    assert!(opens(&app, &cookie).await);
    app.owner().forget();
    app.owner().sign_in().await;
}

#[actix_web::test]
async fn an_address_with_a_capital_of_any_alphabet_signs_in() {
    let app = TestApp::new().await;
    app.user("elodie", Role::Member);
    app.execute("DELETE FROM sign_in_throttles");
    let new = bureau::auth::user::NewUser {
        email: "\u{c9}mile@fielder.studio".into(),
        name: "\u{c9}mile".into(),
        role: Role::Member,
        password_hash: Some(bureau::auth::password::hash_blocking(&app.data.keys, 4, PASSWORD).unwrap()),
        time_zone: "Europe/Berlin".into(),
    };
    app.write(|conn| bureau::auth::user::create(conn, None, app.now(), &new));
    for email in ["\u{c9}mile@fielder.studio", "\u{e9}mile@fielder.studio"] {
        try_to_sign_in(&app, email, PASSWORD).await.assert_redirect("/");
    }
}

#[actix_web::test]
async fn forms_are_taken_under_our_own_address_only() {
    let form = [("email", "ines@fielder.studio"), ("password", PASSWORD)];
    let app = TestApp::new().await;
    let from = |host: &str, origin: &str| {
        app.anonymous().post("/login").form(form).header("host", host).header("origin", origin)
    };
    for (host, origin) in [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("192.168.1.20:8080", "http://192.168.1.20:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("localhost", "http://localhost"),
    ] {
        from(host, origin).send().await.assert_redirect("/");
        from(host, origin).without("sec-fetch-site").send().await.assert_redirect("/");
        from(host, "http://evil.example").send().await.assert_status(403);
    }
    let page = from("rebound.evil.example:8080", "http://rebound.evil.example:8080").send().await;
    page.assert_status(421).assert_text("main", "BUREAU_BASE_URL");
    let app = TestApp::with(|config| {
        config.base_url = "https://bureau.example.com".parse().unwrap();
        config.base_url_is_set = true;
    })
    .await;
    for host in ["127.0.0.1:8080", "bureau.example.com.evil.example", "bureau.example.com:8443", ""] {
        let page = app.anonymous().post("/login").form(form).header("host", host).send().await;
        page.assert_status(421).assert_text("main", "https://bureau.example.com");
    }
    for host in ["bureau.example.com", "Bureau.Example.Com:443"] {
        app.anonymous().post("/login").form(form).header("host", host).send().await.assert_redirect("/");
    }
    assert_eq!(app.count("sessions"), 2);
}

#[actix_web::test]
async fn a_busy_writer_keeps_nobody_from_reading_and_is_told_as_a_503() {
    use bureau::db::manager::{DatabaseUrl, Manager};
    use diesel::connection::SimpleConnection;
    let app = TestApp::new().await;
    let manager = app.manager();
    manager.sign_in().await;
    manager.token().get("/api/clients").send().await.assert_status(200);
    let mut other = Manager::new(app.data.config.database.clone()).open().unwrap();
    let lock = match &app.data.config.database {
        DatabaseUrl::Sqlite(_) => "BEGIN IMMEDIATE",
        DatabaseUrl::Postgres(_) => {
            "BEGIN; LOCK TABLE sessions, api_tokens, clients, users, sign_in_throttles IN EXCLUSIVE MODE"
        }
    };
    other.batch_execute(lock).unwrap();
    app.clock.advance(HOUR);
    manager.get("/clients").send().await.assert_status(200);
    manager.token().get("/api/clients").send().await.assert_status(200);
    let form = [("name", "Contoso"), ("currency", "EUR")];
    let (save, leave) = futures_util::future::join(
        manager.post("/clients").form(form).send(),
        manager.post("/logout").send(),
    )
    .await;
    for page in [save, leave] {
        page.assert_status(503).assert_text("h1", "Bureau is busy");
        assert_eq!(page.header("retry-after").as_deref(), Some("5"));
    }
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(app.count("clients"), 0);
}
