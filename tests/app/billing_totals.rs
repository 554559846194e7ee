//! What lines add up to: property tests and the vectors that other systems get wrong.

use bureau::billing::tax::TaxCategory;
use bureau::billing::totals::{self, Discount, Priced, Pricing, SumFault, Totals};
use bureau::error::AppError;
use bureau::types::money;
use proptest::prelude::*;

fn line(quantity_e4: i64, unit_price_cents: i64, tax_rate_millis: i64) -> Priced {
    Priced {
        quantity_e4,
        unit_price_cents,
        discount: Discount::NONE,
        tax_rate_millis,
        second_tax_rate_millis: 0,
        tax_category: TaxCategory::Standard,
        is_deduction: false,
    }
}

fn compute(lines: &[Priced]) -> Result<Totals, SumFault> {
    totals::compute(lines, &Pricing::default())
}

fn lines() -> impl Strategy<Value = Vec<Priced>> {
    let rate = prop::sample::select(vec![0, 5_000, 7_000, 9_975, 19_000, 20_000, 25_500]);
    let one = (0..5_000_000_i64, -2_000_000..20_000_000_i64, rate);
    prop::collection::vec(one.prop_map(|(quantity, price, rate)| line(quantity, price, rate)), 0..60)
}

fn sums(totals: &Totals) -> (i64, i64, i64, Vec<(i64, i64, i64)>) {
    let groups = totals.groups.iter().map(|group| (group.rate_millis, group.base_cents, group.tax_cents));
    (totals.net, totals.tax, totals.total, groups.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn every_sum_holds(lines in lines()) {
        let totals = compute(&lines).unwrap();
        prop_assert_eq!(totals.lines.len(), lines.len());
        prop_assert_eq!(totals.lines.iter().map(|line| line.amount_cents).sum::<i64>(), totals.net);
        prop_assert_eq!(totals.groups.iter().map(|group| group.base_cents).sum::<i64>(), totals.net);
        prop_assert_eq!(totals.groups.iter().map(|group| group.tax_cents).sum::<i64>(), totals.tax);
        prop_assert_eq!(totals.net + totals.tax, totals.total);
        for group in &totals.groups {
            prop_assert_eq!(money::tax(group.base_cents, group.rate_millis), Some(group.tax_cents));
        }
        for (line, sum) in lines.iter().zip(&totals.lines) {
            prop_assert_eq!(money::line_net(line.quantity_e4, line.unit_price_cents), Some(sum.amount_cents));
        }
    }

    #[test]
    fn the_order_of_lines_changes_no_sum(
        (lines, shuffled) in lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
    ) {
        prop_assert_eq!(sums(&compute(&lines).unwrap()), sums(&compute(&shuffled).unwrap()));
    }

    #[test]
    fn no_line_makes_it_panic(quantity: i64, price: i64, rate in 0..=100_000_i64) {
        let _ = compute(&[line(quantity, price, rate), line(price, quantity, rate)]);
    }
}

#[test]
fn tax_stands_on_the_summed_base() {
    let fifty = vec![line(10_000, 24_167, 20_000); 50];
    let totals = compute(&fifty).unwrap();
    assert_eq!((totals.net, totals.tax), (1_208_350, 241_670));
    assert_eq!(compute(&[line(500_000, 24_167, 20_000)]).unwrap().tax, 241_670);
}

#[test]
fn hours_are_summed_before_they_are_priced() {
    let half_an_hour = money::hours_e4(2 * 15 * 60).unwrap();
    assert_eq!(compute(&[line(half_an_hour, 2_750, 0)]).unwrap().net, 1_375);
}

#[test]
fn the_printed_quantity_reproduces_the_amount() {
    let fifty_minutes = money::hours_e4(50 * 60).unwrap();
    assert_eq!(fifty_minutes, 8_333);
    assert_eq!(compute(&[line(fifty_minutes, 10_000, 0)]).unwrap().net, 8_333);
}

#[test]
fn half_a_cent_is_rounded_away_from_zero_on_line_and_total() {
    let totals = compute(&[line(money::hours_e4(30 * 60).unwrap(), 3_225, 0)]).unwrap();
    assert_eq!((totals.lines[0].amount_cents, totals.net, totals.total), (1_613, 1_613, 1_613));
    assert_eq!(compute(&[line(5_000, -3_225, 0)]).unwrap().net, -1_613);
}

#[test]
fn rates_are_taxed_apart() {
    let totals = compute(&[line(10_000, 14_000, 5_000), line(10_000, 100_000, 9_975)]).unwrap();
    let groups: Vec<_> = totals.groups.iter().map(|group| (group.rate_millis, group.tax_cents)).collect();
    assert_eq!(groups, [(9_975, 9_975), (5_000, 700)]);
    assert_eq!(totals.total, 124_675);
}

#[test]
fn categories_at_the_same_rate_stand_apart() {
    let of = |cents, tax_category| Priced { tax_category, ..line(10_000, cents, 0) };
    let totals = compute(&[
        of(500, TaxCategory::Export),
        of(300, TaxCategory::ReverseCharge),
        line(10_000, 100, 19_000),
    ])
    .unwrap();
    let groups: Vec<_> = totals
        .groups
        .iter()
        .map(|group| (group.category.as_str(), group.base_cents, group.tax_cents))
        .collect();
    assert_eq!(groups, [("S", 100, 19), ("AE", 300, 0), ("G", 500, 0)]);
}

#[test]
fn what_cannot_be_kept_is_an_error_of_the_form() {
    let huge = line(money::MAX_QUANTITY_E4, money::MAX_CENTS, 19_000);
    assert_eq!(compute(&[huge]), Err(SumFault::TooLarge));
    let many = vec![line(10_000, money::MAX_CENTS, 0); 3];
    assert_eq!(compute(&many), Err(SumFault::TooLarge));
    assert!(matches!(AppError::from(SumFault::TooLarge), AppError::Invalid(_)));
}
