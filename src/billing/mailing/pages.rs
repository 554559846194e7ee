//! The page of a mail with an invoice or quote.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::MailForm;
use super::letters::{self, Document, Suggestion};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::{InvoiceId, QuoteId};
use crate::web::form::Form;
use crate::web::once::{self, once};
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/mailing/new.html", blocks = ["fields"])]
struct NewMailPage {
    shell: Shell,
    document: Document,
    /// Whether there is a mail server.
    has_post: bool,
    name: String,
    client: String,
    form: MailForm,
    errors: FormErrors,
}

/// The form with what was typed, or with what is suggested.
async fn form_page(
    app: &App,
    actor: Actor,
    view: &View,
    document: Document,
    typed: Option<MailForm>,
    errors: FormErrors,
) -> AppResult<NewMailPage> {
    let (look, now, has_post) = (view.clone(), app.clock.now(), app.post.is_some());
    let section = if document.has_link() { Section::Quotes } else { Section::Billing };
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, section)?;
            let Suggestion { name, client, form } = letters::suggest(conn, &actor, document)?;
            let form = typed.unwrap_or(form);
            Ok(NewMailPage { shell, document, has_post, name, client, form, errors })
        })
        .await
}

async fn new(app: &App, actor: Actor, view: &View, document: Document) -> AppResult<HttpResponse> {
    let page = form_page(app, actor, view, document, None, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

async fn create(
    app: web::Data<App>,
    actor: Actor,
    view: &View,
    document: Document,
    mut form: MailForm,
) -> AppResult<HttpResponse> {
    let queued = match form.check(document.has_link()) {
        Ok(words) => {
            let (by, now, data, sent) = (actor.clone(), app.clock.now(), app.clone(), form.clone());
            app.db
                .write(move |conn| {
                    once(conn, by.id, now, &sent.idempotency_key, &sent, |conn| {
                        letters::queue(conn, &data, &by, now, document, &words).map(|id| (id.0, ()))
                    })
                })
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    match queued {
        Ok(_) => view.redirect(&document.href(), "The mail is queued."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, actor, view, document, Some(form), errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a mail with an issued invoice.
pub async fn new_invoice_mail(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    new(&app, user.actor, &view, Document::Invoice(id.into_inner())).await
}

/// Queues a mail with an issued invoice.
pub async fn create_invoice_mail(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<InvoiceId>,
    form: Form<MailForm>,
) -> AppResult<HttpResponse> {
    create(app, user.actor, &view, Document::Invoice(id.into_inner()), form.0).await
}

/// The form of a mail with the link to a quote.
pub async fn new_quote_mail(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    new(&app, user.actor, &view, Document::Quote(id.into_inner())).await
}

/// Queues a mail with the link to a quote.
pub async fn create_quote_mail(
    user: Biller,
    app: web::Data<App>,
    view: View,
    id: web::Path<QuoteId>,
    form: Form<MailForm>,
) -> AppResult<HttpResponse> {
    create(app, user.actor, &view, Document::Quote(id.into_inner()), form.0).await
}
