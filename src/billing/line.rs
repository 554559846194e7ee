//! A line of an invoice: what it counts, what it charges, and which hours stand behind it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::tax::TaxCategory;
use super::totals::{Discount, Priced};
use crate::db::schema::invoice_lines;
use crate::types::ids::{InvoiceId, InvoiceLineId};
use crate::types::money::{self, Currency, Money, plain_decimal};

crate::text_enum! {
    /// What a quantity counts, as UN/ECE Recommendation 20 codes it.
    pub enum Unit {
        /// Hours.
        Hour = "HUR", "hours";
        /// Days.
        Day = "DAY", "days";
        /// Pieces.
        Piece = "C62", "pieces";
        /// Months.
        Month = "MON", "months";
    }
}

impl Unit {
    /// What stands behind a printed quantity: "3.5 h", "2 d", "1 mo", and nothing behind pieces.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Hour => "\u{a0}h",
            Self::Day => "\u{a0}d",
            Self::Piece => "",
            Self::Month => "\u{a0}mo",
        }
    }
}

/// A line of an invoice.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invoice_lines)]
pub struct InvoiceLine {
    /// Which.
    pub id: InvoiceLineId,
    /// Its place, from 1.
    pub position: i64,
    /// What it is for.
    pub title: String,
    /// More about it.
    pub details: String,
    /// Quantity in ten-thousandths.
    pub quantity_e4: i64,
    /// What the quantity counts.
    pub unit: Unit,
    /// Price of one unit.
    pub unit_price_cents: i64,
    /// Tax in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// A second tax on the same price; 0 where there is none.
    pub second_tax_rate_millis: i64,
    /// Why it is taxed so.
    pub tax_category: TaxCategory,
    /// The discount in thousandths of a percent, where it was agreed so.
    pub discount_millis: Option<i64>,
    /// Taken off it.
    pub discount_cents: i64,
    /// Quantity times price less the discount: with tax where the invoice's prices include it.
    pub amount_cents: i64,
    /// Seconds of the hours it claims; `None` for a free line.
    pub logged_seconds: Option<i64>,
    /// The sum of those hours' own values.
    pub logged_cents: Option<i64>,
    /// The price of an hour that they agree on.
    pub logged_rate_cents: Option<i64>,
    /// Those hours' seconds as rounding bills them; `None` is as they were worked.
    pub rounded_seconds: Option<i64>,
    /// What the cost that it claims is billed at; `None` for a line that claims none.
    pub claimed_cents: Option<i64>,
    /// Why it bills less or more than they say.
    pub adjustment_reason: String,
    /// The deposit that it takes off.
    pub deducts_id: Option<InvoiceId>,
}

impl InvoiceLine {
    /// What counts of it.
    pub fn priced(&self) -> Priced {
        Priced {
            quantity_e4: self.quantity_e4,
            unit_price_cents: self.unit_price_cents,
            discount: Discount::stored(self.discount_millis, self.discount_cents),
            tax_rate_millis: self.tax_rate_millis,
            second_tax_rate_millis: self.second_tax_rate_millis,
            tax_category: self.tax_category,
            is_deduction: self.deducts_id.is_some(),
        }
    }

    /// "10 % discount", or "€5.00 discount"; empty without one.
    pub fn discount(&self, currency: &Currency) -> String {
        match Discount::stored(self.discount_millis, self.discount_cents) {
            Discount::Amount(0) => String::new(),
            Discount::Amount(cents) => format!("{} discount", Money::new(cents, *currency)),
            percent => format!("{} discount", percent.typed(*currency)),
        }
    }

    /// Seconds that its hours ask to be billed.
    pub fn due_seconds(&self) -> Option<i64> {
        self.rounded_seconds.or(self.logged_seconds)
    }

    /// Whether it bills less or more than its hours or its cost say.
    pub fn is_adjusted(&self) -> bool {
        if let Some(cents) = self.claimed_cents {
            return money::line_net(self.quantity_e4, self.unit_price_cents) != Some(cents);
        }
        let Some((seconds, rate)) = self.due_seconds().zip(self.logged_rate_cents) else { return false };
        self.unit != Unit::Hour
            || self.unit_price_cents != rate
            || money::hours_e4(seconds) != Some(self.quantity_e4)
    }

    /// "3.5 h".
    pub fn quantity(&self) -> String {
        format!("{}{}", plain_decimal(self.quantity_e4, 4), self.unit.suffix())
    }
}

/// A line to be stored, valid by construction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLine {
    /// What it is for.
    pub title: String,
    /// More about it.
    pub details: String,
    /// Quantity in ten-thousandths.
    pub quantity_e4: i64,
    /// What the quantity counts.
    pub unit: Unit,
    /// Price of one unit.
    pub unit_price_cents: i64,
    /// What is taken off it.
    pub discount: Discount,
    /// Tax in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// A second tax on the same price; 0 where there is none.
    pub second_tax_rate_millis: i64,
    /// Why it is taxed so.
    pub tax_category: TaxCategory,
    /// Why it bills less or more than its hours or its cost say; blank when it does not.
    pub adjustment_reason: String,
}

impl NewLine {
    /// What counts of it while it takes no deposit off.
    pub fn priced(&self) -> Priced {
        Priced {
            quantity_e4: self.quantity_e4,
            unit_price_cents: self.unit_price_cents,
            discount: self.discount,
            tax_rate_millis: self.tax_rate_millis,
            second_tax_rate_millis: self.second_tax_rate_millis,
            tax_category: self.tax_category,
            is_deduction: false,
        }
    }
}
