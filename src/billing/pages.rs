//! The pages of invoices: list, client tab, one invoice with its payments, the equation, the printed document.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::credits::model as credits;
use super::credits::reissue;
use super::editor;
use super::equation::{self, Equation};
use super::figures::{self, Figures};
use super::filter::{InvoiceFilter, InvoiceQuery, StatusFilter};
use super::model::{self, Invoice, InvoiceLine, InvoiceRow};
use super::payments::form::PaymentForm;
use super::payments::model::{self as payments, PaymentMethod, PaymentRow};
use super::print;
use super::reminders::model::{self as reminders, Reminder};
use super::tax::{InvoiceTax, taxes_of};
use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Scope, Subject, TimelineEntry, timeline};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::clients::model::{self as clients, Client, ClientHead};
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::keys::random_token;
use crate::mail::model::{self as mail, MailRow};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId};
use crate::types::money::Money;
use crate::web::csv::{self, Cell};
use crate::web::page::{Section, Shell, View, today};
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
    /// What exchange rates gained or lost on what was paid in that month.
    exchanged: Option<Money>,
}

impl InvoiceShow {
    /// What is offered to be applied to an invoice: all that is left, or all that is asked for.
    fn offer(&self, invoice: &Invoice) -> String {
        Money::new(self.invoice.balance().min(invoice.balance()), invoice.currency).plain()
    }

    fn left(&self) -> String {
        Money::new(self.invoice.balance(), self.invoice.currency).plain()
    }
}

impl InvoicesIndex {
    /// The invoices with a payment in the month of the figures.
    fn paid_in(&self) -> String {
        format!("/billing?paid_in={}", self.figures.month.format("%Y-%m"))
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
    /// Its credit notes.
    credits: Vec<Invoice>,
    /// Whether they took everything back.
    is_taken_back: bool,
    /// The draft or invoice with the same lines that follows it.
    reissued: Option<Invoice>,
    /// What a credit note settled.
    applications: Vec<(InvoiceId, String, i64)>,
    /// What a credit note corrects.
    corrects: Option<Invoice>,
    /// What a credit note could settle.
    open: Vec<Invoice>,
    /// Letters about it.
    reminders: Vec<Reminder>,
    /// Mails with it.
    mails: Vec<MailRow>,
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
    /// Markup that [`print::Document`] rendered, at issue or just now.
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
            let exchanged = figures::exchanged(conn, &actor, figures.month, shell.currency)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, filter.client)?;
            Ok(InvoicesIndex { shell, query, clients, rows, next, figures, exchanged })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Columns of the file; people address them by position, so they stay as they are.
const COLUMNS: [&str; 15] = [
    "Number",
    "Kind",
    "Client",
    "Project",
    "Issued",
    "Due",
    "Status",
    "Currency",
    "Net",
    "Tax",
    "Total",
    "Paid",
    "Credited",
    "Written off",
    "Balance",
];

/// The whole list, as it is filtered, as a file for spreadsheets.
pub async fn csv(user: Biller, app: web::Data<App>, query: Query<InvoiceQuery>) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let (today, rows) = app
        .db
        .write(move |conn| {
            let note = Entry::new(Action::Exported, Subject::List, 0, "invoices");
            audit::record(conn, Some(actor.id), now, &note)?;
            let today = today(conn, now)?;
            Ok((today, model::list_all(conn, &actor, &filter, today)?))
        })
        .await?;
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(|row| cells(row, today)).collect();
    Ok(csv::download(&format!("invoices-{today}"), csv::text(&COLUMNS, &rows)))
}

fn cells(row: InvoiceRow, today: NaiveDate) -> Vec<Cell> {
    let InvoiceRow { invoice, client, project, .. } = row;
    let day = |on: Option<NaiveDate>| Cell::Plain(on.map(|on| on.to_string()).unwrap_or_default());
    let amount = |cents: i64| Cell::Plain(Money::new(cents, invoice.currency).plain());
    let (status, balance) = (invoice.status(today), invoice.balance());
    vec![
        Cell::Text(invoice.number.clone().unwrap_or_default()),
        Cell::Plain(invoice.kind.to_string()),
        Cell::Text(client),
        Cell::Text(project.unwrap_or_default()),
        day(invoice.issue_on),
        day(invoice.due_on),
        Cell::Plain(status.to_string()),
        Cell::Plain(invoice.currency.to_string()),
        amount(invoice.net_cents),
        amount(invoice.tax_cents),
        amount(invoice.total_cents),
        amount(invoice.paid_cents),
        amount(invoice.credited_cents),
        amount(invoice.written_off_cents),
        amount(balance),
    ]
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
            let page = show_page(conn, &actor, now, &look, invoice, None, FormErrors::default())?;
            page.render().map_err(AppError::internal)
        })
        .await?;
    view.html(|| Ok(html.clone()), || Ok(html.clone()))
}

/// The page of an issued invoice; `typed` is a payment that did not hold.
fn show_page(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    view: &View,
    invoice: Invoice,
    typed: Option<PaymentForm>,
    errors: FormErrors,
) -> AppResult<InvoiceShow> {
    let shell = Shell::load(conn, actor, now, view, Section::Billing)?;
    let form = typed.unwrap_or_else(|| PaymentForm {
        received_on: shell.today.to_string(),
        amount: Money::new(invoice.balance(), invoice.currency).plain().into(),
        method: PaymentMethod::BankTransfer.to_string(),
        idempotency_key: random_token(),
        ..PaymentForm::default()
    });
    let open = if invoice.is_credit_note() && invoice.balance() > 0 {
        credits::open_invoices_of(conn, invoice.client_id, invoice.currency)?
    } else {
        Vec::new()
    };
    let corrects = match invoice.corrects_id {
        Some(id) => Some(model::find(conn, actor, id)?),
        None => None,
    };
    let notes = credits::of_invoice(conn, invoice.id)?;
    Ok(InvoiceShow {
        client: clients::find(conn, actor, invoice.client_id)?,
        project: model::project_name(conn, invoice.project_id)?,
        lines: model::lines_of(conn, invoice.id)?,
        taxes: taxes_of(conn, invoice.id)?,
        payments: payments::of_invoice(conn, invoice.id)?,
        is_taken_back: !notes.is_empty() && credits::is_taken_back(conn, invoice.id)?,
        reissued: if notes.is_empty() { None } else { reissue::of_invoice(conn, invoice.id)? },
        credits: notes,
        applications: credits::applications(conn, invoice.id)?,
        corrects,
        open,
        reminders: reminders::of_invoice(conn, invoice.id)?,
        mails: mail::of_invoice(conn, invoice.id)?,
        entries: timeline(conn, Scope::Invoice(invoice.id), actor.sight(), None, ACTIVITY)?,
        shell,
        invoice,
        form,
        errors,
    })
}

/// The page of an issued invoice with a form on it that did not hold.
pub(in crate::billing) async fn show_refused(
    app: &App,
    actor: Actor,
    view: &View,
    id: InvoiceId,
    errors: FormErrors,
) -> AppResult<HttpResponse> {
    refused(app, actor, view, id, None, errors).await
}

/// The page of an issued invoice with a payment that did not hold.
pub(in crate::billing) async fn show_refused_payment(
    app: &App,
    actor: Actor,
    view: &View,
    id: InvoiceId,
    form: PaymentForm,
    errors: FormErrors,
) -> AppResult<HttpResponse> {
    refused(app, actor, view, id, Some(form), errors).await
}

async fn refused(
    app: &App,
    actor: Actor,
    view: &View,
    id: InvoiceId,
    form: Option<PaymentForm>,
    errors: FormErrors,
) -> AppResult<HttpResponse> {
    let (look, now) = (view.clone(), app.clock.now());
    let page = app
        .db
        .read(move |conn| {
            let invoice = model::find(conn, &actor, id)?;
            show_page(conn, &actor, now, &look, invoice, form, errors)
        })
        .await?;
    view.invalid(|| page.render(), || page.render())
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
            let document = print::html_of(conn, &actor, &invoice, &agency)?;
            Ok(PrintPage { invoice, seller: agency.name, document })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}
