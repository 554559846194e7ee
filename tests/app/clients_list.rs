//! The list of clients: words, filters, order, pages, and what a row shows.

use bureau::clients::model::ClientStatus;

use crate::clients::{NAMES, names};
use crate::support::{TestApp, cents, day};

async fn listed(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.manager().get(format!("/clients?{query}")).send().await;
    page.assert_status(200);
    names(&page)
}

#[actix_web::test]
async fn the_list_is_a_page_and_its_table_a_fragment() {
    let app = TestApp::new().await;
    app.client("Northwind");
    let page = app.manager().get("/clients").send().await;
    page.assert_status(200).assert_full_page().assert_text("h1", "Clients").assert_text(NAMES, "Northwind");
    assert_eq!(page.header("vary").as_deref(), Some("HX-Request"));
    let part = app.manager().get("/clients?q=north").htmx().send().await;
    part.assert_status(200).assert_fragment().assert_has("#clients-table").assert_no("h1");
    assert_eq!(names(&part), ["Northwind"]);
    let boosted = app.manager().get("/clients").htmx().header("hx-boosted", "true").send().await;
    boosted.assert_full_page();
    let back = app.manager().get("/clients").htmx().header("hx-history-restore-request", "true").send().await;
    back.assert_full_page();
}

#[actix_web::test]
async fn an_empty_list_says_what_a_client_is_and_how_to_add_one() {
    let app = TestApp::new().await;
    let page = app.manager().get("/clients").send().await;
    page.assert_text(".empty h2", "No clients yet").assert_has(".empty a[href='/clients/new']");
    app.member().get("/clients").send().await.assert_has(".empty").assert_no("a.btn[href='/clients/new']");
    app.client("Northwind");
    let page = app.manager().get("/clients?q=zzz").send().await;
    page.assert_text(".empty h2", "No client matches").assert_value("input[name=q]", "zzz");
}

#[actix_web::test]
async fn search_folds_case_and_accents_and_finds_every_word_anywhere() {
    let app = TestApp::new().await;
    let muller = app.client_with("Müller & Söhne GmbH", |new| {
        new.city = "Zürich".into();
        new.email = "post@mueller.example".into();
    });
    app.contact(muller, "Żaneta Łukasik");
    app.client("100 % Ökostrom_AG");
    app.client("Northwind");
    for query in [
        "muller",
        "M%C3%9CLLER",
        "mu%CC%88ller",
        "sohne+gmbh",
        "zurich+muller",
        "post%40mueller",
        "zaneta",
        "%C5%81UKASIK",
    ] {
        assert_eq!(listed(&app, &format!("q={query}")).await, ["Müller & Söhne GmbH"], "{query}");
    }
    assert_eq!(
        listed(&app, "q=%25").await,
        ["100 % Ökostrom_AG"],
        "a wildcard is a character like any other"
    );
    assert_eq!(listed(&app, "q=_").await, ["100 % Ökostrom_AG"]);
    assert_eq!(listed(&app, "q=%5C").await, [""; 0]);
    assert_eq!(listed(&app, "q=muller+northwind").await, [""; 0]);
    assert_eq!(listed(&app, "q=+++").await.len(), 3);
}

#[actix_web::test]
async fn search_follows_renamed_clients_and_contacts() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let contact = app.contact(client, "Ada Jensen");
    let form = [("name", "Ada Holm"), ("version", "1")];
    app.manager()
        .post(format!("/clients/{client}/contacts/{contact}"))
        .form(form)
        .send()
        .await
        .assert_status(303);
    assert_eq!(listed(&app, "q=jensen").await, [""; 0]);
    assert_eq!(listed(&app, "q=holm").await, ["Northwind"]);
    let form = [("name", "Southwind"), ("currency", "EUR"), ("version", "1")];
    app.manager().post(format!("/clients/{client}")).form(form).send().await.assert_status(303);
    assert_eq!(listed(&app, "q=north").await, [""; 0]);
    assert_eq!(listed(&app, "q=southwind+holm").await, ["Southwind"]);
    app.manager().delete(format!("/clients/{client}/contacts/{contact}")).send().await.assert_status(303);
    assert_eq!(listed(&app, "q=holm").await, [""; 0]);
}

#[actix_web::test]
async fn the_status_filters_and_archived_clients_show_on_request_only() {
    let app = TestApp::new().await;
    for (name, status) in
        [("Ada", ClientStatus::Lead), ("Bo", ClientStatus::Active), ("Cy", ClientStatus::Paused)]
    {
        app.client_with(name, |new| new.status = status);
    }
    let gone = app.client("Dee");
    app.manager().post(format!("/clients/{gone}/archive")).send().await.assert_status(303);
    assert_eq!(listed(&app, "").await, ["Ada", "Bo", "Cy"]);
    assert_eq!(listed(&app, "status=lead").await, ["Ada"]);
    assert_eq!(listed(&app, "status=active").await, ["Bo"]);
    assert_eq!(listed(&app, "status=paused").await, ["Cy"]);
    assert_eq!(listed(&app, "status=archived").await, ["Dee"]);
    assert_eq!(listed(&app, "status=active&q=cy").await, [""; 0]);
    app.manager().get("/clients?status=gone").send().await.assert_status(422);
    let page = app.manager().get("/clients?status=paused&q=c").send().await;
    page.assert_value("select[name=status]", "paused").assert_value("input[name=q]", "c");
}

#[actix_web::test]
async fn the_order_is_by_name_or_by_age_either_way() {
    let app = TestApp::new().await;
    for name in ["zebra", "Älska", "Bo"] {
        app.client(name);
        app.clock.advance(1);
    }
    assert_eq!(listed(&app, "").await, ["Älska", "Bo", "zebra"]);
    assert_eq!(listed(&app, "sort=name").await, ["Älska", "Bo", "zebra"]);
    assert_eq!(listed(&app, "sort=-name").await, ["zebra", "Bo", "Älska"]);
    assert_eq!(listed(&app, "sort=created").await, ["zebra", "Älska", "Bo"]);
    assert_eq!(listed(&app, "sort=-created").await, ["Bo", "Älska", "zebra"]);
    app.manager().get("/clients?sort=size").send().await.assert_status(422);
    let page = app.manager().get("/clients?q=b").send().await;
    page.assert_has("th[aria-sort] a[href='/clients?q=b&sort=-name']");
    let page = app.manager().get("/clients?q=b&sort=-name").send().await;
    page.assert_has("th[aria-sort=descending] a[href='/clients?q=b&sort=name']");
}

#[actix_web::test]
async fn a_page_holds_25_and_the_address_is_the_state() {
    let app = TestApp::new().await;
    for number in 1..=60 {
        app.client(&format!("Client {number:02}"));
    }
    let page = app.manager().get("/clients").send().await;
    assert_eq!(names(&page).len(), 25);
    page.assert_text("#clients-table", "1–25 of 60").assert_has("a[href='/clients?page=3']");
    assert_eq!(listed(&app, "page=3").await.len(), 10);
    assert_eq!(listed(&app, "page=3").await[0], "Client 51");
    assert_eq!(listed(&app, "page=999").await[0], "Client 51", "a page past the end is the last");
    assert_eq!(listed(&app, "sort=-name&page=2").await[0], "Client 35");
    let page = app.manager().get("/clients?q=client&sort=-name&page=2").send().await;
    page.assert_has("a[href='/clients?q=client&sort=-name&page=3']");
    for page in ["0", "-1", "x", "99999999999999999999"] {
        app.manager().get(format!("/clients?page={page}")).send().await.assert_status(422);
    }
}

#[actix_web::test]
async fn a_row_shows_contact_projects_hours_of_the_month_and_what_is_owed() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    app.contact(client, "Ada Jensen");
    app.contact(client, "Bo Holm");
    let project = app.project(client);
    let task = app.task(project);
    let tom = app.member().id();
    app.entry(tom, task, day("2026-11-02"), 5_400);
    app.entry(tom, task, day("2026-10-31"), 36_000);
    app.issued_invoice(client, cents("1,000.00"), day("2026-11-18"));
    let late = app.issued_invoice(client, cents("100.00"), day("2026-10-01"));
    app.payment(late, cents("19.00"));
    app.draft(client, cents("5,000.00"));
    let row = format!("#client_{client}");
    let page = app.manager().get("/clients").send().await;
    for text in ["Northwind", "Ada Jensen", "Active", "1.5", "€1,290.00", "€100.00 late"] {
        page.assert_text(&row, text);
    }
    let part = app.manager().get(format!("/clients/{client}/row")).htmx().send().await;
    part.assert_fragment().assert_text(&row, "€1,290.00");
    app.bookkeeper().get("/clients").send().await.assert_text(&row, "€1,290.00");
    let page = app.member().get("/clients").send().await;
    page.assert_text(&row, "1.5").assert_no_text("body", "€");
}

#[actix_web::test]
async fn a_row_is_edited_in_its_place() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| {
        new.notes = "Keep me".into();
        new.rate_cents = Some(9_500);
        new.payment_terms_days = Some(30);
    });
    let row = format!("/clients/{client}/row");
    app.manager().get(format!("{row}/edit")).send().await.assert_redirect(&format!("/clients/{client}/edit"));
    let form = app.manager().get(format!("{row}/edit")).htmx().send().await;
    form.assert_status(200)
        .assert_fragment()
        .assert_has(&format!("tr#client_{client} form[hx-post='{row}']"));
    let mut fields = form.fields("form.row-form");
    fields.iter_mut().find(|(name, _)| name == "name").unwrap().1 = String::new();
    let refused = app.manager().post(&row).form(fields.clone()).htmx().send().await;
    refused.assert_status(422).assert_fragment().assert_has("tr [data-error=name]");
    fields.iter_mut().find(|(name, _)| name == "name").unwrap().1 = "Southwind".into();
    fields.iter_mut().find(|(name, _)| name == "status").unwrap().1 = "paused".into();
    let saved = app.manager().post(&row).form(fields.clone()).htmx().send().await;
    saved.assert_status(200).assert_fragment().assert_text(&format!("tr#client_{client}"), "Southwind");
    saved.assert_text(".badge", "Paused").assert_no("form");
    let stored = app.find_client(client);
    assert_eq!((stored.name.as_str(), stored.status), ("Southwind", ClientStatus::Paused));
    assert_eq!(
        (stored.notes.as_str(), stored.payment_terms_days),
        ("Keep me", Some(30)),
        "unseen fields travel along"
    );
    assert_eq!(app.count_where("rates", "scope = 'client' AND amount_cents = 9500"), 1);
    fields.iter_mut().find(|(name, _)| name == "phone").unwrap().1 = "+45 1".into();
    let stale = app.manager().post(&row).form(fields).htmx().send().await;
    stale.assert_status(409).assert_fragment().assert_text(".conflict", "Somebody else saved this client");
    stale.assert_text(".versions tbody tr", "Phone empty +45 1").assert_value("input[name=phone]", "+45 1");
    assert_eq!(stale.header("hx-retarget").as_deref(), Some("#clients-table"));
    assert_eq!(app.find_client(client).version, 2);
}
