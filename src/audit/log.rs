//! The whole activity log, narrowed by who, where, what and when, the latest first.

use diesel::prelude::*;

use super::model::{Action, Activity, Subject};
use super::timeline::{TimelineEntry, with_homes};
use crate::db::Conn;
use crate::db::schema::{activities, clients, users};
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ActivityId, ClientId, UserId};
use crate::types::pagination::has_more;

/// What is asked for; `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// By whom.
    pub user: Option<UserId>,
    /// In what belongs to this client.
    pub client: Option<ClientId>,
    /// To what kind of thing.
    pub subject: Option<Subject>,
    /// What was done.
    pub action: Option<Action>,
    /// From this moment on.
    pub from: Option<UtcTime>,
    /// Before this moment.
    pub until: Option<UtcTime>,
    /// The entries after this one.
    pub after: Option<ActivityId>,
}

/// Entries, and the one after which the next page begins.
pub type Page = (Vec<TimelineEntry>, Option<ActivityId>);

/// At most `limit` entries. The caller has shown that the reader may see everything.
pub fn page(conn: &mut Conn, filter: &LogFilter, limit: i64) -> AppResult<Page> {
    let mut query = activities::table
        .left_join(users::table)
        .left_join(clients::table.on(activities::client_id.eq(clients::id.nullable())))
        .select((Activity::as_select(), users::name.nullable(), clients::name.nullable()))
        .order((activities::occurred_at.desc(), activities::id.desc()))
        .limit(limit + 1)
        .into_boxed();
    if let Some(user) = filter.user {
        query = query.filter(activities::actor_id.eq(user));
    }
    if let Some(client) = filter.client {
        query = query.filter(activities::client_id.eq(client));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(activities::subject_type.eq(subject));
    }
    if let Some(action) = filter.action {
        query = query.filter(activities::action.eq(action));
    }
    if let Some(from) = filter.from {
        query = query.filter(activities::occurred_at.ge(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(activities::occurred_at.lt(until));
    }
    if let Some(after) = filter.after {
        let at: UtcTime = activities::table.find(after).select(activities::occurred_at).first(conn)?;
        let follows = activities::occurred_at.lt(at).or(activities::id.lt(after));
        query = query.filter(activities::occurred_at.le(at)).filter(follows);
    }
    let mut rows: Vec<(Activity, Option<String>, Option<String>)> = query.load(conn)?;
    let more = has_more(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|(activity, ..)| activity.id);
    Ok((with_homes(conn, rows)?, next))
}
