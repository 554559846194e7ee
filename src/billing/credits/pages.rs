//! The pages of credit notes.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{ApplicationForm, CreditPageForm};
use super::model::{self, Creditable};
use super::reissue as reissuing;
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::costs;
use crate::billing::model::{self as invoices, Invoice};
use crate::billing::pages::show_refused;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::InvoiceId;
use crate::types::money::plain_decimal;
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/credits/new.html")]
struct CreditPage {
    shell: Shell,
    invoice: Invoice,
    rows: Vec<CreditRow>,
    /// Whether lines bill costs that can be billed again.
    has_costs: bool,
    reason: String,
    release_hours: String,
    reissue: String,
    errors: FormErrors,
}

/// A line that can be taken back.
struct CreditRow {
    of: Creditable,
    quantity: String,
    error: Option<String>,
}

impl CreditRow {
    fn left(&self) -> String {
        format!("{}{}", plain_decimal(self.of.left_e4, 4), self.of.line.unit.suffix())
    }
}

impl CreditPage {
    fn gives_back(&self) -> bool {
        self.rows.iter().any(|row| row.of.line.logged_seconds.is_some()) || self.has_costs
    }
}

/// The form of a credit note, with everything that is left.
pub async fn new(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let page = credit_page(&app, user.actor, &view, id.into_inner(), None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.render())
}

async fn credit_page(
    app: &App,
    actor: Actor,
    view: &View,
    id: InvoiceId,
    typed: Option<CreditPageForm>,
    errors: FormErrors,
) -> AppResult<CreditPage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let invoice = invoices::find(conn, &actor, id)?;
            if invoice.is_draft() || invoice.is_credit_note() {
                return Err(AppError::Conflict("Only an issued invoice can be credited.".into()));
            }
            let rows = model::creditable(conn, id)?
                .into_iter()
                .filter(|of| of.left_e4 > 0)
                .map(|of| {
                    let place = typed.as_ref().and_then(|form| {
                        form.line_id.iter().position(|typed| *typed == of.line.id.to_string())
                    });
                    let quantity = match (&typed, place) {
                        (Some(form), Some(at)) => form.line_quantity.get(at).cloned().unwrap_or_default(),
                        (Some(_), None) => String::new(),
                        (None, _) => plain_decimal(of.left_e4, 4),
                    };
                    let error =
                        place.and_then(|at| errors.get(&format!("lines[{at}].quantity"))).map(str::to_owned);
                    CreditRow { of, quantity, error }
                })
                .collect();
            let typed = typed.unwrap_or_else(|| CreditPageForm {
                release_hours: "true".into(),
                ..CreditPageForm::default()
            });
            Ok(CreditPage {
                has_costs: costs::are_on(conn, id)?,
                shell,
                invoice,
                rows,
                reason: typed.reason,
                release_hours: typed.release_hours,
                reissue: typed.reissue,
                errors,
            })
        })
        .await
}

/// Issues the credit note, and makes a corrected draft where one was asked for.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<CreditPageForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, typed) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let reissues = typed.reissue == "true";
    let created = {
        let (actor, form) = (actor.clone(), typed.clone().into_form()?);
        app.db
            .write(move |conn| {
                let credit = model::create(conn, &actor, now, id, &form.check()?)?;
                let draft = match reissues {
                    true => Some(reissuing::reissue(conn, &actor, now, id).map_err(|error| match error {
                        AppError::Conflict(reason) => FormErrors::whole(reason).into(),
                        other => other,
                    })?),
                    false => None,
                };
                Ok((credit, draft))
            })
            .await
    };
    match created {
        Ok((credit, Some(draft))) => {
            let message = format!("{} issued. This is the corrected draft.", credit.name());
            view.redirect(&format!("/billing/{draft}"), &message)
        }
        Ok((credit, None)) => {
            view.redirect(&format!("/billing/{}", credit.id), &format!("{} issued.", credit.name()))
        }
        Err(AppError::Invalid(errors)) => {
            let page = credit_page(&app, actor, &view, id, Some(typed), errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// Makes a draft with the lines of an issued invoice.
pub async fn reissue(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let draft = app.db.write(move |conn| reissuing::reissue(conn, &actor, now, id)).await?;
    view.redirect(&format!("/billing/{draft}"), "Draft made with the lines of the invoice.")
}

/// Settles another invoice with what is left of a credit note.
pub async fn apply(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<ApplicationForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let applied = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let note = invoices::find(conn, &actor, id)?;
                let (invoice, cents) = form.check(note.currency)?;
                model::apply(conn, &actor, now, id, invoice, cents)
            })
            .await
    };
    match applied {
        Ok(()) => view.redirect(&format!("/billing/{id}"), "Credit applied."),
        Err(AppError::Invalid(errors)) => show_refused(&app, actor, &view, id, errors).await,
        Err(error) => Err(error),
    }
}
