//! Contacts: rows and verbs.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::clients::search;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::saved::Saved;
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

/// The contacts of several clients, those of one in the order they were added.
pub fn of_clients(conn: &mut Conn, clients: &[ClientId]) -> AppResult<Vec<Contact>> {
    Ok(contacts::table
        .filter(contacts::client_id.eq_any(clients))
        .order(contacts::id)
        .select(Contact::as_select())
        .cached()
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

/// Contacts that one client may have.
pub const MOST: usize = 100;

/// The client, if its contacts may change: an archived one is as it was put away.
fn open_client(conn: &mut Conn, actor: &Actor, id: ClientId) -> AppResult<()> {
    if clients::find(conn, actor, id)?.is_archived() {
        return Err(AppError::Conflict("This client is archived. Restore it first.".into()));
    }
    Ok(())
}

/// Adds a contact.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    new: &NewContact,
) -> AppResult<Contact> {
    open_client(conn, actor, client)?;
    if contacts::table.filter(contacts::client_id.eq(client)).count().get_result::<i64>(conn)? >= MOST as i64
    {
        return Err(AppError::invalid("", format!("A client has at most {MOST} contacts.")));
    }
    let id = insert(conn, actor, now, client, new)?;
    search::refresh(conn, client)?;
    find(conn, actor, client, id)
}

fn insert(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    new: &NewContact,
) -> AppResult<ContactId> {
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
    Ok(id)
}

/// Saves a contact over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    id: ContactId,
    version: i64,
    new: &NewContact,
) -> AppResult<Saved<Contact>> {
    let before = find(conn, actor, client, id)?;
    open_client(conn, actor, client)?;
    if before.version != version {
        return Ok(Saved::Stale(before));
    }
    if !store(conn, actor, now, &before, new)? {
        return Ok(Saved::Stale(find(conn, actor, client, id)?));
    }
    search::refresh(conn, client)?;
    Ok(Saved::Done(find(conn, actor, client, id)?))
}

/// Writes `new` over `before`; says no when somebody was faster.
fn store(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    before: &Contact,
    new: &NewContact,
) -> AppResult<bool> {
    let unchanged =
        contacts::table.filter(contacts::id.eq(before.id)).filter(contacts::version.eq(before.version));
    let updated = diesel::update(unchanged)
        .set((new, contacts::updated_at.eq(now), contacts::version.eq(contacts::version + 1)))
        .execute(conn)?;
    if updated == 0 {
        return Ok(false);
    }
    let after: Contact = contacts::table.find(before.id).select(Contact::as_select()).first(conn)?;
    let entry = Entry::new(Action::Updated, Subject::Contact, before.id.0, &new.name)
        .change("name", &before.name, &after.name)
        .change("job_title", &before.job_title, &after.job_title)
        .change("email", &before.email, &after.email)
        .change("phone", &before.phone, &after.phone)
        .change("roles", before.roles(), after.roles());
    if entry.has_changes() {
        note(conn, actor, now, entry, before.client_id)?;
    }
    Ok(true)
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
    open_client(conn, actor, client)?;
    remove(conn, actor, now, &contact)?;
    search::refresh(conn, client)
}

fn remove(conn: &mut Conn, actor: &Actor, now: UtcTime, contact: &Contact) -> AppResult<()> {
    diesel::delete(contacts::table.find(contact.id)).execute(conn)?;
    let entry = Entry::new(Action::Deleted, Subject::Contact, contact.id.0, &contact.name);
    note(conn, actor, now, entry, contact.client_id)
}

/// Makes a client's contacts the given ones, as the API puts them: by position, the rest removed.
pub fn replace(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: ClientId,
    new: &[NewContact],
) -> AppResult<()> {
    open_client(conn, actor, client)?;
    let stored = of_client(conn, client)?;
    for (contact, new) in stored.iter().zip(new) {
        // On PostgreSQL somebody may have been faster since they were read; theirs is another request's word.
        if !store(conn, actor, now, contact, new)? {
            return Err(AppError::Conflict(format!("Somebody else changed {} meanwhile.", contact.name)));
        }
    }
    for contact in stored.iter().skip(new.len()) {
        remove(conn, actor, now, contact)?;
    }
    for new in new.iter().skip(stored.len()) {
        insert(conn, actor, now, client, new)?;
    }
    search::refresh(conn, client)
}

fn note(conn: &mut Conn, actor: &Actor, now: UtcTime, entry: Entry, client: ClientId) -> AppResult<()> {
    audit::record(conn, Some(actor.id), now, &entry.client(client))
}
