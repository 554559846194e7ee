//! The first visit and the settings.

use bureau::auth::policy::Role;
use bureau::types::ids::UserId;
use serde_json::json;

use crate::support::{PASSWORD, Page, Part, TestApp};

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x08\x08\x06\0\0\0crc!\0\0\0\0IEND\xaeB`\x82";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x04hi\xff\xc0\0\x0b\x08\0\x08\0\x10\x01\x01\x11\0";

/// The first visit's form as it is offered, with `typed` over it.
async fn answers(app: &TestApp, typed: &[(&str, &str)]) -> Vec<Part> {
    let page = app.anonymous().get("/setup").send().await;
    page.assert_status(200).assert_full_page();
    let mut fields = page.fields("form[action='/setup']");
    for (name, value) in [
        ("owner_name", "Ines Maas"),
        ("owner_email", "ines@fielder.studio"),
        ("password", PASSWORD),
        ("name", "Fielder Studio"),
    ]
    .iter()
    .chain(typed)
    {
        let field =
            fields.iter_mut().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no field {name}"));
        field.1 = (*value).to_owned();
    }
    fields.iter().map(|(name, value)| Part::field(name, value)).collect()
}

async fn set_up(app: &TestApp, typed: &[(&str, &str)]) -> Page {
    let parts = answers(app, typed).await;
    app.anonymous().post("/setup").multipart(parts).send().await
}

#[actix_web::test]
async fn before_the_first_visit_every_way_leads_to_it() {
    let app = TestApp::empty().await;
    app.anonymous().get("/").send().await.assert_redirect("/login?next=%2F");
    app.anonymous().get("/login").send().await.assert_redirect("/setup");
    let page = app.anonymous().get("/setup").send().await;
    page.assert_value("select[name=currency]", "EUR").assert_value("input[name=time_zone]", "Europe/Berlin");
    page.assert_value("input[name=payment_terms_days]", "14").assert_value("input[name=tax_rate]", "19");
}

#[actix_web::test]
async fn the_first_visit_makes_the_agency_and_its_owner_who_can_sign_in() {
    let app = TestApp::empty().await;
    let typed = [
        ("street", "Lindenweg 4"),
        ("city", "Berlin"),
        ("country", "DE"),
        ("tax_id", "DE123456789"),
        ("iban", "de89 3704 0044 0532 0130 00"),
        ("rate", "90"),
        ("tax_rate", "7.5"),
        ("time_zone", "America/New_York"),
        ("currency", "USD"),
    ];
    let mut parts = answers(&app, &typed).await;
    parts.push(Part::file("logo", "logo.png", PNG));
    let page = app.anonymous().post("/setup").multipart(parts).send().await;
    page.assert_redirect("/login");
    assert_eq!(page.flash(), "Your agency is ready. Sign in to begin.");
    let agency = app.read(bureau::agency::model::load);
    assert_eq!((agency.name.as_str(), agency.city.as_str()), ("Fielder Studio", "Berlin"));
    assert_eq!(agency.iban, "DE89370400440532013000");
    assert_eq!((agency.currency.code(), agency.tax_rate_millis), ("USD", 7_500));
    assert_eq!((agency.logo.as_deref(), agency.logo_type.as_deref()), (Some(PNG), Some("image/png")));
    let owner = app.read(|conn| bureau::auth::user::find_by_email(conn, "ines@fielder.studio")).unwrap();
    assert_eq!((owner.role, owner.time_zone.as_str()), (Role::Owner, "America/New_York"));
    assert_eq!(app.count_where("rates", "scope = 'agency' AND amount_cents = 9000"), 1);
    assert_eq!(app.count("invoice_series"), 3);
    assert!(app.activity().contains(&"set_up agency: Fielder Studio".to_owned()));
    app.owner().get("/clients").send().await.assert_status(200).assert_text(".brand", "Fielder Studio");
}

#[actix_web::test]
async fn setup_is_closed_for_ever_afterwards() {
    let app = TestApp::empty().await;
    let parts = answers(&app, &[("owner_email", "eve@evil.example"), ("name", "Evil")]).await;
    set_up(&app, &[]).await.assert_redirect("/login");
    let before = app.dump();
    app.anonymous().get("/setup").send().await.assert_status(404);
    app.anonymous().post("/setup").multipart(parts).send().await.assert_status(409);
    app.without_guards(&["users"], &["UPDATE users SET disabled_at = created_at"]);
    app.anonymous().get("/setup").send().await.assert_status(404);
    app.execute("UPDATE users SET disabled_at = NULL");
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn ten_first_visits_at_once_make_one_owner() {
    let app = TestApp::empty().await;
    let mut visits = Vec::new();
    for number in 0..10 {
        let email = format!("owner{number}@fielder.studio");
        let parts = answers(&app, &[("owner_email", &email), ("name", &email)]).await;
        visits.push(app.anonymous().post("/setup").multipart(parts).send());
    }
    let pages = futures_util::future::join_all(visits).await;
    assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1);
    assert_eq!(pages.iter().filter(|page| page.status == 409).count(), 9);
    assert_eq!((app.count("users"), app.count("agency"), app.count("invoice_series")), (1, 1, 3));
    let won = app.line("SELECT name AS line FROM agency");
    assert_eq!(app.line("SELECT email AS line FROM users"), won, "agency and owner are of the same visit");
}

#[actix_web::test]
async fn a_first_visit_that_is_refused_says_why_and_keeps_what_was_typed() {
    let app = TestApp::empty().await;
    for (field, value, wanted) in [
        ("name", "", "Can't be blank"),
        ("owner_name", " ", "Can't be blank"),
        ("owner_email", "ines", "Is not an e-mail address"),
        ("owner_email", "", "Can't be blank"),
        ("password", "too short", "at least 12"),
        ("password", "ines@fielder.studio", "too easy"),
        ("currency", "EURO", "Must be one of the choices"),
        ("time_zone", "Berlin", "Must be one of the choices"),
        ("payment_terms_days", "soon", "whole number"),
        ("tax_rate", "190", "percentage"),
        ("rate", "ninety", "Is not an amount"),
        ("iban", "DE89370400440532013001", "Is not an IBAN"),
        ("iban", "D", "Is not an IBAN"),
        ("country", "Germany", "Must be one of the choices"),
        ("website", "ftp://fielder.studio", "Is not a web address"),
        ("bic", "a\0b", "cannot be stored"),
    ] {
        let page = set_up(&app, &[("city", "Berlin"), (field, value)]).await;
        page.assert_status(422).assert_full_page();
        page.assert_text(&format!("[data-error={field}]"), wanted);
        page.assert_value("input[name=city]", "Berlin").assert_value("input[name=password]", "");
    }
    let parts = vec![Part::field("name", "x"), Part::field("is_admin", "true")];
    app.anonymous().post("/setup").multipart(parts).send().await.assert_status(400);
    app.anonymous().post("/setup").form([("name", "x")]).send().await.assert_status(415);
    assert_eq!((app.count("agency"), app.count("users"), app.count("activities")), (0, 0, 0));
}

#[actix_web::test]
async fn a_logo_is_told_by_its_first_bytes_and_not_by_its_name() {
    let webp = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x10\0\x08\0".as_slice();
    let svg = b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>".as_slice();
    for (bytes, media_type) in
        [(PNG, "image/png"), (JPEG, "image/jpeg"), (webp, "image/webp"), (svg, "image/svg+xml")]
    {
        let app = TestApp::empty().await;
        let mut parts = answers(&app, &[]).await;
        parts.push(Part::file("logo", "picture.exe", bytes));
        app.anonymous().post("/setup").multipart(parts).send().await.assert_redirect("/login");
        assert_eq!(app.line("SELECT logo_type AS line FROM agency"), media_type);
    }
    let app = TestApp::empty().await;
    let mut endless = PNG.to_vec();
    endless[18] = 0x40;
    let large = [PNG, &[0; 512 * 1_024]].concat();
    let html = b"<html><svg></svg></html>".as_slice();
    for (bytes, wanted) in [
        (b"GIF89a".as_slice(), "Must be a PNG"),
        (b"MZ\x90\0".as_slice(), "Must be a PNG"),
        (html, "Must be a PNG"),
        (b"RIFF\0\0\0\0WAVE".as_slice(), "Must be a PNG"),
        (b"<svg".as_slice(), "Must be a PNG"),
        (b"\x89PNG\r\n\x1a\n and so on".as_slice(), "Is broken"),
        (&PNG[..PNG.len() - 12], "Is broken"),
        (b"\xff\xd8\xff\xe0 and so on".as_slice(), "Is broken"),
        (b"RIFF\0\0\0\0WEBPVP8 ".as_slice(), "Is broken"),
        (&endless, "longer than 10,000 pixels"),
        (&large, "larger than 512 KiB"),
    ] {
        let mut parts = answers(&app, &[("city", "Berlin")]).await;
        parts.push(Part::file("logo", "logo.png", bytes));
        let page = app.anonymous().post("/setup").multipart(parts).send().await;
        page.assert_status(422)
            .assert_text("[data-error=logo]", wanted)
            .assert_value("input[name=city]", "Berlin");
    }
    assert_eq!(app.count("agency"), 0);
    let mut parts = answers(&app, &[]).await;
    parts.push(Part::file("logo", "", b"".as_slice()));
    app.anonymous().post("/setup").multipart(parts).send().await.assert_redirect("/login");
    assert_eq!(app.count_where("agency", "logo IS NULL"), 1, "no file was chosen");
}

/// The settings' form as it is offered, with `typed` over it.
async fn settings(app: &TestApp, typed: &[(&str, &str)]) -> Vec<Part> {
    let page = app.admin().get("/settings").send().await;
    let mut fields = page.assert_status(200).assert_full_page().fields("form[action='/settings']");
    for (name, value) in typed {
        fields.iter_mut().find(|(known, _)| known == name).unwrap().1 = (*value).to_owned();
    }
    fields.iter().map(|(name, value)| Part::field(name, value)).collect()
}

#[actix_web::test]
async fn an_admin_changes_the_settings_and_the_log_says_which() {
    let app = TestApp::new().await;
    app.execute("UPDATE agency SET logo_type = 'image/png'");
    let parts = settings(&app, &[("name", "Fielder & Sons"), ("payment_terms_days", "30")]).await;
    let page = app.admin().stepped_up().post("/settings").multipart(parts).send().await;
    page.assert_redirect("/settings");
    let agency = app.read(bureau::agency::model::load);
    assert_eq!((agency.name.as_str(), agency.payment_terms_days, agency.version), ("Fielder & Sons", 30, 2));
    assert_eq!(agency.street, "Lindenweg 4", "what was not touched stays");
    assert_eq!(agency.logo_type.as_deref(), Some("image/png"), "as does the logo when none is chosen");
    let changes = app
        .line("SELECT changes AS line FROM activities WHERE subject_type = 'agency' AND action = 'updated'");
    let changes: serde_json::Value = serde_json::from_str(&changes).unwrap();
    assert_eq!(changes["name"], serde_json::json!(["Fielder Studio", "Fielder & Sons"]));
    assert_eq!(changes["payment_terms_days"], serde_json::json!(["14", "30"]));
    assert_eq!(changes.as_object().unwrap().len(), 2);
}

#[actix_web::test]
async fn settings_that_do_not_hold_come_back_with_their_text() {
    let app = TestApp::new().await;
    let parts = settings(&app, &[("name", ""), ("iban", "DE00"), ("city", "Potsdam")]).await;
    let page = app.admin().stepped_up().post("/settings").multipart(parts).send().await;
    page.assert_status(422)
        .assert_text("[data-error=name]", "Can't be blank")
        .assert_has("[data-error=iban]");
    page.assert_value("input[name=city]", "Potsdam");
    assert_eq!(app.read(bureau::agency::model::load).city, "Berlin");
}

#[actix_web::test]
async fn the_second_of_two_who_change_the_settings_is_told() {
    let app = TestApp::new().await;
    let (first, second) =
        (settings(&app, &[("city", "Potsdam")]).await, settings(&app, &[("city", "Leipzig")]).await);
    app.admin().stepped_up().post("/settings").multipart(first).send().await.assert_redirect("/settings");
    let page = app.owner().stepped_up().post("/settings").multipart(second).send().await;
    page.assert_status(409)
        .assert_full_page()
        .assert_text("h2", "Somebody else saved the settings meanwhile");
    page.assert_text(".versions tr", "City Potsdam Leipzig").assert_value("input[name=city]", "Leipzig");
    assert_eq!(app.read(bureau::agency::model::load).city, "Potsdam");
    let again = page.fields("form[action='/settings']");
    let again = again.iter().map(|(name, value)| Part::field(name, value));
    app.owner().stepped_up().post("/settings").multipart(again).send().await.assert_redirect("/settings");
    assert_eq!(app.read(bureau::agency::model::load).city, "Leipzig");
}

#[actix_web::test]
async fn settings_are_for_owners_and_admins() {
    let app = TestApp::new().await;
    let parts = || async { settings(&app, &[("name", "Mine now")]).await };
    for role in [Role::Manager, Role::Member, Role::Bookkeeper] {
        app.role(role).get("/settings").send().await.assert_status(403);
        app.role(role)
            .stepped_up()
            .post("/settings")
            .multipart(parts().await)
            .send()
            .await
            .assert_status(403);
        app.role(role).get("/clients").send().await.assert_no("a[href='/settings']");
    }
    app.owner().get("/clients").send().await.assert_has("a[href='/settings']");
    assert_eq!(app.read(bureau::agency::model::load).name, "Fielder Studio");
    assert_eq!(app.owner().id(), UserId(1));
}

#[actix_web::test]
async fn all_that_setup_asks_can_be_changed_later_but_the_owner() {
    let app = TestApp::new().await;
    let mut parts = settings(&app, &[("rate", "110.50")]).await;
    parts.push(Part::file("logo", "logo.png", PNG));
    app.admin().stepped_up().post("/settings").multipart(parts).send().await.assert_redirect("/settings");
    let page = app.admin().get("/settings").send().await;
    page.assert_value("input[name=rate]", "110.50").assert_has("input[name=remove_logo]");
    assert_eq!(app.count_where("agency", "logo IS NOT NULL"), 1);
    let log = || {
        app.lines(
            "SELECT changes AS line FROM activities WHERE subject_type = 'agency' AND action = 'updated' ORDER BY id",
        )
    };
    assert!(log()[0].contains("€110.50") && log()[0].contains("image/png"), "{:?}", log());
    let mut parts = settings(&app, &[]).await;
    parts.push(Part::field("remove_logo", "true"));
    app.admin().stepped_up().post("/settings").multipart(parts).send().await.assert_redirect("/settings");
    assert_eq!(app.count_where("agency", "logo IS NULL AND logo_type IS NULL"), 1);
    app.admin()
        .stepped_up()
        .post("/settings")
        .multipart(settings(&app, &[]).await)
        .send()
        .await
        .assert_redirect("/settings");
    assert_eq!(log().len(), 2, "nothing changed, so nothing is told");
    for field in ["owner_name", "owner_email", "password"] {
        let mut parts = settings(&app, &[("city", "Potsdam")]).await;
        parts.push(Part::field(field, "x"));
        let page = app.admin().stepped_up().post("/settings").multipart(parts).send().await;
        page.assert_status(400).assert_text("main", field);
    }
    for field in ["payment_terms_days", "tax_rate"] {
        let parts = settings(&app, &[("city", "Potsdam"), (field, " ")]).await;
        let page = app.admin().stepped_up().post("/settings").multipart(parts).send().await;
        page.assert_status(422).assert_text(&format!("[data-error={field}]"), "Can't be blank");
    }
    assert_eq!(app.read(bureau::agency::model::load).city, "Berlin");
}

#[actix_web::test]
async fn another_currency_of_the_agency_takes_its_rate_from_the_form_and_not_from_before() {
    let app = TestApp::new().await;
    let parts = settings(&app, &[("currency", "JPY"), ("rate", "12000")]).await;
    app.admin().stepped_up().post("/settings").multipart(parts).send().await.assert_redirect("/settings");
    assert_eq!(app.lines("SELECT CAST(amount_cents AS TEXT) AS line FROM rates"), ["12000"]);
}

#[actix_web::test]
async fn a_closed_setup_reads_nothing_of_what_is_sent() {
    let app = TestApp::new().await;
    let broken = app.anonymous().post("/setup").header("content-type", "multipart/form-data; boundary=x");
    broken.body("no multipart at all").send().await.assert_status(409);
}

#[actix_web::test]
async fn every_byte_and_every_part_of_an_upload_counts() {
    let app = TestApp::empty().await;
    let many = (0..101).map(|_| Part::field("name", "x"));
    app.anonymous().post("/setup").multipart(many).send().await.assert_status(400);
    let limit = app.data.config.max_body;
    let long_name = Part::field(&"n".repeat(limit + 7 * 1_024 * 1_024), "x");
    app.anonymous()
        .post("/setup")
        .multipart([long_name])
        .header("content-length", "10")
        .send()
        .await
        .assert_status(413);
    let small = app.anonymous().post("/setup").header("content-type", "multipart/form-data; boundary=x");
    small.header("content-length", "99999999").send().await.assert_status(413);
    // What is typed counts by itself, however much room there is for files.
    let halves = ["name", "city"].map(|field| Part::field(field, &"x".repeat(limit / 2)));
    app.anonymous().post("/setup").multipart(halves).send().await.assert_status(413);
    assert_eq!(app.count("agency"), 0);
}

#[actix_web::test]
async fn a_logo_that_is_far_too_large_leaves_the_form_as_it_was_typed() {
    let mebibyte = 1_024 * 1_024;
    let picture = |size: usize| {
        let mut bytes = PNG.to_vec();
        bytes.resize(size, 0);
        bytes
    };
    let app = TestApp::empty().await;
    for (size, is_read) in [(mebibyte + 1, true), (7 * mebibyte, true), (8 * mebibyte + 1, false)] {
        let mut parts = answers(&app, &[("city", "Potsdam"), ("iban", "D")]).await;
        parts.insert(0, Part::file("logo", "logo.png", picture(size)));
        let page = app.anonymous().post("/setup").multipart(parts).send().await;
        if is_read {
            page.assert_status(422).assert_text("[data-error=logo]", "Is larger than 512 KiB");
            page.assert_has("[data-error=iban]").assert_value("input[name=city]", "Potsdam");
        } else {
            page.assert_status(413);
        }
    }
    assert_eq!(app.count("agency"), 0);
    let app = TestApp::new().await;
    let before = app.read(bureau::agency::model::load);
    for (size, is_read) in [(mebibyte + 1, true), (7 * mebibyte, true), (8 * mebibyte + 1, false)] {
        let mut parts = settings(&app, &[("city", "Potsdam")]).await;
        parts.push(Part::file("logo", "logo.png", picture(size)));
        let page = app.admin().stepped_up().post("/settings").multipart(parts).send().await;
        if is_read {
            page.assert_status(422).assert_full_page();
            page.assert_text("[data-error=logo]", "Is larger than 512 KiB");
            page.assert_value("input[name=city]", "Potsdam");
        } else {
            page.assert_status(413);
        }
    }
    let after = app.read(bureau::agency::model::load);
    assert_eq!((after.city, after.version, after.logo), (before.city, before.version, None));
}

#[actix_web::test]
async fn the_api_reads_and_saves_the_settings_over_the_version_that_was_read() {
    let app = TestApp::new().await;
    let api = app.api(Role::Admin).stepped_up();
    let read = api.get("/api/settings").send().await.json();
    assert_eq!((&read["currency"], &read["has_logo"]), (&json!("EUR"), &json!(false)));
    let body = json!({"name": "Fielder & Co", "currency": "EUR", "time_zone": "Europe/Berlin", "payment_terms_days": 30,
                      "tax_rate": 19, "rate": 95.5, "paper": "letter", "prices_include_tax": true, "version": read["version"]});
    let saved = api.put("/api/settings").json(body.clone()).send().await.json();
    assert_eq!(
        (&saved["name"], &saved["payment_terms_days"], &saved["tax_rate_millis"], &saved["rate_cents"]),
        (&json!("Fielder & Co"), &json!(30), &json!(19_000), &json!(9_550))
    );
    assert_eq!((&saved["paper"], &saved["prices_include_tax"]), (&json!("letter"), &json!(true)));
    app.admin()
        .get("/settings")
        .send()
        .await
        .assert_value("#name", "Fielder & Co")
        .assert_value("#rate", "95.50");
    api.put("/api/settings").json(body.clone()).send().await.problem(409);
    let mut wrong = body;
    wrong["version"] = saved["version"].clone();
    wrong["iban"] = json!("DE00123");
    assert!(api.put("/api/settings").json(wrong).send().await.problem(422)["errors"]["iban"].is_string());
    app.api(Role::Manager).get("/api/settings").send().await.problem(403);
    assert_eq!(app.line("SELECT name AS line FROM agency"), "Fielder & Co");
}
