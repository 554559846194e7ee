//! What the database itself refuses to somebody with SQL in hand.

use bureau::billing::checks;
use bureau::billing::draft::{self, NewDraft};
use bureau::billing::issue;

use crate::billing::{at_rest, free_line, ready_draft, sound, with_hours};
use crate::support::TestApp;
use crate::support::database::on_postgres;

#[actix_web::test]
async fn replacing_or_truncating_is_no_way_around() {
    let app = TestApp::new().await;
    let (client, _, _) = with_hours(&app);
    let actor = app.actor();
    let new = NewDraft { lines: vec![free_line("Design", 5_000)], ..NewDraft::of_hours(client) };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    app.payment(id, 1_000);
    let open = ready_draft(&app, client, 700);
    app.write(|conn| bureau::audit::seal::seal_next(conn, 500));
    let before = at_rest(&app).await;
    let tables = [
        "invoices",
        "invoice_lines",
        "invoice_taxes",
        "invoice_documents",
        "invoice_series_years",
        "billed_entries",
        "payments",
        "payment_allocations",
        "activities",
        "activity_seals",
        "activity_chain",
    ];
    if on_postgres() {
        for table in tables {
            let refusal = app.execute_refused(&format!("TRUNCATE {table} CASCADE"));
            assert!(
                refusal.contains("frozen") || refusal.contains("only") || refusal.contains("stays"),
                "{table}: {refusal}"
            );
        }
    } else {
        for table in tables {
            app.execute_refused(&format!("REPLACE INTO {table} SELECT * FROM {table}"));
        }
        for sql in [
            "REPLACE INTO time_entries SELECT * FROM time_entries".to_owned(),
            format!("UPDATE OR REPLACE invoices SET id = {id} WHERE id = {open}"),
            format!("UPDATE OR REPLACE invoices SET number = 'INV-2026-0001' WHERE id = {open}"),
            format!(
                "UPDATE OR REPLACE invoice_lines SET id = (SELECT min(id) FROM invoice_lines) WHERE invoice_id = {open}"
            ),
            format!(
                "REPLACE INTO invoice_lines (id, invoice_id, position, title, quantity_e4, unit, unit_price_cents, tax_rate_millis, amount_cents) \
                 SELECT min(id), {open}, 9, 'x', 1, 'HUR', 1, 0, 0 FROM invoice_lines"
            ),
            format!(
                "REPLACE INTO invoices (kind, client_id, number, currency, grouping, created_at, updated_at) \
                 VALUES ('invoice', {client}, 'INV-2026-0001', 'EUR', 'task', '2026-11-19', '2026-11-19')"
            ),
        ] {
            app.execute_refused(&sql);
        }
    }
    app.assert_unchanged(&before);
}

#[actix_web::test]
async fn a_payment_is_shared_out_within_its_client_currency_and_amount() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let (first, second) =
        (app.issued_invoice(client, 1_000, app.today()), app.issued_invoice(client, 1_000, app.today()));
    let stranger = app.issued_invoice(app.client("Contoso"), 1_000, app.today());
    let swiss = app.issued_invoice(client, 1_000, app.today());
    app.without_guards(&["invoices"], &[&format!("UPDATE invoices SET currency = 'CHF' WHERE id = {swiss}")]);
    let by = app.owner().id();
    app.execute(&format!(
        "INSERT INTO payments (client_id, received_on, amount_cents, currency, method, created_by, created_at) \
         VALUES ({client}, '2026-11-19', 500, 'EUR', 'cash', {by}, '2026-11-19 10:00:00')"
    ));
    let share = |invoice: bureau::types::ids::InvoiceId, cents: i64| {
        format!(
            "INSERT INTO payment_allocations (payment_id, invoice_id, amount_cents) SELECT max(id), {invoice}, {cents} FROM payments"
        )
    };
    for sql in [share(stranger, 500), share(swiss, 500), share(first, 501), share(first, -1)] {
        assert!(app.execute_refused(&sql).contains("up to its amount"), "{sql}");
    }
    app.execute(&share(first, 300));
    assert!(app.execute_refused(&share(second, 201)).contains("up to its amount"));
    app.execute(&share(second, 200));
    assert_eq!(app.count("payment_allocations"), 2);
    // And a ledger that was made elsewhere is found out.
    app.without_guards(&["payment_allocations"], &[&share(stranger, 501)]);
    let faults = app.read(checks::ledger_faults);
    assert!(faults.iter().any(|fault| fault.contains("another client or currency")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.contains("shared out to more")), "{faults:?}");
}

#[actix_web::test]
async fn hours_cannot_leave_their_project_and_a_wrong_flag_is_found() {
    let app = TestApp::new().await;
    let (client, project, _) = with_hours(&app);
    sound(&app);
    let other = app.project(app.client("Contoso"));
    app.execute_refused(&format!("UPDATE time_entries SET project_id = {other}"));
    app.execute_refused(&format!("UPDATE tasks SET client_id = {client} + 1 WHERE project_id = {project}"));
    sound(&app);
    app.execute("UPDATE time_entries SET is_unbilled = FALSE WHERE id = (SELECT min(id) FROM time_entries)");
    let faults = app.read(checks::reference_faults);
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[actix_web::test]
async fn an_import_keeps_its_own_number_and_a_second_series_stands_beside_the_first() {
    let app = TestApp::new().await;
    let client = app.client("Northwind");
    let old = app.draft(client, 1_000);
    let issue = |imported: bool| {
        format!(
            "UPDATE invoices SET is_imported = {imported}, number = '2019/17', issue_on = '2019-02-01', due_on = '2019-02-15', \
             seller = '{{}}', buyer = '{{}}', issued_at = '2019-02-01 10:00:00' WHERE id = {old}"
        )
    };
    app.execute_refused(&issue(false));
    app.execute(&issue(true));
    assert!(app.execute_refused("UPDATE invoices SET number = '2019/18'").contains("frozen"));
    sound(&app);
    let series = |is_default: bool| {
        format!(
            "INSERT INTO invoice_series (kind, is_default, pattern, resets_yearly) VALUES ('invoice', {is_default}, 'B-{{seq}}', FALSE)"
        )
    };
    app.execute(&series(false));
    app.execute_refused(&series(true));
}

#[actix_web::test]
async fn an_id_is_never_given_twice() {
    let app = TestApp::new().await;
    let gone = app.client("Northwind");
    let contact = app.contact(gone, "Sofie");
    app.execute("DELETE FROM contacts");
    assert!(app.contact(gone, "Jonas").0 > contact.0);
    app.execute("DELETE FROM contacts");
    app.execute(&format!("DELETE FROM clients WHERE id = {gone}"));
    assert!(app.client("Contoso").0 > gone.0);
}
