//! The first visit and the settings.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{self, AgencyForm};
use super::model;
use crate::auth::extract::{Admin, Anyone};
use crate::auth::password;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::money::{self, Currency};
use crate::web::page::{Section, Shell, View};
use crate::web::upload::Upload;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "agency/setup.html")]
struct SetupPage {
    view: View,
    form: AgencyForm,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "agency/edit.html")]
struct SettingsPage {
    shell: Shell,
    form: AgencyForm,
    errors: FormErrors,
}

/// The first visit's form; gone once it was answered.
pub async fn new(_: Anyone, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    if app.db.read(model::exists).await? {
        return Err(AppError::NotFound);
    }
    let page = SetupPage { view: view.clone(), form: AgencyForm::for_setup(), errors: FormErrors::default() };
    view.html(|| page.render(), || page.render())
}

/// Makes the agency and its owner.
pub async fn create(
    _: Anyone,
    app: web::Data<App>,
    view: View,
    upload: Upload<AgencyForm>,
) -> AppResult<HttpResponse> {
    if app.db.read(model::exists).await? {
        return Err(AppError::Conflict("Bureau is already set up. Sign in instead.".into()));
    }
    let mut upload = upload;
    let logo = form::logo(upload.take_file("logo"));
    let checked = match logo {
        Ok(logo) => upload.form.check_setup(logo),
        Err(logo_errors) => {
            let mut errors = upload.form.check_setup(None).err().unwrap_or_default();
            logo_errors.iter().for_each(|(field, text)| errors.add(field, text));
            Err(errors)
        }
    };
    let setup = match checked {
        Ok(setup) => setup,
        Err(errors) => {
            let page = SetupPage { view: view.clone(), form: upload.form, errors };
            return view.invalid(|| page.render(), || page.render());
        }
    };
    let hash = password::hash(&app.keys, app.config.bcrypt_cost, &upload.form.password).await?;
    let now = app.clock.now();
    app.db.write(move |conn| model::set_up(conn, now, &setup, hash.clone())).await?;
    view.redirect("/login", "Your agency is ready. Sign in to begin.")
}

/// The settings.
pub async fn edit(user: Admin, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            Ok(SettingsPage { shell, form: filled(&model::load(conn)?), errors: FormErrors::default() })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// Saves the settings.
pub async fn update(
    user: Admin,
    app: web::Data<App>,
    view: View,
    upload: Upload<AgencyForm>,
) -> AppResult<HttpResponse> {
    let mut upload = upload;
    let (actor, now) = (user.actor, app.clock.now());
    let logo = form::logo(upload.take_file("logo"));
    let form = upload.form;
    let saved = match (form.check(), logo) {
        (Ok(changes), Ok(logo)) => {
            let version =
                form.version.parse().map_err(|_| AppError::BadRequest("The version is missing.".into()))?;
            let actor = actor.clone();
            app.db.write(move |conn| model::update(conn, &actor, now, version, &changes, logo.as_ref())).await
        }
        (Err(errors), _) | (_, Err(errors)) => Err(AppError::Invalid(errors)),
    };
    match saved {
        Ok(()) => view.redirect("/settings", "Settings saved."),
        Err(AppError::Invalid(errors)) => {
            let look = view.clone();
            let shell =
                app.db.read(move |conn| Shell::load(conn, &actor, now, &look, Section::Settings)).await?;
            let page = SettingsPage { shell, form, errors };
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

fn filled(agency: &model::Agency) -> AgencyForm {
    AgencyForm {
        name: agency.name.clone(),
        street: agency.street.clone(),
        postal_code: agency.postal_code.clone(),
        city: agency.city.clone(),
        region: agency.region.clone(),
        country: agency.country.clone(),
        tax_id: agency.tax_id.clone(),
        email: agency.email.clone(),
        phone: agency.phone.clone(),
        website: agency.website.clone(),
        currency: agency.currency.to_string(),
        time_zone: agency.time_zone.clone(),
        payment_terms_days: agency.payment_terms_days.to_string(),
        tax_rate: money::plain_decimal(agency.tax_rate_millis, 3),
        invoice_terms: agency.invoice_terms.clone(),
        invoice_footer: agency.invoice_footer.clone(),
        bank_name: agency.bank_name.clone(),
        bank_holder: agency.bank_holder.clone(),
        iban: agency.iban.clone(),
        bic: agency.bic.clone(),
        version: agency.version.to_string(),
        ..AgencyForm::default()
    }
}
