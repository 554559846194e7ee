//! The JSON API of the settings.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::form::AgencyForm;
use super::model::{self, Agency, LogoChange, Paper};
use crate::auth::extract::Admin;
use crate::auth::step_up::SteppedUpAdmin;
use crate::db::Conn;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::money::Currency;
use crate::types::terms::TermsKind;
use crate::types::zone;
use crate::web::App;
use crate::web::form::edited_version;
use crate::web::json::Json;

/// This area's part of the API's description.
#[derive(utoipa::OpenApi)]
#[openapi(paths(find_settings, update_settings))]
pub struct ApiDoc;

/// The agency as JSON. Amounts are minor units of `currency`, taxes thousandths of a percent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the fields are those of Agency")]
pub struct SettingsJson {
    pub name: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub region: String,
    pub country: String,
    pub tax_id: String,
    pub email: String,
    pub phone: String,
    pub website: String,
    pub currency: Currency,
    pub time_zone: String,
    pub payment_terms_kind: TermsKind,
    pub payment_terms_days: i64,
    pub tax_name: String,
    pub tax_rate_millis: i64,
    pub second_tax_name: String,
    pub second_tax_rate_millis: i64,
    pub prices_include_tax: bool,
    pub rounding_step_cents: i64,
    pub paper: Paper,
    /// What an hour costs where nothing else was agreed.
    pub rate_cents: Option<i64>,
    pub invoice_terms: String,
    pub invoice_footer: String,
    pub bank_name: String,
    pub bank_holder: String,
    pub iban: String,
    pub bic: String,
    pub has_logo: bool,
    pub version: i64,
}

fn json(conn: &mut Conn, now: UtcTime, agency: Agency) -> AppResult<SettingsJson> {
    let rate_cents = model::own_rate(conn, zone::local_date(now, agency.zone()))?;
    Ok(SettingsJson {
        rate_cents,
        has_logo: agency.logo.is_some(),
        name: agency.name,
        street: agency.street,
        postal_code: agency.postal_code,
        city: agency.city,
        region: agency.region,
        country: agency.country,
        tax_id: agency.tax_id,
        email: agency.email,
        phone: agency.phone,
        website: agency.website,
        currency: agency.currency,
        time_zone: agency.time_zone,
        payment_terms_kind: agency.payment_terms_kind,
        payment_terms_days: agency.payment_terms_days,
        tax_name: agency.tax_name,
        tax_rate_millis: agency.tax_rate_millis,
        second_tax_name: agency.second_tax_name,
        second_tax_rate_millis: agency.second_tax_rate_millis,
        prices_include_tax: agency.prices_include_tax,
        rounding_step_cents: agency.rounding_step_cents,
        paper: agency.paper,
        invoice_terms: agency.invoice_terms,
        invoice_footer: agency.invoice_footer,
        bank_name: agency.bank_name,
        bank_holder: agency.bank_holder,
        iban: agency.iban,
        bic: agency.bic,
        version: agency.version,
    })
}

/// The settings.
#[utoipa::path(get, path = "/api/settings", tag = "settings", responses((status = 200, body = SettingsJson)))]
pub async fn find_settings(_user: Admin, app: web::Data<App>) -> AppResult<HttpResponse> {
    let now = app.clock.now();
    let found = app
        .db
        .read(move |conn| {
            let agency = model::load(conn)?;
            json(conn, now, agency)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Saves the settings. `version` must be the one that was read; else 409. A logo is uploaded on the page.
#[utoipa::path(put, path = "/api/settings", tag = "settings", request_body = AgencyForm, responses((status = 200, body = SettingsJson)))]
pub async fn update_settings(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    body: Json<AgencyForm>,
) -> AppResult<HttpResponse> {
    let (changes, rate_cents, removes_logo) = body.0.check()?;
    let version = edited_version(&body.0.version)?;
    let logo = if removes_logo { LogoChange::Remove } else { LogoChange::Keep };
    let (actor, now) = (user.actor, app.clock.now());
    let saved = app
        .db
        .write(move |conn| {
            let saved = model::update(conn, &actor, now, version, &changes, rate_cents, &logo)?;
            let agency = saved.done("these settings", |agency| agency.version)?;
            json(conn, now, agency)
        })
        .await?;
    Ok(HttpResponse::Ok().json(saved))
}
