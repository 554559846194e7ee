//! The dashboard.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::model::MyTask;
use super::today::{self, Today};
use crate::auth::extract::CurrentUser;
use crate::error::AppResult;
use crate::types::zone;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "dashboard/index.html")]
struct Dashboard {
    shell: Shell,
    today: Today,
}

impl Dashboard {
    fn greeting(&self) -> String {
        use chrono::Timelike;
        let hour = zone::local_time(self.shell.now, self.shell.actor.zone()).hour();
        let part = match hour {
            0..=4 => "Hello",
            5..=11 => "Good morning",
            12..=17 => "Good afternoon",
            _ => "Good evening",
        };
        format!("{part}, {}", self.shell.actor.name.split_whitespace().next().unwrap_or_default())
    }

    /// Whether the timer in the header runs on this task.
    fn runs(&self, task: &MyTask) -> bool {
        self.shell.timer.as_ref().is_some_and(|timer| timer.task_id == Some(task.id.0))
    }

    fn month(&self) -> String {
        self.shell.today.format("%Y-%m").to_string()
    }

    /// The invoices with a payment in this month.
    fn paid_in(&self) -> String {
        format!("/billing?paid_in={}", self.month())
    }
}

/// Today.
pub async fn index(user: CurrentUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Today)?;
            let today = today::load(conn, &actor, now, shell.today, shell.currency)?;
            Ok(Dashboard { shell, today })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}
