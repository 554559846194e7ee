//! What exchange rates gain or lose between an invoice and its payment, in the agency's currency.

use crate::types::money::{Currency, Money, convert};

/// What one unit of another currency was worth to the agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The agency's currency.
    pub base: Currency,
    /// One unit of the other in millionths of it.
    pub e6: i64,
}

impl Rate {
    /// The rate stored with a payment or an invoice, where one is known.
    pub fn stored(base: Option<Currency>, e6: Option<i64>) -> Option<Self> {
        base.zip(e6).map(|(base, e6)| Self { base, e6 })
    }
}

/// What `allocated` of a payment gained (above zero) or lost against the invoice it settles: its worth at the payment's
/// rate less its worth at the invoice's, each rounded as a conversion is. What is taken back has the opposite sign and
/// the same rates, so it cancels out exactly. `None` where the currency is the agency's, a rate is not known, the agency
/// changed its currency meanwhile, or the difference does not fit.
pub fn difference(allocated: Money, paid: Option<Rate>, invoiced: Option<Rate>) -> Option<Money> {
    let (paid, invoiced) = paid.zip(invoiced)?;
    if paid.base != invoiced.base || paid.base == allocated.currency {
        return None;
    }
    let worth = |rate: Rate| convert(allocated.cents, allocated.currency, rate.base, rate.e6);
    Some(Money::new(worth(paid)?.checked_sub(worth(invoiced)?)?, paid.base))
}

/// The sum of differences in `base`; those of another currency are left out, since two are never added.
pub fn total(base: Currency, differences: impl IntoIterator<Item = Money>) -> Option<Money> {
    let cents = differences
        .into_iter()
        .filter(|money| money.currency == base)
        .try_fold(0_i64, |sum, money| sum.checked_add(money.cents))?;
    Some(Money::new(cents, base))
}
