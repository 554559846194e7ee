//! The pages of rates.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::agreed::{self, Agreed, Overview, Party};
use super::form::{OverviewQuery, RateForm, RateQuery};
use super::model::{Rate, RateKind, Scope};
use crate::auth::extract::{Biller, Manager};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::ids::RateId;
use crate::types::pagination::{PER_PAGE, Pager};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "rates/index.html", blocks = ["others"])]
struct RatesIndex {
    shell: Shell,
    query: OverviewQuery,
    overview: Overview,
    /// The page of `overview.others` that is shown.
    others: Vec<Agreed>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "rates/history.html", blocks = ["fields"])]
struct RateHistory {
    shell: Shell,
    party: Party,
    rates: Vec<Rate>,
    form: RateForm,
    errors: FormErrors,
    today: NaiveDate,
}

impl RateHistory {
    fn may_set(&self) -> bool {
        agreed::may_set(&self.shell.actor, self.party.scope)
    }

    /// Whether this one is in force today.
    fn is_current(&self, rate: &Rate) -> bool {
        let mut same = self.rates.iter().filter(|other| other.kind == rate.kind);
        same.find(|other| other.starts_on <= self.today).is_some_and(|current| current.id == rate.id)
    }
}

/// What is agreed with everybody and everything.
pub async fn index(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<OverviewQuery>,
) -> AppResult<HttpResponse> {
    let asked = query.0.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Rates)?;
            let overview = agreed::overview(conn, shell.today)?;
            let pager = Pager::new(asked, i64::try_from(overview.others.len()).unwrap_or(i64::MAX));
            let skipped = usize::try_from(pager.offset()).unwrap_or(0);
            let others = overview.others.iter().skip(skipped).take(PER_PAGE as usize).cloned().collect();
            Ok(RatesIndex { shell, query: query.0, overview, others, pager })
        })
        .await?;
    view.html(|| page.render(), || page.as_others().render())
}

/// The dated rates of one scope.
pub async fn history(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<RateQuery>,
) -> AppResult<HttpResponse> {
    let scope = query.0.check()?;
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Rates)?;
            let form = RateForm::blank(scope, shell.today);
            history_page(conn, shell, scope, form, FormErrors::default())
        })
        .await?;
    view.html(|| page.render(), || page.as_fields().render())
}

fn history_page(
    conn: &mut Conn,
    shell: Shell,
    scope: Scope,
    form: RateForm,
    errors: FormErrors,
) -> AppResult<RateHistory> {
    let party = agreed::party(conn, &shell.actor, scope)?;
    let rates = agreed::history(conn, scope)?;
    let today = shell.today;
    Ok(RateHistory { shell, party, rates, form, errors, today })
}

/// Agrees on a rate.
pub async fn create(
    user: Manager,
    app: web::Data<App>,
    view: View,
    form: Form<RateForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let scope = form.scope()?;
    let (by, sent) = (actor.clone(), form.clone());
    let agreed = app
        .db
        .write(move |conn| {
            let (party, new) = sent.check_for(conn, &by)?;
            agreed::agree(conn, &by, now, &new)?;
            Ok(party)
        })
        .await;
    match agreed {
        Ok(party) => view.redirect(&party.path(), "Rate agreed. Hours that are logged keep theirs."),
        Err(AppError::Invalid(errors)) => {
            let page = refused(&app, actor, &view, scope, form, errors).await?;
            view.invalid(|| page.render(), || page.as_fields().render())
        }
        Err(error) => Err(error),
    }
}

async fn refused(
    app: &App,
    actor: Actor,
    view: &View,
    scope: Scope,
    form: RateForm,
    errors: FormErrors,
) -> AppResult<RateHistory> {
    let (now, look) = (app.clock.now(), view.clone());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Rates)?;
            history_page(conn, shell, scope, form, errors)
        })
        .await
}

/// Takes an agreed rate back.
pub async fn destroy(
    user: Manager,
    app: web::Data<App>,
    view: View,
    id: web::Path<RateId>,
) -> AppResult<HttpResponse> {
    let (actor, now, id) = (user.actor, app.clock.now(), id.into_inner());
    let party = app.db.write(move |conn| agreed::withdraw(conn, &actor, now, id)).await?;
    view.redirect(&party.path(), "Rate taken back. Hours that are logged keep theirs.")
}
