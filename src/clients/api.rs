//! The JSON API of clients.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::contacts::model as contacts;
use super::figures;
use super::form::{ClientForm, ClientQuery};
use super::model::{self, Client};
use super::similar;
use crate::auth::extract::{CurrentUser, Manager};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ContactId};
use crate::types::money::Currency;
use crate::types::terms::TermsKind;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::{Json, Meta};
use crate::web::once::once;
use crate::web::query::Query;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_clients,
    find_client,
    create_client,
    update_client,
    delete_client,
    archive_client,
    restore_client
))]
pub struct ApiDoc;

/// A client as JSON. Amounts are minor units; taxes thousandths of a percent.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Client")]
pub struct ClientJson {
    pub id: ClientId,
    pub name: String,
    pub status: model::ClientStatus,
    pub email: String,
    pub phone: String,
    pub website: String,
    pub tax_id: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub region: String,
    pub country: String,
    pub postal_address: String,
    pub language: String,
    pub currency: Currency,
    /// Days to pay; null follows the agency. Absent for roles without money, as are tax and rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_terms_days: Option<i64>,
    /// What they are counted from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_terms_kind: Option<TermsKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_rate_millis: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_cents: Option<i64>,
    pub notes: String,
    pub contacts: Vec<ContactJson>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub version: i64,
}

/// A contact as JSON.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Contact")]
pub struct ContactJson {
    pub id: ContactId,
    pub name: String,
    pub job_title: String,
    pub email: String,
    pub phone: String,
    pub is_billing: bool,
    pub is_technical: bool,
    pub is_owner: bool,
}

/// A page of clients.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClientList {
    /// The rows.
    pub clients: Vec<ClientJson>,
    /// How many, and what comes next.
    pub meta: Meta,
}

fn json(client: Client, contacts: Vec<ContactJson>, rate_cents: Option<i64>, money: bool) -> ClientJson {
    ClientJson {
        rate_cents: rate_cents.filter(|_| money),
        payment_terms_days: client.payment_terms_days.filter(|_| money),
        payment_terms_kind: client.payment_terms().filter(|_| money).map(|terms| terms.kind),
        tax_rate_millis: client.tax_rate_millis.filter(|_| money),
        id: client.id,
        name: client.name,
        status: client.status,
        email: client.email,
        phone: client.phone,
        website: client.website,
        tax_id: client.tax_id,
        street: client.street,
        postal_code: client.postal_code,
        city: client.city,
        region: client.region,
        country: client.country,
        postal_address: client.postal_address,
        language: client.language,
        currency: client.currency,
        notes: client.notes,
        contacts,
        created_at: client.created_at,
        updated_at: client.updated_at,
        version: client.version,
    }
}

/// Clients with their contacts and rates.
fn whole(
    conn: &mut Conn,
    actor: &Actor,
    mut clients: Vec<Client>,
    today: NaiveDate,
) -> AppResult<Vec<ClientJson>> {
    if actor.only_assigned().is_some() {
        // Notes are for the agency alone.
        clients.iter_mut().for_each(|client| client.notes.clear());
    }
    let ids: Vec<ClientId> = clients.iter().map(|client| client.id).collect();
    let rates = model::own_rates(conn, &ids, today)?;
    let mut contacts: BTreeMap<ClientId, Vec<ContactJson>> = BTreeMap::new();
    for contact in contacts::of_clients(conn, &ids)? {
        contacts.entry(contact.client_id).or_default().push(ContactJson {
            id: contact.id,
            name: contact.name,
            job_title: contact.job_title,
            email: contact.email,
            phone: contact.phone,
            is_billing: contact.is_billing,
            is_technical: contact.is_technical,
            is_owner: contact.is_owner,
        });
    }
    Ok(clients
        .into_iter()
        .map(|client| {
            let (contacts, rate) = (contacts.remove(&client.id), rates.get(&client.id));
            json(client, contacts.unwrap_or_default(), rate.copied(), actor.sees_money())
        })
        .collect())
}

fn one(conn: &mut Conn, actor: &Actor, client: Client, today: NaiveDate) -> AppResult<ClientJson> {
    whole(conn, actor, vec![client], today)?.pop().ok_or(AppError::NotFound)
}

/// Clients by name, 25 a page.
#[utoipa::path(get, path = "/api/clients", tag = "clients", params(ClientQuery), responses((status = 200, body = ClientList)))]
pub async fn list_clients(
    user: CurrentUser,
    app: web::Data<App>,
    query: Query<ClientQuery>,
) -> AppResult<HttpResponse> {
    let filter = query.0.check()?;
    let (actor, now) = (user.actor, app.clock.now());
    let list = app
        .db
        .read(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            let (rows, pager) = figures::list(conn, &actor, &filter, today)?;
            // Behind the last page is nothing, so that whoever reads to the end stops.
            let rows = if pager.holds(filter.page) { rows } else { Vec::new() };
            let clients = rows.into_iter().map(|row| row.client).collect();
            let clients = whole(conn, &actor, clients, today)?;
            let meta = Meta {
                count: clients.len(),
                next: pager.next().map(|page| page.to_string()),
                total: Some(pager.total),
            };
            Ok(ClientList { clients, meta })
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// One client.
#[utoipa::path(get, path = "/api/clients/{id}", tag = "clients", params(("id" = i64, Path)), responses((status = 200, body = ClientJson)))]
pub async fn find_client(
    user: CurrentUser,
    app: web::Data<App>,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let found = app
        .db
        .read(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            let client = model::find(conn, &actor, id)?;
            one(conn, &actor, client, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Adds a client. One that goes by the name of another, or has its tax number, website or an e-mail address of it or of
/// its contacts, is refused unless `allow_duplicate` is true. The same `idempotency_key` again is a 409 and changes
/// nothing.
#[utoipa::path(post, path = "/api/clients", tag = "clients", request_body = ClientForm, responses((status = 201, body = ClientJson)))]
pub async fn create_client(
    user: Manager,
    app: web::Data<App>,
    body: Json<ClientForm>,
) -> AppResult<HttpResponse> {
    let form = body.0;
    let (new, new_contacts) = form.check_with_contacts()?;
    let allowed = form.allow_duplicate.0 == "true";
    let (actor, now) = (user.actor, app.clock.now());
    let created = app
        .db
        .write(move |conn| {
            let created = once(conn, actor.id, now, &form.idempotency_key, &form, |conn| {
                let people = new_contacts.as_deref().unwrap_or_default();
                if !allowed && let Some(similar) = similar::find(conn, &actor, &new, people, None)?.first() {
                    return Err(duplicate(similar));
                }
                let client = model::create(conn, &actor, now, &new)?;
                contacts::replace(conn, &actor, now, client.id, people)?;
                Ok((client.id.0, client))
            })?;
            let today = crate::web::page::today(conn, now)?;
            one(conn, &actor, created.first()?, today)
        })
        .await?;
    let location = format!("/api/clients/{}", created.id);
    Ok(HttpResponse::Created().insert_header(("location", location)).json(created))
}

fn duplicate(similar: &Client) -> AppError {
    let message = format!(
        "exists already as client {} ({}); set allow_duplicate to save it anyway",
        similar.id, similar.name
    );
    AppError::invalid("name", message)
}

/// Replaces a client's fields. `version` must be the one that was read; else 409.
#[utoipa::path(put, path = "/api/clients/{id}", tag = "clients", params(("id" = i64, Path)), request_body = ClientForm, responses((status = 200, body = ClientJson)))]
pub async fn update_client(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ClientId>,
    body: Json<ClientForm>,
) -> AppResult<HttpResponse> {
    let (new, new_contacts) = body.0.check_with_contacts()?;
    let allowed = body.0.allow_duplicate.0 == "true";
    let version = edited_version(&body.0.version)?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let saved = app
        .db
        .write(move |conn| {
            let today = crate::web::page::today(conn, now)?;
            let stored = model::find(conn, &actor, id)?;
            let people = new_contacts.as_deref().unwrap_or_default();
            if !allowed
                && let Some(similar) = similar::find(conn, &actor, &new, people, Some(&stored))?.first()
            {
                return Err(duplicate(similar));
            }
            let saved = model::update(conn, &actor, now, today, id, version, &new)?;
            let client = saved.done("this client", |client| client.version)?;
            if let Some(new_contacts) = &new_contacts {
                contacts::replace(conn, &actor, now, id, new_contacts)?;
            }
            one(conn, &actor, client, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}

/// Deletes a client on which nothing hangs.
#[utoipa::path(delete, path = "/api/clients/{id}", tag = "clients", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn delete_client(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::delete(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Archives a client; harmless when it is archived already.
#[utoipa::path(post, path = "/api/clients/{id}/archive", tag = "clients", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn archive_client(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::archive(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a client back out of the archive; harmless when it is not in it.
#[utoipa::path(post, path = "/api/clients/{id}/restore", tag = "clients", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn restore_client(
    user: Manager,
    app: web::Data<App>,
    id: web::Path<ClientId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db.write(move |conn| model::restore(conn, &actor, now, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}
