//! From a form to a verb, for page and API alike: prices are read in the currency of the recurring invoice, which only
//! the database knows.

use super::form::RecurringForm;
use super::model::{self, Recurring};
use super::verbs;
use crate::auth::user::Actor;
use crate::billing::outline::Basis;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::RecurringId;
use crate::web::form::edited_version;
use crate::web::page::today;

/// Saves a recurring invoice as a form has it, unless somebody else was faster.
pub(super) fn save(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: RecurringId,
    form: &RecurringForm,
) -> AppResult<Saved<Recurring>> {
    let stored = model::find_locked(conn, actor, id)?;
    let client = clients::find(conn, actor, stored.client_id)?;
    let changes = form.check(&Basis::load(conn, &client, stored.currency)?)?;
    let version = edited_version(&form.version)?;
    let today = today(conn, now)?;
    verbs::save(conn, actor, now, today, (id, version), changes)
}
