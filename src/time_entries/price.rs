//! What hours are worth: the rates that are agreed for them, or the price that was typed for an entry itself.

use chrono::NaiveDate;

use super::model::{NewTimeEntry, TimeEntry};
use super::place::Place;
use crate::auth::user::Actor;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::rates::model::{self as rates, ENTRY_RATE, Prices, Resolved, Work};
use crate::types::ids::UserId;
use crate::types::money::{self, Money};

/// What an hour of `user` at `place` costs on `on`.
pub(in crate::time_entries) fn prices_of(
    conn: &mut Conn,
    user: UserId,
    place: &Place,
    on: NaiveDate,
) -> AppResult<Prices> {
    let work = Work { user, client: place.client, project: place.project, task: place.task };
    rates::resolve(conn, work, on)
}

/// The price that `new` names for the entry itself. Who sees no money can neither name one nor change the one that `before`
/// has.
pub(in crate::time_entries) fn own_price(
    conn: &mut Conn,
    actor: &Actor,
    place: &Place,
    new: &NewTimeEntry,
    before: Option<&TimeEntry>,
) -> AppResult<Option<Resolved>> {
    let own = |cents| Resolved { cents, source: ENTRY_RATE.to_owned() };
    if !actor.sees_money() {
        if !new.rate.is_empty() {
            return Err(AppError::invalid("rate", "is for roles that see money"));
        }
        return Ok(before
            .filter(|entry| entry.client_id == place.client)
            .and_then(TimeEntry::own_rate)
            .map(own));
    }
    if new.rate.is_empty() {
        return Ok(None);
    }
    let currency = clients::find(conn, actor, place.client)?.currency;
    if let Some((entry, cents)) = before.and_then(|entry| Some((entry, entry.own_rate()?)))
        && entry.client_id != place.client
    {
        let old = clients::find(conn, actor, entry.client_id)?.currency;
        if old != currency && new.rate == Money::new(cents, old).plain() {
            return Err(AppError::invalid(
                "rate",
                format!("is in {old}: say what it is in {currency}, or leave it blank"),
            ));
        }
    }
    match money::parse_decimal(&new.rate, currency.decimals()) {
        Some(cents) if (0..=money::MAX_CENTS).contains(&cents) => Ok(Some(own(cents))),
        Some(_) => Err(AppError::invalid("rate", "is out of range")),
        None => Err(AppError::invalid("rate", "is not an amount, like 90.00")),
    }
}

/// What `seconds` at `rate_cents` are worth; a fault at `duration` when no column could hold it.
pub(in crate::time_entries) fn worth(seconds: i64, rate_cents: Option<i64>, bills: bool) -> AppResult<i64> {
    let Some(rate) = rate_cents.filter(|_| bills) else { return Ok(0) };
    money::entry_amount(seconds, rate)
        .ok_or_else(|| AppError::invalid("duration", "is too long at this rate"))
}

/// The entry's own price in words; empty when it has what is agreed.
pub(in crate::time_entries) fn own_text(
    conn: &mut Conn,
    actor: &Actor,
    entry: &TimeEntry,
) -> AppResult<String> {
    let Some(cents) = entry.own_rate() else { return Ok(String::new()) };
    Ok(Money::new(cents, clients::find(conn, actor, entry.client_id)?.currency).to_string())
}
