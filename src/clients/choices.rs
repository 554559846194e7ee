//! Clients to choose from, as forms and the filters of lists offer them.

use std::sync::Arc;

use diesel::prelude::*;

use super::model::{find, visible_to};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::kept::{Kept, Revision};
use crate::db::schema::clients;
use crate::error::{AppResult, found};
use crate::types::ids::ClientId;

/// Every client that is not archived, by name.
pub fn choices(conn: &mut Conn, actor: &Actor) -> AppResult<Vec<(ClientId, String)>> {
    Ok(visible_to(actor)
        .filter(clients::archived_at.is_null())
        .order((clients::name_key, clients::id))
        .select((clients::id, clients::name))
        .load(conn)?)
}

/// [`choices`] as they were last read, anew after every change of a client; first among them `chosen`, though it is
/// archived.
pub fn kept_choices(
    conn: &mut Conn,
    actor: &Actor,
    kept: &Kept<Vec<(ClientId, String)>>,
    chosen: Option<ClientId>,
) -> AppResult<Arc<Vec<(ClientId, String)>>> {
    // What is kept is everybody's, so it is for those who see every client.
    let mut offered = match actor.only_assigned() {
        Some(_) => Arc::new(choices(conn, actor)?),
        None => {
            let revision = vec![revision(conn)?];
            kept.get(conn, revision, |conn| choices(conn, actor))?
        }
    };
    if let Some(id) = chosen.filter(|id| offered.iter().all(|(other, _)| other != id))
        && let Some(client) = found(find(conn, actor, id))?
    {
        Arc::make_mut(&mut offered).insert(0, (id, client.name));
    }
    Ok(offered)
}

/// What a client is called.
pub fn name(conn: &mut Conn, id: ClientId) -> AppResult<String> {
    Ok(clients::table.find(id).select(clients::name).first(conn)?)
}

/// Another one after every change of a client.
pub fn revision(conn: &mut Conn) -> AppResult<Revision> {
    Revision::of(conn, "clients")
}
