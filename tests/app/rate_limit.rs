//! What one network may ask in a minute.

use bureau::auth::policy::Role;

use crate::support::TestApp;

async fn limited(per_minute: u32) -> TestApp {
    TestApp::with(|config| {
        config.requests_per_minute = per_minute;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await
}

#[actix_web::test]
async fn a_flood_is_refused_and_told_when_to_come_back() {
    let app = limited(5).await;
    let first = app.anonymous().get("/login").header("x-forwarded-for", "203.0.113.7").send().await;
    first.assert_status(200);
    assert_eq!(first.header("ratelimit-policy").as_deref(), Some("\"network\";q=5;w=60"));
    assert_eq!(first.header("ratelimit").as_deref(), Some("\"network\";r=4;t=12"));
    for _ in 0..4 {
        app.anonymous()
            .get("/login")
            .header("x-forwarded-for", "203.0.113.7")
            .send()
            .await
            .assert_status(200);
    }
    let program = app.api(Role::Owner);
    program.get("/api/clients").header("x-forwarded-for", "203.0.113.9").send().await.assert_status(200);
    let before = app.dump();
    let page = app.anonymous().get("/login").header("x-forwarded-for", "203.0.113.7").send().await;
    page.assert_status(429).assert_text("body", "Too many");
    assert!(page.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().unwrap() <= 13));
    assert!(page.header("ratelimit").is_some_and(|state| state.starts_with("\"network\";r=0;t=")));
    let answer = program.get("/api/clients").header("x-forwarded-for", "203.0.113.7").send().await;
    answer.problem(429);
    app.assert_unchanged(&before);
    // Others, and what a page is made of, are served.
    app.anonymous().get("/login").header("x-forwarded-for", "203.0.113.8").send().await.assert_status(200);
    app.anonymous().get("/healthz").header("x-forwarded-for", "203.0.113.7").send().await.assert_status(200);
    app.anonymous()
        .get("/login")
        .header("x-forwarded-for", "2001:db8:1:2::1")
        .send()
        .await
        .assert_status(200);
    let neighbour =
        app.anonymous().get("/login").header("x-forwarded-for", "2001:db8:1:2:ffff::9").send().await;
    assert_eq!(
        neighbour.header("ratelimit").as_deref(),
        Some("\"network\";r=3;t=24"),
        "a /64 is one network"
    );
}

#[actix_web::test]
async fn without_a_limit_nothing_is_counted() {
    let app = limited(0).await;
    let page = app.anonymous().get("/login").header("x-forwarded-for", "203.0.113.7").send().await;
    assert_eq!(page.header("ratelimit"), None);
}
