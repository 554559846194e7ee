//! The form of the first visit and of the settings.

use std::collections::BTreeMap;

use serde::de::value::MapDeserializer;
use serde::{Deserialize, Deserializer, Serialize};

use super::model::{Agency, AgencyChanges, Logo, Paper, Setup};
use crate::auth::password;
use crate::error::FormErrors;
use crate::types::money::{Currency, Money, plain_decimal};
use crate::types::terms::TermsKind;
use crate::types::zone::Tz;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// What was typed about the agency.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a form are named as on screen")]
pub struct AgencyForm {
    #[schema(required = true)]
    pub name: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub region: String,
    pub country: String,
    pub tax_id: String,
    pub email: String,
    pub phone: String,
    pub website: String,
    #[schema(required = true)]
    pub currency: String,
    #[schema(required = true)]
    pub time_zone: String,
    pub payment_terms_kind: String,
    #[schema(required = true)]
    pub payment_terms_days: Typed,
    pub tax_name: String,
    pub second_tax_name: String,
    pub second_tax_rate: Typed,
    pub prices_include_tax: Typed,
    pub rounding_step: Typed,
    pub paper: String,
    #[schema(required = true)]
    pub tax_rate: Typed,
    pub rate: Typed,
    pub invoice_terms: String,
    pub invoice_footer: String,
    pub bank_name: String,
    pub bank_holder: String,
    pub iban: String,
    pub bic: String,
    /// Whether the logo goes.
    pub remove_logo: Typed,
    /// The version that was edited; the first visit has none.
    pub version: Typed,
}

/// What was typed at the first visit: the agency and its owner.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of a form are named as on screen")]
pub struct SetupForm {
    pub owner_name: String,
    pub owner_email: String,
    pub password: String,
    pub agency: AgencyForm,
}

impl<'de> Deserialize<'de> for SetupForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = BTreeMap::<String, String>::deserialize(deserializer)?;
        let mut own = |name: &str| fields.remove(name).unwrap_or_default();
        let (owner_name, owner_email, password) = (own("owner_name"), own("owner_email"), own("password"));
        let agency = AgencyForm::deserialize(MapDeserializer::new(fields.into_iter()))?;
        Ok(Self { owner_name, owner_email, password, agency })
    }
}

impl AgencyForm {
    /// What the first visit is offered.
    pub fn for_setup() -> Self {
        Self {
            currency: "EUR".into(),
            time_zone: "Europe/Berlin".into(),
            payment_terms_days: "14".into(),
            tax_rate: "19".into(),
            invoice_terms: "Payable without deduction by the due date.".into(),
            ..Self::default()
        }
    }

    /// The form of the stored agency and its hourly rate.
    pub fn filled(agency: &Agency, rate_cents: Option<i64>) -> Self {
        let agency = agency.clone();
        Self {
            currency: agency.currency.to_string(),
            payment_terms_kind: agency.payment_terms_kind.to_string(),
            payment_terms_days: Some(agency.payment_terms_days).into(),
            tax_name: agency.tax_name,
            second_tax_name: agency.second_tax_name,
            second_tax_rate: if agency.second_tax_rate_millis == 0 {
                Typed::default()
            } else {
                plain_decimal(agency.second_tax_rate_millis, 3).into()
            },
            prices_include_tax: if agency.prices_include_tax { "true".into() } else { Typed::default() },
            rounding_step: if agency.rounding_step_cents == 1 {
                Typed::default()
            } else {
                Money::new(agency.rounding_step_cents, agency.currency).plain().into()
            },
            paper: agency.paper.to_string(),
            tax_rate: plain_decimal(agency.tax_rate_millis, 3).into(),
            rate: rate_cents.map(|cents| Money::new(cents, agency.currency).plain()).into(),
            name: agency.name,
            street: agency.street,
            postal_code: agency.postal_code,
            city: agency.city,
            region: agency.region,
            country: agency.country,
            tax_id: agency.tax_id,
            email: agency.email,
            phone: agency.phone,
            website: agency.website,
            time_zone: agency.time_zone,
            invoice_terms: agency.invoice_terms,
            invoice_footer: agency.invoice_footer,
            bank_name: agency.bank_name,
            bank_holder: agency.bank_holder,
            iban: agency.iban,
            bic: agency.bic,
            remove_logo: Typed::default(),
            version: Some(agency.version).into(),
        }
    }

    /// The settings with the hourly rate and whether the logo goes.
    pub fn check(&self) -> Result<(AgencyChanges, Option<i64>, bool), FormErrors> {
        let mut check = Check::new();
        let rate_cents = self.rate(&mut check);
        let removes_logo = check.flag("remove_logo", &self.remove_logo);
        let changes = self.agency(&mut check);
        check.finish(changes.map(|changes| (changes, rate_cents, removes_logo)))
    }

    /// Fields in which this form and the stored agency differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        Difference::between([
            ("Name", &stored.name, &self.name),
            ("Tax number", &stored.tax_id, &self.tax_id),
            ("Street", &stored.street, &self.street),
            ("Postal code", &stored.postal_code, &self.postal_code),
            ("City", &stored.city, &self.city),
            ("Region", &stored.region, &self.region),
            ("Country", &stored.country, &self.country),
            ("Email", &stored.email, &self.email),
            ("Phone", &stored.phone, &self.phone),
            ("Website", &stored.website, &self.website),
            ("Currency", &stored.currency, &self.currency),
            ("Time zone", &stored.time_zone, &self.time_zone),
            ("Days counted from", &stored.payment_terms_kind, &self.payment_terms_kind),
            ("Days to pay", &stored.payment_terms_days.0, &self.payment_terms_days.0),
            ("Name of the tax", &stored.tax_name, &self.tax_name),
            ("Second tax", &stored.second_tax_name, &self.second_tax_name),
            ("Second tax, %", &stored.second_tax_rate.0, &self.second_tax_rate.0),
            ("Prices include tax", &stored.prices_include_tax.0, &self.prices_include_tax.0),
            ("Smallest coin", &stored.rounding_step.0, &self.rounding_step.0),
            ("Paper", &stored.paper, &self.paper),
            ("Tax", &stored.tax_rate.0, &self.tax_rate.0),
            ("Hourly rate", &stored.rate.0, &self.rate.0),
            ("Account holder", &stored.bank_holder, &self.bank_holder),
            ("Bank", &stored.bank_name, &self.bank_name),
            ("IBAN", &stored.iban, &self.iban),
            ("BIC", &stored.bic, &self.bic),
            ("Terms", &stored.invoice_terms, &self.invoice_terms),
            ("Footer", &stored.invoice_footer, &self.invoice_footer),
        ])
    }

    fn rate(&self, check: &mut Check) -> Option<i64> {
        check.cents("rate", &self.rate, self.currency.parse().unwrap_or(Currency::EUR))
    }

    fn agency(&self, check: &mut Check) -> Option<AgencyChanges> {
        for (field, text) in [("payment_terms_days", &self.payment_terms_days), ("tax_rate", &self.tax_rate)]
        {
            check.required(field, text);
        }
        let name = check.required("name", &self.name);
        let currency = check.choice("currency", &self.currency);
        let time_zone = check.choice::<Tz>("time_zone", &self.time_zone);
        let terms = check.number("payment_terms_days", &self.payment_terms_days, 0..=365);
        let tax_rate = check.percent("tax_rate", &self.tax_rate);
        let second_tax_name = check.line("second_tax_name", &self.second_tax_name);
        let second_tax_rate = check.percent("second_tax_rate", &self.second_tax_rate).unwrap_or(0);
        if second_tax_rate > 0 && second_tax_name.is_empty() {
            check.error("second_tax_name", "can't be blank where a second tax has a rate");
        }
        let coins = self.currency.parse().unwrap_or(Currency::EUR);
        let rounding_step = check.coin("rounding_step", &self.rounding_step, coins);
        let iban = check.line("iban", &self.iban.replace(' ', "").to_uppercase());
        if !iban.is_empty() && !is_iban(&iban) {
            check.error("iban", "is not an IBAN: a digit is wrong or missing");
        }
        Some(AgencyChanges {
            name,
            street: check.text("street", &self.street),
            postal_code: check.line("postal_code", &self.postal_code),
            city: check.line("city", &self.city),
            region: check.line("region", &self.region),
            country: check.country("country", &self.country),
            tax_id: check.line("tax_id", &self.tax_id),
            email: check.email("email", &self.email),
            phone: check.line("phone", &self.phone),
            website: check.website("website", &self.website),
            payment_terms_kind: check
                .id("payment_terms_kind", &self.payment_terms_kind)
                .unwrap_or(TermsKind::Net),
            payment_terms_days: terms.unwrap_or(14),
            tax_name: check.line("tax_name", &self.tax_name),
            second_tax_name,
            second_tax_rate_millis: second_tax_rate,
            prices_include_tax: check.flag("prices_include_tax", &self.prices_include_tax),
            rounding_step_cents: rounding_step,
            paper: check.id("paper", &self.paper).unwrap_or(Paper::A4),
            tax_rate_millis: tax_rate.unwrap_or(0),
            invoice_terms: check.text("invoice_terms", &self.invoice_terms),
            invoice_footer: check.text("invoice_footer", &self.invoice_footer),
            bank_name: check.line("bank_name", &self.bank_name),
            bank_holder: check.line("bank_holder", &self.bank_holder),
            iban,
            bic: check.line("bic", &self.bic.to_uppercase()),
            // Last: every field is looked at before any is given up on.
            currency: currency?,
            time_zone: time_zone?.name().to_owned(),
        })
    }
}

impl SetupForm {
    /// The first visit.
    pub fn check(&self, logo: Option<Logo>) -> Result<Setup, FormErrors> {
        let mut check = Check::new();
        let owner_name = check.required("owner_name", &self.owner_name);
        let owner_email = check.required("owner_email", &self.owner_email);
        check.email("owner_email", &self.owner_email);
        if let Some(weakness) = password::weakness(&self.password, &owner_name, &owner_email) {
            check.error("password", weakness);
        }
        let rate_cents = self.agency.rate(&mut check);
        let agency = self.agency.agency(&mut check);
        check.finish(agency.map(|agency| Setup { agency, owner_name, owner_email, rate_cents, logo }))
    }
}

/// The check digits of ISO 13616.
fn is_iban(iban: &str) -> bool {
    let (Some(head), Some(tail)) = (iban.get(..4), iban.get(4..)) else { return false };
    if !(15..=34).contains(&iban.len()) || !iban.bytes().all(|c| c.is_ascii_alphanumeric()) {
        return false;
    }
    let digits = tail.chars().chain(head.chars()).filter_map(|c| c.to_digit(36));
    digits.fold(0, |rest, digit| (rest * if digit > 9 { 100 } else { 10 } + digit) % 97) == 1
}
