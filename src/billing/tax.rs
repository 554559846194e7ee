//! How lines are taxed, in the categories of EN 16931, and why some are not.

use std::borrow::Cow;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::totals::TaxGroup;
use crate::db::Conn;
use crate::db::schema::invoice_taxes;
use crate::error::AppResult;
use crate::types::ids::InvoiceId;
use crate::types::money::plain_decimal;

crate::text_enum! {
    /// Why a line is taxed as it is, as UNCL5305 codes it.
    pub enum TaxCategory {
        /// At its rate.
        Standard = "S", "Standard";
        /// The recipient owes the tax.
        ReverseCharge = "AE", "Reverse charge";
        /// Delivered to a business in another member state.
        IntraCommunity = "K", "Intra-Community supply";
        /// Delivered outside the union.
        Export = "G", "Export";
        /// Exempt by law.
        Exempt = "E", "Tax exempt";
        /// Outside the scope of the tax.
        NotSubject = "O", "Not subject to tax";
        /// Taxed at a rate that is zero.
        ZeroRated = "Z", "Zero-rated";
    }
}

impl TaxCategory {
    /// What is usually written on the invoice; an exemption must name its own law.
    pub fn usual_reason(self) -> &'static str {
        match self {
            Self::Standard | Self::Exempt => "",
            Self::ReverseCharge => "Reverse charge: the recipient is liable for the tax.",
            Self::IntraCommunity => "Intra-Community supply, exempt from VAT.",
            Self::Export => "Export outside the EU, exempt from VAT.",
            Self::NotSubject => "Not subject to VAT.",
            Self::ZeroRated => "Zero-rated supply.",
        }
    }

    /// Whether the invoice must name the recipient's tax number.
    pub fn needs_buyer_tax_id(self) -> bool {
        matches!(self, Self::ReverseCharge | Self::IntraCommunity)
    }

    /// Whether the invoice must name our tax number.
    pub fn needs_seller_tax_id(self) -> bool {
        self != Self::NotSubject
    }

    /// The category of a line at `rate_millis` where this one is chosen for lines without tax.
    pub fn at_rate(self, rate_millis: i64) -> Self {
        if rate_millis == 0 { self } else { Self::Standard }
    }
}

/// The taxes of a line, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaxRates {
    /// The first.
    pub first_millis: i64,
    /// The second on the same price; 0 where there is none.
    pub second_millis: i64,
}

/// What the taxes of an invoice are called; blank is "tax".
#[derive(Debug, Clone, Copy)]
pub struct TaxNames<'a> {
    /// The first.
    pub first: &'a str,
    /// The second.
    pub second: &'a str,
}

/// How the lines at 0 % of an invoice are treated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Treatment {
    /// Their category; standard while nobody has chosen one.
    pub category: TaxCategory,
    /// Why no tax is charged.
    pub reason: String,
}

impl Default for Treatment {
    fn default() -> Self {
        Self::new(TaxCategory::Standard, String::new())
    }
}

impl Treatment {
    /// A treatment; a blank reason, or the usual one of another category, becomes the usual one.
    pub fn new(category: TaxCategory, reason: String) -> Self {
        let is_usual = TaxCategory::ALL.iter().any(|other| other.usual_reason() == reason);
        let reason = if is_usual { category.usual_reason().to_owned() } else { reason };
        Self { category, reason }
    }
}

/// The tax of one category and rate, as it is stored and printed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invoice_taxes)]
pub struct InvoiceTax {
    /// Whether it is the second tax on prices that have a first one.
    pub is_second: bool,
    /// Why it is taxed so.
    pub tax_category: TaxCategory,
    /// The rate in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// Sum of the lines' nets.
    pub base_cents: i64,
    /// Tax on that sum.
    pub tax_cents: i64,
    /// Why no tax is charged.
    pub exemption_reason: String,
}

impl InvoiceTax {
    /// "19% tax", "9.975% QST", or "Reverse charge, 0% VAT".
    pub fn label(&self, names: TaxNames<'_>) -> String {
        names.label(self.is_second, self.tax_category, self.tax_rate_millis)
    }
}

impl TaxGroup {
    /// "19% tax", "9.975% QST", or "Reverse charge, 0% VAT".
    pub fn label(&self, names: TaxNames<'_>) -> String {
        names.label(self.is_second, self.category, self.rate_millis)
    }
}

impl TaxNames<'_> {
    fn label(self, is_second: bool, category: TaxCategory, rate_millis: i64) -> String {
        let kind = match category {
            TaxCategory::Standard => Cow::Borrowed(""),
            other => Cow::Owned(format!("{}, ", other.label())),
        };
        let name = if is_second { self.second } else { self.first };
        let name = if name.is_empty() { "tax" } else { name };
        format!("{kind}{}% {name}", plain_decimal(rate_millis, 3))
    }
}

/// An invoice's stored taxes, highest rate first.
pub fn taxes_of(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<InvoiceTax>> {
    Ok(invoice_taxes::table
        .filter(invoice_taxes::invoice_id.eq(id))
        .order((invoice_taxes::is_second, invoice_taxes::tax_rate_millis.desc(), invoice_taxes::tax_category))
        .select(InvoiceTax::as_select())
        .load(conn)?)
}
