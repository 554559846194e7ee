//! Retainers: nothing is lost and nothing comes from nowhere, the oldest is used first, and what is closed stays.

use bureau::auth::policy::Role;
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::issue;
use bureau::projects::retainers::ledger::{Carry, Lot, Period, RetainerUnit, Terms, settle};
use bureau::types::ids::{ClientId, InvoiceId, ProjectId, TaskId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::billing::{lines, northwind, sound};
use crate::support::{TestApp, day};

const HOUR: i64 = 3_600;

/// A project with a task, on which hours are not billable by themselves.
fn project(app: &TestApp) -> (ProjectId, TaskId) {
    let project = app.project(northwind(app));
    app.execute("UPDATE projects SET billing_model = 'retainer', version = version + 1");
    (project, app.task(project))
}

fn log(app: &TestApp, task: TaskId, on: &str, hours: i64) {
    app.entry_at(app.member().id(), task, day(on), hours * HOUR, None);
}

async fn periods(app: &TestApp, project: ProjectId) -> Vec<Value> {
    let found = app.api(Role::Manager).get(format!("/api/projects/{project}/retainer")).send().await.json();
    found["periods"].as_array().unwrap().clone()
}

/// Fields of a period in hours.
fn hours(period: &Value, fields: [&str; 4]) -> [i64; 4] {
    fields.map(|field| period[field].as_i64().unwrap() / HOUR)
}

fn terms(granted: i64) -> Terms {
    Terms { granted, roll_cap: None, expires_after: None, carries_debt: false }
}

#[test]
fn a_retainer_of_the_31st_comes_back_to_it_after_a_short_month() {
    let first = day("2026-01-31");
    let starts: Vec<String> =
        (0..4).map(|seq| Period::Month.start(first, seq).unwrap().to_string()).collect();
    assert_eq!(starts, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
    assert_eq!(Period::Month.days(first, 1), Some((day("2026-02-28"), day("2026-03-30"))));
    assert_eq!(Period::Quarter.days(day("2026-10-01"), 0), Some((day("2026-10-01"), day("2026-12-31"))));
    assert_eq!(Period::Week.days(day("2026-11-16"), 1), Some((day("2026-11-23"), day("2026-11-29"))));
}

#[test]
fn the_oldest_is_used_first_and_expires_first() {
    let lots = vec![Lot { granted_seq: 0, amount: 4 }, Lot { granted_seq: 1, amount: 6 }];
    let before = Carry { lots, debt: 0 };
    let numbers = settle(&terms(10), 2, &before, 5, 0);
    assert_eq!(numbers.carry.lots, [Lot { granted_seq: 1, amount: 5 }, Lot { granted_seq: 2, amount: 10 }]);
    // What period 0 granted is three periods old in period 3: too old when two are agreed.
    let old = settle(&Terms { expires_after: Some(2), ..terms(10) }, 2, &before, 1, 0);
    assert_eq!((old.expired, old.carry.amount()), (3, 16));
    let capped = settle(&Terms { roll_cap: Some(12), ..terms(10) }, 2, &before, 0, 0);
    assert_eq!((capped.expired, capped.carry.lots[0].granted_seq, capped.carry.amount()), (8, 1, 12));
}

#[test]
fn what_goes_beyond_is_overage_or_taken_from_the_next_period() {
    let billed = settle(&terms(10), 0, &Carry::default(), 13, 0);
    assert_eq!((billed.overage, billed.carry.debt), (3, 0));
    let debt = Terms { carries_debt: true, ..terms(10) };
    let taken = settle(&debt, 0, &Carry::default(), 13, 0);
    assert_eq!((taken.overage, taken.carry.debt), (0, 3));
    let next = settle(&debt, 1, &taken.carry, 5, 0);
    assert_eq!((next.debt_in, next.available(), next.left(), next.carry.amount()), (3, 7, 2, 2));
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_comes_from_nowhere(
        granted in 1_i64..100, cap in proptest::option::of(0_i64..150), after in proptest::option::of(1_i64..5),
        carries_debt: bool, used in proptest::collection::vec((0_i64..200, -50_i64..50), 1..24),
    ) {
        let terms = Terms { granted, roll_cap: cap, expires_after: after, carries_debt };
        let mut carry = Carry::default();
        let (mut total_granted, mut total_used, mut total_expired, mut total_overage) = (0, 0, 0, 0);
        for (seq, (used, adjusted)) in used.into_iter().enumerate() {
            let seq = seq as i64;
            let numbers = settle(&terms, seq, &carry, used, adjusted);
            prop_assert_eq!(
                numbers.granted + numbers.carried_in + numbers.overage + numbers.carry.debt,
                used + adjusted + numbers.debt_in + numbers.expired + numbers.carry.amount()
            );
            prop_assert!(numbers.expired >= 0 && numbers.overage >= 0 && numbers.carry.debt >= 0);
            prop_assert!(cap.is_none_or(|cap| numbers.carry.amount() <= cap));
            prop_assert!(numbers.carry.lots.iter().all(|lot| lot.amount > 0));
            prop_assert!(numbers.carry.lots.windows(2).all(|pair| pair[0].granted_seq < pair[1].granted_seq));
            prop_assert!(after.is_none_or(|after| numbers.carry.lots.iter().all(|lot| seq + 1 - lot.granted_seq <= after)));
            // Nothing rolls on while something is owed.
            prop_assert!(numbers.carry.lots.is_empty() || numbers.carry.debt + numbers.overage == 0);
            total_granted += granted;
            total_used += used + adjusted;
            total_expired += numbers.expired;
            total_overage += numbers.overage;
            carry = numbers.carry;
        }
        prop_assert_eq!(total_granted + total_overage + carry.debt, total_used + total_expired + carry.amount());
    }
}

#[actix_web::test]
async fn periods_follow_each_other_and_roll_over_up_to_the_cap() {
    let app = TestApp::new().await;
    let (project, task) = project(&app);
    app.retainer_with(project, |new| {
        (new.starts_on, new.roll_cap, new.overage_rate_cents) =
            (day("2026-09-01"), Some(4 * HOUR), Some(9_000));
    });
    for (on, hours) in [("2026-08-31", 9), ("2026-09-30", 3), ("2026-10-01", 12), ("2026-11-18", 13)] {
        log(&app, task, on, hours);
    }
    // Billed on its own: not the retainer's.
    app.entry(app.member().id(), task, day("2026-11-17"), 5 * HOUR);
    let ledger = periods(&app, project).await;
    let fields = ["carried_in", "used", "carried_out", "overage"];
    assert_eq!(
        ledger.iter().map(|period| hours(period, fields)).collect::<Vec<_>>(),
        [[0, 3, 4, 0], [4, 12, 2, 0], [2, 13, 0, 1]]
    );
    assert_eq!((&ledger[0]["expired"], &ledger[2]["overage_cents"]), (&json!(3 * HOUR), &json!(9_000)));
    let page = app.member().get(format!("/projects/{project}/retainer")).send().await;
    page.assert_text("#retainer", "13 h of 12 h").assert_count("#retainer tbody tr", 3);
    page.assert_no_text("main", "€");
}

#[actix_web::test]
async fn a_closed_period_stays_and_what_comes_late_is_adjusted_in_the_next() {
    let app = TestApp::new().await;
    let (project, task) = project(&app);
    app.retainer_with(project, |new| new.roll_cap = None);
    log(&app, task, "2026-10-15", 6);
    let path = format!("/projects/{project}/retainer");
    let october = [("starts_on", "2026-10-01")];
    app.manager().post(format!("{path}/close")).form(october).send().await.assert_redirect(&path);
    log(&app, task, "2026-10-20", 3);
    log(&app, task, "2026-11-18", 1);
    let ledger = periods(&app, project).await;
    let fields = ["used", "adjusted", "carried_in", "carried_out"];
    assert_eq!(hours(&ledger[0], fields), [6, 0, 0, 4]);
    assert_eq!(hours(&ledger[1], fields), [1, 3, 4, 10]);
    assert_eq!((&ledger[0]["is_closed"], &ledger[1]["is_closed"]), (&json!(true), &json!(false)));
    // Less of it counts as well.
    app.execute("DELETE FROM time_entries WHERE local_on < '2026-11-01'");
    let ledger = periods(&app, project).await;
    assert_eq!((hours(&ledger[0], fields), hours(&ledger[1], fields)), ([6, 0, 0, 4], [1, -6, 4, 19]));
    // The next one has not ended.
    let before = app.dump();
    for starts_on in ["2026-10-01", "2026-11-01"] {
        let form = [("starts_on", starts_on)];
        app.manager().post(format!("{path}/close")).form(form).send().await.assert_status(409);
    }
    for sql in [
        "UPDATE retainer_periods SET used = 0, expired = expired + used",
        "DELETE FROM retainer_carries",
        "UPDATE retainer_carries SET amount = 1",
    ] {
        assert!(app.execute_refused(sql).contains("closed period"), "{sql}");
    }
    app.assert_unchanged(&before);
    let statement = app.manager().get(format!("{path}/0")).send().await;
    statement.assert_text("#statement", "6 h").assert_text("#statement", "Closed by Mara on 19 Nov 2026");
    app.manager().get(format!("{path}/9")).send().await.assert_status(404);
}

#[actix_web::test]
async fn the_database_refuses_a_period_that_does_not_add_up() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    app.retainer(project);
    app.execute_refused(&format!(
        "INSERT INTO retainer_periods (project_id, seq, starts_on, ends_on, granted, carried_in, debt_in, used, adjusted, \
         expired, carried_out, debt_out, overage, overage_cents, fee_cents, closed_by, closed_at) \
         SELECT {project}, 0, '2026-10-01', '2026-10-31', 10, 0, 0, 5, 0, 0, 6, 0, 0, 0, 0, min(id), '2026-11-01 00:00:00' FROM users"
    ));
}

#[actix_web::test]
async fn terms_are_agreed_on_changed_and_fixed_in_shape_once_a_period_is_closed() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    let path = format!("/projects/{project}/retainer");
    app.manager().get(&path).send().await.assert_text("#retainer", "Agree on a retainer");
    let page = app.manager().get(format!("{path}/edit")).send().await;
    page.assert_value("#starts_on", "2026-11-01").assert_value("#period", "month");
    let form = |more: &[(&str, &str)]| {
        let mut form =
            vec![("unit", "hours"), ("period", "month"), ("starts_on", "2026-10-01"), ("granted", "20")];
        form.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        form.extend_from_slice(more);
        form.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    for (field, value) in [
        ("granted", ""),
        ("granted", "0"),
        ("unit", "days"),
        ("expires_after", "0"),
        ("rollover", "some"),
        ("starts_on", ""),
    ] {
        let page = app.manager().post(&path).form(form(&[(field, value)])).htmx().send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    let page = app.manager().post(&path).form(form(&[("rollover", "capped")])).send().await;
    page.assert_status(422).assert_has("[data-error=roll_cap]");
    assert_eq!(app.count("retainers"), 0);
    for visitor in [app.member(), app.bookkeeper()] {
        visitor.post(&path).form(form(&[])).send().await.assert_status(403);
        visitor.post(format!("{path}/close")).form([("starts_on", "x")]).send().await.assert_status(403);
    }
    app.manager().post(&path).form(form(&[])).send().await.assert_redirect(&path);
    let page = app.manager().post(&path).form(form(&[("granted", "30")])).send().await;
    page.assert_status(409).assert_text(".versions", "30");
    let october = [("starts_on", "2026-10-01")];
    app.manager().post(format!("{path}/close")).form(october).send().await.assert_status(303);
    let page = app.manager().post(&path).form(form(&[("period", "week"), ("version", "1")])).send().await;
    page.assert_status(422).assert_text("[data-error=period]", "Cannot change any more");
    let changed = form(&[("granted", "30"), ("version", "1")]);
    app.manager().post(&path).form(changed).send().await.assert_redirect(&path);
    let ledger = periods(&app, project).await;
    assert_eq!((&ledger[0]["granted"], &ledger[1]["granted"]), (&json!(20 * HOUR), &json!(30 * HOUR)));
    app.manager().delete(format!("/projects/{project}")).send().await.assert_status(409);
}

#[actix_web::test]
async fn a_retainer_of_money_counts_hours_at_their_price_and_is_for_who_sees_money() {
    let app = TestApp::new().await;
    let (project, task) = project(&app);
    app.retainer_with(project, |new| {
        (new.unit, new.granted, new.fee_cents) = (RetainerUnit::Money, 100_000, Some(100_000));
    });
    log(&app, task, "2026-11-18", 15);
    app.execute("UPDATE time_entries SET rate_cents = 8001");
    let ledger = periods(&app, project).await;
    assert_eq!((&ledger[1]["used"], &ledger[1]["overage_cents"]), (&json!(120_015), &json!(20_015)));
    let hidden = app.api(Role::Member).get(format!("/api/projects/{project}/retainer")).send().await.json();
    assert_eq!((&hidden["terms"], &hidden["periods"]), (&Value::Null, &json!([])));
    app.member().get(format!("/projects/{project}/retainer/1")).send().await.assert_status(404);
    app.bookkeeper()
        .get(format!("/projects/{project}/retainer/1"))
        .send()
        .await
        .assert_text("#statement", "€1,200.15");
    // Two periods of 1,000.00 and the overage are what it has earned.
    let budget = app.api(Role::Owner).get(format!("/api/projects/{project}/budget")).send().await.json();
    assert_eq!(budget["so_far"]["revenue_cents"], 220_015);
}

#[actix_web::test]
async fn the_api_agrees_on_terms_and_closes_periods() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    let (path, manager) = (format!("/api/projects/{project}/retainer"), app.api(Role::Manager));
    let body = json!({ "starts_on": "2026-10-01", "granted": 10, "fee": 900, "overage_rate": 95 });
    manager.put(&path).json(json!({})).send().await.problem(422);
    let agreed = manager.put(&path).json(body.clone()).send().await;
    agreed.assert_status(200);
    assert_eq!(
        (&agreed.json()["terms"]["granted"], &agreed.json()["terms"]["fee_cents"]),
        (&json!(36_000), &json!(90_000))
    );
    manager.put(&path).json(body).send().await.problem(409);
    let close = || manager.post(format!("{path}/close")).json(json!({"starts_on": "2026-10-01"})).send();
    manager.post(format!("{path}/close")).json(json!({})).send().await.problem(422);
    let closed = close().await;
    closed.assert_status(200);
    assert_eq!((&closed.json()["seq"], &closed.json()["is_closed"]), (&json!(0), &json!(true)));
    close().await.problem(409);
}

/// Takes what a client is charged with on a draft.
fn bill(app: &TestApp, client: ClientId) -> InvoiceId {
    let actor = app.actor();
    let new = NewDraft { include_costs: true, include_time: false, ..NewDraft::of_hours(client) };
    app.write(|conn| draft::create(conn, &actor, app.now(), &new))
}

/// Nothing waits to be billed: a draft of it is refused.
fn nothing_waits(app: &TestApp, client: ClientId) {
    let actor = app.actor();
    let new = NewDraft { include_costs: true, include_time: false, ..NewDraft::of_hours(client) };
    app.refused(|conn| draft::create(conn, &actor, app.now(), &new));
}

#[actix_web::test]
async fn a_closed_period_is_charged_with_fee_and_overage_and_billed_once() {
    let app = TestApp::new().await;
    let (project, task) = project(&app);
    let client = ClientId(app.line("SELECT CAST(client_id AS TEXT) AS line FROM projects").parse().unwrap());
    app.retainer_with(project, |new| new.overage_rate_cents = Some(9_000));
    log(&app, task, "2026-10-15", 13);
    let page = app.bookkeeper().get("/billing/close?month=2026-10").send().await;
    page.assert_text(".callout", "1 period of the retainer is not closed");
    nothing_waits(&app, client);
    let october = [("starts_on", "2026-10-01")];
    app.manager()
        .post(format!("/projects/{project}/retainer/close"))
        .form(october)
        .send()
        .await
        .assert_status(303);
    let page = app.bookkeeper().get("/billing/close?month=2026-10").send().await;
    page.assert_no_text("main", "not closed").assert_text("#close_form tbody", "€1,047.70");
    let ledger = app.manager().get(format!("/projects/{project}/retainer")).send().await;
    ledger.assert_text("#retainer tbody", "Ready to bill");
    let fields = page.fields("#close_form");
    app.bookkeeper()
        .post("/billing/close")
        .form(fields)
        .send()
        .await
        .assert_redirect("/billing?status=draft");
    let id: InvoiceId = app.line("SELECT CAST(max(id) AS TEXT) AS line FROM invoices").parse().unwrap();
    let stored = lines(&app, id);
    let amounts: Vec<(&str, i64)> =
        stored.iter().map(|line| (line.title.as_str(), line.amount_cents)).collect();
    assert_eq!(amounts, [("Retainer for a month", 77_770), ("3 h beyond the retainer", 27_000)]);
    assert!(stored[0].details.contains("1 Oct 2026 to 31 Oct 2026"), "{}", stored[0].details);
    nothing_waits(&app, client);
    let before = app.dump();
    for sql in [
        "UPDATE retainer_charges SET amount_cents = 1",
        "UPDATE retainer_charges SET is_unbilled = TRUE",
        "DELETE FROM retainer_charges",
        "INSERT INTO billed_charges (charge_id, invoice_line_id) SELECT charge_id, invoice_line_id FROM billed_charges",
        "UPDATE billed_charges SET invoice_line_id = 1",
    ] {
        app.execute_refused(sql);
    }
    app.assert_unchanged(&before);
    // A draft that goes gives them back, and another takes them.
    let actor = app.actor();
    app.write(|conn| draft::delete(conn, &actor, app.now(), id));
    assert_eq!(app.count_where("retainer_charges", "is_unbilled"), 2);
    app.execute_refused("UPDATE retainer_charges SET is_unbilled = FALSE");
    let again = bill(&app, client);
    assert_eq!((lines(&app, again).len(), app.count_where("retainer_charges", "is_unbilled")), (2, 0));
    app.write(|conn| issue::issue(conn, &actor, app.now(), again, None));
    app.execute_refused("DELETE FROM billed_charges");
    let ledger = app.manager().get(format!("/projects/{project}/retainer")).send().await;
    ledger.assert_text("#retainer tbody", "On an invoice");
    let body = json!({"reason": "Agreed otherwise", "release_hours": true});
    let credits = format!("/api/billing/{again}/credits");
    app.api(Role::Bookkeeper).post(credits).json(body).send().await.assert_status(201);
    assert_eq!(app.count_where("retainer_charges", "is_unbilled"), 2);
    sound(&app);
}

#[actix_web::test]
async fn a_fee_is_charged_ahead_once_and_keeps_its_amount() {
    let app = TestApp::new().await;
    let (project, _) = project(&app);
    app.retainer_with(project, |new| new.starts_on = day("2026-11-01"));
    let (path, manager) = (format!("/projects/{project}/retainer"), app.api(Role::Manager));
    for visitor in [app.member(), app.bookkeeper()] {
        visitor.post(format!("{path}/fee")).form([("starts_on", "x")]).send().await.assert_status(403);
    }
    let november = [("starts_on", "2026-11-01")];
    app.manager().post(format!("{path}/fee")).form(november).send().await.assert_redirect(&path);
    manager.get(format!("/api{path}")).send().await.assert_status(200);
    let before = app.dump();
    app.manager().post(format!("{path}/fee")).form(november).send().await.assert_status(409);
    let body = json!({"starts_on": "2026-11-01"});
    manager.post(format!("/api{path}/fee")).json(body).send().await.problem(409);
    app.assert_unchanged(&before);
    // Other terms count for what is not charged yet, and periods keep their shape.
    let body = json!({"starts_on": "2026-11-01", "granted": 10, "fee": 900, "version": 1});
    manager.put(format!("/api{path}")).json(body).send().await.assert_status(200);
    let body = json!({"starts_on": "2026-10-01", "granted": 10, "fee": 900, "version": 2});
    let problem = manager.put(format!("/api{path}")).json(body).send().await.problem(422);
    assert!(problem["errors"]["starts_on"].is_string(), "{problem}");
    let ledger = periods(&app, project).await;
    let charged = json!([{"kind": "fee", "amount_cents": 77_770, "is_unbilled": true}]);
    assert_eq!((&ledger[0]["fee_cents"], &ledger[0]["charges"]), (&json!(77_770), &charged));
    app.manager().delete(format!("/projects/{project}")).send().await.assert_status(409);
    let hidden = app.api(Role::Member).get(format!("/api{path}")).send().await.json();
    assert!(hidden["periods"][0].get("charges").is_none(), "{hidden}");
    let page = app.member().get(&path).send().await;
    page.assert_no_text("main", "777.70").assert_no_text("main", "Ready to bill");
}

#[actix_web::test]
async fn a_statement_shows_a_member_no_hours_but_their_own() {
    let app = TestApp::new().await;
    let (project, task) = project(&app);
    app.retainer(project);
    for who in [app.owner().id(), app.member().id()] {
        app.entry_at(who, task, day("2026-10-16"), 3_600, None);
    }
    app.execute("UPDATE time_entries SET is_billable = FALSE, is_unbilled = FALSE");
    let path = format!("/projects/{project}/retainer/0");
    app.manager().get(&path).send().await.assert_text("#statement", "Ines").assert_text("#statement", "Tom");
    let page = app.member().get(&path).send().await;
    page.assert_status(200).assert_no_text("#statement", "Ines");
}
