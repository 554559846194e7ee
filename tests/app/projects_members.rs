//! Members of a project and the rates that they have there.

use bureau::auth::policy::Role;
use bureau::rates::model::{self as rates, Work};
use serde_json::json;

use crate::support::{TestApp, day};

#[actix_web::test]
async fn somebody_joins_a_project_with_rates_of_their_own_and_leaves_it_again() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    let tom = app.member().id();
    let path = format!("/projects/{project}/members");
    app.manager().get(&path).send().await.assert_has("#member_form");
    let form = [("user_id", tom.to_string()), ("rate", "110".into()), ("cost", "45.50".into())];
    app.manager().post(&path).form(form).send().await.assert_redirect(&path);
    let prices = || {
        let work = Work { user: tom, client, project, task: None };
        let today = app.today();
        let prices = app.read(|conn| rates::resolve(conn, work, today));
        (prices.bill.map(|rate| rate.cents), prices.cost.map(|rate| rate.cents))
    };
    assert_eq!(prices(), (Some(11_000), Some(4_550)));
    let page = app.bookkeeper().get(&path).send().await;
    page.assert_text("#members", "€110.00").assert_text("#members", "€45.50").assert_no("#member_form");
    app.manager().get(format!("/projects/{project}")).send().await.assert_has(".meta .av-stack [title=Tom]");
    assert_eq!(app.activity_of(client)[0], "added member: Tom");
    app.manager().delete(format!("{path}/{tom}")).send().await.assert_redirect(&path);
    assert_eq!((prices(), app.count("project_members")), ((Some(9_000), None), 0));
    app.manager().delete(format!("{path}/{tom}")).send().await.assert_status(404);
}

#[actix_web::test]
async fn nobody_joins_twice_and_who_does_not_manage_adds_nobody() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let (tom, path) = (app.member().id(), format!("/projects/{project}/members"));
    for visitor in [app.member(), app.bookkeeper()] {
        visitor.post(&path).form([("user_id", tom.to_string())]).send().await.assert_status(403);
    }
    app.manager().post(&path).form([("user_id", tom.to_string())]).send().await.assert_status(303);
    for (user, field) in
        [(tom.to_string(), "user_id"), ("9999".into(), "user_id"), (String::new(), "user_id")]
    {
        let page = app.manager().post(&path).form([("user_id", user), ("rate", "77".into())]).send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]")).assert_value("#rate", "77");
    }
    assert_eq!((app.count("project_members"), app.count_where("rates", "scope = 'project_member'")), (1, 0));
}

#[actix_web::test]
async fn a_member_sees_who_is_on_the_project_and_no_rate() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Halden"));
    let path = format!("/api/projects/{project}/members");
    let body = json!({ "user_id": app.member().id(), "rate": 87.65, "cost": 43.21 });
    let added = app.api(Role::Manager).post(&path).json(body.clone()).send().await;
    added.assert_status(201);
    assert_eq!((&added.json()["rate_cents"], &added.json()["cost_cents"]), (&json!(8_765), &json!(4_321)));
    app.api(Role::Manager).post(&path).json(body).send().await.problem(422);
    let list = app.api(Role::Member).get(&path).send().await.json();
    assert_eq!(list["members"][0], json!({ "user_id": app.member().id(), "name": "Tom" }));
    let page = app.member().get(format!("/projects/{project}/members")).send().await;
    page.assert_text("#members", "Tom").assert_no_text("main", "87.65").assert_no_text("main", "43.21");
    let gone = format!("{path}/{}", app.member().id());
    app.api(Role::Member).delete(&gone).send().await.problem(403);
    app.api(Role::Manager).delete(&gone).send().await.assert_status(204);
}

#[actix_web::test]
async fn hours_of_a_member_get_the_rate_that_they_have_on_the_project_and_say_so() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    let (tom, task) = (app.member().id(), app.task(project));
    app.project_rate(project, 9_000);
    let path = format!("/projects/{project}/members");
    app.manager().post(&path).form([("user_id", tom.to_string()), ("rate", "110".into())]).send().await;
    let body = json!({ "task_id": task, "date": app.today().to_string(), "duration": "1" });
    let logged = app.api(Role::Member).post("/api/time-entries").json(body.clone()).send().await;
    logged.assert_status(201);
    let stored = || {
        app.line("SELECT rate_cents || ' ' || rate_source AS line FROM time_entries ORDER BY id DESC LIMIT 1")
    };
    assert_eq!(stored(), format!("11000 project member rate from {}", app.today()));
    // A rate that is agreed for later ends with the membership.
    app.write(|conn| {
        rates::set(
            conn,
            app.actor().id,
            app.now(),
            rates::RateKind::Bill,
            rates::Scope::ProjectMember(project, tom),
            day("2027-01-01"),
            Some(12_000),
        )
    });
    app.manager().delete(format!("{path}/{tom}")).send().await.assert_redirect(&path);
    app.api(Role::Member).post("/api/time-entries").json(body).send().await.assert_status(201);
    assert!(stored().starts_with("9000 project rate"), "{}", stored());
    let work = Work { user: tom, client, project, task: Some(task) };
    let later = app.read(|conn| rates::resolve(conn, work, day("2027-02-01")));
    assert_eq!(later.bill.map(|rate| rate.cents), Some(9_000));
}
