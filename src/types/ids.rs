//! One `i64` newtype per table, so that a project's id can never stand where a client's is wanted.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, FromSqlRow,
            AsExpression, utoipa::ToSchema,
        )]
        #[diesel(sql_type = BigInt)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// The id of this row's element in a page, as in `client_7`.
            pub fn dom(self) -> String {
                format!(concat!($prefix, "_{}"), self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl<DB: Backend> ToSql<BigInt, DB> for $name
        where
            i64: ToSql<BigInt, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }

        impl<DB: Backend> FromSql<BigInt, DB> for $name
        where
            i64: FromSql<BigInt, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                i64::from_sql(bytes).map(Self)
            }
        }
    )+};
}

ids! {
    /// A person who signs in.
    UserId => "user";
    /// A browser in which somebody is signed in.
    SessionId => "session";
    /// Somebody who was asked to join.
    InvitationId => "invitation";
    /// An API token.
    TokenId => "token";
    /// A link by which a client puts something into the vault.
    IntakeId => "intake";
    /// A link that shows a secret of the vault to somebody outside.
    ShareId => "share";
    /// A passkey.
    PasskeyId => "passkey";
    /// A client.
    ClientId => "client";
    /// A person at a client.
    ContactId => "contact";
    /// A project.
    ProjectId => "project";
    /// A milestone of a project.
    MilestoneId => "milestone";
    /// What a period of a retainer is charged with.
    RetainerChargeId => "retainer_charge";
    /// A task.
    TaskId => "task";
    /// A comment on a task.
    CommentId => "comment";
    /// A task that comes back.
    ScheduleId => "schedule";
    /// A template of projects.
    TemplateId => "template";
    /// A task of a template.
    TemplateTaskId => "template_task";
    /// A filter that somebody keeps.
    TaskViewId => "task_view";
    /// Something that somebody is told.
    NotificationId => "notification";
    /// A label of tasks.
    LabelId => "label";
    /// A step of a task's checklist.
    StepId => "step";
    /// A stretch of worked time.
    TimeEntryId => "time_entry";
    /// An invoice, draft or issued.
    InvoiceId => "invoice";
    /// A line of an invoice.
    InvoiceLineId => "invoice_line";
    /// What was offered to a client.
    QuoteId => "quote";
    /// An invoice that comes back.
    RecurringId => "recurring";
    /// A letter about a late invoice.
    ReminderId => "reminder";
    /// An invoice or client that is not reminded.
    ReminderPauseId => "reminder_pause";
    /// A version of a quote.
    QuoteVersionId => "quote_version";
    /// Something that was bought for a client.
    ExpenseId => "expense";
    /// A payment.
    PaymentId => "payment";
    /// An agreed rate.
    RateId => "rate";
    /// What opens a client's site.
    CredentialId => "credential";
    /// Work that is done apart from the request that asked for it.
    JobId => "job";
    /// A mail that waits, was sent or failed.
    MailId => "mail";
    /// An entry of the activity log.
    ActivityId => "activity";
}
