//! The page of the close.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{Months, NaiveDate};

use super::form::{CloseForm, CloseQuery};
use super::model::{self, Close};
use crate::auth::extract::Biller;
use crate::auth::user::Actor;
use crate::billing::model::Grouping;
use crate::error::{AppError, AppResult, FormErrors};
use crate::web::form::Form;
use crate::web::page::{Section, Shell, View, today};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "billing/close/index.html")]
struct ClosePage {
    shell: Shell,
    close: Close,
    grouping: Grouping,
    /// The clients that were chosen; all that can be billed while nobody has.
    chosen: Option<Vec<String>>,
    errors: FormErrors,
}

impl ClosePage {
    fn is_chosen(&self, row: &model::CloseRow) -> bool {
        let id = row.client_id.to_string();
        row.is_billable() && self.chosen.as_ref().is_none_or(|chosen| chosen.contains(&id))
    }

    fn month(&self) -> String {
        self.close.month.format("%Y-%m").to_string()
    }

    /// This page with a line for each `grouping`.
    fn grouped(&self, grouping: &Grouping) -> String {
        format!("/billing/close?month={}&grouping={grouping}", self.month())
    }

    fn month_name(&self) -> String {
        self.close.month.format("%B %Y").to_string()
    }

    fn before(&self) -> String {
        shifted(self.close.month.checked_sub_months(Months::new(1)))
    }

    fn after(&self) -> String {
        shifted(self.close.month.checked_add_months(Months::new(1)))
    }
}

fn shifted(month: Option<NaiveDate>) -> String {
    month.map(|month| month.format("%Y-%m").to_string()).unwrap_or_default()
}

/// What a month leaves to be billed.
pub async fn index(
    user: Biller,
    app: web::Data<App>,
    view: View,
    query: Query<CloseQuery>,
) -> AppResult<HttpResponse> {
    let (actor, now, look, query) = (user.actor, app.clock.now(), view.clone(), query.0);
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let asked = query.check(shell.today)?;
            let (close, grouping) = (model::load(conn, &actor, asked, shell.today)?, asked.1);
            Ok(ClosePage { shell, close, grouping, chosen: None, errors: FormErrors::default() })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}

/// Makes the drafts.
pub async fn create(
    user: Biller,
    app: web::Data<App>,
    view: View,
    form: Form<CloseForm>,
) -> AppResult<HttpResponse> {
    let (actor, now, form) = (user.actor, app.clock.now(), form.0);
    let made = {
        let (actor, form) = (actor.clone(), form.clone());
        app.db
            .write(move |conn| {
                let today = today(conn, now)?;
                let (month, grouping, clients) = form.check(today)?;
                model::create_drafts(conn, &actor, (now, today), month, grouping, &clients)
            })
            .await
    };
    match made {
        Ok(drafts) => {
            let s = if drafts.len() == 1 { "" } else { "s" };
            view.redirect("/billing?status=draft", &format!("{} draft{s} made.", drafts.len()))
        }
        Err(AppError::Invalid(errors)) => {
            let page = refused(&app, actor, &view, form, errors).await?;
            view.invalid(|| page.render(), || page.render())
        }
        Err(error) => Err(error),
    }
}

async fn refused(
    app: &App,
    actor: Actor,
    view: &View,
    form: CloseForm,
    errors: FormErrors,
) -> AppResult<ClosePage> {
    let (look, now) = (view.clone(), app.clock.now());
    app.db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Billing)?;
            let query = CloseQuery { month: form.month, grouping: form.grouping };
            let asked = query.check(shell.today).or_else(|_| CloseQuery::default().check(shell.today))?;
            let (close, grouping) = (model::load(conn, &actor, asked, shell.today)?, asked.1);
            let chosen = Some(form.clients.into_iter().map(|client| client.0).collect());
            Ok(ClosePage { shell, close, grouping, chosen, errors })
        })
        .await
}
