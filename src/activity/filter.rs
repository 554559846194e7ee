//! What the log is asked for: the query string that page, file and API read.

use chrono::{Days, NaiveDate};
use serde::Deserialize;

use crate::audit::log::LogFilter;
use crate::error::FormErrors;
use crate::types::clock::UtcTime;
use crate::types::zone::{self, Tz};
use crate::web::form::Check;

/// The log's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// By this person.
    pub user_id: String,
    /// In what belongs to this client.
    pub client_id: String,
    /// To this kind of thing, as `invoice`.
    pub subject: String,
    /// What was done, as `deleted`.
    pub action: String,
    /// From this day on, where the reader lives.
    pub from: String,
    /// To this day, included.
    pub to: String,
    /// The entries after this one.
    pub after: String,
}

/// When `day` begins in `zone`.
fn start_of(day: NaiveDate, zone: Tz) -> UtcTime {
    let midnight = day.and_hms_opt(0, 0, 0).unwrap_or_default();
    let at = zone::resolve(midnight, zone);
    at.map_or_else(|| UtcTime::from_datetime(midnight.and_utc()), |at| at.earliest())
}

impl LogQuery {
    /// The filter with days as `zone` counts them, or what makes no sense.
    pub fn check(&self, zone: Tz) -> Result<LogFilter, FormErrors> {
        let mut check = Check::new();
        let (user, client) = (check.id("user_id", &self.user_id), check.id("client_id", &self.client_id));
        let (subject, action) = (check.id("subject", &self.subject), check.id("action", &self.action));
        let (from, to) = (check.date("from", &self.from), check.date("to", &self.to));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            check.error("to", "is before the first day");
        }
        let after = check.id("after", &self.after);
        check.finish(Some(LogFilter {
            user,
            client,
            subject,
            action,
            from: from.map(|day| start_of(day, zone)),
            until: to.and_then(|day| day.checked_add_days(Days::new(1))).map(|day| start_of(day, zone)),
            after,
        }))
    }

    /// Whether nothing narrows the log.
    pub fn is_plain(&self) -> bool {
        let narrow =
            [&self.user_id, &self.client_id, &self.subject, &self.action, &self.from, &self.to, &self.after];
        narrow.iter().all(|text| text.is_empty())
    }

    /// The log's address with the entries after `id`.
    pub fn following(&self, id: impl std::fmt::Display) -> String {
        format!("/activity?{}", self.parameters(&id.to_string()))
    }

    /// Where all of it is kept as a file.
    pub fn file(&self) -> String {
        format!("/activity/csv?{}", self.parameters(""))
    }

    fn parameters(&self, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("user_id", self.user_id.as_str()),
            ("client_id", &self.client_id),
            ("subject", &self.subject),
            ("action", &self.action),
            ("from", &self.from),
            ("to", &self.to),
            ("after", after),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}
