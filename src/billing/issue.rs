//! Issuing: every fault named first, then number, snapshot and document in one transaction. The database freezes
//! the result.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::base;
use super::lines::store_totals;
use super::model::{self, Invoice, Kind};
use super::parties::{Buyer, Seller, billing_contact};
use super::print::Document;
use super::series::Series;
use super::tax::{self, TaxCategory};
use crate::agency::model::{self as agency, Agency};
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model::{self as clients, Client};
use crate::db::schema::{invoice_documents, invoices};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult, FormErrors};
use crate::keys::sha256_hex;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId};
use crate::types::money::Money;
use crate::types::zone;

/// The exchange rate of a currency to itself, in millionths.
pub const PAR_E6: i64 = 1_000_000;

/// Where a fault that stops an issue is put right.
pub fn remedy(fault: &str, client: ClientId) -> Option<(&'static str, String)> {
    match fault {
        "seller_name" | "seller_address" | "seller_tax_id" | "payment" => {
            Some(("Settings", "/settings".to_owned()))
        }
        "buyer_name" | "buyer_address" | "buyer_tax_id" => {
            Some(("Client", format!("/clients/{client}/edit")))
        }
        _ => None,
    }
}

/// Everything that still stops `draft` from being issued on `today`, by field: what EN 16931 asks of an invoice, and
/// dates that follow those of the series.
fn lint(
    conn: &mut Conn,
    draft: &Invoice,
    agency: &Agency,
    client: &Client,
    last_issue_on: Option<NaiveDate>,
    today: NaiveDate,
) -> AppResult<FormErrors> {
    let mut faults = FormErrors::default();
    let mut require = |holds: bool, field: &str, message: &str| {
        if !holds {
            faults.add(field, message);
        }
    };
    let lines = model::lines_of(conn, draft.id)?;
    require(!agency.name.is_empty(), "seller_name", "can't be blank");
    require(
        !agency.street.is_empty() && !agency.city.is_empty() && !agency.country.is_empty(),
        "seller_address",
        "needs street, city and country",
    );
    require(!client.name.is_empty(), "buyer_name", "can't be blank");
    require(
        !client.street.is_empty() && !client.city.is_empty() && !client.country.is_empty(),
        "buyer_address",
        "needs street, city and country",
    );
    require(!lines.is_empty(), "lines", "can't be blank");
    lint_taxes(conn, draft, agency, client, &mut require)?;
    for (index, line) in lines.iter().enumerate() {
        let explained = !line.is_adjusted() || !line.adjustment_reason.is_empty();
        let field = format!("lines[{index}].adjustment_reason");
        let claims = if line.claimed_cents.is_some() { "its cost" } else { "its hours" };
        let message = format!("must say why the line bills something else than {claims}");
        require(explained, &field, &message);
    }
    require(draft.total_cents >= 0, "lines", "add up to less than nothing");
    let message = format!("must say what one {} is in {}", draft.currency, agency.currency);
    let knows_rate = draft.currency == agency.currency || draft.exchange_rate_e6.is_some();
    require(knows_rate, "exchange_rate", &message);
    match (draft.delivery_from, draft.delivery_to) {
        (None, None) => require(false, "delivery_from", "can't be blank"),
        (Some(from), Some(to)) => {
            require(from <= to, "delivery_to", "must not precede the first day of delivery")
        }
        _ => {}
    }
    let Some(issue_on) = draft.issue_on else {
        require(false, "issue_on", "can't be blank");
        return Ok(faults);
    };
    require(issue_on <= today, "issue_on", "lies in the future");
    if let Some(last) = last_issue_on.filter(|last| issue_on < *last) {
        let message = format!("must not precede {last}, the date of the last invoice");
        require(false, "issue_on", &message);
    }
    match draft.due_on {
        Some(due_on) => require(due_on >= issue_on, "due_on", "must not precede the issue date"),
        None => require(false, "due_on", "can't be blank"),
    }
    require(
        !agency.iban.is_empty() || !draft.terms.is_empty(),
        "payment",
        "needs a bank account or payment terms",
    );
    Ok(faults)
}

/// What EN 16931 asks about the taxes: a category and a reason where none is charged, and the tax numbers of both.
fn lint_taxes(
    conn: &mut Conn,
    draft: &Invoice,
    agency: &Agency,
    client: &Client,
    require: &mut impl FnMut(bool, &str, &str),
) -> AppResult<()> {
    let taxes = tax::taxes_of(conn, draft.id)?;
    let subject = taxes.iter().any(|tax| tax.tax_category.needs_seller_tax_id());
    require(
        !agency.tax_id.is_empty() || !(subject || taxes.is_empty()),
        "seller_tax_id",
        "can't be blank on an invoice that is subject to tax",
    );
    for tax in taxes.iter().filter(|tax| tax.tax_rate_millis == 0 && !tax.is_second) {
        let category = tax.tax_category;
        if category == TaxCategory::Standard {
            require(false, "tax_category", "must be chosen for the lines at 0 %");
            continue;
        }
        require(!tax.exemption_reason.is_empty(), "exemption_reason", "must say why no tax is charged");
        require(
            !client.tax_id.is_empty() || !category.needs_buyer_tax_id(),
            "buyer_tax_id",
            "can't be blank where the recipient owes the tax or the supply is intra-Community",
        );
    }
    Ok(())
}

/// Gives a draft its number and freezes it. A draft with faults stays as it is and takes no number; all its faults
/// are named at once.
pub fn issue(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
    version: Option<i64>,
) -> AppResult<Invoice> {
    model::find_draft(conn, actor, id, version)?;
    store_totals(conn, id, None)?;
    let draft = model::find(conn, actor, id)?;
    let agency = agency::load(conn)?;
    let client = clients::find(conn, actor, draft.client_id)?;
    let series = Series::locked(conn, Kind::Invoice.as_str())?;
    let today = zone::local_date(now, agency.zone());
    let faults = lint(conn, &draft, &agency, &client, series.last_issue_on, today)?;
    if !faults.is_empty() {
        return Err(faults.into());
    }
    freeze(conn, actor, now, &draft, &agency, &client, &series)
}

/// Gives a document that holds the next number of its series, the names of both parties and its amounts in the
/// agency's currency, and keeps it as it is printed.
pub(in crate::billing) fn freeze(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    draft: &Invoice,
    agency: &Agency,
    client: &Client,
    series: &Series,
) -> AppResult<Invoice> {
    let Some(issue_on) = draft.issue_on else {
        return Err(AppError::invalid("issue_on", "can't be blank"));
    };
    let place = series.next(issue_on);
    series.take(conn, &place, issue_on)?;
    let seller = Seller::of(agency);
    let buyer = Buyer::of(client, billing_contact(conn, client.id)?);
    // Nothing to pay is paid.
    let settled_at = (draft.total_cents == 0).then_some(now);
    let worth = base::worth(conn, actor, draft, agency.currency)?;
    diesel::update(invoices::table.find(draft.id))
        .set((
            invoices::series_id.eq(series.id),
            invoices::series_year.eq(place.year),
            invoices::seq.eq(place.seq),
            invoices::number.eq(&place.number),
            invoices::seller.eq(serde_json::to_string(&seller).map_err(AppError::internal)?),
            invoices::buyer.eq(serde_json::to_string(&buyer).map_err(AppError::internal)?),
            invoices::base_currency.eq(worth.currency),
            invoices::exchange_rate_e6.eq(worth.rate_e6),
            invoices::base_net_cents.eq(worth.amounts.map(|amounts| amounts.net)),
            invoices::base_tax_cents.eq(worth.amounts.map(|amounts| amounts.tax)),
            invoices::base_total_cents.eq(worth.amounts.map(|amounts| amounts.total)),
            invoices::issued_at.eq(now),
            invoices::issued_by.eq(actor.id),
            invoices::settled_at.eq(settled_at),
            invoices::updated_at.eq(now),
            invoices::version.eq(draft.version + 1),
        ))
        .execute(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict(format!("The number {} is taken already.", place.number)),
            None => error.into(),
        })?;
    let issued = model::find(conn, actor, draft.id)?;
    let html = Document::load(conn, &issued, seller, buyer)?.html()?;
    diesel::insert_into(invoice_documents::table)
        .values((
            invoice_documents::invoice_id.eq(issued.id),
            invoice_documents::sha256.eq(sha256_hex(&html)),
            invoice_documents::html.eq(&html),
        ))
        .execute(conn)?;
    let mut entry = Entry::new(Action::Issued, Subject::Invoice, issued.id.0, &place.number)
        .client(client.id)
        .invoice(issued.id)
        .change("total", "", Money::new(issued.total_cents, issued.currency));
    if let Some(project) = issued.project_id {
        entry = entry.project(project);
    }
    audit::record(conn, Some(actor.id), now, &entry)?;
    Ok(issued)
}

/// The document as it was issued; `None` for a draft.
pub fn document(conn: &mut Conn, id: InvoiceId) -> AppResult<Option<String>> {
    Ok(invoice_documents::table.find(id).select(invoice_documents::html).first(conn).optional()?)
}
