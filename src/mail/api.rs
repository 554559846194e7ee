//! The JSON API of the outbox.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::filter::MailQuery;
use super::model::{self, Mail, MailKind, MailRow, MailState};
use crate::auth::extract::Admin;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{InvitationId, InvoiceId, MailId, QuoteId, ReminderId, UserId};
use crate::types::pagination::has_more;
use crate::web::App;
use crate::web::json::Meta;
use crate::web::query::Query;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_mails, find_mail, retry_mail, test_mail))]
pub struct ApiDoc;

/// A mail as JSON.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of MailRow")]
pub struct MailJson {
    pub id: MailId,
    pub kind: MailKind,
    pub recipient: String,
    pub subject: String,
    pub state: MailState,
    pub attempts: i64,
    pub error: String,
    pub invoice_id: Option<InvoiceId>,
    pub quote_id: Option<QuoteId>,
    pub reminder_id: Option<ReminderId>,
    pub invitation_id: Option<InvitationId>,
    pub user_id: Option<UserId>,
    pub created_at: UtcTime,
    pub expires_at: Option<UtcTime>,
    pub sent_at: Option<UtcTime>,
    /// What it says, where one mail is asked for; a link that opens something is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The name of what came along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment: Option<String>,
}

impl From<MailRow> for MailJson {
    fn from(row: MailRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            recipient: row.recipient,
            subject: row.subject,
            state: row.state,
            attempts: row.attempts,
            error: row.error,
            invoice_id: row.about.invoice_id,
            quote_id: row.about.quote_id,
            reminder_id: row.about.reminder_id,
            invitation_id: row.about.invitation_id,
            user_id: row.about.user_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            sent_at: row.sent_at,
            text: None,
            attachment: None,
        }
    }
}

impl From<Mail> for MailJson {
    fn from(mail: Mail) -> Self {
        Self { text: Some(mail.text), attachment: mail.attachment_name, ..Self::from(mail.row) }
    }
}

/// A page of the outbox.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MailList {
    /// The mails, the newest first.
    pub mails: Vec<MailJson>,
    /// Whether there is a mail server; without one mail waits.
    pub has_server: bool,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// What waits, was sent and failed, the newest first, 50 a page.
#[utoipa::path(get, path = "/api/mail", tag = "mail", params(MailQuery), responses((status = 200, body = MailList)))]
pub async fn list_mails(
    _user: Admin,
    app: web::Data<App>,
    query: Query<MailQuery>,
) -> AppResult<HttpResponse> {
    let (state, before) = query.0.check()?;
    let mut rows = app.db.read(move |conn| model::list(conn, state, before, model::PER_PAGE + 1)).await?;
    let more = has_more(&mut rows, model::PER_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let mails: Vec<MailJson> = rows.into_iter().map(MailJson::from).collect();
    let meta = Meta { count: mails.len(), next, total: None };
    Ok(HttpResponse::Ok().json(MailList { mails, has_server: app.post.is_some(), meta }))
}

/// One mail as it was written.
#[utoipa::path(get, path = "/api/mail/{id}", tag = "mail", params(("id" = i64, Path)), responses((status = 200, body = MailJson)))]
pub async fn find_mail(_user: Admin, app: web::Data<App>, id: web::Path<MailId>) -> AppResult<HttpResponse> {
    let id = id.into_inner();
    let mail = app.db.read(move |conn| model::find(conn, id)).await?;
    Ok(HttpResponse::Ok().json(MailJson::from(mail)))
}

/// Has a mail that was not sent tried again at once.
#[utoipa::path(post, path = "/api/mail/{id}/retry", tag = "mail", params(("id" = i64, Path)), responses((status = 200, body = MailJson)))]
pub async fn retry_mail(user: Admin, app: web::Data<App>, id: web::Path<MailId>) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let mail = app.db.write(move |conn| model::retry(conn, &actor, now, id)).await?;
    Ok(HttpResponse::Ok().json(MailJson::from(mail)))
}

/// Writes a mail to the one who asks that says that mail works.
#[utoipa::path(post, path = "/api/mail/test", tag = "mail", responses((status = 201, body = MailJson)))]
pub async fn test_mail(user: Admin, app: web::Data<App>) -> AppResult<HttpResponse> {
    let (actor, now, keys) = (user.actor, app.clock.now(), app.keys.clone());
    let mail = app.db.write(move |conn| model::queue_test(conn, &keys, &actor, now)).await?;
    Ok(HttpResponse::Created().json(MailJson::from(mail)))
}
