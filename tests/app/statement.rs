//! Statements of account: every move in its place, and the balance that is what is open less the client's credit.

use bureau::auth::policy::Role;
use bureau::billing::credits::model::{self as credits, NewCredit};
use bureau::billing::payments::model::{self as payments, NewPayment, PaymentMethod};
use bureau::billing::payments::refunds::{self, NewRefund};
use bureau::billing::statement::model::{self, Statement};
use bureau::billing::write_offs::model as write_offs;
use bureau::types::ids::{ClientId, InvoiceId};
use bureau::types::money::Currency;
use proptest::test_runner::{Config, TestRunner};

use crate::billing::{invoice, issued, northwind};
use crate::support::{TestApp, day};

fn statement(app: &TestApp, client: ClientId, from: &str) -> Statement {
    let (actor, today) = (app.actor(), app.today());
    let mut found = app.read(|conn| model::load(conn, &actor, client, day(from), today));
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn pay(
    app: &TestApp,
    client: ClientId,
    shares: &[(InvoiceId, i64)],
    cents: i64,
) -> bureau::types::ids::PaymentId {
    let (actor, now, today) = (app.actor(), app.now(), app.today());
    let new = NewPayment {
        received_on: today,
        amount_cents: cents,
        fee_cents: 0,
        method: PaymentMethod::BankTransfer,
        reference: "=SUM(A1)".into(),
        exchange_rate_e6: None,
        keeps_rest: true,
        idempotency_key: None,
    };
    app.write(|conn| payments::record_shared(conn, &actor, now, today, (client, Currency::EUR), shares, &new))
}

fn refund(app: &TestApp, cents: i64) -> NewRefund {
    NewRefund {
        refunded_on: app.today(),
        amount_cents: cents,
        method: PaymentMethod::BankTransfer,
        reference: String::new(),
        idempotency_key: None,
    }
}

/// What is open less what stands to the client's credit, as invoices and payments have it.
fn standing(app: &TestApp, client: ClientId) -> i64 {
    app.read(|conn| model::standing(conn, client)).iter().map(|(_, open, credit)| open - credit).sum()
}

#[actix_web::test]
async fn every_move_stands_in_its_place_and_the_balance_is_what_is_open_less_credit() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let actor = app.actor();
    let first = issued(&app, client, 10_000);
    app.clock.advance(86_400);
    let second = issued(&app, client, 20_000);
    let paid = pay(&app, client, &[(first, 5_000)], 6_000);
    let new = NewCredit { reason: "Wrong".into(), lines: None, releases_hours: false };
    app.write(|conn| credits::create(conn, &actor, app.now(), first, &new));
    let today = app.today();
    app.write(|conn| refunds::of_payment(conn, &actor, app.now(), today, paid, &refund(&app, 400)));
    app.clock.advance(86_400);
    app.write(|conn| write_offs::write_off(conn, &actor, app.now(), second, "Gone"));
    let all = statement(&app, client, "2026-01-01");
    let moves: Vec<(String, &str, i64, i64)> = all
        .entries
        .iter()
        .map(|entry| (entry.on.to_string(), entry.kind.as_str(), entry.amount_cents, entry.balance_cents))
        .collect();
    let wanted = [
        ("2026-11-19", "invoice", 11_900, 11_900),
        ("2026-11-20", "invoice", 23_800, 35_700),
        ("2026-11-20", "credit_note", -11_900, 23_800),
        ("2026-11-20", "payment", -6_000, 17_800),
        ("2026-11-20", "refund", 400, 18_200),
        ("2026-11-21", "write_off", -23_800, -5_600),
    ];
    assert_eq!(moves, wanted.map(|(on, kind, cents, balance)| (on.to_owned(), kind, cents, balance)));
    assert_eq!((all.opening_cents, all.closing_cents), (0, -5_600));
    assert_eq!(standing(&app, client), -5_600, "600 of the payment and 5,000 of the credit note");
    let later = statement(&app, client, "2026-11-20");
    assert_eq!((later.opening_cents, later.entries.len(), later.closing_cents), (11_900, 5, -5_600));
    let (actor, before) = (app.actor(), day("2026-11-19"));
    let then = app.read(|conn| model::load(conn, &actor, client, before, before));
    assert_eq!(then[0].closing_cents, 11_900);
}

#[test]
fn the_balance_over_all_time_is_what_is_open_less_credit_whatever_happens() {
    let mut runner = TestRunner::new(Config { cases: 6, ..Config::default() });
    let steps = proptest::collection::vec((0_u8..6, 1_i64..20_000), 4..24);
    runner
        .run(&steps, |steps| {
            actix_web::rt::System::new().block_on(async {
                let app = TestApp::new().await;
                let client = northwind(&app);
                let actor = app.actor();
                let mut known: Vec<InvoiceId> = Vec::new();
                for (what, cents) in steps {
                    app.clock.advance(43_200);
                    let today = app.today();
                    let open = known.iter().copied().find(|id| invoice(&app, *id).balance() > 0);
                    match (what, open) {
                        (0 | 1, _) => known.push(issued(&app, client, cents)),
                        (2, Some(id)) => {
                            let share = cents.min(invoice(&app, id).balance());
                            pay(&app, client, &[(id, share)], cents);
                        }
                        (3, Some(id)) => {
                            let new = NewCredit { reason: "x".into(), lines: None, releases_hours: false };
                            app.db
                                .write_blocking(|conn| credits::create(conn, &actor, app.now(), id, &new))
                                .ok();
                        }
                        (4, Some(id)) => {
                            app.write(|conn| write_offs::write_off(conn, &actor, app.now(), id, "x"))
                        }
                        (5, _) => {
                            let paid = pay(&app, client, &[], cents);
                            let new = refund(&app, (cents / 2).max(1));
                            app.write(|conn| refunds::of_payment(conn, &actor, app.now(), today, paid, &new));
                        }
                        _ => {}
                    }
                }
                let today = app.today();
                let all = app.read(|conn| model::load(conn, &actor, client, day("2026-01-01"), today));
                let closing: i64 = all.iter().map(|statement| statement.closing_cents).sum();
                assert_eq!(closing, standing(&app, client));
                for statement in &all {
                    let moved: i64 = statement.entries.iter().map(|entry| entry.amount_cents).sum();
                    assert_eq!(moved, statement.sum(true) + statement.sum(false));
                    assert_eq!(statement.opening_cents + moved, statement.closing_cents);
                }
            });
            Ok(())
        })
        .unwrap();
}

#[actix_web::test]
async fn page_print_file_and_api_say_the_same() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = issued(&app, client, 10_000);
    pay(&app, client, &[(id, 5_000)], 5_000);
    let bea = app.bookkeeper();
    let path = format!("/clients/{client}/statement");
    let page = bea.get(&path).send().await;
    page.assert_text("[data-closing]", "€69.00")
        .assert_text("[data-standing]", "Open €69.00")
        .assert_count("tbody tr", 3);
    bea.get(format!("/clients/{client}/invoices")).send().await.assert_has(&format!("a[href='{path}']"));
    let printed = bea.get(format!("{path}/print")).send().await;
    printed.assert_text(".inv-title", "Statement of account").assert_text("table", "€69.00");
    let file = bea.get(format!("{path}/csv?from=2026-11-01")).send().await;
    assert_eq!(file.header("content-type").as_deref(), Some("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"statement-{client}-2026-11-01-2026-11-19.csv\"");
    assert_eq!(file.header("content-disposition"), Some(name));
    let wanted = "\u{feff}Date,Kind,Reference,Currency,Amount,Balance\r\n\
                  2026-11-01,Opening balance,,EUR,,0.00\r\n\
                  2026-11-19,Invoice,INV-2026-0001,EUR,119.00,119.00\r\n\
                  2026-11-19,Payment,'=SUM(A1),EUR,-50.00,69.00\r\n\
                  2026-11-19,Closing balance,,EUR,,69.00\r\n";
    assert_eq!(file.body(), wanted);
    let json = app.api(Role::Bookkeeper).get(format!("/api{path}")).send().await.json();
    assert_eq!(
        (json["statements"][0]["closing_cents"].as_i64(), json["from"].as_str()),
        (Some(6_900), Some("2026-01-01"))
    );
    assert_eq!(json["statements"][0]["entries"][1]["kind"], "payment");
    bea.get(format!("{path}?from=2026-12-01&to=2026-11-01")).send().await.assert_status(422);
    bea.get(format!("{path}?from=soon")).send().await.assert_status(422);
    app.member().get(&path).send().await.assert_status(403);
    let other = app.client("Contoso");
    bea.get(format!("/clients/{other}/statement")).send().await.assert_text("h2", "Nothing was billed yet");
}
