//! Today: what runs, what waits, what is owed, each with its rows.

use std::collections::BTreeMap;

use bureau::auth::policy::Role;
use bureau::types::zone::local_time;
use chrono::Timelike;

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
        if *role == Role::Member {
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
