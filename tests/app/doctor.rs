//! The doctor: finds what is broken and touches nothing.

use std::io::{Seek, SeekFrom, Write};
use std::process::Command;

use bureau::audit::seal;
use bureau::billing::checks;
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::issue;
use bureau::db::manager::{DatabaseUrl, Manager};
use bureau::db::{dialect, guards};
use bureau::time_entries;
use diesel::prelude::*;

use crate::billing::{free_line, northwind};
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
        &["UPDATE activities SET subject_label = 'Southwind'", "UPDATE invoice_lines SET amount_cents = 999"],
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

#[actix_web::test]
async fn an_issued_invoice_that_contradicts_its_document_is_named() {
    let change = |table: &str, change: &str| (table.to_owned(), format!("UPDATE {table} SET {change}"));
    for ((table, sql), what) in [
        (change("invoices", "number = 'INV-2026-0009', seq = 9"), "number"),
        (change("invoices", "issue_on = '2026-11-17'"), "issue date"),
        (change("invoices", "delivery_from = '2026-11-01'"), "time of delivery"),
        (change("invoices", "due_on = '2027-01-31'"), "due date"),
        (change("invoice_lines", "title = 'Advice'"), "title of a line"),
        (change("invoice_lines", "quantity_e4 = 20000"), "quantity of a line"),
        (change("invoice_lines", "unit_price_cents = 1001"), "price of a line"),
        (change("invoice_taxes", "tax_cents = 1"), "tax"),
        (change("invoices", "net_cents = 999, total_cents = total_cents - 1"), "subtotal"),
        (change("invoices", "rounding_cents = 1, total_cents = total_cents + 1"), "rounding"),
    ] {
        let app = TestApp::new().await;
        let client = northwind(&app);
        let actor = app.actor();
        let new = NewDraft {
            include_time: false,
            lines: vec![free_line("Fish & \"Chips\"", 1_000)],
            delivery_from: Some(app.today()),
            ..NewDraft::of_hours(client)
        };
        let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
        app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
        assert_eq!(app.read(checks::ledger_faults), Vec::<String>::new());
        app.without_guards(&[&table], &[&sql]);
        let faults = app.read(checks::ledger_faults);
        let named = format!("Invoice {id}: its {what} is not the one on its document.");
        assert!(faults.contains(&named), "{sql}: {faults:?}");
    }
}

#[actix_web::test]
async fn a_chain_whose_end_was_cut_off_is_found_and_stays_found() {
    let app = TestApp::new().await;
    app.damaged();
    app.client("Northwind");
    app.client("Contoso");
    app.write(|conn| seal::seal_next(conn, 500));
    assert_eq!(app.read(seal::faults), Vec::<String>::new());
    app.without_guards(
        &["activities", "activity_seals"],
        &[
            "DELETE FROM activity_seals WHERE seq = (SELECT max(seq) FROM activity_seals)",
            "DELETE FROM activities WHERE id = (SELECT max(id) FROM activities)",
        ],
    );
    let faults = app.read(seal::faults);
    assert!(faults.len() == 1 && faults[0].starts_with("the chain was cut off"), "{faults:?}");
    app.client("Fabrikam");
    app.write(|conn| seal::seal_next(conn, 500));
    let faults = app.read(seal::faults);
    assert!(faults[0].ends_with("is missing"), "{faults:?}");
}

#[actix_web::test]
async fn a_dropped_trigger_and_a_dropped_index_are_named() {
    let app = TestApp::new().await;
    assert_eq!(app.read(guards::faults), Vec::<String>::new());
    let of = if on_postgres() { " ON activities" } else { "" };
    app.execute(&format!("DROP TRIGGER activities_no_delete{of}"));
    app.execute("DROP INDEX time_entries_running_key");
    let faults = app.read(guards::faults);
    assert_eq!(
        faults,
        [
            "The index time_entries_running_key of time_entries is missing.",
            "The trigger activities_no_delete of activities is missing."
        ]
    );
    let report = bureau::doctor::examine(&app.data).unwrap();
    let found = report.checks.iter().find(|finding| finding.check.starts_with("tables, indexes")).unwrap();
    assert_eq!(found.faults, faults);
}

#[actix_web::test]
async fn every_trigger_and_index_that_the_migrations_make_is_looked_for() {
    let app = TestApp::new().await;
    let names = if on_postgres() {
        "SELECT DISTINCT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass AS line FROM pg_trigger WHERE NOT tgisinternal \
         UNION ALL SELECT 'DROP INDEX ' || i.indexname FROM pg_indexes i WHERE i.schemaname = 'public' \
           AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
    } else {
        "SELECT 'DROP ' || type || ' ' || name AS line FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    };
    let all = app.lines(names);
    assert!(all.len() > 200, "{}", all.len());
    for sql in &all {
        app.execute(sql);
    }
    assert_eq!(app.read(guards::faults).len(), all.len());
    app.damaged();
}

#[actix_web::test]
async fn a_trigger_that_does_something_else_is_named() {
    if on_postgres() {
        println!("not run: the text of a trigger, which PostgreSQL does not keep (SQLite only)");
        return;
    }
    let app = TestApp::new().await;
    app.execute("DROP TRIGGER activities_no_delete");
    app.execute("CREATE TRIGGER activities_no_delete BEFORE DELETE ON activities BEGIN SELECT 1; END");
    let said = "The trigger activities_no_delete of activities is not the one that this version makes.";
    assert_eq!(app.read(guards::faults), [said]);
}

#[actix_web::test]
async fn hours_that_do_not_last_from_start_to_end_are_named() {
    let app = TestApp::new().await;
    let task = app.task(app.project(app.client("Northwind")));
    let user = app.owner().id();
    let (whole, longer) =
        (app.entry(user, task, app.today(), 3_600), app.entry(user, task, app.today(), 3_600));
    app.running_timer(user, task, 600);
    assert_eq!(app.read(time_entries::checks::faults), Vec::<String>::new());
    let set = |id, change: &str| format!("UPDATE time_entries SET {change} WHERE id = {id}");
    app.execute(&set(whole, "break_seconds = 600"));
    app.execute(&set(longer, "duration_seconds = 7200"));
    assert_eq!(
        app.read(time_entries::checks::faults),
        [
            format!("Time entry {whole}: it lasts 3000 seconds, but 3600 are stored."),
            format!("Time entry {longer}: it lasts 3600 seconds, but 7200 are stored."),
        ]
    );
}

#[test]
fn a_file_that_is_damaged_or_no_database_is_a_finding() {
    for (from, bytes) in [(0, b"this is no database at all".as_slice()), (100, &[0xff; 3_996])] {
        let database = TestDatabase::set_up();
        let DatabaseUrl::Sqlite(path) = &database.url else {
            println!("not run: a damaged file (SQLite only)");
            return;
        };
        let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.seek(SeekFrom::Start(from)).unwrap();
        file.write_all(bytes).unwrap();
        drop(file);
        let output = Command::new(env!("CARGO_BIN_EXE_bureau"))
            .args(["doctor", "--json", "--data-dir"])
            .arg(database.dir())
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["healthy"], false, "{report}");
        assert_eq!(report["checks"][0]["check"], "the database can be read", "{report}");
    }
}
