//! The form of the first visit and of the settings.

use serde::Deserialize;

use super::model::{AgencyChanges, Logo, Setup};
use crate::auth::password;
use crate::error::FormErrors;
use crate::types::money::Currency;
use crate::types::zone::Tz;
use crate::web::form::Check;

/// The largest logo, in bytes.
pub const LOGO_LIMIT: usize = 512 * 1_024;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a form are named as on screen")]
pub struct AgencyForm {
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
    pub currency: String,
    pub time_zone: String,
    pub payment_terms_days: String,
    pub tax_rate: String,
    pub rate: String,
    pub invoice_terms: String,
    pub invoice_footer: String,
    pub bank_name: String,
    pub bank_holder: String,
    pub iban: String,
    pub bic: String,
    pub version: String,
    pub owner_name: String,
    pub owner_email: String,
    #[serde(skip_serializing)]
    pub password: String,
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

    /// The settings.
    pub fn check(&self) -> Result<AgencyChanges, FormErrors> {
        let mut check = Check::new();
        let changes = self.agency(&mut check);
        check.finish(changes)
    }

    /// The first visit.
    pub fn check_setup(&self, logo: Option<Logo>) -> Result<Setup, FormErrors> {
        let mut check = Check::new();
        let owner_name = check.required("owner_name", &self.owner_name);
        let owner_email = check.required("owner_email", &self.owner_email);
        check.email("owner_email", &self.owner_email);
        if let Some(weakness) = password::weakness(&self.password, &owner_name, &owner_email) {
            check.error("password", weakness);
        }
        let currency = self.currency.parse().unwrap_or(Currency::EUR);
        let rate_cents = check.cents("rate", &self.rate, currency);
        let agency = self.agency(&mut check);
        check.finish(agency.map(|agency| Setup { agency, owner_name, owner_email, rate_cents, logo }))
    }

    fn agency(&self, check: &mut Check) -> Option<AgencyChanges> {
        let name = check.required("name", &self.name);
        let currency = check.choice("currency", &self.currency);
        let time_zone = check.choice::<Tz>("time_zone", &self.time_zone);
        let terms = check.number("payment_terms_days", &self.payment_terms_days, 0..=365);
        let tax_rate = check.percent("tax_rate", &self.tax_rate);
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
            payment_terms_days: terms.unwrap_or(14),
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

/// The check digits of ISO 13616.
fn is_iban(iban: &str) -> bool {
    let (Some(head), Some(tail)) = (iban.get(..4), iban.get(4..)) else { return false };
    if !(15..=34).contains(&iban.len()) || !iban.bytes().all(|c| c.is_ascii_alphanumeric()) {
        return false;
    }
    let digits = tail.chars().chain(head.chars()).filter_map(|c| c.to_digit(36));
    digits.fold(0, |rest, digit| (rest * if digit > 9 { 100 } else { 10 } + digit) % 97) == 1
}

/// The logo in `bytes`, by its first bytes and not by its name.
pub fn logo(bytes: Vec<u8>) -> Result<Option<Logo>, FormErrors> {
    let refuse = |message: &str| {
        let mut errors = FormErrors::default();
        errors.add("logo", message);
        Err(errors)
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > LOGO_LIMIT {
        return refuse("is larger than 512 KiB");
    }
    let media_type = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        "image/jpeg"
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        "image/webp"
    } else if std::str::from_utf8(&bytes).is_ok_and(|text| {
        text.trim_start().starts_with("<svg")
            || text.trim_start().starts_with("<?xml") && text.contains("<svg")
    }) {
        "image/svg+xml"
    } else {
        return refuse("must be a PNG, JPEG, WebP or SVG picture");
    };
    Ok(Some(Logo { bytes, media_type }))
}
