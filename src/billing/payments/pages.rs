//! The pages of payments.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{PaymentForm, RefundForm, SharedPaymentForm, SharedPaymentPageForm};
use super::list::{self, PaymentQuery, Share};
use super::model::{self, Payment, PaymentMethod, ReversalKind};
use super::{refunds, reversals};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::credits::form::ApplicationForm;
use crate::billing::credits::model::open_invoices_of;
use crate::billing::intake;
use crate::billing::model::Invoice;
use crate::billing::pages::{show_refused, show_refused_payment};
use crate::clients::model::{self as clients, Client};
use crate::error::{AppError, AppResult, FormErrors};
use crate::keys::random_token;
use crate::types::ids::{ClientId, InvoiceId, PaymentId};
use crate::types::money::{Currency, Money};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/payments/index.html")]
struct PaymentsIndex {
    shell: Shell,
    query: PaymentQuery,
    clients: Arc<Vec<(ClientId, String)>>,
    rows: Vec<(Payment, String)>,
    next: Option<PaymentId>,
}

#[derive(Template)]
#[template(path = "billing/payments/new.html")]
struct NewPaymentPage {
    shell: Shell,
    clients: Vec<(ClientId, String)>,
    client: Option<Client>,
    currency: Currency,
    form: SharedPaymentForm,
    rows: Vec<ShareRow>,
    errors: FormErrors,
}

/// An open invoice and what of the payment goes to it.
struct ShareRow {
    invoice: Invoice,
    amount: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "billing/payments/show.html")]
struct PaymentShow {
    shell: Shell,
    payment: Payment,
    client: Client,
    shares: Vec<Share>,
    /// What the exchange rate gained or lost on them.
    difference: Option<Money>,
    taken_back: Vec<Payment>,
    left: i64,
    open: Vec<Invoice>,
    key: String,
    errors: FormErrors,
}

impl PaymentShow {
    /// What is offered to be applied to an invoice: all that is left, or all that is asked for.
    fn offer(&self, invoice: &Invoice) -> String {
        Money::new(self.left.min(invoice.balance()), self.payment.currency).plain()
    }

    fn left_plain(&self) -> String {
        Money::new(self.left, self.payment.currency).plain()
    }
}

/// The list.
pub async fn index(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<PaymentQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let (client, after) = query.check()?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let (rows, next) = list::page(conn, &actor, client, after)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, client)?;
            Ok(PaymentsIndex { shell, query, clients, rows, next })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// The form of a payment that settles several invoices, oldest first.
pub async fn new(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<SharedPaymentPageForm>,
) -> AppResult<HttpResponse> {
    let form = query.0.into_form()?;
    let page = new_page(&app, user.actor, &view, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

async fn new_page(
    app: &App,
    actor: Actor,
    view: &View,
    mut form: SharedPaymentForm,
    errors: FormErrors,
) -> AppResult<NewPaymentPage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let clients = clients::choices(conn, &actor)?;
            let client = match form.client() {
                Ok(id) => Some(clients::find(conn, &actor, id)?),
                Err(_) => None,
            };
            let usual = client.as_ref().map_or(shell.currency, |client| client.currency);
            let currency = form.currency(usual).unwrap_or(usual);
            let open = match &client {
                Some(client) => open_invoices_of(conn, client.id, currency)?,
                None => Vec::new(),
            };
            if form.received_on.is_empty() {
                form.received_on = shell.today.to_string();
            }
            if form.idempotency_key.is_empty() {
                form.idempotency_key = random_token();
            }
            let rows = open
                .into_iter()
                .map(|invoice| {
                    let id = invoice.id.to_string();
                    let at = form.shares.iter().position(|share| share.invoice_id.trim() == id);
                    let typed = at.and_then(|at| form.shares.get(at)).map(|share| share.amount.0.clone());
                    let error = at
                        .and_then(|at| errors.get(&format!("shares[{at}].amount")))
                        .or_else(|| errors.get(&format!("invoice_{id}")))
                        .map(str::to_owned);
                    ShareRow { invoice, amount: typed.unwrap_or_default(), error }
                })
                .collect();
            Ok(NewPaymentPage { shell, clients, client, currency, form, rows, errors })
        })
        .await
}

/// Records a payment and shares it out.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<SharedPaymentPageForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0.into_form()?);
    let recorded = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db.write(move |conn| intake::record_shared_payment(conn, &actor, now, &form)).await
    };
    match recorded {
        Ok(id) => view.redirect(&format!("/billing/payments/{id}"), "Payment recorded."),
        Err(AppError::Invalid(errors)) => {
            let page = new_page(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// One payment: what it settled, what is left of it.
pub async fn show(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<PaymentId>,
) -> AppResult<HttpResponse> {
    let page = show_page(&app, user.actor, &view, id.into_inner(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

async fn show_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: PaymentId,
    errors: FormErrors,
) -> AppResult<PaymentShow> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let payment = model::find(conn, &actor, id)?;
            let left = model::unallocated(conn, &payment)?;
            let open = if left > 0 {
                open_invoices_of(conn, payment.client_id, payment.currency)?
            } else {
                Vec::new()
            };
            let shares = list::shares(conn, &payment)?;
            Ok(PaymentShow {
                client: clients::find(conn, &actor, payment.client_id)?,
                difference: list::difference_of(&payment, &shares),
                shares,
                taken_back: list::taken_back(conn, id)?,
                shell,
                payment,
                left,
                open,
                key: random_token(),
                errors,
            })
        })
        .await
}

/// Settles an invoice with what is left of a payment.
pub async fn apply(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<PaymentId>,
    form: Form<ApplicationForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let applied = {
        let actor = actor.clone();
        app.db.write(move |conn| intake::apply_payment(conn, &actor, now, id, &form)).await
    };
    match applied {
        Ok(()) => view.redirect(&format!("/billing/payments/{id}"), "Applied."),
        Err(AppError::Invalid(errors)) => {
            let page = show_page(&app, actor, &view, id, errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Gives back what is left of a payment.
pub async fn refund(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<PaymentId>,
    form: Form<RefundForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let refunded = {
        let actor = actor.clone();
        app.db
            .write(move |conn| {
                let today = crate::web::page::today(conn, now)?;
                let payment = model::find(conn, &actor, id)?;
                refunds::of_payment(conn, &actor, now, today, id, &form.check(payment.currency)?)
            })
            .await
    };
    match refunded {
        Ok(_) => view.redirect(&format!("/billing/payments/{id}"), "Refund recorded."),
        Err(AppError::Invalid(errors)) => {
            let page = show_page(&app, actor, &view, id, errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Records a payment on one invoice.
pub async fn create_on_invoice(
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
        Err(AppError::Invalid(errors)) => show_refused_payment(&app, actor, &view, id, form, errors).await,
        Err(error) => Err(error),
    }
}

/// Takes a payment back.
pub async fn reverse(
    user: Biller,
    app: web::Data<App>,
    view: View,
    path: web::Path<(InvoiceId, PaymentId)>,
) -> AppResult<HttpResponse> {
    let place = path.into_inner();
    take_back(&app, user.actor, place, ReversalKind::Correction).await?;
    view.redirect(&format!("/billing/{}", place.0), "Payment reversed. Both rows stay in the ledger.")
}

/// Records that the client had its bank take a payment back.
pub async fn charge_back(
    user: Biller,
    app: web::Data<App>,
    view: View,
    path: web::Path<(InvoiceId, PaymentId)>,
) -> AppResult<HttpResponse> {
    let place = path.into_inner();
    take_back(&app, user.actor, place, ReversalKind::Chargeback).await?;
    view.redirect(&format!("/billing/{}", place.0), "Chargeback recorded. Both rows stay in the ledger.")
}

async fn take_back(
    app: &App,
    actor: Actor,
    place: (InvoiceId, PaymentId),
    kind: ReversalKind,
) -> AppResult<PaymentId> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            reversals::reverse(conn, &actor, now, today, place, kind)
        })
        .await
}

/// Pays out what is left of a credit note.
pub async fn refund_credit_note(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<RefundForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let refunded = {
        let actor = actor.clone();
        app.db.write(move |conn| intake::refund_credit_note(conn, &actor, now, id, &form)).await
    };
    match refunded {
        Ok(_) => view.redirect(&format!("/billing/{id}"), "Refund recorded."),
        Err(AppError::Invalid(errors)) => show_refused(&app, actor, &view, id, errors).await,
        Err(error) => Err(error),
    }
}
