//! `/api/openapi.json` says what the API does: no route more, none less.

use std::collections::BTreeSet;

use actix_web::http::Method;
use bureau::auth::policy::Role;
use serde_json::{Value, json};

use crate::routes::Rows;
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
    assert_eq!(document["security"][0]["token"], json!([]));
    assert_eq!(document["info"].get("license"), None);
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

#[actix_web::test]
async fn every_refusal_of_every_route_is_described_as_a_problem() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    let document = document(&app).await;
    for route in bureau::app::api().iter() {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let path = rows.fill(route.path, &route.method);
        let elsewhere = path.replace(|c: char| c.is_ascii_digit(), "9999");
        for (visitor, path) in [
            (app.anonymous(), path.clone()),
            (app.api(Role::Member), path.clone()),
            (app.api(Role::Bookkeeper), path.clone()),
            (app.api(Role::Owner), elsewhere),
            (app.api(Role::Owner), format!("{path}?colour=red")),
            (app.api(Role::Owner), path.clone()),
            (app.api(Role::Owner).stepped_up(), path),
        ] {
            let mut request = visitor.request(route.method.clone(), &path);
            if operation.get("requestBody").is_some() {
                request = request.json(json!({}));
            }
            let answer = request.send().await;
            let described = &operation["responses"][answer.status.to_string()];
            assert!(described.is_object(), "{} {path}: {} is not described", route.method, answer.status);
            if answer.status >= 400 {
                let refusal = document.pointer(&described["$ref"].as_str().unwrap()[1..]).unwrap();
                let schema = &refusal["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem");
            }
        }
    }
    let known = document["components"]["schemas"]["Problem"]["properties"].as_object().unwrap();
    let problem = app.api(Role::Owner).post("/api/clients").json(json!({})).send().await.problem(422);
    assert!(problem.as_object().unwrap().keys().all(|field| known.contains_key(field)), "{problem}");
}

#[actix_web::test]
async fn what_a_body_must_hold_is_what_an_empty_one_is_refused_for() {
    let app = TestApp::new().await;
    let rows = Rows::add(&app);
    let document = document(&app).await;
    for route in bureau::app::api().iter().filter(|route| route.method == Method::POST) {
        let schema =
            &document["paths"][route.path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        // Hours and a timer share a form and ask for different things.
        let Some(reference) = schema["$ref"].as_str().filter(|name| !name.ends_with("/TimeEntryForm")) else {
            continue;
        };
        let Some(required) = document.pointer(&reference[1..]).unwrap()["required"].as_array() else {
            continue;
        };
        // The invoice that is issued, since a draft takes no payment.
        let path = rows.fill(route.path, &Method::GET);
        let refusal = app.api(Role::Owner).stepped_up().post(&path).json(json!({})).send().await.problem(422);
        let refused: BTreeSet<&str> =
            refusal["errors"].as_object().unwrap().keys().map(String::as_str).collect();
        let required: BTreeSet<&str> = required.iter().filter_map(Value::as_str).collect();
        assert_eq!(refused, required, "{path}");
    }
}

#[actix_web::test]
async fn lists_in_a_body_and_values_of_several_kinds_are_described() {
    let app = TestApp::empty().await;
    let document = document(&app).await;
    let schemas = &document["components"]["schemas"];
    assert!(schemas["ClientForm"]["properties"]["contacts"].to_string().contains("/ContactForm"));
    assert!(schemas["DraftForm"]["properties"]["lines"].to_string().contains("/LineForm"));
    assert_eq!(schemas["Typed"]["type"], json!(["string", "number", "boolean", "null"]));
}
