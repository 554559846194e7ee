//! The letter of a reminder, rendered once when it is made.

use askama::Template;
use chrono::NaiveDate;

use super::ladder::ReminderStep;
use crate::billing::model::Invoice;
use crate::billing::parties::{Buyer, Seller};
use crate::error::{AppError, AppResult};
use crate::types::money::{Currency, Money, div_round};
use crate::web::filters;

/// Days of a year, for interest.
const YEAR: i128 = 365;

/// Everything that is printed. Amounts are minor units of the invoice's currency.
#[derive(Debug, Clone, Template)]
#[template(path = "billing/reminders/_letter.html")]
pub(super) struct Letter {
    pub title: String,
    pub body: String,
    pub paper: &'static str,
    pub seller: Seller,
    pub buyer: Buyer,
    pub number: String,
    pub made_on: NaiveDate,
    pub due_on: NaiveDate,
    pub pay_until: NaiveDate,
    pub currency: Currency,
    pub total_cents: i64,
    pub paid_cents: i64,
    pub balance_cents: i64,
    pub fee_cents: i64,
    pub interest_millis: i64,
    pub interest_cents: i64,
}

impl Letter {
    /// The letter as HTML that needs the sheet of the print page and nothing else.
    pub fn html(&self) -> AppResult<String> {
        self.render().map_err(AppError::internal)
    }

    /// What is asked for with fee and interest.
    fn asked(&self) -> i64 {
        self.balance_cents + self.fee_cents + self.interest_cents
    }

    fn long(date: &NaiveDate) -> String {
        long(*date)
    }
}

/// "19 November 2026".
fn long(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// Interest on what is left of `invoice` for `days`, at so many thousandths of a percent a year.
pub(super) fn interest(invoice: &Invoice, millis: i64, days: i64) -> Option<i64> {
    let product = i128::from(invoice.balance()) * i128::from(millis) * i128::from(days.max(0));
    div_round(product, 100_000 * YEAR)
}

/// The words of a step about `invoice` on `today`.
pub(super) fn words(step: &ReminderStep, invoice: &Invoice, today: NaiveDate, until: NaiveDate) -> String {
    let date = |date: Option<NaiveDate>| date.map(long).unwrap_or_default();
    step.body
        .replace("{number}", invoice.name())
        .replace("{date}", &date(invoice.issue_on))
        .replace("{due}", &date(invoice.due_on))
        .replace("{amount}", &Money::new(invoice.balance(), invoice.currency).to_string())
        .replace("{days}", &invoice.days_late(today).to_string())
        .replace("{until}", &long(until))
}
