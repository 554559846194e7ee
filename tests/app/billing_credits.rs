//! Credit notes: the only correction of what was issued; hours given back, and the invoice drafted anew.

use bureau::auth::policy::Role;
use bureau::billing::credits::model::{self as credits, NewCredit};
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::{equation, issue};
use bureau::types::ids::InvoiceId;
use futures_util::future::join_all;
use serde_json::json;

use crate::billing::{at_rest, free_line, invoice, issued, lines, northwind, ready_draft, sound, with_hours};
use crate::support::{TestApp, day};

/// An issued invoice with the hours of a project and one free line.
fn billed(app: &TestApp) -> InvoiceId {
    let (client, ..) = with_hours(app);
    let actor = app.actor();
    let new = NewDraft {
        lines: vec![free_line("Photos", 6_750)],
        delivery_from: Some(day("2026-11-18")),
        ..NewDraft::of_hours(client)
    };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    id
}

fn all(reason: &str) -> NewCredit {
    NewCredit { reason: reason.into(), lines: None, releases_hours: false }
}

#[actix_web::test]
async fn a_full_credit_note_has_a_number_of_its_own_and_settles_the_invoice() {
    let app = TestApp::new().await;
    let id = billed(&app);
    let before = invoice(&app, id);
    let page = app.bookkeeper().get(format!("/billing/{id}/credit")).send().await;
    page.assert_text("h1", "Credit INV-2026-0001");
    let mut fields = page.fields("#credit_form");
    fields
        .iter_mut()
        .filter(|(name, _)| name == "reason")
        .for_each(|(_, value)| *value = "Wrong client".into());
    let done = app.bookkeeper().post(format!("/billing/{id}/credit")).form(fields).send().await;
    done.assert_status(303);
    let note = InvoiceId(done.location().trim_start_matches("/billing/").parse().unwrap());
    let note = invoice(&app, note);
    assert_eq!(note.number.as_deref(), Some("CN-2026-0001"));
    assert_eq!((note.total_cents, note.tax_cents), (before.total_cents, before.tax_cents));
    assert_eq!((note.corrects_id, note.reason.as_str(), note.balance()), (Some(id), "Wrong client", 0));
    let after = invoice(&app, id);
    assert_eq!((after.credited_cents, after.balance()), (before.total_cents, 0));
    assert_eq!(after.number, before.number);
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#status", "Credited").assert_text("#credits", "CN-2026-0001");
    let printed = app.bookkeeper().get(format!("/billing/{}/print", note.id)).send().await;
    printed
        .assert_text(".inv-title", "Credit note CN-2026-0001")
        .assert_text(".inv-meta", "INV-2026-0001 of 19 November 2026")
        .assert_text(".inv-sum", "Wrong client");
    sound(&app);
    // Nothing is left to credit, and a credit note is not credited.
    let rest = at_rest(&app).await;
    let actor = app.actor();
    app.refused(|conn| credits::create(conn, &actor, app.now(), id, &all("again")));
    app.refused(|conn| credits::create(conn, &actor, app.now(), note.id, &all("again")));
    app.bookkeeper().get(format!("/billing/{}/credit", note.id)).send().await.assert_status(409);
    app.assert_unchanged(&rest);
}

#[actix_web::test]
async fn hours_that_are_given_back_are_billed_again_by_the_corrected_draft() {
    let app = TestApp::new().await;
    let id = billed(&app);
    let client = invoice(&app, id).client_id;
    let actor = app.actor();
    let equation = || app.read(|conn| equation::of_client(conn, &actor, client)).terms;
    let billed_before = equation();
    let hours = app.count("billed_entries");
    assert!(hours > 0 && billed_before.billed_seconds > 0);
    let mut fields =
        app.bookkeeper().get(format!("/billing/{id}/credit")).send().await.fields("#credit_form");
    fields
        .iter_mut()
        .filter(|(name, _)| name == "reason")
        .for_each(|(_, value)| *value = "Wrong rate".into());
    fields.push(("reissue".into(), "true".into()));
    let done = app.bookkeeper().post(format!("/billing/{id}/credit")).form(fields).send().await;
    done.assert_status(303);
    let draft = InvoiceId(done.location().trim_start_matches("/billing/").parse().unwrap());
    assert!(invoice(&app, draft).is_draft());
    assert_eq!(app.count("released_entries"), hours);
    assert_eq!(app.count("billed_entries"), hours);
    let now = equation();
    assert_eq!((now.billed_seconds, now.drafted_seconds), (0, billed_before.billed_seconds));
    assert!(now.holds());
    let (old, new) = (lines(&app, id), lines(&app, draft));
    let said = |lines: &[bureau::billing::model::InvoiceLine]| {
        lines
            .iter()
            .map(|line| (line.title.clone(), line.quantity_e4, line.logged_seconds))
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&old), said(&new));
    sound(&app);
    // What was given back is not given back twice, and its record stays.
    app.execute_refused("DELETE FROM released_entries");
    app.execute_refused("UPDATE released_entries SET credit_line_id = 1");
    app.write(|conn| issue::issue(conn, &actor, app.now(), draft, None));
    assert_eq!(equation().billed_seconds, billed_before.billed_seconds);
    sound(&app);
}

#[actix_web::test]
async fn lines_are_credited_in_part_until_nothing_is_left() {
    let app = TestApp::new().await;
    let id = billed(&app);
    let photos = lines(&app, id).into_iter().find(|line| line.title == "Photos").unwrap().id;
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/billing/{id}/credits");
    let part =
        |quantity: &str| json!({"reason": "One photo less", "lines": [{"id": photos, "quantity": quantity}]});
    let first = api.post(&path).json(part("0.4")).send().await;
    first.assert_status(201);
    assert_eq!(first.json()["net_cents"], 2_700);
    assert_eq!(first.json()["corrects_id"], json!(id));
    let before = at_rest(&app).await;
    let refused = api.post(&path).json(part("0.7")).send().await.problem(422);
    assert_eq!(refused["errors"]["lines[0].quantity"], "is more than the 0.6 left to credit");
    for body in [
        json!({"lines": [{"id": photos, "quantity": "0.1"}]}),
        json!({"reason": "x", "lines": []}),
        json!({"reason": "x", "lines": [{"id": 9_999, "quantity": 1}]}),
        json!({"reason": "x", "lines": [{"id": photos, "quantity": "0.1"}, {"id": photos, "quantity": "0.1"}]}),
        json!({"reason": "x", "lines": [{"id": photos, "quantity": -1}]}),
        json!({"reason": "x", "color": "red"}),
    ] {
        let page = api.post(&path).json(body.clone()).send().await;
        assert!(matches!(page.status, 400 | 422), "{body}");
    }
    app.assert_unchanged(&before);
    api.post(&path).json(json!({"reason": "The rest"})).send().await.assert_status(201);
    let list = api.get(&path).send().await.json();
    assert_eq!(list["meta"]["count"], 2);
    let after = invoice(&app, id);
    assert_eq!(after.credited_cents, after.total_cents);
    sound(&app);
}

#[actix_web::test]
async fn what_is_left_of_a_credit_note_settles_another_invoice_or_goes_back() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let paid = issued(&app, client, 100_000);
    let api = app.api(Role::Bookkeeper);
    let pay = json!({"received_on": "2026-11-19", "amount": "1190.00"});
    api.post(format!("/api/billing/{paid}/payments")).json(pay).send().await.assert_status(201);
    let note = api
        .post(format!("/api/billing/{paid}/credits"))
        .json(json!({"reason": "Not delivered"}))
        .send()
        .await;
    assert_eq!(
        (note.json()["balance_cents"].as_i64(), note.json()["status"].as_str()),
        (Some(119_000), Some("credit"))
    );
    let note = note.json()["id"].as_i64().unwrap();
    let other = issued(&app, client, 50_000);
    let apply = |amount: &str| {
        api.post(format!("/api/billing/{note}/applications"))
            .json(json!({"invoice_id": other, "amount": amount}))
            .send()
    };
    let before = at_rest(&app).await;
    let refused = apply("595.01").await.problem(422);
    assert_eq!(refused["errors"]["amount"], "is more than the €595.00 that can be applied");
    app.assert_unchanged(&before);
    apply("595.00").await.assert_status(200);
    assert_eq!(invoice(&app, other).balance(), 0);
    let page = app.bookkeeper().get(format!("/billing/{note}")).send().await;
    page.assert_text("#applications", "INV-2026-0002").assert_text("#balance", "€595.00");
    let refund = |amount: &str, key: &str| {
        app.bookkeeper()
            .post(format!("/billing/{note}/refunds"))
            .form([("refunded_on", "2026-11-19"), ("amount", amount), ("idempotency_key", key)])
            .send()
    };
    refund("595.01", "a").await.assert_status(422);
    refund("595.00", "b").await.assert_status(303);
    refund("595.00", "b").await.assert_status(422);
    assert_eq!(app.read(|conn| bureau::billing::payments::list::credit_of(conn, client)), vec![]);
    let page = app.bookkeeper().get(format!("/billing/{note}")).send().await;
    page.assert_text("#status", "Applied").assert_no("#payments form");
    // Money that went out is nothing to take back.
    let before = at_rest(&app).await;
    let refunded = app.line("SELECT CAST(max(id) AS TEXT) AS line FROM payments");
    for verb in ["reversal", "chargeback"] {
        let path = format!("/billing/{note}/payments/{refunded}/{verb}");
        app.bookkeeper().post(path).send().await.assert_status(409);
    }
    app.assert_unchanged(&before);
    sound(&app);
}

#[actix_web::test]
async fn ten_credit_notes_at_once_take_back_no_more_than_was_billed() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 100_000);
    let line = lines(&app, id)[0].id;
    let actor = app.actor();
    let now = app.now();
    let results = join_all((0..10).map(|_| {
        let (actor, db) = (actor.clone(), app.db.clone());
        let new =
            NewCredit { reason: "a fifth".into(), lines: Some(vec![(line, 2_000)]), releases_hours: false };
        async move { db.write(move |conn| credits::create(conn, &actor, now, id, &new)).await }
    }))
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    assert_eq!(app.count_where("invoices", "kind = 'credit_note'"), 5);
    let after = invoice(&app, id);
    assert_eq!((after.credited_cents, after.balance()), (119_000, 0));
    sound(&app);
}

#[actix_web::test]
async fn drafts_need_no_credit_note_and_members_make_none() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let draft = ready_draft(&app, client, 1_000);
    let id = issued(&app, client, 1_000);
    let before = at_rest(&app).await;
    app.bookkeeper().get(format!("/billing/{draft}/credit")).send().await.assert_status(409);
    app.bookkeeper().post(format!("/billing/{draft}/reissue")).send().await.assert_status(409);
    app.member()
        .post(format!("/billing/{id}/credit"))
        .form([("reason", "x")])
        .send()
        .await
        .assert_status(403);
    app.member().post(format!("/billing/{id}/reissue")).send().await.assert_status(403);
    let form = [("invoice_id", id.to_string()), ("amount", "1".into())];
    app.member()
        .post(format!("/billing/{id}/applications"))
        .form(form.clone())
        .send()
        .await
        .assert_status(403);
    app.bookkeeper().post(format!("/billing/{id}/applications")).form(form).send().await.assert_status(409);
    app.assert_unchanged(&before);
    app.execute_refused(&format!(
        "INSERT INTO credit_allocations (credit_note_id, invoice_id, amount_cents, created_at) VALUES ({id}, {draft}, 1, '2026-11-19 10:00:00')"
    ));
}

#[actix_web::test]
async fn what_is_no_longer_expected_is_written_off_with_a_reason_and_comes_back() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 100_000);
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/billing/{id}/write-off");
    let before = at_rest(&app).await;
    api.post(&path).json(json!({})).send().await.problem(422);
    app.bookkeeper()
        .post(format!("/billing/{id}/write-off"))
        .form([("reason", "")])
        .send()
        .await
        .assert_status(422);
    app.assert_unchanged(&before);
    let done = api.post(&path).json(json!({"reason": "Insolvent"})).send().await;
    assert_eq!(
        (done.json()["status"].as_str(), done.json()["balance_cents"].as_i64()),
        (Some("written_off"), Some(0))
    );
    api.post(&path).json(json!({"reason": "Insolvent"})).send().await.problem(409);
    sound(&app);
    app.bookkeeper().post(format!("/billing/{id}/write-on")).send().await.assert_status(303);
    let back = api.post(format!("/api/billing/{id}/write-on")).send().await;
    assert_eq!(back.json()["balance_cents"], 119_000);
    app.execute_refused("DELETE FROM invoice_write_offs");
    sound(&app);
}

#[actix_web::test]
async fn the_note_that_takes_the_last_part_of_a_line_gives_its_hours_and_costs_back() {
    let app = TestApp::new().await;
    let (client, ..) = with_hours(&app);
    app.expense(client, 4_000);
    let actor = app.actor();
    let new = NewDraft { include_costs: true, ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    let of = lines(&app, id);
    let hours = of.iter().find(|line| line.quantity_e4 == 5_000).unwrap();
    let cost = of.iter().find(|line| line.claimed_cents.is_some()).unwrap();
    let equation = || app.read(|conn| equation::of_client(conn, &actor, client)).terms;
    let billed = equation();
    let api = app.api(Role::Bookkeeper);
    let take = |hours_taken: &str, cost_taken: &str, releases: bool| {
        let lines =
            json!([{"id": hours.id, "quantity": hours_taken}, {"id": cost.id, "quantity": cost_taken}]);
        let body = json!({"reason": "In parts", "lines": lines, "release_hours": releases});
        api.post(format!("/api/billing/{id}/credits")).json(body).send()
    };
    let free =
        || (app.count_where("time_entries", "is_unbilled"), app.count_where("expenses", "is_unbilled"));
    // What is given back is asked for where the line is left in part, not dropped in silence.
    let before = at_rest(&app).await;
    let refused = take("0.2", "0.4", true).await.problem(422);
    let said = "leaves a part billed, so what the line bills cannot be billed again; take all 0.5 back, or choose that nothing is billed again";
    assert_eq!(refused["errors"]["lines[0].quantity"], said);
    assert!(refused["errors"]["lines[1].quantity"].is_string());
    app.assert_unchanged(&before);
    take("0.2", "0.4", false).await.assert_status(201);
    assert_eq!(free(), (0, 0));
    app.execute_refused(&format!(
        "INSERT INTO released_entries (time_entry_id, invoice_line_id, credit_line_id) SELECT b.time_entry_id, b.invoice_line_id, c.id \
         FROM billed_entries b JOIN invoice_lines c ON c.corrects_line_id = b.invoice_line_id WHERE c.corrects_line_id = {}",
        hours.id
    ));
    take("0.3", "0.6", true).await.assert_status(201);
    assert_eq!(free(), (2, 1));
    let now = equation();
    assert_eq!((now.unbilled_seconds, now.unbilled_cents), (1_800, 1_376));
    assert_eq!(now.billed_cents, billed.billed_cents - hours.amount_cents);
    assert_eq!((now.billed_seconds, now.written_down_cents), (billed.billed_seconds - 1_800, 0));
    sound(&app);
}

#[actix_web::test]
async fn hours_that_were_billed_for_nothing_come_back_with_the_rest() {
    let app = TestApp::new().await;
    let (client, ..) = with_hours(&app);
    let actor = app.actor();
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &NewDraft::of_hours(client)));
    app.execute("UPDATE invoice_lines SET quantity_e4 = 0, amount_cents = 0, adjustment_reason = 'A gift' WHERE position = 1");
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    let of = lines(&app, id);
    let api = app.api(Role::Bookkeeper);
    let take = |lines: serde_json::Value| {
        let body = json!({"reason": "Wrong", "lines": lines, "release_hours": true});
        api.post(format!("/api/billing/{id}/credits")).json(body).send()
    };
    // A note that leaves something billed gives back what it takes, no more.
    let part = json!([{"id": of[0].id, "quantity": "0"}]);
    assert!(take(part).await.problem(422)["errors"]["lines"].is_string());
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 0);
    take(json!(null)).await.assert_status(201);
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 3);
    let terms = app.read(|conn| equation::of_client(conn, &actor, client)).terms;
    assert!(terms.holds() && terms.unbilled_seconds == 4_800, "{terms:?}");
    take(json!(null)).await.problem(422);
    sound(&app);
}

#[actix_web::test]
async fn the_page_asks_for_the_whole_line_where_its_hours_are_given_back() {
    let app = TestApp::new().await;
    let id = billed(&app);
    let mut fields =
        app.bookkeeper().get(format!("/billing/{id}/credit")).send().await.fields("#credit_form");
    crate::billing::change(&mut fields, "reason", "Half of it");
    crate::billing::change(&mut fields, "line_quantity", "0.2");
    let before = at_rest(&app).await;
    let refused = app.bookkeeper().post(format!("/billing/{id}/credit")).form(fields.clone()).send().await;
    refused.assert_status(422).assert_text("#credit_form .error", "Leaves a part billed");
    refused.assert_value("input[name=reason]", "Half of it");
    app.assert_unchanged(&before);
    fields.retain(|(name, _)| name != "release_hours");
    app.bookkeeper().post(format!("/billing/{id}/credit")).form(fields).send().await.assert_status(303);
    sound(&app);
}
