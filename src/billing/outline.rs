//! What a document says that is no invoice yet: the lines of a quote, or of an invoice that comes back. It is kept as one
//! value, so that it is frozen as one.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use super::draft::{self, MAX_LINES, NewDraft, Options};
use super::line::{InvoiceLine, NewLine};
use super::lines::store_totals;
use super::tax::{InvoiceTax, TaxCategory, TaxNames, TaxRates, Treatment};
use super::totals::{self, Discount, Pricing, Totals};
use crate::agency::model as agency;
use crate::auth::user::Actor;
use crate::clients::model::Client;
use crate::db::Conn;
use crate::db::schema::invoices;
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, InvoiceLineId, ProjectId};
use crate::types::money::Currency;

/// Lines with all that prices them, the words around them, and what they add up to in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromSqlRow)]
pub struct Outline {
    /// The lines, in order.
    pub lines: Vec<NewLine>,
    /// Words to the client.
    pub note: String,
    /// Words on payment.
    pub terms: String,
    /// How lines at 0 % are treated.
    pub treatment: Treatment,
    /// What is taken off the sum of the lines.
    pub discount: Discount,
    /// Whether tax is in the prices.
    pub prices_include_tax: bool,
    /// The smallest coin that the total is rounded to.
    pub rounding_step_cents: i64,
    /// What the tax is called; blank is "tax".
    pub tax_name: String,
    /// What the second tax is called.
    pub second_tax_name: String,
    /// Taxes that lines had when they named none.
    #[serde(default)]
    pub usual_taxes: TaxRates,
    /// What the lines add up to; see [`Outline::added_up`].
    pub totals: Totals,
}

/// What client and agency say before anybody writes a line.
#[derive(Debug, Clone)]
pub struct Basis {
    /// What prices are amounts of.
    pub currency: Currency,
    /// Taxes of lines that name none.
    pub taxes: TaxRates,
    /// The smallest coin that totals are rounded to.
    pub rounding_step_cents: i64,
    /// What the tax is called.
    pub tax_name: String,
    /// What the second tax is called.
    pub second_tax_name: String,
    /// Whether tax is in new prices.
    pub prices_include_tax: bool,
    /// Words on payment.
    pub terms: String,
}

impl Basis {
    /// The basis of what is offered to `client` in `currency`.
    pub fn load(conn: &mut Conn, client: &Client, currency: Currency) -> AppResult<Self> {
        let agency = agency::load(conn)?;
        Ok(Self {
            currency,
            taxes: draft::tax_rates(conn, client)?,
            rounding_step_cents: if currency == agency.currency { agency.rounding_step_cents } else { 1 },
            tax_name: agency.tax_name,
            second_tax_name: agency.second_tax_name,
            prices_include_tax: agency.prices_include_tax,
            terms: agency.invoice_terms,
        })
    }
}

impl Outline {
    /// Nothing yet, on `basis`.
    pub fn empty(basis: &Basis) -> Self {
        Self {
            lines: Vec::new(),
            note: String::new(),
            terms: basis.terms.clone(),
            treatment: Treatment::default(),
            discount: Discount::NONE,
            prices_include_tax: basis.prices_include_tax,
            rounding_step_cents: basis.rounding_step_cents,
            tax_name: basis.tax_name.clone(),
            second_tax_name: basis.second_tax_name.clone(),
            usual_taxes: basis.taxes,
            totals: Totals::default(),
        }
    }

    /// The same as it is taxed now: lines at what was usual when they were written get what is usual on `basis`.
    pub fn taxed_as(mut self, basis: &Basis) -> AppResult<Self> {
        for line in &mut self.lines {
            let taxes =
                TaxRates { first_millis: line.tax_rate_millis, second_millis: line.second_tax_rate_millis };
            if taxes == self.usual_taxes {
                line.tax_rate_millis = basis.taxes.first_millis;
                line.second_tax_rate_millis = basis.taxes.second_millis;
                line.tax_category = self.treatment.category.at_rate(line.tax_rate_millis);
            }
        }
        self.usual_taxes = basis.taxes;
        self.rounding_step_cents = basis.rounding_step_cents;
        self.tax_name.clone_from(&basis.tax_name);
        self.second_tax_name.clone_from(&basis.second_tax_name);
        self.added_up()
    }

    /// The same with its totals; refused where the lines do not add up to an amount.
    pub fn added_up(mut self) -> AppResult<Self> {
        if self.lines.len() > MAX_LINES {
            return Err(AppError::invalid("lines", format!("are more than {MAX_LINES}")));
        }
        self.totals = self.computed()?;
        if self.totals.total < 0 {
            return Err(AppError::invalid("lines", "add up to less than nothing"));
        }
        Ok(self)
    }

    /// What the lines add up to, computed anew.
    pub fn computed(&self) -> AppResult<Totals> {
        let priced: Vec<_> = self.lines.iter().map(NewLine::priced).collect();
        Ok(totals::compute(&priced, &self.pricing())?)
    }

    /// The text that is stored.
    pub fn text(&self) -> AppResult<String> {
        serde_json::to_string(self).map_err(AppError::internal)
    }

    /// How its lines are added up.
    pub fn pricing(&self) -> Pricing {
        Pricing {
            prices_include_tax: self.prices_include_tax,
            discount: self.discount,
            rounding_step_cents: self.rounding_step_cents,
        }
    }

    /// What its taxes are called.
    pub fn tax_names(&self) -> TaxNames<'_> {
        TaxNames { first: &self.tax_name, second: &self.second_tax_name }
    }

    /// Whether a line at 0 % still asks for its treatment.
    pub fn lacks_treatment(&self) -> bool {
        self.lines.iter().any(|line| line.tax_rate_millis == 0)
            && (self.treatment.category == TaxCategory::Standard || self.treatment.reason.is_empty())
    }

    /// The lines as they are printed.
    pub fn printed_lines(&self) -> Vec<InvoiceLine> {
        let lines = self.lines.iter().zip(&self.totals.lines).zip(1..);
        lines
            .map(|((line, sum), position)| InvoiceLine {
                id: InvoiceLineId(0),
                position,
                title: line.title.clone(),
                details: line.details.clone(),
                quantity_e4: line.quantity_e4,
                unit: line.unit,
                unit_price_cents: line.unit_price_cents,
                tax_rate_millis: line.tax_rate_millis,
                second_tax_rate_millis: line.second_tax_rate_millis,
                tax_category: line.tax_category,
                discount_millis: line.discount.millis(),
                discount_cents: sum.discount_cents,
                amount_cents: sum.amount_cents,
                logged_seconds: None,
                logged_cents: None,
                logged_rate_cents: None,
                rounded_seconds: None,
                claimed_cents: None,
                adjustment_reason: String::new(),
                deducts_id: None,
            })
            .collect()
    }

    /// The taxes as they are printed.
    pub fn printed_taxes(&self) -> Vec<InvoiceTax> {
        let reason = |category: TaxCategory| match category {
            TaxCategory::Standard => String::new(),
            _ => self.treatment.reason.clone(),
        };
        let groups = self.totals.groups.iter();
        groups
            .map(|group| InvoiceTax {
                is_second: group.is_second,
                tax_category: group.category,
                tax_rate_millis: group.rate_millis,
                base_cents: group.base_cents,
                tax_cents: group.tax_cents,
                exemption_reason: reason(group.category),
            })
            .collect()
    }

    /// Makes `new`, which says the same, with the coin and the names of taxes that were offered.
    pub fn make(&self, conn: &mut Conn, actor: &Actor, now: UtcTime, new: &NewDraft) -> AppResult<InvoiceId> {
        let id = draft::create(conn, actor, now, new)?;
        diesel::update(invoices::table.find(id))
            .set((
                invoices::rounding_step_cents.eq(self.rounding_step_cents),
                invoices::tax_name.eq(&self.tax_name),
                invoices::second_tax_name.eq(&self.second_tax_name),
            ))
            .execute(conn)?;
        store_totals(conn, id, Some(&self.treatment.reason))?;
        Ok(id)
    }

    /// A draft for `client` that says the same.
    pub fn draft(&self, client: ClientId, project: Option<ProjectId>) -> NewDraft {
        NewDraft {
            project,
            include_time: false,
            lines: self.lines.clone(),
            note: self.note.clone(),
            terms: Some(self.terms.clone()),
            treatment: self.treatment.clone(),
            options: Options { discount: self.discount, ..Options::default() },
            prices_include_tax: Some(self.prices_include_tax),
            ..NewDraft::of_hours(client)
        }
    }
}

impl<DB: Backend> FromSql<Text, DB> for Outline
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(bytes)?;
        serde_json::from_str(&text).map_err(Into::into)
    }
}
