//! The hash chain over the activity log: made in batches, checked from its first link.

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::model::Activity;
use crate::db::Conn;
use crate::db::schema::{activities, activity_chain, activity_seals, unsealed_activities};
use crate::error::AppResult;
use crate::types::ids::ActivityId;

/// What stands before the first entry.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = activity_seals)]
struct Seal {
    seq: i64,
    activity_id: ActivityId,
    previous_hash: String,
    hash: String,
}

/// Chains up to `batch` waiting entries and returns how many. Run in a write transaction.
pub fn seal_next(conn: &mut Conn, batch: i64) -> AppResult<usize> {
    let waiting: Vec<Activity> = activities::table
        .inner_join(unsealed_activities::table)
        .select(Activity::as_select())
        .order(activities::id)
        .limit(batch)
        .load(conn)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let (mut seq, mut previous) = end(conn)?;
    let mut seals = Vec::with_capacity(waiting.len());
    for activity in &waiting {
        seq += 1;
        let hash = link(seq, &previous, activity);
        seals.push(Seal { seq, activity_id: activity.id, previous_hash: previous, hash: hash.clone() });
        previous = hash;
    }
    for chunk in seals.chunks(500) {
        crate::insert_batch!(conn, activity_seals::table, chunk)?;
    }
    let ids: Vec<ActivityId> = waiting.iter().map(|activity| activity.id).collect();
    for chunk in ids.chunks(500) {
        diesel::delete(unsealed_activities::table.filter(unsealed_activities::activity_id.eq_any(chunk)))
            .execute(conn)?;
    }
    diesel::update(activity_chain::table)
        .set((activity_chain::seq.eq(seq), activity_chain::hash.eq(previous)))
        .execute(conn)?;
    Ok(seals.len())
}

/// Number and hash of the last link that was made.
fn end(conn: &mut Conn) -> AppResult<(i64, String)> {
    Ok(activity_chain::table.select((activity_chain::seq, activity_chain::hash)).first(conn)?)
}

/// Faults of the chain: altered, missing or unchained entries. Empty when it holds.
pub fn faults(conn: &mut Conn) -> AppResult<Vec<String>> {
    const PAGE: i64 = 1_000;
    let mut faults = Vec::new();
    // Read before the links: what is chained meanwhile only adds to them.
    let end = end(conn)?;
    let (mut seq, mut previous) = (0, GENESIS.to_owned());
    loop {
        let page: Vec<(Seal, Activity)> = activity_seals::table
            .inner_join(activities::table)
            .select((Seal::as_select(), Activity::as_select()))
            .filter(activity_seals::seq.gt(seq))
            .order(activity_seals::seq)
            .limit(PAGE)
            .load(conn)?;
        let Some((last, _)) = page.last() else { break };
        let last_seq = last.seq;
        for (seal, activity) in &page {
            if seal.seq != seq + 1 {
                faults.push(format!("link {} is missing", seq + 1));
            }
            if seal.previous_hash != previous || seal.hash != link(seal.seq, &previous, activity) {
                faults.push(format!("entry {} does not match link {}", activity.id, seal.seq));
                return Ok(faults);
            }
            seq = seal.seq;
            previous.clone_from(&seal.hash);
            if seq == end.0 && previous != end.1 {
                faults.push(format!("link {seq} is not the one that was made last"));
            }
        }
        seq = last_seq;
    }
    if seq < end.0 {
        faults.push(format!("the chain was cut off: {} links were made, and it ends at {seq}", end.0));
    }
    let unchained: Vec<ActivityId> = activities::table
        .left_join(activity_seals::table)
        .left_join(unsealed_activities::table)
        .filter(activity_seals::seq.is_null())
        .filter(unsealed_activities::activity_id.is_null())
        .select(activities::id)
        .order(activities::id)
        .limit(10)
        .load(conn)?;
    faults.extend(unchained.into_iter().map(|id| format!("entry {id} was taken out of the chain")));
    Ok(faults)
}

fn link(seq: i64, previous: &str, activity: &Activity) -> String {
    let optional = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let mut hasher = Sha256::new();
    // Every part carries its length, so that no two different entries read the same.
    for part in [
        seq.to_string().as_str(),
        previous,
        &activity.id.to_string(),
        &activity.occurred_at.to_string(),
        &optional(activity.actor_id.map(|id| id.0)),
        activity.action.as_str(),
        activity.subject_type.as_str(),
        &activity.subject_id.to_string(),
        &activity.subject_label,
        &optional(activity.client_id.map(|id| id.0)),
        &optional(activity.project_id.map(|id| id.0)),
        &optional(activity.task_id.map(|id| id.0)),
        &optional(activity.invoice_id.map(|id| id.0)),
        &activity.changes,
    ] {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
