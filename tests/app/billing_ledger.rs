//! Random ledgers, without HTTP: whatever is drafted, issued, credited, drafted anew, paid and written off in whatever
//! order, nothing is billed twice, and after each step all that must hold does.

use bureau::billing::credits::model::{self as credits, NewCredit};
use bureau::billing::credits::reissue::reissue;
use bureau::billing::draft::{self, NewDraft, Options};
use bureau::billing::filter::InvoiceFilter;
use bureau::billing::model::{Invoice, NewLine};
use bureau::billing::payments::model::{self as payments, NewPayment, PaymentMethod};
use bureau::billing::payments::refunds::{self, NewRefund};
use bureau::billing::totals::Discount;
use bureau::billing::write_offs::model as write_offs;
use bureau::billing::{checks, deposits, equation, issue, model};
use bureau::db::Conn;
use bureau::error::{AppError, AppResult};
use bureau::types::ids::{ClientId, InvoiceId, TaskId};
use bureau::types::money::{Currency, Money, parse_decimal};

use crate::billing::{free_line, invoice, lines, northwind};
use crate::support::{TestApp, day};

const LEDGERS: u64 = 40;
const STEPS: u64 = 14;
const INVOICES: usize = 2_000;

/// A row of numbers that looks random and is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn cents(&mut self, limit: u64) -> i64 {
        i64::try_from(self.below(limit)).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let count = u64::try_from(of.len()).unwrap();
        if of.is_empty() { None } else { Some(of[usize::try_from(self.below(count)).unwrap()]) }
    }

    fn discount(&mut self) -> Discount {
        match self.below(3) {
            0 => Discount::Percent(self.cents(60_000)),
            1 => Discount::Amount(self.cents(200)),
            _ => Discount::NONE,
        }
    }
}

struct Ledger {
    app: TestApp,
    client: ClientId,
    task: TaskId,
    dice: Dice,
}

impl Ledger {
    async fn new(seed: u64) -> Self {
        let app = TestApp::new().await;
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let client = northwind(&app);
        let project = app.project(client);
        let task = app.task_named(project, "Shop");
        let step = dice.one(&[1, 1, 5]).unwrap();
        app.execute(&format!("UPDATE agency SET rounding_step_cents = {step}"));
        let mode = dice.one(&["none", "up", "nearest", "down"]).unwrap();
        let basis = dice.one(&["entry", "day_and_task"]).unwrap();
        app.execute(&format!(
            "INSERT INTO rounding_rules (client_id, mode, step_seconds, minimum_seconds, basis, updated_at) \
             VALUES ({client}, '{mode}', 900, 0, '{basis}', '2026-11-01 08:00:00')"
        ));
        Self { app, client, task, dice }
    }

    /// Tries a verb: it may refuse, in its own words, but neither fail nor leave it to the database.
    fn try_to<T>(&self, body: impl Fn(&mut Conn) -> AppResult<T>) -> Option<T> {
        const GUARDS: [&str; 8] = [
            "No more is credited",
            "A deduction is",
            "is frozen",
            "free to bill",
            "stays on record",
            "only grows",
            "A deposit that",
            "drafted anew once",
        ];
        match self.app.db.write_blocking(body) {
            Ok(done) => Some(done),
            Err(AppError::Conflict(said)) => {
                assert!(!GUARDS.iter().any(|guard| said.contains(guard)), "only the database said: {said}");
                None
            }
            Err(AppError::Invalid(_)) => None,
            Err(error) => panic!("{error:?}"),
        }
    }

    fn some(&mut self, which: impl Fn(&Invoice) -> bool) -> Option<InvoiceId> {
        let (actor, today) = (self.app.actor(), self.app.today());
        let filter = InvoiceFilter::of_client(self.client, None);
        let (rows, _) = self.app.read(|conn| model::list(conn, &actor, &filter, today));
        let ids: Vec<InvoiceId> =
            rows.iter().filter(|row| which(&row.invoice)).map(|row| row.invoice.id).collect();
        self.dice.one(&ids)
    }

    fn line(&mut self) -> NewLine {
        let price = self.dice.cents(30_000) - 4_000;
        let quantity_e4 = [10_000, 30_000, 12_345][usize::try_from(self.dice.below(3)).unwrap()];
        let discount = if price > 400 { self.dice.discount() } else { Discount::NONE };
        let tax_rate_millis = self.dice.one(&[19_000, 7_000]).unwrap();
        let second_tax_rate_millis = self.dice.one(&[0, 0, 9_975]).unwrap();
        NewLine { quantity_e4, discount, tax_rate_millis, second_tax_rate_millis, ..free_line("Work", price) }
    }

    fn draft(&mut self, is_deposit: bool) -> Option<InvoiceId> {
        let lines = (0..=self.dice.below(3)).map(|_| self.line()).collect();
        let takes = !is_deposit && self.dice.below(2) == 0;
        let new = NewDraft {
            include_time: takes,
            include_costs: takes,
            lines,
            delivery_from: Some(day("2026-11-16")),
            prices_include_tax: Some(self.dice.below(2) == 0),
            options: Options { discount: self.dice.discount(), is_deposit, ..Options::default() },
            ..NewDraft::of_hours(self.client)
        };
        let (actor, now) = (self.app.actor(), self.app.now());
        let made = self.try_to(|conn| draft::create(conn, &actor, now, &new));
        if let Some(id) = made.filter(|_| is_deposit) {
            self.try_to(|conn| issue::issue(conn, &actor, now, id, None));
        }
        made
    }

    /// Hours of somebody that wait to be billed.
    fn hours(&mut self) {
        let rate = self.dice.one(&[2_750, 9_000, 10_001]).unwrap();
        let seconds = self.dice.cents(20_000) + 1;
        let tom = self.app.member().id();
        self.app.entry_at(tom, self.task, day("2026-11-16"), seconds, Some(rate));
    }

    /// Pays all of an invoice, or half of it.
    fn pay(&mut self, id: InvoiceId) {
        let (actor, now, today) = (self.app.actor(), self.app.now(), self.app.today());
        let balance = invoice(&self.app, id).balance();
        let new = NewPayment {
            received_on: today,
            amount_cents: self.dice.one(&[balance, balance / 2]).unwrap(),
            method: PaymentMethod::BankTransfer,
            reference: String::new(),
            exchange_rate_e6: None,
            fee_cents: 0,
            keeps_rest: false,
            idempotency_key: None,
        };
        self.try_to(|conn| payments::record(conn, &actor, now, today, id, &new));
    }

    fn credit(&mut self, whole: bool) {
        let Some(id) = self.some(|row| !row.is_draft() && !row.is_credit_note()) else { return };
        let open = self.app.read(|conn| credits::creditable(conn, id));
        let parts = open.iter().map(|of| {
            (of.line.id, [0, of.left_e4 / 3, of.left_e4][usize::try_from(self.dice.below(3)).unwrap()])
        });
        let new = NewCredit {
            reason: "Wrong".into(),
            lines: Some(parts.collect()).filter(|_| !whole),
            releases_hours: self.dice.below(2) == 0,
        };
        let (actor, now) = (self.app.actor(), self.app.now());
        self.try_to(|conn| credits::create(conn, &actor, now, id, &new));
    }

    /// Applies what is left of a credit note, or pays some of it out.
    fn use_credit(&mut self) {
        let Some(note) = self.some(|row| row.is_credit_note() && row.balance() > 0) else { return };
        let other = self.some(|row| !row.is_draft() && !row.is_credit_note() && row.balance() > 0);
        let (actor, now, today) = (self.app.actor(), self.app.now(), self.app.today());
        let left = invoice(&self.app, note).balance();
        if let Some(other) = other.filter(|_| self.dice.below(2) == 0) {
            let cents = left.min(invoice(&self.app, other).balance());
            self.try_to(|conn| credits::apply(conn, &actor, now, note, other, cents));
            return;
        }
        let refund = NewRefund {
            refunded_on: today,
            amount_cents: self.dice.one(&[left, (left + 1) / 2]).unwrap(),
            method: PaymentMethod::BankTransfer,
            reference: String::new(),
            idempotency_key: None,
        };
        self.try_to(|conn| refunds::of_credit_note(conn, &actor, now, today, note, &refund));
    }

    fn step(&mut self) {
        let (actor, now) = (self.app.actor(), self.app.now());
        match self.dice.below(19) {
            0 | 1 => self.hours(),
            2 => {
                let cents = self.dice.cents(9_000) + 1;
                self.app.expense(self.client, cents);
            }
            3 | 4 => drop(self.draft(false)),
            5 => drop(self.draft(true)),
            6 => {
                let deposit = self.some(|row| row.is_deposit && !row.is_draft());
                let draft = self.some(Invoice::is_draft);
                let Some((draft, deposit)) = draft.zip(deposit) else { return };
                self.try_to(|conn| deposits::deduct(conn, &actor, now, draft, None, deposit));
            }
            7 | 8 => {
                let Some(id) = self.some(Invoice::is_draft) else { return };
                self.try_to(|conn| issue::issue(conn, &actor, now, id, None));
            }
            9 | 10 => self.credit(false),
            11 => self.credit(true),
            12 => {
                let Some(id) = self.some(|row| !row.is_draft() && !row.is_credit_note()) else {
                    return;
                };
                self.try_to(|conn| reissue(conn, &actor, now, id));
            }
            13 => {
                let Some(id) = self.some(|row| !row.is_draft() && !row.is_credit_note() && row.balance() > 1)
                else {
                    return;
                };
                self.pay(id);
            }
            14 => {
                let Some(id) = self.some(|row| !row.is_draft() && !row.is_credit_note()) else { return };
                self.try_to(|conn| write_offs::write_off(conn, &actor, now, id, "Insolvent"));
                self.credit(true);
            }
            15 => {
                let Some(id) = self.some(|row| row.written_off_cents > 0) else { return };
                self.try_to(|conn| write_offs::write_on(conn, &actor, now, id));
            }
            16 | 17 => self.use_credit(),
            _ => {
                let Some(id) = self.some(Invoice::is_draft) else { return };
                self.try_to(|conn| draft::delete(conn, &actor, now, id));
            }
        }
    }

    /// What the doctor and the equation say, and that nothing waits to be billed that is.
    fn holds(&self, told: &str) {
        let said = |faults: Vec<String>| assert_eq!(faults, Vec::<String>::new(), "{told}");
        said(self.app.read(equation::faults));
        said(self.app.read(checks::ledger_faults));
        said(self.app.read(checks::reference_faults));
        said(self.app.read(checks::number_gaps));
        let twice = "is_unbilled AND id IN (SELECT expense_id FROM billed_expenses)";
        assert_eq!(self.app.count_where("expenses", twice), 0, "{told}");
        // What went back and what could still go back never exceeds what was paid.
        let left: i64 = self
            .app
            .line(
                "SELECT CAST((SELECT coalesce(SUM(amount_cents), 0) FROM payments) - (SELECT coalesce(SUM(total_cents - paid_cents \
                 - credited_cents), 0) FROM invoices WHERE kind = 'credit_note' AND issued_at IS NOT NULL) AS TEXT) AS line",
            )
            .parse()
            .unwrap();
        assert!(left >= 0, "{told}: {left}");
        let charged = "SELECT d.deposit_id FROM deducted_deposits d JOIN invoice_lines l ON l.id = d.invoice_line_id \
                       JOIN invoices v ON v.id = l.invoice_id JOIN invoices i ON i.id = d.deposit_id \
                       GROUP BY d.deposit_id, i.net_cents, i.tax_cents, v.prices_include_tax \
                       HAVING -SUM(l.amount_cents) > i.net_cents + CASE WHEN v.prices_include_tax THEN i.tax_cents + 2 ELSE 0 END";
        assert_eq!(self.app.count_where("invoices", &format!("id IN ({charged})")), 0, "{told}");
    }

    /// List, page, print and JSON say what is stored.
    async fn is_shown_alike(&self) {
        let actor = self.app.actor();
        let filter = InvoiceFilter::of_client(self.client, None);
        let (rows, _) = self.app.read(|conn| model::list(conn, &actor, &filter, self.app.today()));
        let visitor = self.app.bookkeeper();
        for row in rows {
            let (id, cents) = (row.invoice.id, row.invoice.total_cents);
            let total = Money::new(cents, row.invoice.currency).to_string();
            assert_eq!(invoice(&self.app, id).total_cents, cents);
            visitor.get(format!("/billing/{id}")).send().await.assert_text("#totals", &total);
            visitor.get(format!("/billing/{id}/print")).send().await.assert_text(".inv-sum", &total);
            let json = visitor.token().get(format!("/api/billing/{id}")).send().await.json();
            assert_eq!(json["total_cents"], cents);
            assert_eq!(json["lines"].as_array().unwrap().len(), lines(&self.app, id).len());
        }
    }
}

#[actix_web::test]
async fn random_ledgers_hold_after_each_step() {
    for seed in 1..=LEDGERS {
        let mut ledger = Ledger::new(seed).await;
        ledger.draft(false);
        for step in 0..STEPS {
            ledger.step();
            ledger.holds(&format!("ledger {seed}, step {step}"));
        }
        if seed.is_multiple_of(10) {
            ledger.is_shown_alike().await;
        }
    }
}

#[actix_web::test]
async fn thousands_of_random_invoices_hold_together_and_say_the_same_everywhere() {
    let mut ledger = Ledger::new(LEDGERS + 1).await;
    let (actor, now) = (ledger.app.actor(), ledger.app.now());
    let mut issued = Vec::new();
    while issued.len() < INVOICES {
        ledger.hours();
        let Some(id) = ledger.draft(false) else { continue };
        if ledger.try_to(|conn| issue::issue(conn, &actor, now, id, None)).is_none() {
            continue;
        }
        issued.push(id);
        if ledger.dice.below(2) == 0 {
            ledger.pay(id);
        }
    }
    ledger.holds("thousands of invoices");
    let app = &ledger.app;
    let stored = app.lines(
        "SELECT number || ' ' || CAST(total_cents AS TEXT) || ' ' || CAST(total_cents - paid_cents AS TEXT) AS line \
         FROM invoices WHERE issued_at IS NOT NULL ORDER BY id DESC",
    );
    assert_eq!(stored.len(), INVOICES);
    let api = app.bookkeeper().token();
    let (mut listed, mut after) = (Vec::new(), String::new());
    loop {
        let page = api.get(format!("/api/billing?status=all{after}")).send().await.json();
        for row in page["billing"].as_array().unwrap().iter().filter(|row| row["number"].is_string()) {
            listed.push(format!(
                "{} {} {}",
                row["number"].as_str().unwrap(),
                row["total_cents"],
                row["balance_cents"]
            ));
        }
        let Some(next) = page["meta"]["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    listed.sort_unstable();
    let mut wanted = stored.clone();
    wanted.sort_unstable();
    assert_eq!(listed, wanted, "the API");
    let file = app.bookkeeper().get("/billing/csv").send().await.body();
    let mut rows: Vec<String> = file
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<&str>>())
        .filter(|cells| !cells[0].is_empty())
        .map(|cells| {
            let cents = |text: &str| parse_decimal(text, 2).unwrap();
            format!("{} {} {}", cells[0], cents(cells[10]), cents(cells[14]))
        })
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, wanted, "the file");
    for id in issued.iter().step_by(200) {
        let total = Money::new(invoice(app, *id).total_cents, Currency::EUR).to_string();
        app.bookkeeper().get(format!("/billing/{id}")).send().await.assert_text("#totals", &total);
        app.bookkeeper().get(format!("/billing/{id}/print")).send().await.assert_text(".inv-sum", &total);
    }
}
