//! What documents are worth in the agency's currency: parts that add up, and notes that end at their invoice.

use bureau::billing::base::{Amounts, added, converted};
use bureau::billing::credits::model::{self as credits, NewCredit};
use bureau::billing::draft::{self, NewDraft, Options};
use bureau::billing::model::{Invoice, NewLine};
use bureau::billing::{checks, issue};
use bureau::types::ids::InvoiceId;
use bureau::types::money::Currency;
use proptest::prelude::*;

use crate::billing::{free_line, invoice, lines, sound};
use crate::support::{TestApp, day};

fn amounts() -> impl Strategy<Value = Amounts> {
    (50..10_000_000_i64, 0..2_000_000_i64, -50..=50_i64).prop_map(|(net, tax, rounding)| Amounts {
        net,
        tax,
        rounding,
        total: net + tax + rounding,
    })
}

fn adds_up(of: Amounts) -> bool {
    of.net + of.tax + of.rounding == of.total
}

proptest! {
    #[test]
    fn parts_add_up_at_any_rate_and_notes_end_at_their_invoice(
        notes in prop::collection::vec(amounts(), 1..8),
        rate in 1..5_000_000_i64,
        from in prop::sample::select(vec!["USD", "JPY", "KWD"]),
    ) {
        let (from, to): (Currency, Currency) = (from.parse().unwrap(), Currency::EUR);
        let mut before = Amounts::default();
        let mut worth = Amounts::default();
        for note in notes {
            let one = added(before, note, from, to, rate).unwrap();
            prop_assert!(adds_up(one) && one.total >= 0);
            before = before.plus(note);
            worth = worth.plus(one);
        }
        let whole = converted(before, from, to, rate).unwrap();
        prop_assert!(adds_up(whole));
        prop_assert_eq!(worth, whole);
    }

    #[test]
    fn amounts_in_the_agencys_own_currency_stay_what_they_are(of in amounts()) {
        prop_assert_eq!(converted(of, Currency::EUR, Currency::EUR, issue::PAR_E6), Some(of));
    }
}

/// An issued invoice of a client in dollars, one of which is 0.912345.
fn billed(app: &TestApp, lines: Vec<NewLine>) -> InvoiceId {
    let client = app.client_with("Acme", |new| {
        new.currency = "USD".parse().unwrap();
        new.street = "Main Street 1".into();
        new.city = "Springfield".into();
        new.country = "US".into();
    });
    let actor = app.actor();
    let new = NewDraft {
        include_time: false,
        lines,
        options: Options { exchange_rate_e6: Some(912_345), ..Options::default() },
        delivery_from: Some(day("2026-11-18")),
        ..NewDraft::of_hours(client)
    };
    let id = app.write(|conn| draft::create(conn, &actor, app.now(), &new));
    app.write(|conn| issue::issue(conn, &actor, app.now(), id, None));
    id
}

fn worth(of: &Invoice) -> (i64, i64, i64) {
    (of.base_net_cents.unwrap(), of.base_tax_cents.unwrap(), of.base_total_cents.unwrap())
}

#[actix_web::test]
async fn net_and_tax_in_the_agencys_currency_add_up_to_the_total() {
    let app = TestApp::new().await;
    let id = billed(&app, vec![free_line("Work", 2_070)]);
    let of = invoice(&app, id);
    assert_eq!((of.net_cents, of.tax_cents, of.total_cents), (2_070, 393, 2_463));
    assert_eq!(worth(&of), (1_888, 359, 2_247));
    sound(&app);
}

#[actix_web::test]
async fn credit_notes_are_worth_what_their_invoice_was_worth() {
    let app = TestApp::new().await;
    let three = ["One", "Two", "Three"].map(|title| free_line(title, 333)).to_vec();
    let id = billed(&app, three);
    let actor = app.actor();
    let notes: Vec<(i64, i64, i64)> = lines(&app, id)
        .iter()
        .map(|line| {
            let lines = Some(vec![(line.id, line.quantity_e4)]);
            let new = NewCredit { reason: "In parts".into(), lines, releases_hours: false };
            worth(&app.write(|conn| credits::create(conn, &actor, app.now(), id, &new)))
        })
        .collect();
    let whole = worth(&invoice(&app, id));
    let sum = |of: fn(&(i64, i64, i64)) -> i64| notes.iter().map(of).sum::<i64>();
    assert_eq!((sum(|note| note.0), sum(|note| note.1), sum(|note| note.2)), whole);
    assert!(notes.iter().all(|(net, tax, total)| net + tax == *total), "{notes:?}");
    sound(&app);
    // The doctor converts anew.
    app.without_guards(
        &["invoices"],
        &[&format!("UPDATE invoices SET base_net_cents = base_net_cents + 1 WHERE corrects_id = {id}")],
    );
    assert_eq!(app.read(checks::ledger_faults).len(), 3);
}
