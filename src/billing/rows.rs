//! The rows of the editor: what was typed, what is known about it, what it adds up to, and what is wrong with it.

use askama::Template;

use super::issue::remedy;
use super::line_form::{LineForm, LineRules};
use super::model::{InvoiceLine, Unit};
use super::tax::{TaxCategory, TaxNames, TaxRates};
use super::totals::{self, Priced, Pricing, SumFault, Totals};
use crate::error::FormErrors;
use crate::types::ids::ClientId;
use crate::types::money::{self, Currency, Money, plain_decimal};
use crate::web::filters::{self, label_of};
use crate::web::form::Check;

/// Rows that a browser without JavaScript may fill.
const SPARE_ROWS: usize = 2;

/// Value and words of each treatment of lines at 0 %.
pub(in crate::billing) const TREATMENTS: [(&str, &str); 7] = {
    const fn choice(category: TaxCategory) -> (&'static str, &'static str) {
        (category.as_str(), category.label())
    }
    use TaxCategory::{Exempt, Export, IntraCommunity, NotSubject, ReverseCharge, ZeroRated};
    [
        ("", "None at 0 %"),
        choice(ReverseCharge),
        choice(IntraCommunity),
        choice(Export),
        choice(Exempt),
        choice(NotSubject),
        choice(ZeroRated),
    ]
};

/// A row of the editor.
#[derive(Debug, Clone, Default)]
pub(in crate::billing) struct Row {
    /// Its number on screen, or `__n__` in the template of new rows.
    pub key: String,
    pub form: LineForm,
    /// The price of an hour that its hours agree on.
    pub logged_rate: Option<i64>,
    /// What it charges in minor units while it holds.
    pub amount: Option<i64>,
    /// Logged seconds of the hours it claims.
    pub logged: Option<i64>,
    /// What the cost that it claims is billed at.
    pub claimed: Option<i64>,
    /// Those seconds as rounding bills them, where that is not the same.
    pub rounded: Option<i64>,
    /// Its faults by field.
    pub errors: Vec<(&'static str, String)>,
}

impl Row {
    /// A row that waits to be filled.
    pub fn blank(key: &str, taxes: TaxRates) -> Self {
        let form = LineForm {
            unit: Unit::Piece.to_string(),
            tax_rate: plain_decimal(taxes.first_millis, 3).into(),
            second_tax_rate: plain_decimal(taxes.second_millis, 3).into(),
            ..LineForm::default()
        };
        Self { key: key.to_owned(), form, ..Self::default() }
    }

    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }

    pub fn amount(&self, currency: &Currency) -> String {
        self.amount.map(|cents| Money::new(cents, *currency).to_string()).unwrap_or_default()
    }

    /// What to call it when it is read aloud.
    pub fn name(&self) -> String {
        self.key.parse::<usize>().map_or_else(|_| "new line".to_owned(), |key| format!("line {}", key + 1))
    }

    /// What it bills less or more than its hours or its cost say; `None` while it bills just them.
    pub fn adjustment(&self, currency: &Currency) -> Option<String> {
        if let Some(claimed) = self.claimed {
            let quantity = money::parse_decimal(&self.form.quantity, 4)?;
            let price = money::parse_decimal(&self.form.unit_price, currency.decimals())?;
            let differs = money::line_net(quantity, price)? != claimed;
            return differs.then(|| format!("noted at {}", Money::new(claimed, *currency)));
        }
        let logged = money::hours_e4(self.rounded.or(self.logged)?)?;
        let quantity = money::parse_decimal(&self.form.quantity, 4)?;
        if self.form.unit != Unit::Hour.as_str() {
            return Some("billed by another unit than logged".to_owned());
        }
        match logged - quantity {
            0 => {
                let price = money::parse_decimal(&self.form.unit_price, currency.decimals())?;
                let logged_price = self.logged_rate.filter(|rate| *rate != price)?;
                Some(format!("logged at {} an hour", Money::new(logged_price, *currency)))
            }
            less if less > 0 => Some(format!("{} h less than logged", plain_decimal(less, 4))),
            more => Some(format!("{} h more than logged", plain_decimal(-more, 4))),
        }
    }

    /// Whether it must say why.
    pub fn asks_why(&self, currency: &Currency) -> bool {
        self.adjustment(currency).is_some() || self.error("adjustment_reason").is_some()
    }

    /// Whether it must say why sooner or later, does not, and has not been told so by a fault.
    pub fn lacks_reason(&self) -> bool {
        self.form.adjustment_reason.trim().is_empty() && self.error("adjustment_reason").is_none()
    }
}

/// A fault in the list above the editor.
pub(in crate::billing) struct Problem {
    pub label: String,
    pub text: String,
    pub href: String,
    /// Where it is put right, when that is another page.
    pub elsewhere: Option<&'static str>,
}

impl Problem {
    /// The fault of a field of a draft for `client` whose editor has `rows`.
    pub fn of(field: &str, text: &str, rows: &[Row], client: ClientId) -> Self {
        let label = match field {
            "seller_name" => "The agency’s name",
            "seller_address" => "The agency’s address",
            "seller_tax_id" => "The agency’s tax number",
            "payment" => "The invoice",
            "buyer_name" => "The client’s name",
            "buyer_address" => "The client’s address",
            "buyer_tax_id" => "The client’s tax number",
            "tax_category" => "The tax treatment",
            "exemption_reason" => "The reason for no tax",
            "delivery_from" => "The day or period of delivery",
            "delivery_to" => "The last day of delivery",
            "issue_on" => "The issue date",
            "due_on" => "The due date",
            "lines" => "Lines",
            "discount" => "The discount",
            "exchange_rate" => "The exchange rate",
            "expires_on" => "The last day to accept",
            other => &label_of(other),
        };
        let mut problem = Self {
            label: label.to_owned(),
            text: text.to_owned(),
            href: format!("#{field}"),
            elsewhere: None,
        };
        if let Some((place, href)) = remedy(field, client) {
            problem.href = href;
            problem.elsewhere = Some(place);
        } else if let Some((index, name)) = line_field(field) {
            let key = rows.get(index).map(|row| row.key.as_str()).unwrap_or_default();
            problem.label = format!("Line {}, {}", index + 1, name.replace('_', " "));
            problem.href = format!("#line_{key}_{name}");
        }
        problem
    }
}

/// What the rows add up to, for the panel.
#[derive(Debug, Clone, Default)]
pub(in crate::billing) struct Sums {
    pub totals: Totals,
    /// What keeps them from being final.
    pub note: String,
}

/// The panel of sums, and each row's amount, while lines are typed.
#[derive(Template)]
#[template(path = "billing/preview.html")]
pub(in crate::billing) struct TotalsPart {
    pub currency: Currency,
    pub prices_include_tax: bool,
    /// What the taxes are called.
    pub tax_names: (String, String),
    pub rows: Vec<Row>,
    pub sums: Sums,
}

impl TotalsPart {
    fn currency(&self) -> &Currency {
        &self.currency
    }

    fn prices_include_tax(&self) -> bool {
        self.prices_include_tax
    }

    fn tax_names(&self) -> TaxNames<'_> {
        TaxNames { first: &self.tax_names.0, second: &self.tax_names.1 }
    }
}

/// The rows that only a browser without JavaScript shows.
pub(in crate::billing) fn spare(rows: &[Row], taxes: TaxRates) -> Vec<Row> {
    let keys = rows.iter().filter_map(|row| row.key.parse::<usize>().ok());
    let begin = keys.max().map_or(0, |last| last + 1);
    (begin..begin + SPARE_ROWS).map(|key| Row::blank(&key.to_string(), taxes)).collect()
}

/// Whether lines have a second tax.
pub(in crate::billing) fn have_second_tax(rows: &[Row], taxes: TaxRates) -> bool {
    let zero = |text: &str| matches!(text.trim(), "" | "0");
    taxes.second_millis > 0 || rows.iter().any(|row| !zero(&row.form.second_tax_rate))
}

/// "lines[2].unit_price" names row 2 and its price.
fn line_field(field: &str) -> Option<(usize, &str)> {
    let (index, name) = field.strip_prefix("lines[")?.split_once("].")?;
    Some((index.parse().ok()?, name))
}

/// The rows of typed lines, with what is known about them.
pub(in crate::billing) fn of_form(
    lines: &[LineForm],
    keys: &[String],
    stored: &[InvoiceLine],
    rules: LineRules,
    errors: &FormErrors,
) -> Vec<Row> {
    const FIELDS: [&str; 9] = [
        "title",
        "details",
        "quantity",
        "unit",
        "unit_price",
        "discount",
        "tax_rate",
        "second_tax_rate",
        "adjustment_reason",
    ];
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let checked = line.check(&mut Check::new(), index, rules);
            let of = stored.iter().find(|of| of.id.to_string() == line.id.trim());
            Row {
                key: keys.get(index).cloned().unwrap_or_else(|| index.to_string()),
                form: line.clone(),
                amount: checked.and_then(|(_, line)| amount(&line.priced())),
                logged: of.and_then(|of| of.logged_seconds),
                claimed: of.and_then(|of| of.claimed_cents),
                rounded: of
                    .and_then(|of| of.rounded_seconds.filter(|seconds| Some(*seconds) != of.logged_seconds)),
                logged_rate: of.and_then(|of| of.logged_rate_cents),
                errors: FIELDS
                    .into_iter()
                    .filter_map(|name| {
                        let text = errors.get(&format!("lines[{index}].{name}"))?;
                        Some((name, text.to_owned()))
                    })
                    .collect(),
            }
        })
        .collect()
}

fn amount(line: &Priced) -> Option<i64> {
    totals::line_sum(line).ok().map(|sum| sum.amount_cents)
}

/// What the rows that hold add up to; of `stored` it is known which lines take a deposit off.
pub(in crate::billing) fn sums(
    lines: &[LineForm],
    stored: &[InvoiceLine],
    pricing: Option<Pricing>,
    rules: LineRules,
) -> (Sums, bool) {
    let Some(pricing) = pricing else {
        let note = "The discount is not an amount or a percentage.".to_owned();
        return (Sums { totals: Totals::default(), note }, false);
    };
    let (mut priced, mut incomplete) = (Vec::new(), false);
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_blank()) {
        let mut check = Check::new();
        let checked = line.check(&mut check, index, rules);
        match check.finish(checked) {
            Ok((id, line)) => {
                let is_deduction = stored.iter().any(|of| Some(of.id) == id && of.deducts_id.is_some());
                priced.push(Priced { is_deduction, ..line.priced() });
            }
            Err(_) => incomplete = true,
        }
    }
    match totals::compute(&priced, &pricing) {
        Err(SumFault::Discount) => {
            let note = "The discount is more than the lines add up to.".to_owned();
            (Sums { totals: Totals::default(), note }, false)
        }
        Err(SumFault::TooLarge) => {
            let note = "The amounts are larger than can be kept.".to_owned();
            (Sums { totals: Totals::default(), note }, false)
        }
        Ok(totals) if incomplete => {
            (Sums { totals, note: "A line is not complete yet and is left out.".to_owned() }, false)
        }
        Ok(totals) if totals.total < 0 => {
            (Sums { totals, note: "An invoice cannot be less than nothing.".to_owned() }, false)
        }
        Ok(totals) => (Sums { totals, note: String::new() }, true),
    }
}
