//! What the unbilled hours of all clients come to on the drafts of a close: each line sums and rounds its seconds before it is
//! priced, so the amounts of the entries alone are not it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable};

use crate::billing::model::Grouping;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::time_entries;
use crate::error::{AppError, AppResult};
use crate::time_entries::rounding::model::{self as rounding, Worked};
use crate::types::ids::{ClientId, ProjectId, TaskId, TimeEntryId};
use crate::types::money;

/// The unbilled hours of one client.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hours {
    /// Seconds worked.
    pub seconds: i64,
    /// Of those, what has no rate and so cannot be billed.
    pub without_rate: i64,
    /// What their lines come to, in minor units.
    pub cents: i64,
}

impl Hours {
    /// Adds what becomes one line: seconds worked, seconds billed, and the price of an hour.
    fn add(&mut self, worked: i64, billed: i64, rate_cents: Option<i64>) -> AppResult<()> {
        self.seconds += worked;
        let Some(rate) = rate_cents else {
            self.without_rate += worked;
            return Ok(());
        };
        let net = money::hours_e4(billed).and_then(|quantity| money::line_net(quantity, rate));
        let sum = net.and_then(|net| self.cents.checked_add(net));
        self.cents =
            sum.ok_or_else(|| AppError::invalid("clients", "have hours worth more than can be kept"))?;
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = BigInt)]
    client_id: ClientId,
    #[diesel(sql_type = Nullable<BigInt>)]
    rate_cents: Option<i64>,
    #[diesel(sql_type = BigInt)]
    seconds: i64,
}

/// The hours of every client up to `to` as drafts with a line for each `grouping` would bill them.
pub fn of_clients(
    conn: &mut Conn,
    to: NaiveDate,
    grouping: Grouping,
) -> AppResult<BTreeMap<ClientId, Hours>> {
    let rules = rounding::of_everybody(conn)?;
    let mut hours: BTreeMap<ClientId, Hours> = BTreeMap::new();
    if !rules.round_everything() {
        let key = match grouping {
            Grouping::Task => "project_id, task_id",
            Grouping::Project => "project_id",
            Grouping::Day => "local_on",
            Grouping::Entry => "id",
        };
        let lines: Vec<Line> = diesel::sql_query(format!(
            "SELECT client_id, rate_cents, CAST(SUM(duration_seconds) AS BIGINT) AS seconds FROM time_entries \
             WHERE is_unbilled AND local_on <= $1 GROUP BY client_id, {key}, rate_cents"
        ))
        .bind::<Date, _>(to)
        .cached()
        .load(conn)?;
        for line in lines.iter().filter(|line| !rules.round(line.client_id)) {
            hours.entry(line.client_id).or_default().add(line.seconds, line.seconds, line.rate_cents)?;
        }
    }
    add_rounded(conn, to, grouping, &rules, &mut hours)?;
    Ok(hours)
}

type Row = (ClientId, ProjectId, Option<TaskId>, NaiveDate, TimeEntryId, i64, Option<i64>);

/// Adds the clients whose hours are rounded, which takes each entry.
fn add_rounded(
    conn: &mut Conn,
    to: NaiveDate,
    grouping: Grouping,
    rules: &rounding::Everybody,
    hours: &mut BTreeMap<ClientId, Hours>,
) -> AppResult<()> {
    let mut query = time_entries::table
        .filter(time_entries::is_unbilled)
        .filter(time_entries::local_on.le(to))
        .select((
            time_entries::client_id,
            time_entries::project_id,
            time_entries::task_id,
            time_entries::local_on,
            time_entries::id,
            time_entries::duration_seconds,
            time_entries::rate_cents,
        ))
        .order((time_entries::client_id, time_entries::local_on, time_entries::id))
        .into_boxed();
    if !rules.round_everything() {
        let clients = rules.clients();
        if clients.is_empty() {
            return Ok(());
        }
        query = query.filter(time_entries::client_id.eq_any(clients));
    }
    let rows: Vec<Row> = query.load(conn)?;
    for rows in rows.chunk_by(|one, next| one.0 == next.0) {
        let Some(client) = rows.first().map(|row| row.0) else { continue };
        let of_client = rules.of(client);
        let worked: Vec<Worked> = rows
            .iter()
            .map(|(_, project, task, on, _, seconds, _)| Worked {
                on: *on,
                project: *project,
                task: *task,
                seconds: *seconds,
            })
            .collect();
        let billed = rounding::billed(&worked, |project| of_client.of(project));
        let mut lines: BTreeMap<_, (i64, i64)> = BTreeMap::new();
        for ((_, project, task, on, id, seconds, rate), billed) in rows.iter().zip(billed) {
            let key = match grouping {
                Grouping::Task => (Some(*project), *task, None, None),
                Grouping::Project => (Some(*project), None, None, None),
                Grouping::Day => (None, None, Some(*on), None),
                Grouping::Entry => (None, None, None, Some(*id)),
            };
            let line = lines.entry((key, *rate)).or_default();
            line.0 += seconds;
            line.1 += billed;
        }
        let sum = hours.entry(client).or_default();
        for ((_, rate), (worked, billed)) in lines {
            sum.add(worked, billed, rate)?;
        }
    }
    Ok(())
}
