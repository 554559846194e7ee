//! The page of the log, and the log as a file.

use std::sync::Arc;

use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use askama::Template;
use futures_util::stream;

use super::filter::LogQuery;
use crate::audit::log::{self, LogFilter};
use crate::audit::model::{self as audit, Action, Entry, Subject, TimelineEntry};
use crate::auth::extract::Admin;
use crate::auth::user;
use crate::clients::model as clients;
use crate::error::{AppError, AppResult};
use crate::types::ids::{ActivityId, ClientId, UserId};
use crate::types::pagination::PER_PAGE;
use crate::types::zone;
use crate::web::csv::{self, Cell};
use crate::web::page::{Section, Shell, View, today};
use crate::web::query::Query;
use crate::web::{App, filters};

#[derive(Template)]
#[template(path = "activity/index.html", blocks = ["list"])]
struct ActivityIndex {
    shell: Shell,
    query: LogQuery,
    people: Vec<(UserId, String)>,
    clients: Arc<Vec<(ClientId, String)>>,
    entries: Vec<TimelineEntry>,
    next: Option<ActivityId>,
}

impl ActivityIndex {
    /// Everything that the person of an entry did on its day.
    fn day_of(&self, entry: &TimelineEntry) -> String {
        let day = zone::local_date(entry.activity.occurred_at, self.shell.actor.zone());
        let person = entry.activity.actor_id.map(|id| format!("user_id={id}&")).unwrap_or_default();
        format!("/activity?{person}from={day}&to={day}")
    }
}

/// The log.
pub async fn index(
    user: Admin,
    app: web::Data<App>,
    view: View,
    query: Query<LogQuery>,
) -> AppResult<HttpResponse> {
    let query = query.0;
    let filter = query.check(user.actor.zone())?;
    let (actor, now, look, offers) = (user.actor, app.clock.now(), view.clone(), app.offers.clone());
    let page = app
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &actor, now, &look, Section::Settings)?;
            let (entries, next) = log::page(conn, &filter, PER_PAGE)?;
            let clients = clients::kept_choices(conn, &actor, &offers.clients, filter.client)?;
            let people = user::everybody(conn)?;
            Ok(ActivityIndex { shell, query, people, clients, entries, next })
        })
        .await?;
    view.html(|| page.render(), || page.as_list().render())
}

/// Entries that are read at once for the file.
const BATCH: i64 = 500;

/// Columns of the file; people address them by position, so they stay as they are.
const COLUMNS: [&str; 8] = ["Time (UTC)", "Person", "Action", "Kind", "Id", "Name", "Client", "Changes"];

/// All that the filter lets through as a file, written as it is read: the log only grows, so a batch read later belongs
/// to the same state.
pub async fn csv(user: Admin, app: web::Data<App>, query: Query<LogQuery>) -> AppResult<HttpResponse> {
    let filter = query.0.check(user.actor.zone())?;
    let (by, now) = (user.actor.id, app.clock.now());
    let note = Entry::new(Action::Exported, Subject::List, 0, "activity");
    let today = app
        .db
        .write(move |conn| {
            audit::record(conn, Some(by), now, &note)?;
            today(conn, now)
        })
        .await?;
    let header = csv::text(&COLUMNS, &[]);
    let rows = stream::unfold(Some((app, filter)), batch);
    let parts = futures_util::StreamExt::chain(
        stream::once(std::future::ready(Ok::<Bytes, AppError>(Bytes::from(header)))),
        rows,
    );
    Ok(csv::streamed(&format!("activity-{today}"), parts))
}

type Left = Option<(web::Data<App>, LogFilter)>;

async fn batch(left: Left) -> Option<(AppResult<Bytes>, Left)> {
    let (app, filter) = left?;
    let asked = filter.clone();
    match app.db.read(move |conn| log::page(conn, &asked, BATCH)).await {
        Ok((entries, next)) => {
            let rows: Vec<Vec<Cell>> = entries.into_iter().map(cells).collect();
            let left = next.map(|after| (app, LogFilter { after: Some(after), ..filter }));
            Some((Ok(Bytes::from(csv::lines(&rows))), left))
        }
        Err(error) => Some((Err(error), None)),
    }
}

fn cells(entry: TimelineEntry) -> Vec<Cell> {
    let person = entry.actor().to_owned();
    let activity = entry.activity;
    vec![
        Cell::Plain(activity.occurred_at.to_string()),
        Cell::Text(person),
        Cell::Plain(activity.action.to_string()),
        Cell::Plain(activity.subject_type.to_string()),
        Cell::Plain(activity.subject_id.to_string()),
        Cell::Text(activity.subject_label),
        Cell::Text(entry.client_name.unwrap_or_default()),
        Cell::Text(activity.changes),
    ]
}
