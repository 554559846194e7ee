//! Clients: rows, queries, verbs.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::search;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::dialect::{self, LockedTable, lock_row};
use crate::db::saved::Saved;
use crate::db::schema::{
    clients, contacts, invoices, milestones, payments, projects, quotes, rates as rate_rows,
    recurring_invoices, retainers, tasks, time_entries,
};
use crate::db::{Conn, assigned};
use crate::error::{AppError, AppResult};
use crate::rates::model::{self as rates, RateKind, Scope};
use crate::types::clock::UtcTime;
use crate::types::ids::ClientId;
use crate::types::money::{Currency, Money, plain_decimal};
use crate::types::terms::{PaymentTerms, TermsKind};
use crate::types::text::fold;

/// The head of a client's pages, for the tabs of later areas.
pub use super::choices::{choices, kept_choices, name, revision};
pub use super::figures::{ClientHead, head};

crate::text_enum! {
    /// Where we stand with a client.
    pub enum ClientStatus {
        /// Not yet won.
        Lead = "lead", "Lead";
        /// We work for them.
        Active = "active", "Active";
        /// No work at present.
        Paused = "paused", "Paused";
        /// Put away; keeps its history.
        Archived = "archived", "Archived";
    }
}

impl ClientStatus {
    /// The badge's colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Lead => "badge-info",
            Self::Active => "badge-ok",
            Self::Paused => "badge-warn",
            Self::Archived => "",
        }
    }

    /// What a form may choose: archiving is a verb of its own.
    pub const CHOICES: [Self; 3] = [Self::Lead, Self::Active, Self::Paused];
}

/// A client.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = clients)]
pub struct Client {
    /// Which.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// Where we stand.
    pub status: ClientStatus,
    /// General e-mail address.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Web address with its scheme.
    pub website: String,
    /// VAT or tax number.
    pub tax_id: String,
    /// Billing street; may have several lines.
    pub street: String,
    /// Billing postal code.
    pub postal_code: String,
    /// Billing city.
    pub city: String,
    /// Billing state or region.
    pub region: String,
    /// Billing country, ISO 3166.
    pub country: String,
    /// Where letters go when it is elsewhere.
    pub postal_address: String,
    /// Language of its documents, BCP 47.
    pub language: String,
    /// Currency of its projects and invoices.
    pub currency: Currency,
    /// What the days to pay are counted from.
    pub payment_terms_kind: TermsKind,
    /// Days to pay; `None` follows the agency.
    pub payment_terms_days: Option<i64>,
    /// Tax on its lines in thousandths of a percent; `None` follows the agency.
    pub tax_rate_millis: Option<i64>,
    /// Notes for us.
    pub notes: String,
    /// When it was put away.
    pub archived_at: Option<UtcTime>,
    /// Since when we know it.
    pub created_at: UtcTime,
    /// Last change.
    pub updated_at: UtcTime,
    /// Counts the edits.
    pub version: i64,
}

impl Client {
    /// Whether it is put away.
    pub fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// How long it has to pay; `None` follows the agency.
    pub fn payment_terms(&self) -> Option<PaymentTerms> {
        self.payment_terms_days.map(|days| PaymentTerms { kind: self.payment_terms_kind, days })
    }

    /// The billing address as lines of a letter, without the name.
    pub fn address_lines(&self) -> Vec<String> {
        address_lines(&self.street, &self.postal_code, &self.city, &self.region, &self.country)
    }

    /// The website without its scheme.
    pub fn host(&self) -> &str {
        self.website.split_once("://").map_or(self.website.as_str(), |(_, host)| host).trim_end_matches('/')
    }
}

/// An address as lines, empty parts left out.
pub fn address_lines(
    street: &str,
    postal_code: &str,
    city: &str,
    region: &str,
    country: &str,
) -> Vec<String> {
    let town = format!("{postal_code} {city}").trim().to_owned();
    let country = crate::types::country::name(country).to_owned();
    street
        .lines()
        .map(|line| line.trim().to_owned())
        .chain([town, region.to_owned(), country])
        .filter(|line| !line.is_empty())
        .collect()
}

/// What a form may set, valid by construction.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = clients, treat_none_as_null = true)]
pub struct NewClient {
    /// Its name.
    pub name: String,
    /// Where we stand.
    pub status: ClientStatus,
    /// General e-mail address.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Web address.
    pub website: String,
    /// VAT or tax number.
    pub tax_id: String,
    /// Billing street.
    pub street: String,
    /// Billing postal code.
    pub postal_code: String,
    /// Billing city.
    pub city: String,
    /// Billing region.
    pub region: String,
    /// Billing country.
    pub country: String,
    /// Where letters go.
    pub postal_address: String,
    /// Language of documents.
    pub language: String,
    /// Currency.
    pub currency: Currency,
    /// What the days to pay are counted from.
    pub payment_terms_kind: TermsKind,
    /// Days to pay.
    pub payment_terms_days: Option<i64>,
    /// Tax on lines.
    pub tax_rate_millis: Option<i64>,
    /// Notes for us.
    pub notes: String,
    /// Price of an hour in minor units; set as a dated rate.
    #[diesel(skip_insertion, skip_update)]
    pub rate_cents: Option<i64>,
}

/// What a list asks for.
#[derive(Debug, Clone, Default)]
pub struct ClientFilter {
    /// Words in name, contacts, e-mail or city.
    pub q: String,
    /// One status; `None` is all that are not archived.
    pub status: Option<ClientStatus>,
    /// The order.
    pub sort: ClientSort,
    /// The page, from 1.
    pub page: i64,
}

crate::text_enum! {
    /// The order of the list.
    #[derive(Default)]
    pub enum ClientSort {
        /// By name.
        #[default]
        Name = "name", "Name";
        /// By name, from the end.
        NameDown = "-name", "Name, descending";
        /// Oldest first.
        Created = "created", "Oldest";
        /// Newest first.
        CreatedDown = "-created", "Newest";
    }
}

type Clients<'a> = clients::BoxedQuery<'a, <Conn as diesel::Connection>::Backend>;

/// The clients that `actor` may see: all of them, or those that a contractor is assigned to.
pub fn visible_to<'a>(actor: &Actor) -> Clients<'a> {
    let all = clients::table.into_boxed();
    match actor.only_assigned() {
        Some(user) => all.filter(assigned::to_client("clients.id", user)),
        None => all,
    }
}

pub(super) fn filtered<'a>(actor: &Actor, filter: &ClientFilter) -> Clients<'a> {
    let mut query = visible_to(actor);
    query = match filter.status {
        Some(status) => query.filter(clients::status.eq(status)),
        None => query.filter(clients::archived_at.is_null()),
    };
    for word in fold(&filter.q).split(' ').filter(|word| !word.is_empty()) {
        query = query.filter(clients::search_text.like(dialect::contains(word)).escape('\\'));
    }
    query
}

/// The client, if `actor` may see it.
pub fn find(conn: &mut Conn, actor: &Actor, id: ClientId) -> AppResult<Client> {
    Ok(visible_to(actor).filter(clients::id.eq(id)).select(Client::as_select()).first(conn)?)
}

/// [`find`] for what is about to be valued in the client's currency, which stays until the transaction ends.
pub fn find_held(conn: &mut Conn, actor: &Actor, id: ClientId) -> AppResult<Client> {
    lock_row(conn, LockedTable::ClientKey, id.0)?;
    find(conn, actor, id)
}

/// The prices of an hour agreed with the clients themselves.
pub fn own_rates(conn: &mut Conn, ids: &[ClientId], today: NaiveDate) -> AppResult<BTreeMap<ClientId, i64>> {
    rates::own_of_clients(conn, RateKind::Bill, ids, today)
}

/// The price of an hour agreed with the client itself.
pub fn own_rate(conn: &mut Conn, id: ClientId, today: NaiveDate) -> AppResult<Option<i64>> {
    rates::own(conn, RateKind::Bill, Scope::Client(id), today)
}

/// Adds a client.
pub fn create(conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewClient) -> AppResult<Client> {
    let search_text = search::text(conn, new, None)?;
    let id: ClientId = diesel::insert_into(clients::table)
        .values((
            new,
            clients::name_key.eq(fold(&new.name)),
            clients::search_text.eq(search_text),
            clients::created_at.eq(now),
            clients::updated_at.eq(now),
        ))
        .returning(clients::id)
        .get_result(conn)?;
    if let Some(cents) = new.rate_cents {
        rates::begin(conn, actor.id, now, RateKind::Bill, Scope::Client(id), cents)?;
    }
    audit::record(
        conn,
        Some(actor.id),
        now,
        &Entry::new(Action::Created, Subject::Client, id.0, &new.name).client(id),
    )?;
    find(conn, actor, id)
}

/// Saves `new` over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    id: ClientId,
    version: i64,
    new: &NewClient,
) -> AppResult<Saved<Client>> {
    let mut before = find(conn, actor, id)?;
    if before.currency != new.currency {
        // No hours come meanwhile: they hold the currency as it is (`LockedTable::ClientKey`).
        lock_row(conn, LockedTable::Clients, id.0)?;
        before = find(conn, actor, id)?;
    }
    if before.is_archived() {
        return Err(AppError::Conflict("This client is archived. Restore it first.".into()));
    }
    if before.currency != new.currency && has_money(conn, id)? {
        return Err(AppError::invalid(
            "currency",
            "cannot change any more: there are hours, invoices, quotes, rates or budgets in it",
        ));
    }
    let search_text = search::text(conn, new, Some(id))?;
    let updated =
        diesel::update(clients::table.filter(clients::id.eq(id)).filter(clients::version.eq(version)))
            .set((
                new,
                clients::name_key.eq(fold(&new.name)),
                clients::search_text.eq(search_text),
                clients::updated_at.eq(now),
                clients::version.eq(clients::version + 1),
            ))
            .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let rate_before = own_rate(conn, id, today)?;
    if before.currency != new.currency {
        // What was agreed in the old currency is no amount of the new one, and nothing was worked at it.
        rates::forget(conn, Scope::Client(id))?;
    }
    rates::set(conn, actor.id, now, RateKind::Bill, Scope::Client(id), today, new.rate_cents)?;
    let shown = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let percent = |millis: Option<i64>| millis.map(|millis| plain_decimal(millis, 3)).unwrap_or_default();
    let entry = Entry::new(Action::Updated, Subject::Client, id.0, &new.name)
        .client(id)
        .change("name", &before.name, &new.name)
        .change("status", before.status.label(), new.status.label())
        .change("email", &before.email, &new.email)
        .change("phone", &before.phone, &new.phone)
        .change("website", &before.website, &new.website)
        .change("tax_id", &before.tax_id, &new.tax_id)
        .change("street", &before.street, &new.street)
        .change("postal_code", &before.postal_code, &new.postal_code)
        .change("city", &before.city, &new.city)
        .change("region", &before.region, &new.region)
        .change("country", &before.country, &new.country)
        .change("postal_address", &before.postal_address, &new.postal_address)
        .change("language", &before.language, &new.language)
        .change("currency", before.currency, new.currency)
        .change("payment_terms_kind", before.payment_terms_kind.label(), new.payment_terms_kind.label())
        .change("payment_terms_days", shown(before.payment_terms_days), shown(new.payment_terms_days))
        .change("tax_rate", percent(before.tax_rate_millis), percent(new.tax_rate_millis))
        .change(
            "rate",
            Money::text_of(rate_before, before.currency),
            Money::text_of(new.rate_cents, new.currency),
        )
        .change("notes", &before.notes, &new.notes);
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(Saved::Done(find(conn, actor, id)?))
}

/// Puts a client away; harmless when it is already.
pub fn archive(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ClientId) -> AppResult<Client> {
    let client = find(conn, actor, id)?;
    if client.is_archived() {
        return Ok(client);
    }
    set_status(conn, actor, now, &client, ClientStatus::Archived, Action::Archived)
}

/// Takes a client back out, as what it was before; harmless when it is not archived.
pub fn restore(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ClientId) -> AppResult<Client> {
    let client = find(conn, actor, id)?;
    if !client.is_archived() {
        return Ok(client);
    }
    let before =
        clients::table.find(id).select(clients::archived_from).first::<Option<ClientStatus>>(conn)?;
    set_status(conn, actor, now, &client, before.unwrap_or(ClientStatus::Active), Action::Restored)
}

fn set_status(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    client: &Client,
    status: ClientStatus,
    action: Action,
) -> AppResult<Client> {
    let is_archived = status == ClientStatus::Archived;
    diesel::update(clients::table.find(client.id))
        .set((
            clients::status.eq(status),
            clients::archived_at.eq(is_archived.then_some(now)),
            clients::archived_from.eq(is_archived.then_some(client.status)),
            clients::updated_at.eq(now),
            clients::version.eq(clients::version + 1),
        ))
        .execute(conn)?;
    let entry = Entry::new(action, Subject::Client, client.id.0, &client.name).client(client.id);
    audit::record(conn, Some(actor.id), now, &entry)?;
    find(conn, actor, client.id)
}

/// Deletes a client on which nothing hangs; a conflict that says what does.
pub fn delete(conn: &mut Conn, actor: &Actor, now: UtcTime, id: ClientId) -> AppResult<()> {
    let client = find(conn, actor, id)?;
    let counts = [
        (projects::table.filter(projects::client_id.eq(id)).count().get_result::<i64>(conn)?, "project"),
        (invoices::table.filter(invoices::client_id.eq(id)).count().get_result(conn)?, "invoice"),
        (payments::table.filter(payments::client_id.eq(id)).count().get_result(conn)?, "payment"),
        (quotes::table.filter(quotes::client_id.eq(id)).count().get_result(conn)?, "quote"),
        (
            recurring_invoices::table
                .filter(recurring_invoices::client_id.eq(id))
                .count()
                .get_result(conn)?,
            "recurring invoice",
        ),
    ];
    let hanging: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| format!("{count} {noun}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if !hanging.is_empty() {
        return Err(AppError::Conflict(format!(
            "{} has {}. Archive it instead.",
            client.name,
            hanging.join(" and ")
        )));
    }
    diesel::delete(contacts::table.filter(contacts::client_id.eq(id))).execute(conn)?;
    rates::forget(conn, Scope::Client(id))?;
    diesel::delete(clients::table.find(id)).execute(conn)?;
    audit::record(
        conn,
        Some(actor.id),
        now,
        &Entry::new(Action::Deleted, Subject::Client, id.0, &client.name).client(id),
    )
}

fn has_money(conn: &mut Conn, id: ClientId) -> AppResult<bool> {
    macro_rules! any {
        ($table:ident, $condition:expr) => {
            $table::table.filter($condition).select($table::id).first::<i64>(conn).optional()?.is_some()
        };
    }
    let own = projects::table.filter(projects::client_id.eq(id));
    let paid_for = milestones::table.filter(milestones::amount_cents.is_not_null());
    let is_priced = (projects::budget_cents.is_not_null().or(projects::price_cents.is_not_null()))
        .or(projects::id.eq_any(retainers::table.select(retainers::project_id)))
        .or(projects::id.eq_any(paid_for.select(milestones::project_id)));
    let own_tasks = tasks::table.filter(tasks::client_id.eq(id)).select(tasks::id.nullable());
    let agreed = rate_rows::project_id
        .eq_any(own.select(projects::id.nullable()))
        .or(rate_rows::task_id.eq_any(own_tasks));
    Ok(any!(time_entries, time_entries::client_id.eq(id))
        || any!(invoices, invoices::client_id.eq(id))
        || any!(quotes, quotes::client_id.eq(id))
        || any!(recurring_invoices, recurring_invoices::client_id.eq(id))
        || any!(projects, projects::client_id.eq(id).and(is_priced))
        || any!(rate_rows, rate_rows::amount_cents.is_not_null().and(agreed)))
}
