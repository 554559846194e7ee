//! What credit notes charge back of an invoice, as pure sums: any parts in any order add up to the whole.

use bureau::billing::tax::TaxCategory;
use bureau::billing::totals::{Discount, Priced, Pricing, TaxGroup, Totals, compute, credited};
use bureau::types::money;
use proptest::prelude::*;

/// A line by its numbers; `off` thousandths of it are a discount, as a percentage or as an amount.
fn line(prices: std::ops::Range<i64>) -> impl Strategy<Value = Priced> {
    let rate = prop::sample::select(vec![0, 5_000, 7_000, 9_975, 19_000, 25_500]);
    let second = prop::sample::select(vec![0, 0, 9_975]);
    let quantity = prop_oneof![(1..20_i64).prop_map(|pieces| pieces * 10_000), 1_000..500_000_i64];
    (quantity, prices, rate, second, 0..=500_i64, 0..3_u8).prop_map(
        |(quantity, price, rate, second, off, kind)| {
            let full = money::line_net(quantity, price).unwrap().max(0);
            Priced {
                quantity_e4: quantity,
                unit_price_cents: price,
                discount: match kind {
                    0 => Discount::NONE,
                    1 => Discount::Percent(off * 100),
                    _ => Discount::Amount(full * off / 1_000),
                },
                tax_rate_millis: rate,
                second_tax_rate_millis: second,
                tax_category: TaxCategory::Standard,
                is_deduction: price < 0 && kind == 0,
            }
        },
    )
}

fn pricing() -> impl Strategy<Value = Pricing> {
    let discount = prop_oneof![
        Just(Discount::NONE),
        (0..=50_000_i64).prop_map(Discount::Percent),
        (0..=40_i64).prop_map(Discount::Amount),
    ];
    (any::<bool>(), discount, prop::sample::select(vec![1, 1, 5, 100])).prop_map(
        |(prices_include_tax, discount, rounding_step_cents)| Pricing {
            prices_include_tax,
            discount,
            rounding_step_cents,
        },
    )
}

/// Shares of 255 of what is left of each line, note by note.
fn notes() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let share = prop_oneof![Just(0_u8), Just(255_u8), any::<u8>()];
    prop::collection::vec(prop::collection::vec(share, 8), 0..8)
}

/// What notes charged back so far.
#[derive(Default)]
struct Sum {
    taken: Vec<i64>,
    all: Totals,
    groups: Vec<TaxGroup>,
}

impl Sum {
    fn add(&mut self, taken: &[i64], note: Totals) {
        self.taken.iter_mut().zip(taken).for_each(|(sum, taken)| *sum += taken);
        let all = &mut self.all;
        all.subtotal += note.subtotal;
        all.discount += note.discount;
        all.net += note.net;
        all.tax += note.tax;
        all.rounding += note.rounding;
        all.total += note.total;
        for group in note.groups {
            let key = |of: &TaxGroup| (of.is_second, of.category, of.rate_millis);
            match self.groups.iter_mut().find(|known| key(known) == key(&group)) {
                Some(known) => {
                    known.base_cents += group.base_cents;
                    known.tax_cents += group.tax_cents;
                }
                None => self.groups.push(group),
            }
        }
    }
}

fn holds(note: &Totals, pricing: &Pricing) -> Result<(), TestCaseError> {
    prop_assert_eq!(note.net + note.tax + note.rounding, note.total);
    prop_assert_eq!(note.lines.iter().map(|line| line.amount_cents).sum::<i64>(), note.subtotal);
    let charged = if pricing.prices_include_tax { note.net + note.tax } else { note.net };
    prop_assert_eq!(note.subtotal - note.discount, charged);
    let firsts = note.groups.iter().filter(|group| !group.is_second);
    prop_assert_eq!(firsts.map(|group| group.base_cents).sum::<i64>(), note.net);
    prop_assert_eq!(note.groups.iter().map(|group| group.tax_cents).sum::<i64>(), note.tax);
    prop_assert_eq!(note.total % pricing.rounding_step_cents, 0);
    prop_assert!(note.lines.iter().all(|line| line.discount_cents >= 0));
    Ok(())
}

/// Credits `lines` by `notes`, each as far as a credit note may, and then what is left.
fn credit(lines: &[Priced], pricing: &Pricing, notes: &[Vec<u8>]) -> Result<(), TestCaseError> {
    let Ok(whole) = compute(lines, pricing) else { return Ok(()) };
    if whole.total < 0 {
        return Ok(());
    }
    let only_adds = lines.iter().all(|line| line.unit_price_cents > 0);
    let mut sum = Sum { taken: vec![0; lines.len()], ..Sum::default() };
    for shares in notes {
        let left = lines.iter().zip(&sum.taken).map(|(line, taken)| line.quantity_e4 - taken);
        let taken: Vec<i64> = left.zip(shares).map(|(left, share)| left * i64::from(*share) / 255).collect();
        let note = credited(lines, &sum.taken, &taken, pricing).unwrap();
        holds(&note, pricing)?;
        let fits = note.total >= 0 && sum.all.total + note.total <= whole.total;
        prop_assert!(fits || !only_adds, "{} more than {}", note.total, whole.total - sum.all.total);
        if fits {
            sum.add(&taken, note);
        }
    }
    let rest: Vec<i64> = lines.iter().zip(&sum.taken).map(|(line, taken)| line.quantity_e4 - taken).collect();
    let note = credited(lines, &sum.taken, &rest, pricing).unwrap();
    holds(&note, pricing)?;
    prop_assert!(note.total >= 0);
    sum.add(&rest, note);
    let said = |of: &Totals| (of.subtotal, of.discount, of.net, of.tax, of.rounding, of.total);
    prop_assert_eq!(said(&sum.all), said(&whole));
    for group in &whole.groups {
        prop_assert!(sum.groups.contains(group), "{:?} is not in {:?}", group, sum.groups);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_parts_add_up_to_the_invoice(
        lines in prop::collection::vec(line(-20_000..200_000), 1..8), pricing in pricing(), notes in notes(),
    ) {
        credit(&lines, &pricing, &notes)?;
    }

    #[test]
    fn what_only_adds_is_credited_in_any_order(
        lines in prop::collection::vec(line(1_000..200_000), 1..8), pricing in pricing(), notes in notes(),
    ) {
        credit(&lines, &pricing, &notes)?;
    }

    #[test]
    fn a_note_on_everything_says_what_the_invoice_says(
        lines in prop::collection::vec(line(-20_000..200_000), 1..8), pricing in pricing(),
    ) {
        let Ok(whole) = compute(&lines, &pricing) else { return Ok(()) };
        let all: Vec<i64> = lines.iter().map(|line| line.quantity_e4).collect();
        prop_assert_eq!(credited(&lines, &vec![0; lines.len()], &all, &pricing), Ok(whole));
    }

    #[test]
    fn cents_are_credited_cent_by_cent(
        lines in prop::collection::vec(line(1..4), 1..8), notes in notes(),
    ) {
        credit(&lines, &Pricing::default(), &notes)?;
    }
}

#[test]
fn three_notes_of_one_line_share_the_odd_cent() {
    let one = |cents| Priced {
        quantity_e4: 10_000,
        unit_price_cents: cents,
        discount: Discount::NONE,
        tax_rate_millis: 19_000,
        second_tax_rate_millis: 0,
        tax_category: TaxCategory::Standard,
        is_deduction: false,
    };
    for (cents, taxes) in [(3_333, [633, 634, 633]), (3, [1, 0, 1])] {
        let lines = [one(cents); 3];
        let said: Vec<i64> = (0..3)
            .map(|at| {
                let mut before = [0; 3];
                before[..at].fill(10_000);
                let mut taken = [0; 3];
                taken[at] = 10_000;
                credited(&lines, &before, &taken, &Pricing::default()).unwrap().tax
            })
            .collect();
        assert_eq!(said, taxes);
    }
}
