//! Making a link: a look that is on record, and the address with the key.

use super::model::{self, NewShare, Share};
use crate::auth::user::Actor;
use crate::credentials::model as credentials;
use crate::credentials::reveals;
use crate::error::AppResult;
use crate::types::ids::CredentialId;
use crate::web::App;
use crate::web::secret_links::address;

/// Puts a look on record, opens the secret and keeps it under a key of its own: the link, with that key.
pub(super) async fn make(
    app: &App,
    actor: &Actor,
    id: CredentialId,
    new: NewShare,
) -> AppResult<(Share, String)> {
    let (now, look, limit) = (app.clock.now(), new.look(), app.config.vault_reveals_per_hour);
    let stored = {
        let (actor, look) = (actor.clone(), look.clone());
        app.db
            .write(move |conn| {
                credentials::find_kept(conn, &actor, id)?;
                reveals::record(conn, &actor, now, limit, id, &look)
            })
            .await?
    };
    // Committed: it is on record, whatever comes of the rest.
    let shown = reveals::open(app.keys.vault(), now, &stored, &look)?;
    let sealed = model::seal(&shown.text)?;
    let (actor, version, bytes) = (actor.clone(), shown.version, sealed.bytes);
    let (share, token) =
        app.db.write(move |conn| model::create(conn, &actor, now, id, version, &new, &bytes)).await?;
    Ok((share, address(app, &format!("/shares/{token}#{}", sealed.key.as_str()))))
}
