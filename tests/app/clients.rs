//! Clients: the list, one client, its forms. Contacts and the API have files of their own.

use bureau::auth::policy::Role;
use bureau::clients::model::ClientStatus;

use crate::support::{Page, TestApp, cents, day};

pub const NAMES: &str = "#clients-table tbody .title[href^='/clients/']";

pub fn names(page: &Page) -> Vec<String> {
    let mut names = page.texts(NAMES);
    names.retain(|name| !name.starts_with('€'));
    names
}

#[actix_web::test]
async fn create_with_blank_name_shows_the_error_and_keeps_the_rest() {
    let app = TestApp::new().await;
    let page = app.manager().post("/clients").form([("name", ""), ("email", "a@b.ch")]).htmx().send().await;
    page.assert_status(422).assert_fragment();
    page.assert_text("#client_form [data-error=name]", "Can't be blank.");
    page.assert_value("input[name=email]", "a@b.ch");
    page.assert_has("input[name=name][aria-invalid=true][aria-describedby=name-error]");
    assert_eq!(app.count("clients"), 0);
}

#[actix_web::test]
async fn the_form_of_a_new_client_follows_the_agency() {
    let app = TestApp::new().await;
    let page = app.manager().get("/clients/new").send().await;
    page.assert_status(200).assert_full_page();
    page.assert_value("select[name=currency]", "EUR").assert_value("select[name=status]", "active");
    page.assert_value("input[name=payment_terms_days]", "").assert_value("input[name=rate]", "");
    let part = app.manager().get("/clients/new").htmx().send().await;
    part.assert_fragment().assert_has("#client_form");
}

#[actix_web::test]
async fn create_stores_every_field_and_leads_to_the_client() {
    let app = TestApp::new().await;
    let form = [
        ("name", "  Halden Brewing Co. "),
        ("status", "lead"),
        ("email", "hello@halden.example"),
        ("phone", "+47 22 00 00 00"),
        ("website", "halden.example"),
        ("tax_id", "NO 987 654 321"),
        ("street", "Storgata 1\r\nBakgård"),
        ("postal_code", "1767"),
        ("city", "Halden"),
        ("region", "Østfold"),
        ("country", "no"),
        ("postal_address", "Postboks 7\n1751 Halden"),
        ("language", "da"),
        ("currency", "NOK"),
        ("payment_terms_days", "30"),
        ("tax_rate", "25 %"),
        ("rate", "1,250.50"),
        ("notes", "Ask for Åse.\nNo calls on Friday."),
    ];
    let page = app.manager().post("/clients").form(form).send().await;
    let id = page.new_id();
    page.assert_redirect(&format!("/clients/{id}"));
    assert_eq!(page.flash(), "Client added.");
    let client = app.find_client(bureau::types::ids::ClientId(id));
    assert_eq!((client.name.as_str(), client.status), ("Halden Brewing Co.", ClientStatus::Lead));
    assert_eq!(client.website, "https://halden.example");
    assert_eq!(client.street, "Storgata 1\nBakgård");
    assert_eq!(
        (client.country.as_str(), client.currency.code(), client.language.as_str()),
        ("NO", "NOK", "da")
    );
    assert_eq!((client.payment_terms_days, client.tax_rate_millis), (Some(30), Some(25_000)));
    assert_eq!(app.count_where("rates", &format!("client_id = {id} AND amount_cents = 125050")), 1);
    assert_eq!(app.activity_of(client.id), ["created client: Halden Brewing Co."]);
    let page = app.manager().get(format!("/clients/{id}/edit")).send().await;
    for (name, value) in page.fields("#client_form") {
        if let Some((_, typed)) = form.iter().find(|(known, _)| *known == name) {
            let typed = match name.as_str() {
                "name" => "Halden Brewing Co.",
                "website" => "https://halden.example",
                "country" => "NO",
                "tax_rate" => "25",
                "rate" => "1250.50",
                "street" => "Storgata 1\nBakgård",
                _ => typed,
            };
            assert_eq!(value, typed, "{name}");
        }
    }
    let page = app.manager().get(format!("/clients/{id}")).send().await;
    page.assert_text("h1", "Halden Brewing Co.")
        .assert_text("aside", "1767 Halden")
        .assert_text("aside", "Norway");
    page.assert_text("aside", "30 days, NOK").assert_text("aside", "25%");
}

#[actix_web::test]
async fn htmx_is_sent_on_by_its_own_header() {
    let app = TestApp::new().await;
    let form = [("name", "Northwind"), ("currency", "EUR")];
    let page = app.manager().post("/clients").form(form).htmx().send().await;
    page.assert_status(200);
    assert_eq!(page.header("hx-redirect"), Some(format!("/clients/{}", page.new_id())));
    assert_eq!(page.flash(), "Client added.");
}

#[actix_web::test]
async fn a_flash_shows_once() {
    let app = TestApp::new().await;
    let form = [("name", "Northwind"), ("currency", "EUR")];
    let page = app.manager().post("/clients").form(form).send().await;
    let cookie = format!("flash={}", page.cookie("flash").unwrap());
    let page = app.manager().get(page.location()).cookie(&cookie).send().await;
    page.assert_text("#toasts", "Client added.");
    assert!(page.set_cookies().iter().any(|cookie| cookie.name() == "flash" && cookie.value().is_empty()));
    let part = app.manager().get("/clients").htmx().cookie(&cookie).send().await;
    assert!(part.set_cookies().is_empty(), "a part of a page shows none, so it keeps it");
}

#[actix_web::test]
async fn text_is_text_wherever_it_shows() {
    let app = TestApp::new().await;
    let nasty = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let client = app.client_with(nasty, |new| {
        new.notes = nasty.into();
        new.city = nasty.into();
        new.street = nasty.into();
        new.email = nasty.into();
        new.phone = nasty.into();
        new.website = format!("https://{nasty}");
        new.tax_id = nasty.into();
    });
    let contact = app.contact_with(client, nasty, |new| {
        new.job_title = nasty.into();
        new.email = nasty.into();
    });
    for path in
        ["", "/edit", "/activity", "/row", "/row/edit", &format!("/contacts/{contact}/edit"), "/contacts/new"]
    {
        for htmx in [false, true] {
            let request = app.manager().get(format!("/clients/{client}{path}"));
            let page = if htmx { request.htmx() } else { request }.send().await;
            page.assert_no("img").assert_no("script:not([src])");
            assert!(!page.body().contains("<img src=x"), "{path}");
        }
    }
    app.manager().get("/clients").send().await.assert_no("img").assert_no("script:not([src])");
}

#[actix_web::test]
async fn a_likely_copy_is_shown_first_and_added_when_it_is_another_company() {
    let app = TestApp::new().await;
    let first = app.client_with("Müller GmbH", |new| {
        new.tax_id = "DE999999999".into();
        new.city = "Ulm".into();
    });
    for (name, tax_id) in [("MULLER  gmbh", ""), ("Quite Another", "DE999999999")] {
        let form = [("name", name), ("tax_id", tax_id), ("currency", "EUR"), ("city", "Bonn")];
        let page = app.manager().post("/clients").form(form).send().await;
        page.assert_status(422).assert_text(".callout", "You may have this client already.");
        page.assert_text(&format!(".callout a[href='/clients/{first}']"), "Müller GmbH");
        page.assert_value("input[name=city]", "Bonn").assert_value("input[name=allow_duplicate]", "");
        assert_eq!(app.count("clients"), 1);
    }
    let mut form = vec![("name", "MULLER  gmbh"), ("currency", "EUR")];
    form.push(("allow_duplicate", "true"));
    app.manager().post("/clients").form(form).send().await.assert_status(303);
    assert_eq!(app.count("clients"), 2);
    app.manager()
        .post("/clients")
        .form([("name", "Other"), ("currency", "EUR")])
        .send()
        .await
        .assert_status(303);
    let form = [("name", "Yet Another"), ("currency", "EUR"), ("tax_id", "")];
    app.manager().post("/clients").form(form).send().await.assert_status(303);
    assert_eq!(app.count("clients"), 4, "two without a tax number are no copies of each other");
}

#[actix_web::test]
async fn an_update_saves_and_the_log_says_what_changed() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| new.city = "Oslo".into());
    let mut fields = app.manager().get(format!("/clients/{client}/edit")).send().await.fields("#client_form");
    fields.iter_mut().find(|(name, _)| name == "city").unwrap().1 = "Bergen".into();
    fields.iter_mut().find(|(name, _)| name == "rate").unwrap().1 = "95".into();
    let page = app.manager().post(format!("/clients/{client}")).form(fields).send().await;
    page.assert_redirect(&format!("/clients/{client}"));
    let stored = app.find_client(client);
    assert_eq!((stored.city.as_str(), stored.version), ("Bergen", 2));
    assert_eq!(app.activity_of(client)[0], "updated client: Northwind");
    let page = app.manager().get(format!("/clients/{client}/activity")).send().await;
    page.assert_text(".timeline", "Mara")
        .assert_text(".timeline", "City: Oslo → Bergen")
        .assert_text(".timeline", "Hourly rate: €95.00");
    let part = app.manager().get(format!("/clients/{client}/activity")).htmx().send().await;
    part.assert_fragment().assert_has(".timeline");
}

#[actix_web::test]
async fn an_update_that_does_not_hold_keeps_the_text_and_the_row() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let form = [("name", ""), ("currency", "EUR"), ("city", "Bergen"), ("email", "nobody"), ("version", "1")];
    let page = app.manager().post(format!("/clients/{client}")).form(form).send().await;
    page.assert_status(422)
        .assert_full_page()
        .assert_has("[data-error=name]")
        .assert_has("[data-error=email]");
    page.assert_value("input[name=city]", "Bergen").assert_value("input[name=version]", "1");
    page.assert_has("form[action='/clients/1']");
    let stored = app.find_client(client);
    assert_eq!((stored.name.as_str(), stored.city.as_str(), stored.version), ("Northwind", "", 1));
    let page = app
        .manager()
        .post(format!("/clients/{client}"))
        .form([("name", "x"), ("currency", "EUR")])
        .send()
        .await;
    page.assert_status(422);
}

#[actix_web::test]
async fn the_second_of_two_editors_sees_both_versions_and_loses_nothing() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| new.city = "Oslo".into());
    let edit = format!("/clients/{client}/edit");
    let (mut first, mut second) = (
        app.manager().get(&edit).send().await.fields("#client_form"),
        app.admin().get(&edit).send().await.fields("#client_form"),
    );
    let set = |fields: &mut Vec<(String, String)>, name: &str, value: &str| {
        fields.iter_mut().find(|(known, _)| known == name).unwrap().1 = value.into();
    };
    set(&mut first, "city", "Bergen");
    set(&mut second, "city", "Trondheim");
    set(&mut second, "notes", "A page of notes that took an hour.");
    app.manager().post(format!("/clients/{client}")).form(first).send().await.assert_status(303);
    for htmx in [false, true] {
        let request = app.admin().post(format!("/clients/{client}")).form(second.clone());
        let page = if htmx { request.htmx() } else { request }.send().await;
        page.assert_status(409);
        page.assert_text(".conflict", "Somebody else saved this client meanwhile");
        page.assert_text(".versions tbody tr", "City Bergen Trondheim");
        page.assert_text(".versions tbody tr", "Notes empty A page of notes that took an hour.");
        page.assert_count(".versions tbody tr", 2);
        page.assert_value("input[name=city]", "Trondheim");
        page.assert_value("textarea[name=notes]", "A page of notes that took an hour.");
        page.assert_value("input[name=version]", "2");
        if htmx {
            page.assert_fragment();
            assert_eq!(page.header("hx-retarget").as_deref(), Some("#client_form"), "not where errors go");
            assert_eq!(page.header("hx-reswap").as_deref(), Some("outerHTML"));
        }
    }
    let stored = app.find_client(client);
    assert_eq!((stored.city.as_str(), stored.notes.as_str(), stored.version), ("Bergen", "", 2));
    set(&mut second, "version", "2");
    app.admin().post(format!("/clients/{client}")).form(second).send().await.assert_status(303);
    let stored = app.find_client(client);
    assert_eq!((stored.city.as_str(), stored.version), ("Trondheim", 3));
    assert!(stored.notes.starts_with("A page of notes"));
}

#[actix_web::test]
async fn an_archived_client_keeps_its_history_and_takes_no_change() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let path = format!("/clients/{client}");
    app.manager().post(format!("{path}/archive")).send().await.assert_redirect(&path);
    let stored = app.find_client(client);
    assert_eq!((stored.status, stored.archived_at), (ClientStatus::Archived, Some(app.now())));
    app.manager().post(format!("{path}/archive")).send().await.assert_redirect(&path);
    assert_eq!(
        app.activity_of(client),
        ["archived client: Northwind", "created client: Northwind"],
        "noted once"
    );
    let page = app.manager().get(&path).send().await;
    page.assert_status(200).assert_text("[role=status]", "This client is archived.");
    page.assert_has(&format!("form[action='{path}/restore']")).assert_no(&format!("a[href='{path}/edit']"));
    let form = [("name", "Southwind"), ("currency", "EUR"), ("version", "2")];
    let page = app.manager().post(&path).form(form).send().await;
    page.assert_status(409).assert_text("[role=alert]", "This client is archived.");
    page.assert_value("input[name=name]", "Southwind");
    assert_eq!(app.find_client(client).name, "Northwind");
    app.manager().post(format!("{path}/restore")).send().await.assert_redirect(&path);
    let stored = app.find_client(client);
    assert_eq!((stored.status, stored.archived_at), (ClientStatus::Active, None));
    app.manager()
        .post(&path)
        .form([("name", "Southwind"), ("currency", "EUR"), ("version", "3")])
        .send()
        .await
        .assert_status(303);
}

#[actix_web::test]
async fn a_client_goes_only_while_nothing_hangs_on_it() {
    let app = TestApp::new().await;
    let busy = app.client_with("Northwind", |new| new.rate_cents = Some(9_500));
    app.project(busy);
    app.project_named(busy, "App");
    app.draft(busy, 5_000);
    let before = app.dump();
    let page = app.manager().delete(format!("/clients/{busy}")).htmx().send().await;
    page.assert_status(409).assert_fragment();
    page.assert_text("[role=alert]", "Northwind has 2 projects and 1 invoice. Archive it instead.");
    app.assert_unchanged_but(&before, &["activities", "unsealed_activities", "users"]);
    let free = app.client_with("Contoso", |new| new.rate_cents = Some(9_500));
    app.contact(free, "Ada");
    let page = app.manager().delete(format!("/clients/{free}")).htmx().send().await;
    page.assert_redirect("/clients");
    assert_eq!(page.flash(), "Client deleted.");
    assert_eq!(app.count_where("clients", &format!("id = {free}")), 0);
    assert_eq!(app.count_where("contacts", &format!("client_id = {free}")), 0);
    assert_eq!(app.count_where("rates", &format!("client_id = {free}")), 0);
    assert_eq!(app.activity_of(free)[0], "deleted client: Contoso", "the log outlives it");
    app.manager().get(format!("/clients/{free}")).send().await.assert_status(404);
    app.manager().delete(format!("/clients/{free}")).send().await.assert_status(404);
}

#[actix_web::test]
async fn the_currency_stays_once_there_is_money_in_it() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let form = |currency: &'static str, version: &'static str| {
        [("name", "Northwind"), ("currency", currency), ("version", version)]
    };
    app.manager().post(format!("/clients/{client}")).form(form("USD", "1")).send().await.assert_status(303);
    app.entry(app.member().id(), app.task(app.project(client)), day("2026-11-18"), 3_600);
    let page = app.manager().post(format!("/clients/{client}")).form(form("CHF", "2")).send().await;
    page.assert_status(422).assert_text("[data-error=currency]", "Cannot change any more");
    assert_eq!(app.find_client(client).currency.code(), "USD");
}

#[actix_web::test]
async fn a_rate_counts_from_today_and_the_past_keeps_its_own() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| new.rate_cents = Some(9_000));
    app.clock.advance(40 * 86_400);
    let form = [("name", "Northwind"), ("currency", "EUR"), ("rate", "95"), ("version", "1")];
    app.manager().post(format!("/clients/{client}")).form(form).send().await.assert_status(303);
    assert_eq!(app.count_where("rates", "scope = 'client'"), 2);
    let rate = |on: &str| {
        let on = day(on);
        app.read(|conn| bureau::clients::model::own_rate(conn, client, on))
    };
    assert_eq!(
        (rate("2026-11-19"), rate("2026-12-28"), rate("2026-12-29")),
        (Some(9_000), Some(9_000), Some(9_500))
    );
    let form = [("name", "Northwind"), ("currency", "EUR"), ("rate", ""), ("version", "2")];
    app.manager().post(format!("/clients/{client}")).form(form).send().await.assert_status(303);
    assert_eq!(
        (rate("2026-12-28"), rate("2026-12-29")),
        (Some(9_000), None),
        "blank follows the agency from today"
    );
}

#[actix_web::test]
async fn the_head_of_a_client_shows_its_money_to_those_who_may_see_it() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| new.rate_cents = Some(9_500));
    let task = app.task(app.project(client));
    app.entry(app.member().id(), task, day("2026-11-18"), 5_400);
    app.issued_invoice(client, cents("1,000.00"), day("2026-10-01"));
    let page = app.bookkeeper().get(format!("/clients/{client}")).send().await;
    for text in
        ["€1,190", "€1,190.00 is late", "€135", "1.5 unbilled hours", "€1,000", "1 invoice, net", "€95.00"]
    {
        page.assert_text(".strip", text);
    }
    let page = app.member().get(format!("/clients/{client}")).send().await;
    page.assert_status(200).assert_no(".strip").assert_no_text("body", "€").assert_no_text("body", "Terms");
    page.assert_no("a[href$='/edit']").assert_no("form[action$='/archive']").assert_no("a[href^='/billing']");
}

#[actix_web::test]
async fn a_member_may_look_and_change_nothing() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let contact = app.contact(client, "Ada");
    for role in [Role::Member, Role::Bookkeeper] {
        let visitor = app.role(role);
        visitor.get("/clients").send().await.assert_status(200);
        visitor
            .get(format!("/clients/{client}"))
            .send()
            .await
            .assert_status(200)
            .assert_text("h1", "Northwind");
        let before = app.dump();
        let form = [("name", "Mine"), ("currency", "EUR"), ("version", "1")];
        visitor.get("/clients/new").send().await.assert_status(403).assert_full_page();
        visitor.post("/clients").form(form).send().await.assert_status(403);
        visitor.post("/clients").form(form).htmx().send().await.assert_status(403).assert_fragment();
        visitor.post(format!("/clients/{client}")).form(form).send().await.assert_status(403);
        visitor.post(format!("/clients/{client}/row")).form(form).htmx().send().await.assert_status(403);
        visitor.post(format!("/clients/{client}/archive")).send().await.assert_status(403);
        visitor.delete(format!("/clients/{client}")).send().await.assert_status(403);
        visitor
            .post(format!("/clients/{client}/contacts"))
            .form([("name", "x")])
            .send()
            .await
            .assert_status(403);
        visitor.delete(format!("/clients/{client}/contacts/{contact}")).send().await.assert_status(403);
        app.assert_unchanged(&before);
    }
}

#[actix_web::test]
async fn restoring_a_client_brings_back_where_we_stood() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| new.status = ClientStatus::Lead);
    app.manager().post(format!("/clients/{client}/archive")).send().await.assert_status(303);
    app.manager().post(format!("/clients/{client}/restore")).send().await.assert_status(303);
    assert_eq!(app.find_client(client).status, ClientStatus::Lead);
}

#[actix_web::test]
async fn a_client_that_is_renamed_like_another_is_warned_of_too() {
    let app = TestApp::new().await;
    app.client_with("Contoso", |new| new.tax_id = "DK1".into());
    let client = app.client("Northwind");
    let path = format!("/clients/{client}");
    for (name, tax_id) in [("contoso", ""), ("Northwind", "DK1")] {
        let form = [("name", name), ("tax_id", tax_id), ("currency", "EUR"), ("version", "1")];
        let page = app.manager().post(&path).form(form).send().await;
        page.assert_status(409).assert_text("[role=alert]", "You may have this client already.");
        let body = serde_json::json!({ "name": name, "tax_id": tax_id, "currency": "EUR", "version": 1 });
        app.manager().token().put(format!("/api{path}")).json(body).send().await.problem(422);
    }
    assert_eq!(app.find_client(client).version, 1);
    let form = [("name", "contoso"), ("currency", "EUR"), ("version", "1"), ("allow_duplicate", "true")];
    app.manager().post(&path).form(form).send().await.assert_redirect(&path);
    let form = [("name", "contoso"), ("city", "Oslo"), ("currency", "EUR"), ("version", "2")];
    app.manager().post(&path).form(form).send().await.assert_redirect(&path);
}

#[actix_web::test]
async fn the_currency_stays_once_anything_is_agreed_in_it() {
    let change = async |app: &TestApp, client: bureau::types::ids::ClientId, rate: &str| {
        let version = app.find_client(client).version.to_string();
        let form = [("name", "Northwind"), ("currency", "JPY"), ("rate", rate), ("version", &version)];
        app.manager().post(format!("/clients/{client}")).form(form).send().await
    };
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| new.rate_cents = Some(9_500));
    change(&app, client, "95.50").await.assert_status(422).assert_has("[data-error=rate]");
    change(&app, client, "12000").await.assert_status(303);
    let rates = "SELECT CAST(amount_cents AS TEXT) AS line FROM rates WHERE scope = 'client'";
    assert_eq!(app.lines(rates), ["12000"], "what was agreed in euros is forgotten, not read as yen");
    for by_rate in [true, false] {
        let app = TestApp::new().await;
        let client = app.client("Northwind");
        let project = app.project(client);
        change(&app, client, "").await.assert_status(303);
        app.execute("UPDATE clients SET currency = 'EUR'");
        if by_rate {
            app.project_rate(project, 9_500);
        } else {
            app.execute("UPDATE projects SET budget_cents = 777700");
        }
        change(&app, client, "")
            .await
            .assert_status(422)
            .assert_text("[data-error=currency]", "Cannot change");
    }
}
