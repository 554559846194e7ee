//! Clients that a new one might be a second copy of: what tells a client from others, made comparable.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::contacts::model::NewContact;
use super::model::{Client, NewClient, visible_to};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::{clients, contacts};
use crate::error::AppResult;
use crate::types::ids::ClientId;
use crate::types::text::fold;

/// Clients that are named.
const SHOWN: usize = 5;

/// Legal forms at the end of a name, folded and without punctuation.
const LEGAL_FORMS: &str = "\
    ab ag aps as asa bv bvba co cokg company corp corporation doo ehf ek ev gbr ggmbh gmbh gmbhco \
    gmbhcokg haftungsbeschrankt hf inc incorporated kft kg kgaa kk limited llc llp lp ltd ltda mbh nv \
    ohg ou oy oyj plc pte pty sa sarl sas sasu se sl slu spa spzoo srl srls sro ug vof zrt";

/// What tells one client from another. What is empty tells nothing.
struct Marks {
    name: String,
    tax_id: String,
    host: String,
    emails: BTreeSet<String>,
}

impl Marks {
    fn new(name_key: &str, tax_id: &str, website: &str, emails: impl Iterator<Item = String>) -> Self {
        Self {
            name: stem(name_key),
            tax_id: letters(&fold(tax_id)),
            host: host(website),
            emails: emails.map(|email| fold(&email)).filter(|email| !email.is_empty()).collect(),
        }
    }

    /// These, as far as `before` had them not.
    fn without(mut self, before: &Self) -> Self {
        for (mark, before) in [
            (&mut self.name, &before.name),
            (&mut self.tax_id, &before.tax_id),
            (&mut self.host, &before.host),
        ] {
            if *mark == *before {
                mark.clear();
            }
        }
        self.emails.retain(|email| !before.emails.contains(email));
        self
    }

    fn is_empty(&self) -> bool {
        self.name.is_empty() && self.tax_id.is_empty() && self.host.is_empty() && self.emails.is_empty()
    }

    /// Whether `other` has one of these.
    fn are_those_of(&self, other: &Self) -> bool {
        let is_same = |mine: &str, theirs: &str| !mine.is_empty() && mine == theirs;
        is_same(&self.name, &other.name)
            || is_same(&self.tax_id, &other.tax_id)
            || is_same(&self.host, &other.host)
            || !self.emails.is_disjoint(&other.emails)
    }
}

/// Clients with the name, tax number, website or an e-mail address that `new` and its `people` would have. Of a `stored`
/// one only what it changes counts.
pub fn find(
    conn: &mut Conn,
    actor: &Actor,
    new: &NewClient,
    people: &[NewContact],
    stored: Option<&Client>,
) -> AppResult<Vec<Client>> {
    let emails = people.iter().map(|contact| &contact.email).chain([&new.email]).cloned();
    let mut marks = Marks::new(&fold(&new.name), &new.tax_id, &new.website, emails);
    if let Some(stored) = stored {
        let known: Vec<String> =
            contacts::table.filter(contacts::client_id.eq(stored.id)).select(contacts::email).load(conn)?;
        let emails = known.into_iter().chain([stored.email.clone()]);
        marks = marks.without(&Marks::new(&fold(&stored.name), &stored.tax_id, &stored.website, emails));
    }
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let own = stored.map_or(ClientId(0), |stored| stored.id);
    let mut ids = alike(conn, actor, &marks)?;
    ids.remove(&own);
    let ids: Vec<ClientId> = ids.into_iter().take(SHOWN).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = visible_to(actor).filter(clients::id.eq_any(ids));
    Ok(found.order(clients::id).select(Client::as_select()).load(conn)?)
}

/// The clients with one of `marks`. They are in the thousands, and compared here, since the databases fold differently.
fn alike(conn: &mut Conn, actor: &Actor, marks: &Marks) -> AppResult<BTreeSet<ClientId>> {
    type Row = (ClientId, String, String, String, String);
    let rows: Vec<Row> = visible_to(actor)
        .select((clients::id, clients::name_key, clients::tax_id, clients::website, clients::email))
        .load(conn)?;
    let mut ids: BTreeSet<ClientId> = rows
        .into_iter()
        .filter(|(_, name_key, tax_id, website, email)| {
            marks.are_those_of(&Marks::new(name_key, tax_id, website, std::iter::once(email.clone())))
        })
        .map(|(id, ..)| id)
        .collect();
    if !marks.emails.is_empty() {
        let people: Vec<(ClientId, String)> = contacts::table
            .filter(contacts::email.ne(""))
            .select((contacts::client_id, contacts::email))
            .load(conn)?;
        let known = people.into_iter().filter(|(_, email)| marks.emails.contains(&fold(email)));
        ids.extend(known.map(|(id, _)| id));
    }
    Ok(ids)
}

/// What a company goes by: a folded name without punctuation, spaces and the legal form at its end. "halden brewing
/// co." is "haldenbrewing".
pub fn stem(name_key: &str) -> String {
    let words = name_key.split([' ', ',', ';']).map(letters);
    let mut words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|word| is_legal_form(word)) {
        words.pop();
    }
    if words.is_empty() { name_key.to_owned() } else { words.concat() }
}

fn is_legal_form(word: &str) -> bool {
    LEGAL_FORMS.split(' ').any(|form| form == word)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The host of a web address without "www.", or nothing.
fn host(website: &str) -> String {
    let url = url::Url::parse(website).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}
