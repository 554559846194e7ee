//! Money in minor units, and the one rounding rule: half away from zero, at the named points below only.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use iso_currency::Currency as Iso;
use serde::{Deserialize, Serialize};

/// The largest amount a form accepts, in minor units: far above any invoice, far below overflow.
pub const MAX_CENTS: i64 = 100_000_000_000_000;
/// The largest quantity a form accepts, in ten-thousandths.
pub const MAX_QUANTITY_E4: i64 = 10_000_000_000;

/// A currency of ISO 4217, with the number of decimals its minor unit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, FromSqlRow, AsExpression)]
#[diesel(sql_type = Text)]
pub struct Currency(Iso);

impl Currency {
    /// The euro, which a new agency is offered first.
    pub const EUR: Self = Self(Iso::EUR);

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The name in English.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Decimals of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }

    /// "€" where the symbol is unmistakable, else the code with a space.
    pub fn prefix(self) -> &'static str {
        match self.0 {
            Iso::EUR => "€",
            Iso::GBP => "£",
            Iso::USD => "$",
            Iso::JPY => "¥",
            _ => "",
        }
    }

    /// Every currency with a minor unit, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        use iso_currency::IntoEnumIterator;
        Iso::iter().filter(|currency| currency.exponent().is_some()).map(Self)
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for Currency {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Iso::from_code(text).filter(|currency| currency.exponent().is_some()).map(Self).ok_or(())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        code.parse().map_err(|()| serde::de::Error::custom("not a currency of ISO 4217"))
    }
}

impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for Currency {}

impl<DB: Backend> ToSql<Text, DB> for Currency
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.code().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for Currency
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let code = String::from_sql(bytes)?;
        code.parse().map_err(|()| format!("{code:?} is no currency").into())
    }
}

/// An amount of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// Minor units.
    pub cents: i64,
    /// What they are units of.
    pub currency: Currency,
}

impl Money {
    /// `cents` minor units of `currency`.
    pub fn new(cents: i64, currency: Currency) -> Self {
        Self { cents, currency }
    }

    /// `cents` minor units of `currency` as they are written; empty where there are none.
    pub fn text_of(cents: Option<i64>, currency: Currency) -> String {
        cents.map(|cents| Self::new(cents, currency).to_string()).unwrap_or_default()
    }

    /// Digits only, as in a form or a CSV cell: "-1234.50".
    pub fn plain(self) -> String {
        self.text("", '\0')
    }

    /// The nearest whole units, for tiles: "€18,421" for 18,420.99. What is less than one unit stays as it is.
    pub fn whole(self) -> String {
        let one = 10_i64.pow(self.currency.decimals());
        let rounded = to_step(self.cents, one)
            .filter(|_| self.cents == 0 || self.cents.unsigned_abs() >= one.unsigned_abs());
        let text = Self::new(rounded.unwrap_or(self.cents), self.currency).to_string();
        match text.split_once('.') {
            Some((units, _)) if rounded.is_some() => units.to_owned(),
            _ => text,
        }
    }

    fn text(self, prefix: &str, group: char) -> String {
        let decimals = self.currency.decimals() as usize;
        let digits = format!("{:0width$}", self.cents.unsigned_abs(), width = decimals + 1);
        let (units, fraction) = digits.split_at(digits.len() - decimals);
        let mut text = String::with_capacity(digits.len() + 8);
        if self.cents < 0 {
            text.push(if group == '\0' { '-' } else { '−' });
        }
        text.push_str(prefix);
        for (index, digit) in units.chars().enumerate() {
            if index > 0 && group != '\0' && (units.len() - index).is_multiple_of(3) {
                text.push(group);
            }
            text.push(digit);
        }
        if decimals > 0 {
            text.push('.');
            text.push_str(fraction);
        }
        text
    }
}

impl std::fmt::Display for Money {
    /// "€4,820.00", "−€12.50", "CHF 90.00".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.currency.prefix() {
            "" => f.write_str(&self.text(&format!("{}\u{a0}", self.currency.code()), ',')),
            symbol => f.write_str(&self.text(symbol, ',')),
        }
    }
}

/// `numerator / denominator`, half away from zero; `None` when it does not fit or the denominator is zero.
pub fn div_round(numerator: i128, denominator: i128) -> Option<i64> {
    let (numerator, denominator) =
        if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
    let half = denominator.checked_div(2)?;
    let shifted = if numerator < 0 { numerator.checked_sub(half)? } else { numerator.checked_add(half)? };
    shifted.checked_div(denominator)?.try_into().ok()
}

/// Rounding point "quantity": seconds as hours in ten-thousandths, as it will be printed.
pub fn hours_e4(seconds: i64) -> Option<i64> {
    div_round(i128::from(seconds) * 10_000, 3_600)
}

/// Seconds that a quantity of hours in ten-thousandths stands for.
pub fn hours_seconds(quantity_e4: i64) -> Option<i64> {
    div_round(i128::from(quantity_e4) * 3_600, 10_000)
}

/// Rounding point "line net": printed quantity times unit price, in minor units.
pub fn line_net(quantity_e4: i64, unit_price_cents: i64) -> Option<i64> {
    div_round(i128::from(quantity_e4) * i128::from(unit_price_cents), 10_000)
}

/// Rounding point "tax of a rate group", on the summed base (EN 16931 BR-CO-17).
pub fn tax(base_cents: i64, rate_millis: i64) -> Option<i64> {
    div_round(i128::from(base_cents) * i128::from(rate_millis), 100_000)
}

/// Rounding point "tax within a gross amount" whose taxes add up to `rates_millis`.
pub fn tax_within(gross_cents: i64, rate_millis: i64, rates_millis: i64) -> Option<i64> {
    div_round(i128::from(gross_cents) * i128::from(rate_millis), 100_000 + i128::from(rates_millis))
}

/// Rounding point "percentage": `millis` thousandths of a percent of an amount.
pub fn share(cents: i64, millis: i64) -> Option<i64> {
    div_round(i128::from(cents) * i128::from(millis), 100_000)
}

/// Rounding point "share of a whole": `cents` over `weights` in proportion; what does not come out even goes to the
/// largest. Nothing can be spread over weights that add up to nothing.
pub fn spread(cents: i64, weights: &[i64]) -> Option<Vec<i64>> {
    if cents == 0 {
        return Some(vec![0; weights.len()]);
    }
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let mut shares: Vec<i64> = weights
        .iter()
        .map(|weight| div_round(i128::from(cents) * i128::from(*weight), whole))
        .collect::<Option<_>>()?;
    let odd = i128::from(cents) - shares.iter().map(|share| i128::from(*share)).sum::<i128>();
    let (at, _) = weights.iter().enumerate().max_by_key(|(at, weight)| (**weight, std::cmp::Reverse(*at)))?;
    let largest = shares.get_mut(at)?;
    *largest = largest.checked_add(i64::try_from(odd).ok()?)?;
    Some(shares)
}

/// Rounding point "smallest coin": an amount as a multiple of `step`.
pub fn to_step(cents: i64, step: i64) -> Option<i64> {
    div_round(i128::from(cents), i128::from(step))?.checked_mul(step)
}

/// Rounding point "other currency": an amount of `from` in minor units of `to`, one unit of `from` being `rate_e6`
/// millionths of one of `to`.
pub fn convert(cents: i64, from: Currency, to: Currency, rate_e6: i64) -> Option<i64> {
    let up = 10_i128.pow(to.decimals());
    let down = 10_i128.pow(from.decimals());
    div_round(i128::from(cents).checked_mul(i128::from(rate_e6))?.checked_mul(up)?, down * 1_000_000)
}

/// Rounding point "value of an entry": its seconds at its hourly rate, for reports before billing.
pub fn entry_amount(seconds: i64, rate_cents: i64) -> Option<i64> {
    div_round(i128::from(seconds) * i128::from(rate_cents), 3_600)
}

/// Reads a decimal as people type it into a scaled integer with `decimals` places: "1,234.50", "1.234,50",
/// "90", "1 020,5", "−3.20". The last of `.` and `,` is the decimal mark when both occur; one alone is it
/// too. Where fewer than three places are kept, "1,234" is a thousand as Bureau writes it, and "1.234" is
/// refused: to some it is a thousand as well, and nobody means a fraction by it.
/// `None` when it is no number, has more places than fit, or overflows.
pub fn parse_decimal(text: &str, decimals: u32) -> Option<i64> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let text: String =
        text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’')).collect();
    let mark = match (text.rfind('.'), text.rfind(',')) {
        (Some(dot), Some(comma)) => Some(dot.max(comma)),
        (Some(at), None) | (None, Some(at)) => {
            let separator = text.get(at..=at)?;
            let alone = text.matches(separator).count() == 1;
            match separator {
                "," if alone && decimals < 3 && may_be_thousands(&text, at) => None,
                "." if alone && decimals < 3 && may_be_thousands(&text, at) => return None,
                _ => alone.then_some(at),
            }
        }
        (None, None) => None,
    };
    let (units, fraction) = match mark {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text.as_str(), ""),
    };
    let units = ungroup(units)?;
    if units.is_empty() && fraction.is_empty() {
        return None;
    }
    if !units.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).ok()?;
    let scale = 10_i64.checked_pow(decimals.checked_sub(places)?)?;
    let digits: i64 =
        if units.len() + fraction.len() == 0 { 0 } else { format!("0{units}{fraction}").parse().ok()? };
    let value = digits.checked_mul(scale)?;
    Some(if negative { -value } else { value })
}

/// Whether a number is written like "1,000", which is one to some and a thousand to others.
pub fn may_be_a_thousand(text: &str) -> bool {
    let text = text.trim();
    let mut marks = text.match_indices(',');
    match (marks.next(), marks.next()) {
        (Some((at, _)), None) => !text.contains('.') && may_be_thousands(text, at),
        _ => false,
    }
}

/// Whether the mark at `at` stands where one that groups thousands would.
fn may_be_thousands(text: &str, at: usize) -> bool {
    let (units, fraction) = (text.get(..at).unwrap_or(""), text.get(at + 1..).unwrap_or(""));
    (1..=3).contains(&units.len()) && !units.starts_with('0') && fraction.len() == 3
}

/// Takes the thousands separators out of whole units; `None` when they do not stand before three digits.
fn ungroup(units: &str) -> Option<String> {
    let mut groups = units.split(['.', ',']);
    let mut plain = groups.next()?.to_owned();
    for group in groups {
        if group.len() != 3 || plain.is_empty() {
            return None;
        }
        plain.push_str(group);
    }
    Some(plain)
}

/// A scaled integer as plain digits without trailing zeros: 35000 with 4 places is "3.5".
pub fn plain_decimal(value: i64, decimals: u32) -> String {
    let places = decimals as usize;
    let digits = format!("{:0width$}", value.unsigned_abs(), width = places + 1);
    let (units, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{units}") } else { format!("{sign}{units}.{fraction}") }
}
