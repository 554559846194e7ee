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
    /// Whether it takes a deposit off: the document's discount is not taken of it.
    pub is_deduction: bool,
}

/// What counts of the document around the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pricing {
    /// Whether tax is in the prices already.
    pub prices_include_tax: bool,
    /// What is taken off the sum of the lines that are no deductions.
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

impl TaxGroup {
    fn key(&self) -> Group {
        (self.is_second, Reverse(self.rate_millis), self.category)
    }

    fn taxes(&self, line: &Priced) -> bool {
        let first = (false, Reverse(line.tax_rate_millis), line.tax_category);
        let second = (true, Reverse(line.second_tax_rate_millis), TaxCategory::Standard);
        self.key() == first || (line.second_tax_rate_millis > 0 && self.key() == second)
    }
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
    let (_, nets) = discounted(lines, pricing)?;
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
    by_tax(lines, &nets)?.into_iter().map(part).collect()
}

/// Adds lines up. The order of the lines changes nothing but the order of their amounts and, where shares of a
/// discount do not come out even, the line that bears the odd cent.
pub fn compute(lines: &[Priced], pricing: &Pricing) -> Result<Totals, SumFault> {
    let (totals, nets) = discounted(lines, pricing)?;
    taxed(totals, lines, &nets, pricing)
}

/// What a credit note charges back that takes `taken` of the quantity of each line, after others took `before`: what
/// all of them charge back together less what the others did. So nothing is rounded twice, and those that take
/// everything add up to what [`compute`] says, in each tax and to the cent.
pub fn credited(
    lines: &[Priced],
    before: &[i64],
    taken: &[i64],
    pricing: &Pricing,
) -> Result<Totals, SumFault> {
    let sums = |left: &[i64], right: &[i64]| {
        left.iter().zip(right).map(|(left, right)| left.checked_add(*right)).collect::<Option<Vec<i64>>>()
    };
    let after = sums(before, taken).ok_or(SumFault::TooLarge)?;
    let (earlier, mut note) = (taken_back(lines, before, pricing)?, taken_back(lines, &after, pricing)?);
    for (line, less) in note.lines.iter_mut().zip(&earlier.lines) {
        line.discount_cents -= less.discount_cents;
        line.amount_cents -= less.amount_cents;
    }
    for group in &mut note.groups {
        if let Some(less) = earlier.groups.iter().find(|less| less.key() == group.key()) {
            group.base_cents -= less.base_cents;
            group.tax_cents -= less.tax_cents;
        }
    }
    note.subtotal -= earlier.subtotal;
    note.discount -= earlier.discount;
    note.net -= earlier.net;
    note.tax -= earlier.tax;
    note.rounding -= earlier.rounding;
    note.total -= earlier.total;
    let mut quantities = taken.iter();
    note.lines.retain(|_| quantities.next().is_some_and(|quantity| *quantity > 0));
    let own = || lines.iter().zip(taken).filter(|(_, quantity)| **quantity > 0).map(|(line, _)| line);
    note.groups.retain(|group| own().any(|line| group.taxes(line)));
    Ok(note)
}

/// What lines charge of which only the quantities `taken` count. A part is rounded by what the whole is worth, so it
/// grows with the quantity and ends at the whole.
fn taken_back(lines: &[Priced], taken: &[i64], pricing: &Pricing) -> Result<Totals, SumFault> {
    let (whole, nets) = discounted(lines, pricing)?;
    let part = |cents: i64, of: i64, whole: i64| match cents {
        0 => Ok(0),
        _ => within(money::div_round(i128::from(cents) * i128::from(of), i128::from(whole))),
    };
    let mut totals = Totals::default();
    let mut left = Vec::new();
    for (((line, sum), net), taken) in lines.iter().zip(&whole.lines).zip(&nets).zip(taken) {
        let full = within(money::line_net(*taken, line.unit_price_cents))?;
        let amount_cents = match sum.amount_cents.checked_add(sum.discount_cents) {
            Some(0) => part(sum.amount_cents, *taken, line.quantity_e4.max(1))?,
            Some(whole) => part(sum.amount_cents, full, whole)?,
            None => return Err(SumFault::TooLarge),
        };
        let net = part(*net, amount_cents, sum.amount_cents)?;
        totals.subtotal = within(totals.subtotal.checked_add(amount_cents))?;
        totals.discount = within(totals.discount.checked_add(amount_cents - net))?;
        totals.lines.push(LineSum { discount_cents: full - amount_cents, amount_cents });
        left.push(net);
    }
    taxed(totals, lines, &left, pricing)
}

/// The amounts of lines, their sum and its discount, and what that leaves of each line.
fn discounted(lines: &[Priced], pricing: &Pricing) -> Result<(Totals, Vec<i64>), SumFault> {
    let mut totals = Totals::default();
    let mut weights = Vec::new();
    let mut discountable = 0_i64;
    for line in lines {
        let sum = line_sum(line)?;
        let weight = if line.is_deduction { 0 } else { sum.amount_cents };
        totals.subtotal = within(totals.subtotal.checked_add(sum.amount_cents))?;
        discountable = within(discountable.checked_add(weight))?;
        totals.lines.push(sum);
        weights.push(weight);
    }
    totals.discount = within(pricing.discount.of(discountable))?;
    if totals.discount > discountable.max(0) {
        return Err(SumFault::Discount);
    }
    let shares = money::spread(totals.discount, &weights).ok_or(SumFault::TooLarge)?;
    let nets =
        totals.lines.iter().zip(&shares).map(|(line, share)| within(line.amount_cents.checked_sub(*share)));
    let nets = nets.collect::<Result<_, _>>()?;
    Ok((totals, nets))
}

/// What is left of lines, by how they are taxed.
fn by_tax(lines: &[Priced], nets: &[i64]) -> Result<BTreeMap<Taxed, i64>, SumFault> {
    let mut sums: BTreeMap<Taxed, i64> = BTreeMap::new();
    for (line, net) in lines.iter().zip(nets) {
        let key = (Reverse(line.tax_rate_millis), line.tax_category, line.second_tax_rate_millis);
        let sum = sums.entry(key).or_default();
        *sum = within(sum.checked_add(*net))?;
    }
    Ok(sums)
}

/// The same with its taxes, the coin and the total.
fn taxed(mut totals: Totals, lines: &[Priced], nets: &[i64], pricing: &Pricing) -> Result<Totals, SumFault> {
    let sums = by_tax(lines, nets)?;
    let taxes = if pricing.prices_include_tax { taxes_within(&sums) } else { taxes_on(&sums) };
    for (group, tax) in taxes? {
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
