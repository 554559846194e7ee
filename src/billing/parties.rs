//! Who sends and who receives, as printed: copied into the invoice when it is issued.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agency::model::Agency;
use crate::clients::model::{Client, address_lines};
use crate::db::Conn;
use crate::db::schema::contacts;
use crate::error::AppResult;
use crate::types::ids::ClientId;

/// The agency at the moment of issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Agency")]
pub struct Seller {
    pub name: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub region: String,
    /// ISO 3166 code.
    pub country: String,
    pub tax_id: String,
    pub email: String,
    pub phone: String,
    pub website: String,
    pub footer: String,
    pub bank_name: String,
    pub bank_holder: String,
    pub iban: String,
    pub bic: String,
    /// The picture as a `data:` URI; empty without one.
    pub logo: String,
}

impl Seller {
    /// The agency as it is now.
    pub fn of(agency: &Agency) -> Self {
        let logo = match (&agency.logo, &agency.logo_type) {
            (Some(bytes), Some(media_type)) => format!("data:{media_type};base64,{}", STANDARD.encode(bytes)),
            _ => String::new(),
        };
        Self {
            name: agency.name.clone(),
            street: agency.street.clone(),
            postal_code: agency.postal_code.clone(),
            city: agency.city.clone(),
            region: agency.region.clone(),
            country: agency.country.clone(),
            tax_id: agency.tax_id.clone(),
            email: agency.email.clone(),
            phone: agency.phone.clone(),
            website: agency.website.clone(),
            footer: agency.invoice_footer.clone(),
            bank_name: agency.bank_name.clone(),
            bank_holder: agency.bank_holder.clone(),
            iban: agency.iban.clone(),
            bic: agency.bic.clone(),
            logo,
        }
    }

    /// The address as lines, without the name.
    pub fn address(&self) -> Vec<String> {
        address_lines(&self.street, &self.postal_code, &self.city, &self.region, &self.country)
    }

    /// Name and address in one line, for the window above the recipient.
    pub fn return_line(&self) -> String {
        let town = format!("{} {}", self.postal_code, self.city);
        [self.name.as_str(), &self.street.replace('\n', ", "), town.trim()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    }

    /// The account number in groups of four.
    pub fn iban_in_groups(&self) -> String {
        let plain: Vec<char> = self.iban.chars().filter(|c| !c.is_whitespace()).collect();
        plain.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("\u{a0}")
    }

    /// The website without its scheme.
    pub fn host(&self) -> &str {
        self.website.split_once("://").map_or(self.website.as_str(), |(_, host)| host).trim_end_matches('/')
    }
}

/// The client at the moment of issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Client")]
pub struct Buyer {
    pub name: String,
    /// The billing contact's name.
    pub contact: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub region: String,
    /// ISO 3166 code.
    pub country: String,
    /// Where the letter goes when that is elsewhere.
    pub postal_address: String,
    pub tax_id: String,
    pub email: String,
}

impl Buyer {
    /// The client as it is now.
    pub fn of(client: &Client, contact: Option<String>) -> Self {
        Self {
            name: client.name.clone(),
            contact: contact.unwrap_or_default(),
            street: client.street.clone(),
            postal_code: client.postal_code.clone(),
            city: client.city.clone(),
            region: client.region.clone(),
            country: client.country.clone(),
            postal_address: client.postal_address.clone(),
            tax_id: client.tax_id.clone(),
            email: client.email.clone(),
        }
    }

    /// The billing address as lines, without the name.
    pub fn address(&self) -> Vec<String> {
        address_lines(&self.street, &self.postal_code, &self.city, &self.region, &self.country)
    }

    /// What shows in the window of the envelope, name first.
    pub fn window(&self) -> Vec<String> {
        let lines: Vec<String> = if self.postal_address.is_empty() {
            self.address()
        } else {
            self.postal_address.lines().map(|line| line.trim().to_owned()).collect()
        };
        [self.name.clone(), self.contact.clone()]
            .into_iter()
            .chain(lines)
            .filter(|line| !line.is_empty())
            .collect()
    }
}

/// The contact to whom invoices go: the first marked so.
pub fn billing_contact(conn: &mut Conn, client: ClientId) -> AppResult<Option<String>> {
    Ok(contacts::table
        .filter(contacts::client_id.eq(client))
        .filter(contacts::is_billing)
        .order(contacts::id)
        .select(contacts::name)
        .first(conn)
        .optional()?)
}
