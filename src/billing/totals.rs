//! What lines add up to: pure, checked, rounded at the named points of [`crate::types::money`] only.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::tax::TaxCategory;
use crate::error::AppError;
use crate::types::money::{self, MAX_CENTS};

/// What counts of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// Quantity in ten-thousandths of its unit, as printed.
    pub quantity_e4: i64,
    /// Price of one unit in minor units.
    pub unit_price_cents: i64,
    /// Tax in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// Why it is taxed so.
    pub tax_category: TaxCategory,
}

/// All lines of one tax category and rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxGroup {
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Each line's net, in the order of the lines.
    pub nets: Vec<i64>,
    /// By rate, highest first, then by category.
    pub groups: Vec<TaxGroup>,
    /// Sum of the nets.
    pub net: i64,
    /// Sum of the groups' taxes.
    pub tax: i64,
    /// Net and tax.
    pub total: i64,
}

/// The amounts leave the range in which money is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

impl From<Overflow> for AppError {
    fn from(_: Overflow) -> Self {
        Self::invalid("lines", "add up to more than can be kept")
    }
}

/// Adds lines up. The order of the lines changes nothing but the order of the nets.
pub fn compute(lines: &[Priced]) -> Result<Totals, Overflow> {
    let mut totals = Totals::default();
    let mut bases: BTreeMap<(Reverse<i64>, TaxCategory), i64> = BTreeMap::new();
    for line in lines {
        let net = within(money::line_net(line.quantity_e4, line.unit_price_cents))?;
        let base = bases.entry((Reverse(line.tax_rate_millis), line.tax_category)).or_default();
        *base = within(base.checked_add(net))?;
        totals.net = within(totals.net.checked_add(net))?;
        totals.nets.push(net);
    }
    for ((Reverse(rate_millis), category), base_cents) in bases {
        let tax_cents = within(money::tax(base_cents, rate_millis))?;
        totals.tax = within(totals.tax.checked_add(tax_cents))?;
        totals.groups.push(TaxGroup { category, rate_millis, base_cents, tax_cents });
    }
    totals.total = within(totals.net.checked_add(totals.tax))?;
    Ok(totals)
}

fn within(cents: Option<i64>) -> Result<i64, Overflow> {
    cents.filter(|cents| cents.unsigned_abs() <= MAX_CENTS.unsigned_abs()).ok_or(Overflow)
}
