//! What stands on an invoice besides hours: expenses, milestones, and deposits that are taken off.

use bureau::auth::policy::Role;
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::issue;
use bureau::types::ids::{InvoiceId, InvoiceLineId};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::billing::{at_rest, invoice, lines, northwind, ready_draft, sound};
use crate::support::database::on_postgres;
use crate::support::{TestApp, day};

fn photo(client: impl serde::Serialize) -> Value {
    json!({"client_id": client, "spent_on": "2026-11-18", "title": "Stock photo", "supplier": "Photo Ltd", "cost": "33.75", "client_pays": "40"})
}

#[actix_web::test]
async fn an_expense_is_noted_edited_and_billed_once() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let page = app.bookkeeper().get(format!("/billing/expenses/new?client_id={client}")).send().await;
    let mut fields = page.fields("#expense_form");
    for (name, value) in &mut fields {
        match name.as_str() {
            "title" => *value = "Stock photo".into(),
            "cost" => *value = "33.75".into(),
            _ => {}
        }
    }
    app.bookkeeper().post("/billing/expenses").form(fields.clone()).send().await.assert_status(303);
    app.bookkeeper().post("/billing/expenses").form(fields).send().await.assert_status(303);
    assert_eq!(app.count("expenses"), 1);
    app.bookkeeper()
        .get("/billing/expenses")
        .send()
        .await
        .assert_text("tbody", "€33.75")
        .assert_text("tbody", "Unbilled");
    let mut fields = app.bookkeeper().get("/billing/expenses/1/edit").send().await.fields("#expense_form");
    fields
        .iter_mut()
        .filter(|(name, _)| name == "client_pays")
        .for_each(|(_, value)| *value = "40.00".into());
    app.bookkeeper().post("/billing/expenses/1").form(fields.clone()).send().await.assert_status(303);
    // The second of two editors sees both versions.
    fields.iter_mut().filter(|(name, _)| name == "title").for_each(|(_, value)| *value = "Photo".into());
    app.bookkeeper()
        .post("/billing/expenses/1")
        .form(fields)
        .send()
        .await
        .assert_status(409)
        .assert_text(".versions", "Stock photo");
    let actor = app.actor();
    let new = NewDraft { include_costs: true, ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    let stored = lines(&app, id);
    assert_eq!((stored.len(), stored[0].title.as_str(), stored[0].amount_cents), (1, "Stock photo", 4_000));
    assert_eq!(app.count_where("expenses", "is_unbilled"), 0);
    let before = at_rest(&app).await;
    app.bookkeeper().post("/billing/expenses/1/deletion").send().await.assert_status(409);
    app.refused(|conn| draft::create(conn, &actor, app.now(), &new));
    app.execute_refused("UPDATE expenses SET price_cents = 1");
    app.execute_refused("INSERT INTO billed_expenses (expense_id, invoice_line_id) SELECT expense_id, invoice_line_id FROM billed_expenses");
    app.assert_unchanged(&before);
    // A draft that goes gives it back.
    app.write(|conn| draft::delete(conn, &actor, app.now(), id));
    assert_eq!(app.count_where("expenses", "is_unbilled"), 1);
    app.bookkeeper().post("/billing/expenses/1/deletion").send().await.assert_status(303);
    assert_eq!(app.count("expenses"), 0);
    sound(&app);
}

#[actix_web::test]
async fn the_api_of_expenses_follows_the_same_rules() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    let before = at_rest(&app).await;
    for (body, fields) in [
        (json!({}), vec!["client_id", "cost", "spent_on", "title"]),
        (json!({"client_id": 999, "spent_on": "2026-11-18", "title": "x", "cost": 1}), vec!["client_id"]),
        (
            json!({"client_id": client, "spent_on": "2026-02-29", "title": "x", "cost": "many"}),
            vec!["cost", "spent_on"],
        ),
        (
            json!({"client_id": client, "project_id": 999, "spent_on": "2026-11-18", "title": "x", "cost": 1}),
            vec!["project_id"],
        ),
        (
            json!({"client_id": client, "spent_on": "2026-11-18", "title": "x", "cost": -1, "tax_rate": 101}),
            vec!["cost", "tax_rate"],
        ),
    ] {
        let problem = api.post("/api/billing/expenses").json(body).send().await.problem(422);
        let mut named: Vec<&String> = problem["errors"].as_object().unwrap().keys().collect();
        named.sort();
        assert_eq!(named, fields);
    }
    app.api(Role::Member).post("/api/billing/expenses").json(photo(client)).send().await.problem(403);
    app.api(Role::Member).get("/api/billing/expenses").send().await.problem(403);
    app.member().get("/billing/expenses").send().await.assert_status(403);
    app.assert_unchanged(&before);
    let made = api.post("/api/billing/expenses").json(photo(client)).send().await;
    made.assert_status(201);
    let path = made.location();
    assert_eq!(api.get(&path).send().await.json()["price_cents"], 4_000);
    let mut change = photo(client);
    change["version"] = json!(1);
    change["is_internal"] = json!(true);
    let saved = api.put(&path).json(change.clone()).send().await;
    assert_eq!(
        (saved.json()["is_unbilled"].as_bool(), saved.json()["version"].as_i64()),
        (Some(false), Some(2))
    );
    api.put(&path).json(change).send().await.problem(409);
    assert_eq!(api.get("/api/billing/expenses?unbilled=true").send().await.json()["meta"]["count"], 0);
    api.delete(&path).send().await.assert_status(204);
    api.get(&path).send().await.problem(404);
}

#[actix_web::test]
async fn a_full_credit_note_gives_expenses_back() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    api.post("/api/billing/expenses").json(photo(client)).send().await.assert_status(201);
    let actor = app.actor();
    let new = NewDraft { include_costs: true, ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    app.execute_refused("DELETE FROM billed_expenses");
    let body = json!({"reason": "Not used", "release_hours": true});
    api.post(format!("/api/billing/{id}/credits")).json(body).send().await.assert_status(201);
    assert_eq!(app.count_where("expenses", "is_unbilled"), 1);
    sound(&app);
}

#[actix_web::test]
async fn a_deposit_is_deducted_once_with_its_tax() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    let make = async |is_deposit: bool, price: &str| {
        let body = json!({"client_id": client, "delivery_from": "2026-11-18", "is_deposit": is_deposit,
                          "lines": [{"title": "Shop", "quantity": 1, "unit_price": price}]});
        api.post("/api/billing").json(body).send().await.json()
    };
    let deposit = make(true, "1000").await;
    let last = make(false, "3000").await;
    let path = format!("/api/billing/{}/deductions", last["id"]);
    let wanted = json!({"deposit_id": deposit["id"]});
    // A deposit that is not issued is nothing to take off.
    api.post(&path).json(wanted.clone()).send().await.problem(422);
    let issue = json!({"version": deposit["version"]});
    api.post(format!("/api/billing/{}/issue", deposit["id"])).json(issue).send().await.assert_status(200);
    let printed = app.bookkeeper().get(format!("/billing/{}/print", deposit["id"])).send().await;
    printed.assert_text(".inv-title", "Deposit invoice INV-2026-0001");
    let page = app.bookkeeper().get(format!("/billing/{}", last["id"])).send().await;
    page.assert_text("#invoice_form", "Deduct INV-2026-0001");
    let done = api.post(&path).json(wanted.clone()).send().await;
    assert_eq!(
        (done.json()["net_cents"].as_i64(), done.json()["total_cents"].as_i64()),
        (Some(200_000), Some(238_000))
    );
    let before = at_rest(&app).await;
    api.post(&path).json(wanted.clone()).send().await.problem(422);
    app.assert_unchanged(&before);
    // A line that goes gives the deposit back.
    let id = InvoiceId(last["id"].as_i64().unwrap());
    let shop = &lines(&app, id)[0];
    let body = json!({"version": invoice(&app, id).version, "issue_on": "2026-11-19", "due_on": "2026-12-01", "delivery_from": "2026-11-18",
                      "lines": [{"id": shop.id, "title": "Shop", "quantity": 1, "unit_price": "3000"}]});
    api.put(format!("/api/billing/{id}")).json(body).send().await.assert_status(200);
    api.post(&path).json(wanted).send().await.assert_status(200);
    let version = json!({"version": invoice(&app, id).version});
    api.post(format!("/api/billing/{id}/issue")).json(version).send().await.assert_status(200);
    app.execute_refused("DELETE FROM deducted_deposits");
    sound(&app);
}

#[actix_web::test]
async fn the_ledger_itself_gives_a_deposit_back_or_deducts_it_but_once() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    let deposit = async || {
        let body = json!({"client_id": client, "delivery_from": "2026-11-18", "is_deposit": true,
                          "lines": [{"title": "Shop", "quantity": 1, "unit_price": "1000"}]});
        let made = api.post("/api/billing").json(body).send().await.json();
        let issue = json!({"version": made["version"]});
        api.post(format!("/api/billing/{}/issue", made["id"])).json(issue).send().await.assert_status(200);
        InvoiceId(made["id"].as_i64().unwrap())
    };
    let (taken, given_back) = (deposit().await, deposit().await);
    let (one, other) = (ready_draft(&app, client, 300_000), ready_draft(&app, client, 300_000));
    let foreign = ready_draft(&app, app.client("Contoso"), 300_000);
    let wanted = json!({"deposit_id": taken});
    api.post(format!("/api/billing/{one}/deductions")).json(wanted).send().await.assert_status(200);
    let reason = json!({"reason": "Not wanted"});
    let note = api.post(format!("/api/billing/{given_back}/credits")).json(reason).send().await;
    note.assert_status(201);
    let note = InvoiceId(note.json()["id"].as_i64().unwrap());
    let line = |id: InvoiceId| lines(&app, id)[0].id;
    let claim = |verb: &str, deposit: InvoiceId, part: i64, line: InvoiceLineId| {
        format!(
            "{verb} INTO deducted_deposits (deposit_id, part, invoice_line_id) VALUES ({deposit}, {part}, {line})"
        )
    };
    let before = app.dump();
    for sql in [
        // By a second invoice, in the place of the first, after it was given back, by another client, by itself.
        claim("INSERT", taken, 2, line(other)),
        claim("INSERT", given_back, 1, line(other)),
        claim("INSERT", given_back, 1, line(foreign)),
    ] {
        assert!(app.execute_refused(&sql).contains("is deducted by"), "{sql}");
    }
    app.execute_refused(&claim("INSERT", taken, 1, line(other)));
    if !on_postgres() {
        app.execute_refused(&claim("INSERT OR REPLACE", taken, 1, line(other)));
        app.execute_refused(&claim("INSERT OR REPLACE", taken, 2, lines(&app, one)[1].id));
    }
    // A credit note on what was deducted, as a new row and as a changed one.
    let credit = format!(
        "INSERT INTO invoices (kind, client_id, corrects_id, currency, grouping, created_at, updated_at) \
         SELECT 'credit_note', client_id, id, currency, grouping, created_at, updated_at FROM invoices WHERE id = {taken}"
    );
    let turned =
        format!("UPDATE invoices SET kind = 'credit_note', corrects_id = {taken} WHERE id = {other}");
    for sql in [&credit, &turned] {
        assert!(app.execute_refused(sql).contains("not given back as well"), "{sql}");
    }
    // A second credit of the same line, by a note of its own.
    let shop = line(given_back);
    let second = |on: InvoiceId| {
        format!(
            "INSERT INTO invoice_lines (invoice_id, position, title, quantity_e4, unit, unit_price_cents, tax_rate_millis, amount_cents, corrects_line_id) \
             SELECT {on}, 9, title, 1, unit, unit_price_cents, tax_rate_millis, 1, id FROM invoice_lines WHERE id = {shop}"
        )
    };
    assert!(app.execute_refused(&second(other)).contains("up to what it charged"));
    app.execute_refused(&second(note));
    app.assert_unchanged(&before);
    app.execute(&credit.replace(&format!("id = {taken}"), &format!("id = {given_back}")));
    let draft: i64 = app.line("SELECT CAST(max(id) AS TEXT) AS line FROM invoices").parse().unwrap();
    assert!(app.execute_refused(&second(InvoiceId(draft))).contains("up to what it charged"));
}

#[actix_web::test]
async fn a_reached_milestone_is_billed_once() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let project = app.project(client);
    app.execute(&format!(
        "INSERT INTO milestones (project_id, title, due_order, amount_cents, reached_on, is_unbilled, created_at, updated_at) \
         VALUES ({project}, 'Beta', '9999-12-31', 250000, '2026-11-10', TRUE, '2026-11-10 10:00:00', '2026-11-10 10:00:00')"
    ));
    let actor = app.actor();
    let new = NewDraft {
        include_costs: true,
        include_time: false,
        from: Some(day("2026-11-01")),
        ..NewDraft::of_hours(client)
    };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    let stored = lines(&app, id);
    assert_eq!((stored[0].title.as_str(), stored[0].amount_cents), ("Beta", 250_000));
    assert_eq!(app.count_where("milestones", "is_unbilled"), 0);
    app.refused(|conn| draft::create(conn, &actor, app.now(), &new));
    app.write(|conn| draft::delete(conn, &actor, app.now(), id));
    assert_eq!(app.count_where("milestones", "is_unbilled"), 1);
    sound(&app);
}

#[actix_web::test]
async fn a_deposit_is_given_back_once_by_a_credit_note_or_by_a_deduction() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    let make = async |is_deposit: bool| {
        let body = json!({"client_id": client, "delivery_from": "2026-11-18", "is_deposit": is_deposit,
                          "lines": [{"title": "Shop", "quantity": 1, "unit_price": "1000"}]});
        InvoiceId(api.post("/api/billing").json(body).send().await.json()["id"].as_i64().unwrap())
    };
    let issue = async |id: InvoiceId| {
        let version = json!({"version": invoice(&app, id).version});
        api.post(format!("/api/billing/{id}/issue")).json(version).send().await.assert_status(200);
    };
    let credit = async |id: InvoiceId| {
        let body = json!({"reason": "Called off"});
        api.post(format!("/api/billing/{id}/credits")).json(body).send().await.status
    };
    let deduct = async |last: InvoiceId, deposit: InvoiceId| {
        let body = json!({"deposit_id": deposit});
        api.post(format!("/api/billing/{last}/deductions")).json(body).send().await.status
    };
    let (paid, last) = (make(true).await, make(false).await);
    issue(paid).await;
    app.payment(paid, 119_000);
    assert_eq!(credit(paid).await, 201);
    assert_eq!(invoice(&app, paid).credited_cents, 0, "nothing was left to settle");
    assert_eq!(deduct(last, paid).await, 422);
    let other = make(true).await;
    issue(other).await;
    assert_eq!(deduct(last, other).await, 200);
    let before = at_rest(&app).await;
    assert_eq!(credit(other).await, 409);
    app.assert_unchanged(&before);
    sound(&app);
}

#[actix_web::test]
async fn a_cost_that_is_billed_at_another_price_says_why() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    app.expense(client, 4_000);
    let actor = app.actor();
    let new = NewDraft { include_costs: true, ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    let line = lines(&app, id)[0].id;
    let api = app.api(Role::Bookkeeper);
    let save = async |price: &str, reason: &str| {
        let body = json!({"version": invoice(&app, id).version, "issue_on": "2026-11-19", "due_on": "2026-12-01", "delivery_from": "2026-11-18",
                          "lines": [{"id": line, "title": "Stock photo", "quantity": 1, "unit_price": price, "adjustment_reason": reason}]});
        api.put(format!("/api/billing/{id}")).json(body).send().await.assert_status(200);
        let version = json!({"version": invoice(&app, id).version});
        api.post(format!("/api/billing/{id}/issue")).json(version).send().await
    };
    let refused = save("30", "").await.problem(422);
    assert_eq!(
        refused["errors"]["lines[0].adjustment_reason"],
        "must say why the line bills something else than its cost"
    );
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("#invoice_form", "Noted at €40.00").assert_has("#line_0_adjustment_reason");
    save("30", "Goodwill").await.assert_status(200);
    assert_eq!(api.get(format!("/api/billing/{id}")).send().await.json()["lines"][0]["claimed_cents"], 4_000);
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_text("table", "Noted at €40.00. Goodwill");
    sound(&app);
}

#[actix_web::test]
async fn a_deduction_stays_what_its_deposit_charged() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    let make = async |is_deposit: bool, price: &str| {
        let body = json!({"client_id": client, "delivery_from": "2026-11-18", "is_deposit": is_deposit,
                          "lines": [{"title": "Shop", "quantity": 1, "unit_price": price}]});
        InvoiceId(api.post("/api/billing").json(body).send().await.json()["id"].as_i64().unwrap())
    };
    let (deposit, last) = (make(true, "1000").await, make(false, "3000").await);
    let actor = app.actor();
    app.write(|conn| issue::issue(conn, &actor, app.now(), deposit, None));
    let body = json!({"deposit_id": deposit});
    api.post(format!("/api/billing/{last}/deductions")).json(body).send().await.assert_status(200);
    let off = lines(&app, last)[1].clone();
    assert_eq!(off.deducts_id, Some(deposit));
    let before = at_rest(&app).await;
    let with = |change: Value| {
        let mut line = json!({"id": off.id, "title": "Deposit", "quantity": 1, "unit_price": "-1000"});
        let mut body = json!({"version": invoice(&app, last).version, "issue_on": "2026-11-19", "due_on": "2026-12-01", "delivery_from": "2026-11-18"});
        for (name, value) in change.as_object().unwrap() {
            let of =
                if name.starts_with("is_") || name.starts_with("prices_") { &mut body } else { &mut line };
            of[name] = value.clone();
        }
        body["lines"] = json!([{"title": "Shop", "quantity": 1, "unit_price": "3000"}, line]);
        body
    };
    for (change, field) in [
        (json!({"unit_price": "-1000.01"}), "lines[1].unit_price"),
        (json!({"quantity": "2"}), "lines[1].unit_price"),
        (json!({"tax_rate": "7"}), "lines[1].unit_price"),
        (json!({"prices_include_tax": true}), "prices_include_tax"),
        (json!({"is_deposit": true}), "is_deposit"),
    ] {
        let refused = api.put(format!("/api/billing/{last}")).json(with(change)).send().await.problem(422);
        assert!(refused["errors"][field].is_string(), "{refused}");
    }
    app.assert_unchanged(&before);
    app.execute_refused(&format!(
        "UPDATE invoice_lines SET unit_price_cents = -200000 WHERE id = {}",
        off.id
    ));
    api.put(format!("/api/billing/{last}")).json(with(json!({}))).send().await.assert_status(200);
    sound(&app);
}

#[actix_web::test]
async fn a_draft_of_costs_that_finds_none_is_refused_also_for_the_second_at_once() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    app.expense(client, 4_000);
    let api = app.api(Role::Bookkeeper);
    let body = json!({"client_id": client, "include_time": false, "include_costs": true});
    let answers = join_all((0..3).map(|_| api.post("/api/billing").json(body.clone()).send())).await;
    let mut said: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    said.sort_unstable();
    assert_eq!(said, [201, 422, 422]);
    assert_eq!(app.count("invoices"), 1);
    let before = at_rest(&app).await;
    let refused = api.post("/api/billing").json(body).send().await.problem(422);
    assert_eq!(refused["errors"]["include_costs"], "found no unbilled costs here");
    assert!(refused["errors"]["include_time"].is_null());
    let both = json!({"client_id": client, "include_time": true, "include_costs": true});
    let refused = api.post("/api/billing").json(both).send().await.problem(422);
    assert_eq!(refused["errors"]["include_time"], "found no unbilled hours here");
    app.assert_unchanged(&before);
    sound(&app);
}
