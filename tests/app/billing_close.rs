//! The close of a month: everything unbilled on one page, drafts for all of it, and the proof that nothing leaks.

use bureau::auth::policy::Role;
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::{equation, issue};
use serde_json::{Value, json};

use crate::billing::{at_rest, northwind, sound, with_hours};
use crate::support::{TestApp, day};

#[actix_web::test]
async fn the_close_lists_what_is_unbilled_and_makes_the_drafts() {
    let app = TestApp::new().await;
    let (client, ..) = with_hours(&app);
    let api = app.api(Role::Bookkeeper);
    let photo = json!({"client_id": client, "spent_on": "2026-11-18", "title": "Photo", "cost": "40"});
    api.post("/api/billing/expenses").json(photo).send().await.assert_status(201);
    let page = app.bookkeeper().get("/billing/close?month=2026-11").send().await;
    page.assert_text("h1", "Close November 2026")
        .assert_text("tbody", "Northwind")
        .assert_text("tbody", "€40.00");
    page.assert_text("#equations", "Adds up").assert_text("#equations tbody tr:first-child", "€40.00");
    page.assert_text("#equations", "all months");
    let fields = page.fields("#close_form");
    let done = app.bookkeeper().post("/billing/close").form(fields.clone()).send().await;
    done.assert_redirect("/billing?status=draft");
    assert_eq!(app.count_where("invoices", "issued_at IS NULL"), 1);
    assert_eq!(app.count_where("time_entries", "is_unbilled AND rate_cents IS NOT NULL"), 0);
    assert_eq!(app.count_where("expenses", "is_unbilled"), 0);
    // The same form again finds nothing left and makes no second draft.
    let before = at_rest(&app).await;
    app.bookkeeper().post("/billing/close").form(fields).send().await.assert_status(422);
    app.assert_unchanged(&before);
    let json = api.get("/api/billing/close?month=2026-11").send().await.json();
    assert_eq!(json["holds"], true);
    let terms = &json["equations"][0];
    assert_eq!(
        (&terms["costs_billable_cents"], &terms["costs_drafted_cents"]),
        (&json!(4_000), &json!(4_000))
    );
    assert_eq!((&terms["difference_cents"], &terms["client_id"]), (&json!(0), &Value::Null));
    sound(&app);
}

#[actix_web::test]
async fn costs_are_in_the_equation_too() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let api = app.api(Role::Bookkeeper);
    for (title, price) in [("Photo", "40"), ("Font", "60")] {
        let body = json!({"client_id": client, "spent_on": "2026-11-18", "title": title, "cost": price});
        api.post("/api/billing/expenses").json(body).send().await.assert_status(201);
    }
    let today = app.bookkeeper().get("/").send().await;
    today.assert_text(".strip", "€100").assert_text(".strip", "0 unbilled hours, 2 costs");
    let actor = app.actor();
    let new = NewDraft { include_costs: true, ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    let costs = || {
        let terms = app.read(|conn| equation::of_client(conn, &actor, client)).terms;
        assert!(terms.holds(), "{terms:?}");
        terms.rows().map(|term| term.cost_cents.unwrap_or(0))
    };
    assert_eq!(costs(), [0, 10_000, 0, 0, 0, 0]);
    app.execute(&format!(
        "UPDATE invoice_lines SET unit_price_cents = 3000, amount_cents = 3000, adjustment_reason = 'A gift' WHERE invoice_id = {id} AND claimed_cents = 4000"
    ));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    assert_eq!(costs(), [0, 0, 9_000, 1_000, 0, 0]);
    // Given back in full, both can be billed again.
    let body = json!({"reason": "Wrong client", "release_hours": true});
    api.post(format!("/api/billing/{id}/credits")).json(body).send().await.assert_status(201);
    assert_eq!(costs(), [10_000, 0, 0, 0, 0, 0]);
    sound(&app);
    // A flag that nobody may set by hand.
    app.execute("UPDATE expenses SET is_unbilled = FALSE WHERE price_cents = 4000");
    let faults = app.read(equation::faults);
    assert!(faults.len() == 1 && faults[0].ends_with("for costs by €40.00."), "{faults:?}");
}

#[actix_web::test]
async fn hours_after_the_month_stay_for_the_next() {
    let app = TestApp::new().await;
    with_hours(&app);
    let page = app.bookkeeper().get("/billing/close").send().await;
    page.assert_text("h1", "Close October 2026").assert_text(".empty", "Nothing is left to bill");
    let api = app.api(Role::Bookkeeper);
    let before = at_rest(&app).await;
    for (body, field) in [
        (json!({"month": "2026-13", "clients": [1]}), "month"),
        (json!({"month": "2026-10", "clients": []}), "clients"),
        (json!({"month": "2026-10", "clients": [1]}), "clients"),
        (json!({"month": "2026-11", "clients": [1, 999]}), "clients"),
        (json!({"month": "2026-11", "clients": ["x"]}), "clients"),
    ] {
        let problem = api.post("/api/billing/close").json(body.clone()).send().await.problem(422);
        assert!(problem["errors"][field].is_string(), "{body}: {problem}");
    }
    app.member().get("/billing/close").send().await.assert_status(403);
    app.member().post("/billing/close").form([("clients", "1")]).send().await.assert_status(403);
    app.api(Role::Member).get("/api/billing/close").send().await.problem(403);
    app.api(Role::Member).post("/api/billing/close").json(json!({"clients": [1]})).send().await.problem(403);
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn the_equation_over_all_clients_holds_where_several_are_rounded() {
    let app = TestApp::new().await;
    let rule = json!({"mode": "up", "step_minutes": 15});
    app.api(Role::Manager).put("/api/time-entries/rounding").json(rule).send().await.assert_status(200);
    for name in ["Acme", "Brook"] {
        let task = app.task(app.project(app.client(name)));
        app.entry_at(app.member().id(), task, day("2026-11-16"), 1_000, Some(9_000));
    }
    app.execute("UPDATE clients SET street = 'Way 1', postal_code = '1', city = 'Berlin', country = 'DE'");
    let api = app.api(Role::Bookkeeper);
    let close = || async { api.get("/api/billing/close?month=2026-11").send().await.json() };
    let clients: Vec<Value> =
        close().await["clients"].as_array().unwrap().iter().map(|row| row["client_id"].clone()).collect();
    let body = json!({"month": "2026-11", "clients": clients});
    let made = api.post("/api/billing/close").json(body).send().await.json();
    for draft in made["drafts"].as_array().unwrap() {
        let path = format!("/api/billing/{draft}/issue");
        api.post(path).json(json!({"version": 1})).send().await.assert_status(200);
    }
    let close = close().await;
    assert_eq!(close["equations"][0]["rounding_seconds"], -1_600, "{close}");
    assert_eq!(close["holds"], true, "{close}");
}

#[actix_web::test]
async fn what_the_close_shows_is_what_its_drafts_come_to() {
    for (grouping, rule) in [
        ("task", None),
        ("project", None),
        ("day", None),
        ("entry", None),
        ("task", Some(json!({"mode": "up", "step_minutes": 15}))),
        ("day", Some(json!({"mode": "nearest", "step_minutes": 6, "basis": "day_and_task"}))),
        ("task", Some(json!({"mode": "up", "step_minutes": 15, "of": "client"}))),
        ("entry", Some(json!({"mode": "up", "step_minutes": 15, "of": "project"}))),
    ] {
        let app = TestApp::new().await;
        let (tom, ines) = (app.member().id(), app.owner().id());
        let mut clients = Vec::new();
        for name in ["Acme", "Brook"] {
            let client = app.client(name);
            let (project, other) = (app.project(client), app.project(client));
            let (task, imprint) = (app.task(project), app.task_named(project, "Imprint"));
            let elsewhere = app.task_named(other, "Search");
            // Seconds and prices whose values alone round up, so that their sum is not the value of the sum.
            for (at, (person, work, seconds, rate)) in [
                (tom, task, 1_001, 2_750),
                (ines, task, 1_001, 2_750),
                (tom, imprint, 3_007, 8_333),
                (tom, elsewhere, 1_333, 8_333),
                (ines, elsewhere, 59, 11_111),
            ]
            .into_iter()
            .enumerate()
            {
                let on = day(["2026-11-16", "2026-11-17"][at % 2]);
                app.entry_at(person, work, on, seconds, Some(rate));
            }
            clients.push((client, project));
        }
        if let Some(mut body) = rule.clone() {
            match body["of"].take().as_str() {
                Some("client") => body["client_id"] = json!(clients[0].0),
                Some(_) => body["project_id"] = json!(clients[0].1),
                None => {}
            }
            body.as_object_mut().unwrap().remove("of");
            let set = app.api(Role::Manager).put("/api/time-entries/rounding").json(body).send().await;
            set.assert_status(200);
        }
        let api = app.api(Role::Bookkeeper);
        let path = format!("/api/billing/close?month=2026-11&grouping={grouping}");
        let shown = api.get(&path).send().await.json();
        let ids: Vec<Value> = clients.iter().map(|(client, _)| json!(client)).collect();
        let body = json!({"month": "2026-11", "grouping": grouping, "clients": ids});
        let made = api.post("/api/billing/close").json(body).send().await.json();
        for (row, draft) in
            shown["clients"].as_array().unwrap().iter().zip(made["drafts"].as_array().unwrap())
        {
            let draft = api.get(format!("/api/billing/{draft}")).send().await.json();
            assert_eq!(draft["net_cents"], row["cents"], "{grouping} {rule:?}: {}", row["client"]);
            assert_eq!(row["seconds"], 1_001 * 2 + 3_007 + 1_333 + 59);
        }
        api.get("/api/billing/close?grouping=week").send().await.problem(422);
    }
}
