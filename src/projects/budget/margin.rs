//! What a project earns, what it costs and what is left, so far and at completion. Pure arithmetic.

use super::super::model::BillingModel;
use crate::types::money::div_round;

/// What is known of a project's work and money, in seconds and minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Seconds logged.
    pub used_seconds: i64,
    /// Seconds that are still to be worked, by estimate.
    pub remaining_seconds: i64,
    /// Whether all is delivered.
    pub is_done: bool,
    /// Value of the billable hours.
    pub billable_cents: i64,
    /// What the hours cost.
    pub cost_cents: i64,
    /// Seconds that no cost is known of.
    pub uncosted_seconds: i64,
    /// The fixed price.
    pub price_cents: i64,
    /// What the periods of a retainer have earned.
    pub retainer_cents: i64,
    /// Amounts of the milestones that were reached.
    pub reached_cents: i64,
    /// Amounts of all milestones.
    pub milestones_cents: i64,
    /// What was bought for it.
    pub bought_cents: i64,
    /// What the client pays for that.
    pub charged_cents: i64,
}

/// Money at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Margin {
    /// Seconds of work.
    pub seconds: i64,
    /// What it earns.
    pub revenue_cents: i64,
    /// What it costs.
    pub cost_cents: i64,
    /// What is left.
    pub margin_cents: i64,
    /// What is left in percent of what it earns; absent where it earns nothing or where no hour has a cost.
    pub margin_percent: Option<i64>,
    /// What an hour of work earns, without what was bought; absent without hours.
    pub effective_rate_cents: Option<i64>,
}

impl Margin {
    /// Of `seconds` of work that earn `work` and cost `cost`, with what was bought on top.
    fn new(facts: &Facts, seconds: i64, work: i64, cost: i64) -> Option<Self> {
        let (revenue, cost) = (work.checked_add(facts.charged_cents)?, cost.checked_add(facts.bought_cents)?);
        let margin = revenue.checked_sub(cost)?;
        let share = |part: i64, whole: i64, scale: i64| {
            (whole != 0).then(|| div_round(i128::from(part) * i128::from(scale), i128::from(whole))).flatten()
        };
        Some(Self {
            seconds,
            revenue_cents: revenue,
            cost_cents: cost,
            margin_cents: margin,
            margin_percent: share(margin, revenue, 100).filter(|_| facts.is_costed()),
            effective_rate_cents: share(work, seconds, 3_600),
        })
    }

    /// Whether it costs more than it earns.
    pub fn is_loss(&self) -> bool {
        self.margin_cents < 0
    }
}

impl Facts {
    /// Whether the cost of any of its work is known, or there is none.
    fn is_costed(&self) -> bool {
        self.used_seconds == 0 || self.uncosted_seconds < self.used_seconds
    }

    /// Seconds of work when all is done.
    pub fn seconds_at_completion(&self) -> i64 {
        self.used_seconds.saturating_add(self.remaining_seconds)
    }

    /// How much of the work is behind us, in percent: hours so far of the hours at completion.
    pub fn progress_percent(&self) -> i64 {
        if self.is_done {
            return 100;
        }
        share(100, self.used_seconds, self.seconds_at_completion()).unwrap_or(0)
    }

    /// So far: by the hour the value of the billable hours; of a fixed price the share that the progress has earned; of
    /// milestones what was reached; of a retainer its periods so far. Hours marked billable beyond that come on top, and
    /// what was bought. `None` when it does not fit.
    pub fn so_far(&self, model: BillingModel) -> Option<Margin> {
        let agreed = match model {
            BillingModel::FixedPrice if self.is_done => self.price_cents,
            BillingModel::FixedPrice => {
                share(self.price_cents, self.used_seconds, self.seconds_at_completion()).unwrap_or(0)
            }
            BillingModel::Milestones => self.reached_cents,
            BillingModel::Retainer => self.retainer_cents,
            BillingModel::Hourly | BillingModel::NonBillable => 0,
        };
        Margin::new(self, self.used_seconds, agreed.checked_add(self.billable_cents)?, self.cost_cents)
    }

    /// When all is done: the hours that remain cost what those so far have cost on average, and by the hour they earn
    /// what those so far have earned on average.
    pub fn at_completion(&self, model: BillingModel) -> Option<Margin> {
        let more = |sum: i64, seconds: i64| share(sum, self.remaining_seconds, seconds).unwrap_or(0);
        let revenue = match model {
            BillingModel::FixedPrice => self.price_cents.checked_add(self.billable_cents)?,
            BillingModel::Milestones => self.milestones_cents.checked_add(self.billable_cents)?,
            BillingModel::Hourly => {
                self.billable_cents.checked_add(more(self.billable_cents, self.used_seconds))?
            }
            BillingModel::Retainer => self.retainer_cents.checked_add(self.billable_cents)?,
            BillingModel::NonBillable => self.billable_cents,
        };
        let cost =
            self.cost_cents.checked_add(more(self.cost_cents, self.used_seconds - self.uncosted_seconds))?;
        Margin::new(self, self.seconds_at_completion(), revenue, cost)
    }
}

/// `amount × part / whole`, half away from zero; `None` without a whole.
fn share(amount: i64, part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| div_round(i128::from(amount) * i128::from(part), i128::from(whole))).flatten()
}
