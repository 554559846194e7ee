//! The forms of billing, shared by pages and API.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::draft::{DraftChanges, NewDraft, Options};
use super::hours::HoursFilter;
use super::line_form::{LineForm, LineRules, check_lines, discount};
use super::line_lists::{LineLists, shown_keys};
use super::model::{Grouping, Invoice, InvoiceLine};
use super::tax::{InvoiceTax, TaxCategory, TaxRates, Treatment};
use super::totals::Pricing;
use crate::error::FormErrors;
use crate::types::ids::ClientId;
use crate::types::money::{self, Currency, Money, plain_decimal};
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// A new draft, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DraftForm {
    /// For whom.
    #[schema(required = true)]
    pub client_id: Typed,
    /// About one project of the client; blank is all of them.
    pub project_id: Typed,
    /// Hours from this day on.
    pub from: String,
    /// Hours to this day.
    pub to: String,
    /// task, project, day or entry; blank is task.
    pub grouping: String,
    /// Whether unbilled hours are taken.
    pub include_time: Typed,
    /// Whether expenses and milestones that wait are taken.
    pub include_costs: Typed,
    /// Date on the document; blank is today.
    pub issue_on: String,
    /// Last day to pay; blank follows the terms.
    pub due_on: String,
    /// First day of delivery; blank is that of the hours.
    pub delivery_from: String,
    /// Last day of delivery; blank is that of the hours.
    pub delivery_to: String,
    /// Words to the client.
    pub note: String,
    /// Words on payment; absent takes the agency's.
    pub terms: Option<String>,
    /// How lines at 0 % are treated: AE, K, G, E, O or Z; blank decides later.
    pub tax_category: String,
    /// Why they are not taxed; blank takes the usual sentence where there is one.
    pub exemption_reason: String,
    /// What is taken off the sum of the lines: an amount, or a percentage like "10 %".
    pub discount: Typed,
    /// Whether the hours are listed on a page of their own.
    pub with_time_detail: Typed,
    /// Whether it asks for money before the work.
    pub is_deposit: Typed,
    /// One unit of its currency in the agency's; blank takes the last one that was used.
    pub exchange_rate: Typed,
    /// The coin that the total is rounded to, like 0.05; blank does not round, absent follows the agency.
    pub rounding_step: Option<Typed>,
    /// Whether tax is in the prices; absent follows the agency.
    pub prices_include_tax: Option<Typed>,
    /// Lines of their own.
    #[serde(deserialize_with = "crate::web::json::objects")]
    pub lines: Vec<LineForm>,
}

impl DraftForm {
    /// The client alone, which tells the currency of the rest.
    pub fn client(&self) -> Result<ClientId, FormErrors> {
        let mut check = Check::new();
        let client = check.required_id("client_id", &self.client_id);
        check.finish(client)
    }

    /// Whose hours are meant and how they are grouped; `None` while no client is chosen.
    pub fn check_hours(&self) -> Result<Option<(HoursFilter, Grouping)>, FormErrors> {
        let mut check = Check::new();
        let client = check.id("client_id", &self.client_id);
        let project = check.id("project_id", &self.project_id);
        let grouping = check.id("grouping", &self.grouping).unwrap_or(Grouping::Task);
        let (from, to) = period(&mut check, ("from", &self.from), ("to", &self.to));
        check.finish(Some(client.map(|client| (HoursFilter { client, project, from, to }, grouping))))
    }

    /// A draft with amounts in `currency`, or what is wrong. `taxes` are those of lines which name none.
    pub fn check(&self, currency: Currency, taxes: TaxRates) -> Result<NewDraft, FormErrors> {
        let mut check = Check::new();
        let client = check.required_id("client_id", &self.client_id);
        let grouping = check.id("grouping", &self.grouping).unwrap_or(Grouping::Task);
        let (from, to) = period(&mut check, ("from", &self.from), ("to", &self.to));
        let (delivery_from, delivery_to) =
            period(&mut check, ("delivery_from", &self.delivery_from), ("delivery_to", &self.delivery_to));
        let treatment = treatment(&mut check, &self.tax_category, &self.exemption_reason);
        let rules = LineRules { currency, taxes, untaxed: treatment.category };
        let new = client.map(|client| NewDraft {
            client,
            project: check.id("project_id", &self.project_id),
            grouping,
            include_time: check.flag("include_time", &self.include_time),
            include_costs: check.flag("include_costs", &self.include_costs),
            from,
            to,
            issue_on: check.date("issue_on", &self.issue_on),
            due_on: check.date("due_on", &self.due_on),
            delivery_from,
            delivery_to,
            note: check.text("note", &self.note),
            terms: self.terms.as_ref().map(|terms| check.text("terms", terms)),
            treatment,
            options: Options {
                discount: discount(&mut check, "discount", &self.discount, currency).unwrap_or_default(),
                with_time_detail: check.flag("with_time_detail", &self.with_time_detail),
                is_deposit: check.flag("is_deposit", &self.is_deposit),
                exchange_rate_e6: exchange_rate(&mut check, &self.exchange_rate),
                rounding_step_cents: rounding_step(&mut check, self.rounding_step.as_deref(), currency),
            },
            prices_include_tax: self
                .prices_include_tax
                .as_ref()
                .map(|text| check.flag("prices_include_tax", text)),
            lines: check_lines(&mut check, &self.lines, rules).into_iter().map(|(_, line)| line).collect(),
        });
        check.finish(new)
    }
}

/// One unit of a currency in millionths of another.
pub(in crate::billing) fn exchange_rate(check: &mut Check, text: &str) -> Option<i64> {
    if text.trim().is_empty() {
        return None;
    }
    let rate = money::parse_decimal(text, 6).filter(|rate| (1..=1_000_000_000_000).contains(rate));
    if rate.is_none() {
        check.error("exchange_rate", "is not a rate, like 1.0842");
    }
    rate
}

/// The smallest coin, as it was typed, in minor units of `currency`; blank does not round.
pub(in crate::billing) fn rounding_step(
    check: &mut Check,
    text: Option<&str>,
    currency: Currency,
) -> Option<i64> {
    text.map(|text| check.coin("rounding_step", text, currency))
}

/// A smallest coin as its form shows it.
fn typed_step(cents: i64, currency: Currency) -> Typed {
    if cents == 1 { Typed::default() } else { Money::new(cents, currency).plain().into() }
}

/// How lines at 0 % are treated, as it was typed.
pub(in crate::billing) fn treatment(check: &mut Check, category: &str, reason: &str) -> Treatment {
    let category = check.id("tax_category", category).unwrap_or(TaxCategory::Standard);
    Treatment::new(category, check.line("exemption_reason", reason))
}

/// A box as its form sends it.
pub(in crate::billing) fn ticked(is_set: bool) -> Typed {
    if is_set { "true".into() } else { Typed::default() }
}

fn period(
    check: &mut Check,
    (from_field, from): (&str, &str),
    (to_field, to): (&str, &str),
) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let (from, to) = (check.date(from_field, from), check.date(to_field, to));
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        check.error(to_field, "must not precede the first day");
    }
    (from, to)
}

/// A draft, as it was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InvoiceForm {
    /// Date on the document.
    pub issue_on: String,
    /// Last day to pay.
    pub due_on: String,
    /// First day of delivery.
    pub delivery_from: String,
    /// Last day of delivery.
    pub delivery_to: String,
    /// Words to the client.
    pub note: String,
    /// Words on payment.
    pub terms: String,
    /// How lines at 0 % are treated: AE, K, G, E, O or Z; blank decides later.
    pub tax_category: String,
    /// Why they are not taxed; blank takes the usual sentence where there is one.
    pub exemption_reason: String,
    /// What is taken off the sum of the lines: an amount, or a percentage like "10 %".
    pub discount: Typed,
    /// Whether the hours are listed on a page of their own.
    pub with_time_detail: Typed,
    /// Whether it asks for money before the work.
    pub is_deposit: Typed,
    /// One unit of its currency in the agency's; asked for at issue.
    pub exchange_rate: Typed,
    /// The coin that the total is rounded to, like 0.05; blank does not round, absent leaves it.
    pub rounding_step: Option<Typed>,
    /// Whether tax is in the prices.
    pub prices_include_tax: Typed,
    /// Every line in order. One that is left out goes, and its hours are free again.
    #[serde(deserialize_with = "crate::web::json::objects")]
    pub lines: Vec<LineForm>,
    /// The version that was edited.
    #[schema(required = true)]
    pub version: Typed,
}

impl InvoiceForm {
    /// The form of a stored draft.
    pub fn filled(invoice: &Invoice, lines: &[InvoiceLine], taxes: &[InvoiceTax]) -> Self {
        let untaxed = taxes.iter().find(|tax| tax.tax_category != TaxCategory::Standard);
        let date = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            issue_on: date(invoice.issue_on),
            due_on: date(invoice.due_on),
            delivery_from: date(invoice.delivery_from),
            delivery_to: date(invoice.delivery_to),
            note: invoice.note.clone(),
            terms: invoice.terms.clone(),
            tax_category: untaxed.map(|tax| tax.tax_category.to_string()).unwrap_or_default(),
            exemption_reason: untaxed.map(|tax| tax.exemption_reason.clone()).unwrap_or_default(),
            discount: invoice.pricing().discount.typed(invoice.currency).into(),
            with_time_detail: ticked(invoice.with_time_detail),
            is_deposit: ticked(invoice.is_deposit),
            prices_include_tax: ticked(invoice.prices_include_tax),
            exchange_rate: invoice.exchange_rate_e6.map(|rate| plain_decimal(rate, 6)).into(),
            rounding_step: Some(typed_step(invoice.rounding_step_cents, invoice.currency)),
            lines: lines.iter().map(|line| LineForm::filled(line, invoice.currency)).collect(),
            version: Some(invoice.version).into(),
        }
    }

    /// This form over what somebody else has `stored` meanwhile, and where the two differ. A line that they removed
    /// is gone, because its hours are; one that they added stays. Both can be seen in the differences.
    pub fn merged(mut self, stored: &Self) -> (Self, Vec<Difference>) {
        let mut differences = Difference::between([
            ("Issue date", &stored.issue_on, &self.issue_on),
            ("Due date", &stored.due_on, &self.due_on),
            ("Delivered from", &stored.delivery_from, &self.delivery_from),
            ("Delivered to", &stored.delivery_to, &self.delivery_to),
            ("Note", &stored.note, &self.note),
            ("Payment terms", &stored.terms, &self.terms),
            ("Lines at 0 % tax", &stored.tax_category, &self.tax_category),
            ("Reason for no tax", &stored.exemption_reason, &self.exemption_reason),
            ("Discount", &stored.discount.0, &self.discount.0),
            ("Prices include tax", &stored.prices_include_tax.0, &self.prices_include_tax.0),
            ("Exchange rate", &stored.exchange_rate.0, &self.exchange_rate.0),
            ("Smallest coin", &stored.step().to_owned(), &self.step().to_owned()),
            ("Deposit", &stored.is_deposit.0, &self.is_deposit.0),
            ("Time on page two", &stored.with_time_detail.0, &self.with_time_detail.0),
        ]);
        let name = |line: &LineForm| format!("Line “{}”", line.title);
        for line in &stored.lines {
            let typed = self.lines.iter().find(|typed| typed.id == line.id);
            let typed_text = typed.map(LineForm::sentence).unwrap_or_default();
            differences.extend(Difference::between([(name(line), line.sentence(), typed_text)]));
        }
        let known = |line: &LineForm| stored.lines.iter().any(|known| known.id == line.id);
        let (kept, gone): (Vec<_>, Vec<_>) =
            self.lines.into_iter().partition(|line| line.id.trim().is_empty() || known(line));
        for line in &gone {
            differences.extend(Difference::between([(name(line), String::new(), line.sentence())]));
        }
        self.lines = kept;
        for line in &stored.lines {
            if !self.lines.iter().any(|typed| typed.id == line.id) {
                self.lines.push(line.clone());
            }
        }
        self.version = stored.version.clone();
        (self, differences)
    }

    /// The changes, with amounts in `currency`, or what is wrong.
    pub fn check(&self, currency: Currency, taxes: TaxRates) -> Result<DraftChanges, FormErrors> {
        let mut check = Check::new();
        let issue_on = check.date("issue_on", &self.issue_on);
        let due_on = check.date("due_on", &self.due_on);
        if issue_on.zip(due_on).is_some_and(|(issue_on, due_on)| due_on < issue_on) {
            check.error("due_on", "must not precede the issue date");
        }
        let (delivery_from, delivery_to) =
            period(&mut check, ("delivery_from", &self.delivery_from), ("delivery_to", &self.delivery_to));
        let treatment = treatment(&mut check, &self.tax_category, &self.exemption_reason);
        let rules = LineRules { currency, taxes, untaxed: treatment.category };
        let changes = DraftChanges {
            issue_on,
            due_on,
            delivery_from,
            delivery_to,
            note: check.text("note", &self.note),
            terms: check.text("terms", &self.terms),
            treatment,
            options: Options {
                discount: discount(&mut check, "discount", &self.discount, currency).unwrap_or_default(),
                with_time_detail: check.flag("with_time_detail", &self.with_time_detail),
                is_deposit: check.flag("is_deposit", &self.is_deposit),
                exchange_rate_e6: exchange_rate(&mut check, &self.exchange_rate),
                rounding_step_cents: rounding_step(&mut check, self.rounding_step.as_deref(), currency),
            },
            prices_include_tax: check.flag("prices_include_tax", &self.prices_include_tax),
            lines: check_lines(&mut check, &self.lines, rules),
        };
        check.finish(Some(changes))
    }

    /// The smallest coin, as it was typed.
    pub fn step(&self) -> &str {
        self.rounding_step.as_deref().unwrap_or_default()
    }

    /// How its lines are added up, as far as that can be read; `stored_step` is the smallest coin where none is named.
    pub fn pricing(&self, currency: Currency, stored_step: i64) -> Option<Pricing> {
        let mut check = Check::new();
        let discount = discount(&mut check, "discount", &self.discount, currency)?;
        let typed_step = rounding_step(&mut check, self.rounding_step.as_deref(), currency);
        let rounding_step_cents = typed_step.unwrap_or(stored_step);
        let prices_include_tax = self.prices_include_tax.trim() == "true";
        Some(Pricing { prices_include_tax, discount, rounding_step_cents })
    }

    /// What its lines take from it, as far as that can be read.
    pub fn rules(&self, currency: Currency, taxes: TaxRates) -> LineRules {
        let untaxed = self.tax_category.parse().unwrap_or(TaxCategory::Standard);
        LineRules { currency, taxes, untaxed }
    }
}

/// The editor's form: a line is what stands at the same place of every list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a form are named as on screen")]
pub struct EditorForm {
    pub issue_on: String,
    pub due_on: String,
    pub delivery_from: String,
    pub delivery_to: String,
    pub note: String,
    pub terms: String,
    pub tax_category: String,
    pub exemption_reason: String,
    pub discount: String,
    pub with_time_detail: String,
    pub is_deposit: String,
    pub prices_include_tax: String,
    pub exchange_rate: String,
    pub rounding_step: Option<String>,
    pub version: String,
    /// What comes after saving: nothing, `issue`, `hours`, `reset`, or `deposit-7` to deduct that one.
    pub then: String,
    /// The row's number on screen, by which the answer names it.
    pub line_key: Vec<String>,
    pub line_id: Vec<String>,
    pub line_title: Vec<String>,
    pub line_details: Vec<String>,
    pub line_quantity: Vec<String>,
    pub line_unit: Vec<String>,
    pub line_price: Vec<String>,
    pub line_discount: Vec<String>,
    pub line_tax: Vec<String>,
    pub line_second_tax: Vec<String>,
    pub line_reason: Vec<String>,
}

impl EditorForm {
    /// The rows' numbers on screen; counted where they are missing.
    pub fn keys(&self) -> Vec<String> {
        shown_keys(&self.line_key, self.line_title.len())
    }

    /// The same as the API gets it. Lists of different lengths are a broken form.
    pub fn into_form(self) -> Result<InvoiceForm, FormErrors> {
        let lines = LineLists {
            line_key: self.line_key,
            line_id: self.line_id,
            line_title: self.line_title,
            line_details: self.line_details,
            line_quantity: self.line_quantity,
            line_unit: self.line_unit,
            line_price: self.line_price,
            line_discount: self.line_discount,
            line_tax: self.line_tax,
            line_second_tax: self.line_second_tax,
            line_reason: self.line_reason,
            then: self.then,
        };
        Ok(InvoiceForm {
            issue_on: self.issue_on,
            due_on: self.due_on,
            delivery_from: self.delivery_from,
            delivery_to: self.delivery_to,
            note: self.note,
            terms: self.terms,
            tax_category: self.tax_category,
            exemption_reason: self.exemption_reason,
            discount: self.discount.into(),
            with_time_detail: self.with_time_detail.into(),
            is_deposit: self.is_deposit.into(),
            prices_include_tax: self.prices_include_tax.into(),
            exchange_rate: self.exchange_rate.into(),
            rounding_step: self.rounding_step.map(Typed),
            lines: lines.into_lines()?,
            version: self.version.into(),
        })
    }
}

/// The version that a verb was decided on.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VersionForm {
    /// The version that was looked at. A page without one takes whatever is there.
    #[schema(required = true)]
    pub version: Typed,
}

impl VersionForm {
    /// The version, if one was named.
    pub fn check(&self) -> Result<Option<i64>, FormErrors> {
        let mut check = Check::new();
        let version = check.number("version", &self.version, 1..=i64::MAX);
        check.finish(Some(version))
    }
}
