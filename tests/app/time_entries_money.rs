//! What hours are worth: rates, claims, write-offs and the client's currency.

use bureau::auth::policy::Role;
use bureau::clients::form::ClientForm;
use bureau::clients::model::{self as clients, NewClient};
use bureau::db::schema::{rates, time_entries};
use bureau::rates::model::{self as rates_model, RateKind, Scope};
use bureau::time_entries::form::TimeEntryForm;
use bureau::time_entries::model::{self, NewTimeEntry};
use bureau::types::ids::{ClientId, TimeEntryId};
use diesel::prelude::*;
use serde_json::json;

use crate::support::{TestApp, day};
use crate::time_entries::{claim, entries, log, only, post_json, work};

#[actix_web::test]
async fn editing_keeps_the_rate_until_the_work_or_its_day_changes() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    let actor = app.actor();
    app.write(|conn| {
        Ok(diesel::insert_into(rates::table)
            .values((
                rates::kind.eq("bill"),
                rates::scope.eq("project"),
                rates::project_id.eq(project),
                rates::amount_cents.eq(12_000_i64),
                rates::starts_on.eq(day("2026-11-18")),
                rates::created_by.eq(actor.id),
                rates::created_at.eq(app.now()),
            ))
            .execute(conn)?)
    });
    let path = format!("/api/time-entries/{id}");
    let put = async |date: &str, duration: &str, version: i64| {
        let body =
            json!({"task_id": task, "date": date, "duration": duration, "note": "n", "version": version});
        tom.token().put(&path).json(body).send().await
    };
    put("2026-11-17", "2", 1).await.assert_status(200);
    assert_eq!((only(&app).rate_cents, only(&app).amount_cents), (Some(9_000), 18_000));
    put("2026-11-18", "2", 2).await.assert_status(200);
    let entry = only(&app);
    assert_eq!((entry.rate_cents, entry.amount_cents, entry.version), (Some(12_000), 24_000, 3));
    assert_eq!(entry.rate_source, "project rate from 2026-11-18");
    put("2026-11-18", "3", 2).await.problem(409);
    put("2026-11-18", "3", 3).await.assert_status(200);
    assert_eq!(only(&app).duration_seconds, 10_800);
}

#[actix_web::test]
async fn hours_on_an_invoice_do_not_change() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    claim(&app, id);
    tom.sign_in().await;
    tom.token().get("/api/time-entries").send().await.assert_status(200);
    app.manager().sign_in().await;
    let before = app.dump();
    let body = json!({"task_id": task, "date": "2026-11-17", "duration": "8", "version": 1});
    let problem = tom.token().put(format!("/api/time-entries/{id}")).json(body).send().await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("a draft for Northwind"), "{problem}");
    tom.token().delete(format!("/api/time-entries/{id}")).send().await.problem(409);
    tom.delete(format!("/time-entries/{id}")).htmx().send().await.assert_status(409);
    app.manager()
        .post(format!("/time-entries/{id}/write-off"))
        .form([("reason", "x")])
        .send()
        .await
        .assert_status(409);
    app.assert_unchanged(&before);
    let drafted = tom.token().get("/api/time-entries?billing=drafted").send().await.json();
    assert_eq!(drafted["time_entries"][0]["id"], id.0);
    assert_eq!(drafted["time_entries"][0]["billing"], "drafted");
    // Behind the verbs' back the database refuses as well.
    let refused = app.refused(|conn| {
        Ok(diesel::update(time_entries::table.find(id))
            .set(time_entries::duration_seconds.eq(1_i64))
            .execute(conn)?)
    });
    assert!(refused.contains("on an invoice"), "{refused}");
}

#[actix_web::test]
async fn a_line_leads_to_its_hours() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    let claimed = app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    app.entry(tom.id(), task, day("2026-11-18"), 3_600);
    claim(&app, claimed);
    let (draft, line) = ("SELECT max(id) AS line FROM invoices", "SELECT max(id) AS line FROM invoice_lines");
    let id = |sql: &str| app.line(&sql.replace("max(id)", "CAST(max(id) AS TEXT)"));
    for query in [format!("line_id={}", id(line)), format!("invoice_id={}", id(draft))] {
        let page = app.manager().get(format!("/time-entries/all?{query}")).send().await;
        page.assert_status(200)
            .assert_count("#time-list .table tbody tr", 1)
            .assert_text(".filters", "Billed by");
        let list = app.api(Role::Bookkeeper).get(format!("/api/time-entries?{query}")).send().await.json();
        assert_eq!(list["time_entries"][0]["id"], claimed.0);
        assert_eq!(list["meta"]["count"], 1);
        tom.token().get(format!("/api/time-entries?{query}")).send().await.problem(404);
    }
    app.manager().get("/time-entries/all?line_id=99999").send().await.assert_status(404);
    let client: ClientId =
        app.read(|conn| Ok(time_entries::table.find(claimed).select(time_entries::client_id).first(conn)?));
    let body = json!({"client_id": client, "include_time": true});
    app.api(Role::Manager).post("/api/billing").json(body).send().await.assert_status(201);
    let editor = app.manager().get(format!("/billing/{}", id(draft))).send().await;
    editor.assert_has(&format!("a[href='/time-entries/all?line_id={}']", id(line)));
}

#[actix_web::test]
async fn written_off_hours_need_a_reason_and_come_back() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member();
    let id = app.entry(tom.id(), task, day("2026-11-17"), 3_600);
    let path = format!("/time-entries/{id}/write-off");
    tom.post(&path).form([("reason", "mine")]).send().await.assert_status(403);
    let page = app.bookkeeper().post(&path).form([("reason", " ")]).htmx().send().await;
    page.assert_status(422).assert_fragment().assert_text("[data-error=reason]", "Can't be blank");
    app.bookkeeper().get(&path).send().await.assert_status(200).assert_has("#write_off_form");
    app.bookkeeper().post(&path).form([("reason", "Goodwill")]).send().await.assert_status(303);
    assert!(!only(&app).is_unbilled);
    app.bookkeeper().post(&path).form([("reason", "Again")]).send().await.assert_status(409);
    tom.token().delete(format!("/api/time-entries/{id}")).send().await.problem(409);
    let list = app.manager().get("/time-entries/all?billing=written_off").send().await;
    list.assert_count("#time-list tbody tr", 1).assert_text("#time-list tbody", "Goodwill");
    for _ in 0..2 {
        app.manager().post(format!("/time-entries/{id}/write-on")).send().await.assert_status(303);
        assert!(only(&app).is_unbilled);
    }
    assert_eq!(log(&app), ["written_on time_entry: Homepage", "written_off time_entry: Homepage"]);
}

#[actix_web::test]
async fn hours_logged_before_there_was_a_rate_get_one_when_they_are_saved_again() {
    let app = TestApp::new().await;
    let client = app.client_with("Kawa", |new| new.currency = "JPY".parse().unwrap());
    let project = app.project(client);
    let tom = app.member();
    let body = json!({"project_id": project, "date": "2026-11-17", "duration": "1"});
    post_json(&app, body.clone()).await.assert_status(201);
    let entry = only(&app);
    assert_eq!((entry.rate_cents, entry.is_unbilled), (None, true), "the agency's euros are no yen");
    let actor = app.actor();
    let today = app.today();
    app.write(|conn| {
        rates_model::set(
            conn,
            actor.id,
            app.now(),
            RateKind::Bill,
            Scope::Project(project),
            today,
            Some(9_000),
        )
    });
    let mut again = body;
    again["version"] = 1.into();
    tom.token().put(format!("/api/time-entries/{}", entry.id)).json(again).send().await.assert_status(200);
    let entry = only(&app);
    assert_eq!((entry.rate_cents, entry.amount_cents), (Some(9_000), 9_000));
    let page = app.manager().get(format!("/billing/new?client_id={client}")).send().await;
    page.assert_status(200).assert_no_text("main", "have no rate");
}

#[actix_web::test]
async fn a_first_rate_counts_from_its_day_where_a_wider_one_was_in_force() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Northwind"));
    let actor = app.actor();
    app.write(|conn| {
        let scope = Scope::Project(project);
        rates_model::set(conn, actor.id, app.now(), RateKind::Bill, scope, day("2026-11-19"), Some(12_000))
    });
    for (date, rate, source) in
        [("2026-11-18", 9_000, "agency rate"), ("2026-11-19", 12_000, "project rate from 2026-11-19")]
    {
        post_json(&app, json!({"project_id": project, "date": date, "duration": "1"}))
            .await
            .assert_status(201);
        let entry = entries(&app).pop().unwrap();
        assert_eq!((entry.rate_cents, entry.rate_source.as_str()), (Some(rate), source));
    }
    // Agreed with the project itself it counts for the days before, too.
    let body = json!({"client_id": app.client("Southwind"), "name": "Shop", "rate": "80"});
    let shop = app.api(Role::Manager).post("/api/projects").json(body).send().await.json();
    post_json(&app, json!({"project_id": shop["id"], "date": "2026-10-01", "duration": "1"}))
        .await
        .assert_status(201);
    assert_eq!(entries(&app).pop().unwrap().rate_source, "project rate");
}

#[actix_web::test]
async fn hours_that_are_paid_by_price_start_out_not_billable_by_the_hour() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    for (model, wanted) in [
        ("hourly", true),
        ("fixed_price", false),
        ("milestones", false),
        ("retainer", false),
        ("non_billable", false),
    ] {
        let body = json!({"client_id": client, "name": model, "billing_model": model});
        let project = app.api(Role::Manager).post("/api/projects").json(body).send().await.json();
        let body = json!({"project_id": project["id"], "date": "2026-11-18", "duration": "1"});
        let entry = post_json(&app, body.clone()).await.json();
        assert_eq!(entry["is_billable"], wanted, "{model}");
        let mut extra = body;
        extra["is_billable"] = true.into();
        assert_eq!(
            post_json(&app, extra).await.json()["is_billable"],
            true,
            "{model}: work beyond the price"
        );
    }
}

#[actix_web::test]
async fn the_database_refuses_a_write_off_of_hours_that_are_not_free() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member().id();
    let (claimed, free) =
        (app.entry(tom, task, day("2026-11-17"), 3_600), app.entry(tom, task, day("2026-11-18"), 3_600));
    claim(&app, claimed);
    let write_off = |id: TimeEntryId| {
        format!(
            "INSERT INTO time_write_offs (time_entry_id, reason, created_by, created_at) VALUES ({id}, 'x', {tom}, '2026-11-19 00:00:00')"
        )
    };
    assert!(app.execute_refused(&write_off(claimed)).contains("not free to be written off"));
    app.execute(&write_off(free));
    assert!(app.execute_refused("UPDATE time_write_offs SET reason = 'y'").contains("never changed"));
    if !crate::support::database::on_postgres() {
        let replace =
            format!("INSERT OR REPLACE INTO time_entries SELECT * FROM time_entries WHERE id = {claimed}");
        assert!(app.execute_refused(&replace).contains("never replaced"));
        let replace = format!("UPDATE OR REPLACE time_entries SET id = {claimed} WHERE id = {free}");
        assert!(app.execute_refused(&replace).contains("never replaced"));
    }
    assert_eq!(app.count("time_entries"), 2);
}

#[actix_web::test]
async fn hours_that_are_written_off_meanwhile_are_not_billed() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let tom = app.member().id();
    let entry = app.entry(tom, task, day("2026-11-17"), 3_600);
    let invoice = app.draft(app.client("Contoso"), 10_000);
    let write_off = format!(
        "INSERT INTO time_write_offs (time_entry_id, reason, created_by, created_at) VALUES ({entry}, 'x', {tom}, '2026-11-19 00:00:00')"
    );
    let claim = format!(
        "INSERT INTO billed_entries (time_entry_id, invoice_line_id) SELECT {entry}, id FROM invoice_lines WHERE invoice_id = {invoice}"
    );
    let claimed = app.meanwhile(
        move |conn| Ok(diesel::sql_query(write_off.as_str()).execute(conn).map(drop)?),
        move |conn| Ok(diesel::sql_query(claim.as_str()).execute(conn)?),
    );
    assert!(claimed.unwrap_err().to_string().contains("not free to bill"));
    assert_eq!((app.count("time_write_offs"), app.count("billed_entries")), (1, 0));
}

/// An hour on a new project of `client`, and the client with `currency` and no rate.
fn hour_and_currency(app: &TestApp, client: ClientId, currency: &str) -> (NewTimeEntry, i64, NewClient) {
    let form = TimeEntryForm {
        project_id: Some(app.project(client)).into(),
        date: "2026-11-18".into(),
        duration: "1".into(),
        ..TimeEntryForm::default()
    };
    let stored = app.read(|conn| clients::find(conn, &app.actor(), client));
    let changed = ClientForm { currency: currency.into(), ..ClientForm::filled(&stored, None) };
    (form.check().unwrap(), stored.version, changed.check().unwrap())
}

#[actix_web::test]
async fn a_client_keeps_its_currency_while_hours_are_logged_in_it() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let (hour, version, in_dollars) = hour_and_currency(&app, client, "USD");
    let (actor, now, today) = (app.actor(), app.now(), app.today());
    let by = actor.clone();
    let changed = app.meanwhile(
        move |conn| model::create(conn, &by, now, &hour).map(drop),
        move |conn| clients::update(conn, &actor, now, today, client, version, &in_dollars).map(drop),
    );
    assert!(changed.unwrap_err().to_string().contains("currency cannot change any more"));
    assert_eq!(app.count_where("clients", "currency = 'EUR'"), 1);
}

#[actix_web::test]
async fn hours_that_are_logged_while_the_currency_changes_take_no_rate_of_the_old_one() {
    let app = TestApp::new().await;
    let client = app.client_with("Northwind", |new| new.rate_cents = Some(9_500));
    let (hour, version, in_dollars) = hour_and_currency(&app, client, "USD");
    let (actor, now, today) = (app.actor(), app.now(), app.today());
    let by = actor.clone();
    let logged = app.meanwhile(
        move |conn| clients::update(conn, &by, now, today, client, version, &in_dollars).map(drop),
        move |conn| model::create(conn, &actor, now, &hour).map(drop),
    );
    logged.unwrap();
    assert_eq!(app.count_where("clients", "currency = 'USD'"), 1);
    assert_eq!((only(&app).rate_cents, only(&app).amount_cents), (None, 0));
}

#[actix_web::test]
async fn the_api_writes_hours_off_with_a_reason_and_takes_it_back() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let id = app.entry_at(app.member().id(), task, day("2026-11-18"), 3_600, Some(9_000));
    let api = app.api(Role::Bookkeeper);
    let path = format!("/api/time-entries/{id}/write-off");
    api.post(&path).json(json!({"reason": " "})).send().await.problem(422);
    api.post(&path).json(json!({"reason": "Goodwill"})).send().await.assert_status(204);
    assert_eq!(app.count_where("time_entries", "is_unbilled"), 0);
    assert_eq!(app.line("SELECT reason AS line FROM time_write_offs"), "Goodwill");
    api.delete(&path).send().await.assert_status(204);
    api.delete(&path).send().await.assert_status(204);
    assert_eq!((app.count("time_write_offs"), app.count_where("time_entries", "is_unbilled")), (0, 1));
    app.api(Role::Member).post(&path).json(json!({"reason": "Goodwill"})).send().await.problem(403);
}
