//! Handing in a week, and the page on which managers approve them.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::form::{ApprovalsQuery, DecisionForm, SubmissionForm};
use super::model::{self, PersonWeek, Status};
use crate::auth::extract::{Manager, Worker};
use crate::auth::user::Actor;
use crate::error::{AppError, AppResult, FormErrors};
use crate::time_entries::week::{Week, WeekName};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "time_entries/timesheets/index.html", blocks = ["list"])]
struct Approvals {
    shell: Shell,
    week: Week,
    people: Vec<PersonWeek>,
    waiting: Vec<(Week, usize)>,
    /// The form that was refused.
    form: DecisionForm,
    errors: FormErrors,
}

impl Approvals {
    fn is_refused(&self, person: &PersonWeek) -> bool {
        !self.errors.is_empty() && self.form.user_id.0 == person.user_id.to_string()
    }
}

/// Hands a week in.
pub async fn submit(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<SubmissionForm>,
) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let week = form.0.check(actor.week_starts_on)?;
    app.db.write(move |conn| model::submit(conn, &actor, now, week)).await?;
    view.redirect(&format!("/time-entries?week={week}"), "Week handed in.")
}

/// Takes a week back.
pub async fn withdraw(
    user: Worker,
    app: web::Data<App>,
    view: View,
    form: Form<SubmissionForm>,
) -> AppResult<HttpResponse> {
    let (actor, now) = (user.actor, app.clock.now());
    let week = form.0.check(actor.week_starts_on)?;
    app.db.write(move |conn| model::withdraw(conn, &actor, now, week)).await?;
    view.redirect(&format!("/time-entries?week={week}"), "The week is open again.")
}

/// Everybody's weeks.
pub async fn index(
    user: Manager,
    app: web::Data<App>,
    view: View,
    query: Query<ApprovalsQuery>,
) -> AppResult<HttpResponse> {
    let week = query.0.check(user.actor.week_starts_on)?;
    let page =
        approvals(&app, user.actor, &view, week, DecisionForm::default(), FormErrors::default()).await?;
    view.html(|| page.render(), || page.as_list().render())
}

async fn approvals(
    app: &App,
    actor: Actor,
    view: &View,
    week: Option<Week>,
    form: DecisionForm,
    errors: FormErrors,
) -> AppResult<Approvals> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let week = week.unwrap_or_else(|| Week::of(shell.today, shell.actor.week_starts_on));
            let people = model::of_everybody(conn, week)?;
            let waiting = model::waiting(conn)?.into_iter();
            let waiting =
                waiting.map(|(name, count)| (name.week(shell.actor.week_starts_on), count)).collect();
            Ok(Approvals { shell, week, people, waiting, form, errors })
        })
        .await
}

/// Approves or reopens somebody's week.
pub async fn decide(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<DecisionForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let decided = match form.check(actor.week_starts_on) {
        Ok((person, week, version, decision)) => {
            let actor = actor.clone();
            app.db.write(move |conn| model::decide(conn, &actor, now, person, week, version, &decision)).await
        }
        Err(errors) => Err(errors.into()),
    };
    match decided {
        Ok(sheet) => {
            let path = format!("/time-entries/approvals?week={}", sheet.week());
            view.redirect(&path, &format!("{}.", sheet.status.label()))
        }
        Err(AppError::Invalid(errors)) => {
            let name: Option<WeekName> = form.week.parse().ok();
            let week = name.map(|name| name.week(actor.week_starts_on));
            let page = approvals(&app, actor, &view, week, form, errors).await?;
            view.invalid(|| page.render(), || page.as_list().render())
        }
        Err(error) => Err(error),
    }
}
