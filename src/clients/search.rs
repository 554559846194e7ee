//! The words that a client is found by: its own and the names of its contacts, folded into one column.

use diesel::prelude::*;

use super::model::NewClient;
use crate::db::Conn;
use crate::db::schema::{clients, contacts};
use crate::error::AppResult;
use crate::types::ids::ClientId;
use crate::types::text::fold;

/// The column of a client that is about to be stored; `id` is absent before it has contacts.
pub(in crate::clients) fn text(conn: &mut Conn, new: &NewClient, id: Option<ClientId>) -> AppResult<String> {
    let contacts = match id {
        Some(id) => contact_names(conn, id)?,
        None => Vec::new(),
    };
    Ok(folded([&new.name, &new.email, &new.city, &new.website], &contacts))
}

/// Writes the column anew after a contact changed.
pub(in crate::clients) fn refresh(conn: &mut Conn, id: ClientId) -> AppResult<()> {
    let (name, email, city, website): (String, String, String, String) = clients::table
        .find(id)
        .select((clients::name, clients::email, clients::city, clients::website))
        .first(conn)?;
    let text = folded([&name, &email, &city, &website], &contact_names(conn, id)?);
    diesel::update(clients::table.find(id)).set(clients::search_text.eq(text)).execute(conn)?;
    Ok(())
}

fn contact_names(conn: &mut Conn, id: ClientId) -> AppResult<Vec<String>> {
    Ok(contacts::table
        .filter(contacts::client_id.eq(id))
        .order(contacts::id)
        .select(contacts::name)
        .load(conn)?)
}

fn folded(own: [&str; 4], contacts: &[String]) -> String {
    fold(&format!("{} {}", own.join(" "), contacts.join(" ")))
}
