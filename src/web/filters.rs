//! How values are written in HTML. `Display` of the types serves CSV, mail and JSON.
#![expect(missing_docs, reason = "askama's attribute writes undocumented items")]

use std::fmt::{Display, Write};
use std::sync::LazyLock;

use askama::filters::Safe;
use askama::{FastWritable, Values};
use chrono::NaiveDate;

use super::assets;
use crate::types::calendar::{day_month, day_month_year, hour_minute};
use crate::types::clock::UtcTime;
use crate::types::duration;
use crate::types::money::{Currency, Money, plain_decimal};
use crate::types::text::initials;
use crate::types::zone::{self, Tz};

/// A small value, however many references a template puts before it.
pub trait Given<V> {
    /// The value.
    fn given(&self) -> V;
}

macro_rules! given {
    ($($value:ty),+) => {$(
        impl Given<$value> for $value {
            fn given(&self) -> $value {
                *self
            }
        }
    )+};
}
given!(i64, NaiveDate, UtcTime);

impl<V, T: Given<V>> Given<V> for &T {
    fn given(&self) -> V {
        (**self).given()
    }
}

/// A symbol of the icon sprite: `{{ "clock"|icon }}`.
#[askama::filter_fn]
pub fn icon<'a>(name: &'a str, _: &dyn Values) -> askama::Result<Safe<Symbol<'a>>> {
    Ok(Safe(Symbol { class: "icon", name }))
}

/// [`icon()`] in the small size.
#[askama::filter_fn]
pub fn icon_sm<'a>(name: &'a str, _: &dyn Values) -> askama::Result<Safe<Symbol<'a>>> {
    Ok(Safe(Symbol { class: "icon icon-sm", name }))
}

/// [`icon()`] in the large size.
#[askama::filter_fn]
pub fn icon_lg<'a>(name: &'a str, _: &dyn Values) -> askama::Result<Safe<Symbol<'a>>> {
    Ok(Safe(Symbol { class: "icon icon-lg", name }))
}

/// A symbol of the sprite as markup.
pub struct Symbol<'a> {
    class: &'static str,
    name: &'a str,
}

impl Display for Symbol<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        static SPRITE: LazyLock<&str> = LazyLock::new(|| assets::url("vendor/icons.svg"));
        let Self { class, name } = self;
        write!(f, r##"<svg class="{class}" aria-hidden="true"><use href="{}#{name}"/></svg>"##, *SPRITE)
    }
}

impl FastWritable for Symbol<'_> {
    fn write_into(&self, out: &mut dyn Write, _: &dyn Values) -> askama::Result<()> {
        Ok(write!(out, "{self}")?)
    }
}

/// A name in words: "in_progress" is "In progress".
#[askama::filter_fn]
pub fn field_name(name: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(capitalised(&name.replace('_', " ")))
}

/// Fields that forms call something else than their name says. A test holds it against the templates.
const LABELS: &[(&str, &str)] = &[
    ("access", "Who opens it"),
    ("after", "Place"),
    ("anchor_on", "First day"),
    ("assignee_id", "Assignee"),
    ("bank_holder", "Account holder"),
    ("bank_name", "Bank"),
    ("bic", "BIC"),
    ("billing_model", "Billing"),
    ("blocker_id", "Waits for"),
    ("body", "Comment"),
    ("break_time", "Break"),
    ("budget", "Budget, money"),
    ("client_id", "Client"),
    ("color", "Colour"),
    ("custom_names", "Field of its own"),
    ("custom_values", "Value of a field"),
    ("due_days", "Days to the due date"),
    ("due_on", "Due"),
    ("ended_at", "The work ended"),
    ("ends_on", "Last day"),
    ("estimate", "Estimate, hours"),
    ("expires_on", "Valid until"),
    ("first", "First number"),
    ("from", "Hours from"),
    ("grouping", "One line for each"),
    ("hours_budget", "Budget, hours"),
    ("iban", "IBAN"),
    ("invoice_footer", "Footer"),
    ("invoice_terms", "Terms"),
    ("is_billable", "Billing"),
    ("is_client_visible", "Visible to"),
    ("is_paused", "State"),
    ("label", "Name"),
    ("language", "Language of documents"),
    ("most", "At most"),
    ("owner_email", "Your email"),
    ("owner_name", "Your name"),
    ("payment_terms_days", "Days to pay"),
    ("payment_terms_kind", "Days counted from"),
    ("postal_address", "Letters to"),
    ("price", "Fixed price"),
    ("prices_include_tax", "Prices include tax"),
    ("project_id", "Project"),
    ("rate", "Hourly rate"),
    ("refunded_on", "Paid out on"),
    ("region", "State or region"),
    ("resets_yearly", "Begins anew"),
    ("rotate_every_days", "Change every, days"),
    ("rounding_step", "Smallest coin"),
    ("second_tax_name", "Second tax"),
    ("second_tax_rate", "Second tax, %"),
    ("secret", "Password"),
    ("secrets", "Encrypted fields"),
    ("spent_on", "Bought on"),
    ("starts_at", "Start"),
    ("starts_on", "Start"),
    ("task_id", "Task"),
    ("tax_id", "VAT or tax number"),
    ("tax_name", "Name of the tax"),
    ("tax_rate", "Tax, %"),
    ("to", "Hours to"),
    ("totp", "Seed of one-time codes"),
    ("urls", "Addresses"),
    ("user_id", "Person"),
    ("username", "User name"),
    ("vault_notes", "Encrypted notes"),
    ("vault_secret", "Password"),
    ("vault_totp", "Seed of one-time codes"),
    ("week_target", "Hours a week"),
];

/// What a field is called on its form: "payment_terms_days" is "Days to pay".
pub fn label_of(field: &str) -> String {
    let labelled = LABELS.iter().find(|(name, _)| *name == field);
    labelled.map_or_else(|| capitalised(&field.replace('_', " ")), |(_, label)| (*label).to_owned())
}

/// [`label_of`] in a template.
#[askama::filter_fn]
pub fn field_label(field: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(label_of(field))
}

/// How strong a password is, in words.
#[askama::filter_fn]
pub fn strength(strength: &i64, _: &dyn Values) -> askama::Result<&'static str> {
    Ok(match strength {
        ..=1 => "Very weak",
        2 => "Weak",
        3 => "Good",
        _ => "Strong",
    })
}

/// A message that follows its label, alone: "can't be blank" is "Can't be blank."
#[askama::filter_fn]
pub fn sentence(text: &str, _: &dyn Values) -> askama::Result<String> {
    let end = if text.ends_with('.') { "" } else { "." };
    Ok(capitalised(text) + end)
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The fingerprinted URL of an asset: `{{ "js/app.js"|asset }}`.
#[askama::filter_fn]
pub fn asset(name: &str, _: &dyn Values) -> askama::Result<&'static str> {
    Ok(assets::url(name))
}

/// "€4,820.00".
#[askama::filter_fn]
pub fn money<I: Given<i64>>(cents: I, _: &dyn Values, currency: &Currency) -> askama::Result<Money> {
    Ok(Money::new(cents.given(), *currency))
}

/// "€18,420", for tiles.
#[askama::filter_fn]
pub fn whole_money<I: Given<i64>>(cents: I, _: &dyn Values, currency: &Currency) -> askama::Result<String> {
    Ok(Money::new(cents.given(), *currency).whole())
}

/// "1:30".
#[askama::filter_fn]
pub fn clock<I: Given<i64>>(seconds: I, _: &dyn Values) -> askama::Result<String> {
    Ok(duration::clock(seconds.given()))
}

/// "1.5".
#[askama::filter_fn]
pub fn hours<I: Given<i64>>(seconds: I, _: &dyn Values) -> askama::Result<String> {
    Ok(duration::hours(seconds.given()))
}

/// "1.50", for columns.
#[askama::filter_fn]
pub fn column_hours<I: Given<i64>>(seconds: I, _: &dyn Values) -> askama::Result<String> {
    Ok(duration::column_hours(seconds.given()))
}

/// Thousandths of a percent as "19" or "9.975".
#[askama::filter_fn]
pub fn percent<I: Given<i64>>(millis: I, _: &dyn Values) -> askama::Result<String> {
    Ok(plain_decimal(millis.given(), 3))
}

/// "19 Nov 2026".
#[askama::filter_fn]
pub fn date<D: Given<NaiveDate>>(date: D, _: &dyn Values) -> askama::Result<String> {
    Ok(day_month_year(date.given()))
}

/// "19 Nov", with the year when it is not that of `today`; "Today", "Tomorrow", "Yesterday" near it.
#[askama::filter_fn]
pub fn day<D: Given<NaiveDate>>(date: D, _: &dyn Values, today: &NaiveDate) -> askama::Result<String> {
    Ok(near(date.given(), *today))
}

/// [`day()`] on the calendar of `zone`.
#[askama::filter_fn]
pub fn day_of<T: Given<UtcTime>>(
    instant: T,
    _: &dyn Values,
    zone: &Tz,
    today: &NaiveDate,
) -> askama::Result<String> {
    Ok(near(zone::local_date(instant.given(), *zone), *today))
}

fn near(date: NaiveDate, today: NaiveDate) -> String {
    use chrono::Datelike;
    match date.signed_duration_since(today).num_days() {
        0 => "Today".to_owned(),
        1 => "Tomorrow".to_owned(),
        -1 => "Yesterday".to_owned(),
        _ if date.year() == today.year() => day_month(date),
        _ => day_month_year(date),
    }
}

/// "19 Nov 2026, 14:05" on the wall of `zone`.
#[askama::filter_fn]
pub fn at<T: Given<UtcTime>>(instant: T, _: &dyn Values, zone: &Tz) -> askama::Result<String> {
    let local = zone::local_time(instant.given(), *zone);
    Ok(format!("{}, {}", day_month_year(local.date()), hour_minute(local.time())))
}

/// "19 Nov 2026" on the calendar of `zone`.
#[askama::filter_fn]
pub fn date_of<T: Given<UtcTime>>(instant: T, _: &dyn Values, zone: &Tz) -> askama::Result<String> {
    Ok(day_month_year(zone::local_date(instant.given(), *zone)))
}

/// "14:05" on the wall of `zone`.
#[askama::filter_fn]
pub fn time<T: Given<UtcTime>>(instant: T, _: &dyn Values, zone: &Tz) -> askama::Result<String> {
    Ok(hour_minute(zone::local_time(instant.given(), *zone).time()))
}

/// "HB" for "Halden Brewing Co.".
#[askama::filter_fn]
pub fn avatar(name: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(initials(name))
}

/// One of the five avatar colours, always the same for the same row.
#[askama::filter_fn]
pub fn hue<T: Display>(id: T, _: &dyn Values) -> askama::Result<i64> {
    Ok(id.to_string().parse::<i64>().unwrap_or(0).rem_euclid(5) + 1)
}

/// "s" unless the count is one.
#[askama::filter_fn]
pub fn s<I: Given<i64>>(count: I, _: &dyn Values) -> askama::Result<&'static str> {
    Ok(if count.given() == 1 { "" } else { "s" })
}
