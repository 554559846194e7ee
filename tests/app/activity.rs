//! The whole activity log: page, file and API for who runs the installation, and what happens at the door.

use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

/// Waits until the log has an entry of that action, which is written beside the answer.
async fn noted(app: &TestApp, action: &str) -> i64 {
    for _ in 0..200 {
        let count = app.count_where("activities", &format!("action = '{action}'"));
        if count > 0 {
            return count;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    0
}

#[actix_web::test]
async fn everything_that_somebody_did_on_a_day_is_one_link() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    app.api(Role::Manager)
        .post("/api/clients")
        .json(json!({"name": "Contoso", "currency": "EUR"}))
        .send()
        .await
        .assert_status(201);
    let page = app.owner().get("/activity").send().await;
    page.assert_full_page().assert_text("#activity tbody", "Northwind").assert_text("#activity", "Contoso");
    let links = page.attributes("#activity tbody td:last-child a", "href");
    let manager = app.manager().id();
    let link = format!("/activity?user_id={manager}&from=2026-11-19&to=2026-11-19");
    assert!(links.contains(&link), "{links:?}");
    let day = app.owner().get(link).send().await;
    day.assert_text("#activity", "Contoso").assert_no_text("#activity tbody", "Northwind");
    let before = app.owner().get(format!("/activity?user_id={manager}&to=2026-11-18")).send().await;
    before.assert_text(".empty", "Nothing matches");
    let of_client = app.owner().get(format!("/activity?client_id={client}")).send().await;
    of_client.assert_no_text("#activity tbody", "Contoso").assert_text("#activity", "Northwind");
    let person = app.owner().get(format!("/users/{manager}")).send().await;
    person.assert_has(&format!("a[href='/activity?user_id={manager}']"));
}

#[actix_web::test]
async fn what_happens_at_the_door_is_in_the_log_and_in_nobodys_timeline() {
    let app = TestApp::new().await;
    let tom = app.member();
    let wrong = [("email", "tom@fielder.studio"), ("password", "not it at all, really")];
    app.anonymous().post("/login").form(wrong).send().await.assert_status(422);
    let stranger = [("email", "my password is secret"), ("password", "x")];
    app.anonymous().post("/login").form(stranger).send().await.assert_status(422);
    let right = [("email", "tom@fielder.studio"), ("password", PASSWORD)];
    app.anonymous().post("/login").form(right).send().await.assert_redirect("/");
    tom.get("/billing/close").send().await.assert_status(403);
    tom.get("/billing/1").send().await.assert_status(403);
    assert_eq!(noted(&app, "sign_in_failed").await, 1);
    assert!(noted(&app, "denied").await > 0);
    assert_eq!(app.count_where("activities", "subject_label LIKE '%secret%' OR changes LIKE '%secret%'"), 0);
    let log = app.owner().get("/activity?action=sign_in_failed").send().await;
    log.assert_text("#activity tbody", "was refused at the door: person Tom");
    let denied = app.owner().get("/activity?subject=route").send().await;
    denied.assert_text("#activity tbody", "Tom was refused address GET /billing/");
    for path in ["/", "/activity?action=created"] {
        app.owner().get(path).send().await.assert_no_text("main", "refused");
    }
}

#[actix_web::test]
async fn the_log_is_a_file_and_a_list_of_the_api() {
    let app = TestApp::new().await;
    for n in 0..30 {
        app.client(&format!("=Client {n}"));
    }
    let api = app.api(Role::Admin);
    let first = api.get("/api/activity?subject=client").send().await.json();
    assert_eq!(
        (&first["meta"]["count"], &first["activities"][0]["label"]),
        (&json!(25), &json!("=Client 29"))
    );
    let next = first["meta"]["next"].as_str().unwrap().to_owned();
    let rest = api.get(format!("/api/activity?subject=client&after={next}")).send().await.json();
    assert_eq!((&rest["meta"]["count"], &rest["meta"]["next"]), (&json!(5), &json!(null)));
    assert_eq!(rest["activities"][4]["label"], "=Client 0");
    let file = app.owner().get("/activity/csv?subject=client").send().await;
    file.assert_status(200);
    let text = file.body();
    assert_eq!(text.lines().count(), 31, "{text}");
    assert!(text.contains(",'=Client 7,"), "a name is no formula: {text}");
    assert_eq!(noted(&app, "exported").await, 1);
}

#[actix_web::test]
async fn the_log_is_for_who_runs_the_installation() {
    let app = TestApp::new().await;
    for role in [Role::Manager, Role::Member, Role::Bookkeeper] {
        app.api(role).get("/api/activity").send().await.problem(403);
    }
    app.manager().get("/activity").send().await.assert_status(403);
    app.manager().get("/activity/csv").send().await.assert_status(403);
    for wrong in
        ["user_id=x", "subject=moon", "action=", "from=2026-02-30", "from=2026-11-02&to=2026-11-01", "who=me"]
    {
        let answer = app.api(Role::Owner).get(format!("/api/activity?{wrong}")).send().await;
        let expected = match wrong {
            "action=" => 200,
            "who=me" => 400,
            _ => 422,
        };
        assert_eq!(answer.status, expected, "{wrong}: {}", answer.body());
    }
    app.owner().get("/activity?after=999999").send().await.assert_status(404);
}
