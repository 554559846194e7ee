//! What `bureau doctor` looks at in the vault.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::secrets;
use crate::audit::model::{Action, Subject};
use crate::db::Conn;
use crate::db::schema::{activities, credential_secrets as s, credentials};
use crate::error::AppResult;
use crate::keys::vault::{Place, Vault, number_of};

/// Secrets that do not open where they are kept, and versions that are missing or current twice.
pub fn faults(conn: &mut Conn, vault: &Vault) -> AppResult<Vec<String>> {
    type Row = (i64, String, String, i64, Vec<u8>, i64, bool);
    let mut faults = Vec::new();
    let mut last: BTreeMap<(i64, String), (i64, bool)> = BTreeMap::new();
    let mut after = (0_i64, String::new(), 0_i64);
    loop {
        let (id, field, version) = after.clone();
        let rows: Vec<Row> = s::table
            .inner_join(credentials::table)
            .filter(
                s::credential_id.gt(id).or(s::credential_id
                    .eq(id)
                    .and(s::field.gt(field.clone()).or(s::field.eq(field).and(s::version.gt(version))))),
            )
            .order((s::credential_id, s::field, s::version))
            .limit(1_000)
            .select((
                s::credential_id,
                credentials::record_key,
                s::field,
                s::version,
                s::envelope,
                s::kek_id,
                s::replaced_at.is_null(),
            ))
            .load(conn)?;
        let Some((id, _, field, version, ..)) = rows.last() else {
            faults.extend(missing(conn, &last)?);
            return Ok(faults);
        };
        after = (*id, field.clone(), *version);
        for (id, record, field, version, envelope, kek_id, is_current) in rows {
            let what = format!("version {version} of {field} in credential {id}");
            let place = Place { record: &record, field: &field, version };
            if vault.open(place, &envelope).is_err() {
                faults.push(format!("{what} does not open"));
            } else if number_of(&envelope).map(i64::from) != Some(kek_id) {
                faults.push(format!("{what} names another key than its envelope"));
            }
            let (before, was_current) = last.insert((id, field), (version, is_current)).unwrap_or_default();
            if before + 1 != version {
                faults.push(format!("{what} follows on version {before}"));
            }
            if was_current {
                faults.push(format!("{what} follows on one that was not replaced"));
            }
        }
    }
}

/// Versions that the activity log tells of and that are not stored: the log is chained, so that a row which was put back
/// to an earlier state contradicts it.
fn missing(conn: &mut Conn, stored: &BTreeMap<(i64, String), (i64, bool)>) -> AppResult<Vec<String>> {
    let kept: BTreeSet<i64> = credentials::table.select(credentials::id).load(conn)?.into_iter().collect();
    let noted: Vec<(i64, String)> = activities::table
        .filter(activities::subject_type.eq(Subject::Credential))
        .filter(activities::action.eq(Action::Created).or(activities::action.eq(Action::Updated)))
        .select((activities::subject_id, activities::changes))
        .load(conn)?;
    let mut latest: BTreeMap<(i64, String), i64> = BTreeMap::new();
    for (id, changes) in noted.into_iter().filter(|(id, _)| kept.contains(id)) {
        for (field, version) in secrets::noted_versions(&changes) {
            let known = latest.entry((id, field)).or_default();
            *known = version.max(*known);
        }
    }
    let is_missing = |(place, version): &(&(i64, String), &i64)| {
        stored.get(*place).is_none_or(|(known, _)| known < *version)
    };
    Ok(latest
        .iter()
        .filter(is_missing)
        .map(|((id, field), version)| format!("version {version} of {field} in credential {id} is missing"))
        .collect())
}
