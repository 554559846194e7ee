//! Rounding: worked seconds stay, billed seconds follow the rule of client, project or agency.

use bureau::auth::policy::Role;
use bureau::time_entries::rounding::rule::{RoundingBasis, RoundingMode, Rule, Worked, billed};
use bureau::types::ids::{ProjectId, TaskId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{TestApp, day};
use crate::time_entries::{entries, work};

fn rule(mode: RoundingMode, minutes: i64, minimum: i64, basis: RoundingBasis) -> Rule {
    Rule { mode, step_seconds: minutes * 60, minimum_seconds: minimum * 60, basis }
}

#[test]
fn exact_multiples_stay_and_others_go_where_the_mode_says() {
    use RoundingMode::{Down, Nearest, None, Up};
    for (mode, worked, wanted) in [
        (Up, 90 * 60, 90 * 60),
        (Up, 90 * 60 + 1, 105 * 60),
        (Down, 90 * 60, 90 * 60),
        (Down, 104 * 60 + 59, 90 * 60),
        (Nearest, 90 * 60, 90 * 60),
        (Nearest, 97 * 60 + 29, 90 * 60),
        (Nearest, 97 * 60 + 30, 105 * 60),
        (None, 97 * 60 + 29, 97 * 60 + 29),
        (Up, 0, 0),
    ] {
        assert_eq!(rule(mode, 15, 0, RoundingBasis::Entry).round(worked), wanted, "{mode} {worked}");
    }
    assert_eq!(rule(Down, 15, 30, RoundingBasis::Entry).round(60), 1_800, "the least that is billed");
    assert_eq!(rule(None, 1, 30, RoundingBasis::Entry).round(0), 0, "nothing is billed for nothing");
}

#[test]
fn a_day_and_task_is_rounded_as_a_whole_and_its_parts_add_up_to_it() {
    let of = |on: &str, task: i64, seconds| Worked {
        on: day(on),
        project: ProjectId(1),
        task: Some(TaskId(task)),
        seconds,
    };
    let hours = [
        of("2026-11-16", 1, 300),
        of("2026-11-16", 2, 300),
        of("2026-11-16", 1, 300),
        of("2026-11-17", 1, 300),
    ];
    let daily = rule(RoundingMode::Up, 15, 0, RoundingBasis::DayAndTask);
    assert_eq!(billed(&hours, |_| daily), [300, 900, 600, 900]);
    let down = rule(RoundingMode::Down, 15, 0, RoundingBasis::DayAndTask);
    assert_eq!(billed(&hours, |_| down), [0, 0, 0, 0]);
    let each = rule(RoundingMode::Up, 15, 0, RoundingBasis::Entry);
    assert_eq!(billed(&hours, |_| each), [900; 4]);
}

fn any_rule() -> impl Strategy<Value = Rule> {
    (0..4_usize, 1..120_i64, 0..60_i64, any::<bool>()).prop_map(|(mode, step, minimum, daily)| {
        let basis = if daily { RoundingBasis::DayAndTask } else { RoundingBasis::Entry };
        rule(RoundingMode::ALL[mode], step, minimum, basis)
    })
}

proptest! {
    #[test]
    fn rounding_is_never_negative_keeps_the_order_and_stays_within_a_step(
        rule in any_rule(), one in 0..100_000_i64, other in 0..100_000_i64,
    ) {
        let (less, more) = (one.min(other), one.max(other));
        prop_assert!(rule.round(less) >= 0);
        prop_assert!(rule.round(less) <= rule.round(more));
        let plain = Rule { minimum_seconds: 0, ..rule };
        prop_assert!((plain.round(one) - one).abs() < plain.step_seconds);
        prop_assert_eq!(plain.round(plain.round(one)), plain.round(one));
        prop_assert_eq!(plain.round(one * plain.step_seconds), one * plain.step_seconds);
    }

    #[test]
    fn the_parts_of_a_day_add_up_to_the_rounded_day(
        rule in any_rule(), seconds in proptest::collection::vec(0..20_000_i64, 1..9),
    ) {
        let hours: Vec<Worked> = seconds
            .iter()
            .map(|seconds| Worked { on: day("2026-11-16"), project: ProjectId(1), task: None, seconds: *seconds })
            .collect();
        let parts = billed(&hours, |_| rule);
        prop_assert!(parts.iter().all(|part| *part >= 0));
        let wanted = match rule.basis {
            RoundingBasis::DayAndTask => rule.round(seconds.iter().sum()),
            RoundingBasis::Entry => seconds.iter().map(|seconds| rule.round(*seconds)).sum(),
        };
        prop_assert_eq!(parts.iter().sum::<i64>(), wanted);
    }
}

async fn set(app: &TestApp, body: Value) {
    app.api(Role::Manager).put("/api/time-entries/rounding").json(body).send().await.assert_status(200);
}

async fn draft(app: &TestApp, client: &Value) -> Value {
    let body = json!({"client_id": client, "include_time": true});
    let page = app.api(Role::Manager).post("/api/billing").json(body).send().await;
    page.assert_status(201);
    page.json()
}

#[actix_web::test]
async fn lines_bill_rounded_time_raw_seconds_stay_and_the_equation_holds() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let client: Value =
        app.line("SELECT CAST(id AS TEXT) AS line FROM clients").parse::<i64>().unwrap().into();
    let tom = app.member().id();
    for (on, seconds) in [("2026-11-16", 3_600), ("2026-11-17", 3_660), ("2026-11-18", 60)] {
        app.entry(tom, task, day(on), seconds);
    }
    set(&app, json!({"mode": "down", "step_minutes": 60})).await;
    set(&app, json!({"mode": "up", "step_minutes": 15, "client_id": client})).await;
    let drafted = draft(&app, &client).await;
    let line = &drafted["lines"][0];
    // 60, 61 and 1 minute become 60, 75 and 15: the client's rule comes before the agency's.
    assert_eq!(line["quantity_e4"], 25_000);
    assert_eq!((&line["logged_seconds"], &line["rounded_seconds"]), (&json!(7_320), &json!(9_000)));
    assert_eq!(entries(&app).iter().map(|entry| entry.duration_seconds).sum::<i64>(), 7_320);
    let equation = || async { app.api(Role::Manager).get("/api/billing/equation").send().await.json() };
    let before = equation().await;
    assert_eq!(before["equations"][0]["difference_seconds"], 0, "{before}");
    app.execute("UPDATE clients SET street = 'Way 1', postal_code = '1', city = 'Berlin', country = 'DE'");
    let id = &drafted["id"];
    let body = json!({"version": drafted["version"]});
    let issued = app.api(Role::Manager).post(format!("/api/billing/{id}/issue")).json(body).send().await;
    issued.assert_status(200);
    let after = equation().await;
    let terms = &after["equations"][0];
    assert_eq!((&terms["difference_seconds"], &terms["difference_cents"]), (&json!(0), &json!(0)), "{after}");
    assert_eq!(
        (&terms["billed_seconds"], &terms["rounding_seconds"]),
        (&json!(9_000), &json!(-1_680)),
        "{after}"
    );
    assert_eq!(terms["written_down_seconds"], 0, "rounding is no write-up that asks for a reason");
}

#[actix_web::test]
async fn page_two_shows_hours_as_worked_as_rounded_and_as_changed_by_hand() {
    let app = TestApp::new().await;
    let (_, task) = work(&app);
    let client: Value =
        app.line("SELECT CAST(id AS TEXT) AS line FROM clients").parse::<i64>().unwrap().into();
    let tom = app.member().id();
    for (on, seconds) in [("2026-11-16", 3_660), ("2026-11-17", 3_600)] {
        app.entry(tom, task, day(on), seconds);
    }
    set(&app, json!({"mode": "up", "step_minutes": 15})).await;
    let drafted = draft(&app, &client).await;
    let id = &drafted["id"];
    let page_two = async || {
        let print = app.manager().get(format!("/billing/{id}/print")).send().await;
        (print.texts(".inv-time td.r"), print.texts(".inv-time tfoot th"))
    };
    app.execute("UPDATE invoices SET with_time_detail = TRUE");
    assert_eq!(page_two().await.0, ["1:01", "1:15", "1:00", "1:00", "2:01", "2:15"]);
    // What is on a line stays as it was rounded, whatever the rule says later.
    set(&app, json!({"mode": "up", "step_minutes": 60})).await;
    assert_eq!(page_two().await.0, ["1:01", "1:01", "1:00", "1:14", "2:01", "2:15"]);
    app.execute("UPDATE invoice_lines SET quantity_e4 = 20000, adjustment_reason = 'Goodwill'");
    let (times, heads) = page_two().await;
    assert_eq!(times[4..], ["−0:15", "2:01", "2:00"]);
    assert_eq!(heads, ["Changed on the invoice", "Total"]);
    app.execute("DELETE FROM rounding_rules");
    app.execute("UPDATE invoice_lines SET quantity_e4 = 20167, rounded_seconds = NULL");
    assert_eq!(page_two().await.0, ["1:01", "1:00", "2:01"], "one column where nothing differs");
}

#[actix_web::test]
async fn a_clients_rule_comes_before_its_projects_and_what_is_on_a_draft_stays() {
    let app = TestApp::new().await;
    let (project, task) = work(&app);
    let client: Value =
        app.line("SELECT CAST(id AS TEXT) AS line FROM clients").parse::<i64>().unwrap().into();
    let tom = app.member().id();
    app.entry(tom, task, day("2026-11-16"), 60);
    set(&app, json!({"mode": "up", "step_minutes": 60})).await;
    set(&app, json!({"mode": "up", "step_minutes": 30, "project_id": project})).await;
    let of_project = draft(&app, &client).await;
    assert_eq!(of_project["lines"][0]["quantity_e4"], 5_000, "the project's before the agency's");
    app.api(Role::Manager)
        .delete(format!("/api/billing/{}", of_project["id"]))
        .send()
        .await
        .assert_status(204);
    set(&app, json!({"mode": "none", "minimum_minutes": 6, "client_id": client})).await;
    let drafted = draft(&app, &client).await;
    assert_eq!(drafted["lines"][0]["quantity_e4"], 1_000);
    let page = app.manager().get("/time-entries/rounding").send().await;
    page.assert_text("#rules", "Up 60 minutes, each entry").assert_text("#rules", "the rule of Northwind");
    let path = format!("/api/time-entries/rounding?client_id={client}");
    for _ in 0..2 {
        app.api(Role::Manager).delete(&path).send().await.assert_status(204);
    }
    let stored = app.api(Role::Manager).get(format!("/api/billing/{}", drafted["id"])).send().await.json();
    assert_eq!(stored["lines"][0]["quantity_e4"], 1_000);
    assert!(app.activity().iter().any(|line| line == "updated client: Northwind"));
}

#[actix_web::test]
async fn a_refused_rule_says_where_and_changes_nothing() {
    let app = TestApp::new().await;
    app.manager().sign_in().await;
    app.bookkeeper().sign_in().await;
    let before = app.dump();
    for (field, value, message) in [
        ("mode", "sideways", "Must be one of the choices"),
        ("step_minutes", "", "Can't be blank"),
        ("step_minutes", "0", "Must be a whole number"),
        ("minimum_minutes", "999", "Must be a whole number"),
        ("basis", "moon", "Must be one of the choices"),
    ] {
        let mut form =
            vec![("mode", "up"), ("step_minutes", "15"), ("minimum_minutes", ""), ("basis", "entry")];
        form.retain(|(name, _)| *name != field);
        form.push((field, value));
        let page = app.manager().post("/time-entries/rounding").form(form).htmx().send().await;
        page.assert_status(422).assert_fragment().assert_text(&format!("[data-error={field}]"), message);
    }
    let form = [("mode", "up"), ("step_minutes", "15")];
    app.bookkeeper().post("/time-entries/rounding").form(form).send().await.assert_status(403);
    app.assert_unchanged(&before);
    app.manager()
        .post("/time-entries/rounding")
        .form(form)
        .send()
        .await
        .assert_redirect("/time-entries/rounding");
    assert_eq!(app.count("rounding_rules"), 1);
}
