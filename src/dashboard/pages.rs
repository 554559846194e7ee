//! The dashboard.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::model::{self, MoneyFigures, MyTask, Week};
use crate::audit::model::{Scope, TimelineEntry, timeline};
use crate::auth::extract::CurrentUser;
use crate::error::AppResult;
use crate::types::zone;
use crate::web::page::{Section, Shell, View};
use crate::web::{App, filters};

/// Entries of the activity log that are shown.
const ENTRIES: i64 = 10;

#[derive(Template)]
#[template(path = "dashboard/index.html")]
struct Dashboard {
    shell: Shell,
    /// `None` for roles that do not see money.
    money: Option<MoneyFigures>,
    tasks: Vec<MyTask>,
    /// How many of one's open tasks are late, shown or not.
    late_tasks: i64,
    week: Week,
    entries: Vec<TimelineEntry>,
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

    fn needs_attention(&self) -> bool {
        self.late_tasks > 0
            || self.money.as_ref().is_some_and(|money| !money.late.is_empty() || money.ready_seconds > 0)
    }
}

/// Today.
pub async fn index(user: CurrentUser, app: web::Data<App>, view: View) -> AppResult<HttpResponse> {
    let (actor, now, look) = (user.actor, app.clock.now(), view.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Today)?;
            let scope = if actor.sees_all_time() { Scope::All } else { Scope::Actor(actor.id) };
            Ok(Dashboard {
                money: if actor.sees_money() { Some(model::money(conn, shell.today)?) } else { None },
                tasks: model::my_tasks(conn, &actor)?,
                late_tasks: model::my_late_tasks(conn, &actor, shell.today)?,
                week: model::my_week(conn, &actor, now)?,
                entries: timeline(conn, scope, actor.sees_money(), None, ENTRIES)?,
                shell,
            })
        })
        .await?;
    view.html(|| page.render(), || page.render())
}
