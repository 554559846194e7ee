//! The fields of an outline, and the rows of its editor.

use super::form::{ticked, treatment};
use super::line_form::{LineForm, LineRules, check_lines, discount};
use super::outline::{Basis, Outline};
use super::rows::{self, Row, Sums, TotalsPart};
use super::tax::{TaxCategory, TaxNames};
use super::totals::{Pricing, Totals};
use crate::error::FormErrors;
use crate::types::money::Currency;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// The fields that quotes and recurring invoices share, as they were typed.
#[derive(Debug, Clone, Default)]
pub struct OutlineFields {
    /// The lines.
    pub lines: Vec<LineForm>,
    /// Words to the client.
    pub note: String,
    /// Words on payment.
    pub terms: String,
    /// How lines at 0 % are treated.
    pub tax_category: String,
    /// Why they are not taxed.
    pub exemption_reason: String,
    /// What is taken off.
    pub discount: Typed,
    /// Whether tax is in the prices.
    pub prices_include_tax: Typed,
}

impl OutlineFields {
    /// The fields of a stored outline.
    pub fn filled(outline: &Outline, currency: Currency) -> Self {
        let treatment = &outline.treatment;
        let is_treated = treatment.category != TaxCategory::Standard;
        let blank = |line| LineForm { id: Typed::default(), ..LineForm::filled(line, currency) };
        Self {
            lines: outline.printed_lines().iter().map(blank).collect(),
            note: outline.note.clone(),
            terms: outline.terms.clone(),
            tax_category: if is_treated { treatment.category.to_string() } else { String::new() },
            exemption_reason: if is_treated { treatment.reason.clone() } else { String::new() },
            discount: outline.discount.typed(currency).into(),
            prices_include_tax: ticked(outline.prices_include_tax),
        }
    }

    /// The outline, not added up yet; faults go to `check`.
    pub fn check(&self, check: &mut Check, basis: &Basis) -> Outline {
        let treatment = treatment(check, &self.tax_category, &self.exemption_reason);
        let rules = LineRules { currency: basis.currency, taxes: basis.taxes, untaxed: treatment.category };
        Outline {
            lines: check_lines(check, &self.lines, rules).into_iter().map(|(_, line)| line).collect(),
            note: check.text("note", &self.note),
            terms: check.text("terms", &self.terms),
            treatment,
            discount: discount(check, "discount", &self.discount, basis.currency).unwrap_or_default(),
            prices_include_tax: check.flag("prices_include_tax", &self.prices_include_tax),
            rounding_step_cents: basis.rounding_step_cents,
            tax_name: basis.tax_name.clone(),
            second_tax_name: basis.second_tax_name.clone(),
            usual_taxes: basis.taxes,
            totals: Totals::default(),
        }
    }

    fn pricing(&self, basis: &Basis) -> Option<Pricing> {
        let discount = discount(&mut Check::new(), "discount", &self.discount, basis.currency)?;
        Some(Pricing {
            prices_include_tax: self.prices_include_tax.trim() == "true",
            discount,
            rounding_step_cents: basis.rounding_step_cents,
        })
    }

    fn rules(&self, basis: &Basis) -> LineRules {
        let untaxed = self.tax_category.parse().unwrap_or(TaxCategory::Standard);
        LineRules { currency: basis.currency, taxes: basis.taxes, untaxed }
    }

    /// Fields in which these and the stored ones differ, line by line.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        let mut found = Difference::between([
            ("Note", stored.note.as_str(), self.note.as_str()),
            ("Payment terms", &stored.terms, &self.terms),
            ("Lines at 0 % tax", &stored.tax_category, &self.tax_category),
            ("Reason for no tax", &stored.exemption_reason, &self.exemption_reason),
            ("Discount", &stored.discount.0, &self.discount.0),
            ("Prices include tax", &stored.prices_include_tax.0, &self.prices_include_tax.0),
        ]);
        let sentence =
            |lines: &[LineForm], at: usize| lines.get(at).map(LineForm::sentence).unwrap_or_default();
        for at in 0..self.lines.len().max(stored.lines.len()) {
            let label = format!("Line {}", at + 1);
            found.extend(Difference::between([(
                label,
                sentence(&stored.lines, at),
                sentence(&self.lines, at),
            )]));
        }
        found
    }
}

/// The part of a page that edits an outline.
#[derive(Debug, Clone)]
pub(in crate::billing) struct OutlineEditor {
    pub basis: Basis,
    pub fields: OutlineFields,
    pub rows: Vec<Row>,
    pub sums: Sums,
}

impl OutlineEditor {
    /// The editor of typed fields with their faults.
    pub fn new(basis: Basis, fields: OutlineFields, keys: &[String], errors: &FormErrors) -> Self {
        let rules = fields.rules(&basis);
        let rows = rows::of_form(&fields.lines, keys, &[], rules, errors);
        let sums = rows::sums(&fields.lines, &[], fields.pricing(&basis), rules).0;
        Self { basis, fields, rows, sums }
    }

    /// The panel of sums while lines are typed, and whether it is final.
    pub fn preview(basis: Basis, fields: &OutlineFields, keys: &[String]) -> (TotalsPart, bool) {
        let (rules, pricing) = (fields.rules(&basis), fields.pricing(&basis));
        let (sums, is_final) = rows::sums(&fields.lines, &[], pricing, rules);
        let part = TotalsPart {
            currency: basis.currency,
            prices_include_tax: pricing.is_some_and(|pricing| pricing.prices_include_tax),
            rows: rows::of_form(&fields.lines, keys, &[], rules, &FormErrors::default()),
            tax_names: (basis.tax_name, basis.second_tax_name),
            sums,
        };
        (part, is_final)
    }

    pub fn currency(&self) -> &Currency {
        &self.basis.currency
    }

    pub fn tax_names(&self) -> TaxNames<'_> {
        TaxNames { first: &self.basis.tax_name, second: &self.basis.second_tax_name }
    }

    pub fn prices_include_tax(&self) -> bool {
        self.fields.prices_include_tax.trim() == "true"
    }

    pub fn has_second_tax(&self) -> bool {
        rows::have_second_tax(&self.rows, self.basis.taxes)
    }

    pub fn spare_rows(&self) -> Vec<Row> {
        rows::spare(&self.rows, self.basis.taxes)
    }

    pub fn template_rows(&self) -> [Row; 1] {
        [Row::blank("__n__", self.basis.taxes)]
    }
}

/// The methods that the templates of an editor ask their page for, handed on to its `editor`.
macro_rules! edits_outline {
    ($page:ty) => {
        impl $page {
            fn currency(&self) -> &$crate::types::money::Currency {
                self.editor.currency()
            }

            fn tax_names(&self) -> $crate::billing::tax::TaxNames<'_> {
                self.editor.tax_names()
            }

            fn prices_include_tax(&self) -> bool {
                self.editor.prices_include_tax()
            }

            fn has_second_tax(&self) -> bool {
                self.editor.has_second_tax()
            }

            fn spare_rows(&self) -> Vec<$crate::billing::rows::Row> {
                self.editor.spare_rows()
            }

            fn template_rows(&self) -> [$crate::billing::rows::Row; 1] {
                self.editor.template_rows()
            }

            fn treatments(&self) -> [(&'static str, &'static str); 7] {
                $crate::billing::rows::TREATMENTS
            }
        }
    };
}
pub(in crate::billing) use edits_outline;
