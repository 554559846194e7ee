//! The JSON API of billing. Amounts are minor units, taxes thousandths of a percent, quantities ten-thousandths.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::equation::{self, Terms};
use super::filter::InvoiceQuery;
use super::form::{DraftForm, InvoiceForm, VersionForm};
use super::intake::{create_draft, save_draft};
use super::issue;
use super::model::{self, Grouping, Invoice, InvoiceStatus, Kind, Unit};
use super::tax::{TaxCategory, taxes_of};
use super::{deposits, draft, draft_hours};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, InvoiceLineId, ProjectId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::form::{Check, edited_version};
use crate::web::json::{Json, Meta, Typed};
use crate::web::query::{AfterQuery, Query};

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_invoices,
    find_invoice,
    create_invoice,
    update_invoice,
    delete_invoice,
    issue_invoice,
    deduct_deposit,
    list_equations,
    run_billing_util
))]
pub struct ApiDoc;

/// An invoice as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Invoice")]
pub struct InvoiceJson {
    pub id: InvoiceId,
    /// Null for a draft.
    pub number: Option<String>,
    pub status: InvoiceStatus,
    pub client_id: ClientId,
    pub project_id: Option<ProjectId>,
    pub currency: Currency,
    pub issue_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub delivery_from: Option<NaiveDate>,
    pub delivery_to: Option<NaiveDate>,
    pub grouping: Grouping,
    pub note: String,
    pub terms: String,
    pub kind: Kind,
    /// The invoice that a credit note corrects, and why.
    pub corrects_id: Option<InvoiceId>,
    pub reason: String,
    pub is_deposit: bool,
    pub with_time_detail: bool,
    pub prices_include_tax: bool,
    /// Where it was agreed as a percentage.
    pub discount_millis: Option<i64>,
    pub discount_cents: i64,
    pub net_cents: i64,
    pub tax_cents: i64,
    /// What rounding to the smallest coin adds.
    pub rounding_cents: i64,
    pub total_cents: i64,
    /// One unit of its currency in millionths of the agency's.
    pub exchange_rate_e6: Option<i64>,
    /// Amounts in the agency's currency at that rate; null until it is issued.
    pub base_currency: Option<Currency>,
    pub base_net_cents: Option<i64>,
    pub base_tax_cents: Option<i64>,
    pub base_total_cents: Option<i64>,
    pub paid_cents: i64,
    pub credited_cents: i64,
    pub written_off_cents: i64,
    pub balance_cents: i64,
    /// Absent in lists, as are the taxes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Vec<TaxJson>>,
    pub issued_at: Option<UtcTime>,
    pub settled_at: Option<UtcTime>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub version: i64,
}

/// A line as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of InvoiceLine")]
pub struct LineJson {
    pub id: InvoiceLineId,
    pub title: String,
    pub details: String,
    pub quantity_e4: i64,
    pub unit: Unit,
    pub unit_price_cents: i64,
    pub discount_millis: Option<i64>,
    pub discount_cents: i64,
    pub tax_rate_millis: i64,
    /// A second tax on the same price; 0 where there is none.
    pub second_tax_rate_millis: i64,
    pub tax_category: TaxCategory,
    /// Quantity times price less the discount: with tax where the invoice's prices include it.
    pub amount_cents: i64,
    /// Seconds of the hours it claims; null for a free line.
    pub logged_seconds: Option<i64>,
    /// Those seconds as rounding bills them; null is as they were worked.
    pub rounded_seconds: Option<i64>,
    /// The sum of those hours' own values.
    pub logged_cents: Option<i64>,
    /// What the cost that it claims is billed at; null for a line that claims none.
    pub claimed_cents: Option<i64>,
    /// The deposit that it takes off.
    pub deducts_id: Option<InvoiceId>,
    /// Why it bills less or more than that.
    pub adjustment_reason: String,
}

/// The tax of one category and rate as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of InvoiceTax")]
pub struct TaxJson {
    /// Whether it is the second tax on prices that have a first one.
    pub is_second: bool,
    pub category: TaxCategory,
    pub rate_millis: i64,
    pub base_cents: i64,
    pub tax_cents: i64,
    /// Why no tax is charged.
    pub exemption_reason: String,
}

/// A page of invoices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceList {
    /// The rows.
    pub billing: Vec<InvoiceJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// What `/api/billing/utils` is asked to do.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UtilForm {
    /// recalculate (add the lines up anew) or reset (set the lines of hours back to their entries).
    #[schema(required = true)]
    pub action: String,
    /// The draft.
    #[schema(required = true)]
    pub id: Typed,
}

pub(in crate::billing) fn brief(invoice: Invoice, today: NaiveDate) -> InvoiceJson {
    InvoiceJson {
        status: invoice.status(today),
        balance_cents: invoice.balance(),
        id: invoice.id,
        number: invoice.number,
        client_id: invoice.client_id,
        project_id: invoice.project_id,
        currency: invoice.currency,
        issue_on: invoice.issue_on,
        due_on: invoice.due_on,
        delivery_from: invoice.delivery_from,
        delivery_to: invoice.delivery_to,
        grouping: invoice.grouping,
        note: invoice.note,
        terms: invoice.terms,
        kind: invoice.kind,
        corrects_id: invoice.corrects_id,
        reason: invoice.reason,
        is_deposit: invoice.is_deposit,
        with_time_detail: invoice.with_time_detail,
        prices_include_tax: invoice.prices_include_tax,
        discount_millis: invoice.discount_millis,
        discount_cents: invoice.discount_cents,
        net_cents: invoice.net_cents,
        tax_cents: invoice.tax_cents,
        rounding_cents: invoice.rounding_cents,
        total_cents: invoice.total_cents,
        exchange_rate_e6: invoice.exchange_rate_e6,
        base_currency: invoice.base_currency,
        base_net_cents: invoice.base_net_cents,
        base_tax_cents: invoice.base_tax_cents,
        base_total_cents: invoice.base_total_cents,
        paid_cents: invoice.paid_cents,
        credited_cents: invoice.credited_cents,
        written_off_cents: invoice.written_off_cents,
        lines: None,
        taxes: None,
        issued_at: invoice.issued_at,
        settled_at: invoice.settled_at,
        created_at: invoice.created_at,
        updated_at: invoice.updated_at,
        version: invoice.version,
    }
}

pub(in crate::billing) fn whole(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: InvoiceId,
) -> AppResult<InvoiceJson> {
    let today = crate::web::page::today(conn, now)?;
    let invoice = model::find(conn, actor, id)?;
    let lines = model::lines_of(conn, id)?
        .into_iter()
        .map(|line| LineJson {
            id: line.id,
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
            logged_seconds: line.logged_seconds,
            rounded_seconds: line.rounded_seconds,
            logged_cents: line.logged_cents,
            claimed_cents: line.claimed_cents,
            deducts_id: line.deducts_id,
            adjustment_reason: line.adjustment_reason,
        })
        .collect();
    let taxes = taxes_of(conn, id)?
        .into_iter()
        .map(|tax| TaxJson {
            is_second: tax.is_second,
            category: tax.tax_category,
            rate_millis: tax.tax_rate_millis,
            base_cents: tax.base_cents,
            tax_cents: tax.tax_cents,
            exemption_reason: tax.exemption_reason,
        })
        .collect();
    Ok(InvoiceJson { lines: Some(lines), taxes: Some(taxes), ..brief(invoice, today) })
}

/// Invoices, newest first; open ones by due date. 25 a page.
#[utoipa::path(get, path = "/api/billing", tag = "billing", params(InvoiceQuery), responses((status = 200, body = InvoiceList)))]
pub async fn list_invoices(
    user: Biller,
    app: web::Data<App>,
    query: Query<InvoiceQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let list = app
        .db
        .read(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            let (rows, next) = model::list(conn, &actor, &filter, today)?;
            let billing: Vec<InvoiceJson> = rows.into_iter().map(|row| brief(row.invoice, today)).collect();
            let meta = Meta { count: billing.len(), next: next.map(|id| id.to_string()), total: None };
            Ok(InvoiceList { billing, meta })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// One invoice with its lines and taxes.
#[utoipa::path(get, path = "/api/billing/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = InvoiceJson)))]
pub async fn find_invoice(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app.db.read(move |conn| whole(conn, &actor, now, id)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Makes a draft from unbilled hours, from lines, or from both.
#[utoipa::path(post, path = "/api/billing", tag = "billing", request_body = DraftForm, responses((status = 201, body = InvoiceJson)))]
pub async fn create_invoice(
    user: Biller,
    app: web::Data<App>,
    body: Json<DraftForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let created = app
        .db
        .write(move |conn| {
            let id = create_draft(conn, &actor, now, &form)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    let location = format!("/api/billing/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Replaces a draft's fields and lines. A line with its `id` keeps its hours. `version` must be the one that was
/// read; else 409.
#[utoipa::path(put, path = "/api/billing/{id}", tag = "billing", params(("id" = i64, Path)), request_body = InvoiceForm, responses((status = 200, body = InvoiceJson)))]
pub async fn update_invoice(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<InvoiceForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            let saved = save_draft(conn, &actor, now, id, &form)?;
            saved.done("this draft", |invoice| invoice.version)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Throws a draft away; its hours are free again.
#[utoipa::path(delete, path = "/api/billing/{id}", tag = "billing", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_invoice(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| draft::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives a draft its number and freezes it. Everything that is missing is named by field.
#[utoipa::path(post, path = "/api/billing/{id}/issue", tag = "billing", params(("id" = i64, Path)), request_body = VersionForm, responses((status = 200, body = InvoiceJson)))]
pub async fn issue_invoice(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<VersionForm>,
) -> AppResult<HttpResponse> {
    // What cannot be taken back names what it was decided on.
    let version = Some(edited_version(&body.0.version)?);
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let issued = app
        .db
        .write(move |conn| {
            issue::issue(conn, &actor, now, id, version)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(issued))
}

/// Where billable hours and costs in one currency are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TermsJson {
    /// Each term.
    #[serde(flatten)]
    pub terms: Terms,
    /// What the terms miss of the billable seconds; 0 when the equation holds.
    pub difference_seconds: i64,
    /// The same in minor units.
    pub difference_cents: i64,
    /// What the terms miss of the billable costs, in minor units.
    pub costs_difference_cents: i64,
}

impl From<Terms> for TermsJson {
    fn from(terms: Terms) -> Self {
        Self {
            difference_seconds: terms.difference_seconds(),
            difference_cents: terms.difference_cents(),
            costs_difference_cents: terms.costs_difference_cents(),
            terms,
        }
    }
}

/// Where one client's billable hours and costs are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EquationJson {
    /// Which client.
    pub client_id: ClientId,
    /// Its name.
    pub client: String,
    /// The terms and what they miss.
    #[serde(flatten)]
    pub terms: TermsJson,
}

/// A page of equations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EquationList {
    /// The rows.
    pub equations: Vec<EquationJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// Billable = unbilled + drafted + billed + written down + written off + rounding, client by client in the order of names.
#[utoipa::path(get, path = "/api/billing/equation", tag = "billing", params(AfterQuery), responses((status = 200, body = EquationList), (status = 404)))]
pub async fn list_equations(
    user: Biller,
    app: web::Data<App>,
    query: Query<AfterQuery>,
) -> AppResult<HttpResponse> {
    let after: Option<ClientId> = query.0.check()?;
    let actor = user.actor;
    let (rows, next) = app.db.read(move |conn| equation::page(conn, &actor, after)).await?;
    let equations: Vec<EquationJson> = rows
        .into_iter()
        .map(|row| EquationJson { client_id: row.client_id, client: row.client, terms: row.terms.into() })
        .collect();
    let meta = Meta { count: equations.len(), next: next.map(|id| id.to_string()), total: None };
    Ok(HttpResponse::Ok().json(EquationList { equations, meta }))
}

/// Which deposit a draft takes off.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeductionForm {
    /// The issued deposit.
    #[schema(required = true)]
    pub deposit_id: Typed,
}

/// Takes an issued deposit off a draft.
#[utoipa::path(post, path = "/api/billing/{id}/deductions", tag = "billing", params(("id" = i64, Path)), request_body = DeductionForm, responses((status = 200, body = InvoiceJson)))]
pub async fn deduct_deposit(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<DeductionForm>,
) -> AppResult<HttpResponse> {
    let mut check = Check::new();
    let deposit = check.required_id("deposit_id", &body.0.deposit_id);
    let deposit: InvoiceId = check.finish(deposit)?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let draft = app
        .db
        .write(move |conn| {
            deposits::deduct(conn, &actor, now, id, None, deposit)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(draft))
}

/// Recalculates a draft, or resets it to its entries.
#[utoipa::path(post, path = "/api/billing/utils", tag = "billing", request_body = UtilForm, responses((status = 200, body = InvoiceJson), (status = 404)))]
pub async fn run_billing_util(
    user: Biller,
    app: web::Data<App>,
    body: Json<UtilForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let mut check = Check::new();
    let id: Option<InvoiceId> = check.required_id("id", &form.id);
    let resets = form.action == "reset";
    if !resets && form.action != "recalculate" {
        check.error("action", "must be recalculate or reset");
    }
    let id = check.finish(id)?;
    let done = app
        .db
        .write(move |conn| {
            if resets {
                draft_hours::reset(conn, &actor, now, id, None)?;
            } else {
                draft::recalculate(conn, &actor, id)?;
            }
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(done))
}
