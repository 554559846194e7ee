//! `/api/openapi.json` says what the API does: no route more, none less.

use std::collections::BTreeSet;

use bureau::auth::policy::Role;
use serde_json::Value;

use crate::support::TestApp;

async fn document(app: &TestApp) -> Value {
    let page = app.anonymous().get("/api/openapi.json").send().await;
    page.assert_status(200);
    assert_eq!(page.header("content-type").as_deref(), Some("application/json"));
    page.json()
}

#[actix_web::test]
async fn it_is_openapi_3_1_and_open_to_everybody() {
    let app = TestApp::empty().await;
    let document = document(&app).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document["info"]["title"], "Bureau");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    assert_eq!(document["security"][0]["token"], serde_json::json!([]));
}

#[actix_web::test]
async fn it_describes_every_route_of_the_api_and_no_other() {
    let app = TestApp::empty().await;
    let document = document(&app).await;
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let served: BTreeSet<String> =
        bureau::app::api().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(described, served);
}

#[actix_web::test]
async fn operations_are_named_once_and_say_how_they_answer() {
    let app = TestApp::empty().await;
    let document = document(&app).await;
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name =
                operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            assert!(!operation["responses"].as_object().unwrap().is_empty(), "{name} answers nothing");
            let summary = operation["summary"].as_str().or_else(|| operation["description"].as_str());
            assert!(summary.is_some_and(|text| !text.is_empty()), "{name} does not say what it does");
            let wanted = path.matches('{').count();
            let given = operation["parameters"].as_array().map_or(0, |parameters| {
                parameters.iter().filter(|parameter| parameter["in"] == "path").count()
            });
            assert_eq!(given, wanted, "{name} leaves a part of {path} undescribed");
        }
    }
}

#[actix_web::test]
async fn every_schema_that_it_refers_to_is_there() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    found.insert(reference.clone());
                }
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let app = TestApp::empty().await;
    let document = document(&app).await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[actix_web::test]
async fn a_client_as_it_is_answered_is_a_client_as_it_is_described() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| {
        new.rate_cents = Some(9_500);
        new.payment_terms_days = Some(30);
        new.tax_rate_millis = Some(7_000);
    });
    let answer = app.api(Role::Manager).get(format!("/api/clients/{client}")).send().await.json();
    let document = document(&app).await;
    let described = document["components"]["schemas"]["ClientJson"]["properties"].as_object().unwrap();
    let described: BTreeSet<&String> = described.keys().collect();
    let answered: BTreeSet<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(answered, described);
}

#[actix_web::test]
async fn a_choice_is_described_by_what_is_sent() {
    let app = TestApp::empty().await;
    let document = document(&app).await;
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["ClientStatus"]["enum"].to_string(), r#"["lead","active","paused","archived"]"#);
    assert_eq!(schemas["Unit"]["enum"][0], "HUR");
}
