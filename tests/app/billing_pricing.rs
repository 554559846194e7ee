//! Discounts, prices with tax, two taxes on one price, coins and currencies: the sums, and what is stored and printed.

use bureau::auth::policy::Role;
use bureau::billing::qr::transfer;
use bureau::billing::tax::TaxCategory;
use bureau::billing::totals::{Discount, Priced, Pricing, SumFault, Totals, compute, parts};
use bureau::types::money::{self, Currency};
use bureau::types::qr::Qr;
use proptest::prelude::*;
use serde_json::json;

use crate::billing::{change, editor, invoice, northwind, ready_draft, sound};
use crate::support::{TestApp, day};

fn line(quantity_e4: i64, unit_price_cents: i64, tax_rate_millis: i64, second: i64) -> Priced {
    Priced {
        quantity_e4,
        unit_price_cents,
        discount: Discount::NONE,
        tax_rate_millis,
        second_tax_rate_millis: second,
        tax_category: TaxCategory::Standard,
        is_deduction: false,
    }
}

fn discounts() -> impl Strategy<Value = Discount> {
    prop_oneof![Just(Discount::NONE), (0..=100_000_i64).prop_map(Discount::Percent)]
}

fn lines() -> impl Strategy<Value = Vec<Priced>> {
    let rate = prop::sample::select(vec![0, 5_000, 7_000, 9_975, 19_000, 25_500]);
    let second = prop::sample::select(vec![0, 0, 9_975]);
    let one = (0..5_000_000_i64, 0..2_000_000_i64, rate, second, discounts()).prop_map(
        |(quantity, price, rate, second, discount)| Priced {
            discount,
            ..line(quantity, price, rate, second)
        },
    );
    prop::collection::vec(one, 1..40)
}

fn pricing() -> impl Strategy<Value = Pricing> {
    (any::<bool>(), discounts(), prop::sample::select(vec![1, 5, 100])).prop_map(
        |(prices_include_tax, discount, rounding_step_cents)| Pricing {
            prices_include_tax,
            discount,
            rounding_step_cents,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn lines_less_discount_and_tax_are_the_total(lines in lines(), pricing in pricing()) {
        let sums = compute(&lines, &pricing).unwrap();
        prop_assert_eq!(sums.lines.iter().map(|line| line.amount_cents).sum::<i64>(), sums.subtotal);
        let charged = sums.subtotal - sums.discount;
        let expected = if pricing.prices_include_tax { charged } else { charged + sums.tax };
        prop_assert_eq!(expected + sums.rounding, sums.total);
        prop_assert_eq!(sums.net + sums.tax + sums.rounding, sums.total);
        let firsts = sums.groups.iter().filter(|group| !group.is_second);
        prop_assert_eq!(firsts.map(|group| group.base_cents).sum::<i64>(), sums.net);
        prop_assert_eq!(sums.groups.iter().map(|group| group.tax_cents).sum::<i64>(), sums.tax);
        prop_assert_eq!(sums.total % pricing.rounding_step_cents, 0);
        prop_assert!(sums.rounding.abs() * 2 <= pricing.rounding_step_cents);
        prop_assert!(sums.discount <= sums.subtotal && sums.total >= 0);
    }

    #[test]
    fn what_takes_a_whole_document_off_is_worth_as_much(lines in lines(), pricing in pricing()) {
        let pricing = Pricing { rounding_step_cents: 1, ..pricing };
        let charged = compute(&lines, &pricing).unwrap();
        let taken = parts(&lines, &pricing).unwrap();
        let off: Vec<Priced> = taken
            .iter()
            .map(|part| {
                let price = if pricing.prices_include_tax { part.gross_cents } else { part.net_cents };
                Priced {
                    tax_category: part.category,
                    is_deduction: true,
                    ..line(10_000, -price, part.tax_rate_millis, part.second_tax_rate_millis)
                }
            })
            .collect();
        let sums = compute(&off, &pricing).unwrap();
        prop_assert_eq!((sums.net, sums.tax, sums.total), (-charged.net, -charged.tax, -charged.total));
    }

    #[test]
    fn a_deduction_stands_outside_the_discount(
        work in lines(), off in lines(), pricing in pricing(), agreed in discounts(),
    ) {
        let off: Vec<Priced> = off
            .into_iter()
            .map(|line| Priced { unit_price_cents: -line.unit_price_cents, discount: Discount::NONE, is_deduction: true, ..line })
            .collect();
        let pricing = Pricing { discount: agreed, ..pricing };
        let all: Vec<Priced> = work.iter().chain(&off).copied().collect();
        let (with, alone) = (compute(&all, &pricing).unwrap(), compute(&work, &pricing).unwrap());
        let taken: i64 = compute(&off, &Pricing::default()).unwrap().subtotal;
        prop_assert_eq!(with.discount, alone.discount);
        let charged = |sums: &Totals| if pricing.prices_include_tax { sums.net + sums.tax } else { sums.net };
        prop_assert_eq!(charged(&with), charged(&alone) + taken);
    }

    #[test]
    fn shares_add_up_to_the_whole(cents in 0..1_000_000_000_i64, weights in prop::collection::vec(1..1_000_000_i64, 1..50)) {
        let shares = money::spread(cents, &weights).unwrap();
        prop_assert_eq!(shares.iter().sum::<i64>(), cents);
    }

    #[test]
    fn tax_that_is_added_can_be_taken_out_again(net in 0..1_000_000_000_i64, rate in 0..=100_000_i64) {
        let gross = net + money::tax(net, rate).unwrap();
        let within = money::tax_within(gross, rate, rate).unwrap();
        prop_assert!((gross - within - net).abs() <= 1);
    }
}

#[test]
fn two_taxes_stand_on_one_price() {
    // 140 at 5 % and 9.975 % is 160.97; 1140 is 1310.72.
    for (price, total) in [(14_000, 16_097), (114_000, 131_072)] {
        let sums = compute(&[line(10_000, price, 5_000, 9_975)], &Pricing::default()).unwrap();
        assert_eq!((sums.net, sums.total), (price, total));
        assert_eq!(sums.groups.len(), 2);
        assert!(sums.groups.iter().all(|group| group.base_cents == price));
        let inclusive = Pricing { prices_include_tax: true, ..Pricing::default() };
        let back = compute(&[line(10_000, total, 5_000, 9_975)], &inclusive).unwrap();
        assert_eq!((back.net, back.total), (price, total));
    }
}

#[test]
fn prices_with_tax_cost_what_was_agreed() {
    let inclusive = Pricing { prices_include_tax: true, ..Pricing::default() };
    let sums = compute(&[line(30_000, 999, 19_000, 0), line(10_000, 500, 7_000, 0)], &inclusive).unwrap();
    assert_eq!((sums.total, sums.subtotal), (3_497, 3_497));
    assert_eq!((sums.net, sums.tax), (2_518 + 467, 479 + 33));
}

#[test]
fn a_discount_comes_off_before_tax_and_the_odd_cent_off_the_largest_line() {
    let pricing = Pricing { discount: Discount::Amount(100), ..Pricing::default() };
    let lines = [line(10_000, 10_000, 19_000, 0), line(10_000, 10_000, 7_000, 0), line(10_000, 10_001, 0, 0)];
    let sums = compute(&lines, &pricing).unwrap();
    let bases: Vec<i64> = sums.groups.iter().map(|group| group.base_cents).collect();
    assert_eq!(bases, [9_967, 9_967, 9_967]);
    assert_eq!((sums.discount, sums.net), (100, 29_901));
    let ten = Pricing { discount: Discount::Percent(10_000), ..Pricing::default() };
    assert_eq!(compute(&[line(10_000, 3_333, 19_000, 0)], &ten).unwrap().net, 3_000);
    let off = Pricing { discount: Discount::Amount(10_001), ..Pricing::default() };
    assert_eq!(compute(&[line(10_000, 10_000, 0, 0)], &off), Err(SumFault::Discount));
}

#[test]
fn coins_round_the_total_and_no_price() {
    let francs = Pricing { rounding_step_cents: 5, ..Pricing::default() };
    for (price, rounding, total) in [(10_002, -2, 10_000), (10_003, 2, 10_005), (10_005, 0, 10_005)] {
        let sums = compute(&[line(10_000, price, 0, 0)], &francs).unwrap();
        assert_eq!((sums.net, sums.rounding, sums.total), (price, rounding, total));
    }
}

#[test]
fn amounts_convert_between_currencies_of_any_decimals() {
    let currency = |code: &str| code.parse::<Currency>().unwrap();
    assert_eq!(money::convert(10_000, currency("JPY"), currency("EUR"), 6_100), Some(6_100));
    assert_eq!(money::convert(1_500, currency("KWD"), currency("EUR"), 2_980_000), Some(447));
    assert_eq!(money::convert(10_000, currency("EUR"), currency("JPY"), 163_934_000), Some(16_393));
    assert_eq!(money::convert(100_000, currency("EUR"), currency("KWD"), 335_570), Some(335_570));
}

#[actix_web::test]
async fn the_editor_takes_discounts_prices_with_tax_and_says_what_is_wrong() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = ready_draft(&app, client, 100_000);
    let save = async |discount: &str, line: &str, inclusive: bool| {
        let mut fields = editor(&app, id).await;
        change(&mut fields, "discount", discount);
        change(&mut fields, "line_discount", line);
        fields.retain(|(name, _)| name != "prices_include_tax");
        if inclusive {
            fields.push(("prices_include_tax".into(), "true".into()));
        }
        app.bookkeeper().post(format!("/billing/{id}")).form(fields).send().await
    };
    save("10 %", "50.00", false).await.assert_status(303);
    let draft = invoice(&app, id);
    assert_eq!((draft.discount_cents, draft.net_cents, draft.total_cents), (9_500, 85_500, 101_745));
    let page = app.bookkeeper().get(format!("/billing/{id}")).send().await;
    page.assert_value("#discount", "10 %").assert_value("#line_0_discount", "50.00");
    page.assert_text("#totals", "−€95.00").assert_text("#totals", "€1,017.45");
    save("10 %", "50.00", true).await.assert_status(303);
    let draft = invoice(&app, id);
    assert_eq!((draft.net_cents, draft.tax_cents, draft.total_cents), (71_849, 13_651, 85_500));
    sound(&app);
    for (discount, line, at) in [
        ("ten", "", "[data-error=discount]"),
        ("101 %", "", "[data-error=discount]"),
        ("-5", "", "[data-error=discount]"),
        ("", "1000.01", ".lines .error"),
        ("", "x", ".lines .error"),
        ("1000.01", "", "[data-error=discount]"),
    ] {
        let before = app.dump();
        save(discount, line, false).await.assert_status(422).assert_has(at);
        app.assert_unchanged(&before);
    }
}

#[actix_web::test]
async fn the_agencys_second_tax_coin_and_terms_reach_the_document() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    app.execute(
        "UPDATE agency SET tax_name = 'GST', second_tax_name = 'QST', second_tax_rate_millis = 9975, \
         rounding_step_cents = 5, payment_terms_kind = 'end_of_month', payment_terms_days = 15, paper = 'letter'",
    );
    app.execute("UPDATE clients SET tax_rate_millis = 5000");
    let api = app.api(Role::Bookkeeper);
    let made = api
        .post("/api/billing")
        .json(json!({"client_id": client, "delivery_from": "2026-11-18", "with_time_detail": false,
                     "lines": [{"title": "Logo", "quantity": 1, "unit_price": "140"}]}))
        .send()
        .await;
    made.assert_status(201);
    let draft = made.json();
    assert_eq!((draft["total_cents"].as_i64(), draft["rounding_cents"].as_i64()), (Some(16_095), Some(-2)));
    assert_eq!(draft["due_on"], "2026-12-15");
    let id = draft["id"].as_i64().unwrap();
    let issued =
        api.post(format!("/api/billing/{id}/issue")).json(json!({"version": draft["version"]})).send().await;
    issued.assert_status(200);
    let printed = app.bookkeeper().get(format!("/billing/{id}/print")).send().await;
    printed
        .assert_has("main.a4.letter")
        .assert_text(".inv-sum", "5% GST on €140.00")
        .assert_text(".inv-sum", "9.975% QST on €140.00")
        .assert_text(".inv-sum", "−€0.02")
        .assert_has(".inv-qr svg path");
    sound(&app);
}

#[actix_web::test]
async fn an_invoice_in_another_currency_asks_for_its_rate_and_offers_the_last_one() {
    let app = TestApp::new().await;
    northwind(&app);
    let yen = app.client_with("Sakura", |new| {
        new.currency = "JPY".parse().unwrap();
        new.street = "Ginza 1".into();
        new.city = "Tokyo".into();
        new.country = "JP".into();
    });
    let api = app.api(Role::Bookkeeper);
    let body = json!({"client_id": yen, "delivery_from": "2026-11-18",
                      "lines": [{"title": "Site", "quantity": 1, "unit_price": "10000"}]});
    let made = api.post("/api/billing").json(body.clone()).send().await.json();
    let path = format!("/api/billing/{}", made["id"]);
    let issue = json!({"version": made["version"]});
    let refused = api.post(format!("{path}/issue")).json(issue).send().await.problem(422);
    assert_eq!(refused["errors"]["exchange_rate"], "must say what one JPY is in EUR");
    let mut change = json!({"version": made["version"], "issue_on": "2026-11-19", "due_on": "2026-12-01", "delivery_from": "2026-11-18",
                            "exchange_rate": "0.0061", "lines": [{"title": "Site", "quantity": 1, "unit_price": "10000"}]});
    let saved = api.put(&path).json(change.clone()).send().await;
    saved.assert_status(200);
    api.post(format!("{path}/issue"))
        .json(json!({"version": saved.json()["version"]}))
        .send()
        .await
        .assert_status(200);
    assert_eq!(app.count_where("invoices", "total_cents = 11900 AND base_total_cents = 7259"), 1);
    let next = api.post("/api/billing").json(body).send().await.json();
    assert_eq!(next["exchange_rate_e6"], 6_100);
    change["version"] = next["version"].clone();
    change["exchange_rate"] = json!("0");
    let path = format!("/api/billing/{}", next["id"]);
    let refused = api.put(path).json(change).send().await.problem(422);
    assert!(refused["errors"]["exchange_rate"].is_string());
    sound(&app);
}

#[actix_web::test]
async fn one_invoice_is_rounded_to_a_coin_of_its_own() {
    let app = TestApp::new().await;
    let swiss = app.client_with("Uhrwerk", |new| new.currency = "CHF".parse().unwrap());
    let api = app.api(Role::Bookkeeper);
    let mut body = json!({"client_id": swiss, "rounding_step": "0.05",
                          "lines": [{"title": "Site", "quantity": 1, "unit_price": "100.02", "tax_rate": "0"}]});
    let made = api.post("/api/billing").json(body.clone()).send().await.json();
    assert_eq!((made["total_cents"].as_i64(), made["rounding_cents"].as_i64()), (Some(10_000), Some(-2)));
    let path = format!("/billing/{}", made["id"]);
    let page = app.bookkeeper().get(&path).send().await;
    page.assert_value("#rounding_step", "0.05");
    let change = |step: Option<&str>, version: &serde_json::Value| {
        let mut change = json!({"version": version, "lines": body["lines"]});
        if let Some(step) = step {
            change["rounding_step"] = json!(step);
        }
        api.put(format!("/api{path}")).json(change).send()
    };
    let kept = change(None, &made["version"]).await.json();
    assert_eq!(kept["total_cents"], 10_000, "what is not named stays");
    let exact = change(Some(""), &kept["version"]).await.json();
    assert_eq!((exact["total_cents"].as_i64(), exact["rounding_cents"].as_i64()), (Some(10_002), Some(0)));
    let before = app.dump();
    let refused = change(Some("100"), &exact["version"]).await.problem(422);
    assert_eq!(refused["errors"]["rounding_step"], "must be a coin, like 0.05");
    body["rounding_step"] = json!("0.001");
    api.post("/api/billing").json(body.clone()).send().await.problem(422);
    app.assert_unchanged(&before);
    sound(&app);
}

#[test]
fn terms_fall_due_by_the_issue_date_or_the_end_of_its_month() {
    use bureau::types::terms::{PaymentTerms, TermsKind};
    for (kind, days, issue_on, due_on, words) in [
        (TermsKind::Net, 0, "2026-11-19", "2026-11-19", "On receipt"),
        (TermsKind::Net, 14, "2026-02-20", "2026-03-06", "14 days"),
        (TermsKind::EndOfMonth, 0, "2026-02-01", "2026-02-28", "End of month"),
        (TermsKind::EndOfMonth, 15, "2026-01-31", "2026-02-15", "End of month + 15 days"),
    ] {
        let terms = PaymentTerms { kind, days };
        assert_eq!(terms.due_on(day(issue_on)), Some(day(due_on)));
        assert_eq!(terms.to_string(), words);
    }
}

#[test]
fn the_code_to_pay_by_holds_the_twelve_lines_of_a_credit_transfer() {
    let eur = Currency::EUR;
    let text =
        transfer("Fielder Studio", "DE89370400440532013000", "COBADEFFXXX", 119_000, eur, "INV-2026-0001");
    assert_eq!(
        text.as_deref(),
        Some(
            "BCD\n002\n1\nSCT\nCOBADEFFXXX\nFielder Studio\nDE89370400440532013000\nEUR1190.00\n\n\nINV-2026-0001"
        )
    );
    assert_eq!(transfer("Fielder", "DE89", "", 0, eur, ""), None);
    assert_eq!(transfer("Fielder", "", "", 100, eur, ""), None);
    assert_eq!(transfer("Fielder", "DE89", "", 100, "CHF".parse().unwrap(), ""), None);
    let code = Qr::of(&text.unwrap()).unwrap();
    assert!(code.size >= 21 && code.path.starts_with("M0 0h7v1h-7z"));
}
