//! What people are told, and who follows a task.

use bureau::auth::policy::Role;
use bureau::tasks::mentions::Directory;
use bureau::types::ids::{TaskId, UserId};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{TestApp, Visitor};
use crate::tasks::form;

/// What somebody was told, the newest first, as "Tom mentioned Homepage"; without a name where nobody did it.
pub async fn told(visitor: &Visitor<'_>) -> Vec<String> {
    let list = visitor.token().get("/api/notifications").send().await.json();
    let rows = list["notifications"].as_array().unwrap();
    let text = |row: &serde_json::Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let sentence = |row| [text(row, "actor_name"), text(row, "kind"), text(row, "title")].join(" ");
    rows.iter().map(|row| sentence(row).trim_start().to_owned()).collect()
}

async fn comment(visitor: &Visitor<'_>, task: TaskId, body: &str) {
    visitor.post(format!("/tasks/{task}/comments")).form([("body", body)]).send().await.assert_status(303);
}

#[actix_web::test]
async fn who_gets_a_task_is_told_and_follows_it() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let tom = app.member().id();
    let fields = form(project, "Age gate", &[("assignee_id", &tom.to_string())]);
    let path = app.manager().post("/tasks").form(fields).send().await.location();
    assert_eq!(told(&app.member()).await, ["Mara assigned Age gate"]);
    assert_eq!(told(&app.manager()).await, Vec::<String>::new(), "nobody is told what they did");
    let page = app.manager().get(&path).send().await;
    page.assert_count("#watchers .av", 2).assert_text("#watchers", "Stop watching");
    let page = app.member().get("/").send().await;
    page.assert_text(".bell .count", "1").assert_has("[aria-label='Notifications, 1 unread']");
}

#[actix_web::test]
async fn a_comment_tells_those_who_follow_and_those_it_names() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let (tom, mara, adam) = (app.member(), app.manager(), app.admin());
    adam.sign_in().await;
    comment(&tom, task, "I begin.").await;
    comment(&mara, task, "Good. @Adam, and @tom: look at `@Ines`, office@ines.example, @Nobody").await;
    assert_eq!(told(&tom).await, ["Mara mentioned Homepage"]);
    assert_eq!(told(&adam).await, ["Mara mentioned Homepage"]);
    assert_eq!(told(&app.owner()).await, Vec::<String>::new());
    let page = tom.get(format!("/tasks/{task}")).send().await;
    assert_eq!(page.texts(".timeline .prose strong"), ["@Adam", "@Tom"]);
    page.assert_text(".timeline .prose code", "@Ines").assert_text(".timeline .prose", "@Nobody");
    assert_eq!(app.count("task_mentions"), 2);
    comment(&adam, task, "Done.").await;
    assert_eq!(told(&tom).await[0], "Adam commented Homepage");
    tom.post(format!("/tasks/{task}/closure")).send().await.assert_status(303);
    assert_eq!(told(&mara).await, ["Tom completed Homepage", "Adam commented Homepage"]);
}

#[actix_web::test]
async fn who_stops_watching_hears_no_more_unless_named() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let (tom, mara) = (app.member(), app.manager());
    mara.sign_in().await;
    comment(&tom, task, "I begin.").await;
    let part = tom.post(format!("/tasks/{task}/unwatching")).htmx().send().await;
    part.assert_status(200).assert_fragment().assert_text("#watchers", "Watch");
    comment(&tom, task, "Still here.").await;
    comment(&mara, task, "Anybody?").await;
    assert_eq!(told(&tom).await, Vec::<String>::new());
    comment(&mara, task, "@Tom?").await;
    assert_eq!(told(&tom).await, ["Mara mentioned Homepage"]);
    let bea = app.bookkeeper();
    bea.post(format!("/tasks/{task}/watching")).send().await.assert_redirect(&format!("/tasks/{task}"));
    comment(&mara, task, "Hello").await;
    assert_eq!(told(&bea).await, ["Mara commented Homepage"]);
    tom.post("/tasks/99/watching").send().await.assert_status(404);
}

#[actix_web::test]
async fn a_name_is_told_once_however_often_its_text_is_saved() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    app.member().sign_in().await;
    let fields = form(project, "Age gate", &[("description", "For @Tom")]);
    let path = app.manager().post("/tasks").form(fields).send().await.location();
    for version in 1..4 {
        let more = [("description", "For @Tom, and again @Tom"), ("version", &version.to_string())];
        let fields = form(project, "Age gate", &more);
        app.manager().post(&path).form(fields).send().await.assert_redirect(&path);
    }
    assert_eq!(told(&app.member()).await, ["Mara mentioned Age gate"]);
    let fields = form(project, "Age gate", &[("description", "For somebody"), ("version", "4")]);
    app.manager().post(&path).form(fields).send().await.assert_redirect(&path);
    assert_eq!(app.count("task_mentions"), 0);
}

#[actix_web::test]
async fn what_was_told_is_read_one_by_one_or_at_once_and_by_its_owner_alone() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let tom = app.member();
    let first = app.notification(tom.id(), task);
    app.notification(tom.id(), task);
    let page = tom.get("/notifications").send().await;
    page.assert_status(200).assert_full_page().assert_count("#notification-list li", 2);
    page.assert_text(".lede", "2 unread").assert_text("#notification_1", "Ines gave you Homepage");
    let path = format!("/notifications/{first}/reading");
    app.manager().post(&path).send().await.assert_status(404);
    assert_eq!(app.count_where("notifications", "read_at IS NULL"), 2);
    tom.post(&path).send().await.assert_redirect(&format!("/tasks/{task}"));
    tom.post(&path).send().await.assert_redirect(&format!("/tasks/{task}"));
    assert_eq!(app.count_where("notifications", "read_at IS NULL"), 1);
    tom.post("/notifications/reading").send().await.assert_redirect("/notifications");
    assert_eq!(app.count_where("notifications", "read_at IS NULL"), 0);
    tom.get("/notifications").htmx().send().await.assert_fragment().assert_no(".badge-now");
    tom.token().post("/api/notifications/99/reading").send().await.problem(404);
    tom.token().post("/api/notifications/reading").send().await.assert_status(204);
}

#[actix_web::test]
async fn notifications_page_by_key() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let tom = app.member();
    for _ in 0..53 {
        app.notification(tom.id(), task);
    }
    let page = tom.get("/notifications").send().await;
    page.assert_count("#notification-list li", 50);
    let older = page.attributes(".pager a", "href").remove(0);
    tom.get(&older).send().await.assert_count("#notification-list li", 3).assert_no(".pager a");
    let list = tom.token().get("/api/notifications").send().await.json();
    let next = list["meta"]["next"].as_str().unwrap();
    let rest = tom.token().get(format!("/api/notifications?after={next}")).send().await.json();
    assert_eq!(rest["meta"]["count"], 3);
}

#[actix_web::test]
async fn who_may_not_come_in_any_more_is_told_nothing() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    comment(&app.member(), task, "I begin.").await;
    app.execute("UPDATE users SET disabled_at = created_at WHERE name = 'Tom'");
    comment(&app.manager(), task, "@Tom, are you there?").await;
    assert_eq!(app.count("notifications"), 0);
}

#[actix_web::test]
async fn a_changed_comment_keeps_every_former_text() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let tom = app.member();
    comment(&tom, task, "First").await;
    let path = format!("/tasks/{task}/comments/1");
    for (body, version) in [("Second", "1"), ("Third", "2")] {
        let fields = [("body", body), ("version", version)];
        tom.post(&path).form(fields).send().await.assert_status(303);
    }
    let page = app.manager().get(format!("{path}/versions")).send().await;
    assert_eq!(page.texts("#versions .prose"), ["Third", "Second", "First"]);
    let page = app.manager().get(format!("/tasks/{task}")).send().await;
    page.assert_has(&format!("a[href='{path}/versions']"));
    let list = app.api(Role::Member).get(format!("/api{path}/versions")).send().await.json();
    assert_eq!((&list["versions"][1]["body"], &list["versions"][1]["version"]), (&json!("First"), &json!(1)));
    assert!(app.execute_refused("UPDATE comment_versions SET body = 'x'").contains("does not change"));
    tom.get(format!("/tasks/{task}/comments/99/versions")).send().await.assert_status(404);
    tom.delete(&path).htmx().send().await.assert_status(200);
    assert_eq!(app.count("comment_versions"), 0);
}

#[actix_web::test]
async fn watchers_are_in_the_api() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let path = format!("/api/tasks/{task}/watchers");
    let api = app.api(Role::Bookkeeper);
    api.post(&path).send().await.assert_status(204);
    assert_eq!(api.get(&path).send().await.json()["watchers"][0]["name"], "Bea");
    api.delete(&path).send().await.assert_status(204);
    assert_eq!(api.get(&path).send().await.json()["watchers"], json!([]));
    api.post("/api/tasks/99/watchers").send().await.problem(404);
}

#[actix_web::test]
async fn single_keys_are_switched_off_for_the_person_and_not_for_the_browser() {
    let app = TestApp::new().await;
    let tom = app.member();
    tom.get("/").send().await.assert_has("html[data-shortcuts=on]");
    tom.post("/shortcuts").form([("has_shortcuts", "")]).htmx().send().await.assert_status(204);
    tom.get("/")
        .send()
        .await
        .assert_has("html[data-shortcuts=off]")
        .assert_no("[data-shortcuts-switch][checked]");
    app.manager().get("/").send().await.assert_has("html[data-shortcuts=on]");
    tom.post("/shortcuts").form([("has_shortcuts", "perhaps")]).send().await.assert_status(422);
    tom.post("/shortcuts").form([("has_shortcuts", "true")]).send().await.assert_status(303);
    tom.get("/").send().await.assert_has("html[data-shortcuts=on]");
}

fn directory() -> Directory {
    let people = ["Tom Okafor", "Tom Berg", "Priya Nair", "Jürgen Groß"];
    let ids = (1_i64..).map(UserId);
    Directory::of(&ids.zip(people.map(str::to_owned)).collect::<Vec<_>>())
}

#[test]
fn a_first_name_is_enough_where_one_person_has_it() {
    let directory = directory();
    for (text, expected) in [
        ("Priya: look", Some((5, 3))),
        ("priya nair, look", Some((10, 3))),
        ("Tom, look", None),
        ("Tom Berg", Some((8, 2))),
        ("tom okafor's", Some((10, 1))),
        ("Jurgen gross", Some((12, 4))),
        ("Priyanka", None),
        ("", None),
    ] {
        let found = directory.find(text).map(|(length, id, _)| (length, id.0));
        assert_eq!(found, expected, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_searched_for_names_and_cut_between_characters(text in "\\PC{0,120}") {
        if let Some((length, _, _)) = directory().find(&text) {
            prop_assert!(text.is_char_boundary(length) && length <= text.len());
        }
        let html = bureau::types::markdown::to_html_naming(&text, |rest| {
            directory().find(rest).map(|(length, _, name)| (length, name.to_owned()))
        });
        prop_assert!(!html.contains("<script"));
    }
}
