//! The first visit and the settings.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form::{AgencyForm, SetupForm};
use super::logo;
use super::model::{self, LogoChange, Paper};
use crate::auth::extract::{Admin, Anyone};
use crate::auth::password;
use crate::auth::step_up::SteppedUpAdmin;
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::money::Currency;
use crate::types::terms::TermsKind;
use crate::types::zone;
use crate::web::form::{Difference, edited_version};
use crate::web::page::{Section, Shell, View};
use crate::web::upload::Upload;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "agency/setup.html")]
struct SetupPage {
    view: View,
    form: AgencyForm,
    owner_name: String,
    owner_email: String,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "agency/edit.html")]
struct SettingsPage {
    shell: Shell,
    form: AgencyForm,
    has_logo: bool,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

/// The first visit's form; gone once it was answered.
pub async fn new(_: Anyone, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    if app.db.read(model::exists).await? {
        return Err(AppError::NotFound);
    }
    let form = SetupForm { agency: AgencyForm::for_setup(), ..SetupForm::default() };
    let page = setup_page(&view, form, FormErrors::default());
    view.html(|| page.render(), || page.render())
}

/// Makes the agency and its owner. Once that is done nothing that is sent here is read.
pub async fn create(
    _: Anyone,
    request: HttpRequest,
    app: web::Data<App>,
    view: View,
    body: web::Payload,
) -> AppResult<HttpResponse> {
    if app.db.read(model::exists).await? {
        return Err(AppError::Conflict("Bureau is already set up. Sign in instead.".into()));
    }
    let mut upload = Upload::<SetupForm>::read(&request, body.into_inner()).await?;
    let checked = match logo::read(upload.take_file("logo")) {
        Ok(logo) => upload.form.check(logo),
        Err(logo_errors) => {
            let mut errors = upload.form.check(None).err().unwrap_or_default();
            logo_errors.iter().for_each(|(field, text)| errors.add(field, text));
            Err(errors)
        }
    };
    let setup = match checked {
        Ok(setup) => setup,
        Err(errors) => {
            let page = setup_page(&view, upload.form, errors);
            return view.invalid(|| page.render(), || page.render());
        }
    };
    let hash = password::hash(&app.keys, app.config.bcrypt_cost, &upload.form.password).await?;
    let now = app.clock.now();
    app.db.write(move |conn| model::set_up(conn, now, &setup, hash.clone())).await?;
    view.redirect("/login", "Your agency is ready. Sign in to begin.")
}

fn setup_page(view: &View, form: SetupForm, errors: FormErrors) -> SetupPage {
    let SetupForm { owner_name, owner_email, agency: form, .. } = form;
    SetupPage { view: view.clone(), form, owner_name, owner_email, errors }
}

/// The settings.
pub async fn edit(user: Admin, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = settings_page(&app, &user.actor, &view).await?;
    view.html(|| page.render(), || page.render())
}

/// Saves the settings. When somebody else was faster, shows both versions and keeps what was typed.
pub async fn update(
    user: SteppedUpAdmin,
    app: web::Data<App>,
    view: View,
    upload: Upload<AgencyForm>,
) -> AppResult<HttpResponse> {
    let mut upload = upload;
    let (actor, now) = (user.actor, app.clock.now());
    let logo = logo::read(upload.take_file("logo"));
    let form = upload.form;
    let saved = match (form.check(), logo) {
        (Ok((changes, rate_cents, removes_logo)), Ok(logo)) => {
            let version = edited_version(&form.version)?;
            let logo = match logo {
                Some(logo) => LogoChange::Set(logo),
                None if removes_logo => LogoChange::Remove,
                None => LogoChange::Keep,
            };
            let actor = actor.clone();
            app.db
                .write(move |conn| model::update(conn, &actor, now, version, &changes, rate_cents, &logo))
                .await
        }
        (Err(mut errors), logo) => {
            if let Err(logo_errors) = logo {
                logo_errors.iter().for_each(|(field, text)| errors.add(field, text));
            }
            Err(AppError::Invalid(errors))
        }
        (Ok(_), Err(errors)) => Err(AppError::Invalid(errors)),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect("/settings", "Settings saved."),
        Ok(Saved::Stale(_)) => {
            // The form as it is stored now, so that the next save is made from this version.
            let stored = settings_page(&app, &actor, &view).await?;
            let conflict = form.differences(&stored.form);
            if conflict.is_empty() {
                return view.redirect("/settings", "Settings saved.");
            }
            let form = AgencyForm { version: stored.form.version.clone(), ..form };
            let page = SettingsPage { form, conflict, ..stored };
            view.stale("#settings_form", || page.render(), || page.render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = SettingsPage { form, errors, ..settings_page(&app, &actor, &view).await? };
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

/// The settings as they are stored.
async fn settings_page(app: &App, actor: &Actor, view: &View) -> AppResult<SettingsPage> {
    let (actor, now, look) = (actor.clone(), app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let agency = model::load(conn)?;
            let rate_cents = model::own_rate(conn, zone::local_date(now, agency.zone()))?;
            Ok(SettingsPage {
                shell,
                form: AgencyForm::filled(&agency, rate_cents),
                has_logo: agency.logo.is_some(),
                errors: FormErrors::default(),
                conflict: Vec::new(),
            })
        })
        .await
}
