//! Today: what runs, what waits, what is owed, each with its rows.

use std::collections::BTreeMap;

use bureau::auth::policy::Role;
use bureau::types::zone::local_time;
use chrono::Timelike;
use serde_json::{Value, json};

use crate::support::{TestApp, cents, day};

#[actix_web::test]
async fn everybody_has_a_today_and_money_shows_to_those_who_may_see_it() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let task =
        app.task_for(app.project(client), "Homepage", Some(app.member().id()), Some(day("2026-11-20")));
    app.entry(app.member().id(), task, day("2026-11-18"), 5_400);
    app.issued_invoice(client, cents("1,000.00"), day("2026-10-01"));
    for role in Role::ALL {
        let page = app.role(*role).get("/").send().await;
        page.assert_status(200).assert_full_page();
        if *role == Role::Contractor {
            page.assert_no_text("main", "Homepage").assert_no_text("main", "€");
        } else if *role == Role::Member {
            page.assert_text("main", "Homepage").assert_no_text("main", "€");
        } else {
            page.assert_text("main", "€1,190");
        }
    }
}

#[actix_web::test]
async fn what_is_owed_in_another_currency_stands_apart_from_what_is_overdue() {
    let app = TestApp::new().await;
    let (client, other) =
        (app.client("Northwind"), app.client_with("Contoso", |new| new.currency = "USD".parse().unwrap()));
    app.issued_invoice(client, cents("1,000.00"), day("2026-10-01"));
    app.issued_invoice(other, cents("200.00"), day("2026-11-15"));
    let page = app.owner().get("/").send().await;
    assert_eq!(page.texts(".strip .stat:first-child .d"), ["$238", "€1,190 overdue on 1 invoice"]);
}

#[actix_web::test]
async fn nobody_is_wished_a_good_evening_before_dawn() {
    let app = TestApp::new().await;
    let mut greetings = BTreeMap::new();
    for _ in 0..24 {
        let hour = local_time(app.now(), app.actor().zone()).hour();
        greetings.insert(hour, app.owner().get("/").send().await.texts("h1").remove(0));
        app.clock.advance(3_600);
    }
    for (hour, words) in
        [(0, "Hello"), (4, "Hello"), (5, "Good morning"), (12, "Good afternoon"), (18, "Good evening")]
    {
        assert!(greetings[&hour].starts_with(words), "{hour}: {}", greetings[&hour]);
    }
}

#[actix_web::test]
async fn the_running_timer_stands_in_the_header() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Northwind")));
    app.running_timer(app.member().id(), task, 3_661);
    app.member().get("/").send().await.assert_text(".topbar", "1:01:01").assert_text(".topbar", "Homepage");
    app.manager().get("/").send().await.assert_no_text(".topbar", "1:01:01");
}

#[actix_web::test]
async fn late_tasks_are_counted_beyond_those_that_are_shown() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Northwind"));
    for number in 0..11 {
        app.task_for(project, &format!("Task {number}"), Some(app.member().id()), Some(day("2026-11-18")));
    }
    app.task_for(project, "Not yet", Some(app.member().id()), Some(day("2026-11-19")));
    let page = app.member().get("/").send().await;
    page.assert_text(".strip a[href='/tasks?assignee=me&due=late']", "11 late");
    let list = app.member().get("/tasks?assignee=me&due=late").send().await;
    list.assert_count("tbody tr", 11);
}

#[actix_web::test]
async fn every_figure_links_to_a_page_that_is_there() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let task = app.task_for(app.project(client), "Homepage", Some(app.owner().id()), Some(day("2026-11-20")));
    app.entry(app.owner().id(), task, day("2026-11-18"), 5_400);
    app.issued_invoice(client, cents("1,000.00"), day("2026-10-01"));
    let page = app.owner().get("/").send().await;
    for href in page.attributes("a[href^='/']:not([href^='/static'])", "href") {
        let linked = app.owner().get(href.as_str()).send().await;
        assert!(matches!(linked.status, 200 | 303), "{href} leads to {}", linked.status);
    }
}

#[actix_web::test]
async fn every_figure_of_the_strips_is_a_link() {
    let app = TestApp::new().await;
    let (client, other) =
        (app.client("Northwind"), app.client_with("Contoso", |new| new.currency = "USD".parse().unwrap()));
    for client in [client, other] {
        let task = app.task_for(app.project(client), "Homepage", Some(app.owner().id()), None);
        app.entry_at(app.member().id(), task, day("2026-11-17"), 5_400, Some(9_000));
        app.issued_invoice(client, cents("1,000.00"), day("2026-10-01"));
    }
    app.payment(app.issued_invoice(client, cents("1,000.00"), day("2026-11-15")), cents("190.00"));
    for role in Role::ALL {
        for path in ["/", "/billing"] {
            if matches!(role, Role::Member | Role::Contractor) && path == "/billing" {
                continue;
            }
            let page = app.role(*role).get(path).send().await;
            page.assert_status(200);
            let has_figure = |text: &String| text.contains(|letter: char| letter.is_ascii_digit());
            let figures: Vec<String> =
                page.texts(".strip .v, .strip .d").into_iter().filter(has_figure).collect();
            let linked: Vec<String> = page.texts(".strip a[href]").into_iter().filter(has_figure).collect();
            assert_eq!(figures, linked, "{role:?} {path}");
            assert!(figures.len() >= 4, "{role:?} {path}: {figures:?}");
        }
    }
    let page = app.bookkeeper().get("/").send().await;
    for (link, text) in [
        ("/billing?status=open", "€2,190"),
        ("/billing?status=open", "$1,190"),
        ("/billing?status=overdue", "€1,190 overdue on 2 invoices"),
        ("/billing/close?month=2026-11", "$135"),
        ("/billing/close?month=2026-11", "3 unbilled hours"),
        ("/time-entries/all?from=2026-11-16&to=2026-11-22", "1 person, 100% billable"),
        ("/billing?paid_in=2026-11", "€190"),
        ("/billing?paid_in=2026-11", "1 payment"),
    ] {
        let links = page.texts(&format!(".strip a[href='{link}']"));
        assert!(links.iter().any(|shown| shown == text), "{link}: {links:?}");
    }
}

#[actix_web::test]
async fn each_role_sees_what_is_its_business() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let project = app.project(client);
    app.execute("UPDATE projects SET budget_cents = 100000, budget_seconds = 36000");
    let task = app.task_for(project, "Homepage", Some(app.member().id()), Some(day("2026-11-20")));
    app.entry_at(app.member().id(), task, day("2026-11-17"), 9 * 3_600, Some(9_000));
    app.issued_invoice(client, cents("1,000.00"), day("2026-10-01"));
    app.draft(client, 500);
    // What a contractor sees depends on what they are assigned to.
    for role in Role::ALL.iter().filter(|role| **role != Role::Contractor) {
        let page = app.role(*role).get("/").send().await;
        let (money, works) = (*role != Role::Member, *role != Role::Bookkeeper);
        assert_eq!(
            page.texts(".strip dt"),
            match role {
                Role::Member =>
                    ["Your hours this week", "Your hours today", "Due in the next 7 days", "Your open tasks"],
                Role::Bookkeeper =>
                    ["Outstanding", "Ready to invoice", "Hours this week", "Paid in November"],
                _ => ["Outstanding", "Ready to invoice", "Hours this week", "Your open tasks"],
            }
        );
        for (section, shown) in [
            ("Your tasks", works),
            ("Your week", works),
            ("Budgets", true),
            ("Invoiced and collected", money),
            ("Latest activity", true),
        ] {
            let heads = page.texts("main h2");
            assert_eq!(heads.iter().any(|head| head == section), shown, "{role:?}: {section}");
        }
        // Of the two budgets that of hours is used more, and it is no secret.
        page.assert_text("#attention", "Website has used 90% of its budget").assert_text("#budgets", "90%");
        if !money {
            page.assert_no_text("main", "€").assert_no_text("main", "draft").assert_no_text("main", "INV");
        }
        let json = app.api(*role).get("/api/dashboard").send().await.json();
        for (name, shown) in
            [("money", money), ("invoiced", money), ("team", *role != Role::Member), ("mine", works)]
        {
            assert_eq!(json.get(name).is_some(), shown, "{role:?}: {name}");
        }
        assert_eq!(json["budgets"][0]["percent"], 90, "{role:?}");
        assert_eq!(money, json.to_string().contains("cents"), "{role:?}");
    }
}

#[actix_web::test]
async fn the_figures_are_those_of_the_lists() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let (tom, task) = (app.member().id(), app.task(app.project(client)));
    app.entry_at(tom, task, day("2026-11-17"), 5_400, Some(9_000));
    app.entry_at(app.owner().id(), task, day("2026-11-16"), 3_600, Some(9_000));
    app.entry_at(tom, task, day("2026-11-15"), 7_200, Some(9_000));
    let paid = app.issued_invoice(client, cents("1,000.00"), day("2026-10-01"));
    app.issued_invoice(client, cents("500.00"), day("2026-10-20"));
    app.issued_invoice(client, cents("200.00"), day("2026-11-15"));
    app.payment(paid, cents("190.00"));
    let api = app.api(Role::Bookkeeper);
    let balances = async |query: &str| {
        let list = api.get(format!("/api/billing?{query}")).send().await.json();
        let of = |name: &str| {
            list["billing"].as_array().unwrap().iter().map(|row| row[name].as_i64().unwrap()).sum::<i64>()
        };
        (of("balance_cents"), of("paid_cents"), of("total_cents"))
    };
    let page = app.owner().get("/").send().await;
    let (open, ..) = balances("status=open").await;
    let (late, ..) = balances("status=overdue").await;
    assert_eq!((open, late), (cents("1,833.00"), cents("1,595.00")));
    let json = app.api(Role::Owner).get("/api/dashboard").send().await.json();
    assert_eq!(
        json["money"]["outstanding"],
        json!([{"currency": "EUR", "amount_cents": 183_300, "count": 3}])
    );
    assert_eq!(json["money"]["overdue"][0]["amount_cents"], 159_500);
    // 4:30 at 90.00.
    assert_eq!(
        json["money"]["ready"],
        json!([{"currency": "EUR", "amount_cents": 40_500, "seconds": 16_200, "cost_cents": 0}])
    );
    assert_eq!(json["money"]["late"][0]["days"], 35);
    assert_eq!(
        json["invoiced"]["months"][10],
        json!({"month": "2026-10", "invoiced_cents": 178_500, "collected_cents": 19_000})
    );
    assert_eq!((&json["team"]["seconds"], &json["team"]["people"]), (&9_000.into(), &2.into()));
    page.assert_text(".strip .stat:first-child", "€1,833")
        .assert_text(".strip .stat:first-child", "€1,595 overdue on 2");
    // October was invoiced with 1,785.00, of which 190.00 came in.
    let (.., collected, invoiced) = balances("issued_in=2026-10").await;
    assert_eq!((collected, invoiced), (cents("190.00"), cents("1,785.00")));
    let rows = page.texts("#invoiced tbody tr");
    assert_eq!(rows[10], "October 2026 €1,785.00 €190.00");
    assert_eq!(rows[11], "November 2026 €238.00 €0.00");
    let month = app.bookkeeper().get("/billing?issued_in=2026-10").send().await;
    month.assert_count("tbody tr", 2).assert_text(".chip-on", "Issued in 2026-10");
    app.bookkeeper().get("/billing?issued_in=2026-13").send().await.assert_status(422);
    // The week has 2:30 of two people; Sunday belongs to the week before.
    page.assert_text(".strip .stat:nth-child(3)", "2:30")
        .assert_text(".strip .stat:nth-child(3)", "2 people, 100% billable");
    let list =
        app.api(Role::Owner).get("/api/time-entries?from=2026-11-16&to=2026-11-22").send().await.json();
    let seconds: i64 = list["time_entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["duration_seconds"].as_i64().unwrap())
        .sum();
    assert_eq!(seconds, 9_000);
}

#[actix_web::test]
async fn a_clients_credit_is_not_owed_by_it() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let id = app.issued_invoice(client, cents("100.00"), day("2026-10-01"));
    app.payment(id, cents("119.00"));
    let body = json!({"reason": "Not delivered"});
    app.api(Role::Bookkeeper)
        .post(format!("/api/billing/{id}/credits"))
        .json(body)
        .send()
        .await
        .assert_status(201);
    app.clock.advance(86_400 * 3);
    let page = app.owner().get("/").send().await;
    page.assert_text(".strip .stat:first-child", "€0")
        .assert_text(".strip .stat:first-child", "Nothing overdue");
    page.assert_no_text("#attention", "late");
    app.bookkeeper().get("/billing?status=overdue").send().await.assert_count("tbody tr", 0);
    app.bookkeeper().get("/clients").send().await.assert_no_text("tbody", "119");
}

#[actix_web::test]
async fn budgets_of_money_alone_are_for_who_sees_money_and_the_fullest_come_first() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    for (name, budget, hours) in [("Half", 100_000, 5), ("Over", 45_000, 6), ("Quiet", 900_000, 1)] {
        let project = app.project_named(client, name);
        app.execute(&format!("UPDATE projects SET budget_cents = {budget} WHERE id = {project}"));
        app.entry_at(app.owner().id(), app.task(project), day("2026-11-17"), hours * 3_600, Some(10_000));
    }
    let page = app.manager().get("/").send().await;
    assert_eq!(page.texts("#budgets .title"), ["Over", "Half", "Quiet"]);
    assert_eq!(page.texts("#budgets .num"), ["133%", "50%", "1%"]);
    page.assert_text("#attention", "Over is 33% over its budget")
        .assert_text("#attention", "€150 over with 1 open task");
    page.assert_no_text("#attention", "Half");
    let list = app.manager().get("/projects").send().await;
    list.assert_text("tbody", "133%").assert_text("tbody", "50%");
    app.member().get("/").send().await.assert_no("#budgets").assert_no_text("main", "Over");
    // What is put away or done needs nobody's attention.
    app.execute("UPDATE projects SET status = 'done', version = version + 1 WHERE name = 'Over'");
    app.manager().get("/").send().await.assert_no_text("#attention", "budget");
}

#[actix_web::test]
async fn a_forgotten_timer_is_named_to_its_owner_and_to_who_sees_all_hours() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Northwind")));
    let id = app.running_timer(app.member().id(), task, 11 * 3_600);
    let page = app.owner().get("/").send().await;
    page.assert_text("#attention", "The timer of Tom runs for 11 hours")
        .assert_text("#attention", "Northwind");
    let page = app.member().get("/").send().await;
    page.assert_text("#attention", "Your timer runs for 11 hours");
    page.assert_has(&format!("#attention a[href='/time-entries/{id}/edit']"));
    app.execute("DELETE FROM time_entries");
    app.running_timer(app.owner().id(), task, 11 * 3_600);
    app.member().get("/").send().await.assert_no_text("main", "timer of");
}

#[actix_web::test]
async fn weeks_and_periods_wait_for_managers_only() {
    let app = TestApp::new().await;
    let project = app.project(app.client("Northwind"));
    let task = app.task(project);
    app.entry(app.member().id(), task, day("2026-11-10"), 3_600);
    app.retainer(project);
    let handed_in = app.member().post("/time-entries/submission").form([("week", "2026-W46")]).send().await;
    handed_in.assert_status(303);
    for role in Role::ALL {
        let page = app.role(*role).get("/").send().await;
        if matches!(role, Role::Member | Role::Contractor | Role::Bookkeeper) {
            page.assert_no_text("main", "for approval").assert_no_text("main", "to close");
        } else {
            page.assert_text("#attention", "1 week waits for approval");
            page.assert_text("#attention", "1 period of the retainer Website to close");
        }
    }
}

#[actix_web::test]
async fn the_latest_activity_leads_to_nothing_that_is_gone() {
    let app = TestApp::new().await;
    let api = app.api(Role::Owner);
    let make = async |path: &str, body: Value| {
        let made = api.post(path).json(body).send().await;
        made.assert_status(201);
        made.json()["id"].as_i64().unwrap()
    };
    let stays = make("/api/clients", json!({"name": "Contoso", "currency": "EUR"})).await;
    let client = make("/api/clients", json!({"name": "Northwind", "currency": "EUR"})).await;
    let body = json!({"client_id": client, "name": "Website", "status": "active", "billing_model": "hourly"});
    let project = make("/api/projects", body).await;
    let body = json!({"project_id": project, "title": "Homepage", "status": "todo"});
    let task = make("/api/tasks", body).await;
    let line = json!({"title": "Photo", "quantity": 1, "unit_price": "10", "tax_rate": 19});
    let draft = make("/api/billing", json!({"client_id": client, "grouping": "task", "lines": [line]})).await;
    let links = async || {
        let page = app.owner().get("/").send().await;
        page.attributes("section[aria-label='Latest activity'] a", "href")
    };
    let mut alive = vec![
        format!("/billing/{draft}"),
        format!("/tasks/{task}"),
        format!("/projects/{project}"),
        format!("/clients/{client}"),
        format!("/clients/{stays}"),
    ];
    assert_eq!(links().await, alive);
    while alive.len() > 1 {
        let path = alive.remove(0);
        api.delete(format!("/api{path}")).send().await.assert_status(204);
        assert_eq!(links().await, alive, "after {path} was deleted");
        let page = app.owner().get("/").send().await;
        page.assert_text("section[aria-label='Latest activity']", "created");
    }
    // What has the number of something that is gone, but is of another kind, is still there.
    app.execute(&format!(
        "INSERT INTO activities (occurred_at, action, subject_type, subject_id, subject_label) \
         SELECT occurred_at, 'deleted', 'label', {stays}, 'Print' FROM activities WHERE id = 1"
    ));
    let page = app.owner().get(format!("/clients/{stays}/activity")).send().await;
    page.assert_has(&format!(".timeline a[href='/clients/{stays}']"));
}
