//! The forms of hours, shared by pages and API.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::list::{Cursor, TimeEntryFilter};
use super::model::NewTimeEntry;
use super::rows::{Billing, EntryRow};
use super::span::{self, Length, Occurrence, When};
use super::week::{Week, WeekName};
use crate::auth::user::Actor;
use crate::error::FormErrors;
use crate::types::calendar::WeekStart;
use crate::types::clock::UtcTime;
use crate::types::ids::{ProjectId, TaskId, UserId};
use crate::types::money::Money;
use crate::web::form::{Check, Difference, name_of};
use crate::web::json::Typed;

/// The longest break that a form accepts, in seconds.
const MOST_BREAK: i64 = 12 * 3_600;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimeEntryForm {
    /// The project; blank takes the task's.
    pub project_id: Typed,
    /// The task, if it was on one.
    pub task_id: Typed,
    /// The local day on which it starts, `YYYY-MM-DD`.
    pub date: String,
    /// Worked time as `1.5`, `1:30` or `90m`, or a range as `9-10:30`.
    pub duration: Typed,
    /// When it started, `HH:MM`; blank follows the day's last hours. A range in `duration` says it already.
    pub starts_at: String,
    /// Break within a range, as a duration.
    pub break_time: Typed,
    /// What was done.
    pub note: String,
    /// true, false, or blank for what task and project say.
    pub is_billable: Typed,
    /// The price of an hour of this entry alone, in the client's currency, for roles that see money; blank takes what is
    /// agreed.
    pub rate: Typed,
    /// Why locked hours change all the same, for who runs the agency.
    pub lock_reason: String,
    /// first or second, when the clock showed the start twice.
    pub start_occurrence: String,
    /// first or second, when the clock showed the end twice.
    pub end_occurrence: String,
    /// For a timer: when the one that runs ended, if that was not just now.
    pub ended_at: String,
    /// The version that was edited.
    pub version: Typed,
    /// For new hours: the same key with the same content is logged once.
    pub idempotency_key: String,
}

impl TimeEntryForm {
    /// What new hours on `date` are offered.
    pub fn blank(date: NaiveDate) -> Self {
        Self { date: date.to_string(), ..Self::default() }
    }

    /// The form of a stored entry, as `actor` may see it.
    pub fn filled(row: &EntryRow, actor: &Actor) -> Self {
        let entry = &row.entry;
        let zone = entry.zone();
        let shown =
            |at: UtcTime| span::occurrence(at, zone).map(|which| which.to_string()).unwrap_or_default();
        let seconds = |seconds: i64| if seconds > 0 { span::duration_text(seconds) } else { String::new() };
        Self {
            project_id: Some(entry.project_id).into(),
            task_id: entry.task_id.into(),
            date: entry.local_on.to_string(),
            duration: match entry.ended_at {
                Some(_) => span::duration_text(entry.duration_seconds).into(),
                None => Typed::default(),
            },
            starts_at: span::time_text(span::time_of_day(entry.started_at, zone)),
            break_time: seconds(entry.break_seconds).into(),
            note: entry.note.clone(),
            is_billable: Some(entry.is_billable).into(),
            rate: match entry.own_rate().filter(|_| actor.sees_money()) {
                Some(cents) => Money::new(cents, row.currency).plain().into(),
                None => Typed::default(),
            },
            start_occurrence: shown(entry.started_at),
            version: Some(entry.version).into(),
            ..Self::default()
        }
    }

    /// Hours, or what is wrong.
    pub fn check(&self) -> Result<NewTimeEntry, FormErrors> {
        let mut check = Check::new();
        let (project_id, task_id) = self.work(&mut check);
        let on = check.required_date("date", &self.date);
        let length = span::parse_length(&self.duration).unwrap_or_else(|message| {
            check.error("duration", message);
            Length::Open
        });
        let starts = match self.starts_at.trim() {
            "" => None,
            text => {
                let seconds = span::parse_time(text).filter(|seconds| *seconds < 86_400);
                if seconds.is_none() {
                    check.error("starts_at", "is not a time of day, like 9:00");
                }
                seconds
            }
        };
        let break_seconds = check.seconds("break_time", &self.break_time, MOST_BREAK).unwrap_or(0);
        check.line("lock_reason", &self.lock_reason);
        let new = on.map(|on| NewTimeEntry {
            project_id,
            task_id,
            when: When {
                on,
                starts,
                length,
                break_seconds,
                start_occurrence: check.id("start_occurrence", &self.start_occurrence),
                end_occurrence: check.id("end_occurrence", &self.end_occurrence),
            },
            note: check.text("note", &self.note),
            is_billable: self.billable(&mut check),
            rate: check.line("rate", &self.rate),
        });
        check.finish(new)
    }

    /// Fields in which this form and the stored hours differ.
    pub fn differences(&self, stored: &Self, names: &Names) -> Vec<Difference> {
        let project = |form: &Self| name_of(&names.projects, &form.project_id);
        let task = |form: &Self| name_of(&names.tasks, &form.task_id);
        let billable = |form: &Self| match form.is_billable.0.as_str() {
            "true" => "Billable".to_owned(),
            "false" => "Not billable".to_owned(),
            _ => "As the task says".to_owned(),
        };
        Difference::between([
            ("Project", project(stored), project(self)),
            ("Task", task(stored), task(self)),
            ("Note", stored.note.clone(), self.note.clone()),
            ("Date", stored.date.clone(), self.date.clone()),
            ("Duration", stored.duration.0.clone(), self.duration.0.clone()),
            ("Start", stored.starts_at.clone(), self.starts_at.clone()),
            ("Break", stored.break_time.0.clone(), self.break_time.0.clone()),
            ("Billing", billable(stored), billable(self)),
            ("Hourly rate", stored.rate.0.clone(), self.rate.0.clone()),
        ])
    }

    /// What a timer runs on, or what is wrong; the fields about when do not count.
    pub fn check_timer(&self) -> Result<NewTimeEntry, FormErrors> {
        let mut check = Check::new();
        let (project_id, task_id) = self.work(&mut check);
        let new = NewTimeEntry {
            project_id,
            task_id,
            when: When {
                on: NaiveDate::default(),
                starts: None,
                length: Length::Open,
                break_seconds: 0,
                start_occurrence: None,
                end_occurrence: None,
            },
            note: check.text("note", &self.note),
            is_billable: self.billable(&mut check),
            rate: check.line("rate", &self.rate),
        };
        if !self.duration.trim().is_empty() {
            check.error("duration", "is for hours that are logged: a timer counts them itself");
        }
        check.finish(Some(new))
    }

    fn work<P: std::str::FromStr, T: std::str::FromStr>(&self, check: &mut Check) -> (Option<P>, Option<T>) {
        let project = check.id("project_id", &self.project_id);
        let task = check.id("task_id", &self.task_id);
        if self.project_id.trim().is_empty() && self.task_id.trim().is_empty() {
            check.error("project_id", "can't be blank");
        }
        (project, task)
    }

    fn billable(&self, check: &mut Check) -> Option<bool> {
        let text = self.is_billable.trim();
        (!text.is_empty()).then(|| check.flag("is_billable", text))
    }
}

/// What ids in a form stand for, when two versions are shown side by side.
#[derive(Debug, Default)]
pub struct Names {
    /// Projects to choose from.
    pub projects: Vec<(ProjectId, String)>,
    /// Tasks to choose from.
    pub tasks: Vec<(TaskId, String)>,
}

/// What new hours start from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewQuery {
    /// A client, to choose among its projects.
    pub client_id: String,
    /// A project.
    pub project_id: String,
    /// A task.
    pub task_id: String,
    /// A day.
    pub date: String,
}

/// The query of a week.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WeekQuery {
    /// As `2026-W47`; blank is this week.
    pub week: String,
    /// Whose; blank is one's own.
    pub user_id: String,
    /// The day of it that a narrow screen shows.
    pub day: String,
}

impl WeekQuery {
    /// The week, whose, and its day, or what makes no sense.
    pub fn check(
        &self,
        today: NaiveDate,
        start: WeekStart,
    ) -> Result<(Week, Option<UserId>, Option<NaiveDate>), FormErrors> {
        let mut check = Check::new();
        let day = check.date("day", &self.day);
        let named: Option<WeekName> = check.id("week", &self.week);
        let week = named.map_or_else(|| Week::of(day.unwrap_or(today), start), |name| name.week(start));
        let user = check.id("user_id", &self.user_id);
        check.finish(Some((week, user, day.filter(|day| Week::of(*day, start) == week))))
    }
}

/// The list's query string.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimeEntryQuery {
    /// One client's.
    pub client_id: String,
    /// One project's.
    pub project_id: String,
    /// One task's.
    pub task_id: String,
    /// One person's.
    pub user_id: String,
    /// From this local day.
    pub from: String,
    /// To this local day.
    pub to: String,
    /// unbilled, drafted, billed, written_off or non_billable.
    pub billing: String,
    /// Billed by this invoice or draft.
    pub invoice_id: String,
    /// Billed by this line of an invoice or draft.
    pub line_id: String,
    /// Where the last page ended: its `meta.next`.
    pub after: String,
}

impl TimeEntryQuery {
    /// The filter, or which part of it makes no sense.
    pub fn check(&self) -> Result<TimeEntryFilter, FormErrors> {
        let mut check = Check::new();
        let filter = TimeEntryFilter {
            client_id: check.id("client_id", &self.client_id),
            project_id: check.id("project_id", &self.project_id),
            task_id: check.id("task_id", &self.task_id),
            user_id: check.id("user_id", &self.user_id),
            from: check.date("from", &self.from),
            to: check.date("to", &self.to),
            billing: check.id("billing", &self.billing),
            invoice_id: check.id("invoice_id", &self.invoice_id),
            line_id: check.id("line_id", &self.line_id),
            after: check.id("after", &self.after),
        };
        check.finish(Some(filter))
    }

    /// Whether nothing is asked for.
    pub fn is_blank(&self) -> bool {
        self.fields().iter().all(|(_, value)| value.is_empty())
    }

    /// The address of the rows after `cursor`, under `path`.
    pub fn older(&self, path: &str, cursor: &Cursor) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.fields() {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("after", &cursor.to_string());
        format!("{path}?{}", query.finish())
    }

    fn fields(&self) -> [(&'static str, &str); 9] {
        [
            ("client_id", &self.client_id),
            ("project_id", &self.project_id),
            ("task_id", &self.task_id),
            ("user_id", &self.user_id),
            ("from", &self.from),
            ("to", &self.to),
            ("billing", &self.billing),
            ("invoice_id", &self.invoice_id),
            ("line_id", &self.line_id),
        ]
    }
}

/// The choices for an ambiguous time.
pub const OCCURRENCES: &[Occurrence] = Occurrence::ALL;
/// The states that a list can ask for.
pub const BILLINGS: &[Billing] = Billing::ALL;
