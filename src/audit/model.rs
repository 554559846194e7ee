//! Entries of the activity log.

use diesel::prelude::*;
use serde_json::{Map, Value};

pub use super::timeline::{Scope, Sight, TimelineEntry, timeline};
use crate::db::Conn;
use crate::db::schema::activities;
use crate::error::AppResult;
use crate::types::clock::UtcTime;
use crate::types::ids::{ActivityId, ClientId, InvoiceId, ProjectId, TaskId, UserId};

crate::text_enum! {
    /// What happened.
    pub enum Action {
        /// It is new.
        Created = "created", "created";
        /// Fields changed.
        Updated = "updated", "changed";
        /// It is gone.
        Deleted = "deleted", "deleted";
        /// Put away.
        Archived = "archived", "archived";
        /// Taken back out.
        Restored = "restored", "restored";
        /// A task was finished.
        Completed = "completed", "completed";
        /// A task was taken up again.
        Reopened = "reopened", "reopened";
        /// A timer began.
        Started = "started", "started";
        /// A timer ended.
        Stopped = "stopped", "stopped";
        /// Hours will not be billed.
        WrittenOff = "written_off", "wrote off";
        /// Written-off hours may be billed again.
        WrittenOn = "written_on", "took back the write-off of";
        /// A week was handed in.
        Submitted = "submitted", "handed in";
        /// A week was taken back.
        Withdrawn = "withdrawn", "took back";
        /// A week was approved.
        Approved = "approved", "approved";
        /// Locked hours changed all the same.
        Overrode = "overrode", "went past the lock of";
        /// Hours got another rate.
        Repriced = "repriced", "re-priced";
        /// Somebody joined.
        Added = "added", "added";
        /// Somebody left.
        Removed = "removed", "removed";
        /// A period ended for good.
        Closed = "closed", "closed a period of the";
        /// A fee is to be billed.
        Charged = "charged", "charged the fee of the";
        /// A milestone is there.
        Reached = "reached", "reached";
        /// An invoice got its number.
        Issued = "issued", "issued";
        /// Money came in.
        Paid = "paid", "recorded a payment on";
        /// A payment was taken back.
        Reversed = "reversed", "reversed a payment on";
        /// A client had its bank take a payment back.
        ChargedBack = "charged_back", "recorded a chargeback on";
        /// Money came in that settles no invoice yet.
        Received = "received", "recorded";
        /// Money went back to a client.
        Refunded = "refunded", "refunded";
        /// An invoice was settled by a credit note.
        Credited = "credited", "credited";
        /// A client agreed.
        Accepted = "accepted", "accepted";
        /// A client did not agree.
        Declined = "declined", "declined";
        /// A quote became an invoice.
        Converted = "converted", "made an invoice of";
        /// A link that opens without signing in.
        Shared = "shared", "made a link to";
        /// A letter was sent by hand.
        Reminded = "reminded", "sent";
        /// A mail was put into the outbox.
        Queued = "queued", "queued a mail of";
        /// What failed is tried again.
        Retried = "retried", "tried again";
        /// Work that waited was taken out.
        Cancelled = "cancelled", "cancelled";
        /// Somebody asked for a link to choose a new password.
        AskedForReset = "asked_for_reset", "was asked for a new password for:";
        /// A secret was looked at.
        Revealed = "revealed", "looked at a secret of";
        /// A secret was copied without being shown.
        Copied = "copied", "copied a secret of";
        /// What an older key sealed was sealed anew.
        Rotated = "rotated", "sealed everything with";
        /// Somebody may come in no more.
        Disabled = "disabled", "shut out";
        /// Somebody may come in again.
        Enabled = "enabled", "let in again";
        /// A new password.
        ChangedPassword = "changed_password", "changed the password of";
        /// Somebody signed in.
        SignedIn = "signed_in", "signed in";
        /// Somebody who did not know the password tried to sign in.
        SignInFailed = "sign_in_failed", "was refused at the door:";
        /// Somebody asked for what their role may not.
        Denied = "denied", "was refused";
        /// A list was taken out as a file.
        Exported = "exported", "exported";
        /// Somebody proved that it is them.
        SteppedUp = "stepped_up", "proved to be";
        /// Somebody was turned away.
        Refused = "refused", "was refused as";
        /// The agency was set up.
        SetUp = "set_up", "set up";
    }
}

crate::text_enum! {
    /// What it happened to.
    pub enum Subject {
        /// The agency's own settings.
        Agency = "agency", "the agency";
        /// A person of the agency.
        User = "user", "person";
        /// Somebody who was asked to join.
        Invitation = "invitation", "invitation of";
        /// A page or address of the API.
        Route = "route", "address";
        /// A list that can be had as a file.
        List = "list", "list of";
        /// A browser in which somebody is signed in.
        Session = "session", "session in";
        /// An API token.
        Token = "token", "API token";
        /// What somebody brings beside their password.
        SecondFactor = "second_factor", "the second factor of";
        /// A key that somebody's device keeps.
        Passkey = "passkey", "passkey";
        /// A client.
        Client = "client", "client";
        /// A contact of a client.
        Contact = "contact", "contact";
        /// A project.
        Project = "project", "project";
        /// A milestone of a project.
        Milestone = "milestone", "milestone";
        /// Somebody on a project or at work for a client.
        Member = "member", "member";
        /// What a project grants by the period.
        Retainer = "retainer", "retainer of";
        /// A task.
        Task = "task", "task";
        /// A comment on a task.
        Comment = "comment", "comment on";
        /// A task that comes back.
        Schedule = "schedule", "recurring task";
        /// A plan of projects.
        Template = "template", "project template";
        /// A label of tasks.
        Label = "label", "label";
        /// Hours.
        TimeEntry = "time_entry", "hours on";
        /// Hours that run.
        Timer = "timer", "the timer on";
        /// A person's week of hours.
        Timesheet = "timesheet", "the week of";
        /// What an hour is charged at.
        Rate = "rate", "the rate of";
        /// What an hour costs us.
        CostRate = "cost_rate", "the cost rate of";
        /// An invoice.
        Invoice = "invoice", "invoice";
        /// An invoice that comes back.
        Recurring = "recurring_invoice", "recurring invoice";
        /// A letter about a late invoice.
        Reminder = "reminder", "reminder";
        /// What was offered to a client.
        Quote = "quote", "quote";
        /// Something that was bought for a client.
        Expense = "expense", "expense";
        /// Money that came in or went out.
        Payment = "payment", "payment";
        /// What opens a client's site.
        Credential = "credential", "credential";
        /// A link by which a client puts something into the vault.
        Intake = "intake", "intake link for";
        /// The tasks by which what somebody knows is changed.
        Rotation = "rotation", "changes of what is known to";
        /// A key of the vault.
        VaultKey = "vault_key", "key of the vault no.";
        /// Work apart from the requests.
        Job = "job", "job";
        /// A mail in the outbox.
        Mail = "mail", "mail to";
    }
}

/// An entry to be recorded: what, to which row, in which places it shows.
#[derive(Debug, Clone)]
pub struct Entry {
    action: Action,
    subject: Subject,
    subject_id: i64,
    label: String,
    client: Option<ClientId>,
    project: Option<ProjectId>,
    task: Option<TaskId>,
    invoice: Option<InvoiceId>,
    changes: Map<String, Value>,
}

/// What happens at the door or to the log's own readers: it is on the log's page and in nobody's timeline.
pub const AT_THE_DOOR: [Action; 9] = [
    Action::Revealed,
    Action::Copied,
    Action::SignedIn,
    Action::SignInFailed,
    Action::SteppedUp,
    Action::AskedForReset,
    Action::Refused,
    Action::Denied,
    Action::Exported,
];

impl Entry {
    /// `action` on the row `subject_id`, called `label` at this moment.
    pub fn new(action: Action, subject: Subject, subject_id: i64, label: &str) -> Self {
        Self {
            action,
            subject,
            subject_id,
            label: label.to_owned(),
            client: None,
            project: None,
            task: None,
            invoice: None,
            changes: Map::new(),
        }
    }

    /// Shows on this client's page.
    pub fn client(mut self, id: ClientId) -> Self {
        self.client = Some(id);
        self
    }

    /// Shows on this project's page.
    pub fn project(mut self, id: ProjectId) -> Self {
        self.project = Some(id);
        self
    }

    /// Shows on this task's page.
    pub fn task(mut self, id: TaskId) -> Self {
        self.task = Some(id);
        self
    }

    /// Shows on this invoice's page.
    pub fn invoice(mut self, id: InvoiceId) -> Self {
        self.invoice = Some(id);
        self
    }

    /// Notes a field that went from `before` to `after`; equal values are not noted.
    pub fn change(mut self, field: &str, before: impl ToString, after: impl ToString) -> Self {
        let (before, after) = (before.to_string(), after.to_string());
        if before != after {
            self.changes.insert(field.to_owned(), Value::from(vec![before, after]));
        }
        self
    }

    /// Whether any field changed.
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }
}

/// Writes `entry` in the caller's transaction; `actor` is `None` for the system and the command line.
pub fn record(conn: &mut Conn, actor: Option<UserId>, now: UtcTime, entry: &Entry) -> AppResult<()> {
    diesel::insert_into(activities::table)
        .values((
            activities::occurred_at.eq(now),
            activities::actor_id.eq(actor),
            activities::action.eq(entry.action),
            activities::subject_type.eq(entry.subject),
            activities::subject_id.eq(entry.subject_id),
            activities::subject_label.eq(&entry.label),
            activities::client_id.eq(entry.client),
            activities::project_id.eq(entry.project),
            activities::task_id.eq(entry.task),
            activities::invoice_id.eq(entry.invoice),
            activities::changes.eq(Value::Object(entry.changes.clone()).to_string()),
        ))
        .execute(conn)?;
    Ok(())
}

/// An entry as it is read back.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = activities)]
pub struct Activity {
    /// Its number, in order of writing.
    pub id: ActivityId,
    /// When.
    pub occurred_at: UtcTime,
    /// By whom; `None` is the system.
    pub actor_id: Option<UserId>,
    /// What.
    pub action: Action,
    /// To what kind of thing.
    pub subject_type: Subject,
    /// To which.
    pub subject_id: i64,
    /// Its name then.
    pub subject_label: String,
    /// Its client.
    pub client_id: Option<ClientId>,
    /// Its project.
    pub project_id: Option<ProjectId>,
    /// Its task.
    pub task_id: Option<TaskId>,
    /// Its invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Fields as JSON: name to `[before, after]`.
    pub changes: String,
}

impl Activity {
    /// The row on whose page the subject lives, where it has a page that goes with it.
    pub(in crate::audit) fn home(&self) -> Option<(Subject, i64)> {
        let client = self.client_id.map(|id| (Subject::Client, id.0));
        let project = self.project_id.map(|id| (Subject::Project, id.0));
        let task = self.task_id.map(|id| (Subject::Task, id.0));
        match self.subject_type {
            Subject::Client | Subject::Contact => client,
            Subject::Project | Subject::Milestone | Subject::Member | Subject::Retainer => project,
            Subject::Task | Subject::Comment => task,
            Subject::TimeEntry | Subject::Timer => task.or(project),
            Subject::Invoice => self.invoice_id.map(|id| (Subject::Invoice, id.0)),
            Subject::Quote | Subject::Recurring | Subject::Expense | Subject::Credential => {
                Some((self.subject_type, self.subject_id))
            }
            _ => None,
        }
    }
}
