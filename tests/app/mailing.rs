//! Invoices and quotes by mail: what goes out, and what is said of it.

use bureau::auth::policy::Role;
use bureau::net::post::Refusal;
use serde_json::json;

use crate::support::{TestApp, day};

fn northwind(app: &TestApp) -> bureau::types::ids::ClientId {
    let client = app.client_with("Northwind", |new| new.email = "office@northwind.com".into());
    app.contact_with(client, "Ada", |new| {
        new.email = "ada@northwind.com".into();
        new.is_billing = true;
    });
    client
}

#[actix_web::test]
async fn an_invoice_goes_to_the_billing_contact_with_its_document() {
    let app = TestApp::with_post().await;
    let client = northwind(&app);
    let invoice = app.issued_invoice(client, 10_000, day("2026-11-02"));
    let number = app.line("SELECT number AS line FROM invoices");
    let path = format!("/billing/{invoice}/mail");
    app.bookkeeper().get(format!("/billing/{invoice}")).send().await.assert_has(&format!("a[href='{path}']"));
    let page = app.bookkeeper().get(&path).send().await;
    page.assert_value("#recipient", "ada@northwind.com");
    page.assert_value("#subject", &format!("Invoice {number} from Fielder Studio"));
    let mut fields = page.fields("#mail_form");
    let text = fields.iter().find(|(name, _)| name == "text").unwrap().1.clone();
    assert!(text.starts_with("Hello Ada,") && text.contains(&number) && text.contains("119.00"), "{text}");
    app.bookkeeper()
        .post(&path)
        .form(fields.clone())
        .send()
        .await
        .assert_redirect(&format!("/billing/{invoice}"));
    // A second click queues nothing more.
    app.bookkeeper()
        .post(&path)
        .form(fields.clone())
        .send()
        .await
        .assert_redirect(&format!("/billing/{invoice}"));
    assert_eq!(app.count("mails"), 1);
    let page = app.bookkeeper().get(format!("/billing/{invoice}")).send().await;
    page.assert_text("#mails", "Queued").assert_no_text("#mails", "Sent");
    app.post.refuse(Refusal::Later("The line is busy.".into()));
    app.run_jobs().await;
    let page = app.bookkeeper().get(format!("/billing/{invoice}")).send().await;
    page.assert_text("#mails", "The line is busy.").assert_no_text("#mails", "Sent");
    app.clock.advance(2);
    app.run_jobs().await;
    let letter = app.post.only();
    assert_eq!(
        (letter.to.as_str(), letter.reply_to.as_str()),
        ("ada@northwind.com", "office@fielder.studio")
    );
    let attached = letter.attachment.unwrap();
    assert_eq!(attached.name, format!("{number}.html"));
    assert!(attached.body.contains(&number) && attached.body.contains(".inv-head"), "it brings its sheet");
    assert!(!attached.body.contains("/static/") && !attached.body.contains("<script"));
    app.bookkeeper().get(format!("/billing/{invoice}")).send().await.assert_text("#mails", "Sent");
    let entry = format!("queued invoice: {number}");
    assert!(app.activity().contains(&entry), "{:?}", app.activity());
    // What is refused keeps what was typed and queues nothing.
    fields.retain(|(name, _)| name != "recipient" && name != "idempotency_key");
    fields.push(("recipient".into(), "ada@northwind.com, eve@evil.com".into()));
    let page = app.bookkeeper().post(&path).form(fields).send().await;
    page.assert_status(422)
        .assert_has("[data-error=recipient]")
        .assert_value("#recipient", "ada@northwind.com, eve@evil.com");
    app.member().get(&path).send().await.assert_status(403);
    assert_eq!(app.count("mails"), 1);
}

#[actix_web::test]
async fn a_draft_is_not_sent() {
    let app = TestApp::with_post().await;
    let draft = app.draft(northwind(&app), 10_000);
    let path = format!("/billing/{draft}/mail");
    app.owner().get(&path).send().await.assert_status(409);
    let form = [("recipient", "ada@northwind.com"), ("subject", "Hello"), ("text", "Hello")];
    app.owner().post(&path).form(form).send().await.assert_status(409);
    assert_eq!(app.count("mails") + app.count("jobs"), 0);
}

#[actix_web::test]
async fn a_quote_goes_by_a_link_that_only_its_reader_sees() {
    let app = TestApp::with_post().await;
    let quote = crate::quotes::sent(&app, northwind(&app));
    let path = format!("/quotes/{quote}/mail");
    app.owner().get(format!("/quotes/{quote}")).send().await.assert_has(&format!("a[href='{path}']"));
    let page = app.owner().get(&path).send().await;
    page.assert_value("#recipient", "ada@northwind.com");
    let fields = page.fields("#mail_form");
    let without: Vec<_> =
        fields.iter().map(|(name, value)| (name.clone(), value.replace("{link}", ""))).collect();
    app.owner().post(&path).form(without).send().await.assert_status(422).assert_has("[data-error=text]");
    assert_eq!(app.count("mails") + app.count("quote_links"), 0);
    app.owner().post(&path).form(fields).send().await.assert_redirect(&format!("/quotes/{quote}"));
    app.owner().get(format!("/quotes/{quote}")).send().await.assert_text("#mails", "Queued");
    let id = app.line("SELECT CAST(id AS TEXT) AS line FROM mails");
    app.owner().get(format!("/mail/{id}")).send().await.assert_no_text("#text", "/offers/");
    app.run_jobs().await;
    let letter = app.post.only();
    let at = letter.text.find("http://127.0.0.1:8080/offers/").unwrap();
    let link =
        letter.text[at..].split_whitespace().next().unwrap().trim_start_matches("http://127.0.0.1:8080");
    app.anonymous().get(link).send().await.assert_status(200);
}

#[actix_web::test]
async fn programs_send_documents_too() {
    let app = TestApp::with_post().await;
    let client = northwind(&app);
    let invoice = app.issued_invoice(client, 10_000, day("2026-11-02"));
    let quote = crate::quotes::sent(&app, client);
    let api = app.api(Role::Manager);
    let body = json!({"recipient": "ada@northwind.com", "subject": "Yours", "text": "Look: {link}", "idempotency_key": "one"});
    for (path, other) in
        [(format!("/api/billing/{invoice}/mail"), "two"), (format!("/api/quotes/{quote}/mail"), "three")]
    {
        let mut body = body.clone();
        body["idempotency_key"] = other.into();
        let first = api.post(&path).json(body.clone()).send().await;
        first.assert_status(201);
        assert_eq!(first.json()["state"], "queued");
        let again = api.post(&path).json(body).send().await;
        assert_eq!(again.json()["id"], first.json()["id"]);
        api.post(&path).json(json!({"recipient": "nobody"})).send().await.problem(422);
        app.run_jobs().await;
        let list = api.get(&path).send().await.json();
        assert_eq!((&list["mails"][0]["state"], &list["meta"]["count"]), (&json!("sent"), &json!(1)));
    }
    app.api(Role::Member).get(format!("/api/billing/{invoice}/mail")).send().await.problem(403);
    assert_eq!(app.post.taken().len(), 2);
}
