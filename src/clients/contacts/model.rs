//! Contacts: rows and verbs.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::db::schema::contacts;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, ContactId};

/// A person at a client.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = contacts)]
pub struct Contact {
    /// Which.
    pub id: ContactId,
    /// Whose.
    pub client_id: ClientId,
    /// Name.
    pub name: String,
    /// What they do there.
    pub job_title: String,
    /// E-mail address.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Gets invoices and reminders.
    pub is_billing: bool,
    /// Knows the site and its hosting.
    pub is_technical: bool,
    /// Decides.
    pub is_owner: bool,
    /// Counts the edits.
    pub version: i64,
}

impl Contact {
    /// Their roles in words.
    pub fn roles(&self) -> String {
        let roles =
            [(self.is_billing, "Billing"), (self.is_technical, "Technical"), (self.is_owner, "Owner")];
        let roles: Vec<&str> = roles.into_iter().filter(|(has, _)| *has).map(|(_, label)| label).collect();
        roles.join(", ")
    }
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = contacts)]
pub struct NewContact {
    /// Name.
    pub name: String,
    /// What they do there.
    pub job_title: String,
    /// E-mail address.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Gets invoices and reminders.
    pub is_billing: bool,
    /// Knows the site and its hosting.
    pub is_technical: bool,
    /// Decides.
    pub is_owner: bool,
}

/// A client's contacts in the order they were added. The caller has found the client.
pub fn of_client(conn: &mut Conn, client: ClientId) -> AppResult<Vec<Contact>> {
    Ok(contacts::table
        .filter(contacts::client_id.eq(client))
        .order(contacts::id)
        .select(Contact::as_select())
        .load(conn)?)
}

/// The contact, if `actor` may see its client and it is that client's.
pub fn find(conn: &mut Conn, actor: &Actor, client: ClientId, id: ContactId) -> AppResult<Contact> {
    clients::find(conn, actor, client)?;
    Ok(contacts::table
        .filter(contacts::client_id.eq(client))
        .filter(contacts::id.eq(id))
        .select(Contact::as_select())
        .first(conn)?)
}

/// Adds a contact.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    new: &NewContact,
) -> AppResult<Contact> {
    clients::find(conn, actor, client)?;
    let id: ContactId = diesel::insert_into(contacts::table)
        .values((
            new,
            contacts::client_id.eq(client),
            contacts::created_at.eq(now),
            contacts::updated_at.eq(now),
        ))
        .returning(contacts::id)
        .get_result(conn)?;
    note(conn, actor, now, Entry::new(Action::Created, Subject::Contact, id.0, &new.name), client)?;
    find(conn, actor, client, id)
}

/// Saves a contact over version `version`; a conflict when somebody was faster.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    id: ContactId,
    version: i64,
    new: &NewContact,
) -> AppResult<Contact> {
    let before = find(conn, actor, client, id)?;
    let updated =
        diesel::update(contacts::table.filter(contacts::id.eq(id)).filter(contacts::version.eq(version)))
            .set((new, contacts::updated_at.eq(now), contacts::version.eq(version + 1)))
            .execute(conn)?;
    if updated == 0 {
        return Err(AppError::Conflict(format!(
            "Somebody else changed {} meanwhile. Reload to see how.",
            before.name
        )));
    }
    let after = find(conn, actor, client, id)?;
    let entry = Entry::new(Action::Updated, Subject::Contact, id.0, &new.name)
        .change("name", &before.name, &after.name)
        .change("job_title", &before.job_title, &after.job_title)
        .change("email", &before.email, &after.email)
        .change("phone", &before.phone, &after.phone)
        .change("roles", before.roles(), after.roles());
    if entry.has_changes() {
        note(conn, actor, now, entry, client)?;
    }
    Ok(after)
}

/// Removes a contact.
pub fn delete(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    id: ContactId,
) -> AppResult<()> {
    let contact = find(conn, actor, client, id)?;
    diesel::delete(contacts::table.find(id)).execute(conn)?;
    note(conn, actor, now, Entry::new(Action::Deleted, Subject::Contact, id.0, &contact.name), client)
}

/// Makes a client's contacts the given ones, as the API puts them: by position, the rest removed.
pub fn replace(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    new: &[NewContact],
) -> AppResult<()> {
    let stored = of_client(conn, client)?;
    for (contact, new) in stored.iter().zip(new) {
        update(conn, actor, now, client, contact.id, contact.version, new)?;
    }
    for contact in stored.iter().skip(new.len()) {
        delete(conn, actor, now, client, contact.id)?;
    }
    for new in new.iter().skip(stored.len()) {
        create(conn, actor, now, client, new)?;
    }
    Ok(())
}

fn note(conn: &mut Conn, actor: &Actor, now: UtcTime, entry: Entry, client: ClientId) -> AppResult<()> {
    clients::refresh_search(conn, actor, client)?;
    audit::record(conn, Some(actor.id), now, &entry.client(client))
}
