//! Projects: pieces of work for a client, with a budget, a price and dates.

pub mod model;
