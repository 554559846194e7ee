//! The pages of milestones: the tab of a project, and the form.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{self, MilestoneForm, ReachForm};
use super::model::{self, Milestone, MilestoneState};
use crate::auth::extract::{CurrentUser, Manager};
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::model::{self as projects, Project, ProjectHead};
use crate::types::ids::{MilestoneId, ProjectId};
use crate::web::form::{Difference, Form, edited_version};
use crate::web::once::{self, Once, once};
use crate::web::page::{Section, Shell, View, today};
use crate::web::{App, filters};

type Path = web::Path<(ProjectId, MilestoneId)>;

#[derive(Template)]
#[template(path = "projects/milestones/index.html", blocks = ["list"])]
struct MilestonesIndex {
    shell: Shell,
    head: ProjectHead,
    rows: Vec<Milestone>,
    /// What of a fixed price no milestone pays for.
    price_left: Option<i64>,
}

impl MilestonesIndex {
    fn tab(&self) -> &'static str {
        "milestones"
    }

    /// What all of them are paid with, in minor units.
    fn agreed(&self) -> i64 {
        self.sum(|_| true)
    }

    /// What those are paid with that wait to be billed.
    fn ready(&self) -> i64 {
        self.sum(|state| state == MilestoneState::Unbilled)
    }

    fn sum(&self, counts: impl Fn(MilestoneState) -> bool) -> i64 {
        let rows = self.rows.iter().filter(|row| counts(row.state(&self.shell.today)));
        rows.filter_map(|row| row.amount_cents).fold(0, i64::saturating_add)
    }
}

#[derive(Template)]
#[template(path = "projects/milestones/form.html", blocks = ["fields"])]
struct MilestoneFormPage {
    shell: Shell,
    project: Project,
    id: Option<MilestoneId>,
    form: MilestoneForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

impl MilestoneFormPage {
    fn action(&self) -> String {
        let base = address(self.project.id);
        self.id.map_or(base.clone(), |id| format!("{base}/{id}"))
    }
}

fn address(project: ProjectId) -> String {
    format!("/projects/{project}/milestones")
}

/// The milestones of one project.
pub async fn index(
    user: CurrentUser,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, id) = (user.actor, app.clock.now(), view.clone(), id.into_inner());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = projects::head(conn, &actor, id, shell.today)?;
            let (rows, price_left) = (model::of_project(conn, id)?, model::price_left(conn, &head.project)?);
            Ok(MilestonesIndex { shell, head, rows, price_left })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// The form of a new milestone.
pub async fn new(
    user: Manager,
    app: web::Data<App>,
    view: View,
    project: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let form = MilestoneForm { idempotency_key: once::new_key(), ..MilestoneForm::default() };
    let page = form_page(&app, &user.actor, &view, (project.into_inner(), None), form, FormErrors::default())
        .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Adds a milestone.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    project: web::Path<ProjectId>,
    form: Form<MilestoneForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, project, mut form) = (user.actor, app.clock.now(), project.into_inner(), form.0);
    let created = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let new = form.check_for(conn, &actor, project)?;
                once(conn, actor.id, now, &form.idempotency_key, &(project, &form), |conn| {
                    let id = model::create(conn, &actor, now, project, &new)?.id;
                    Ok((id.0, ()))
                })
            })
            .await
    };
    match created {
        Ok(Once::First(())) => view.redirect(&address(project), "Milestone added."),
        Ok(Once::Again(_)) => view.redirect(&address(project), "This milestone was added already."),
        Err(AppError::Invalid(mut errors)) => {
            once::renew(&mut form.idempotency_key, &mut errors);
            let page = form_page(&app, &actor, &view, (project, None), form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// The form of a stored milestone.
pub async fn edit(user: Manager, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let (project, id) = path.into_inner();
    let form = stored_form(&app, &user.actor, project, id).await?;
    let page = form_page(&app, &user.actor, &view, (project, Some(id)), form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Saves a milestone. When somebody else was faster, shows both versions and keeps what was typed.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    path: Path,
    form: Form<MilestoneForm>,
) -> AppResult<HttpResponse> {
    let ((project, id), form) = (path.into_inner(), form.0);
    let (actor, now) = (user.actor, app.clock.now());
    let saved = match edited_version(&form.version) {
        Ok(version) => {
            let (actor, form) = (actor.clone(), form.clone());
            app.db
                .write(move |conn| {
                    model::find(conn, &actor, project, id)?;
                    let new = form.check_for(conn, &actor, project)?;
                    model::update(conn, &actor, now, project, id, version, &new)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect(&address(project), "Milestone saved."),
        Ok(Saved::Stale(_)) => {
            let stored = stored_form(&app, &actor, project, id).await?;
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect(&address(project), "Milestone saved.");
            }
            let merged = MilestoneForm { version: stored.version, ..form };
            let page =
                form_page(&app, &actor, &view, (project, Some(id)), merged, FormErrors::default()).await?;
            let page = MilestoneFormPage { conflict, ..page };
            view.stale("#milestone_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &actor, &view, (project, Some(id)), form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Deletes a milestone that is on no invoice.
pub async fn destroy(user: Manager, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let ((project, id), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| model::delete(conn, &actor, now, project, id)).await?;
    view.redirect(&address(project), "Milestone deleted.")
}

/// Notes on which day a milestone was reached.
pub async fn reach(
    user: Manager,
    app: web::Data<App>,
    view: View,
    path: Path,
    form: Form<ReachForm>,
) -> AppResult<HttpResponse> {
    let ((project, id), form, actor, now) = (path.into_inner(), form.0, user.actor, app.clock.now());
    let reached = app
        .db
        .write(move |conn| {
            let today = today(conn, now)?;
            let on = form.check()?;
            model::reach(conn, &actor, now, (project, id), on, today)
        })
        .await?;
    let words = if reached.amount_cents.is_some() {
        "Milestone reached. It can be put on an invoice now."
    } else {
        "Milestone reached."
    };
    view.redirect(&address(project), words)
}

/// Makes what is left of a fixed price ready to be billed.
pub async fn bill_price(
    user: Manager,
    app: web::Data<App>,
    view: View,
    project: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (project, actor, now) = (project.into_inner(), user.actor, app.clock.now());
    app.db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::bill_price(conn, &actor, now, project, today)
        })
        .await?;
    view.redirect(&address(project), "The price can be put on an invoice now.")
}

/// Takes back that a milestone was reached.
pub async fn reopen(user: Manager, app: web::Data<App>, view: View, path: Path) -> AppResult<HttpResponse> {
    let ((project, id), actor, now) = (path.into_inner(), user.actor, app.clock.now());
    app.db.write(move |conn| model::reopen(conn, &actor, now, project, id)).await?;
    view.redirect(&address(project), "Milestone is open again.")
}

async fn stored_form(
    app: &App,
    actor: &Actor,
    project: ProjectId,
    id: MilestoneId,
) -> AppResult<MilestoneForm> {
    let actor = actor.clone();
    app.db
        .read(move |conn| {
            let milestone = model::find(conn, &actor, project, id)?;
            Ok(MilestoneForm::filled(&milestone, form::currency(conn, &actor, project)?))
        })
        .await
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    (project, id): (ProjectId, Option<MilestoneId>),
    form: MilestoneForm,
    errors: FormErrors,
) -> AppResult<MilestoneFormPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Projects)?;
            let project = projects::find(conn, &actor, project)?;
            Ok(MilestoneFormPage { shell, project, id, form, errors, conflict: Vec::new() })
        })
        .await
}
