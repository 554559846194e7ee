//! The agency's row.

use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Role;
use crate::auth::user::{self, Actor, NewUser, User};
use crate::db::schema::{agency, invoice_series, rates};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::money::Currency;
use crate::types::zone::{self, Tz};

/// Who we are, as it is printed on invoices.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = agency)]
pub struct Agency {
    /// Legal name.
    pub name: String,
    /// Street and number; may have several lines.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State or region.
    pub region: String,
    /// ISO 3166 code.
    pub country: String,
    /// VAT or tax number.
    pub tax_id: String,
    /// Address for questions about invoices.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Web address.
    pub website: String,
    /// Currency of new clients.
    pub currency: Currency,
    /// IANA zone, in which due dates fall.
    pub time_zone: String,
    /// Days until an invoice is due.
    pub payment_terms_days: i64,
    /// Tax of new lines, in thousandths of a percent.
    pub tax_rate_millis: i64,
    /// Words above the bank data.
    pub invoice_terms: String,
    /// Small print at the foot.
    pub invoice_footer: String,
    /// Bank.
    pub bank_name: String,
    /// Account holder.
    pub bank_holder: String,
    /// Account number.
    pub iban: String,
    /// Bank code.
    pub bic: String,
    /// Picture.
    pub logo: Option<Vec<u8>>,
    /// Media type of the picture.
    pub logo_type: Option<String>,
    /// Counts the edits.
    pub version: i64,
}

impl Agency {
    /// Its zone.
    pub fn zone(&self) -> Tz {
        zone::zone(&self.time_zone)
    }
}

/// What a form may set.
#[derive(Debug, Clone, AsChangeset, Insertable)]
#[diesel(table_name = agency)]
pub struct AgencyChanges {
    /// Legal name.
    pub name: String,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State or region.
    pub region: String,
    /// ISO 3166 code.
    pub country: String,
    /// VAT or tax number.
    pub tax_id: String,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Web address.
    pub website: String,
    /// Currency of new clients.
    pub currency: Currency,
    /// IANA zone.
    pub time_zone: String,
    /// Days until an invoice is due.
    pub payment_terms_days: i64,
    /// Tax of new lines.
    pub tax_rate_millis: i64,
    /// Words above the bank data.
    pub invoice_terms: String,
    /// Small print.
    pub invoice_footer: String,
    /// Bank.
    pub bank_name: String,
    /// Account holder.
    pub bank_holder: String,
    /// Account number.
    pub iban: String,
    /// Bank code.
    pub bic: String,
}

/// A picture for the invoice.
#[derive(Debug, Clone)]
pub struct Logo {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
}

/// The first visit: the agency, its owner, its number series and its hourly rate.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The agency.
    pub agency: AgencyChanges,
    /// The owner's name.
    pub owner_name: String,
    /// The owner's sign-in name.
    pub owner_email: String,
    /// Price of an hour where nothing more specific is agreed, in minor units.
    pub rate_cents: Option<i64>,
    /// The picture.
    pub logo: Option<Logo>,
}

/// Whether setup is over.
pub fn exists(conn: &mut Conn) -> AppResult<bool> {
    Ok(agency::table.select(agency::id).first::<i64>(conn).optional()?.is_some())
}

/// The agency.
pub fn load(conn: &mut Conn) -> AppResult<Agency> {
    Ok(agency::table.select(Agency::as_select()).first(conn)?)
}

/// Sets the agency up and makes its owner; a conflict when that has been done before, also at the same moment.
pub fn set_up(conn: &mut Conn, now: UtcTime, setup: &Setup, password_hash: String) -> AppResult<User> {
    diesel::insert_into(agency::table)
        .values((&setup.agency, agency::id.eq(1_i64), agency::created_at.eq(now), agency::updated_at.eq(now)))
        .execute(conn)
        .map_err(|error| match dialect::violated_unique(&error) {
            Some(_) => AppError::Conflict("Bureau is already set up. Sign in instead.".into()),
            None => error.into(),
        })?;
    set_logo(conn, setup.logo.as_ref())?;
    let owner = user::create(
        conn,
        None,
        now,
        &NewUser {
            email: setup.owner_email.clone(),
            name: setup.owner_name.clone(),
            role: Role::Owner,
            password_hash: Some(password_hash),
            time_zone: setup.agency.time_zone.clone(),
        },
    )?;
    for (kind, pattern) in
        [("invoice", "INV-{Y}-{seq:4}"), ("credit_note", "CN-{Y}-{seq:4}"), ("quote", "QUO-{Y}-{seq:4}")]
    {
        diesel::insert_into(invoice_series::table)
            .values((
                invoice_series::kind.eq(kind),
                invoice_series::pattern.eq(pattern),
                invoice_series::resets_yearly.eq(true),
            ))
            .execute(conn)?;
    }
    if let Some(cents) = setup.rate_cents {
        diesel::insert_into(rates::table)
            .values((
                rates::kind.eq("bill"),
                rates::scope.eq("agency"),
                rates::amount_cents.eq(cents),
                rates::starts_on.eq(chrono::NaiveDate::default()),
                rates::created_by.eq(owner.id),
                rates::created_at.eq(now),
            ))
            .execute(conn)?;
    }
    audit::record(
        conn,
        Some(owner.id),
        now,
        &Entry::new(Action::SetUp, Subject::Agency, 1, &setup.agency.name),
    )?;
    Ok(owner)
}

/// Saves the settings over version `version`; a conflict when somebody was faster.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    version: i64,
    changes: &AgencyChanges,
    logo: Option<&Logo>,
) -> AppResult<()> {
    let before = load(conn)?;
    let updated = diesel::update(agency::table.filter(agency::version.eq(version)))
        .set((changes, agency::updated_at.eq(now), agency::version.eq(version + 1)))
        .execute(conn)?;
    if updated == 0 {
        return Err(AppError::Conflict(
            "Somebody else changed the settings meanwhile. Reload to see them.".into(),
        ));
    }
    if logo.is_some() {
        set_logo(conn, logo)?;
    }
    let entry = Entry::new(Action::Updated, Subject::Agency, 1, &changes.name)
        .change("name", &before.name, &changes.name)
        .change("street", &before.street, &changes.street)
        .change("city", &before.city, &changes.city)
        .change("tax_id", &before.tax_id, &changes.tax_id)
        .change("currency", before.currency, changes.currency)
        .change("time_zone", &before.time_zone, &changes.time_zone)
        .change("payment_terms_days", before.payment_terms_days, changes.payment_terms_days)
        .change("tax_rate_millis", before.tax_rate_millis, changes.tax_rate_millis)
        .change("iban", &before.iban, &changes.iban)
        .change("invoice_terms", &before.invoice_terms, &changes.invoice_terms);
    audit::record(conn, Some(actor.id), now, &entry)
}

fn set_logo(conn: &mut Conn, logo: Option<&Logo>) -> AppResult<()> {
    diesel::update(agency::table)
        .set((
            agency::logo.eq(logo.map(|logo| logo.bytes.as_slice())),
            agency::logo_type.eq(logo.map(|logo| logo.media_type)),
        ))
        .execute(conn)?;
    Ok(())
}
