//! Rates by what they are agreed for: for one hour those that could price it, for many hours all there are.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Prices, Rate, RateKind, Resolved, Scope, Work, source};
use crate::db::Conn;
use crate::db::schema::{agency, clients, rates};
use crate::error::AppResult;
use crate::types::ids::ClientId;

/// Rates by kind and scope, each scope's by date.
#[derive(Debug)]
pub struct Book {
    rates: BTreeMap<(RateKind, Scope), Vec<Rate>>,
    /// Clients that pay in another currency than ours.
    foreign: BTreeSet<ClientId>,
}

impl Book {
    /// Every rate there is.
    pub fn load(conn: &mut Conn) -> AppResult<Self> {
        let ours = agency::table.select(agency::currency);
        let foreign = clients::table.filter(clients::currency.ne_all(ours)).select(clients::id).load(conn)?;
        Ok(Self::of(rates::table.select(Rate::as_select()).load(conn)?, foreign))
    }

    pub(in crate::rates) fn of(all: Vec<Rate>, foreign: Vec<ClientId>) -> Self {
        let mut rates: BTreeMap<_, Vec<Rate>> = BTreeMap::new();
        for rate in all {
            rates.entry((rate.kind, rate.scope())).or_default().push(rate);
        }
        for dated in rates.values_mut() {
            dated.sort_by_key(|rate| rate.starts_on);
        }
        Self { rates, foreign: foreign.into_iter().collect() }
    }

    /// The rates of `work` done on `on`, as [`super::model::resolve`] finds them.
    pub fn resolve(&self, work: Work, on: NaiveDate) -> Prices {
        self.prices(work, on, !self.foreign.contains(&work.client))
    }

    /// The rate of one scope itself on `on`.
    pub fn own(&self, kind: RateKind, scope: Scope, on: NaiveDate) -> Option<i64> {
        let dated = self.rates.get(&(kind, scope))?;
        dated.iter().rev().find(|rate| rate.starts_on <= on)?.amount_cents
    }

    /// Whom or what there are rates for.
    pub fn scopes(&self) -> Vec<Scope> {
        let mut scopes: Vec<Scope> = self.rates.keys().map(|(_, scope)| *scope).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    /// Those of the most specific scopes; `ours` says that the client pays in the agency's currency.
    pub(in crate::rates) fn prices(&self, work: Work, on: NaiveDate, ours: bool) -> Prices {
        let best = |kind: RateKind| {
            work.scopes().filter(|scope| ours || !scope.is_wide()).find_map(|scope| {
                let dated = self.rates.get(&(kind, scope))?;
                let rate = dated.iter().rev().find(|rate| rate.starts_on <= on)?;
                Some(Resolved { cents: rate.amount_cents?, source: source(scope, rate.starts_on) })
            })
        };
        Prices { bill: best(RateKind::Bill), cost: best(RateKind::Cost) }
    }
}
