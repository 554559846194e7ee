//! What an hour costs from a date on.
//!
//! A rate belongs to a scope; the most specific one that has started by the entry's local date wins: task,
//! project member, project, client, member, agency. Rates are dated and never rewritten for past days, so what
//! was logged keeps its price. There are no pages here: each area shows the rate of its own scope.

pub mod model;
