//! Credit notes add up to their invoice, whatever the parts, and what they give back can be billed once again.

use bureau::auth::policy::Role;
use bureau::billing::credits::model::{self as credits, NewCredit};
use bureau::billing::credits::reissue::reissue;
use bureau::billing::draft::{self, NewDraft, Options};
use bureau::billing::model::{Invoice, NewLine};
use bureau::billing::totals::Discount;
use bureau::billing::{deposits, issue};
use bureau::types::ids::{ClientId, InvoiceId};
use serde_json::json;

use crate::billing::{at_rest, free_line, invoice, lines, northwind, sound};
use crate::support::{TestApp, day};

/// An issued invoice with `lines`.
fn billed(app: &TestApp, client: ClientId, lines: Vec<NewLine>, options: Options) -> InvoiceId {
    let id = drafted(app, client, lines, options);
    let actor = app.actor();
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    id
}

fn drafted(app: &TestApp, client: ClientId, lines: Vec<NewLine>, options: Options) -> InvoiceId {
    let actor = app.actor();
    let new = NewDraft {
        include_time: false,
        lines,
        options,
        delivery_from: Some(day("2026-11-18")),
        ..NewDraft::of_hours(client)
    };
    app.write(|conn| draft::create(conn, &actor, app.now(), &new))
}

/// Takes back so much of the lines at these places.
fn credit(app: &TestApp, id: InvoiceId, parts: &[(usize, i64)]) -> Invoice {
    let actor = app.actor();
    let new = part(app, id, parts);
    app.write(|conn| credits::create(conn, &actor, app.now(), id, &new))
}

fn part(app: &TestApp, id: InvoiceId, parts: &[(usize, i64)]) -> NewCredit {
    let of = lines(app, id);
    let lines = parts.iter().map(|(at, quantity)| (of[*at].id, *quantity)).collect();
    NewCredit { reason: "In parts".into(), lines: Some(lines), releases_hours: false }
}

/// Takes back everything that is left.
fn credit_rest(app: &TestApp, id: InvoiceId, releases_hours: bool) -> Invoice {
    let actor = app.actor();
    let new = NewCredit { reason: "The rest".into(), lines: None, releases_hours };
    app.write(|conn| credits::create(conn, &actor, app.now(), id, &new))
}

#[actix_web::test]
async fn notes_of_one_line_each_add_up_to_the_last_cent() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    for (cents, total) in [(3_333, 11_899), (3, 11)] {
        let three = ["One", "Two", "Three"].map(|title| free_line(title, cents)).to_vec();
        let id = billed(&app, client, three, Options::default());
        let notes: Vec<Invoice> = (0..3).map(|at| credit(&app, id, &[(at, 10_000)])).collect();
        let sum = |of: fn(&Invoice) -> i64| notes.iter().map(of).sum::<i64>();
        let billed = invoice(&app, id);
        assert_eq!(billed.total_cents, total);
        assert_eq!(
            (sum(|note| note.net_cents), sum(|note| note.tax_cents), sum(|note| note.total_cents)),
            (billed.net_cents, billed.tax_cents, billed.total_cents)
        );
        assert_eq!((billed.credited_cents, billed.balance()), (total, 0));
        sound(&app);
    }
}

#[actix_web::test]
async fn discounts_and_coins_come_back_to_the_last_cent() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    app.execute("UPDATE agency SET rounding_step_cents = 5");
    let ten = Discount::Percent(10_000);
    let seven = NewLine { quantity_e4: 70_000, discount: Discount::Amount(100), ..free_line("Seven", 333) };
    let options = Options { discount: ten, ..Options::default() };
    let id = billed(&app, client, vec![seven, NewLine { discount: ten, ..free_line("One", 1_999) }], options);
    let mut notes: Vec<Invoice> = (0..6).map(|_| credit(&app, id, &[(0, 10_000)])).collect();
    notes.push(credit_rest(&app, id, false));
    let sum = |of: fn(&Invoice) -> i64| notes.iter().map(of).sum::<i64>();
    let billed = invoice(&app, id);
    assert_eq!(
        (sum(|note| note.net_cents), sum(|note| note.discount_cents), sum(|note| note.tax_cents)),
        (billed.net_cents, billed.discount_cents, billed.tax_cents)
    );
    assert_eq!(
        (sum(|note| note.rounding_cents), sum(|note| note.total_cents), billed.balance()),
        (billed.rounding_cents, billed.total_cents, 0)
    );
    assert!(notes.iter().all(|note| note.total_cents % 5 == 0));
    sound(&app);
}

#[actix_web::test]
async fn no_more_is_credited_than_was_billed() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = billed(
        &app,
        client,
        vec![free_line("Work", 100_000), free_line("Goodwill", -20_000)],
        Options::default(),
    );
    let work = lines(&app, id)[0].id;
    let before = at_rest(&app).await;
    let api = app.api(Role::Bookkeeper);
    let body = json!({"reason": "The work alone", "lines": [{"id": work, "quantity": 1}]});
    let refused = api.post(format!("/api/billing/{id}/credits")).json(body).send().await.problem(422);
    assert_eq!(
        refused["errors"]["lines"],
        "add up to €1,190.00, but only €952.00 is left to credit; take back what reduces the invoice, too"
    );
    app.assert_unchanged(&before);
    assert_eq!(credit(&app, id, &[(0, 8_000)]).total_cents, 95_200);
    assert_eq!(credit_rest(&app, id, false).total_cents, 0);
    sound(&app);
    // The database says so by itself.
    let other = billed(&app, client, vec![free_line("Work", 1_000)], Options::default());
    app.execute(&format!(
        "INSERT INTO invoices (kind, client_id, corrects_id, is_imported, currency, issue_on, due_on, grouping, net_cents, total_cents, number, seller, buyer, created_at, updated_at) \
         SELECT 'credit_note', client_id, id, {}, currency, issue_on, due_on, grouping, 1191, 1191, NULL, seller, buyer, created_at, updated_at FROM invoices WHERE id = {other}",
        "FALSE"
    ));
    let said = app.execute_refused(&format!(
        "UPDATE invoices SET is_imported = TRUE, number = 'X-1', issued_at = created_at WHERE corrects_id = {other}"
    ));
    assert!(said.contains("No more is credited than was billed"), "{said}");
}

#[actix_web::test]
async fn a_cost_that_is_given_back_is_claimed_by_the_corrected_draft() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    app.expense(client, 4_000);
    let project = app.project(client);
    app.execute(&format!(
        "INSERT INTO milestones (project_id, title, due_order, amount_cents, reached_on, is_unbilled, created_at, updated_at) \
         VALUES ({project}, 'Beta', '9999-12-31', 250000, '2026-11-10', TRUE, '2026-11-10 10:00:00', '2026-11-10 10:00:00')"
    ));
    let actor = app.actor();
    let costs = NewDraft { include_time: false, include_costs: true, ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &costs));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    credit_rest(&app, id, true);
    let free = || app.count_where("expenses", "is_unbilled") + app.count_where("milestones", "is_unbilled");
    assert_eq!(free(), 2);
    let corrected = app.write(|conn| reissue(conn, &actor, app.now(), id));
    assert_eq!(free(), 0, "the corrected draft bills them");
    assert_eq!(lines(&app, corrected).len(), 2);
    app.refused(|conn| draft::create(conn, &actor, app.now(), &costs));
    sound(&app);
    // What another invoice bills meanwhile is left out of a corrected draft.
    app.write(|conn| draft::delete(conn, &actor, app.now(), corrected));
    let other = app.write(|conn| draft::create(conn, &actor, app.now(), &costs));
    assert_eq!(lines(&app, other).len(), 2);
    let second = app.write(|conn| reissue(conn, &actor, app.now(), id));
    assert_eq!(lines(&app, second).len(), 0);
    app.write(|conn| issue::issue(conn, &actor, app.now(), other, None));
    app.execute_refused("DELETE FROM released_costs");
    app.execute_refused("UPDATE released_costs SET credit_line_id = 1");
    sound(&app);
}

#[actix_web::test]
async fn an_invoice_is_drafted_anew_once_it_is_credited_in_full() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let two = vec![free_line("One", 1_000), free_line("Two", 2_000)];
    let id = billed(&app, client, two, Options::default());
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/billing/{id}/reissue");
    let said = "INV-2026-0001 still bills some of its lines. Credit it in full first, so that nothing is billed twice. Nothing was changed.";
    let before = at_rest(&app).await;
    assert_eq!(api.post(&path).send().await.problem(409)["detail"], said);
    app.assert_unchanged(&before);
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_no("form[action$=reissue]");
    credit(&app, id, &[(0, 10_000)]);
    api.post(&path).send().await.problem(409);
    // A credit note that leaves something is not issued when a corrected draft should follow.
    let mut fields =
        app.bookkeeper().get(format!("/billing/{id}/credit")).send().await.fields("#credit_form");
    for (name, value) in &mut fields {
        match name.as_str() {
            "reason" => *value = "Half of it".into(),
            "line_quantity" => *value = "0.5".into(),
            _ => {}
        }
    }
    fields.push(("reissue".into(), "true".into()));
    let before = at_rest(&app).await;
    let refused = app.bookkeeper().post(format!("/billing/{id}/credit")).form(fields).send().await;
    refused.assert_status(422).assert_value("input[name=reason]", "Half of it");
    refused.assert_text("#credit_form", "still bills some of its lines");
    app.assert_unchanged(&before);
    credit_rest(&app, id, false);
    app.bookkeeper().get(format!("/billing/{id}")).send().await.assert_has("form[action$=reissue]");
    api.post(&path).send().await.assert_status(201);
    sound(&app);
}

#[actix_web::test]
async fn a_deposit_is_free_again_once_the_final_invoice_is_credited() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let actor = app.actor();
    let deposit_options = Options { is_deposit: true, ..Options::default() };
    let deposit = billed(&app, client, vec![free_line("Deposit", 30_000)], deposit_options);
    let deduct = |draft: InvoiceId| {
        app.write(|conn| deposits::deduct(conn, &actor, app.now(), draft, None, deposit));
    };
    let last = drafted(&app, client, vec![free_line("Shop", 100_000)], Options::default());
    deduct(last);
    app.write(|conn| issue::issue(conn, &actor, app.now(), last, None));
    assert_eq!(invoice(&app, last).total_cents, 83_300);
    let whole = NewCredit { reason: "Called off".into(), lines: None, releases_hours: false };
    app.refused(|conn| credits::create(conn, &actor, app.now(), deposit, &whole));
    credit_rest(&app, last, false);
    assert_eq!(app.count("deducted_deposits"), 0);
    // The corrected draft deducts it again, and while it does, the deposit is not credited.
    let corrected = app.write(|conn| reissue(conn, &actor, app.now(), last));
    assert_eq!((app.count("deducted_deposits"), invoice(&app, corrected).total_cents), (1, 83_300));
    app.refused(|conn| credits::create(conn, &actor, app.now(), deposit, &whole));
    sound(&app);
    app.write(|conn| draft::delete(conn, &actor, app.now(), corrected));
    let next = drafted(&app, client, vec![free_line("Shop", 90_000)], Options::default());
    deduct(next);
    app.write(|conn| issue::issue(conn, &actor, app.now(), next, None));
    credit_rest(&app, next, false);
    credit_rest(&app, deposit, false);
    // A deposit that went back is not deducted by a corrected draft.
    let corrected = app.write(|conn| reissue(conn, &actor, app.now(), next));
    assert_eq!((app.count("deducted_deposits"), invoice(&app, corrected).total_cents), (0, 107_100));
    sound(&app);
}

#[actix_web::test]
async fn a_discount_is_taken_of_the_work_and_not_of_its_deposit() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let actor = app.actor();
    let deposit_options = Options { is_deposit: true, ..Options::default() };
    let deposit = billed(&app, client, vec![free_line("Deposit", 30_000)], deposit_options);
    let options = Options { discount: Discount::Percent(10_000), ..Options::default() };
    let last = drafted(&app, client, vec![free_line("Shop", 100_000)], options);
    app.write(|conn| deposits::deduct(conn, &actor, app.now(), last, None, deposit));
    let draft = invoice(&app, last);
    assert_eq!((draft.discount_cents, draft.net_cents, draft.total_cents), (10_000, 60_000, 71_400));
    let page = app.bookkeeper().get(format!("/billing/{last}")).send().await;
    page.assert_text("#totals", "€714.00");
    app.write(|conn| issue::issue(conn, &actor, app.now(), last, None));
    assert_eq!(credit_rest(&app, last, false).total_cents, 71_400);
    sound(&app);
}
