//! The one row of settings about hours.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::db::schema::{agency, time_settings};
use crate::error::AppResult;
use crate::time_entries::week::Week;
use crate::types::calendar::WeekStart;
use crate::types::clock::UtcTime;
use crate::types::zone;

crate::text_enum! {
    /// Whether one person's hours may overlap. Ends that touch do not.
    pub enum Overlap {
        /// They may.
        Allow = "allow", "Allow";
        /// They may, and it is said.
        Warn = "warn", "Warn";
        /// They may not.
        Forbid = "forbid", "Forbid";
    }
}

/// The settings.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = time_settings)]
pub struct TimeSettings {
    /// Whether hours may overlap.
    pub overlap: Overlap,
    /// Hours up to this local day are locked.
    pub locked_until: Option<NaiveDate>,
    /// A week is locked so many days after its end.
    pub lock_after_days: Option<i64>,
    /// Counts the edits.
    pub version: i64,
}

impl TimeSettings {
    /// The last day that is locked on `today`.
    pub fn locked_on(&self, today: NaiveDate) -> Option<NaiveDate> {
        self.locked_until.max(self.moved_on(today))
    }

    /// The end of the last week, from Monday, whose days of grace are over.
    fn moved_on(&self, today: NaiveDate) -> Option<NaiveDate> {
        let grace = u64::try_from(self.lock_after_days?).ok()?;
        let last = today.checked_sub_days(Days::new(grace))?;
        Some(Week::of(last, WeekStart::Monday).previous().last())
    }
}

/// What a form may set.
#[derive(Debug, Clone, Copy, AsChangeset)]
#[diesel(table_name = time_settings, treat_none_as_null = true)]
pub struct NewTimeSettings {
    /// Whether hours may overlap.
    pub overlap: Overlap,
    /// Hours up to this local day are locked.
    pub locked_until: Option<NaiveDate>,
    /// A week is locked so many days after its end.
    pub lock_after_days: Option<i64>,
}

/// The settings.
pub fn load(conn: &mut Conn) -> AppResult<TimeSettings> {
    Ok(time_settings::table.select(TimeSettings::as_select()).first(conn)?)
}

/// The last day that is locked at `now`.
pub(in crate::time_entries) fn locked(conn: &mut Conn, now: UtcTime) -> AppResult<Option<NaiveDate>> {
    let settings = load(conn)?;
    let name: String = agency::table.select(agency::time_zone).first(conn)?;
    Ok(settings.locked_on(zone::local_date(now, zone::zone(&name))))
}

/// Moves the lock on to where `now` has it, so that the database holds it, too.
pub(in crate::time_entries) fn advance(conn: &mut Conn, now: UtcTime) -> AppResult<()> {
    let settings = load(conn)?;
    if settings.lock_after_days.is_some() {
        let locked = locked(conn, now)?;
        if locked != settings.locked_until {
            diesel::update(time_settings::table).set(time_settings::locked_until.eq(locked)).execute(conn)?;
        }
    }
    Ok(())
}

/// Saves the settings over version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    version: i64,
    new: &NewTimeSettings,
) -> AppResult<Saved<TimeSettings>> {
    let before = load(conn)?;
    let updated = diesel::update(time_settings::table.filter(time_settings::version.eq(version)))
        .set((new, time_settings::version.eq(time_settings::version + 1)))
        .execute(conn)?;
    if updated == 0 {
        return Ok(Saved::Stale(before));
    }
    let text = |value: Option<String>| value.unwrap_or_default();
    let note = Entry::new(Action::Updated, Subject::Agency, 1, "settings of hours")
        .change("overlap", before.overlap.label(), new.overlap.label())
        .change(
            "locked_until",
            text(before.locked_until.map(|day| day.to_string())),
            text(new.locked_until.map(|day| day.to_string())),
        )
        .change(
            "lock_after_days",
            text(before.lock_after_days.map(|days| days.to_string())),
            text(new.lock_after_days.map(|days| days.to_string())),
        );
    if note.has_changes() {
        audit::record(conn, Some(actor.id), now, &note)?;
    }
    advance(conn, now)?;
    Ok(Saved::Done(load(conn)?))
}
