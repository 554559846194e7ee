//! Instants, and the only place that reads the clock.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, NaiveDateTime, SubsecRound, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Timestamp;
use serde::{Deserialize, Serialize};

/// An instant in UTC with microseconds, the finest both databases keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = Timestamp)]
pub struct UtcTime(NaiveDateTime);

impl UtcTime {
    /// From a chrono instant, truncated to microseconds.
    pub fn from_datetime(at: DateTime<Utc>) -> Self {
        Self(at.naive_utc().trunc_subsecs(6))
    }

    /// As a chrono instant.
    pub fn datetime(self) -> DateTime<Utc> {
        self.0.and_utc()
    }

    /// This instant moved by `seconds`; the ends of the calendar hold it.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Duration::try_seconds(seconds)
            .and_then(|by| self.0.checked_add_signed(by))
            .map_or(Self(if seconds < 0 { NaiveDateTime::MIN } else { NaiveDateTime::MAX }), Self)
    }

    /// Whole seconds from `earlier` to this instant; negative when it lies after.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.signed_duration_since(earlier.0).num_seconds()
    }

    /// This instant without its fraction of a second.
    pub fn whole_seconds(self) -> Self {
        Self(self.0.trunc_subsecs(0))
    }
}

impl std::fmt::Display for UtcTime {
    /// RFC 3339 with a `Z`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}Z", self.0)
    }
}

impl Serialize for UtcTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UtcTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::<Utc>::deserialize(deserializer).map(Self::from_datetime)
    }
}

impl utoipa::PartialSchema for UtcTime {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for UtcTime {}

impl<DB: Backend> ToSql<Timestamp, DB> for UtcTime
where
    NaiveDateTime: ToSql<Timestamp, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<Timestamp, DB> for UtcTime
where
    NaiveDateTime: FromSql<Timestamp, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        NaiveDateTime::from_sql(bytes).map(Self)
    }
}

/// Where `now` comes from: the system, or an instant that a test sets.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// An instant that only moves when it is told to.
    Frozen(Arc<Mutex<UtcTime>>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn frozen(at: UtcTime) -> Self {
        Self::Frozen(Arc::new(Mutex::new(at)))
    }

    /// The present instant.
    pub fn now(&self) -> UtcTime {
        match self {
            Self::System => UtcTime::from_datetime(Utc::now()),
            Self::Frozen(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a frozen clock; the system's stays as it is.
    pub fn advance(&self, seconds: i64) {
        if let Self::Frozen(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = at.plus_seconds(seconds);
        }
    }
}
