//! What must hold of hours by themselves.

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::time_entries;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::TimeEntryId;

/// Entries read at a time.
const BATCH: i64 = 10_000;
/// Entries named.
const MOST: usize = 50;

/// A sentence for every entry whose seconds are not those from its start to its end, less its break.
pub fn faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    let mut faults = Vec::new();
    let mut after = TimeEntryId(0);
    while faults.len() < MOST {
        let rows: Vec<(TimeEntryId, UtcTime, Option<UtcTime>, i64, i64)> = time_entries::table
            .filter(time_entries::id.gt(after))
            .order(time_entries::id)
            .limit(BATCH)
            .select((
                time_entries::id,
                time_entries::started_at,
                time_entries::ended_at,
                time_entries::break_seconds,
                time_entries::duration_seconds,
            ))
            .load(conn)?;
        let Some((last, ..)) = rows.last() else { break };
        after = *last;
        for (id, started_at, ended_at, pause, stored) in rows {
            let worked = ended_at.map_or(0, |ended_at| ended_at.seconds_since(started_at) - pause);
            if stored != worked {
                faults.push(format!("Time entry {id}: it lasts {worked} seconds, but {stored} are stored."));
            }
        }
    }
    faults.truncate(MOST);
    Ok(faults)
}
