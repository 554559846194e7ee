//! The JSON API of mails with invoices and quotes.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::MailForm;
use super::letters::{self, Document};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::error::AppResult;
use crate::mail::model::{self as mail, MailRow, MailState};
use crate::types::clock::UtcTime;
use crate::types::ids::{InvoiceId, MailId, QuoteId};
use crate::web::App;
use crate::web::json::{Json, Meta};
use crate::web::once::{Once, once};

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_invoice_mails, create_invoice_mail, list_quote_mails, create_quote_mail))]
pub struct ApiDoc;

/// A mail with an invoice or quote as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of MailRow")]
pub struct DocumentMailJson {
    pub id: MailId,
    pub recipient: String,
    pub subject: String,
    /// `sent` once the mail server took it, and not before.
    pub state: MailState,
    pub attempts: i64,
    pub error: String,
    pub created_at: UtcTime,
    pub sent_at: Option<UtcTime>,
}

impl From<MailRow> for DocumentMailJson {
    fn from(row: MailRow) -> Self {
        Self {
            id: row.id,
            recipient: row.recipient,
            subject: row.subject,
            state: row.state,
            attempts: row.attempts,
            error: row.error,
            created_at: row.created_at,
            sent_at: row.sent_at,
        }
    }
}

/// The mails with an invoice or quote.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DocumentMailList {
    /// The mails, the newest first.
    pub mails: Vec<DocumentMailJson>,
    /// How many.
    pub meta: Meta,
}

async fn list(app: &App, actor: Actor, document: Document) -> AppResult<HttpResponse> {
    let rows = app.db.read(move |conn| letters::list(conn, &actor, document)).await?;
    let mails: Vec<DocumentMailJson> = rows.into_iter().map(DocumentMailJson::from).collect();
    let meta = Meta { count: mails.len(), next: None, total: None };
    Ok(HttpResponse::Ok().json(DocumentMailList { mails, meta }))
}

async fn create(
    app: web::Data<App>,
    actor: Actor,
    document: Document,
    form: MailForm,
) -> AppResult<HttpResponse> {
    let words = form.check(document.has_link())?;
    let (now, data) = (app.clock.now(), app.clone());
    let row = app
        .db
        .write(move |conn| {
            let queued = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                letters::queue(conn, &data, &actor, now, document, &words).map(|id| (id.0, id))
            })?;
            let id = match queued {
                Once::First(id) => id,
                Once::Again(id) => MailId(id),
            };
            Ok(mail::find(conn, id)?.row)
        })
        .await?;
    Ok(HttpResponse::Created().json(DocumentMailJson::from(row)))
}

/// The mails with an invoice.
#[utoipa::path(get, path = "/api/billing/{id}/mail", tag = "billing", params(("id" = i64, Path)), responses((status = 200, body = DocumentMailList)))]
pub async fn list_invoice_mails(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
) -> AppResult<HttpResponse> {
    list(&app, user.actor, Document::Invoice(id.into_inner())).await
}

/// Queues a mail with an issued invoice attached.
#[utoipa::path(post, path = "/api/billing/{id}/mail", tag = "billing", params(("id" = i64, Path)), request_body = MailForm, responses((status = 201, body = DocumentMailJson)))]
pub async fn create_invoice_mail(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<InvoiceId>,
    body: Json<MailForm>,
) -> AppResult<HttpResponse> {
    create(app, user.actor, Document::Invoice(id.into_inner()), body.0).await
}

/// The mails with a quote.
#[utoipa::path(get, path = "/api/quotes/{id}/mail", tag = "quotes", params(("id" = i64, Path)), responses((status = 200, body = DocumentMailList)))]
pub async fn list_quote_mails(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    list(&app, user.actor, Document::Quote(id.into_inner())).await
}

/// Queues a mail with a link that opens the quote that was sent last. A link made before is void.
#[utoipa::path(post, path = "/api/quotes/{id}/mail", tag = "quotes", params(("id" = i64, Path)), request_body = MailForm, responses((status = 201, body = DocumentMailJson)))]
pub async fn create_quote_mail(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
    body: Json<MailForm>,
) -> AppResult<HttpResponse> {
    create(app, user.actor, Document::Quote(id.into_inner()), body.0).await
}
