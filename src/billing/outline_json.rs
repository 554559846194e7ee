//! An outline as JSON.

use serde::{Deserialize, Serialize};

use super::api::TaxJson;
use super::line::{InvoiceLine, Unit};
use super::outline::Outline;
use super::tax::{InvoiceTax, TaxCategory};

/// What a quote or a recurring invoice says. Amounts are minor units.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Outline")]
pub struct OutlineJson {
    pub note: String,
    pub terms: String,
    pub prices_include_tax: bool,
    /// Where it was agreed as a percentage.
    pub discount_millis: Option<i64>,
    pub discount_cents: i64,
    pub net_cents: i64,
    pub tax_cents: i64,
    pub rounding_cents: i64,
    pub total_cents: i64,
    pub lines: Vec<OutlineLineJson>,
    pub taxes: Vec<TaxJson>,
}

/// A line of it.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of InvoiceLine")]
pub struct OutlineLineJson {
    pub title: String,
    pub details: String,
    pub quantity_e4: i64,
    pub unit: Unit,
    pub unit_price_cents: i64,
    pub discount_millis: Option<i64>,
    pub discount_cents: i64,
    pub tax_rate_millis: i64,
    pub second_tax_rate_millis: i64,
    pub tax_category: TaxCategory,
    pub amount_cents: i64,
}

impl OutlineJson {
    /// The JSON of `outline`.
    pub fn of(outline: &Outline) -> Self {
        Self {
            note: outline.note.clone(),
            terms: outline.terms.clone(),
            prices_include_tax: outline.prices_include_tax,
            discount_millis: outline.discount.millis(),
            discount_cents: outline.totals.discount,
            net_cents: outline.totals.net,
            tax_cents: outline.totals.tax,
            rounding_cents: outline.totals.rounding,
            total_cents: outline.totals.total,
            lines: outline.printed_lines().into_iter().map(line).collect(),
            taxes: outline.printed_taxes().into_iter().map(tax).collect(),
        }
    }
}

fn line(line: InvoiceLine) -> OutlineLineJson {
    OutlineLineJson {
        title: line.title,
        details: line.details,
        quantity_e4: line.quantity_e4,
        unit: line.unit,
        unit_price_cents: line.unit_price_cents,
        discount_millis: line.discount_millis,
        discount_cents: line.discount_cents,
        tax_rate_millis: line.tax_rate_millis,
        second_tax_rate_millis: line.second_tax_rate_millis,
        tax_category: line.tax_category,
        amount_cents: line.amount_cents,
    }
}

fn tax(tax: InvoiceTax) -> TaxJson {
    TaxJson {
        is_second: tax.is_second,
        category: tax.tax_category,
        rate_millis: tax.tax_rate_millis,
        base_cents: tax.base_cents,
        tax_cents: tax.tax_cents,
        exemption_reason: tax.exemption_reason,
    }
}
