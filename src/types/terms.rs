//! When an invoice is due.

use chrono::{Datelike, Days, Months, NaiveDate};

crate::text_enum! {
    /// What the days to pay are counted from.
    pub enum TermsKind {
        /// The issue date.
        Net = "net", "Issue date";
        /// The last day of the month of the issue date.
        EndOfMonth = "end_of_month", "End of the month";
    }
}

/// How long a client has to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentTerms {
    /// What the days are counted from.
    pub kind: TermsKind,
    /// The days; net 0 is due on receipt.
    pub days: i64,
}

impl PaymentTerms {
    /// The last day to pay an invoice of `issue_on`; `None` past the end of the calendar.
    pub fn due_on(self, issue_on: NaiveDate) -> Option<NaiveDate> {
        let from = match self.kind {
            TermsKind::Net => issue_on,
            TermsKind::EndOfMonth => {
                issue_on.with_day(1)?.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))?
            }
        };
        from.checked_add_days(Days::new(u64::try_from(self.days).ok()?))
    }
}

impl std::fmt::Display for PaymentTerms {
    /// "14 days", "On receipt", "End of month + 15 days".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = if self.days == 1 { "" } else { "s" };
        match (self.kind, self.days) {
            (TermsKind::Net, 0) => f.write_str("On receipt"),
            (TermsKind::Net, days) => write!(f, "{days} day{s}"),
            (TermsKind::EndOfMonth, 0) => f.write_str("End of month"),
            (TermsKind::EndOfMonth, days) => write!(f, "End of month + {days} day{s}"),
        }
    }
}
