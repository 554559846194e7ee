//! Clients over the JSON API: the same form checks and the same verbs as the pages.

use bureau::auth::policy::Role;
use serde_json::{Value, json};

use crate::support::TestApp;

#[actix_web::test]
async fn a_program_adds_reads_changes_and_deletes_a_client() {
    let app = TestApp::new().await;
    let manager = app.api(Role::Manager);
    let document = json!({
        "name": "Halden Brewing Co.",
        "status": "lead",
        "currency": "NOK",
        "country": "NO",
        "payment_terms_days": 30,
        "tax_rate": "25",
        "rate": 1250,
        "contacts": [{ "name": "Åse", "email": "ase@halden.example", "is_billing": true }, { "name": "Bo" }],
    });
    let answer = manager.post("/api/clients").json(document).send().await;
    answer.assert_status(201);
    let client = answer.json();
    let path = format!("/api/clients/{}", client["id"]);
    assert_eq!(answer.header("location").as_deref(), Some(path.as_str()));
    assert_eq!((&client["rate_cents"], &client["tax_rate_millis"]), (&json!(125_000), &json!(25_000)));
    assert_eq!(client["contacts"][0]["is_billing"], true);
    assert_eq!((&client["created_at"], &client["version"]), (&json!("2026-11-19T09:31:00Z"), &json!(1)));
    assert_eq!(manager.get(&path).send().await.json(), client);
    let change =
        json!({ "name": "Halden AS", "currency": "NOK", "version": 1, "contacts": [{ "name": "Åse Berg" }] });
    let changed = manager.put(&path).json(change).send().await;
    changed.assert_status(200);
    let changed = changed.json();
    assert_eq!((&changed["name"], &changed["version"]), (&json!("Halden AS"), &json!(2)));
    assert_eq!(changed["contacts"].as_array().unwrap().len(), 1);
    assert_eq!(
        changed["contacts"][0]["id"], client["contacts"][0]["id"],
        "by position: the first stays the first"
    );
    let change = json!({ "name": "Halden AS", "currency": "NOK", "version": 2 });
    let kept = manager.put(&path).json(change).send().await.json();
    assert_eq!(kept["contacts"], changed["contacts"], "absent leaves them as they are");
    let gone = manager.delete(&path).send().await;
    gone.assert_status(204);
    assert!(gone.body.is_empty());
    manager.get(&path).send().await.problem(404);
    manager.delete(&path).send().await.problem(404);
    assert_eq!((app.count("clients"), app.count("contacts")), (0, 0));
}

#[actix_web::test]
async fn a_list_comes_in_pages_with_the_filters_of_the_screen() {
    let app = TestApp::new().await;
    for number in 1..=30 {
        app.client(&format!("Client {number:02}"));
    }
    let manager = app.api(Role::Manager);
    let list = manager.get("/api/clients").send().await.json();
    assert_eq!(list["clients"].as_array().unwrap().len(), 25);
    assert_eq!(list["meta"], json!({ "count": 25, "next": "2", "total": 30 }));
    let list = manager.get("/api/clients?page=2").send().await.json();
    assert_eq!(list["meta"], json!({ "count": 5, "total": 30 }));
    let list = manager.get("/api/clients?q=client+07&sort=-name&status=active").send().await.json();
    assert_eq!(list["clients"][0]["name"], "Client 07");
    assert_eq!(list["meta"]["total"], 1);
    let problem = manager.get("/api/clients?status=gone&page=0").send().await.problem(422);
    assert_eq!(problem["errors"].as_object().unwrap().keys().collect::<Vec<_>>(), ["page", "status"]);
    manager.get("/api/clients?colour=red").send().await.problem(400);
}

#[actix_web::test]
async fn a_refusal_names_every_field_at_once() {
    let app = TestApp::new().await;
    let manager = app.api(Role::Manager);
    let document = json!({
        "name": " ",
        "currency": "EURO",
        "email": "nobody",
        "payment_terms_days": -1,
        "contacts": [{ "name": "Ada" }, { "name": "", "is_billing": true }],
    });
    let answer = manager.post("/api/clients").json(document).send().await;
    let problem = answer.problem(422);
    let fields: Vec<&String> = problem["errors"].as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["contacts[1].email", "contacts[1].name", "currency", "email", "name", "payment_terms_days"]
    );
    assert_eq!(problem["errors"]["name"], "can't be blank");
    assert_eq!(problem["type"], "about:blank");
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    assert_eq!(app.count("clients"), 0);
}

#[actix_web::test]
async fn an_old_version_is_a_409_and_changes_nothing() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let manager = app.api(Role::Manager);
    let path = format!("/api/clients/{client}");
    let change = |name: &str, version: Value| json!({ "name": name, "currency": "EUR", "version": version });
    manager.put(&path).json(change("Southwind", json!(1))).send().await.assert_status(200);
    let problem = manager.put(&path).json(change("Westwind", json!(1))).send().await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("version 2"), "{problem}");
    for version in [Value::Null, json!(""), json!("x")] {
        let problem = manager.put(&path).json(change("Westwind", version)).send().await.problem(422);
        assert!(problem["errors"]["version"].is_string(), "{problem}");
    }
    manager.put("/api/clients/999").json(change("Westwind", json!(1))).send().await.problem(404);
    assert_eq!(app.find_client(client).name, "Southwind");
}

#[actix_web::test]
async fn a_likely_copy_is_refused_unless_it_is_meant() {
    let app = TestApp::new().await;
    app.client("Müller GmbH");
    let manager = app.api(Role::Manager);
    let problem =
        manager.post("/api/clients").json(json!({ "name": "muller gmbh", "currency": "EUR" })).send().await;
    assert!(problem.problem(422)["errors"]["name"].as_str().unwrap().contains("allow_duplicate"));
    let meant = json!({ "name": "muller gmbh", "currency": "EUR", "allow_duplicate": true });
    manager.post("/api/clients").json(meant).send().await.assert_status(201);
    assert_eq!(app.count("clients"), 2);
}

#[actix_web::test]
async fn a_copy_is_known_by_what_it_goes_by_its_site_and_its_addresses() {
    let app = TestApp::new().await;
    let halden = app.client_with("Halden Brewing Co.", |new| {
        new.email = "hello@halden.example".into();
        new.website = "https://www.halden.example/beer".into();
        new.tax_id = "NO 999 888 777".into();
    });
    let (path, email) = (format!("/clients/{halden}/contacts"), "ase@brewers.example");
    let form = [("name", "Åse"), ("email", email)];
    app.manager().post(&path).form(form).send().await.assert_status(303);
    app.client("Quite Another Ltd");
    let (manager, api) = (app.manager(), app.api(Role::Manager));
    api.get("/api/clients").send().await.assert_status(200);
    let before = app.dump();
    for (field, value) in [
        ("name", "Halden Brewing"),
        ("name", "Halden  Brewing Co"),
        ("name", "HALDEN-BREWING, Inc."),
        ("name", "halden brewing GmbH & Co. KG"),
        ("email", "Hello@Halden.example"),
        ("email", "ase@brewers.example"),
        ("website", "http://halden.example"),
        ("website", "WWW.Halden.example/contact"),
        ("tax_id", "no999888777"),
    ] {
        let mut form = std::collections::BTreeMap::from([("name", "Somebody Else"), ("currency", "EUR")]);
        form.insert(field, value);
        let page = manager.post("/clients").form(form.clone()).send().await;
        page.assert_status(422).assert_text(".callout", "You may have this client already.");
        page.assert_text(&format!(".callout a[href='/clients/{halden}']"), "Halden Brewing Co.");
        page.assert_value(&format!("input[name={field}]"), value);
        let problem = api.post("/api/clients").json(json!(form)).send().await.problem(422);
        let said = problem["errors"]["name"].as_str().unwrap();
        assert!(said.contains(&format!("client {halden} (Halden Brewing Co.)")), "{value}: {said}");
    }
    let contacts = json!([{"name": "Bo", "email": email}]);
    let body = json!({"name": "Somebody Else", "currency": "EUR", "contacts": contacts});
    api.post("/api/clients").json(body).send().await.problem(422);
    app.assert_unchanged_but(&before, &["users", "sessions", "api_tokens"]);
    // What only begins alike, or has nothing to compare, is another company.
    for name in ["Halden", "Halden Brewing Supplies", "Co", "Ltd."] {
        let form = [("name", name), ("currency", "EUR")];
        manager.post("/clients").form(form).send().await.assert_status(303);
    }
    // Of a client that is there only what changes counts, and its own contacts are no other client's.
    let stored = api.get(format!("/api/clients/{halden}")).send().await.json();
    let mut form = json!({"name": "Halden", "currency": stored["currency"], "version": stored["version"]});
    api.put(format!("/api/clients/{halden}")).json(form.clone()).send().await.problem(422);
    form["name"] = "Halden Brewing AS".into();
    form["email"] = email.into();
    api.put(format!("/api/clients/{halden}")).json(form).send().await.assert_status(200);
}

#[actix_web::test]
async fn a_client_with_projects_stays() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    app.project(client);
    let problem = app.api(Role::Manager).delete(format!("/api/clients/{client}")).send().await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("Northwind has 1 project"), "{problem}");
    assert_eq!(app.count("clients"), 1);
}

#[actix_web::test]
async fn roles_without_money_read_no_rate_and_no_terms_and_write_nothing() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| {
        new.rate_cents = Some(9_500);
        new.payment_terms_days = Some(30);
        new.tax_rate_millis = Some(7_000);
    });
    let path = format!("/api/clients/{client}");
    let hidden = ["rate_cents", "payment_terms_days", "tax_rate_millis"];
    let seen = app.api(Role::Bookkeeper).get(&path).send().await.json();
    assert!(hidden.iter().all(|field| seen[field].is_number()), "{seen}");
    let member = app.api(Role::Member);
    for document in [
        member.get(&path).send().await.json(),
        member.get("/api/clients").send().await.json()["clients"][0].clone(),
    ] {
        assert!(hidden.iter().all(|field| document.get(field).is_none()), "{document}");
        assert_eq!(document["name"], "Northwind");
    }
    app.api(Role::Manager).get(&path).send().await.assert_status(200);
    let before = app.dump();
    for role in [Role::Member, Role::Bookkeeper] {
        let program = app.api(role);
        program
            .post("/api/clients")
            .json(json!({ "name": "x", "currency": "EUR" }))
            .send()
            .await
            .problem(403);
        program
            .put(&path)
            .json(json!({ "name": "x", "currency": "EUR", "version": 1 }))
            .send()
            .await
            .problem(403);
        program.delete(&path).send().await.problem(403);
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_client_that_is_sent_twice_is_added_once_by_page_and_by_api() {
    let app = TestApp::new().await;
    let page = app.manager().get("/clients/new").send().await;
    let mut fields = page.fields("#client_form");
    for (name, value) in &mut fields {
        if name == "name" {
            *value = "Halden".into();
        }
    }
    let first = app.manager().post("/clients").form(fields.clone()).send().await;
    let second = app.manager().post("/clients").form(fields).send().await;
    assert_eq!((first.status, second.status, app.count("clients")), (303, 303, 1));
    assert_eq!(first.header("location"), second.header("location"));
    let body =
        json!({ "name": "Halden", "currency": "EUR", "allow_duplicate": true, "idempotency_key": "a" });
    app.api(Role::Manager).post("/api/clients").json(body.clone()).send().await.assert_status(201);
    app.api(Role::Manager).post("/api/clients").json(body).send().await.problem(409);
    assert_eq!(app.count("clients"), 2);
}

#[actix_web::test]
async fn the_api_archives_and_restores_clients_and_projects() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let project = app.project(client);
    let api = app.api(Role::Manager);
    for path in [format!("/api/projects/{project}"), format!("/api/clients/{client}")] {
        for _ in 0..2 {
            api.post(format!("{path}/archive")).send().await.assert_status(204);
        }
        assert_eq!(api.get(&path).send().await.json()["status"], "archived", "{path}");
        api.post(format!("{path}/restore")).send().await.assert_status(204);
        assert_ne!(api.get(&path).send().await.json()["status"], "archived", "{path}");
        app.api(Role::Member).post(format!("{path}/archive")).send().await.problem(403);
    }
}
