//! A project's budget: what is kept by week, marks and the day they were passed, forecast, margin.

use bureau::auth::policy::Role;
use bureau::billing::checks;
use bureau::projects::budget::margin::Facts;
use bureau::projects::budget::marks;
use bureau::projects::burn::{Burn, Span, Unit};
use bureau::projects::model::BillingModel;
use bureau::types::ids::{ProjectId, TaskId};
use proptest::prelude::*;
use serde_json::json;

use crate::notifications::told;
use crate::support::{TestApp, day};

/// Monday, seconds, billable value, value and cost of each week.
fn weeks(app: &TestApp, project: ProjectId) -> Vec<String> {
    assert_eq!(app.read(checks::reference_faults), Vec::<String>::new());
    let weeks = app.read(|conn| bureau::projects::figures::weeks(conn, project));
    let text = |week: &bureau::projects::figures::ProjectWeek| {
        let sums = [week.seconds, week.cents, week.value_cents, week.cost_cents].map(|sum| sum.to_string());
        format!("{} {}", week.week_on, sums.join(" "))
    };
    weeks.iter().map(text).collect()
}

/// A project with a cost of 50.00 an hour stored on its hours.
fn costed(app: &TestApp) -> (ProjectId, TaskId) {
    let project = app.project(app.client("Halden"));
    let task = app.task(project);
    (project, task)
}

#[actix_web::test]
async fn hours_are_added_up_by_week_with_their_value_and_their_cost() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    let tom = app.member().id();
    app.entry(tom, task, day("2026-11-15"), 3_600);
    let monday = app.entry(tom, task, day("2026-11-16"), 1_800);
    app.entry_at(tom, task, day("2026-11-22"), 600, None);
    assert_eq!(weeks(&app, project), ["2026-11-09 3600 9000 9000 0", "2026-11-16 2400 4500 4500 0"]);
    app.execute("UPDATE time_entries SET cost_rate_cents = 5001, rate_cents = 9000");
    assert_eq!(weeks(&app, project), ["2026-11-09 3600 9000 9000 5001", "2026-11-16 2400 4500 6000 3335"]);
    app.execute(&format!("UPDATE time_entries SET local_on = '2026-11-14' WHERE id = {monday}"));
    assert_eq!(weeks(&app, project), ["2026-11-09 5400 13500 13500 7502", "2026-11-16 600 0 1500 834"]);
    app.execute("DELETE FROM time_entries");
    assert_eq!(weeks(&app, project), ["2026-11-09 0 0 0 0", "2026-11-16 0 0 0 0"]);
}

#[actix_web::test]
async fn the_doctor_names_a_project_whose_weeks_do_not_add_up() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    app.entry(app.member().id(), task, day("2026-11-18"), 3_600);
    app.execute("UPDATE project_weeks SET cost_cents = 1");
    let faults = app.read(checks::reference_faults);
    assert_eq!(
        faults,
        [
            format!("Project {project}: its weeks do not add up to its hours."),
            format!("Project {project}: the value or cost of its hours is not what its weeks say."),
        ]
    );
}

#[actix_web::test]
async fn a_mark_is_passed_on_the_day_on_which_that_much_was_used() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    app.execute("UPDATE projects SET budget_seconds = 36000, budget_cents = 100000");
    let tom = app.member().id();
    for (on, hours) in [("2026-11-03", 4), ("2026-11-05", 1), ("2026-11-11", 2), ("2026-11-13", 1)] {
        app.entry(tom, task, day(on), hours * 3_600);
    }
    let budget = app.api(Role::Manager).get(format!("/api/projects/{project}/budget")).send().await.json();
    let passed = |of: &str| -> Vec<String> {
        budget[of]["marks"].as_array().unwrap().iter().map(|mark| mark["crossed_on"].to_string()).collect()
    };
    assert_eq!(passed("hours"), ["\"2026-11-05\"", "\"2026-11-13\"", "null"]);
    assert_eq!(passed("money"), ["\"2026-11-11\"", "null", "null"]);
    let page = app.manager().get(format!("/projects/{project}/budget")).send().await;
    page.assert_text("section[aria-label='Budget in hours'] table", "5 Nov 2026");
    page.assert_text("section[aria-label='Budget in hours'] .burn", "8 h of 10 h, 2 h left");
}

#[actix_web::test]
async fn each_mark_is_told_of_once_and_again_when_the_budget_grew() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    let tom = app.member();
    let (manager, bookkeeper) = (app.manager(), app.bookkeeper());
    for visitor in [&tom, &manager, &bookkeeper] {
        visitor.sign_in().await;
    }
    app.execute("UPDATE projects SET budget_seconds = 36000, budget_cents = 100000, version = version + 1");
    let look = || app.write(|conn| marks::run_due(conn, app.now(), app.today()));
    app.entry(tom.id(), task, day("2026-11-16"), 17_999);
    assert_eq!((look(), app.count("budget_marks")), (0, 0), "a second is missing");
    app.entry(tom.id(), task, day("2026-11-16"), 1);
    assert_eq!((look(), look()), (1, 0));
    assert_eq!(told(&manager).await, ["hours_used Website"]);
    assert_eq!(told(&bookkeeper).await, Vec::<String>::new(), "hours are for who manages");
    app.entry(tom.id(), task, day("2026-11-17"), 18_000);
    assert_eq!(look(), 2, "80 and 100 % in one go are one piece of news; 90 % of the money are another");
    assert_eq!(told(&bookkeeper).await, ["money_used Website"]);
    assert_eq!(told(&tom).await, Vec::<String>::new());
    let page = manager.get("/notifications").send().await;
    page.assert_text("#notification-list", "100 % of the budget in hours is used: Website");
    let reading = page.attributes("#notification-list form", "action").remove(0);
    manager.post(&reading).send().await.assert_redirect(&format!("/projects/{project}/budget"));
    assert_eq!(app.count("budget_marks"), 5);
    app.execute("UPDATE projects SET budget_seconds = 72000, version = version + 1");
    assert_eq!((look(), app.count("budget_marks")), (0, 3), "50 % is passed still");
    app.execute("UPDATE projects SET status = 'done', version = version + 1");
    app.entry(tom.id(), task, day("2026-11-18"), 36_000);
    assert_eq!((look(), app.count("budget_marks")), (0, 6), "what is done is no news");
}

#[actix_web::test]
async fn a_fixed_price_earns_by_progress_and_shows_what_an_hour_really_earns() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    app.execute("UPDATE projects SET billing_model = 'fixed_price', price_cents = 1000000, version = 2");
    app.execute(&format!("UPDATE tasks SET estimate_seconds = 36000 WHERE id = {task}"));
    let tom = app.member().id();
    app.entry_at(tom, task, day("2026-11-18"), 4 * 3_600, None);
    app.execute("UPDATE time_entries SET rate_cents = 10000, cost_rate_cents = 5000");
    let found = app.api(Role::Bookkeeper).get(format!("/api/projects/{project}/budget")).send().await.json();
    assert_eq!((&found["progress_percent"], &found["remaining_seconds"]), (&json!(40), &json!(21_600)));
    assert_eq!(
        found["so_far"],
        json!({ "seconds": 14_400, "revenue_cents": 400_000, "cost_cents": 20_000, "margin_cents": 380_000,
                "margin_percent": 95, "effective_rate_cents": 100_000 })
    );
    assert_eq!(
        found["at_completion"],
        json!({ "seconds": 36_000, "revenue_cents": 1_000_000, "cost_cents": 50_000, "margin_cents": 950_000,
                "margin_percent": 95, "effective_rate_cents": 100_000 })
    );
    // The price is what the hours burn, each at its own price though none is billable.
    assert_eq!((&found["money"]["budget"], &found["money"]["used"]), (&json!(1_000_000), &json!(40_000)));
    let page = app.owner().get(format!("/projects/{project}/budget")).send().await;
    page.assert_text("section[aria-label=Margin]", "€3,800.00")
        .assert_text("section[aria-label=Margin]", "95%");
}

#[actix_web::test]
async fn a_project_that_is_done_has_nothing_left_to_do() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    app.execute(&format!("UPDATE tasks SET estimate_seconds = 36000 WHERE id = {task}"));
    app.execute("UPDATE projects SET status = 'done', billing_model = 'fixed_price', price_cents = 50000, version = 2");
    app.entry_at(app.member().id(), task, day("2026-11-18"), 3_600, None);
    let found = app.api(Role::Owner).get(format!("/api/projects/{project}/budget")).send().await.json();
    assert_eq!((&found["basis"], &found["progress_percent"]), (&json!("done"), &json!(100)));
    assert_eq!(found["so_far"]["revenue_cents"], 50_000);
}

#[actix_web::test]
async fn hours_without_a_cost_are_named_beside_the_margin() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    app.entry(app.member().id(), task, day("2026-11-18"), 5_400);
    let page = app.owner().get(format!("/projects/{project}/budget")).send().await;
    page.assert_text("section[aria-label=Margin] .callout", "1.5 hours have no cost.");
}

#[actix_web::test]
async fn a_member_sees_hours_and_forecast_and_no_money() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    app.execute("UPDATE projects SET budget_seconds = 36000, budget_cents = 100000");
    app.entry(app.member().id(), task, day("2026-11-18"), 3_600);
    let page = app.member().get(format!("/projects/{project}/budget")).send().await;
    page.assert_status(200).assert_text("section[aria-label='Budget in hours']", "1 h of 10 h");
    page.assert_no("section[aria-label=Margin]").assert_no("section[aria-label='Budget in money']");
    assert!(!page.text().contains('€'), "{}", page.text());
    let found = app.api(Role::Member).get(format!("/api/projects/{project}/budget")).send().await.json();
    for field in ["money", "so_far", "at_completion", "uncosted_seconds", "currency"] {
        assert!(found.get(field).is_none(), "{field}: {found}");
    }
    assert_eq!(found["hours"]["used"], 3_600);
}

#[actix_web::test]
async fn the_page_of_a_project_draws_its_budget_and_says_when_it_runs_out() {
    let app = TestApp::new().await;
    let (project, task) = costed(&app);
    app.execute(
        "UPDATE projects SET budget_seconds = 72000, starts_on = '2026-11-02', due_on = '2026-12-31'",
    );
    let tom = app.member().id();
    for on in ["2026-11-04", "2026-11-12", "2026-11-18"] {
        app.entry(tom, task, day(on), 3 * 3_600);
    }
    let page = app.member().get(format!("/projects/{project}")).send().await;
    page.assert_has("figure.chart svg[role=img]").assert_has("figure.chart details table");
    // 9 hours in 18 days, 11 are left: 22 days.
    page.assert_text(".stat-stack", "11 Dec").assert_text(".stat-stack", "20 days early");
    let label = page.attributes("figure.chart svg", "aria-label").remove(0);
    assert_eq!(label, "Budget burn: 45 percent of 20 h used by 19 Nov, against a plan of 28 percent.");
}

#[actix_web::test]
async fn a_project_has_a_colour_and_a_fixed_price_that_only_a_fixed_price_has() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let form = |more: &[(&str, &str)]| {
        let mut form = vec![("client_id".to_owned(), client.to_string()), ("name".into(), "Shop".into())];
        form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form
    };
    for (field, fields) in [
        ("price", [("billing_model", "hourly"), ("price", "14000")]),
        ("price", [("billing_model", "fixed_price"), ("price", "x")]),
        ("color", [("billing_model", "hourly"), ("color", "c7")]),
    ] {
        let page = app.manager().post("/projects").form(form(&fields)).send().await;
        page.assert_status(422).assert_has(&format!("[data-error={field}]"));
    }
    let fields = [("billing_model", "fixed_price"), ("price", "14,000"), ("color", "c4")];
    let id = app.manager().post("/projects").form(form(&fields)).send().await.new_id();
    let found = app.api(Role::Manager).get(format!("/api/projects/{id}")).send().await.json();
    assert_eq!((&found["price_cents"], &found["color"]), (&json!(1_400_000), &json!("c4")));
    app.manager().get(format!("/projects/{id}")).send().await.assert_text(".meta", "Fixed price, €14,000");
    app.member().get(format!("/projects/{id}")).send().await.assert_no_text(".meta", "14,000");
    app.execute_refused("UPDATE projects SET billing_model = 'hourly', version = version + 1");
}

#[actix_web::test]
async fn what_was_bought_is_in_the_margin_and_not_in_the_effective_rate() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let project = app.project(client);
    app.entry_at(app.owner().id(), app.task(project), day("2026-11-17"), 3_600, Some(9_000));
    let bookkeeper = app.api(Role::Bookkeeper);
    for (title, pays, is_internal) in [("Photo", "50", false), ("Coffee", "0", true)] {
        let body = json!({"client_id": client, "project_id": project, "spent_on": "2026-11-18", "title": title,
                          "cost": "20", "client_pays": pays, "is_internal": is_internal});
        bookkeeper.post("/api/billing/expenses").json(body).send().await.assert_status(201);
    }
    // Of another project: not here.
    app.expense(client, 77_700);
    let now = app.api(Role::Owner).get(format!("/api/projects/{project}/budget")).send().await.json();
    let now = &now["so_far"];
    assert_eq!((&now["revenue_cents"], &now["cost_cents"]), (&json!(14_000), &json!(4_000)));
    assert_eq!((&now["margin_cents"], &now["effective_rate_cents"]), (&json!(10_000), &json!(9_000)));
    let page = app.owner().get(format!("/projects/{project}/budget")).send().await;
    page.assert_text("#budget", "€40.00 spent").assert_text("#budget", "€50.00 charged");
}

proptest! {
    #[test]
    fn a_burn_adds_up_and_its_percent_reaches_a_hundred_only_at_the_budget(
        used in proptest::collection::vec(0_i64..1_000_000, 0..30),
        budget in 1_i64..10_000_000,
    ) {
        let monday = day("2026-05-04");
        let weeks = used.iter().enumerate().map(|(index, used)| (monday + chrono::Days::new(7 * index as u64), *used));
        let burn = Burn::new(Unit::Hours, Some(budget), weeks, Span::default(), day("2026-11-19"));
        prop_assert_eq!(burn.used, used.iter().sum::<i64>());
        prop_assert_eq!(burn.percent().unwrap() >= 100, burn.used >= budget);
        prop_assert_eq!(burn.left(), Some(budget - burn.used));
        prop_assert!(burn.points.windows(2).all(|pair| pair[0].total < pair[1].total));
        if let Some(out) = burn.runs_out_on {
            prop_assert!(burn.used < budget && out > day("2026-11-19"));
        }
        for numbers in [burn.line(), burn.area()] {
            for number in numbers.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|text| !text.is_empty()) {
                prop_assert!((0.0..=100.0).contains(&number.parse::<f64>().unwrap()), "{}", numbers);
            }
        }
    }

    #[test]
    fn a_margin_is_revenue_less_cost_and_a_fixed_price_ends_at_its_price(
        used in 0_i64..100_000_000, remaining in 0_i64..100_000_000, cost in 0_i64..1_000_000_000,
        price in 0_i64..1_000_000_000, is_done: bool,
    ) {
        let facts = Facts { used_seconds: used, remaining_seconds: remaining, is_done, cost_cents: cost, price_cents: price, ..Facts::default() };
        for model in BillingModel::ALL {
            for margin in [facts.so_far(*model).unwrap(), facts.at_completion(*model).unwrap()] {
                prop_assert_eq!(margin.revenue_cents - margin.cost_cents, margin.margin_cents);
            }
        }
        let (now, then) = (facts.so_far(BillingModel::FixedPrice).unwrap(), facts.at_completion(BillingModel::FixedPrice).unwrap());
        prop_assert_eq!(then.revenue_cents, price);
        prop_assert!(now.revenue_cents <= price);
        prop_assert!(then.cost_cents >= now.cost_cents);
        prop_assert!((0..=100).contains(&facts.progress_percent()));
    }
}
