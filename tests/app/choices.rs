//! What lists offer to be narrowed by: kept from page to page, and never behind the tables.

use actix_web::http::Method;
use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::TestApp;

const LISTS: [&str; 4] = ["/tasks", "/projects", "/billing", "/time-entries/all"];

async fn offered(app: &TestApp, list: &str, name: &str) -> Vec<String> {
    let page = app.owner().get(list).send().await;
    page.assert_status(200).texts(&format!("select[name={name}] option"))
}

#[actix_web::test]
async fn every_list_offers_clients_as_they_are_now() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    for list in LISTS {
        assert_eq!(offered(&app, list, "client_id").await, ["Any", "Halden"], "{list}");
    }
    app.client("Aldgate");
    app.execute(&format!(
        "UPDATE clients SET name = 'Northwind', name_key = 'northwind', version = 2 WHERE id = {client}"
    ));
    for list in LISTS {
        assert_eq!(offered(&app, list, "client_id").await, ["Any", "Aldgate", "Northwind"], "{list}");
    }
    app.manager().post(format!("/clients/{client}/archive")).send().await.assert_status(303);
    for list in LISTS {
        assert_eq!(offered(&app, list, "client_id").await, ["Any", "Aldgate"], "{list}");
        let narrowed = format!("{list}?client_id={client}");
        assert_eq!(
            offered(&app, &narrowed, "client_id").await,
            ["Any", "Northwind", "Aldgate"],
            "{narrowed}"
        );
        let page = app.owner().get(&narrowed).send().await;
        assert_eq!(page.texts("select[name=client_id] option[selected]"), ["Northwind"], "{narrowed}");
    }
    app.manager().post(format!("/clients/{client}/restore")).send().await.assert_status(303);
    app.manager().request(Method::DELETE, format!("/clients/{client}")).send().await.assert_status(303);
    for list in LISTS {
        assert_eq!(offered(&app, list, "client_id").await, ["Any", "Aldgate"], "{list}");
    }
}

#[actix_web::test]
async fn the_list_of_hours_offers_projects_as_they_are_now() {
    let app = TestApp::new().await;
    let (halden, northwind) = (app.client("Halden"), app.client("Northwind"));
    let shop = app.project_named(halden, "Shop");
    app.project_named(northwind, "Intranet");
    let all = "/time-entries/all";
    assert_eq!(offered(&app, all, "project_id").await, ["Any", "Halden · Shop", "Northwind · Intranet"]);
    let of_halden = format!("{all}?client_id={halden}");
    assert_eq!(offered(&app, &of_halden, "project_id").await, ["Any", "Halden · Shop"]);
    app.execute(&format!(
        "UPDATE clients SET name = 'Zeta', name_key = 'zeta', version = 2 WHERE id = {halden}"
    ));
    assert_eq!(offered(&app, all, "project_id").await, ["Any", "Northwind · Intranet", "Zeta · Shop"]);
    app.manager().post(format!("/projects/{shop}/archive")).send().await.assert_status(303);
    assert_eq!(offered(&app, all, "project_id").await, ["Any", "Northwind · Intranet"]);
    let narrowed = format!("{all}?project_id={shop}");
    assert_eq!(offered(&app, &narrowed, "project_id").await, ["Any", "Zeta · Shop", "Northwind · Intranet"]);
}

#[actix_web::test]
async fn no_name_changes_in_the_database_without_its_version() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    app.project_named(client, "Shop");
    for change in [
        "UPDATE clients SET name = 'Northwind'",
        "UPDATE clients SET name = 'Northwind', version = version - 1",
        "UPDATE projects SET name = 'Intranet'",
        "UPDATE projects SET status = 'paused'",
    ] {
        let message = app.execute_refused(change);
        assert!(message.contains("counts up the version"), "{change}: {message}");
    }
    let client = app.api(Role::Owner).get(format!("/api/clients/{client}")).send().await;
    assert_eq!(client.json()["name"], json!("Halden"));
}
