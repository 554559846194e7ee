//! What a document is worth in the agency's currency, stored when it is issued.

use diesel::prelude::*;

use super::issue::PAR_E6;
use super::model::{self, Invoice};
use super::totals::SumFault;
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::schema::invoices;
use crate::error::AppResult;
use crate::types::ids::InvoiceId;
use crate::types::money::{self, Currency};

/// What a document adds up to, in minor units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// Without tax.
    pub net: i64,
    /// Sum of the taxes.
    pub tax: i64,
    /// What rounding to the smallest coin adds.
    pub rounding: i64,
    /// Net, tax and rounding.
    pub total: i64,
}

impl Amounts {
    /// Those of an invoice or credit note, in its own currency.
    pub fn of(invoice: &Invoice) -> Self {
        Self {
            net: invoice.net_cents,
            tax: invoice.tax_cents,
            rounding: invoice.rounding_cents,
            total: invoice.total_cents,
        }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            net: self.net + other.net,
            tax: self.tax + other.tax,
            rounding: self.rounding + other.rounding,
            total: self.total + other.total,
        }
    }

    fn less(self, other: Self) -> Self {
        Self {
            net: self.net - other.net,
            tax: self.tax - other.tax,
            rounding: self.rounding - other.rounding,
            total: self.total - other.total,
        }
    }
}

/// `amounts` of `from` in minor units of `to`, one unit of `from` being `rate_e6` millionths of one of `to`. Total, tax and
/// rounding are converted; the net is what they leave, so that the parts always add up.
pub fn converted(amounts: Amounts, from: Currency, to: Currency, rate_e6: i64) -> Option<Amounts> {
    let convert = |cents: i64| money::convert(cents, from, to, rate_e6);
    let (tax, rounding, total) = (convert(amounts.tax)?, convert(amounts.rounding)?, convert(amounts.total)?);
    let net = total.checked_sub(tax)?.checked_sub(rounding)?;
    Some(Amounts { net, tax, rounding, total })
}

/// What a document adds to `before`, what the earlier credit notes on the same invoice come to: so all notes on it together
/// are worth what it was worth. For an invoice, `before` is nothing.
pub fn added(
    before: Amounts,
    document: Amounts,
    from: Currency,
    to: Currency,
    rate_e6: i64,
) -> Option<Amounts> {
    let after = converted(before.plus(document), from, to, rate_e6)?;
    Some(after.less(converted(before, from, to, rate_e6)?))
}

/// The rate of `currency` that was used last, in millionths of the agency's.
pub fn last_exchange_rate(conn: &mut Conn, currency: Currency) -> AppResult<Option<i64>> {
    let last: Option<Option<i64>> = invoices::table
        .filter(invoices::currency.eq(currency))
        .filter(invoices::exchange_rate_e6.is_not_null())
        .order(invoices::id.desc())
        .select(invoices::exchange_rate_e6)
        .first(conn)
        .optional()?;
    Ok(last.flatten())
}

/// What a document is worth, and how that was found.
#[derive(Debug, Clone, Copy)]
pub struct Worth {
    /// The agency's currency, for a credit note that of the day of its invoice.
    pub currency: Currency,
    /// One unit of the document's in millionths of it, once that is known.
    pub rate_e6: Option<i64>,
    /// The amounts at that rate.
    pub amounts: Option<Amounts>,
}

/// What `draft` is worth to an agency that has `currency` today.
pub(in crate::billing) fn worth(
    conn: &mut Conn,
    actor: &Actor,
    draft: &Invoice,
    currency: Currency,
) -> AppResult<Worth> {
    let (currency, before) = match draft.corrects_id {
        None => (currency, Amounts::default()),
        Some(id) => {
            let of = model::find(conn, actor, id)?;
            (of.base_currency.unwrap_or(currency), credited_before(conn, id, draft.id)?)
        }
    };
    let rate_e6 = if draft.currency == currency { Some(PAR_E6) } else { draft.exchange_rate_e6 };
    let amounts = rate_e6
        .map(|rate| {
            added(before, Amounts::of(draft), draft.currency, currency, rate).ok_or(SumFault::TooLarge)
        })
        .transpose()?;
    Ok(Worth { currency, rate_e6, amounts })
}

/// What the credit notes on invoice `id` come to that were issued before `note`.
fn credited_before(conn: &mut Conn, id: InvoiceId, note: InvoiceId) -> AppResult<Amounts> {
    let earlier: Vec<Invoice> = invoices::table
        .filter(invoices::corrects_id.eq(id))
        .filter(invoices::issued_at.is_not_null())
        .filter(invoices::id.lt(note))
        .select(Invoice::as_select())
        .load(conn)?;
    Ok(earlier.iter().map(Amounts::of).fold(Amounts::default(), Amounts::plus))
}
