//! The document as the client sees it: rendered once at issue and kept, rendered anew for a draft.

use askama::Template;
use askama::filters::{Html, escape};
use chrono::NaiveDate;

use super::model::{self, Invoice, InvoiceLine};
use super::parties::{Buyer, Seller};
use super::tax::{InvoiceTax, taxes_of};
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::types::money::{Currency, Money};
use crate::web::filters;

/// Everything that is printed.
#[derive(Debug, Clone, Template)]
#[template(path = "billing/_document.html")]
pub struct Document {
    number: Option<String>,
    project: Option<String>,
    seller: Seller,
    buyer: Buyer,
    currency: Currency,
    issue_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    delivery_from: Option<NaiveDate>,
    delivery_to: Option<NaiveDate>,
    note: String,
    terms: String,
    lines: Vec<InvoiceLine>,
    taxes: Vec<InvoiceTax>,
    net_cents: i64,
    total_cents: i64,
}

impl Document {
    /// The document of `invoice` between the two parties.
    pub fn load(conn: &mut Conn, invoice: &Invoice, seller: Seller, buyer: Buyer) -> AppResult<Self> {
        Ok(Self {
            number: invoice.number.clone(),
            project: model::project_name(conn, invoice.project_id)?,
            seller,
            buyer,
            currency: invoice.currency,
            issue_on: invoice.issue_on,
            due_on: invoice.due_on,
            delivery_from: invoice.delivery_from,
            delivery_to: invoice.delivery_to,
            note: invoice.note.clone(),
            terms: invoice.terms.clone(),
            lines: model::lines_of(conn, invoice.id)?,
            taxes: taxes_of(conn, invoice.id)?,
            net_cents: invoice.net_cents,
            total_cents: invoice.total_cents,
        })
    }

    /// The document as HTML that needs the sheet of the print page and nothing else.
    pub fn html(&self) -> AppResult<String> {
        self.render().map_err(AppError::internal)
    }

    /// What this says otherwise than `html`, the document as it was issued; `None` when they agree.
    pub fn contradiction(&self, html: &str) -> Option<&'static str> {
        let mut rest = html;
        for (what, text) in self.printed() {
            let Ok(text) = escape(text, Html);
            let Some((_, after)) = rest.split_once(&format!(">{text}<")) else { return Some(what) };
            rest = after;
        }
        None
    }

    /// Number, dates, lines and sums as they stand in the template, in its order.
    fn printed(&self) -> Vec<(&'static str, String)> {
        let money = |cents: i64| Money::new(cents, self.currency).to_string();
        let mut printed = vec![
            ("number", self.number.clone().unwrap_or_default()),
            ("issue date", Self::long(&self.issue_on)),
            ("time of delivery", self.delivery()),
            ("due date", Self::long(&self.due_on)),
        ];
        for line in &self.lines {
            printed.push(("title of a line", line.title.clone()));
            printed.push(("quantity of a line", line.quantity()));
            printed.push(("price of a line", money(line.unit_price_cents)));
            printed.push(("amount of a line", money(line.net_cents)));
        }
        printed.push(("subtotal", money(self.net_cents)));
        printed.extend(self.taxes.iter().map(|tax| ("tax", money(tax.tax_cents))));
        printed.push(("total", money(self.total_cents)));
        printed.push(("terms", self.terms.clone()));
        printed.retain(|(_, text)| !text.is_empty());
        printed
    }

    /// "19 November 2026".
    fn long(date: &Option<NaiveDate>) -> String {
        date.map(|date| date.format("%-d %B %Y").to_string()).unwrap_or_default()
    }

    /// "19 November 2026", or "14 to 18 November 2026".
    fn delivery(&self) -> String {
        let (Some(from), Some(to)) =
            (self.delivery_from.or(self.delivery_to), self.delivery_to.or(self.delivery_from))
        else {
            return String::new();
        };
        let end = to.format("%-d %B %Y");
        if from == to {
            end.to_string()
        } else if from.format("%Y%m").to_string() == to.format("%Y%m").to_string() {
            format!("{} to {end}", from.format("%-d"))
        } else if from.format("%Y").to_string() == to.format("%Y").to_string() {
            format!("{} to {end}", from.format("%-d %B"))
        } else {
            format!("{} to {end}", from.format("%-d %B %Y"))
        }
    }

    /// Whether the lines are of several rates, so that each line must name its own.
    fn has_rates(&self) -> bool {
        self.taxes.len() > 1
    }

    /// Whether there is an account to pay into.
    fn has_account(&self) -> bool {
        !self.seller.iban.is_empty()
    }
}
