//! Comments on tasks, and the Markdown in them.

use bureau::auth::policy::Role;
use bureau::db::schema::task_comments;
use diesel::prelude::*;
use serde_json::json;

use crate::support::TestApp;
use crate::tasks::{HOSTILE, form};

#[actix_web::test]
async fn tasks_and_comments_that_are_sent_twice_are_added_once() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let tom = app.member();
    let page = tom.get(format!("/projects/{project}")).send().await;
    let mut fields = page.fields("form[action='/tasks']");
    fields.retain(|(name, _)| name != "title");
    fields.push(("title".into(), "Once".into()));
    for _ in 0..2 {
        tom.post("/tasks").form(fields.clone()).send().await.assert_redirect(&format!("/projects/{project}"));
    }
    assert_eq!(app.count("tasks"), 1);
    let task = app.task(project);
    let path = format!("/tasks/{task}/comments");
    let mut fields = tom.get(format!("/tasks/{task}")).send().await.fields(&format!("form[action='{path}']"));
    fields.retain(|(name, _)| name != "body");
    fields.push(("body".into(), "Once".into()));
    for _ in 0..2 {
        tom.post(&path).form(fields.clone()).send().await.assert_redirect(&format!("/tasks/{task}"));
    }
    assert_eq!(app.count("task_comments"), 1);
}

#[actix_web::test]
async fn markdown_that_means_harm_is_inert() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let page =
        app.member().post("/tasks").form(form(project, "<b>T</b>", &[("description", HOSTILE)])).send().await;
    let path = page.assert_status(303).location();
    app.member().post(format!("{path}/comments")).form([("body", HOSTILE)]).send().await.assert_status(303);
    let page = app.member().get(&path).send().await;
    page.assert_count("main .prose", 2).assert_count("main .prose strong", 2);
    page.assert_no("main script")
        .assert_no("main img")
        .assert_no("main [onerror]")
        .assert_no("main [onclick]");
    page.assert_no("main [href^=javascript]").assert_no("main [href^=data]").assert_no("h1 b");
    page.assert_count("main .prose a[href='https://example.com']", 2);
    for rel in page.attributes("main .prose a[href]", "rel") {
        assert!(rel.contains("noopener"), "{rel}");
    }
}

#[actix_web::test]
async fn comments_are_added_edited_and_deleted_by_their_author_alone() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let task = app.task(app.project(client));
    let base = format!("/tasks/{task}/comments");
    let page = app.member().post(&base).form([("body", "  ")]).htmx().send().await;
    page.assert_status(422).assert_fragment().assert_text("[data-error=body]", "Can't be blank.");
    app.member()
        .post(&base)
        .form([("body", "Is it *done*?")])
        .send()
        .await
        .assert_redirect(&format!("/tasks/{task}"));
    let id: i64 = app.read(|conn| Ok(task_comments::table.select(task_comments::id).first(conn)?));
    let path = format!("{base}/{id}");
    let body = || -> (String, i64) {
        app.read(|conn| {
            Ok(task_comments::table
                .find(id)
                .select((task_comments::body, task_comments::version))
                .first(conn)?)
        })
    };

    for other in [app.manager(), app.admin()] {
        other.get(format!("{path}/edit")).send().await.assert_status(404);
        let fields = [("body", "Mine now"), ("version", "1")];
        other.post(&path).form(fields).send().await.assert_status(404);
        other.post(&path).form([("body", ""), ("version", "1")]).send().await.assert_status(404);
    }
    app.manager().delete(&path).send().await.assert_status(404);
    assert_eq!(body(), ("Is it *done*?".to_owned(), 1));

    let part = app.member().get(format!("{path}/edit")).htmx().send().await;
    part.assert_fragment().assert_value("textarea[name=body]", "Is it *done*?");
    let part = app.member().post(&path).form([("body", "It is."), ("version", "1")]).htmx().send().await;
    part.assert_status(200).assert_fragment().assert_text("li .prose", "It is.").assert_text("li", "edited");
    app.member().post(&path).form([("body", "No."), ("version", "1")]).send().await.assert_status(409);
    assert_eq!(body(), ("It is.".to_owned(), 2));
    assert_eq!(app.activity_of(client)[0], "updated comment: Homepage");

    let elsewhere = app.task(app.project(client));
    app.member().delete(format!("/tasks/{elsewhere}/comments/{id}")).send().await.assert_status(404);
    app.admin().delete(&path).htmx().send().await.assert_redirect(&format!("/tasks/{task}"));
    assert_eq!(app.count("task_comments"), 0);
    let own = app.comment(task, app.member().id(), "Again");
    app.member().delete(format!("{base}/{own}")).htmx().send().await.assert_status(200);
    assert_eq!(app.count("task_comments"), 0);
}

#[actix_web::test]
async fn of_two_windows_the_second_is_shown_what_the_first_saved_and_keeps_its_own_words() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let tom = app.member();
    let id = app.comment(task, tom.id(), "Is it *done*?");
    let (page, path) = (format!("/tasks/{task}"), format!("/tasks/{task}/comments/{id}"));
    let at_first = |body: &'static str| [("body", body), ("version", "1")];
    tom.post(&path).form(at_first("It is.")).send().await.assert_status(303);
    let before = app.dump();
    let late = tom.post(&path).form(at_first("Nearly.")).send().await;
    late.assert_status(409).assert_full_page();
    late.assert_text("h2", "Somebody else saved this comment meanwhile");
    late.assert_text(".versions tr", "Comment It is. Nearly.");
    late.assert_value("textarea[name=body]", "Nearly.").assert_value("input[name=version]", "2");
    let part = tom.post(&path).form(at_first("Nearly.")).htmx().send().await;
    part.assert_status(409).assert_fragment().assert_value("textarea[name=body]", "Nearly.");
    let target = part.header("hx-retarget").unwrap();
    part.assert_has(&format!("form{target}"));
    // The same words twice are no difference.
    let same = tom.post(&path).form(at_first("It is.")).send().await;
    assert!(same.assert_status(303).location().starts_with(&page));
    app.assert_unchanged(&before);
    let again = late.fields(&format!("form[action='{path}']"));
    tom.post(&path).form(again).send().await.assert_status(303);
    let stored: (String, i64) = app.read(|conn| {
        Ok(task_comments::table.select((task_comments::body, task_comments::version)).first(conn)?)
    });
    assert_eq!(stored, ("Nearly.".to_owned(), 3));
}

#[actix_web::test]
async fn the_api_of_comments_follows_the_same_rules() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let (tom, mara) = (app.api(Role::Member), app.api(Role::Manager));
    let base = format!("/api/tasks/{task}/comments");
    let created = tom.post(&base).json(json!({ "body": HOSTILE })).send().await;
    created.assert_status(201);
    let comment = created.json();
    assert!(!comment["body_html"].as_str().unwrap().contains("javascript:"), "{comment}");
    let path = format!("{base}/{}", comment["id"]);
    assert_eq!(created.header("location").as_deref(), Some(path.as_str()));
    let list = mara.get(&base).send().await.json();
    assert_eq!((&list["meta"]["count"], &list["comments"][0]["body"]), (&json!(1), &json!(HOSTILE)));
    let change = json!({ "body": "Better", "version": 1 });
    mara.put(&path).json(change.clone()).send().await.problem(404);
    mara.delete(&path).send().await.problem(404);
    assert_eq!(tom.put(&path).json(change.clone()).send().await.json()["body"], "Better");
    tom.put(&path).json(json!({ "body": "Late", "version": 1 })).send().await.problem(409);
    tom.put(&path).json(json!({ "body": "Late" })).send().await.problem(422);
    tom.post(&base).json(json!({ "body": "" })).send().await.problem(422);
    tom.get("/api/tasks/99/comments").send().await.problem(404);
    tom.delete(&path).send().await.assert_status(204);
    assert_eq!(app.count("task_comments"), 0);
}

#[actix_web::test]
async fn comments_are_listed_a_hundred_at_a_time() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    for number in 0..103 {
        app.comment(task, app.member().id(), &format!("Number {number}"));
    }
    let base = format!("/api/tasks/{task}/comments");
    let first = app.api(Role::Member).get(&base).send().await.json();
    assert_eq!(first["comments"].as_array().unwrap().len(), 100);
    let next = first["meta"]["next"].as_str().unwrap();
    let second = app.api(Role::Member).get(format!("{base}?after={next}")).send().await.json();
    assert_eq!(second["comments"][0]["body"], json!("Number 100"));
    assert_eq!((second["comments"].as_array().unwrap().len(), second["meta"].get("next")), (3, None));
    app.api(Role::Member).get(format!("{base}?page=2")).send().await.problem(400);
}

#[actix_web::test]
async fn tags_in_a_comment_are_shown_as_they_were_typed() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Halden")));
    let path = format!("/tasks/{task}");
    let body = "Use Vec<String> and the <header> tag";
    app.member().post(format!("{path}/comments")).form([("body", body)]).send().await.assert_status(303);
    app.member().get(&path).send().await.assert_text(".prose", body);
}
