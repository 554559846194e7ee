//! The page of re-pricing: the question, the preview, the verb.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::RepricingForm;
use super::model::{self, Change, Plan};
use crate::auth::extract::Manager;
use crate::auth::user::{self, Actor};
use crate::clients::model as clients;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model as projects;
use crate::rates::model::RateKind;
use crate::types::ids::{ClientId, ProjectId, UserId};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

/// Rows of each table of the preview.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "time_entries/repricing/show.html", blocks = ["preview"])]
struct Repricing {
    shell: Shell,
    form: RepricingForm,
    errors: FormErrors,
    plan: Option<Plan>,
    clients: std::sync::Arc<Vec<(ClientId, String)>>,
    projects: std::sync::Arc<Vec<(ProjectId, ClientId, String)>>,
    people: Vec<(UserId, String)>,
}

impl Repricing {
    /// The projects of the chosen client.
    fn offered(&self) -> Vec<(ProjectId, &str)> {
        let client: Option<ClientId> = self.form.client_id.parse().ok();
        let of_client = self.projects.iter().filter(|(_, of, _)| client.is_none_or(|client| client == *of));
        of_client.map(|(id, _, name)| (*id, name.as_str())).collect()
    }

    fn shown<'a>(&self, changes: &'a [Change]) -> impl Iterator<Item = &'a Change> {
        changes.iter().take(SHOWN)
    }

    fn more(&self, changes: &[Change]) -> usize {
        changes.len().saturating_sub(SHOWN)
    }
}

/// What would change; without a first day only the question.
pub async fn show(
    user: Manager,
    app: web::Data<App>,
    view: View,
    query: Query<RepricingForm>,
) -> AppResult<HttpResponse> {
    let page = repricing(&app, user.actor, &view, query.0, None).await?;
    if page.errors.is_empty() {
        view.html(|| page.render(), || page.as_preview().render())
    } else {
        view.invalid(|| page.render(), || page.as_preview().render())
    }
}

/// Carries out the plan that was shown.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<RepricingForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let done = match form.check() {
        Ok(period) => {
            let (actor, shown) = (actor.clone(), form.plan.clone());
            app.db.write(move |conn| model::carry_out(conn, &actor, now, &period, &shown)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match done {
        Ok(count) => {
            let entries = if count == 1 { "entry" } else { "entries" };
            view.redirect("/rates", &format!("{count} {entries} re-priced."))
        }
        Err(AppError::Conflict(message)) => {
            let page = repricing(&app, actor, &view, form, Some(FormErrors::whole(message))).await?;
            view.stale("#preview", || page.render(), || page.as_preview().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = repricing(&app, actor, &view, form, Some(errors)).await?;
            view.invalid(|| page.render(), || page.as_preview().render())
        }
        Err(error) => Err(error),
    }
}

async fn repricing(
    app: &App,
    actor: Actor,
    view: &View,
    form: RepricingForm,
    refused: Option<FormErrors>,
) -> AppResult<Repricing> {
    let (now, look, offers) = (app.clock.now(), view.clone(), app.offers.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Rates)?;
            let mut errors = refused.unwrap_or_default();
            let asked =
                if form.from.trim().is_empty() && errors.is_empty() { None } else { Some(form.check()) };
            let plan = match asked {
                Some(Ok(period)) => match model::plan(conn, &actor, now, &period) {
                    Ok(plan) => Some(plan),
                    Err(AppError::Invalid(faults)) => {
                        errors = faults;
                        None
                    }
                    Err(error) => return Err(error),
                },
                Some(Err(faults)) => {
                    errors = faults;
                    None
                }
                None => None,
            };
            let clients = clients::kept_choices(conn, &actor, &offers.clients, form.client_id.parse().ok())?;
            let projects =
                projects::kept_choices(conn, &actor, &offers.projects, form.project_id.parse().ok())?;
            let people = user::choices(conn)?;
            Ok(Repricing { shell, form, errors, plan, clients, projects, people })
        })
        .await
}
