//! The pages of a retainer: its ledger as a tab, its terms, the statement of a period.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{PeriodForm, RetainerForm};
use super::ledger::{Period, RetainerUnit};
use super::model::{self, LedgerPeriod, Retainer, StatementRow};
use crate::auth::extract::{Manager, Teammate};
use crate::auth::user::Actor;
use crate::db::saved::Saved;
use crate::error::{AppError, AppResult, FormErrors};
use crate::projects::burn::Unit;
use crate::projects::model::{self as projects, Project, ProjectHead};
use crate::types::ids::ProjectId;
use crate::types::money::Currency;
use crate::web::filters::Given;
use crate::web::form::{Difference, Form};
use crate::web::page::{Section, Shell, View, today};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "projects/retainers/index.html", blocks = ["ledger"])]
struct RetainerPage {
    shell: Shell,
    head: ProjectHead,
    /// `None` where there is none, or none for this role.
    retainer: Option<Retainer>,
    /// The newest first.
    periods: Vec<LedgerPeriod>,
}

impl RetainerPage {
    fn tab(&self) -> &'static str {
        "retainer"
    }

    /// The period that is closed next.
    fn closable(&self) -> Option<&LedgerPeriod> {
        self.periods.iter().rev().find(|period| period.can_close(&self.shell.today))
    }

    /// The period whose fee can be charged ahead.
    fn chargeable(&self) -> Option<&LedgerPeriod> {
        self.periods.iter().rev().find(|period| period.can_charge())
    }

    fn current(&self) -> Option<&LedgerPeriod> {
        self.periods.iter().find(|period| period.is_current(&self.shell.today))
    }

    fn amount(&self, amount: impl Given<i64>) -> String {
        self.retainer
            .as_ref()
            .map_or_else(String::new, |retainer| text(retainer.unit, self.head.currency, amount.given()))
    }
}

#[derive(Template)]
#[template(path = "projects/retainers/form.html", blocks = ["fields"])]
struct RetainerFormPage {
    shell: Shell,
    project: Project,
    form: RetainerForm,
    errors: FormErrors,
    /// Fields that somebody else changed meanwhile.
    conflict: Vec<Difference>,
}

#[derive(Template)]
#[template(path = "projects/retainers/statement.html", blocks = ["document"])]
struct StatementPage {
    shell: Shell,
    head: ProjectHead,
    retainer: Retainer,
    period: LedgerPeriod,
    rows: Vec<StatementRow>,
    /// Who closed it, and when.
    closed: Option<(String, crate::types::clock::UtcTime)>,
}

impl StatementPage {
    fn amount(&self, amount: impl Given<i64>) -> String {
        text(self.retainer.unit, self.head.currency, amount.given())
    }

    /// Whether there are more hours than are listed.
    fn is_cut(&self) -> bool {
        i64::try_from(self.rows.len()).is_ok_and(|rows| rows >= model::STATEMENT_ROWS)
    }
}

/// "12.5 h", "€1,250".
fn text(unit: RetainerUnit, currency: Currency, amount: i64) -> String {
    match unit {
        RetainerUnit::Hours => Unit::Hours.text(amount),
        RetainerUnit::Money => crate::types::money::Money::new(amount, currency).to_string(),
    }
}

fn address(project: ProjectId) -> String {
    format!("/projects/{project}/retainer")
}

/// The ledger.
pub async fn index(
    user: Teammate,
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
            let retainer =
                model::of_project(conn, id)?.filter(|retainer| retainer.is_shown(actor.sees_money()));
            let mut periods = match &retainer {
                Some(retainer) => model::ledger(conn, retainer, shell.today)?,
                None => Vec::new(),
            };
            periods.reverse();
            Ok(RetainerPage { shell, head, retainer, periods })
        })
        .await?;
    view.html(|| page.render(), || page.as_ledger().render())
}

/// The form of the terms.
pub async fn edit(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
) -> AppResult<HttpResponse> {
    let (id, actor, now) = (id.into_inner(), user.actor, app.clock.now());
    let form = {
        let actor = actor.clone();
        app.db
            .read(move |conn| {
                let currency = model::currency(conn, &actor, id)?;
                let today = today(conn, now)?;
                let stored = model::of_project(conn, id)?;
                Ok(stored.map_or_else(
                    || RetainerForm::blank(today),
                    |retainer| RetainerForm::filled(&retainer, currency),
                ))
            })
            .await?
    };
    let page = form_page(&app, &actor, &view, id, form, FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_fields().render())
}

/// Agrees on the terms. When somebody else was faster, shows both versions and keeps what was typed.
pub async fn update(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    form: Form<RetainerForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, id, form) = (user.actor, app.clock.now(), id.into_inner(), form.0);
    let saved = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let currency = model::currency(conn, &actor, id)?;
                let new = form.check(currency)?;
                let version = form.version.trim().parse().ok();
                let saved = model::set(conn, &actor, now, id, version, &new)?;
                Ok(saved.map(|retainer| RetainerForm::filled(&retainer, currency)))
            })
            .await
    };
    match saved {
        Ok(Saved::Done(_)) => view.redirect(&address(id), "Retainer saved."),
        Ok(Saved::Stale(stored)) => {
            let conflict = form.differences(&stored);
            if conflict.is_empty() {
                return view.redirect(&address(id), "Retainer saved.");
            }
            let merged = RetainerForm { version: stored.version, ..form };
            let page = form_page(&app, &actor, &view, id, merged, FormErrors::default()).await?;
            let page = RetainerFormPage { conflict, ..page };
            view.stale("#retainer_form", || page.render(), || page.as_fields().render())
        }
        Err(AppError::Invalid(errors)) => {
            let page = form_page(&app, &actor, &view, id, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

/// Closes the first period that has ended and is open.
pub async fn close(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    form: Form<PeriodForm>,
) -> AppResult<HttpResponse> {
    let starts_on = form.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::close(conn, &actor, now, today, (id, starts_on))
        })
        .await?;
    view.redirect(&address(id), "Period closed. Its numbers stay from now on.")
}

/// Charges the fee of the first period that has begun and is not charged.
pub async fn charge(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<ProjectId>,
    form: Form<PeriodForm>,
) -> AppResult<HttpResponse> {
    let starts_on = form.0.check()?;
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    app.db
        .write(move |conn| {
            let today = today(conn, now)?;
            model::charge_fee(conn, &actor, now, today, (id, starts_on))
        })
        .await?;
    view.redirect(&address(id), "Fee charged. The next invoice of the client can take it.")
}

/// The statement of a period, to be printed.
pub async fn statement(
    user: Teammate,
    app: web::Data<App>,
    view: View,
    path: web::Path<(ProjectId, i64)>,
) -> AppResult<HttpResponse> {
    let ((id, seq), actor, now, look) = (path.into_inner(), user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Projects)?;
            let head = projects::head(conn, &actor, id, shell.today)?;
            let retainer = model::of_project(conn, id)?
                .filter(|retainer| retainer.is_shown(actor.sees_money()))
                .ok_or(AppError::NotFound)?;
            let periods = model::ledger(conn, &retainer, shell.today)?;
            let period = periods.into_iter().find(|period| period.seq == seq).ok_or(AppError::NotFound)?;
            let rows = model::statement(conn, &actor, id, &period)?;
            let closed = model::closed_by(conn, id, seq)?.map(|(_, name, at)| (name, at));
            Ok(StatementPage { shell, head, retainer, period, rows, closed })
        })
        .await?;
    view.html(|| page.render(), || page.as_document().render())
}

async fn form_page(
    app: &App,
    actor: &Actor,
    view: &View,
    id: ProjectId,
    form: RetainerForm,
    errors: FormErrors,
) -> AppResult<RetainerFormPage> {
    let (actor, view, now) = (actor.clone(), view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &view, Section::Projects)?;
            let project = projects::find(conn, &actor, id)?;
            Ok(RetainerFormPage { shell, project, form, errors, conflict: Vec::new() })
        })
        .await
}
