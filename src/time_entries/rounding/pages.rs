//! The page of rounding.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{RoundingForm, WhoseForm};
use super::model::{self, NamedRule, RoundingBasis, RoundingMode};
use crate::auth::extract::{Biller, Manager};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model as projects;
use crate::types::ids::{ClientId, ProjectId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "time_entries/rounding/index.html", blocks = ["fields"])]
struct Rounding {
    shell: Shell,
    rules: Vec<NamedRule>,
    form: RoundingForm,
    errors: FormErrors,
    clients: Arc<Vec<(ClientId, String)>>,
    projects: Arc<Vec<(ProjectId, ClientId, String)>>,
}

impl Rounding {
    fn offered(&self) -> Vec<(ProjectId, &str)> {
        self.projects.iter().map(|(id, _, name)| (*id, name.as_str())).collect()
    }
}

/// Every rule, and the form of another.
pub async fn index(user: Biller, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let page = page(&app, user.actor, &view, RoundingForm::blank(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

async fn page(
    app: &App,
    actor: Actor,
    view: &View,
    form: RoundingForm,
    errors: FormErrors,
) -> AppResult<Rounding> {
    let (now, look, offers) = (app.clock.now(), view.clone(), app.offers.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Rates)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, None)?;
            let projects = projects::kept_choices(conn, &actor, &offers.projects, None)?;
            Ok(Rounding { shell, rules: model::all(conn)?, form, errors, clients, projects })
        })
        .await
}

/// Sets a rule.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<RoundingForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let set = match form.check() {
        Ok((whose, rule)) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::set(conn, &actor, now, whose, &rule)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match set {
        Ok(()) => view.redirect("/time-entries/rounding", "Rounding saved. Invoices keep what is on them."),
        Err(AppError::Invalid(errors)) => {
            let page = page(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Takes a rule away.
pub async fn remove(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<WhoseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, whose) = (user.actor, app.clock.now(), form.0.check()?);
    app.db.write(move |conn| model::remove(conn, &actor, now, whose)).await?;
    view.redirect("/time-entries/rounding", "Rule taken away. The wider one counts.")
}
