//! What lines add up to: pure, checked, rounded at the named points of [`crate::types::money`] only.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tax::TaxCategory;
use crate::error::AppError;
use crate::types::money::{self, Currency, MAX_CENTS, Money, plain_decimal};

/// What is taken off a line or a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Discount {
    /// So many minor units.
    Amount(i64),
    /// So many thousandths of a percent.
    Percent(i64),
}

impl Default for Discount {
    fn default() -> Self {
        Self::NONE
    }
}

impl Discount {
    /// Nothing is taken off.
    pub const NONE: Self = Self::Amount(0);

    /// The discount that is stored as `millis` and `cents`.
    pub fn stored(millis: Option<i64>, cents: i64) -> Self {
        millis.map_or(Self::Amount(cents), Self::Percent)
    }

    /// Thousandths of a percent, where it was agreed so.
    pub fn millis(self) -> Option<i64> {
        match self {
            Self::Amount(_) => None,
            Self::Percent(millis) => Some(millis),
        }
    }

    /// Minor units taken off `cents`; a percentage of nothing, or of less, is nothing.
    pub fn of(self, cents: i64) -> Option<i64> {
        match self {
            Self::Amount(off) => Some(off),
            Self::Percent(millis) => money::share(cents.max(0), millis),
        }
    }

    /// As it is typed: "10 %", "50.00", or nothing.
    pub fn typed(self, currency: Currency) -> String {
        match self {
            Self::Amount(0) => String::new(),
            Self::Amount(cents) => Money::new(cents, currency).plain(),
            Self::Percent(millis) => format!("{} %", plain_decimal(millis, 3)),
        }
    }
}

/// What counts of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// Quantity in ten-thousandths of its unit, as printed.
    pub quantity_e4: i64,
    /// Price of one unit in minor units.
    pub unit_price_cents: i64,
    /// What is taken off it.
    pub discount: Discount,
    /// Tax in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// A second tax on the same price; 0 where there is none.
    pub second_tax_rate_millis: i64,
    /// Why it is taxed so.
    pub tax_category: TaxCategory,
}

/// What counts of the document around the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pricing {
    /// Whether tax is in the prices already.
    pub prices_include_tax: bool,
    /// What is taken off the sum of the lines.
    pub discount: Discount,
    /// The smallest coin in minor units; 1 does not round.
    pub rounding_step_cents: i64,
}

impl Default for Pricing {
    fn default() -> Self {
        Self { prices_include_tax: false, discount: Discount::NONE, rounding_step_cents: 1 }
    }
}

/// A line's amounts in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LineSum {
    /// Taken off it.
    pub discount_cents: i64,
    /// Quantity times price less the discount.
    pub amount_cents: i64,
}

/// All lines of one tax category and rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxGroup {
    /// Whether it is the second tax on prices that have a first one.
    pub is_second: bool,
    /// The category.
    pub category: TaxCategory,
    /// The rate in thousandths of a percent.
    pub rate_millis: i64,
    /// Sum of the lines' nets.
    pub base_cents: i64,
    /// Tax on that sum.
    pub tax_cents: i64,
}

/// What lines add up to, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Each line's amounts, in the order of the lines.
    pub lines: Vec<LineSum>,
    /// Sum of the lines' amounts.
    pub subtotal: i64,
    /// Taken off that sum.
    pub discount: i64,
    /// The first tax by rate, highest first, then by category; the second one likewise.
    pub groups: Vec<TaxGroup>,
    /// What is left, without tax.
    pub net: i64,
    /// Sum of the groups' taxes.
    pub tax: i64,
    /// What rounding to the smallest coin adds.
    pub rounding: i64,
    /// Net, tax and rounding.
    pub total: i64,
}

/// Why lines cannot be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumFault {
    /// The amounts leave the range in which money is kept.
    TooLarge,
    /// More is taken off than the lines add up to.
    Discount,
}

impl From<SumFault> for AppError {
    fn from(fault: SumFault) -> Self {
        match fault {
            SumFault::TooLarge => Self::invalid("lines", "add up to more than can be kept"),
            SumFault::Discount => Self::invalid("discount", "is more than the lines add up to"),
        }
    }
}

/// Lines that are taxed alike: category, first and second rate.
type Taxed = (Reverse<i64>, TaxCategory, i64);

/// What a line alone charges.
pub fn line_sum(line: &Priced) -> Result<LineSum, SumFault> {
    let full = within(money::line_net(line.quantity_e4, line.unit_price_cents))?;
    let discount_cents = within(line.discount.of(full))?;
    let amount_cents = within(full.checked_sub(discount_cents))?;
    Ok(LineSum { discount_cents, amount_cents })
}

/// What a document charges for lines that are taxed alike, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The category.
    pub category: TaxCategory,
    /// Tax in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// The second tax; 0 where there is none.
    pub second_tax_rate_millis: i64,
    /// Without tax, the document's discount taken off.
    pub net_cents: i64,
    /// With its taxes.
    pub gross_cents: i64,
}

/// The parts of which a document consists, one for each way in which its lines are taxed.
pub fn parts(lines: &[Priced], pricing: &Pricing) -> Result<Vec<Part>, SumFault> {
    let (_, sums) = added(lines, pricing)?;
    let part = |(taxed, sum): (Taxed, i64)| {
        let (Reverse(rate), category, second) = taxed;
        let alone = BTreeMap::from([(taxed, sum)]);
        let taxes = if pricing.prices_include_tax { taxes_within(&alone) } else { taxes_on(&alone) }?;
        let tax = within(taxes.values().try_fold(0_i64, |tax, group| tax.checked_add(group.tax)))?;
        let (net, gross) = match pricing.prices_include_tax {
            true => (sum.checked_sub(tax), Some(sum)),
            false => (Some(sum), sum.checked_add(tax)),
        };
        Ok(Part {
            category,
            tax_rate_millis: rate,
            second_tax_rate_millis: second,
            net_cents: within(net)?,
            gross_cents: within(gross)?,
        })
    };
    sums.into_iter().map(part).collect()
}

/// Adds lines up. The order of the lines changes nothing but the order of their amounts and, where shares of a
/// discount do not come out even, the line that bears the odd cent.
pub fn compute(lines: &[Priced], pricing: &Pricing) -> Result<Totals, SumFault> {
    let (mut totals, sums) = added(lines, pricing)?;
    let taxed = if pricing.prices_include_tax { taxes_within(&sums) } else { taxes_on(&sums) };
    for (group, tax) in taxed? {
        let (is_second, Reverse(rate_millis), category) = group;
        let Taxes { base: base_cents, tax: tax_cents } = tax;
        if !is_second {
            totals.net = within(totals.net.checked_add(base_cents))?;
        }
        totals.tax = within(totals.tax.checked_add(tax_cents))?;
        totals.groups.push(TaxGroup { is_second, category, rate_millis, base_cents, tax_cents });
    }
    let exact = within(totals.net.checked_add(totals.tax))?;
    totals.total = within(money::to_step(exact, pricing.rounding_step_cents))?;
    totals.rounding = totals.total - exact;
    Ok(totals)
}

/// The amounts of lines, their sum and its discount, and what is left of it by how it is taxed.
fn added(lines: &[Priced], pricing: &Pricing) -> Result<(Totals, BTreeMap<Taxed, i64>), SumFault> {
    let mut totals = Totals::default();
    for line in lines {
        let sum = line_sum(line)?;
        totals.subtotal = within(totals.subtotal.checked_add(sum.amount_cents))?;
        totals.lines.push(sum);
    }
    totals.discount = within(pricing.discount.of(totals.subtotal))?;
    if totals.discount > totals.subtotal.max(0) {
        return Err(SumFault::Discount);
    }
    let amounts: Vec<i64> = totals.lines.iter().map(|line| line.amount_cents).collect();
    let shares = money::spread(totals.discount, &amounts).ok_or(SumFault::TooLarge)?;
    let mut sums: BTreeMap<Taxed, i64> = BTreeMap::new();
    for ((line, amount), share) in lines.iter().zip(&amounts).zip(&shares) {
        let key = (Reverse(line.tax_rate_millis), line.tax_category, line.second_tax_rate_millis);
        let sum = sums.entry(key).or_default();
        *sum = within(sum.checked_add(*amount).and_then(|sum| sum.checked_sub(*share)))?;
    }
    Ok((totals, sums))
}

/// Whether it is the second tax, then rate and category.
type Group = (bool, Reverse<i64>, TaxCategory);

#[derive(Default)]
struct Taxes {
    base: i64,
    tax: i64,
}

/// Taxes on top of the prices: each group of one rate is rounded once, on its summed base.
fn taxes_on(sums: &BTreeMap<Taxed, i64>) -> Result<BTreeMap<Group, Taxes>, SumFault> {
    let mut groups: BTreeMap<Group, Taxes> = BTreeMap::new();
    for ((rate, category, second), sum) in sums {
        let first = groups.entry((false, *rate, *category)).or_default();
        first.base = within(first.base.checked_add(*sum))?;
        if *second > 0 {
            let second = groups.entry((true, Reverse(*second), TaxCategory::Standard)).or_default();
            second.base = within(second.base.checked_add(*sum))?;
        }
    }
    for ((_, Reverse(rate), _), group) in &mut groups {
        group.tax = within(money::tax(group.base, *rate))?;
    }
    Ok(groups)
}

/// Taxes in the prices: what a client agreed to pay stays, each tax is its part of it, and the net is the rest.
fn taxes_within(sums: &BTreeMap<Taxed, i64>) -> Result<BTreeMap<Group, Taxes>, SumFault> {
    let mut groups: BTreeMap<Group, Taxes> = BTreeMap::new();
    for ((rate, category, second), sum) in sums {
        let rates = rate.0.checked_add(*second).ok_or(SumFault::TooLarge)?;
        let first_tax = within(money::tax_within(*sum, rate.0, rates))?;
        let second_tax = within(money::tax_within(*sum, *second, rates))?;
        let base = sum - first_tax - second_tax;
        let mut add = |key: Group, tax: i64| {
            let group = groups.entry(key).or_default();
            group.base = within(group.base.checked_add(base))?;
            group.tax = within(group.tax.checked_add(tax))?;
            Ok(())
        };
        add((false, *rate, *category), first_tax)?;
        if *second > 0 {
            add((true, Reverse(*second), TaxCategory::Standard), second_tax)?;
        }
    }
    Ok(groups)
}

fn within(cents: Option<i64>) -> Result<i64, SumFault> {
    cents.filter(|cents| cents.unsigned_abs() <= MAX_CENTS.unsigned_abs()).ok_or(SumFault::TooLarge)
}
