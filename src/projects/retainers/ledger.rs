//! The arithmetic of a retainer: what a period grants, uses, loses and passes on. Amounts are seconds or minor units.

use chrono::{Days, Months, NaiveDate};

use crate::types::money::entry_amount;

crate::text_enum! {
    /// What is granted.
    pub enum RetainerUnit {
        /// Hours, in seconds.
        Hours = "hours", "Hours";
        /// The value of hours, in minor units.
        Money = "money", "Money";
    }
}

crate::text_enum! {
    /// How long a period is.
    pub enum Period {
        /// Seven days.
        Week = "week", "Week";
        /// A month from the day on which the retainer begins.
        Month = "month", "Month";
        /// Three months.
        Quarter = "quarter", "Quarter";
    }
}

impl Period {
    /// The first day of period `seq` of a retainer that begins on `starts_on`. Each is counted from the beginning, so
    /// that one of the 31st comes back to it after a short month.
    pub fn start(self, starts_on: NaiveDate, seq: i64) -> Option<NaiveDate> {
        let seq = u32::try_from(seq).ok()?;
        match self {
            Self::Week => starts_on.checked_add_days(Days::new(7 * u64::from(seq))),
            Self::Month => starts_on.checked_add_months(Months::new(seq)),
            Self::Quarter => starts_on.checked_add_months(Months::new(seq.checked_mul(3)?)),
        }
    }

    /// The first and the last day of period `seq`.
    pub fn days(self, starts_on: NaiveDate, seq: i64) -> Option<(NaiveDate, NaiveDate)> {
        let next = self.start(starts_on, seq.checked_add(1)?)?;
        Some((self.start(starts_on, seq)?, next.pred_opt()?))
    }
}

/// What was agreed, as far as the arithmetic asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What each period grants.
    pub granted: i64,
    /// The most that rolls over; `None` is all of it.
    pub roll_cap: Option<i64>,
    /// Periods for which what rolled over can be used; `None` is for ever.
    pub expires_after: Option<i64>,
    /// Whether what goes beyond is taken from the next period instead of being billed.
    pub carries_debt: bool,
}

/// What is left of what a period granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// The period that granted it.
    pub granted_seq: i64,
    /// How much is left.
    pub amount: i64,
}

/// What a period passes on to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carry {
    /// What can still be used, the oldest first.
    pub lots: Vec<Lot>,
    /// What was used beyond, and is taken from the next period.
    pub debt: i64,
}

impl Carry {
    /// What can still be used in all.
    pub fn amount(&self) -> i64 {
        self.lots.iter().fold(0, |sum, lot| sum.saturating_add(lot.amount))
    }
}

/// The numbers of a period. `granted + carried_in + overage + debt_out = used + adjusted + debt_in + expired +
/// carried_out`, always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Granted by the period itself.
    pub granted: i64,
    /// Rolled over from periods before.
    pub carried_in: i64,
    /// Used beyond in the period before, and taken from this one.
    pub debt_in: i64,
    /// Used in the period itself.
    pub used: i64,
    /// What was logged, changed or deleted in closed periods since; negative when there is less of it.
    pub adjusted: i64,
    /// Lost: beyond the cap, or too old.
    pub expired: i64,
    /// Used beyond what was there, and to be billed.
    pub overage: i64,
    /// What goes on.
    pub carry: Carry,
}

impl Numbers {
    /// What can be used in the period.
    pub fn available(&self) -> i64 {
        self.granted.saturating_add(self.carried_in).saturating_sub(self.debt_in)
    }

    /// What is used up of it.
    pub fn spent(&self) -> i64 {
        self.used.saturating_add(self.adjusted)
    }

    /// What can still be used; negative beyond it.
    pub fn left(&self) -> i64 {
        self.available().saturating_sub(self.spent())
    }

    /// The share that is used up, in whole percent; `None` where there is nothing to use.
    pub fn percent(&self) -> Option<i64> {
        crate::projects::burn::percent(self.spent(), Some(self.available()))
    }
}

/// Period `seq` after `before`: what is used takes the oldest first, then what remains grows old and meets the cap.
pub fn settle(terms: &Terms, seq: i64, before: &Carry, used: i64, adjusted: i64) -> Numbers {
    let mut lots = before.lots.clone();
    lots.push(Lot { granted_seq: seq, amount: terms.granted });
    let mut needed = used.saturating_add(adjusted).saturating_add(before.debt);
    if needed < 0 {
        // Less was used in closed periods than they said: it can be used now.
        if let Some(own) = lots.last_mut() {
            own.amount = own.amount.saturating_sub(needed);
        }
        needed = 0;
    }
    for lot in &mut lots {
        let taken = lot.amount.min(needed);
        lot.amount -= taken;
        needed -= taken;
    }
    let mut expired = 0_i64;
    // The next period can use what is not older than `expires_after` periods then.
    if let Some(after) = terms.expires_after {
        for lot in lots.iter_mut().filter(|lot| seq.saturating_add(1) - lot.granted_seq > after) {
            expired += std::mem::take(&mut lot.amount);
        }
    }
    if let Some(cap) = terms.roll_cap {
        let all: i64 = lots.iter().map(|lot| lot.amount).sum();
        let mut beyond = (all - cap).max(0);
        for lot in &mut lots {
            let lost = lot.amount.min(beyond);
            lot.amount -= lost;
            beyond -= lost;
            expired += lost;
        }
    }
    lots.retain(|lot| lot.amount > 0);
    let (overage, debt) = if terms.carries_debt { (0, needed) } else { (needed, 0) };
    Numbers {
        granted: terms.granted,
        carried_in: before.amount(),
        debt_in: before.debt,
        used,
        adjusted,
        expired,
        overage,
        carry: Carry { lots, debt },
    }
}

/// What `overage` is billed with: hours at `rate` an hour, or the money that it is.
pub fn overage_cents(unit: RetainerUnit, overage: i64, rate: Option<i64>) -> i64 {
    match (unit, rate) {
        (RetainerUnit::Money, _) => overage,
        (RetainerUnit::Hours, Some(rate)) => entry_amount(overage, rate).unwrap_or(i64::MAX),
        (RetainerUnit::Hours, None) => 0,
    }
}
