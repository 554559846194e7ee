//! Contacts of a client: roles, editing in place, and never another client's.

use bureau::clients::contacts::model as contacts;
use bureau::types::ids::ClientId;

use crate::support::TestApp;

fn stored(app: &TestApp, client: ClientId) -> Vec<contacts::Contact> {
    app.read(|conn| contacts::of_client(conn, client))
}

#[actix_web::test]
async fn a_contact_has_roles() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    app.manager()
        .get(format!("/clients/{client}/contacts/new"))
        .send()
        .await
        .assert_status(200)
        .assert_full_page();
    let form = [
        ("name", "Ada Jensen"),
        ("job_title", "Finance"),
        ("email", "ada@northwind.example"),
        ("phone", "+45 1"),
        ("is_billing", "true"),
        ("is_owner", "on"),
    ];
    let page = app.manager().post(format!("/clients/{client}/contacts")).form(form).send().await;
    page.assert_redirect(&format!("/clients/{client}"));
    let contact = stored(&app, client).remove(0);
    assert_eq!((contact.is_billing, contact.is_technical, contact.is_owner), (true, false, true));
    let page = app.manager().get(format!("/clients/{client}")).send().await;
    page.assert_text(
        "[aria-label=Contacts] li",
        "Ada Jensen Finance · Billing, Owner ada@northwind.example +45 1",
    );
    assert_eq!(app.activity_of(client)[0], "created contact: Ada Jensen");
}

#[actix_web::test]
async fn a_billing_contact_needs_an_address_for_the_invoices() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let form = [("name", "Ada"), ("is_billing", "true"), ("job_title", "Finance")];
    let page = app.manager().post(format!("/clients/{client}/contacts")).form(form).htmx().send().await;
    page.assert_status(422).assert_fragment().assert_text("[data-error=email]", "invoices go there");
    page.assert_value("input[name=job_title]", "Finance").assert_value("input[name=is_billing]", "true");
    let page =
        app.manager().post(format!("/clients/{client}/contacts")).form([("name", ""), ("is_owner", "maybe")]);
    page.send().await.assert_status(422).assert_has("[data-error=name]");
    assert!(stored(&app, client).is_empty());
}

#[actix_web::test]
async fn a_contact_is_edited_in_its_place_in_the_list() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let contact = app.contact_with(client, "Ada", |new| new.is_technical = true);
    let path = format!("/clients/{client}/contacts/{contact}");
    let item = format!("li#contact_{contact}");
    let page = app.manager().get(format!("/clients/{client}")).send().await;
    page.assert_has(&format!("{item} a[hx-get='{path}/edit'][hx-target='closest li'][hx-swap=outerHTML]"));
    let form = app.manager().get(format!("{path}/edit")).htmx().send().await;
    form.assert_fragment().assert_has(&format!("{item} form[hx-target='closest li'][hx-swap=outerHTML]"));
    form.assert_value("input[name=is_technical]", "true");
    let mut fields = form.fields("form");
    fields.iter_mut().find(|(name, _)| name == "name").unwrap().1 = String::new();
    let refused = app.manager().post(&path).form(fields.clone()).htmx().send().await;
    refused.assert_status(422).assert_has(&format!("{item} form [data-error=name]"));
    fields.iter_mut().find(|(name, _)| name == "name").unwrap().1 = "Ada Holm".into();
    fields.retain(|(name, _)| name != "is_technical");
    let saved = app.manager().post(&path).form(fields.clone()).htmx().send().await;
    saved.assert_status(200).assert_fragment().assert_text(&item, "Ada Holm").assert_no("form");
    let shown = app.manager().get(&path).htmx().send().await;
    shown.assert_text(&item, "Ada Holm");
    let after = stored(&app, client).remove(0);
    assert_eq!((after.name.as_str(), after.is_technical, after.version), ("Ada Holm", false, 2));
    assert_eq!(app.activity_of(client)[0], "updated contact: Ada Holm");
    app.manager().post(&path).form(fields.clone()).htmx().send().await.assert_status(200);
    assert_eq!(stored(&app, client)[0].version, 2, "the same form twice is saved once");
    fields.iter_mut().find(|(name, _)| name == "job_title").unwrap().1 = "Director".into();
    for htmx in [true, false] {
        let request = app.manager().post(&path).form(fields.clone());
        let stale = if htmx { request.htmx() } else { request }.send().await;
        stale.assert_status(409).assert_text(".conflict", "Somebody else saved this contact meanwhile");
        stale.assert_text(".versions tbody tr", "Job title empty Director");
        stale.assert_value("input[name=job_title]", "Director").assert_value("input[name=version]", "2");
        assert_eq!(stale.header("hx-retarget").is_some_and(|target| target == item.replace("li", "")), htmx);
    }
}

#[actix_web::test]
async fn without_htmx_the_same_form_is_a_page() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let contact = app.contact(client, "Ada");
    let path = format!("/clients/{client}/contacts/{contact}");
    app.manager().get(&path).send().await.assert_redirect(&format!("/clients/{client}"));
    let page = app.manager().get(format!("{path}/edit")).send().await;
    page.assert_full_page().assert_has(&format!("form[method=post][action='{path}']"));
    page.assert_no("form[hx-target]");
    let mut fields = page.fields(&format!("form[action='{path}']"));
    fields.iter_mut().find(|(name, _)| name == "email").unwrap().1 = "nobody".into();
    let page = app.manager().post(&path).form(fields.clone()).send().await;
    page.assert_status(422).assert_full_page().assert_value("input[name=email]", "nobody");
    fields.iter_mut().find(|(name, _)| name == "email").unwrap().1 = "ada@northwind.example".into();
    app.manager().post(&path).form(fields).send().await.assert_redirect(&format!("/clients/{client}"));
    assert_eq!(stored(&app, client)[0].email, "ada@northwind.example");
    app.manager().post(&path).form([("name", "x")]).send().await.assert_status(400);
}

#[actix_web::test]
async fn a_contact_is_removed() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let contact = app.contact(client, "Ada");
    let page = app.manager().delete(format!("/clients/{client}/contacts/{contact}")).htmx().send().await;
    page.assert_redirect(&format!("/clients/{client}"));
    assert!(stored(&app, client).is_empty());
    assert_eq!(app.activity_of(client)[0], "deleted contact: Ada");
}

#[actix_web::test]
async fn a_contact_is_found_through_its_own_client_only() {
    let app = TestApp::new().await;
    let (northwind, contoso) = (app.client("Northwind"), app.client("Contoso"));
    let contact = app.contact(northwind, "Ada");
    let manager = app.manager();
    manager.sign_in().await;
    let before = app.dump();
    let wrong = format!("/clients/{contoso}/contacts/{contact}");
    manager.get(&wrong).htmx().send().await.assert_status(404);
    manager.get(format!("{wrong}/edit")).send().await.assert_status(404);
    manager.post(&wrong).form([("name", "Mine"), ("version", "1")]).send().await.assert_status(404);
    manager.delete(&wrong).send().await.assert_status(404);
    manager.post("/clients/999/contacts").form([("name", "Mine")]).send().await.assert_status(404);
    manager.get("/clients/999/contacts/new").send().await.assert_status(404);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_client_has_a_hundred_contacts_at_most() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let people = |count: usize| -> Vec<_> {
        (0..count).map(|number| serde_json::json!({ "name": format!("Person {number}") })).collect()
    };
    let path = format!("/api/clients/{client}");
    let put = async |count: usize, version: i64| {
        let body = serde_json::json!({
            "name": "Northwind", "currency": "EUR", "version": version, "contacts": people(count)
        });
        app.manager().token().put(&path).json(body).send().await
    };
    let problem = put(101, 1).await.problem(422);
    assert_eq!(problem["errors"]["contacts"], "has more than 100 entries");
    assert!(stored(&app, client).is_empty());
    put(100, 1).await.assert_status(200);
    let page =
        app.manager().post(format!("/clients/{client}/contacts")).form([("name", "One more")]).send().await;
    page.assert_status(422).assert_text("[role=alert]", "at most 100 contacts");
    assert_eq!(stored(&app, client).len(), 100);
    app.manager().get("/clients?q=person+99").send().await.assert_text("td", "Northwind");
    let positions = serde_json::json!({
        "name": "Northwind", "currency": "EUR", "version": 2, "contacts": [["Ada", "Finance"]]
    });
    app.manager().token().put(&path).json(positions).send().await.problem(400);
    assert_eq!(stored(&app, client).len(), 100);
}

#[actix_web::test]
async fn the_contacts_of_an_archived_client_stay_as_they_are() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let contact = app.contact(client, "Ada");
    let base = format!("/clients/{client}/contacts");
    app.manager().post(format!("/clients/{client}/archive")).send().await.assert_status(303);
    let before = app.dump();
    let form = [("name", "Bea"), ("version", "1")];
    app.manager().post(&base).form(form).send().await.assert_status(409);
    let page = app.manager().post(format!("{base}/{contact}")).form(form).send().await;
    page.assert_status(409).assert_value("input[name=name]", "Bea");
    app.manager().delete(format!("{base}/{contact}")).htmx().send().await.assert_status(409);
    app.assert_unchanged(&before);
    app.manager().get(format!("/clients/{client}")).send().await.assert_no("[aria-label='Edit Ada']");
}

#[actix_web::test]
async fn a_contact_that_is_sent_twice_is_added_once() {
    let app = TestApp::new().await;
    let path = format!("/clients/{}/contacts", app.client("Halden"));
    let page = app.manager().get(format!("{path}/new")).send().await;
    let mut fields = page.fields("#contact_form");
    for (name, value) in &mut fields {
        if name == "name" {
            *value = "Ada".into();
        }
    }
    for _ in 0..2 {
        app.manager().post(&path).form(fields.clone()).send().await.assert_status(303);
    }
    assert_eq!(app.count("contacts"), 1);
}
