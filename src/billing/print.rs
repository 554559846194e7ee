//! The document as the client sees it: rendered once at issue and kept, rendered anew for a draft.

use askama::Template;
use askama::filters::{Html, escape};
use chrono::NaiveDate;

use super::issue;
use super::model::{self, Invoice, InvoiceLine, Kind};
use super::outline::Outline;
use super::parties::{Buyer, Seller, billing_contact};
use super::qr;
use super::tax::{InvoiceTax, TaxNames, taxes_of};
use super::time_detail::{self, TimeDetail};
use super::totals::Discount;
use crate::agency::model::{self as agency, Agency};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::types::money::{Currency, Money};
use crate::types::qr::Qr;
use crate::web::filters;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Invoice,
    Deposit,
    CreditNote,
    Quote,
}

impl What {
    fn of(invoice: &Invoice) -> Self {
        match invoice.kind {
            Kind::CreditNote => Self::CreditNote,
            Kind::Invoice if invoice.is_deposit => Self::Deposit,
            Kind::Invoice => Self::Invoice,
        }
    }
}

/// What a quote prints beside its outline.
#[derive(Debug, Clone)]
pub(in crate::billing) struct QuoteHead {
    /// Its number and version; a draft has none.
    pub number: Option<String>,
    /// What it is about.
    pub title: String,
    /// Date on the document.
    pub issue_on: Option<NaiveDate>,
    /// The last day to accept it.
    pub expires_on: Option<NaiveDate>,
    /// What its amounts are of.
    pub currency: Currency,
}

/// The sheets that a printed page needs.
const SHEET: &str = concat!(
    include_str!("../../static/css/00-layers.css"),
    include_str!("../../static/css/01-reset.css"),
    include_str!("../../static/css/10-tokens.css"),
    include_str!("../../static/css/20-base.css"),
    // The code to pay by is drawn like that of a second factor.
    include_str!("../../static/css/60-auth.css"),
    include_str!("../../static/css/60-invoice.css"),
    include_str!("../../static/css/80-utilities.css"),
    include_str!("../../static/css/90-print.css"),
);

/// The document of `invoice` as it was issued, or as the draft would be.
pub fn html_of(conn: &mut Conn, actor: &Actor, invoice: &Invoice, agency: &Agency) -> AppResult<String> {
    if let Some(issued) = issue::document(conn, invoice.id)? {
        return Ok(issued);
    }
    let client = clients::find(conn, actor, invoice.client_id)?;
    let buyer = Buyer::of(&client, billing_contact(conn, client.id)?);
    Document::load(conn, invoice, Seller::of(agency), buyer)?.html()
}

/// A document that [`Document::html`] made as a file that needs nothing else, to be sent. It may load nothing.
pub fn standalone(title: &str, html: &str) -> String {
    let Ok(title) = escape(title, Html);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<style>\n{SHEET}</style></head>\n\
         <body class=\"inv-wrap\">{html}</body></html>\n"
    )
}

/// Everything that is printed.
#[derive(Debug, Clone, Template)]
#[template(path = "billing/_document.html")]
pub struct Document {
    what: What,
    /// Number and date of the invoice that a credit note corrects.
    corrects: Option<(String, NaiveDate)>,
    reason: String,
    paper: &'static str,
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
    tax_name: String,
    second_tax_name: String,
    prices_include_tax: bool,
    subtotal_cents: i64,
    discount: Discount,
    discount_cents: i64,
    net_cents: i64,
    rounding_cents: i64,
    total_cents: i64,
    time: TimeDetail,
    qr: Option<Qr>,
}

impl Document {
    /// The document of `invoice` between the two parties.
    pub fn load(conn: &mut Conn, invoice: &Invoice, seller: Seller, buyer: Buyer) -> AppResult<Self> {
        let corrects = match invoice.corrects_id {
            Some(id) => model::number_and_date(conn, id)?,
            None => None,
        };
        let lines = model::lines_of(conn, invoice.id)?;
        let time = if invoice.with_time_detail {
            time_detail::of_invoice(conn, invoice, &lines)?
        } else {
            TimeDetail::default()
        };
        Ok(Self {
            what: What::of(invoice),
            corrects,
            reason: invoice.reason.clone(),
            paper: agency::load(conn)?.paper.as_str(),
            time,
            qr: Self::qr(invoice, &seller),
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
            lines,
            taxes: taxes_of(conn, invoice.id)?,
            tax_name: invoice.tax_name.clone(),
            second_tax_name: invoice.second_tax_name.clone(),
            prices_include_tax: invoice.prices_include_tax,
            subtotal_cents: invoice.subtotal(),
            discount: invoice.pricing().discount,
            discount_cents: invoice.discount_cents,
            net_cents: invoice.net_cents,
            rounding_cents: invoice.rounding_cents,
            total_cents: invoice.total_cents,
        })
    }

    /// The document of a quote between the two parties.
    pub(in crate::billing) fn of_quote(
        conn: &mut Conn,
        head: QuoteHead,
        outline: &Outline,
        seller: Seller,
        buyer: Buyer,
    ) -> AppResult<Self> {
        Ok(Self {
            what: What::Quote,
            corrects: None,
            reason: String::new(),
            paper: agency::load(conn)?.paper.as_str(),
            number: head.number,
            project: Some(head.title).filter(|title| !title.is_empty()),
            seller,
            buyer,
            currency: head.currency,
            issue_on: head.issue_on,
            due_on: head.expires_on,
            delivery_from: None,
            delivery_to: None,
            note: outline.note.clone(),
            terms: outline.terms.clone(),
            lines: outline.printed_lines(),
            taxes: outline.printed_taxes(),
            tax_name: outline.tax_name.clone(),
            second_tax_name: outline.second_tax_name.clone(),
            prices_include_tax: outline.prices_include_tax,
            subtotal_cents: outline.totals.subtotal,
            discount: outline.discount,
            discount_cents: outline.totals.discount,
            net_cents: outline.totals.net,
            rounding_cents: outline.totals.rounding,
            total_cents: outline.totals.total,
            time: TimeDetail::default(),
            qr: None,
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
            if self.corrects.is_some() {
                ("corrected invoice", self.corrected())
            } else {
                ("due date", Self::long(&self.due_on))
            },
        ];
        for line in &self.lines {
            printed.push(("title of a line", line.title.clone()));
            printed.push(("quantity of a line", line.quantity()));
            printed.push(("price of a line", money(line.unit_price_cents)));
            printed.push(("amount of a line", money(line.amount_cents)));
        }
        printed.push(("subtotal", money(self.subtotal_cents)));
        if self.discount_cents != 0 {
            printed.push(("discount", money(-self.discount_cents)));
        }
        if self.shows_net() {
            printed.push(("net", money(self.net_cents)));
        }
        printed.extend(self.taxes.iter().map(|tax| ("tax", money(tax.tax_cents))));
        if self.rounding_cents != 0 {
            printed.push(("rounding", money(self.rounding_cents)));
        }
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

    /// The code to pay it by; drafts and credit notes have none.
    fn qr(invoice: &Invoice, seller: &Seller) -> Option<Qr> {
        let number = invoice.number.as_deref()?;
        if invoice.is_credit_note() {
            return None;
        }
        let name = if seller.bank_holder.is_empty() { &seller.name } else { &seller.bank_holder };
        let text =
            qr::transfer(name, &seller.iban, &seller.bic, invoice.total_cents, invoice.currency, number)?;
        Qr::of(&text)
    }

    /// "Invoice", "Deposit invoice", "Credit note" or "Quote".
    fn name(&self) -> &'static str {
        match self.what {
            What::Invoice => Kind::Invoice.label(),
            What::Deposit => "Deposit invoice",
            What::CreditNote => Kind::CreditNote.label(),
            What::Quote => "Quote",
        }
    }

    /// What the last day is for.
    fn deadline(&self) -> &'static str {
        if self.is_quote() { "Valid until" } else { "Due" }
    }

    fn is_quote(&self) -> bool {
        self.what == What::Quote
    }

    fn tax_names(&self) -> TaxNames<'_> {
        TaxNames { first: &self.tax_name, second: &self.second_tax_name }
    }

    /// "INV-2026-0007 of 19 November 2026".
    fn corrected(&self) -> String {
        let Some((number, on)) = &self.corrects else { return String::new() };
        format!("{number} of {}", Self::long(&Some(*on)))
    }

    /// "10 % discount", or "Discount".
    fn discount_label(&self) -> String {
        match self.discount {
            Discount::Amount(_) => "Discount".to_owned(),
            percent => format!("{} discount", percent.typed(self.currency)),
        }
    }

    /// Whether the sum before tax is another than the subtotal.
    fn shows_net(&self) -> bool {
        self.discount_cents != 0 && !self.prices_include_tax
    }

    /// Whether the lines are of several rates, so that each line must name its own.
    fn has_rates(&self) -> bool {
        self.taxes.iter().filter(|tax| !tax.is_second).count() > 1
    }

    /// Whether there is an account to pay into.
    fn has_account(&self) -> bool {
        !self.seller.iban.is_empty() && matches!(self.what, What::Invoice | What::Deposit)
    }
}
