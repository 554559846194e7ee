//! The page of the leak report.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::model::{self, Leaks};
use crate::auth::extract::Biller;
use crate::error::AppResult;
use crate::types::calendar::day_month;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "time_entries/leaks/index.html", blocks = ["report"])]
struct LeaksPage {
    shell: Shell,
    leaks: Leaks,
}

impl LeaksPage {
    /// "18 Nov".
    fn short(&self, day: &NaiveDate) -> String {
        day_month(*day)
    }
}

/// What leaks.
pub async fn index(user: Biller, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Time)?;
            let leaks = model::report(conn, &actor, now, shell.today)?;
            Ok(LeaksPage { shell, leaks })
        })
        .await?;
    view.html(|| page.render(), || page.as_report().render())
}
