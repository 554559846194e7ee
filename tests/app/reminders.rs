//! Reminders: the ladder, the letters, what is sent by hand, and who is left in peace.

use bureau::auth::policy::Role;
use bureau::billing::reminders::model::{self, LateRow, Next};
use bureau::billing::reminders::verbs;
use bureau::keys::sha256_hex;
use bureau::types::ids::{InvoiceId, ReminderId};
use serde_json::json;

use crate::billing::{change, northwind};
use crate::support::{TestApp, day};

/// The one invoice that is late.
fn late(app: &TestApp) -> LateRow {
    let (actor, today) = (app.actor(), app.today());
    let (mut rows, next) = app.read(|conn| model::late(conn, &actor, None, today));
    assert_eq!((rows.len(), next), (1, None));
    rows.remove(0)
}

fn make(app: &TestApp, id: InvoiceId) -> ReminderId {
    let (actor, today) = (app.actor(), app.today());
    app.write(|conn| verbs::create(conn, &actor, app.now(), today, &[id]))[0]
}

fn send(app: &TestApp, id: ReminderId) {
    let (actor, today) = (app.actor(), app.today());
    app.write(|conn| verbs::send(conn, &actor, app.now(), today, id, today));
}

/// An invoice over 119.00 that was due on 5 November, a fortnight ago.
fn late_invoice(app: &TestApp) -> InvoiceId {
    app.issued_invoice(northwind(app), 10_000, day("2026-10-22"))
}

#[actix_web::test]
async fn a_letter_is_made_as_a_draft_and_marked_as_sent_by_hand() {
    let app = TestApp::new().await;
    let id = late_invoice(&app);
    app.issued_invoice(northwind(&app), 10_000, app.today());
    let bea = app.bookkeeper();
    let page = bea.get("/billing/reminders").send().await;
    page.assert_count("tbody tr", 1)
        .assert_text("tbody tr", "Payment reminder")
        .assert_text("tbody tr", "14 days late");
    let fields = [("invoices", id.to_string())];
    bea.post("/billing/reminders").form(fields.clone()).send().await.assert_redirect("/billing/reminders");
    let letter = bea.get("/billing/reminders/1").send().await;
    letter
        .assert_text(".inv-title", "Payment reminder")
        .assert_text(".inv-about", "INV-2026-0001 of 22 October 2026")
        .assert_text(".inv-due", "Pay by 29 November 2026 €119.00")
        .assert_text(".badge", "Not sent");
    let (html, sha256) =
        (app.read(|conn| model::html(conn, ReminderId(1))), app.line("SELECT sha256 AS line FROM reminders"));
    assert_eq!(sha256_hex(&html), sha256);
    assert_eq!(late(&app).next, Next::Draft(ReminderId(1)));
    bea.post("/billing/reminders").form(fields).send().await.assert_status(422);
    for (on, status) in
        [("2026-11-18", 422), ("2026-11-20", 422), ("", 422), ("2026-11-19", 303), ("2026-11-19", 409)]
    {
        bea.post("/billing/reminders/1/sending").form([("sent_on", on)]).send().await.assert_status(status);
    }
    bea.post("/billing/reminders/1/deletion").send().await.assert_status(409);
    assert_eq!(late(&app).next, Next::Waits(day("2026-11-30")), "who was given time has it");
    bea.get(format!("/billing/{id}")).send().await.assert_text("#reminders", "Sent Today");
    for sql in
        ["UPDATE reminders SET title = 'x'", "UPDATE reminders SET sent_on = NULL", "DELETE FROM reminders"]
    {
        assert!(app.execute_refused(sql).contains("frozen"), "{sql}");
    }
    assert_eq!(app.activity()[0], "reminded reminder: Payment reminder of INV-2026-0001");
}

#[actix_web::test]
async fn the_ladder_is_climbed_a_step_at_a_time_to_its_end() {
    let app = TestApp::new().await;
    let id = late_invoice(&app);
    let mut titles = Vec::new();
    for _ in 0..3 {
        while !late(&app).is_due() {
            app.clock.advance(86_400);
        }
        let letter = make(&app, id);
        let actor = app.actor();
        titles.push((app.read(|conn| model::find(conn, &actor, letter)).title, app.today().to_string()));
        send(&app, letter);
    }
    let wanted = [
        ("Payment reminder", "2026-11-19"),
        ("Second reminder", "2026-11-30"),
        ("Final reminder", "2026-12-11"),
    ];
    assert_eq!(titles, wanted.map(|(title, on)| (title.to_owned(), on.to_owned())));
    assert_eq!(late(&app).next, Next::Done);
    let again = "INSERT INTO reminders (invoice_id, client_id, step, title, made_on, pay_until, balance_cents, fee_cents, \
                   interest_cents, html, sha256, created_at) \
                 SELECT invoice_id, client_id, step, title, made_on, pay_until, balance_cents, 0, 0, html, sha256, created_at \
                 FROM reminders WHERE step = 1";
    app.execute_refused(again);
}

#[actix_web::test]
async fn a_paid_invoice_is_not_reminded_and_its_letter_not_sent() {
    let app = TestApp::new().await;
    let id = late_invoice(&app);
    let letter = make(&app, id);
    app.payment(id, 11_900);
    let bea = app.bookkeeper();
    bea.get("/billing/reminders").send().await.assert_text("h2", "Nothing is late");
    let sending = bea.post(format!("/billing/reminders/{letter}/sending")).form([("sent_on", "2026-11-19")]);
    sending.send().await.assert_status(409);
    bea.post(format!("/billing/reminders/{letter}/deletion")).send().await.assert_status(303);
    assert_eq!(app.count("reminders"), 0);
    let (actor, today) = (app.actor(), app.today());
    app.refused(|conn| verbs::create(conn, &actor, app.now(), today, &[id]));
    // Several at once are all made or none.
    let (late, early) = (late_invoice(&app), app.issued_invoice(northwind(&app), 500, app.today()));
    app.refused(|conn| verbs::create(conn, &actor, app.now(), today, &[late, early]));
    assert_eq!(app.count("reminders"), 0);
}

#[actix_web::test]
async fn an_invoice_or_a_whole_client_is_left_in_peace() {
    let app = TestApp::new().await;
    let id = late_invoice(&app);
    let bea = app.bookkeeper();
    bea.post("/billing/reminders/pauses")
        .form([("invoice_id", id.to_string())])
        .send()
        .await
        .assert_status(422);
    let form =
        [("invoice_id", id.to_string()), ("reason", "They wrote".into()), ("until_on", "2026-11-25".into())];
    for _ in 0..2 {
        bea.post("/billing/reminders/pauses").form(form.clone()).send().await.assert_status(303);
    }
    assert_eq!((late(&app).next, app.count("reminder_pauses")), (Next::Paused, 1));
    bea.get("/billing/reminders").send().await.assert_text("tbody tr", "They wrote");
    let (actor, today) = (app.actor(), app.today());
    app.refused(|conn| verbs::create(conn, &actor, app.now(), today, &[id]));
    let mut client = form.to_vec();
    client.push(("is_client", "true".into()));
    bea.post("/billing/reminders/pauses").form(client).send().await.assert_status(303);
    let pauses = app.lines("SELECT CAST(id AS TEXT) AS line FROM reminder_pauses ORDER BY id");
    bea.post(format!("/billing/reminders/pauses/{}/removal", pauses[0])).send().await.assert_status(303);
    assert_eq!(late(&app).next, Next::Paused, "the client still is");
    app.clock.advance(7 * 86_400);
    assert!(late(&app).is_due(), "the pause is over");
}

#[actix_web::test]
async fn fee_and_interest_are_named_and_billed_by_nobody() {
    let app = TestApp::new().await;
    let id = late_invoice(&app);
    let bea = app.bookkeeper();
    let page = bea.get("/billing/reminders/settings").send().await;
    page.assert_count("fieldset", 4);
    let mut fields = page.fields("#ladder_form");
    change(&mut fields, "step_fee", "5.00");
    change(&mut fields, "step_interest", "9.12");
    let stale = fields.clone();
    bea.post("/billing/reminders/settings").form(fields).send().await.assert_status(303);
    bea.post("/billing/reminders/settings").form(stale.clone()).send().await.assert_status(409);
    for (field, value, place) in [
        ("step_days_after", "30", ""),
        ("step_days_after", "soon", "step_days_after_0"),
        ("step_body", "", "step_body_0"),
        ("step_interest", "lots", "step_interest_0"),
    ] {
        let mut fields = stale.clone();
        change(&mut fields, "version", "1");
        change(&mut fields, field, value);
        let page = bea.post("/billing/reminders/settings").form(fields).send().await;
        page.assert_status(422);
        if !place.is_empty() {
            page.assert_has(&format!("[data-error={place}]"));
        }
    }
    let letter = make(&app, id);
    let actor = app.actor();
    let reminder = app.read(|conn| model::find(conn, &actor, letter));
    // 119.00 at 9.12 % for 14 of 365 days.
    assert_eq!((reminder.fee_cents, reminder.interest_cents), (500, 42));
    let page = bea.get(format!("/billing/reminders/{letter}")).send().await;
    page.assert_text(".inv-due", "€124.42").assert_text(".inv-sum", "Interest at 9.12% a year");
    assert_eq!(crate::billing::invoice(&app, id).balance(), 11_900);
    app.member().get("/billing/reminders").send().await.assert_status(403);
}

#[actix_web::test]
async fn a_step_that_falls_on_a_weekend_waits_for_monday_if_that_is_set() {
    let app = TestApp::new().await;
    // Due on Saturday the 14th; its first step falls on Saturday the 21st.
    let id = app.issued_invoice(northwind(&app), 10_000, day("2026-10-31"));
    let bea = app.bookkeeper();
    let page = bea.get("/billing/reminders/settings").send().await;
    let mut fields = page.fields("#ladder_form");
    assert!(fields.iter().all(|(name, _)| name != "skips_weekends"), "it is off until somebody sets it");
    assert_eq!(late(&app).next, Next::Waits(day("2026-11-21")));
    fields.push(("skips_weekends".into(), "true".into()));
    bea.post("/billing/reminders/settings").form(fields).send().await.assert_status(303);
    bea.get("/billing/reminders/settings").send().await.assert_has("input[name=skips_weekends][checked]");
    let api = app.api(Role::Bookkeeper);
    assert_eq!(api.get("/api/billing/reminders/settings").send().await.json()["skips_weekends"], true);
    let monday = day("2026-11-23");
    let (actor, mut days) = (app.actor(), Vec::new());
    while !late(&app).is_due() {
        assert_eq!(late(&app).next, Next::Waits(monday), "{}", app.today());
        let today = app.today();
        app.refused(|conn| verbs::create(conn, &actor, app.now(), today, &[id]));
        days.push(today);
        app.clock.advance(86_400);
    }
    assert_eq!((days.len(), app.today()), (4, monday));
    let letter = make(&app, id);
    send(&app, letter);
    assert_eq!(late(&app).next, Next::Waits(day("2026-12-07")), "5 December is a Saturday");
}

#[actix_web::test]
async fn a_step_that_came_due_before_the_weekend_waits_over_it() {
    let app = TestApp::new().await;
    app.issued_invoice(northwind(&app), 10_000, day("2026-10-30"));
    let api = app.api(Role::Bookkeeper);
    let mut ladder = api.get("/api/billing/reminders/settings").send().await.json();
    let steps = json!([{ "days_after": 7, "title": "Hello", "body": "{number}" }]);
    ladder = json!({ "steps": steps, "skips_weekends": true, "version": ladder["version"] });
    api.put("/api/billing/reminders/settings").json(ladder).send().await.assert_status(200);
    app.clock.advance(86_400);
    assert!(late(&app).is_due(), "Friday the 20th");
    for _ in 0..2 {
        app.clock.advance(86_400);
        assert_eq!(late(&app).next, Next::Waits(day("2026-11-23")));
    }
    app.clock.advance(86_400);
    assert!(late(&app).is_due());
    let off = json!({ "steps": [], "version": 1 });
    assert_eq!(
        api.put("/api/billing/reminders/settings").json(off).send().await.json()["skips_weekends"],
        false
    );
}

#[actix_web::test]
async fn the_api_of_reminders_follows_the_same_rules() {
    let app = TestApp::new().await;
    let id = late_invoice(&app);
    let bea = app.api(Role::Bookkeeper);
    let listed = bea.get("/api/billing/reminders").send().await.json();
    assert_eq!(
        (listed["invoices"][0]["state"].clone(), listed["invoices"][0]["days_late"].clone()),
        (json!("due"), json!(14))
    );
    let made = bea.post("/api/billing/reminders").json(json!({ "invoice_id": id })).send().await;
    made.assert_status(201);
    let path = made.header("location").unwrap();
    assert_eq!(made.json()["sent_on"], json!(null));
    bea.post("/api/billing/reminders").json(json!({ "invoice_id": id })).send().await.problem(422);
    let sent = bea.post(format!("{path}/sending")).json(json!({ "sent_on": "2026-11-19" })).send().await;
    assert_eq!(sent.json()["sent_on"], "2026-11-19");
    bea.delete(&path).send().await.problem(409);
    let paused = bea
        .post("/api/billing/reminders/pauses")
        .json(json!({ "invoice_id": id, "reason": "x" }))
        .send()
        .await;
    paused.assert_status(201);
    let pause = paused.json()["id"].clone();
    assert_eq!(bea.get("/api/billing/reminders").send().await.json()["invoices"][0]["state"], "paused");
    bea.delete(format!("/api/billing/reminders/pauses/{pause}")).send().await.assert_status(204);
    let ladder = bea.get("/api/billing/reminders/settings").send().await.json();
    assert_eq!((ladder["steps"].as_array().unwrap().len(), ladder["version"].clone()), (3, json!(0)));
    let steps = json!([{ "days_after": 3, "title": "Hello", "body": "{number}" }]);
    let change = json!({ "steps": steps, "version": 0 });
    bea.put("/api/billing/reminders/settings").json(change.clone()).send().await.assert_status(200);
    bea.put("/api/billing/reminders/settings").json(change).send().await.problem(409);
    app.api(Role::Member).get(&path).send().await.problem(403);
}

#[actix_web::test]
async fn a_letter_over_another_amount_than_is_left_is_not_sent() {
    let app = TestApp::new().await;
    let id = late_invoice(&app);
    let letter = make(&app, id);
    app.payment(id, 5_000);
    let bea = app.bookkeeper();
    let form = [("sent_on", "2026-11-19")];
    bea.post(format!("/billing/reminders/{letter}/sending")).form(form).send().await.assert_status(409);
    assert_eq!(app.count_where("reminders", "sent_on IS NOT NULL"), 0);
}
