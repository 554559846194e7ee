//! What a project's hours add up to: stored, and always what adding them up gives.

use bureau::billing::checks;
use bureau::types::ids::ProjectId;

use crate::support::{TestApp, day};

/// Seconds, of them billable, cents, and of them unbilled: entries, seconds, cents.
#[track_caller]
fn stored(app: &TestApp, project: ProjectId) -> String {
    assert_eq!(app.read(checks::reference_faults), Vec::<String>::new());
    app.line(&format!(
        "SELECT seconds || ' ' || billable_seconds || ' ' || cents || ', ' || unbilled_entries || ' ' || unbilled_seconds || ' ' || unbilled_cents \
         AS line FROM project_hours WHERE project_id = {project}"
    ))
}

#[actix_web::test]
async fn hours_are_added_up_however_they_come_change_and_go() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let (shop, site) = (app.project_named(client, "Shop"), app.project_named(client, "Site"));
    assert_eq!(stored(&app, shop), "0 0 0, 0 0 0");
    let (cart, menu) = (app.task(shop), app.task(site));
    let tom = app.member().id();
    let first = app.entry_at(tom, cart, day("2026-11-18"), 3_600, Some(9_000));
    let second = app.entry_at(tom, cart, day("2026-11-19"), 1_800, Some(9_000));
    assert_eq!(stored(&app, shop), "5400 5400 13500, 2 5400 13500");
    app.execute(&format!(
        "UPDATE time_entries SET duration_seconds = 900, amount_cents = 2250 WHERE id = {second}"
    ));
    assert_eq!(stored(&app, shop), "4500 4500 11250, 2 4500 11250");
    app.execute(&format!(
        "UPDATE time_entries SET project_id = {site}, task_id = {menu} WHERE id = {second}"
    ));
    assert_eq!(
        (stored(&app, shop), stored(&app, site)),
        ("3600 3600 9000, 1 3600 9000".into(), "900 900 2250, 1 900 2250".into())
    );
    app.execute(&format!(
        "INSERT INTO time_write_offs (time_entry_id, reason, created_by, created_at) \
         VALUES ({first}, 'Ours', {tom}, '2026-11-19 10:00:00')"
    ));
    assert_eq!(stored(&app, shop), "3600 3600 9000, 0 0 0");
    app.execute("DELETE FROM time_write_offs");
    assert_eq!(stored(&app, shop), "3600 3600 9000, 1 3600 9000");
    app.running_timer(tom, menu, 600);
    assert_eq!(stored(&app, site), "900 900 2250, 1 900 2250");
    app.execute(&format!(
        "UPDATE time_entries SET is_billable = FALSE, is_unbilled = FALSE, amount_cents = 0 WHERE id = {second}"
    ));
    assert_eq!(stored(&app, site), "900 0 0, 0 0 0");
    app.execute(&format!("DELETE FROM time_entries WHERE id = {second}"));
    assert_eq!(stored(&app, site), "0 0 0, 0 0 0");
}

#[actix_web::test]
async fn hours_on_a_draft_are_no_longer_unbilled_and_come_back_with_it() {
    let app = TestApp::new().await;
    let client = app.client("Halden");
    let shop = app.project_named(client, "Shop");
    app.entry_at(app.member().id(), app.task(shop), day("2026-11-18"), 3_600, Some(9_000));
    let form = [("client_id", client.to_string()), ("include_time", "true".to_owned())];
    app.owner().post("/billing").form(form).send().await.assert_status(303);
    assert_eq!(stored(&app, shop), "3600 3600 9000, 0 0 0");
    let draft = app.line("SELECT CAST(id AS TEXT) AS line FROM invoices");
    app.owner().delete(format!("/billing/{draft}")).send().await.assert_status(303);
    assert_eq!(stored(&app, shop), "3600 3600 9000, 1 3600 9000");
}

#[actix_web::test]
async fn the_doctor_names_a_project_whose_hours_do_not_add_up() {
    let app = TestApp::new().await;
    let shop = app.project(app.client("Halden"));
    app.execute("UPDATE project_hours SET seconds = seconds + 1");
    let faults = app.read(checks::reference_faults);
    assert_eq!(faults, [format!("Project {shop}: its hours do not add up to what is stored.")]);
}
