//! A new password for who has lost theirs: by a link, once, and nobody learns who has an account.

use bureau::auth::policy::Role;

use crate::second_factor::turn_on;
use crate::support::{PASSWORD, TestApp};

const CHOSEN: &str = "violet harbour ladder nine";

async fn ask(app: &TestApp, email: &str) {
    let page = app.anonymous().post("/password-reset").form([("email", email)]).send().await;
    page.assert_redirect("/login");
    assert!(page.flash().contains("If that is the address of an account"), "{}", page.flash());
}

/// The path of the link in the mail that came.
fn path_of(text: &str) -> String {
    let at = text.find("http://127.0.0.1:8080/password-reset/").unwrap_or_else(|| panic!("{text}"));
    text[at..].split_whitespace().next().unwrap().trim_start_matches("http://127.0.0.1:8080").to_owned()
}

async fn link(app: &TestApp, email: &str) -> String {
    ask(app, email).await;
    app.run_jobs().await;
    let letter = app.post.only();
    assert_eq!(letter.to, email.to_lowercase());
    path_of(&letter.text)
}

async fn signs_in(app: &TestApp, password: &str) -> bool {
    let form = [("email", "tom@fielder.studio"), ("password", password)];
    app.anonymous().post("/login").form(form).send().await.header("location").is_some()
}

#[actix_web::test]
async fn a_link_by_mail_changes_the_password_once_and_ends_everything_of_before() {
    let app = TestApp::with_post().await;
    let tom = app.member();
    tom.sign_in().await;
    let api = app.api(Role::Member);
    api.get("/api/tasks").send().await.assert_status(200);
    app.anonymous().get("/login").send().await.assert_has("a[href='/password-reset']");
    app.anonymous().get("/password-reset").send().await.assert_status(200);
    let path = link(&app, "Tom@fielder.studio").await;
    let token = path.rsplit('/').next().unwrap();
    assert!(!format!("{:?}", app.dump()).contains(token), "kept as a hash, and sealed until it was sent");
    let page = app.anonymous().get(&path).send().await;
    page.assert_status(200).assert_text("main", "tom@fielder.studio");
    assert_eq!(page.header("x-robots-tag").as_deref(), Some("noindex, nofollow"));
    for weak in ["short", "Password2024!", "tom@fielder.studio"] {
        let page = app.anonymous().post(&path).form([("password", weak)]).send().await;
        page.assert_status(422).assert_has("[data-error=password]").assert_value("#password", "");
    }
    assert!(signs_in(&app, PASSWORD).await, "nothing has changed so far");
    app.anonymous().post(&path).form([("password", CHOSEN)]).send().await.assert_redirect("/login");
    assert!(!signs_in(&app, PASSWORD).await);
    assert!(signs_in(&app, CHOSEN).await);
    tom.get("/tasks").send().await.assert_redirect("/login?next=%2Ftasks");
    api.get("/api/tasks").send().await.assert_status(401);
    app.anonymous().get(&path).send().await.assert_status(404);
    app.anonymous().post(&path).form([("password", CHOSEN)]).send().await.assert_status(404);
    app.run_jobs().await;
    assert!(app.post.only().subject.contains("was changed"), "they are told");
    assert_eq!(app.count_where("activities", "action = 'changed_password' AND subject_label = 'Tom'"), 1);
    assert_eq!(app.count_where("activities", "action = 'asked_for_reset' AND subject_label = 'Tom'"), 1);
}

#[actix_web::test]
async fn nobody_learns_who_has_an_account() {
    let app = TestApp::with_post().await;
    let tom = app.member().id();
    let stranger = app.user("nora", Role::Member).id();
    app.execute(&format!("UPDATE users SET disabled_at = created_at WHERE id = {stranger}"));
    ask(&app, "tom@fielder.studio").await;
    ask(&app, "nobody@fielder.studio").await;
    ask(&app, "nora@fielder.studio").await;
    assert_eq!(app.count_where("jobs", "kind = 'send_password_reset'"), 3, "the same work for each");
    assert_eq!(app.count_where("jobs", "args LIKE '%fielder%'"), 0, "what was typed is not kept");
    assert_eq!(
        app.count("password_resets") + app.count("mails"),
        0,
        "nothing more happens before the answer"
    );
    app.run_jobs().await;
    assert_eq!(app.post.only().to, "tom@fielder.studio");
    assert_eq!(app.count_where("password_resets", &format!("user_id = {tom}")), 1);
    assert_eq!(app.count("password_resets"), 1);
    app.anonymous().post("/password-reset").form([("email", "")]).send().await.assert_status(422);
}

#[actix_web::test]
async fn a_link_opens_for_half_an_hour_and_only_the_last_one() {
    let app = TestApp::with_post().await;
    app.member();
    let first = link(&app, "tom@fielder.studio").await;
    let second = link(&app, "tom@fielder.studio").await;
    app.anonymous().get(&first).send().await.assert_status(404);
    app.anonymous().get(&second).send().await.assert_status(200);
    app.clock.advance(1_800);
    app.anonymous().get(&second).send().await.assert_status(404);
    app.anonymous().post(&second).form([("password", CHOSEN)]).send().await.assert_status(404);
    let third = link(&app, "tom@fielder.studio").await;
    app.execute("UPDATE users SET auth_epoch = auth_epoch + 1 WHERE email = 'tom@fielder.studio'");
    app.anonymous().get(&third).send().await.assert_status(404);
    assert!(signs_in(&app, PASSWORD).await);
}

#[actix_web::test]
async fn an_address_is_written_to_a_few_times_and_a_network_is_slowed_down() {
    let app = TestApp::with_post().await;
    app.member();
    for _ in 0..6 {
        ask(&app, "tom@fielder.studio").await;
    }
    app.run_jobs().await;
    assert!((3..=4).contains(&app.post.taken().len()), "{} mails", app.post.taken().len());
    let mut last = 0;
    for n in 0..40 {
        let form = [("email", format!("n{n}@fielder.studio"))];
        let page = app.anonymous().post("/password-reset").form(form).send().await;
        last = page.status;
    }
    assert_eq!(last, 429);
    assert!(app.count("jobs") < 45);
}

#[actix_web::test]
async fn a_second_factor_is_still_asked_for() {
    let app = TestApp::with_post().await;
    turn_on(&app, &app.member());
    let path = link(&app, "tom@fielder.studio").await;
    app.anonymous().post(&path).form([("password", CHOSEN)]).send().await.assert_redirect("/login");
    let form = [("email", "tom@fielder.studio"), ("password", CHOSEN)];
    let page = app.anonymous().post("/login").form(form).send().await;
    assert!(page.location().starts_with("/login/second"), "{}", page.location());
}

#[actix_web::test]
async fn an_invitation_goes_by_mail_and_its_link_is_shown_to_nobody_else() {
    let app = TestApp::with_post().await;
    let form = [("email", "nora@fielder.studio"), ("role", "member")];
    let page = app.owner().stepped_up().post("/users/invitations").form(form).send().await;
    page.assert_redirect("/users");
    app.run_jobs().await;
    let letter = app.post.only();
    assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("nora@fielder.studio", "Join Fielder Studio"));
    let at = letter.text.find("http://127.0.0.1:8080/invitations/").unwrap();
    let path =
        letter.text[at..].split_whitespace().next().unwrap().trim_start_matches("http://127.0.0.1:8080");
    app.anonymous().get(path).send().await.assert_status(200).assert_text("main", "nora@fielder.studio");
    let api = app.api(Role::Owner).stepped_up().post("/api/users/invitations");
    let made = api.json(serde_json::json!({"email": "vik@fielder.studio", "role": "member"})).send().await;
    made.assert_status(201);
    assert!(made.json().get("link").is_none());
}
