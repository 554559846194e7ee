//! The JSON API of quotes. Amounts are minor units, taxes thousandths of a percent, quantities ten-thousandths.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::filter::QuoteQuery;
use super::form::{AnswerForm, NewQuoteForm, QuoteForm};
use super::intake::save;
use super::model::{self, AnswerKind, QuoteRow, QuoteStatus, QuoteVersion};
use super::{answers, convert, versions};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::api::InvoiceJson;
use crate::billing::form::VersionForm;
use crate::billing::outline_json::OutlineJson;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, ProjectId, QuoteId};
use crate::types::money::Currency;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::page::today;
use crate::web::query::Query;

/// This part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_quotes,
    create_quote,
    find_quote,
    update_quote,
    delete_quote,
    issue_quote,
    revise_quote,
    share_quote,
    withdraw_quote_link,
    answer_quote,
    convert_quote
))]
pub struct ApiDoc;

/// A quote as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Quote")]
pub struct QuoteJson {
    pub id: QuoteId,
    /// Null before the first version is sent.
    pub number: Option<String>,
    pub status: QuoteStatus,
    pub client_id: ClientId,
    pub project_id: Option<ProjectId>,
    pub currency: Currency,
    /// Newest first; one without `issued_at` may still change.
    pub versions: Vec<QuoteVersionJson>,
    /// To the version that was sent last.
    pub answer: Option<QuoteAnswerJson>,
    /// What it was converted to.
    pub invoice_id: Option<InvoiceId>,
    /// What the newest version says; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<OutlineJson>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// A version of a quote as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of QuoteVersion")]
pub struct QuoteVersionJson {
    pub ordinal: i64,
    pub title: String,
    pub net_cents: i64,
    pub tax_cents: i64,
    pub total_cents: i64,
    pub expires_on: Option<NaiveDate>,
    pub issue_on: Option<NaiveDate>,
    /// SHA-256 of the document as it was sent.
    pub sha256: Option<String>,
    pub issued_at: Option<UtcTime>,
    pub version: i64,
}

/// What was answered as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Answer")]
pub struct QuoteAnswerJson {
    pub answer: AnswerKind,
    pub name: String,
    pub reason: String,
    /// Null when one of the agency noted it.
    pub ip: Option<String>,
    pub document_sha256: String,
    pub answered_at: UtcTime,
}

/// A page of quotes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuoteList {
    /// The rows.
    pub quotes: Vec<QuoteJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

/// A link that opens a quote without signing in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuoteLinkJson {
    /// Its address; it is not stored and never shown again.
    pub url: String,
}

fn version_json(version: &QuoteVersion) -> QuoteVersionJson {
    QuoteVersionJson {
        ordinal: version.ordinal,
        title: version.title.clone(),
        net_cents: version.net_cents,
        tax_cents: version.tax_cents,
        total_cents: version.total_cents,
        expires_on: version.expires_on,
        issue_on: version.issue_on,
        sha256: version.sha256.clone(),
        issued_at: version.issued_at,
        version: version.version,
    }
}

fn brief(row: &QuoteRow, today: NaiveDate) -> QuoteJson {
    QuoteJson {
        id: row.quote.id,
        number: row.quote.number.clone(),
        status: row.status(today),
        client_id: row.quote.client_id,
        project_id: row.quote.project_id,
        currency: row.quote.currency,
        versions: row.versions.iter().map(version_json).collect(),
        answer: row.answer().map(|answer| QuoteAnswerJson {
            answer: answer.answer,
            name: answer.name.clone(),
            reason: answer.reason.clone(),
            ip: answer.ip.clone(),
            document_sha256: answer.document_sha256.clone(),
            answered_at: answer.answered_at,
        }),
        invoice_id: row.invoice.as_ref().map(|(id, _)| *id),
        content: None,
        created_at: row.quote.created_at,
        updated_at: row.quote.updated_at,
    }
}

fn whole(conn: &mut Conn, actor: &Actor, now: UtcTime, id: QuoteId) -> AppResult<QuoteJson> {
    let row = model::find(conn, actor, id)?;
    let content = match row.shown() {
        Some(newest) => Some(OutlineJson::of(&model::outline(conn, newest.id)?)),
        None => None,
    };
    Ok(QuoteJson { content, ..brief(&row, today(conn, now)?) })
}

/// Quotes, newest first. 25 a page.
#[utoipa::path(get, path = "/api/quotes", tag = "quotes", params(QuoteQuery), responses((status = 200, body = QuoteList)))]
pub async fn list_quotes(
    user: Biller,
    app: web::Data<App>,
    query: Query<QuoteQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let list = app
        .db
        .read(move |conn| {
            let today = today(conn, now)?;
            let (rows, next) = model::list(conn, &actor, &filter, today)?;
            let quotes: Vec<QuoteJson> = rows.iter().map(|row| brief(row, today)).collect();
            let meta = Meta { count: quotes.len(), next: next.map(|id| id.to_string()), total: None };
            Ok(QuoteList { quotes, meta })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// One quote with what its newest version says.
#[utoipa::path(get, path = "/api/quotes/{id}", tag = "quotes", params(("id" = i64, Path)), responses((status = 200, body = QuoteJson)))]
pub async fn find_quote(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app.db.read(move |conn| whole(conn, &actor, now, id)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Begins a quote with an empty draft. The same `idempotency_key` again is a 409 and makes nothing.
#[utoipa::path(post, path = "/api/quotes", tag = "quotes", request_body = NewQuoteForm, responses((status = 201, body = QuoteJson)))]
pub async fn create_quote(
    user: Biller,
    app: web::Data<App>,
    body: Json<NewQuoteForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), body.0);
    let created = app
        .db
        .write(move |conn| {
            let new = form.check()?;
            let id = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let id = versions::create(conn, &actor, now, &new)?;
                Ok((id.0, id))
            })?
            .first()?;
            whole(conn, &actor, now, id)
        })
        .await?;
    let location = format!("/api/quotes/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

/// Replaces the draft's fields and lines. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/quotes/{id}", tag = "quotes", params(("id" = i64, Path)), request_body = QuoteForm, responses((status = 200, body = QuoteJson)))]
pub async fn update_quote(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
    body: Json<QuoteForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), body.0);
    let saved = app
        .db
        .write(move |conn| {
            save(conn, &actor, now, id, &form)?.done("this quote", |draft| draft.version)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Throws the draft away; with it the quote, if nothing of it was sent.
#[utoipa::path(delete, path = "/api/quotes/{id}", tag = "quotes", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_quote(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| versions::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Freezes the draft as it is sent; the first one takes the number. Everything that is missing is named by field.
#[utoipa::path(post, path = "/api/quotes/{id}/issue", tag = "quotes", params(("id" = i64, Path)), request_body = VersionForm, responses((status = 200, body = QuoteJson)))]
pub async fn issue_quote(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
    body: Json<VersionForm>,
) -> AppResult<HttpResponse> {
    let version = Some(edited_version(&body.0.version)?);
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let issued = app
        .db
        .write(move |conn| {
            versions::issue(conn, &actor, now, id, version)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(issued))
}

/// Begins a new version of what was sent last.
#[utoipa::path(post, path = "/api/quotes/{id}/revision", tag = "quotes", params(("id" = i64, Path)), responses((status = 200, body = QuoteJson)))]
pub async fn revise_quote(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let revised = app
        .db
        .write(move |conn| {
            versions::revise(conn, &actor, now, id)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(revised))
}

/// Makes the link of what was sent last. A link made before is void.
#[utoipa::path(post, path = "/api/quotes/{id}/link", tag = "quotes", params(("id" = i64, Path)), responses((status = 200, body = QuoteLinkJson)))]
pub async fn share_quote(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let token = app.db.write(move |conn| answers::share(conn, &actor, now, id)).await?;
    let url = format!("{}/offers/{token}", app.config.origin());
    Ok(HttpResponse::Ok().json(QuoteLinkJson { url }))
}

/// Makes the links of a quote lead nowhere any more.
#[utoipa::path(delete, path = "/api/quotes/{id}/link", tag = "quotes", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn withdraw_quote_link(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| answers::withdraw(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Notes what the client said elsewhere to the version that was sent last.
#[utoipa::path(post, path = "/api/quotes/{id}/answer", tag = "quotes", params(("id" = i64, Path)), request_body = AnswerForm, responses((status = 200, body = QuoteJson)))]
pub async fn answer_quote(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
    body: Json<AnswerForm>,
) -> AppResult<HttpResponse> {
    let new = body.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let answered = app
        .db
        .write(move |conn| {
            answers::note(conn, &actor, now, id, &new)?;
            whole(conn, &actor, now, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(answered))
}

/// Makes the draft of an invoice of an accepted quote, once.
#[utoipa::path(post, path = "/api/quotes/{id}/conversion", tag = "quotes", params(("id" = i64, Path)), responses((status = 201, body = InvoiceJson)))]
pub async fn convert_quote(
    user: Biller,
    app: web::Data<App>,
    id: web::Path<QuoteId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let invoice = app
        .db
        .write(move |conn| {
            let invoice = convert::convert(conn, &actor, now, id)?;
            crate::billing::api::whole(conn, &actor, now, invoice)
        })
        .await?;
    let location = format!("/api/billing/{}", invoice.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(invoice))
}
