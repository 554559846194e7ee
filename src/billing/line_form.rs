//! The form of a line, shared by drafts and everything that becomes one.

use serde::{Deserialize, Serialize};

use super::model::{InvoiceLine, NewLine, Unit};
use super::tax::{TaxCategory, TaxRates};
use super::totals::Discount;
use crate::types::ids::InvoiceLineId;
use crate::types::money::{self, Currency, Money, plain_decimal};
use crate::web::form::Check;
use crate::web::json::Typed;

/// A line, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineForm {
    /// The stored line, which keeps its claim on hours; blank for a new one.
    pub id: Typed,
    /// What it is for.
    #[schema(required = true)]
    pub title: String,
    /// More about it.
    pub details: String,
    /// Quantity, up to four decimals.
    #[schema(required = true)]
    pub quantity: Typed,
    /// HUR, DAY, C62 or MON; blank is C62.
    pub unit: String,
    /// Price of one unit; negative takes off.
    #[schema(required = true)]
    pub unit_price: Typed,
    /// What is taken off it: an amount, or a percentage like "10 %".
    pub discount: Typed,
    /// Tax in percent; blank follows client or agency.
    pub tax_rate: Typed,
    /// A second tax on the same price in percent; blank follows the agency.
    pub second_tax_rate: Typed,
    /// Why the line bills less or more than its hours or its cost say; asked for at issue when it does.
    pub adjustment_reason: String,
}

/// What lines take from their invoice.
#[derive(Debug, Clone, Copy)]
pub struct LineRules {
    /// What their prices are amounts of.
    pub currency: Currency,
    /// Taxes of lines that name none.
    pub taxes: TaxRates,
    /// Category of lines at 0 %.
    pub untaxed: TaxCategory,
}

impl LineForm {
    /// The form of a stored line.
    pub fn filled(line: &InvoiceLine, currency: Currency) -> Self {
        Self {
            id: Some(line.id).into(),
            title: line.title.clone(),
            details: line.details.clone(),
            quantity: plain_decimal(line.quantity_e4, 4).into(),
            unit: line.unit.to_string(),
            unit_price: Money::new(line.unit_price_cents, currency).plain().into(),
            discount: Discount::stored(line.discount_millis, line.discount_cents).typed(currency).into(),
            tax_rate: plain_decimal(line.tax_rate_millis, 3).into(),
            second_tax_rate: plain_decimal(line.second_tax_rate_millis, 3).into(),
            adjustment_reason: line.adjustment_reason.clone(),
        }
    }

    /// Whether nothing was typed: such a row is passed over.
    pub fn is_blank(&self) -> bool {
        [self.title.as_str(), &self.details, &self.quantity, &self.unit_price]
            .iter()
            .all(|text| text.trim().is_empty())
    }

    /// Whether it is a row that was offered and not used.
    pub fn is_spare(&self) -> bool {
        self.id.trim().is_empty() && self.is_blank()
    }

    /// The line in one sentence; empty when nothing was typed.
    pub fn sentence(&self) -> String {
        if self.is_blank() {
            return String::new();
        }
        let unit = self.unit.parse().map_or("", |unit: Unit| unit.label());
        let mut text = format!(
            "{}: {} {unit} at {}, {} % tax",
            self.title, self.quantity.0, self.unit_price.0, self.tax_rate.0
        );
        if !self.discount.is_empty() {
            text.push_str(&format!(", {} discount", self.discount.0));
        }
        if !self.details.is_empty() {
            text.push_str(&format!(" ({})", self.details));
        }
        text
    }

    /// The line, if it holds; its faults stand at `lines[index].…`.
    pub fn check(
        &self,
        check: &mut Check,
        index: usize,
        rules: LineRules,
    ) -> Option<(Option<InvoiceLineId>, NewLine)> {
        let at = |field: &str| format!("lines[{index}].{field}");
        let id = check.id(&at("id"), &self.id);
        let title = check.required(&at("title"), &self.title);
        let details = check.text(&at("details"), &self.details);
        let unit =
            if self.unit.is_empty() { Some(Unit::Piece) } else { check.choice(&at("unit"), &self.unit) };
        let quantity_e4 = quantity(check, &at("quantity"), &self.quantity);
        let unit_price_cents = price(check, &at("unit_price"), &self.unit_price, rules.currency);
        let discount = discount(check, &at("discount"), &self.discount, rules.currency);
        let full =
            quantity_e4.zip(unit_price_cents).and_then(|(quantity, price)| money::line_net(quantity, price));
        if let Some((full, off)) = full.zip(discount.and_then(|discount| discount.of(full.unwrap_or(0))))
            && off > full.max(0)
        {
            check.error(&at("discount"), "is more than the line charges");
        }
        let taxes = rules.taxes;
        let tax_rate_millis = check.percent(&at("tax_rate"), &self.tax_rate).unwrap_or(taxes.first_millis);
        let second_tax_rate_millis =
            check.percent(&at("second_tax_rate"), &self.second_tax_rate).unwrap_or(taxes.second_millis);
        let adjustment_reason = check.line(&at("adjustment_reason"), &self.adjustment_reason);
        let line = NewLine {
            title,
            details,
            quantity_e4: quantity_e4?,
            unit: unit?,
            unit_price_cents: unit_price_cents?,
            discount: discount?,
            tax_rate_millis,
            second_tax_rate_millis,
            tax_category: rules.untaxed.at_rate(tax_rate_millis),
            adjustment_reason,
        };
        Some((id, line))
    }
}

fn quantity(check: &mut Check, field: &str, text: &str) -> Option<i64> {
    // A price of "1,000" is a thousand; a quantity that may be either is asked for.
    if money::may_be_a_thousand(text) {
        check.error(field, "may be one or a thousand; write 1.0 or 1000");
        return None;
    }
    let value = money::parse_decimal(text, 4);
    match value {
        Some(value) if (0..=money::MAX_QUANTITY_E4).contains(&value) => return Some(value),
        Some(_) => check.error(field, "is out of range"),
        None if text.trim().is_empty() => check.error(field, "can't be blank"),
        None => check.error(field, "is not a quantity, like 3.5"),
    }
    None
}

fn price(check: &mut Check, field: &str, text: &str, currency: Currency) -> Option<i64> {
    let value = money::parse_decimal(text, currency.decimals());
    match value {
        Some(value) if value.unsigned_abs() <= money::MAX_CENTS.unsigned_abs() => return Some(value),
        Some(_) => check.error(field, "is out of range"),
        None if text.trim().is_empty() => check.error(field, "can't be blank"),
        None => check.error(field, "is not an amount, like 90.00"),
    }
    None
}

/// An amount of `currency`, or a percentage where a % sign says so.
pub fn discount(check: &mut Check, field: &str, text: &str, currency: Currency) -> Option<Discount> {
    let text = text.trim();
    if text.ends_with('%') {
        check.percent(field, text).map(Discount::Percent)
    } else if text.is_empty() {
        Some(Discount::NONE)
    } else {
        check.cents(field, text, currency).map(Discount::Amount)
    }
}

/// Every line that is not blank, if it holds.
pub fn check_lines(
    check: &mut Check,
    lines: &[LineForm],
    rules: LineRules,
) -> Vec<(Option<InvoiceLineId>, NewLine)> {
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.is_blank())
        .filter_map(|(index, line)| line.check(check, index, rules))
        .collect()
}
