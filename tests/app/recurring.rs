//! Recurring invoices: their days, the drafts made on them, what is made up for, what stops them.

use bureau::auth::policy::Role;
use bureau::billing::model::Invoice;
use bureau::billing::recurring::model::{self, Calendar, Covers, Recurring, RecurringStatus, RecurringUnit};
use bureau::billing::recurring::verbs::{self, NewRecurring, RecurringChanges};
use bureau::types::ids::{ClientId, InvoiceId, RecurringId};
use proptest::prelude::*;
use serde_json::json;

use crate::billing::{change, free_line, invoice, lines, northwind};
use crate::notifications::told;
use crate::support::{TestApp, day};

/// A monthly invoice of one line at 100.00 that recurs from today on, but for `adjust`.
pub fn monthly(app: &TestApp, client: ClientId, adjust: impl Fn(&mut RecurringChanges)) -> RecurringId {
    let (actor, now, today) = (app.actor(), app.now(), app.today());
    let calendar = Calendar { every: 1, unit: RecurringUnit::Month, starts_on: today };
    let new = NewRecurring { client, project: None, title: "Care plan".into(), calendar };
    app.write(|conn| {
        let id = verbs::create(conn, &actor, now, &new)?;
        let mut outline = model::outline(conn, id)?;
        outline.lines = vec![free_line("Care plan {month} {year}", 10_000)];
        outline.lines[0].details = "{period}".into();
        let mut changes = RecurringChanges {
            title: "Care plan".into(),
            calendar,
            covers: Covers::Coming,
            ends_on: None,
            most: None,
            is_paused: false,
            outline,
        };
        adjust(&mut changes);
        verbs::save(conn, &actor, now, today, (id, 1), changes)?;
        Ok(id)
    })
}

fn stored(app: &TestApp, id: RecurringId) -> Recurring {
    let actor = app.actor();
    app.read(|conn| model::find(conn, &actor, id))
}

/// Looks for what has come due, so many days later.
fn days_later(app: &TestApp, days: i64) -> usize {
    app.clock.advance(days * 86_400);
    let today = app.today();
    app.write(|conn| verbs::run_due(conn, app.now(), today))
}

/// The invoices that were made, oldest first.
fn made(app: &TestApp, id: RecurringId) -> Vec<Invoice> {
    let mut made: Vec<InvoiceId> =
        app.read(|conn| model::made(conn, id)).into_iter().filter_map(|(_, invoice, _)| invoice).collect();
    made.reverse();
    made.into_iter().map(|id| invoice(app, id)).collect()
}

#[test]
fn a_quarter_is_three_months_and_the_anchor_day_is_kept() {
    let calendar = |every, unit, start| Calendar { every, unit, starts_on: day(start) };
    let days = |calendar: Calendar| -> Vec<String> {
        (0..4).map(|n| calendar.nth(n).unwrap().to_string()).collect()
    };
    let monthly = calendar(1, RecurringUnit::Month, "2026-12-31");
    assert_eq!(days(monthly), ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]);
    let quarterly = calendar(1, RecurringUnit::Quarter, "2026-11-30");
    assert_eq!(days(quarterly), ["2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30"]);
    let yearly = calendar(1, RecurringUnit::Year, "2024-02-29");
    assert_eq!(days(yearly), ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]);
    assert_eq!(days(calendar(2, RecurringUnit::Week, "2026-11-19"))[1], "2026-12-03");
    assert_eq!(
        monthly.covered(day("2027-02-28"), Covers::Coming),
        Some((day("2027-02-28"), day("2027-03-30")))
    );
    assert_eq!(
        monthly.covered(day("2027-02-28"), Covers::Past),
        Some((day("2027-01-31"), day("2027-02-27")))
    );
    assert_eq!(
        monthly.covered(day("2026-12-31"), Covers::Past),
        Some((day("2026-11-30"), day("2026-12-30")))
    );
}

#[test]
fn days_are_counted_from_the_first_whatever_lies_between() {
    let calendar = |every, start| Calendar { every, unit: RecurringUnit::Day, starts_on: day(start) };
    let days = |calendar: Calendar| -> Vec<String> {
        (0..4).map(|n| calendar.nth(n).unwrap().to_string()).collect()
    };
    // A leap day, the ends of months and of a year, and the nights when clocks change.
    assert_eq!(days(calendar(14, "2028-02-20")), ["2028-02-20", "2028-03-05", "2028-03-19", "2028-04-02"]);
    assert_eq!(days(calendar(30, "2026-10-31")), ["2026-10-31", "2026-11-30", "2026-12-30", "2027-01-29"]);
    assert_eq!(days(calendar(1, "2026-12-30"))[3], "2027-01-02");
    let fortnight = calendar(14, "2026-01-01");
    assert_eq!(fortnight.nth(1_000), day("2026-01-01").checked_add_days(chrono::Days::new(14_000)));
    assert_eq!(fortnight.after(day("2026-01-14")), Some(day("2026-01-15")));
    assert_eq!(fortnight.after(day("2026-01-15")), Some(day("2026-01-29")));
    let covered = |covers| fortnight.covered(day("2026-01-01"), covers);
    assert_eq!(covered(Covers::Coming), Some((day("2026-01-01"), day("2026-01-14"))));
    assert_eq!(covered(Covers::Past), Some((day("2025-12-18"), day("2025-12-31"))));
    let daily = calendar(1, "2026-01-01");
    assert_eq!(daily.covered(day("2026-03-05"), Covers::Past), Some((day("2026-03-04"), day("2026-03-04"))));
    assert_eq!((fortnight.words().as_str(), daily.words().as_str()), ("Every 14 days", "Every day"));
}

#[actix_web::test]
async fn every_so_many_days_are_made_up_for_without_drift() {
    let app = TestApp::new().await;
    let id = monthly(&app, northwind(&app), |changes| {
        changes.calendar = Calendar { every: 14, unit: RecurringUnit::Day, starts_on: day("2026-11-20") };
    });
    // Three come due at once after a long weekend off, and the next is where it would have been.
    assert_eq!(days_later(&app, 35), 3);
    let periods: Vec<(String, String)> = made(&app, id)
        .into_iter()
        .map(|draft| (draft.delivery_from.unwrap().to_string(), draft.delivery_to.unwrap().to_string()))
        .collect();
    let wanted = [("2026-11-20", "2026-12-03"), ("2026-12-04", "2026-12-17"), ("2026-12-18", "2026-12-31")];
    assert_eq!(periods, wanted.map(|(from, to)| (from.to_owned(), to.to_owned())));
    assert_eq!(lines(&app, made(&app, id)[2].id)[0].details, "18 Dec – 31 Dec 2026");
    assert_eq!(stored(&app, id).next_on, Some(day("2027-01-01")));
    let bea = app.bookkeeper();
    let page = bea.get(format!("/billing/recurring/{id}")).send().await;
    page.assert_text(".meta", "Every 14 days").assert_text("#upcoming tbody tr:nth-child(2)", "15 Jan 2027");
    bea.get("/billing/recurring/new").send().await.assert_has("#unit option[value=day]");
    let api = app.api(Role::Bookkeeper);
    assert_eq!(api.get(format!("/api/billing/recurring/{id}")).send().await.json()["unit"], "day");
}

proptest! {
    #[test]
    fn the_periods_of_a_calendar_cover_every_day_once(
        every in 1_i64..30, unit in 0_usize..5, start in 0_u64..20_000, count in 1_u32..40, past in any::<bool>(),
    ) {
        let starts_on = day("1990-01-01") + chrono::Days::new(start);
        let calendar = Calendar { every, unit: RecurringUnit::ALL[unit], starts_on };
        let covers = if past { Covers::Past } else { Covers::Coming };
        let mut end = None;
        for n in 0..count {
            let on = calendar.nth(n).unwrap();
            prop_assert_eq!(calendar.from(on), Some(on));
            let (from, to) = calendar.covered(on, covers).unwrap();
            prop_assert!(from <= to);
            if let Some(end) = end {
                prop_assert_eq!(from, end + chrono::Days::new(1));
            }
            end = Some(to);
        }
    }
}

#[actix_web::test]
async fn a_draft_is_made_on_its_day_with_the_period_in_its_words() {
    let app = TestApp::new().await;
    let id = monthly(&app, northwind(&app), |changes| {
        changes.calendar.starts_on = day("2026-11-30");
        changes.outline.note = "For {month}. {other} stays.".into();
    });
    assert_eq!(stored(&app, id).next_on, Some(day("2026-11-30")));
    assert_eq!((days_later(&app, 10), made(&app, id).len()), (0, 0));
    assert_eq!(days_later(&app, 1), 1);
    assert_eq!(days_later(&app, 0), 0, "once");
    let draft = made(&app, id).remove(0);
    assert!(draft.is_draft());
    assert_eq!((draft.total_cents, draft.issue_on), (11_900, Some(day("2026-11-30"))));
    assert_eq!((draft.delivery_from, draft.delivery_to), (Some(day("2026-11-30")), Some(day("2026-12-29"))));
    assert_eq!(draft.note, "For November. {other} stays.");
    let line = lines(&app, draft.id).remove(0);
    assert_eq!(
        (line.title.as_str(), line.details.as_str()),
        ("Care plan November 2026", "30 Nov – 29 Dec 2026")
    );
    assert_eq!(stored(&app, id).next_on, Some(day("2026-12-30")));
}

#[actix_web::test]
async fn every_missed_period_is_made_up_for_by_a_draft_of_its_own() {
    let app = TestApp::new().await;
    let id = monthly(&app, northwind(&app), |changes| changes.calendar.starts_on = day("2026-11-30"));
    assert_eq!(days_later(&app, 80), 3);
    let periods: Vec<_> =
        made(&app, id).into_iter().map(|draft| draft.delivery_from.unwrap().to_string()).collect();
    assert_eq!(periods, ["2026-11-30", "2026-12-30", "2027-01-30"]);
    assert_eq!(days_later(&app, 0), 0);
    // A draft that somebody throws away does not come back.
    let actor = app.actor();
    let first = made(&app, id).remove(0).id;
    app.write(|conn| bureau::billing::draft::delete(conn, &actor, app.now(), first));
    assert_eq!((days_later(&app, 0), made(&app, id).len()), (0, 2));
    app.bookkeeper()
        .get(format!("/billing/recurring/{id}"))
        .send()
        .await
        .assert_text("#made", "Draft deleted");
    let again = "INSERT INTO recurring_periods (recurring_id, period_on, covered_to, made_at) \
                 SELECT recurring_id, period_on, covered_to, made_at FROM recurring_periods WHERE invoice_id IS NULL";
    app.execute_refused(again);
    assert!(app.execute_refused("DELETE FROM recurring_periods").contains("invoiced once"));
    assert!(
        app.execute_refused("UPDATE recurring_periods SET period_on = '2030-01-01'")
            .contains("invoiced once")
    );
    app.bookkeeper().post(format!("/billing/recurring/{id}/deletion")).send().await.assert_status(409);
}

#[actix_web::test]
async fn a_period_has_one_draft_whoever_makes_it() {
    let app = TestApp::new().await;
    let id = monthly(&app, northwind(&app), |changes| changes.calendar.starts_on = day("2026-11-20"));
    app.clock.advance(86_400);
    let (now, today) = (app.now(), app.today());
    let second = app.meanwhile(
        move |conn| verbs::run_due(conn, now, today).map(drop),
        |conn| verbs::run_due(conn, now, today),
    );
    assert_eq!((second.unwrap(), made(&app, id).len()), (0, 1));
}

#[actix_web::test]
async fn it_ends_after_its_count_or_its_last_day() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let counted = monthly(&app, client, |changes| changes.most = Some(2));
    assert_eq!(made(&app, counted).len(), 1, "today's is made at once");
    let ending = monthly(&app, client, |changes| changes.ends_on = Some(day("2026-12-18")));
    assert_eq!(stored(&app, ending).upcoming(app.today()), []);
    assert_eq!(days_later(&app, 200), 1);
    assert_eq!((made(&app, counted).len(), made(&app, ending).len()), (2, 1));
    for id in [counted, ending] {
        assert_eq!(stored(&app, id).status(), RecurringStatus::Ended);
    }
}

#[actix_web::test]
async fn while_it_rests_nothing_is_missed() {
    let app = TestApp::new().await;
    let id = monthly(&app, northwind(&app), |changes| {
        changes.calendar.starts_on = day("2026-11-25");
        changes.is_paused = true;
    });
    assert_eq!(stored(&app, id).status(), RecurringStatus::Paused);
    let days: Vec<_> = stored(&app, id).upcoming(app.today()).iter().map(|day| day.on.to_string()).collect();
    assert_eq!((days.len(), days[0].as_str(), days[11].as_str()), (12, "2026-11-25", "2027-10-25"));
    assert_eq!(days_later(&app, 100), 0);
    let bea = app.bookkeeper();
    let mut fields = bea.get(format!("/billing/recurring/{id}/edit")).send().await.fields("#outline_form");
    change(&mut fields, "is_paused", "false");
    bea.post(format!("/billing/recurring/{id}")).form(fields).send().await.assert_status(303);
    assert_eq!(stored(&app, id).next_on, Some(day("2027-03-25")));
    assert_eq!(made(&app, id).len(), 0);
}

#[actix_web::test]
async fn it_pauses_itself_when_its_client_is_put_away() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = monthly(&app, client, |changes| changes.calendar.starts_on = day("2026-11-20"));
    app.manager().post(format!("/clients/{client}/archive")).send().await.assert_status(303);
    assert_eq!(days_later(&app, 3), 0);
    assert_eq!((stored(&app, id).status(), made(&app, id).len()), (RecurringStatus::Paused, 0));
    assert_eq!(app.activity()[0], "updated recurring_invoice: Care plan");
    assert_eq!(told(&app.manager()).await, ["recurring_paused Care plan"]);
}

#[actix_web::test]
async fn whoever_sees_money_is_told_of_each_draft_and_led_to_it() {
    let app = TestApp::new().await;
    for visitor in [app.manager(), app.bookkeeper(), app.member()] {
        visitor.sign_in().await;
    }
    let id = monthly(&app, northwind(&app), |changes| changes.calendar.starts_on = day("2026-11-20"));
    assert_eq!(days_later(&app, 3), 1);
    assert_eq!(days_later(&app, 0), 0, "once");
    for visitor in [app.owner(), app.manager(), app.bookkeeper()] {
        assert_eq!(told(&visitor).await, ["invoice_drafted Northwind"]);
    }
    assert_eq!(told(&app.member()).await, Vec::<String>::new());
    let page = app.owner().get("/notifications").send().await;
    page.assert_text("#notification-list", "A recurring invoice was drafted for Northwind");
    let draft = made(&app, id).remove(0).id;
    let reading = page.attributes("#notification-list form", "action").remove(0);
    app.owner().post(&reading).send().await.assert_redirect(&format!("/billing/{draft}"));
    app.owner().post(format!("/billing/{draft}/deletion")).send().await.assert_status(303);
    assert_eq!(app.count("notifications"), 0, "a draft that is gone is no news");
}

#[actix_web::test]
async fn a_draft_is_taxed_as_client_and_agency_are_on_its_day() {
    let app = TestApp::new().await;
    let id = monthly(&app, northwind(&app), |changes| {
        let mut reduced = free_line("Books", 10_000);
        reduced.tax_rate_millis = 7_000;
        changes.outline.lines.push(reduced);
        changes.calendar.starts_on = day("2026-12-01");
    });
    app.execute("UPDATE agency SET tax_rate_millis = 20000, tax_name = 'MwSt'");
    assert_eq!(days_later(&app, 20), 1);
    let draft = made(&app, id).remove(0);
    let rates: Vec<i64> = lines(&app, draft.id).iter().map(|line| line.tax_rate_millis).collect();
    assert_eq!(rates, [20_000, 7_000], "what has a rate of its own keeps it");
    assert_eq!((draft.total_cents, draft.tax_name.as_str()), (22_700, "MwSt"));
    assert_eq!(stored(&app, id).total_cents, 22_700, "and the list shows what comes");
}

#[actix_web::test]
async fn it_is_made_changed_and_deleted_on_its_pages() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let bea = app.bookkeeper();
    let mut fields =
        bea.get(format!("/billing/recurring/new?client_id={client}")).send().await.fields("#recurring_form");
    change(&mut fields, "title", "Hosting");
    change(&mut fields, "unit", "quarter");
    for _ in 0..2 {
        bea.post("/billing/recurring").form(fields.clone()).send().await.assert_status(303);
    }
    assert_eq!(app.count("recurring_invoices"), 1);
    let mut fields = bea.get("/billing/recurring/1/edit").send().await.fields("#outline_form");
    change(&mut fields, "is_paused", "false");
    let page = bea.post("/billing/recurring/1").form(fields.clone()).send().await;
    page.assert_status(422).assert_has("#problems");
    change(&mut fields, "line_title", "Hosting {period}");
    change(&mut fields, "line_quantity", "3");
    change(&mut fields, "line_price", "20");
    let preview = bea.post("/billing/recurring/1/preview-totals").form(fields.clone()).htmx().send().await;
    preview.assert_status(200).assert_text("#totals", "€71.40");
    bea.post("/billing/recurring/1")
        .form(fields.clone())
        .send()
        .await
        .assert_redirect("/billing/recurring/1");
    assert_eq!(made(&app, RecurringId(1)).len(), 1, "today's");
    let page = bea.get("/billing/recurring/1").send().await;
    page.assert_text("#status", "Active")
        .assert_text("#upcoming", "19 Feb 2027")
        .assert_count("#upcoming tbody tr", 12);
    bea.get("/billing/recurring").send().await.assert_text("#recurring_1", "Every quarter");
    change(&mut fields, "title", "Late");
    bea.post("/billing/recurring/1")
        .form(fields.clone())
        .send()
        .await
        .assert_status(409)
        .assert_text(".conflict", "Late");
    let before = app.dump();
    for (field, value) in [
        ("title", ""),
        ("every", "0"),
        ("unit", "hour"),
        ("starts_on", ""),
        ("ends_on", "2020-01-01"),
        ("most", "0"),
    ] {
        let mut fields = fields.clone();
        change(&mut fields, field, value);
        let page = bea.post("/billing/recurring/1").form(fields).send().await;
        page.assert_status(422).assert_has(&format!("#problems a[href='#{field}']"));
    }
    app.assert_unchanged(&before);
    app.member().get("/billing/recurring").send().await.assert_status(403);
    let other = monthly(&app, client, |changes| changes.is_paused = true);
    bea.post(format!("/billing/recurring/{other}/deletion"))
        .send()
        .await
        .assert_redirect("/billing/recurring");
    assert_eq!(app.count("recurring_invoices"), 1);
}

#[actix_web::test]
async fn the_api_of_recurring_invoices_follows_the_same_rules() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let bea = app.api(Role::Bookkeeper);
    let body = json!({ "client_id": client, "title": "Hosting", "unit": "month", "starts_on": "2026-12-31" });
    let created = bea.post("/api/billing/recurring").json(body).send().await;
    created.assert_status(201);
    let path = created.header("location").unwrap();
    assert_eq!(
        (created.json()["status"].clone(), created.json()["next_on"].clone()),
        (json!("paused"), json!(null))
    );
    let line = json!({ "title": "Hosting {month}", "quantity": 1, "unit_price": 20 });
    let change = json!({ "title": "Hosting", "unit": "month", "starts_on": "2026-12-31", "covers": "past", "most": 3,
                         "lines": [line], "version": 1 });
    let saved = bea.put(&path).json(change.clone()).send().await;
    saved.assert_status(200);
    let days: Vec<String> = saved.json()["upcoming"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["on"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(days, ["2026-12-31", "2027-01-31", "2027-02-28"]);
    assert_eq!(saved.json()["upcoming"][2]["from"], "2027-01-31");
    assert_eq!(
        (saved.json()["total_cents"].clone(), saved.json()["next_on"].clone()),
        (json!(2_380), json!("2026-12-31"))
    );
    bea.put(&path).json(change).send().await.problem(409);
    assert_eq!(bea.get("/api/billing/recurring").send().await.json()["meta"]["count"], 1);
    app.api(Role::Member).get(&path).send().await.problem(403);
    bea.delete(&path).send().await.assert_status(204);
    bea.get(&path).send().await.problem(404);
}

#[actix_web::test]
async fn a_change_of_days_bills_no_time_twice_and_leaves_none_out() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = monthly(&app, client, |changes| changes.calendar.starts_on = day("2026-11-01"));
    days_later(&app, 13);
    let first = made(&app, id);
    assert_eq!(first.last().unwrap().delivery_to, Some(day("2026-12-31")));
    let change = |adjust: &dyn Fn(&mut RecurringChanges)| {
        let (actor, now, today, row) = (app.actor(), app.now(), app.today(), stored(&app, id));
        let outline = app.read(|conn| model::outline(conn, id));
        let mut changes = RecurringChanges {
            title: row.title.clone(),
            calendar: row.calendar(),
            covers: row.covers,
            ends_on: None,
            most: None,
            is_paused: false,
            outline,
        };
        adjust(&mut changes);
        app.db.write_blocking(|conn| {
            verbs::save(conn, &actor, now, today, (id, row.version), changes.clone()).map(drop)
        })
    };
    assert!(
        change(&|changes| changes.calendar.starts_on = day("2026-11-15")).is_err(),
        "half of January is left out"
    );
    change(&|changes| changes.covers = Covers::Past).unwrap();
    assert_eq!(stored(&app, id).next_on, Some(day("2027-02-01")), "January is the next that nobody billed");
}
