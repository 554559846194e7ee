//! From a form to a verb, for page and API alike: prices are read in the quote's currency, which only the database
//! knows.

use super::form::QuoteForm;
use super::model::QuoteVersion;
use super::versions;
use crate::auth::user::Actor;
use crate::billing::outline::Basis;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::QuoteId;
use crate::web::form::edited_version;

/// Saves the draft as a form has it, unless somebody else was faster.
pub(super) fn save(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    id: QuoteId,
    form: &QuoteForm,
) -> AppResult<Saved<QuoteVersion>> {
    let (row, draft) = versions::editable(conn, actor, id)?;
    let client = clients::find(conn, actor, row.quote.client_id)?;
    let changes = form.check(&Basis::load(conn, &client, row.quote.currency)?)?;
    let version = edited_version(&form.version)?;
    if version != draft.version {
        return Ok(Saved::Stale(draft));
    }
    versions::save(conn, actor, now, id, version, changes)?;
    Ok(Saved::Done(draft))
}
