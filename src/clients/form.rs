//! The client form, shared by pages and API.

use serde::{Deserialize, Serialize};

use super::contacts::form::ContactForm;
use super::contacts::model::{self as contacts, NewContact};
use super::model::{Client, ClientFilter, ClientStatus, NewClient};
use crate::error::FormErrors;
use crate::types::money::{Currency, Money, plain_decimal};
use crate::types::terms::TermsKind;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// Languages in which documents can be addressed.
pub const LANGUAGES: [(&str, &str); 8] = [
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("es", "Spanish"),
    ("it", "Italian"),
    ("nl", "Dutch"),
    ("da", "Danish"),
    ("pt", "Portuguese"),
];

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientForm {
    /// Name.
    #[schema(required = true)]
    pub name: String,
    /// lead, active or paused.
    pub status: String,
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
    /// Billing state or region.
    pub region: String,
    /// Billing country, ISO 3166.
    pub country: String,
    /// Where letters go when that is elsewhere.
    pub postal_address: String,
    /// Language of documents.
    pub language: String,
    /// Currency, ISO 4217.
    #[schema(required = true)]
    pub currency: String,
    /// Days to pay; blank follows the agency.
    pub payment_terms_days: Typed,
    /// What they are counted from: net (the issue date) or end_of_month; blank is net.
    pub payment_terms_kind: String,
    /// Tax in percent; blank follows the agency.
    pub tax_rate: Typed,
    /// Price of an hour; blank follows the agency.
    pub rate: Typed,
    /// Notes for us.
    pub notes: String,
    /// The version that was edited.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub version: Typed,
    /// The same key again adds nothing. For a new client only.
    #[serde(skip_serializing_if = "crate::web::once::is_not_content")]
    pub idempotency_key: String,
    /// Save although a client like this exists.
    pub allow_duplicate: Typed,
    /// Its contacts, from the API only; absent leaves them as they are.
    #[serde(deserialize_with = "crate::web::json::some_objects")]
    pub contacts: Option<Vec<ContactForm>>,
}

impl ClientForm {
    /// What a new client is offered.
    pub fn blank(currency: Currency) -> Self {
        Self {
            status: ClientStatus::Active.to_string(),
            language: "en".into(),
            currency: currency.to_string(),
            ..Self::default()
        }
    }

    /// The form of a stored client.
    pub fn filled(client: &Client, rate_cents: Option<i64>) -> Self {
        Self {
            name: client.name.clone(),
            status: client.status.to_string(),
            email: client.email.clone(),
            phone: client.phone.clone(),
            website: client.website.clone(),
            tax_id: client.tax_id.clone(),
            street: client.street.clone(),
            postal_code: client.postal_code.clone(),
            city: client.city.clone(),
            region: client.region.clone(),
            country: client.country.clone(),
            postal_address: client.postal_address.clone(),
            language: client.language.clone(),
            currency: client.currency.to_string(),
            payment_terms_kind: client.payment_terms_kind.to_string(),
            payment_terms_days: client.payment_terms_days.into(),
            tax_rate: client.tax_rate_millis.map(|millis| plain_decimal(millis, 3)).into(),
            rate: rate_cents.map(|cents| Money::new(cents, client.currency).plain()).into(),
            notes: client.notes.clone(),
            version: Some(client.version).into(),
            ..Self::default()
        }
    }

    /// A client, or what is wrong.
    pub fn check(&self) -> Result<NewClient, FormErrors> {
        let mut check = Check::new();
        let new = self.fields(&mut check);
        check.finish(new)
    }

    fn fields(&self, check: &mut Check) -> Option<NewClient> {
        let status = if self.status.is_empty() {
            Some(ClientStatus::Active)
        } else {
            check.choice("status", &self.status)
        };
        if status == Some(ClientStatus::Archived) {
            check.error("status", "must be lead, active or paused; archive a client by its own button");
        }
        let language = if self.language.is_empty() { "en" } else { self.language.as_str() };
        if !LANGUAGES.iter().any(|(code, _)| *code == language) {
            check.error("language", "must be one of the choices");
        }
        let currency: Option<Currency> = check.choice("currency", &self.currency);
        // Every field is looked at before any is given up on, so that all faults are told at once.
        Some(NewClient {
            name: check.required("name", &self.name),
            email: check.email("email", &self.email),
            phone: check.line("phone", &self.phone),
            website: check.website("website", &self.website),
            tax_id: check.line("tax_id", &self.tax_id),
            street: check.text("street", &self.street),
            postal_code: check.line("postal_code", &self.postal_code),
            city: check.line("city", &self.city),
            region: check.line("region", &self.region),
            country: check.country("country", &self.country),
            postal_address: check.text("postal_address", &self.postal_address),
            language: language.to_owned(),
            payment_terms_kind: check
                .id("payment_terms_kind", &self.payment_terms_kind)
                .unwrap_or(TermsKind::Net),
            payment_terms_days: check.number("payment_terms_days", &self.payment_terms_days, 0..=365),
            tax_rate_millis: check.percent("tax_rate", &self.tax_rate),
            notes: check.text("notes", &self.notes),
            rate_cents: currency.and_then(|currency| check.cents("rate", &self.rate, currency)),
            status: status?,
            currency: currency?,
        })
    }

    /// A client and its contacts, or what is wrong with either.
    pub fn check_with_contacts(&self) -> Result<(NewClient, Option<Vec<NewContact>>), FormErrors> {
        let mut errors = FormErrors::default();
        let client =
            self.check().map_err(|found| found.iter().for_each(|(field, text)| errors.add(field, text)));
        if self.contacts.as_ref().is_some_and(|forms| forms.len() > contacts::MOST) {
            errors.add("contacts", format!("has more than {} entries", contacts::MOST));
            return Err(errors);
        }
        let contacts = self.contacts.as_ref().map(|forms| {
            let mut contacts = Vec::with_capacity(forms.len());
            for (index, form) in forms.iter().enumerate() {
                match form.check() {
                    Ok(contact) => contacts.push(contact),
                    Err(found) => {
                        found.iter().for_each(|(field, text)| {
                            errors.add(&format!("contacts[{index}].{field}"), text)
                        });
                    }
                }
            }
            contacts
        });
        match client {
            Ok(client) if errors.is_empty() => Ok((client, contacts)),
            _ => Err(errors),
        }
    }

    /// Fields in which this form and the stored client differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Name", &stored.name, &self.name),
            ("Status", &stored.status, &self.status),
            ("Email", &stored.email, &self.email),
            ("Phone", &stored.phone, &self.phone),
            ("Website", &stored.website, &self.website),
            ("Tax number", &stored.tax_id, &self.tax_id),
            ("Street", &stored.street, &self.street),
            ("Postal code", &stored.postal_code, &self.postal_code),
            ("City", &stored.city, &self.city),
            ("Region", &stored.region, &self.region),
            ("Country", &stored.country, &self.country),
            ("Postal address", &stored.postal_address, &self.postal_address),
            ("Language", &stored.language, &self.language),
            ("Currency", &stored.currency, &self.currency),
            ("Days counted from", &stored.payment_terms_kind, &self.payment_terms_kind),
            ("Days to pay", &stored.payment_terms_days.0, &self.payment_terms_days.0),
            ("Tax", &stored.tax_rate.0, &self.tax_rate.0),
            ("Hourly rate", &stored.rate.0, &self.rate.0),
            ("Notes", &stored.notes, &self.notes),
        ])
    }
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClientQuery {
    /// Words in name, contacts, e-mail or city.
    pub q: String,
    /// lead, active, paused or archived; blank is all that are not archived.
    pub status: String,
    /// name, -name, created or -created.
    pub sort: String,
    /// The page, from 1.
    pub page: String,
}

impl ClientQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<ClientFilter, FormErrors> {
        let mut check = Check::new();
        let q = check.line("q", &self.q);
        let status = check.id("status", &self.status);
        let sort = check.id("sort", &self.sort).unwrap_or_default();
        let page = check.number("page", &self.page, 1..=1_000_000).unwrap_or(1);
        check.finish(Some(ClientFilter { q, status, sort, page }))
    }

    /// The order in force.
    pub fn order(&self) -> &str {
        if self.sort.is_empty() { "name" } else { &self.sort }
    }

    /// The list's address with its order by `key`, turned round when it is that already.
    pub fn toggled(&self, key: &str) -> String {
        self.address(&crate::types::pagination::toggled(key, self.order()), "")
    }

    /// The list's address with another page.
    pub fn paged(&self, page: &i64) -> String {
        self.address(&self.sort, &page.to_string())
    }

    fn address(&self, sort: &str, page: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in
            [("q", self.q.as_str()), ("status", &self.status), ("sort", sort), ("page", page)]
        {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/clients?{}", query.finish())
    }
}
