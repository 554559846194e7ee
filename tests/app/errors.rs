//! Input that nobody means well: always a clear 4xx, nothing changed, never a fault of ours.

use actix_web::http::Method;
use bureau::auth::policy::Role;
use serde_json::json;

use crate::support::TestApp;

const TEN_MEGABYTES: usize = 10 * 1_024 * 1_024;

#[actix_web::test]
async fn ten_megabytes_are_too_much_for_a_form_a_document_and_an_upload() {
    let app = TestApp::new().await;
    let owner = app.owner();
    owner.sign_in().await;
    owner.token().get("/api/clients").send().await;
    let before = app.dump();
    let long = "x".repeat(TEN_MEGABYTES);
    owner.post("/clients").form([("name", long.as_str())]).send().await.assert_status(413).assert_full_page();
    owner
        .post("/clients")
        .form([("name", long.as_str())])
        .htmx()
        .send()
        .await
        .assert_status(413)
        .assert_fragment();
    owner.token().post("/api/clients").json(json!({ "name": long })).send().await.problem(413);
    let part = crate::support::Part::field("name", &long);
    owner.stepped_up().post("/settings").multipart([part]).send().await.assert_status(413);
    let page = owner.post("/clients").form([("name", long.as_str())]).without("content-length").send().await;
    page.assert_status(413);
    app.anonymous().post("/login").form([("email", long.as_str())]).send().await.assert_status(413);
    app.assert_unchanged_but(&before, &crate::support::PROOFS);
}

#[actix_web::test]
async fn a_nul_is_refused_at_its_field() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let manager = app.manager();
    for field in
        ["name", "email", "phone", "website", "tax_id", "street", "city", "region", "postal_code", "notes"]
    {
        let mut form = vec![("name", "Contoso"), ("currency", "EUR"), ("status", "active")];
        form.retain(|(name, _)| *name != field);
        form.push((field, "a\0b"));
        let page = manager.post("/clients").form(form).send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    let problem =
        app.api(Role::Manager).post("/api/clients").json(json!({ "name": "a\u{0}b", "currency": "EUR" }));
    let problem = problem.send().await.problem(422);
    assert!(problem["errors"]["name"].is_string(), "{problem}");
    let page = manager.post(format!("/clients/{client}/contacts")).form([("name", "a\0b")]).send().await;
    page.assert_status(422).assert_has("[data-error=name]");
    manager.get("/clients?q=a%00b").send().await.assert_status(422);
    app.anonymous().get("/login?next=%00").send().await.assert_status(200);
    let page =
        app.anonymous().post("/login").form([("email", "a\0b@c.de"), ("password", "x\0y")]).send().await;
    page.assert_status(422);
    assert_eq!((app.count("clients"), app.count("contacts")), (1, 0));
}

#[actix_web::test]
async fn an_id_that_no_table_can_hold_is_a_404() {
    let app = TestApp::new().await;
    let manager = app.manager();
    for id in ["0", "9223372036854775807", "9223372036854775808", "99999999999999999999999999"] {
        manager.get(format!("/clients/{id}")).send().await.assert_status(404).assert_full_page();
        manager.get(format!("/clients/{id}")).htmx().send().await.assert_status(404).assert_fragment();
        manager.token().get(format!("/api/clients/{id}")).send().await.problem(404);
    }
    for id in ["-1", "1.5", "abc", "1%00", "%2e%2e", "1'--", "%D9%A1"] {
        manager.get(format!("/clients/{id}")).send().await.assert_status(404);
        manager.token().get(format!("/api/clients/{id}")).send().await.problem(404);
    }
}

#[actix_web::test]
async fn numbers_that_do_not_fit_are_refused_at_their_field() {
    let app = TestApp::new().await;
    for (field, value) in [
        ("rate", "99999999999999999999"),
        ("rate", "-1"),
        ("rate", "1e9"),
        ("rate", "NaN"),
        ("rate", "0.001"),
        ("payment_terms_days", "9223372036854775808"),
        ("payment_terms_days", "366"),
        ("payment_terms_days", "-1"),
        ("payment_terms_days", "14.5"),
        ("tax_rate", "100.001"),
        ("tax_rate", "-0.1"),
        ("currency", "XXX"),
        ("currency", "eur"),
        ("country", "ZZ"),
        ("language", "tlh"),
        ("status", "archived"),
        ("status", "gone"),
        ("email", "no address"),
        ("website", "javascript:alert(1)"),
        ("website", "https://"),
    ] {
        let mut form = vec![("name", "Contoso"), ("currency", "EUR")];
        form.retain(|(name, _)| *name != field);
        form.push((field, value));
        let page = app.manager().post("/clients").form(form.clone()).send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
        let document: serde_json::Map<String, serde_json::Value> =
            form.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let answer = app.api(Role::Manager).post("/api/clients").json(document.into()).send().await;
        assert!(answer.problem(422)["errors"][field].is_string(), "{field} = {value}: {}", answer.body());
    }
    assert_eq!(app.count("clients"), 0);
}

#[test]
fn a_date_that_does_not_exist_is_no_date() {
    use bureau::web::form::{Check, parse_date};
    for text in
        ["2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01", "99999-01-01", "1969-12-31", "2200-01-01"]
    {
        assert_eq!(parse_date(text), None, "{text}");
        let mut check = Check::new();
        assert_eq!(check.date("due_on", text), None);
        assert!(check.has_error("due_on"), "{text}");
    }
    assert!(parse_date("2028-02-29").is_some());
}

#[actix_web::test]
async fn json_that_is_none_is_a_400_and_says_where() {
    let app = TestApp::new().await;
    let manager = app.api(Role::Manager);
    for body in [
        r#"{"name": "\ud800"}"#,
        r#"{"name": "a", "#,
        r#"{"name": 1.5e400}"#,
        r#"{"name": ["a"]}"#,
        r#"["name"]"#,
        "",
        "null",
        "\u{feff}{}",
    ] {
        let request = manager.post("/api/clients").header("content-type", "application/json").body(body);
        let problem = request.send().await.problem(400);
        assert!(problem["detail"].as_str().unwrap().contains("JSON"), "{body}: {problem}");
    }
    let deep = "[".repeat(100_000);
    let request = manager.post("/api/clients").header("content-type", "application/json").body(deep);
    request.send().await.problem(400);
    let invalid =
        manager.post("/api/clients").header("content-type", "application/json").body(b"{\"name\":\"\xff\"}");
    invalid.send().await.problem(400);
    assert_eq!(app.count("clients"), 0);
}

#[actix_web::test]
async fn a_field_that_is_not_known_is_refused_and_named() {
    let app = TestApp::new().await;
    let document = json!({ "name": "Contoso", "currency": "EUR", "is_admin": true });
    let problem = app.api(Role::Manager).post("/api/clients").json(document).send().await.problem(400);
    assert!(problem["detail"].as_str().unwrap().contains("is_admin"), "{problem}");
    let page = app
        .manager()
        .post("/clients")
        .form([("name", "Contoso"), ("currency", "EUR"), ("id", "7")])
        .send()
        .await;
    page.assert_status(400);
    assert_eq!(app.count("clients"), 0);
}

#[actix_web::test]
async fn a_number_in_json_is_read_as_it_is_written() {
    let app = TestApp::new().await;
    let api = app.api(Role::Manager);
    for (rate, cents) in [("95.5", 9_550), ("95.500", 9_550), ("0.1", 10), ("1000.0", 100_000)]
        .into_iter()
        .chain([("1e2", 10_000), ("9.55E+1", 9_550), ("1055e-2", 1_055), ("1e-3", -1), ("1e99", -1)])
    {
        let body = format!(r#"{{"name": "At {rate}", "currency": "EUR", "rate": {rate}}}"#);
        let answer = api.post("/api/clients").json(body.parse::<serde_json::Value>().unwrap()).send().await;
        if cents < 0 {
            assert_eq!(answer.problem(422)["errors"]["rate"], "is not an amount, like 90.00");
        } else {
            assert_eq!(answer.json()["rate_cents"], cents, "{rate}");
        }
    }
    let body = r#"{"name": "X", "currency": "EUR", "rate": 1.005, "tax_rate": 8.875}"#;
    let problem = api.post("/api/clients").json(body.parse::<serde_json::Value>().unwrap()).send().await;
    assert_eq!(problem.problem(422)["errors"], json!({ "rate": "is not an amount, like 90.00" }));
    api.post("/api/clients")
        .json(json!({ "name": "X", "currency": "EUR", "rate": {} }))
        .send()
        .await
        .problem(400);
}

#[actix_web::test]
async fn a_name_of_which_nothing_can_be_seen_is_blank() {
    let app = TestApp::new().await;
    let (client, manager) = (app.client("Northwind"), app.manager());
    let project = app.project(client);
    manager.get("/clients").send().await.assert_status(200);
    manager.token().get("/api/clients").send().await.assert_status(200);
    let before = app.dump();
    for unseen in ["\u{200b}", "\u{2060} \u{ad}", "\u{202e}", "\u{feff}\u{3164}", "\u{2800}\u{fe0f}"] {
        let page = manager.post("/clients").form([("name", unseen), ("currency", "EUR")]).send().await;
        page.assert_status(422).assert_text("[data-error=name]", "Can't be blank");
        let page = manager.post(format!("/clients/{client}/contacts")).form([("name", unseen)]).send().await;
        page.assert_status(422).assert_text("[data-error=name]", "Can't be blank");
        for (path, body) in [
            ("/api/clients", json!({ "name": unseen, "currency": "EUR" })),
            ("/api/projects", json!({ "client_id": client, "name": unseen })),
            ("/api/labels", json!({ "name": unseen })),
        ] {
            let problem = manager.token().post(path).json(body).send().await.problem(422);
            assert_eq!(problem["errors"]["name"], "can't be blank", "{path} {unseen:?}: {problem}");
        }
        let body = json!({ "project_id": project, "title": unseen });
        let problem = manager.token().post("/api/tasks").json(body).send().await.problem(422);
        assert_eq!(problem["errors"]["title"], "can't be blank", "{unseen:?}: {problem}");
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_name_does_not_turn_what_stands_beside_it() {
    let app = TestApp::new().await;
    let api = app.api(Role::Manager);
    let named = |name: &str| json!({ "name": name, "currency": "EUR", "notes": "one \u{2067}two\u{2069}" });
    for turned in ["Northwind \u{202e}dnim", "\u{2066}Contoso\u{2069}"] {
        let problem = api.post("/api/clients").json(named(turned)).send().await.problem(422);
        assert_eq!(problem["errors"]["name"], "contains a character that cannot be stored", "{turned:?}");
    }
    assert_eq!(app.count("clients"), 0);
    // Marks that Hebrew and Persian are written with, and the joiners of an emoji.
    for kept in ["\u{5d0}\u{5d1} 24\u{200f}", "\u{646}\u{200c}\u{647}", "Studio \u{1f469}\u{200d}\u{1f4bb}"] {
        let answer = api.post("/api/clients").json(named(kept)).send().await;
        answer.assert_status(201);
        assert_eq!(answer.json()["name"], kept);
    }
}

#[actix_web::test]
async fn a_key_that_was_sent_with_other_content_is_named() {
    let app = TestApp::new().await;
    let api = app.api(Role::Manager);
    let body = |name: &str| json!({ "name": name, "currency": "EUR", "idempotency_key": "import-1" });
    api.post("/api/clients").json(body("Northwind")).send().await.assert_status(201);
    let problem = api.post("/api/clients").json(body("Contoso")).send().await.problem(422);
    let said = "was sent before with other content; send another one to add this as well";
    assert_eq!(problem["errors"], json!({ "idempotency_key": said }));
    assert_eq!(app.count("clients"), 1);
}

#[actix_web::test]
async fn a_body_of_another_kind_is_a_415() {
    let app = TestApp::new().await;
    let manager = app.manager();
    manager.post("/clients").json(json!({ "name": "Contoso" })).send().await.assert_status(415);
    manager
        .post("/clients")
        .header("content-type", "text/plain")
        .body("name=Contoso")
        .send()
        .await
        .assert_status(415);
    manager.post("/clients").body("name=Contoso").send().await.assert_status(415);
    app.owner().stepped_up().post("/settings").form([("name", "x")]).send().await.assert_status(415);
    manager.token().post("/api/clients").form([("name", "Contoso")]).send().await.problem(415);
    manager
        .token()
        .post("/api/clients")
        .header("content-type", "text/json")
        .body("{}")
        .send()
        .await
        .problem(415);
    let request =
        manager.token().post("/api/clients").header("content-type", "Application/JSON; charset=utf-8");
    request.body(r#"{"name": "Contoso", "currency": "EUR"}"#).send().await.assert_status(201);
}

#[actix_web::test]
async fn head_is_answered_like_get() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let manager = app.manager();
    for path in ["/clients".to_owned(), format!("/clients/{client}"), "/clients/new".to_owned()] {
        let page = manager.head(path).send().await;
        page.assert_status(200);
        assert_eq!(page.header("content-type").as_deref(), Some("text/html; charset=utf-8"));
    }
    manager.token().head("/api/clients").send().await.assert_status(200);
    for path in ["/healthz", "/login", "/api/openapi.json"] {
        app.anonymous().head(path).send().await.assert_status(200);
    }
    manager.head("/clients/999").send().await.assert_status(404);
    app.anonymous().head("/clients").send().await.assert_status(303);
}

#[actix_web::test]
async fn a_method_that_a_path_does_not_know_is_a_405_that_says_which_it_does() {
    let app = TestApp::new().await;
    let manager = app.manager();
    let client = app.client("Northwind");
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE] {
        let page = manager.request(method.clone(), "/clients").send().await;
        page.assert_status(405).assert_full_page();
        assert_eq!(page.header("allow").as_deref(), Some("GET, HEAD, POST"), "{method}");
    }
    let answer = manager.token().post(format!("/api/clients/{client}")).json(json!({})).send().await;
    answer.problem(405);
    assert_eq!(answer.header("allow").as_deref(), Some("GET, HEAD, PUT, DELETE"));
    manager.get("/logout").send().await.assert_status(405);
}

#[actix_web::test]
async fn an_unknown_path_is_a_404_in_the_caller_s_language() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    for path in ["/nothing", "/clients/1/nothing", "/clients/", "//clients", "/apiary", "/static/none.css/"] {
        let page = nobody.get(path).send().await;
        page.assert_status(404).assert_full_page().assert_text("h1", "There is nothing here");
    }
    nobody
        .get("/nothing")
        .htmx()
        .send()
        .await
        .assert_status(404)
        .assert_fragment()
        .assert_has("[role=alert]");
    for path in ["/api", "/api/", "/api/nothing", "/api/clients/1/nothing"] {
        let problem = nobody.get(path).send().await.problem(404);
        assert_eq!(problem["title"], "There is nothing here");
    }
    nobody.post("/nothing").send().await.assert_status(404);
    nobody.post("/nothing").cross_site().send().await.assert_status(403);
    let page = nobody.get("/static/app.0000000000000000.css").send().await;
    page.assert_status(404);
}

#[actix_web::test]
async fn a_fault_of_ours_shows_a_reference_and_no_cause() {
    let app = TestApp::new().await;
    let manager = app.manager();
    manager.sign_in().await;
    manager.token().get("/api/clients").send().await.assert_status(200);
    app.damaged();
    app.execute("ALTER TABLE clients RENAME TO lost_clients");
    let page = manager.get("/clients").send().await;
    page.assert_status(500).assert_full_page().assert_text("h1", "Something broke on our side");
    page.assert_text("main", "Reference ");
    let part = manager.get("/clients").htmx().send().await;
    part.assert_status(500).assert_fragment().assert_text("[role=alert]", "Reference ");
    let problem = manager.token().get("/api/clients").send().await.problem(500);
    assert_eq!(problem["request_id"].as_str().unwrap().len(), 12);
    for told in [page.body(), part.body(), problem.to_string()] {
        for cause in ["clients ", "no such table", "relation", "SELECT", "database", "diesel", "src/"] {
            assert!(!told.contains(cause), "it tells of {cause:?}: {told}");
        }
    }
}

#[actix_web::test]
async fn a_busy_database_is_a_503_that_says_when_to_come_back() {
    let page = bureau::error::AppError::Unavailable;
    let response = actix_web::ResponseError::error_response(&page);
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers().get("retry-after").unwrap(), "5");
}

#[actix_web::test]
async fn the_same_form_twice_at_once_is_saved_once() {
    let app = TestApp::new().await;
    let manager = app.manager();
    manager.sign_in().await;
    let client = app.client("Northwind");
    let saves = (0..5).map(|_| {
        let form = [("name", "Northwind Traders"), ("currency", "EUR"), ("version", "1")];
        manager.post(format!("/clients/{client}")).form(form).send()
    });
    let pages = futures_util::future::join_all(saves).await;
    let mut statuses: Vec<u16> = pages.iter().map(|page| page.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409, 409]);
    assert_eq!(app.find_client(client).version, 2);
}

#[actix_web::test]
async fn bytes_that_are_no_text_are_refused_and_not_stored_as_question_marks() {
    let app = TestApp::new().await;
    let manager = app.manager();
    manager.sign_in().await;
    let before = app.dump();
    for name in ["%ED%A0%80", "%FF", "a%C3", "\u{e9}%E9"] {
        let request = manager.post("/clients").header("content-type", "application/x-www-form-urlencoded");
        let request = request.cookie("theme=dark").body(format!("name={name}&currency=EUR"));
        let page = request.send().await;
        page.assert_status(400).assert_text("main", "no UTF-8 text").assert_has("html[data-theme=dark]");
    }
    for (body, wanted) in [("nmae=x&currency=EUR", "nmae"), ("name=x&name=y&currency=EUR", "name")] {
        let request = manager.post("/clients").header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.assert_status(400).assert_text("main", wanted);
    }
    app.assert_unchanged(&before);
}

#[test]
fn however_deep_a_comment_nests_its_html_does_not() {
    use bureau::types::markdown::to_html;
    let quotes = to_html(&format!("{} deep", ">".repeat(19_999)));
    assert!(quotes.matches("<blockquote>").count() <= 16 && quotes.contains("deep"), "{}", quotes.len());
    let lists: String = (0..200).map(|depth| format!("{}- item\n", "  ".repeat(depth))).collect();
    assert!(to_html(&lists).matches("<ul>").count() <= 16);
    assert!(!to_html(&"<div><em>".repeat(2_000)).contains("<em>"));
    let emphasis = to_html(&"*a **b ".repeat(2_000));
    assert!(emphasis.matches("<em>").count() <= 2_000);
    assert_eq!(
        to_html("> a\n>\n> - b").replace('\n', ""),
        "<blockquote><p>a</p><ul><li>b</li></ul></blockquote>"
    );
}
