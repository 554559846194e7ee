//! A browser in which somebody has signed in before: no flood of wrong passwords keeps them out there.

use actix_web::cookie::SameSite;
use bureau::auth::policy::Role;

use crate::auth::DAY;
use crate::second_factor::{code, turn_on};
use crate::support::{PASSWORD, Page, TestApp};

const INES: &str = "ines@fielder.studio";

/// Tries to sign in with a browser that keeps `known`, if any.
async fn try_with(app: &TestApp, email: &str, password: &str, known: Option<&str>) -> Page {
    let request = app.anonymous().post("/login").form([("email", email), ("password", password)]);
    match known {
        Some(token) => request.cookie(&format!("bureau-known={token}")).send().await,
        None => request.send().await,
    }
}

async fn flood(app: &TestApp, email: &str) {
    for _ in 0..40 {
        try_with(app, email, "wrong", None).await;
    }
    try_with(app, email, PASSWORD, None).await.assert_status(429);
}

#[actix_web::test]
async fn a_flood_of_wrong_passwords_from_the_next_desk_keeps_nobody_out_of_a_known_browser() {
    let app = TestApp::new().await;
    let page = try_with(&app, INES, PASSWORD, None).await;
    let cookies = page.set_cookies();
    let cookie = cookies.iter().find(|cookie| cookie.name() == "bureau-known").unwrap();
    assert_eq!((cookie.http_only(), cookie.same_site()), (Some(true), Some(SameSite::Lax)));
    assert_eq!(cookie.max_age().unwrap().whole_days(), 180);
    let known = cookie.value().to_owned();
    assert_eq!(
        app.count_where("known_browsers", &format!("token_hash = '{known}'")),
        0,
        "only a hash is kept"
    );
    flood(&app, INES).await;
    let page = try_with(&app, INES, PASSWORD, Some(&known)).await;
    page.assert_redirect("/");
    assert_eq!(page.cookie("bureau-known"), Some(known.clone()), "the browser stays the same");
    assert_eq!(app.count("known_browsers"), 1);
    // It is known of her alone, and slowed down by what is guessed in it.
    app.member();
    flood(&app, "tom@fielder.studio").await;
    try_with(&app, "tom@fielder.studio", PASSWORD, Some(&known)).await.assert_status(429);
    for _ in 0..5 {
        try_with(&app, INES, "wrong", Some(&known)).await.assert_status(422);
    }
    try_with(&app, INES, PASSWORD, Some(&known)).await.assert_status(429);
}

#[actix_web::test]
async fn a_browser_is_known_for_half_a_year_and_not_for_what_somebody_put_in_it() {
    let app = TestApp::new().await;
    let made_up = "a-token-that-somebody-else-made-up-and-put-there";
    let page = try_with(&app, INES, PASSWORD, Some(made_up)).await;
    let known = page.cookie("bureau-known").unwrap();
    assert_ne!(known, made_up);
    app.clock.advance(180 * DAY - 1);
    flood(&app, INES).await;
    try_with(&app, INES, PASSWORD, Some(&known)).await.assert_redirect("/");
    app.clock.advance(180 * DAY);
    flood(&app, INES).await;
    try_with(&app, INES, PASSWORD, Some(&known)).await.assert_status(429);
}

#[actix_web::test]
async fn one_browser_is_known_of_all_who_sign_in_there_and_one_person_in_twenty_browsers() {
    let app = TestApp::new().await;
    app.user("tom", Role::Member);
    let known = try_with(&app, INES, PASSWORD, None).await.cookie("bureau-known").unwrap();
    let page = try_with(&app, "tom@fielder.studio", PASSWORD, Some(&known)).await;
    assert_eq!(page.cookie("bureau-known"), Some(known.clone()));
    assert_eq!(app.count("known_browsers"), 2);
    for _ in 0..25 {
        try_with(&app, INES, PASSWORD, None).await.assert_redirect("/");
    }
    assert_eq!(app.count_where("known_browsers", "user_id = 1"), 20);
    try_with(&app, INES, "wrong", Some(&known)).await.assert_status(422).assert_no("[role=status]");
}

#[actix_web::test]
async fn half_a_sign_in_makes_no_browser_known_and_the_second_step_is_counted_there_too() {
    let app = TestApp::new().await;
    let (totp, _) = turn_on(&app, &app.owner());
    let known = {
        let half = try_with(&app, INES, PASSWORD, None).await;
        assert_eq!((half.cookie("bureau-known"), app.count("known_browsers")), (None, 0));
        let page = second(&app, &half, &code(&app, &totp, 1), None).await;
        page.assert_redirect("/");
        page.cookie("bureau-known").unwrap()
    };
    let elsewhere = try_with(&app, INES, PASSWORD, None).await;
    for _ in 0..6 {
        second(&app, &elsewhere, "000000", None).await;
    }
    app.clock.advance(60);
    for _ in 0..3 {
        second(&app, &elsewhere, "000000", None).await;
    }
    second(&app, &elsewhere, &code(&app, &totp, 1), None).await.assert_status(429);
    let here = try_with(&app, INES, PASSWORD, Some(&known)).await;
    second(&app, &here, &code(&app, &totp, 1), Some(&known)).await.assert_redirect("/");
}

async fn second(app: &TestApp, half: &Page, code: &str, known: Option<&str>) -> Page {
    let mut cookies = format!("bureau={}", half.cookie("bureau").unwrap());
    if let Some(token) = known {
        cookies.push_str(&format!("; bureau-known={token}"));
    }
    app.anonymous().post("/login/second").cookie(&cookies).form([("code", code)]).send().await
}
