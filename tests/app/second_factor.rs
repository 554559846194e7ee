//! The second factor: what turns it on, what it opens, and what becomes of it when the app is lost.

use bureau::auth::policy::Role;
use bureau::auth::second_factor;
use bureau::keys::cipher::{Cipher, Place};
use totp_rs::Totp;

use crate::auth::opens;
use crate::support::{PASSWORD, Page, TestApp, Visitor};

/// Turns somebody's second factor on; their app and their recovery codes.
pub fn turn_on(app: &TestApp, visitor: &Visitor<'_>) -> (Totp, Vec<String>) {
    let (actor, now, keys) = (visitor.actor(), app.now(), app.data.keys.clone());
    app.write(|conn| {
        second_factor::begin(conn, &keys, now, &actor)?;
        let totp = second_factor::pending(conn, &keys, &actor, "Fielder Studio")?;
        let codes = second_factor::confirm(conn, &keys, now, &actor, &code(app, &totp, 0))?;
        Ok((totp, codes))
    })
}

/// What the app shows `steps` of half a minute from now.
pub fn code(app: &TestApp, totp: &Totp, steps: i64) -> String {
    totp.generate((app.now().datetime().timestamp() + 30 * steps) as u64).to_string()
}

/// The first step; the cookie of the session that waits for the second.
async fn first_step(app: &TestApp, email: &str) -> String {
    let form = [("email", email), ("password", PASSWORD), ("next", "/tasks")];
    let page = app.anonymous().post("/login").form(form).send().await;
    page.assert_redirect("/login/second?next=%2Ftasks");
    format!("bureau={}", page.cookie("bureau").unwrap())
}

async fn second_step(app: &TestApp, half: &str, code: &str) -> Page {
    let form = [("code", code), ("next", "/tasks")];
    app.anonymous().post("/login/second").cookie(half).form(form).send().await
}

#[actix_web::test]
async fn it_is_turned_on_by_who_proves_to_be_there_and_has_the_secret_in_an_app() {
    let app = TestApp::new().await;
    let tom = app.member();
    tom.get("/profile/sign-in").send().await.assert_text("#second_factor", "Off");
    tom.post("/profile/sign-in/second-factor").send().await.assert_status(403);
    assert_eq!(app.count("second_factors"), 0);
    let tom = tom.stepped_up();
    let page = tom.post("/profile/sign-in/second-factor").send().await;
    page.assert_status(200).assert_has("svg.qr path");
    assert_eq!(page.header("content-encoding").as_deref(), Some("identity"));
    let secret = page.texts("#secret").remove(0).replace(' ', "");
    assert_eq!(app.count_where("second_factors", "confirmed_at IS NULL"), 1);
    tom.get("/profile/sign-in").send().await.assert_text("#second_factor", "Off");
    app.anonymous()
        .post("/login")
        .form([("email", "tom@fielder.studio"), ("password", PASSWORD)])
        .send()
        .await
        .assert_redirect("/");
    let wrong =
        tom.post("/profile/sign-in/second-factor/confirmation").form([("code", "000000")]).send().await;
    wrong.assert_status(422).assert_has("[data-error=code]");
    assert_eq!(wrong.texts("#secret").remove(0).replace(' ', ""), secret, "the app need not be set up anew");
    let totp = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::try_from_base32(&secret).unwrap())
        .build()
        .unwrap();
    let form = [("code", code(&app, &totp, 0))];
    let page = tom.post("/profile/sign-in/second-factor/confirmation").form(form).send().await;
    page.assert_status(200).assert_count("#recovery_codes li", 10);
    let state = tom.token().get("/api/profile/second-factor").send().await.json();
    assert_eq!((state["is_on"].as_bool(), state["recovery_codes_left"].as_i64()), (Some(true), Some(10)));
    tom.get("/profile/sign-in").send().await.assert_text("#second_factor", "10 recovery codes are left");
    tom.post("/profile/sign-in/second-factor").send().await.assert_status(409);
    assert!(app.activity().contains(&"created second_factor: Tom".to_owned()));
    let stored = app.lines("SELECT code_hash AS line FROM recovery_codes");
    let shown = page.texts("#recovery_codes li");
    assert!(shown.iter().all(|code| code.len() == 19 && !stored.contains(code)), "{shown:?}");
}

#[actix_web::test]
async fn the_password_alone_opens_nothing_and_the_code_opens_a_session() {
    let app = TestApp::new().await;
    let (totp, _) = turn_on(&app, &app.member());
    let half = first_step(&app, "tom@fielder.studio").await;
    for path in ["/", "/tasks", "/profile/sign-in", "/step-up"] {
        let page = app.anonymous().get(path).cookie(&half).send().await;
        assert!(page.location().starts_with("/login"), "{path} leads to {}", page.location());
    }
    app.anonymous()
        .post("/step-up")
        .cookie(&half)
        .form([("proof", PASSWORD)])
        .send()
        .await
        .assert_status(303);
    assert_eq!(app.count_where("activities", "action IN ('signed_in', 'stepped_up')"), 0);
    let asked = app.anonymous().get("/login/second?next=/tasks").cookie(&half).send().await;
    asked.assert_status(200).assert_has("#code[autocomplete='one-time-code']");
    asked.assert_has("a[href='/login/second?way=recovery&next=%2Ftasks']");
    let page = second_step(&app, &half, &code(&app, &totp, 1)).await;
    page.assert_redirect("/tasks");
    let cookie = format!("bureau={}", page.cookie("bureau").unwrap());
    assert!(opens(&app, &cookie).await && !opens(&app, &half).await);
    let listed = app.anonymous().get("/profile/sign-in").cookie(&cookie).send().await;
    listed.assert_count("#sessions li", 1);
    assert_eq!(app.count_where("activities", "action = 'signed_in' AND subject_label = 'Tom'"), 1);
    app.anonymous().get("/login/second").send().await.assert_redirect("/login");
}

#[actix_web::test]
async fn the_second_step_follows_the_first_within_ten_minutes() {
    let app = TestApp::new().await;
    let (totp, _) = turn_on(&app, &app.member());
    let half = first_step(&app, "tom@fielder.studio").await;
    app.clock.advance(600);
    second_step(&app, &half, &code(&app, &totp, 0)).await.assert_redirect("/login");
    assert_eq!(app.count_where("sessions", "NOT is_half"), 0);
}

#[actix_web::test]
async fn a_code_opens_once_and_half_a_minute_early_or_late() {
    let app = TestApp::new().await;
    let (totp, _) = turn_on(&app, &app.member());
    app.clock.advance(300);
    let half = first_step(&app, "tom@fielder.studio").await;
    for steps in [-2, 2] {
        second_step(&app, &half, &code(&app, &totp, steps)).await.assert_status(422);
    }
    let late = code(&app, &totp, -1);
    second_step(&app, &half, &late).await.assert_redirect("/tasks");
    let half = first_step(&app, "tom@fielder.studio").await;
    let again = second_step(&app, &half, &late).await;
    again.assert_status(422).assert_text("[data-error=code]", "used before");
    second_step(&app, &half, &code(&app, &totp, 1)).await.assert_redirect("/tasks");
    let half = first_step(&app, "tom@fielder.studio").await;
    second_step(&app, &half, &code(&app, &totp, 0)).await.assert_status(422);
}

#[actix_web::test]
async fn wrong_codes_slow_down_and_are_in_the_log() {
    let app = TestApp::new().await;
    let (totp, _) = turn_on(&app, &app.member());
    let half = first_step(&app, "tom@fielder.studio").await;
    for wrong in ["", "12", "abcdef", "abcd-efgh-ijkm-npqr", "000000"] {
        second_step(&app, &half, wrong).await.assert_status(422);
    }
    let waits = second_step(&app, &half, &code(&app, &totp, 1)).await;
    waits.assert_status(429);
    assert_eq!(waits.header("retry-after").as_deref(), Some("30"));
    assert_eq!(app.activity().iter().filter(|line| *line == "refused user: Tom").count(), 5);
    // Signing in anew is no way around it.
    let half = first_step(&app, "tom@fielder.studio").await;
    second_step(&app, &half, &code(&app, &totp, 1)).await.assert_status(429);
    app.clock.advance(30);
    second_step(&app, &half, &code(&app, &totp, 0)).await.assert_redirect("/tasks");
}

#[actix_web::test]
async fn a_recovery_code_opens_once_however_it_is_typed() {
    let app = TestApp::new().await;
    let tom = app.member();
    let (_, codes) = turn_on(&app, &tom);
    let half = first_step(&app, "tom@fielder.studio").await;
    let asked = app.anonymous().get("/login/second?way=recovery").cookie(&half).send().await;
    asked.assert_text("h1", "Enter a recovery code");
    let typed = codes[3].to_uppercase().replace('-', " ");
    second_step(&app, &half, &typed).await.assert_redirect("/tasks");
    let left = "SELECT CAST(count(*) AS TEXT) AS line FROM recovery_codes WHERE used_at IS NULL";
    assert_eq!(app.line(left), "9");
    let half = first_step(&app, "tom@fielder.studio").await;
    second_step(&app, &half, &codes[3]).await.assert_status(422);
    // Those of somebody else open nothing.
    let (_, others) = turn_on(&app, &app.manager());
    second_step(&app, &half, &others[0]).await.assert_status(422);
    second_step(&app, &half, &codes[9]).await.assert_redirect("/tasks");
    assert_eq!(app.count_where("activities", "changes LIKE '%recovery code%'"), 2);
}

#[actix_web::test]
async fn new_recovery_codes_void_the_old_ones_and_it_is_turned_off_by_a_proof() {
    let app = TestApp::new().await;
    let tom = app.member();
    tom.sign_in().await;
    tom.stepped_up().get("/").send().await;
    let (_, codes) = turn_on(&app, &tom);
    let page = tom.post("/profile/sign-in/second-factor/recovery-codes").send().await;
    page.assert_status(200).assert_count("#recovery_codes li", 10);
    let half = first_step(&app, "tom@fielder.studio").await;
    second_step(&app, &half, &codes[0]).await.assert_status(422);
    second_step(&app, &half, &page.texts("#recovery_codes li")[0]).await.assert_redirect("/tasks");
    app.clock.advance(300);
    tom.post("/profile/sign-in/second-factor/removal").send().await.assert_status(403);
    tom.stepped_up()
        .post("/profile/sign-in/second-factor/removal")
        .send()
        .await
        .assert_redirect("/profile/sign-in");
    assert_eq!((app.count("second_factors"), app.count("recovery_codes")), (0, 0));
    tom.post("/profile/sign-in/second-factor/recovery-codes").send().await.assert_status(409);
    let form = [("email", "tom@fielder.studio"), ("password", PASSWORD)];
    app.anonymous().post("/login").form(form).send().await.assert_redirect("/");
    assert!(app.activity().contains(&"deleted second_factor: Tom".to_owned()));
}

#[actix_web::test]
async fn a_code_proves_as_the_password_does_but_once() {
    let app = TestApp::new().await;
    let tom = app.member();
    tom.sign_in().await;
    let (totp, _) = turn_on(&app, &tom);
    let digits = code(&app, &totp, 1);
    let page = tom.post("/step-up").form([("proof", &digits)]).send().await;
    page.assert_redirect("/");
    let cookie = format!("bureau={}", page.cookie("bureau").unwrap());
    let again = app.anonymous().post("/step-up").cookie(&cookie).form([("proof", &digits)]).send().await;
    again.assert_status(422);
    let off = app.anonymous().post("/profile/sign-in/second-factor/removal").cookie(&cookie).send().await;
    off.assert_redirect("/profile/sign-in");
}

#[actix_web::test]
async fn who_lost_the_app_is_helped_by_an_admin_and_told() {
    let app = TestApp::new().await;
    let (tom, ines) = (app.member(), app.owner());
    let (cookie, token) = (tom.sign_in().await, tom.token());
    token.get("/api/tasks").send().await.assert_status(200);
    turn_on(&app, &tom);
    turn_on(&app, &ines);
    let admin = app.admin().stepped_up();
    admin.get(format!("/users/{}", tom.id())).send().await.assert_text("main", "Take it off");
    let path = |visitor: &Visitor<'_>| format!("/users/{}/second-factor/removal", visitor.id());
    admin.post(path(&ines)).send().await.assert_status(403);
    assert!(opens(&app, &cookie).await);
    admin.post(path(&tom)).send().await.assert_redirect("/users");
    assert_eq!(app.count_where("second_factors", &format!("user_id = {}", ines.id())), 1);
    assert_eq!(app.count("second_factors"), 1);
    assert!(!opens(&app, &cookie).await);
    token.get("/api/tasks").send().await.problem(401);
    tom.forget();
    tom.get("/notifications").send().await.assert_text("main", "Adam took your second factor off");
    admin.get(format!("/users/{}", tom.id())).send().await.assert_no_text("main", "Take it off");
    let api = format!("/api/users/{}/second-factor", ines.id());
    app.api(Role::Owner).delete(&api).send().await.problem(403);
    app.api(Role::Owner).stepped_up().delete(&api).send().await.assert_status(204);
    assert_eq!(app.count("second_factors"), 0);
}

#[actix_web::test]
async fn a_secret_opens_in_its_own_row_and_version_only() {
    for tamper in [
        "UPDATE second_factors SET secret = (SELECT secret FROM second_factors WHERE version = 1 AND user_id <> OWN)",
        "UPDATE second_factors SET version = version + 1",
    ] {
        let app = TestApp::new().await;
        let tom = app.member();
        let (mara, _) = turn_on(&app, &app.manager());
        let (totp, _) = turn_on(&app, &tom);
        let half = first_step(&app, "tom@fielder.studio").await;
        let tamper = tamper.replace("OWN", &tom.id().to_string());
        app.execute(&format!("{tamper} WHERE user_id = {}", tom.id()));
        for app_of in [&mara, &totp] {
            second_step(&app, &half, &code(&app, app_of, 1)).await.assert_status(500);
        }
        assert_eq!(app.count_where("sessions", "NOT is_half"), 0);
    }
}

#[test]
fn an_envelope_opens_at_its_place_with_its_key_and_unchanged_only() {
    let cipher = |byte: u8| Cipher::new(zeroize::Zeroizing::new(vec![byte; 32]));
    let place = Place { table: "second_factors", row: 7, field: "secret", version: 2 };
    let envelope = cipher(1).seal(place, b"hidden").unwrap();
    assert_eq!(cipher(1).open(place, &envelope).unwrap().as_slice(), b"hidden");
    assert_ne!(cipher(1).seal(place, b"hidden").unwrap(), envelope, "no two envelopes are the same");
    assert!(cipher(2).open(place, &envelope).is_err());
    for other in [
        Place { table: "second_factor", ..place },
        Place { row: 8, ..place },
        Place { field: "ssecret", ..place },
        Place { version: 1, ..place },
    ] {
        assert!(cipher(1).open(other, &envelope).is_err(), "{other:?}");
    }
    for at in 0..envelope.len() {
        let mut flipped = envelope.clone();
        flipped[at] ^= 1;
        assert!(cipher(1).open(place, &flipped).is_err(), "byte {at}");
        assert!(cipher(1).open(place, &envelope[..at]).is_err(), "cut at {at}");
    }
}
