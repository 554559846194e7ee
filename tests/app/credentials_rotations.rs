//! Somebody leaves: what they know, and what is changed because of it.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::TestApp;

async fn change(app: &TestApp, id: i64, version: &str, secret: &str) {
    let fields = [("client_id", "1"), ("label", "Shopify admin"), ("version", version), ("secret", secret)];
    app.owner().post(format!("/credentials/{id}")).form(fields).send().await.assert_status(303);
}

#[actix_web::test]
async fn what_somebody_saw_since_its_last_change_is_listed_and_nothing_else() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let seen = app.credential(client);
    let copied = app.credential_with(client, |form| form.label = "One.com DNS".into());
    let changed = app.credential_with(client, |form| form.label = "Changed since".into());
    let old = app.credential_with(client, |form| form.label = "Only an old version".into());
    app.credential_with(client, |form| form.label = "Never seen".into());
    let tom = app.member();
    let stored = [("client_id", "1"), ("label", "Typed in by Tom"), ("secret", "his own words")];
    tom.post("/credentials").form(stored).send().await.assert_status(303);
    change(&app, old.0, "1", "a newer one").await;
    app.look(Role::Member, seen, &[]).await.assert_status(200);
    app.look(Role::Member, seen, &[]).await.assert_status(200);
    app.look(Role::Member, copied, &[("is_copy", "true")]).await.assert_status(200);
    app.look(Role::Member, changed, &[]).await.assert_status(200);
    app.look(Role::Member, old, &[("version", "1")]).await.assert_status(200);
    app.look(Role::Manager, seen, &[]).await.assert_status(200);
    change(&app, changed.0, "1", "not what he saw").await;
    let path = format!("/users/{}/rotations", tom.id());
    let page = app.owner().get(&path).send().await;
    page.assert_status(200);
    assert_eq!(page.texts("td .title"), ["One.com DNS", "Shopify admin", "Typed in by Tom"]);
    assert_eq!(page.texts("td.r"), ["1", "2", "stored it"]);
    for role in [Role::Manager, Role::Member, Role::Contractor, Role::Bookkeeper] {
        app.role(role).get(&path).send().await.assert_status(403);
    }
}

#[actix_web::test]
async fn one_click_makes_a_task_of_each_once_and_a_change_takes_it_off() {
    let app = TestApp::new().await;
    let (client, resting) = (app.client("Halden"), app.client("Osk"));
    let project = app.project(client);
    let open = app.credential(client);
    let closed = app.credential_with(resting, |form| {
        form.label = "Secret label".into();
        form.access = "named".into();
    });
    let tom = app.member().id();
    let grant = [("user_id", tom.to_string())];
    app.owner().post(format!("/credentials/{closed}/grants")).form(grant).send().await.assert_status(303);
    for id in [open, closed] {
        app.look(Role::Member, id, &[]).await.assert_status(200);
    }
    let path = format!("/users/{tom}/rotations");
    app.owner().post(&path).send().await.assert_redirect(&path);
    let titles = app.lines("SELECT title AS line FROM tasks ORDER BY id");
    assert_eq!(titles, ["Change password of Shopify admin", "Change password of credential no. 2"]);
    let on =
        app.lines("SELECT p.name AS line FROM tasks t JOIN projects p ON p.id = t.project_id ORDER BY t.id");
    assert_eq!(on[1], "Password changes");
    assert_eq!(app.count_where("tasks", &format!("project_id = {project} AND due_on = '2026-11-26'")), 1);
    // A second click, at once or later, adds nothing.
    let before = app.dump();
    app.owner().post(&path).send().await.assert_status(303);
    app.assert_unchanged(&before);
    let page = app.owner().get(&path).send().await;
    page.assert_count("td a[href^='/tasks/']", 2).assert_no("form[action$=rotations]");
    change(&app, open.0, "1", "what nobody knows").await;
    let program = app.api(Role::Admin);
    let left = program.get(format!("/api{path}")).send().await.json();
    assert_eq!(left["meta"]["count"], 1);
    assert_eq!(left["rotations"][0]["credential_id"], closed.0);
    // What is seen again is to be changed again.
    app.look(Role::Member, open, &[]).await.assert_status(200);
    let made = program.post(format!("/api{path}")).json(json!({})).send().await.json();
    assert_eq!(made["meta"]["count"], 2);
    assert_eq!(app.count("tasks"), 3);
}

#[actix_web::test]
async fn shutting_somebody_out_offers_what_they_know() {
    let app = TestApp::new().await;
    let id = app.credential(app.client("Halden"));
    let tom = app.member().id();
    app.look(Role::Member, id, &[]).await.assert_status(200);
    let leave = |person: bureau::types::ids::UserId| {
        let owner = app.owner().stepped_up();
        owner.post(format!("/users/{person}/disabling")).form([("hand_over_to", "")]).send()
    };
    leave(tom).await.assert_redirect(&format!("/users/{tom}/rotations"));
    leave(app.manager().id()).await.assert_redirect("/users");
    app.owner()
        .get(format!("/users/{tom}"))
        .send()
        .await
        .assert_has(&format!("a[href='/users/{tom}/rotations']"));
}

#[actix_web::test]
async fn passwords_are_made_of_what_was_chosen_and_stored_nowhere() {
    let app = TestApp::new().await;
    let tom = app.member();
    tom.get("/credentials/generator").send().await.assert_full_page();
    let before = app.dump();
    let make = async |fields: &[(&str, &str)]| {
        tom.post("/credentials/generator").form(fields.iter().copied()).htmx().send().await
    };
    let long = make(&[("length", "40"), ("capitals", "true"), ("digits", "true"), ("symbols", "true")]).await;
    assert_eq!(long.header("cache-control").as_deref(), Some("no-store, max-age=0"));
    let text = long.texts("[data-generated]").remove(0);
    assert_eq!(text.chars().count(), 40);
    for class in
        [char::is_uppercase, char::is_lowercase, |c: char| c.is_ascii_digit(), |c: char| !c.is_alphanumeric()]
    {
        assert!(text.contains(class), "{text}");
    }
    let plain = make(&[("length", "8")]).await.texts("[data-generated]").remove(0);
    assert!(plain.len() == 8 && plain.chars().all(|c| c.is_ascii_lowercase()), "{plain}");
    let words = make(&[("shape", "words"), ("length", "5")]).await.texts("[data-generated]").remove(0);
    assert_eq!(words.split('-').count(), 5, "{words}");
    for wrong in [("length", "7"), ("length", "129"), ("length", "many"), ("shape", "song")] {
        make(&[wrong]).await.assert_status(422).assert_no("[data-generated]");
    }
    let program = app.api(Role::Member);
    let made =
        program.post("/api/credentials/generator").json(json!({"length": 24, "digits": true})).send().await;
    assert_eq!(made.json()["password"].as_str().unwrap().len(), 24);
    assert_eq!(made.json()["strength"], 4);
    program.post("/api/credentials/generator").json(json!({"length": 1})).send().await.problem(422);
    app.assert_unchanged_but(&before, &["activities", "unsealed_activities", "users"]);
}
