//! The doctor: finds what is broken and touches nothing.

use bureau::db::dialect;
use bureau::db::manager::Manager;
use diesel::prelude::*;

use crate::support::TestApp;
use crate::support::database::{TestDatabase, on_postgres};

#[actix_web::test]
async fn the_doctor_changes_nothing_not_even_the_chain() {
    let app = TestApp::new().await;
    app.client("Northwind");
    assert!(app.count("unsealed_activities") > 0);
    let before = app.dump();
    let report = bureau::doctor::examine(&app.data).unwrap();
    assert!(report.is_healthy(), "{report}");
    app.assert_unchanged(&before);
}

#[test]
fn a_reference_to_a_missing_row_is_found_though_its_constraint_counts_as_valid() {
    let database = TestDatabase::set_up();
    let mut conn = Manager::new(database.url.clone()).open().unwrap();
    assert_eq!(dialect::integrity_faults(&mut conn).unwrap(), Vec::<String>::new());
    let unguarded =
        if on_postgres() { "SET session_replication_role = replica" } else { "PRAGMA foreign_keys = OFF" };
    for sql in [
        unguarded,
        "INSERT INTO contacts (client_id, name, created_at, updated_at) \
         VALUES (999, 'Sofie', '2026-11-19 10:00:00', '2026-11-19 10:00:00')",
    ] {
        diesel::sql_query(sql).execute(&mut conn).unwrap();
    }
    let faults = dialect::integrity_faults(&mut conn).unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("contacts ") && faults[0].contains("clients"), "{faults:?}");
}

#[actix_web::test]
async fn an_activity_that_was_altered_and_a_line_that_was_shifted_are_found() {
    let app = TestApp::new().await;
    app.damaged();
    let client = app.client("Northwind");
    app.issued_invoice(client, 1_000, app.today());
    app.write(|conn| bureau::audit::seal::seal_next(conn, 500));
    app.without_guards(
        &["activities", "invoice_lines"],
        &["UPDATE activities SET subject_label = 'Southwind'", "UPDATE invoice_lines SET net_cents = 999"],
    );
    let report = bureau::doctor::examine(&app.data).unwrap();
    assert!(!report.is_healthy());
    let found: Vec<&str> = report
        .checks
        .iter()
        .filter(|finding| !finding.faults.is_empty())
        .map(|finding| finding.check)
        .collect();
    assert_eq!(found, ["payments, totals and issued documents", "activity chain"], "{report}");
}
