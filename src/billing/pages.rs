//! The pages of invoices: list, client tab, one invoice with its payments, the equation, the printed document.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::editor;
use super::equation::{self, Equation};
use super::figures::{self, Figures};
use super::filter::{InvoiceFilter, InvoiceQuery, StatusFilter};
use super::intake;
use super::issue as issuing;
use super::model::{self, Invoice, InvoiceLine, InvoiceRow};
use super::parties::{Buyer, Seller, billing_contact};
use super::payment_form::PaymentForm;
use super::payments::{self, PaymentMethod, PaymentRow};
use super::print::Document;
use super::tax::{InvoiceTax, taxes_of};
use crate::agency::model as agency;
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::clients::model::{self as clients, Client, ClientHead};
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::keys::random_token;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, PaymentId};
use crate::types::money::Money;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::{AfterQuery, Query};
use crate::web::{App, filters};

/// Entries of the activity log under an invoice.
const ACTIVITY: i64 = 50;

#[derive(Template)]
#[template(path = "billing/index.html", blocks = ["list"])]
struct InvoicesIndex {
    shell: Shell,
    query: InvoiceQuery,
    clients: Arc<Vec<(ClientId, String)>>,
    rows: Vec<InvoiceRow>,
    next: Option<InvoiceId>,
    figures: Figures,
}

impl InvoicesIndex {
    fn month(&self) -> String {
        self.figures.month.format("%Y-%m").to_string()
    }
}

#[derive(Template)]
#[template(path = "billing/client.html")]
struct ClientInvoices {
    shell: Shell,
    head: ClientHead,
    rows: Vec<InvoiceRow>,
    next: Option<InvoiceId>,
    equation: Equation,
}

impl ClientInvoices {
    fn tab(&self) -> &'static str {
        "invoices"
    }
}

#[derive(Template)]
#[template(path = "billing/show.html")]
struct InvoiceShow {
    shell: Shell,
    invoice: Invoice,
    client: Client,
    project: Option<String>,
    lines: Vec<InvoiceLine>,
    taxes: Vec<InvoiceTax>,
    payments: Vec<PaymentRow>,
    entries: Vec<TimelineEntry>,
    form: PaymentForm,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "billing/equation.html")]
struct EquationPage {
    shell: Shell,
    equations: Vec<Equation>,
    /// The client after whom the next page begins.
    next: Option<ClientId>,
    is_whole: bool,
}

impl EquationPage {
    fn holds(&self) -> bool {
        self.equations.iter().all(Equation::holds)
    }
}

#[derive(Template)]
#[template(path = "billing/print.html")]
struct PrintPage {
    invoice: Invoice,
    seller: String,
    /// Markup that [`Document`] rendered, at issue or just now.
    document: String,
}

/// The list, or its table for htmx.
pub async fn index(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<InvoiceQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let (rows, next) = model::list(conn, &actor, &filter, shell.today)?;
            let figures = figures::of_all(conn, &actor, shell.today, shell.currency)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, filter.client)?;
            Ok(InvoicesIndex { shell, query, clients, rows, next, figures })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// One client's invoices and where its billable hours are.
pub async fn of_client(
    user: Biller,
    app: web::Data<App>,
    view: View,
    client: web::Path<ClientId>,
    query: Query<AfterQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), client.into_inner());
    let after: Option<InvoiceId> = query.0.check()?;
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Clients)?;
            let head = clients::head(conn, &actor, id, shell.today)?;
            let filter = InvoiceFilter::of_client(id, after);
            let (rows, next) = model::list(conn, &actor, &filter, shell.today)?;
            let equation = equation::of_client(conn, &actor, id)?;
            Ok(ClientInvoices { shell, head, rows, next, equation })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// One invoice: the editor of a draft, or the issued invoice with its payments.
pub async fn show(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let html = app
        .db
        .read(move |conn| {
            let invoice = model::find(conn, &actor, id)?;
            if invoice.is_draft() {
                let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
                return editor::page(conn, shell, invoice)?.render().map_err(AppError::internal);
            }
            let page = show_page(conn, &actor, now, &look, invoice, None)?;
            page.render().map_err(AppError::internal)
        })
        .await?;
    view.html(|| Ok(html.clone()), || Ok(html.clone()))
}

/// The page of an issued invoice; `refused` is a payment that did not hold.
fn show_page(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    view: &View,
    invoice: Invoice,
    refused: Option<(PaymentForm, FormErrors)>,
) -> AppResult<InvoiceShow> {
    let shell = Shell::load(conn, actor, now, view, Section::Billing)?;
    let (form, errors) = refused.unwrap_or_else(|| {
        let form = PaymentForm {
            received_on: shell.today.to_string(),
            amount: Money::new(invoice.balance(), invoice.currency).plain().into(),
            method: PaymentMethod::BankTransfer.to_string(),
            reference: String::new(),
            idempotency_key: random_token(),
        };
        (form, FormErrors::default())
    });
    Ok(InvoiceShow {
        client: clients::find(conn, actor, invoice.client_id)?,
        project: model::project_name(conn, invoice.project_id)?,
        lines: model::lines_of(conn, invoice.id)?,
        taxes: taxes_of(conn, invoice.id)?,
        payments: payments::of_invoice(conn, invoice.id)?,
        entries: timeline(conn, Scope::Invoice(invoice.id), true, None, ACTIVITY)?,
        shell,
        invoice,
        form,
        errors,
    })
}

/// Records a payment.
pub async fn create_payment(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<PaymentForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let recorded = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db.write(move |conn| intake::record_payment(conn, &actor, now, id, &form)).await
    };
    match recorded {
        Ok(_) => view.redirect(&format!("/billing/{id}"), "Payment recorded."),
        Err(AppError::Invalid(errors)) => {
            let look = view.clone();
            let page = app
                .db
                .read(move |conn| {
                    let invoice = model::find(conn, &actor, id)?;
                    show_page(conn, &actor, now, &look, invoice, Some((form, errors)))
                })
                .await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Takes a payment back.
pub async fn reverse_payment(
    user: Biller,
    app: web::Data<App>,
    view: View,
    path: web::Path<(InvoiceId, PaymentId)>,
) -> AppResult<HttpResponse> {
    let (actor, now, (id, payment)) = (user.actor, app.clock.now(), path.into_inner());
    app.db
        .write(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            payments::reverse(conn, &actor, now, today, id, payment)
        })
        .await?;
    view.redirect(&format!("/billing/{id}"), "Payment reversed. Both rows stay in the ledger.")
}

/// Where every billable hour is, client by client.
pub async fn equation(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<AfterQuery>,
) -> AppResult<HttpResponse> {
    let after: Option<ClientId> = query.0.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let (equations, next) = equation::page(conn, &actor, after)?;
            Ok(EquationPage { shell, equations, next, is_whole: after.is_none() && next.is_none() })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// The document on a page of its own: as it was issued, or as the draft would be.
pub async fn print(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, id) = (user.actor, id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let invoice = model::find(conn, &actor, id)?;
            let agency = agency::load(conn)?;
            let document = match issuing::document(conn, id)? {
                Some(document) => document,
                None => {
                    let client = clients::find(conn, &actor, invoice.client_id)?;
                    let buyer = Buyer::of(&client, billing_contact(conn, client.id)?);
                    Document::load(conn, &invoice, Seller::of(&agency), buyer)?.html()?
                }
            };
            Ok(PrintPage { invoice, seller: agency.name, document })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}
