//! The agency's row.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::policy::Role;
use crate::auth::user::{self, Actor, NewUser, User};
use crate::db::saved::Saved;
use crate::db::schema::{agency, invoice_series, rates};
use crate::db::{Conn, dialect};
use crate::error::{AppError, AppResult};
use crate::rates::model::{self as dated, RateKind, Scope};
use crate::types::clock::UtcTime;
use crate::types::money::{Currency, Money, plain_decimal};
use crate::types::terms::{PaymentTerms, TermsKind};
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
    /// What the days to pay are counted from.
    pub payment_terms_kind: TermsKind,
    /// Days until an invoice is due.
    pub payment_terms_days: i64,
    /// What the tax is called on documents; blank is "tax".
    pub tax_name: String,
    /// What a second tax on the same price is called.
    pub second_tax_name: String,
    /// Its rate for new lines, in thousandths of a percent; 0 where there is none.
    pub second_tax_rate_millis: i64,
    /// Whether new invoices have tax in their prices already.
    pub prices_include_tax: bool,
    /// The smallest coin that totals in the agency's currency are rounded to, in minor units; 1 does not round.
    pub rounding_step_cents: i64,
    /// What documents are printed on.
    pub paper: Paper,
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

crate::text_enum! {
    /// What documents are printed on.
    pub enum Paper {
        /// 210 × 297 mm.
        A4 = "a4", "A4";
        /// 8.5 × 11 in.
        Letter = "letter", "US Letter";
    }
}

impl Agency {
    /// How long clients have to pay.
    pub fn payment_terms(&self) -> PaymentTerms {
        PaymentTerms { kind: self.payment_terms_kind, days: self.payment_terms_days }
    }

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
    /// What the days to pay are counted from.
    pub payment_terms_kind: TermsKind,
    /// Days until an invoice is due.
    pub payment_terms_days: i64,
    /// What the tax is called on documents; blank is "tax".
    pub tax_name: String,
    /// What a second tax on the same price is called.
    pub second_tax_name: String,
    /// Its rate for new lines, in thousandths of a percent; 0 where there is none.
    pub second_tax_rate_millis: i64,
    /// Whether new invoices have tax in their prices already.
    pub prices_include_tax: bool,
    /// The smallest coin that totals in the agency's currency are rounded to, in minor units; 1 does not round.
    pub rounding_step_cents: i64,
    /// What documents are printed on.
    pub paper: Paper,
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

/// What becomes of the logo when the settings are saved.
#[derive(Debug, Clone)]
pub enum LogoChange {
    /// It stays, if there is one.
    Keep,
    /// It goes.
    Remove,
    /// This one takes its place.
    Set(Logo),
}

/// Saves the settings over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    version: i64,
    changes: &AgencyChanges,
    rate_cents: Option<i64>,
    logo: &LogoChange,
) -> AppResult<Saved<Agency>> {
    let before = load(conn)?;
    let updated = diesel::update(agency::table.filter(agency::version.eq(version)))
        .set((changes, agency::updated_at.eq(now), agency::version.eq(agency::version + 1)))
        .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let today = zone::local_date(now, before.zone());
    let rate_before = own_rate(conn, today)?;
    if before.currency != changes.currency {
        forget_rates(conn)?;
    }
    dated::set(conn, actor.id, now, RateKind::Bill, Scope::Agency, today, rate_cents)?;
    match logo {
        LogoChange::Keep => {}
        LogoChange::Remove => set_logo(conn, None)?,
        LogoChange::Set(logo) => set_logo(conn, Some(logo))?,
    }
    let picture = |agency: &Agency| match (&agency.logo, &agency.logo_type) {
        (Some(bytes), Some(media_type)) => format!("{media_type}, {} bytes", bytes.len()),
        _ => String::new(),
    };
    let after = load(conn)?;
    let mut entry = Entry::new(Action::Updated, Subject::Agency, 1, &changes.name)
        .change("name", &before.name, &after.name)
        .change("street", &before.street, &after.street)
        .change("postal_code", &before.postal_code, &after.postal_code)
        .change("city", &before.city, &after.city)
        .change("region", &before.region, &after.region)
        .change("country", &before.country, &after.country)
        .change("tax_id", &before.tax_id, &after.tax_id)
        .change("email", &before.email, &after.email)
        .change("phone", &before.phone, &after.phone)
        .change("website", &before.website, &after.website)
        .change("currency", before.currency, after.currency)
        .change("time_zone", &before.time_zone, &after.time_zone)
        .change("payment_terms_kind", before.payment_terms_kind.label(), after.payment_terms_kind.label())
        .change("payment_terms_days", before.payment_terms_days, after.payment_terms_days)
        .change("tax_name", &before.tax_name, &after.tax_name)
        .change("second_tax_name", &before.second_tax_name, &after.second_tax_name)
        .change(
            "second_tax_rate",
            plain_decimal(before.second_tax_rate_millis, 3),
            plain_decimal(after.second_tax_rate_millis, 3),
        )
        .change("prices_include_tax", before.prices_include_tax, after.prices_include_tax)
        .change("rounding_step_cents", before.rounding_step_cents, after.rounding_step_cents)
        .change("paper", before.paper.label(), after.paper.label())
        .change("tax_rate", plain_decimal(before.tax_rate_millis, 3), plain_decimal(after.tax_rate_millis, 3))
        .change(
            "rate",
            Money::text_of(rate_before, before.currency),
            Money::text_of(rate_cents, after.currency),
        )
        .change("invoice_terms", &before.invoice_terms, &after.invoice_terms)
        .change("invoice_footer", &before.invoice_footer, &after.invoice_footer)
        .change("bank_name", &before.bank_name, &after.bank_name)
        .change("bank_holder", &before.bank_holder, &after.bank_holder)
        .change("iban", &before.iban, &after.iban)
        .change("bic", &before.bic, &after.bic)
        .change("logo", picture(&before), picture(&after));
    // Another picture of the same size.
    if !entry.has_changes() && before.logo != after.logo {
        entry = entry.change("logo", picture(&before), "another picture");
    }
    if entry.has_changes() {
        audit::record(conn, Some(actor.id), now, &entry)?;
    }
    Ok(Saved::Done(after))
}

/// The price of an hour where nothing more specific is agreed.
pub fn own_rate(conn: &mut Conn, today: NaiveDate) -> AppResult<Option<i64>> {
    dated::own(conn, RateKind::Bill, Scope::Agency, today)
}

/// What was agreed in the old currency is no amount of the new one. Rates of people are refused to turn into
/// something else unseen; the agency's own stands in the form that changes the currency.
fn forget_rates(conn: &mut Conn) -> AppResult<()> {
    let of_people = rates::table
        .filter(rates::scope.eq("member"))
        .filter(rates::amount_cents.is_not_null())
        .select(rates::id)
        .first::<i64>(conn)
        .optional()?;
    if of_people.is_some() {
        return Err(AppError::invalid("currency", "cannot change any more: people have rates in it"));
    }
    diesel::delete(rates::table.filter(rates::scope.eq("agency"))).execute(conn)?;
    Ok(())
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
