//! Mails: how they are written, and what is shown of them.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::db::cached::Cache;
use crate::db::schema::mails;
use crate::error::{AppError, AppResult};
use crate::jobs::model::{self as jobs, Job};
use crate::keys::cipher::Place;
use crate::keys::{Keys, random_token};
use crate::net::post::Attachment;
use crate::types::clock::UtcTime;
use crate::types::ids::{InvitationId, InvoiceId, JobId, MailId, QuoteId, ReminderId, UserId};

crate::text_enum! {
    /// What a mail says.
    pub enum MailKind {
        /// That mail works.
        Test = "test", "Test";
        /// That somebody is asked to join.
        Invitation = "invitation", "Invitation";
        /// How to choose a new password.
        PasswordReset = "password_reset", "New password";
        /// That a password was changed.
        PasswordChanged = "password_changed", "Password changed";
        /// An invoice or credit note.
        Invoice = "invoice", "Invoice";
        /// A quote.
        Quote = "quote", "Quote";
        /// A letter about a late invoice.
        Reminder = "reminder", "Reminder";
    }
}

crate::text_enum! {
    /// How far a mail is.
    pub enum MailState {
        /// It waits.
        Queued = "queued", "Queued";
        /// A mail server took it.
        Sent = "sent", "Sent";
        /// It was refused, or given up.
        Failed = "failed", "Failed";
    }
}

/// Where the link of [`NewMail::secret`] goes in a text.
pub const SECRET_LINK: &str = "[the link is shown to nobody but the recipient]";

/// What a mail is about: at most one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mails)]
pub struct About {
    /// An invoice.
    pub invoice_id: Option<InvoiceId>,
    /// A quote.
    pub quote_id: Option<QuoteId>,
    /// A letter about a late invoice.
    pub reminder_id: Option<ReminderId>,
    /// An invitation.
    pub invitation_id: Option<InvitationId>,
    /// A person.
    pub user_id: Option<UserId>,
}

impl About {
    /// The page of what it is about.
    pub fn href(&self) -> Option<String> {
        match *self {
            Self { invoice_id: Some(id), .. } => Some(format!("/billing/{id}")),
            Self { quote_id: Some(id), .. } => Some(format!("/quotes/{id}")),
            Self { reminder_id: Some(id), .. } => Some(format!("/billing/reminders/{id}")),
            Self { invitation_id: Some(_), .. } => Some("/users".to_owned()),
            Self { user_id: Some(id), .. } => Some(format!("/users/{id}")),
            Self { .. } => None,
        }
    }
}

/// A mail to be written.
#[derive(Clone)]
pub struct NewMail {
    /// What it says.
    pub kind: MailKind,
    /// Whom it goes to.
    pub to: String,
    /// Whom an answer goes to; blank for the sender.
    pub reply_to: String,
    /// Its subject.
    pub subject: String,
    /// What it says, with [`SECRET_LINK`] where the link goes.
    pub text: String,
    /// A link that opens something, which is stored sealed and only until it is sent.
    pub secret: Option<Zeroizing<String>>,
    /// What comes along.
    pub attachment: Option<Attachment>,
    /// What it is about.
    pub about: About,
    /// Of mails with the same key only the first is written.
    pub dedupe_key: Option<String>,
    /// After that it is of no use any more and is not sent.
    pub expires_at: Option<UtcTime>,
}

impl NewMail {
    /// A plain one.
    pub fn new(kind: MailKind, to: &str, subject: &str, text: String) -> Self {
        Self {
            kind,
            to: to.to_owned(),
            reply_to: String::new(),
            subject: one_line(subject),
            text,
            secret: None,
            attachment: None,
            about: About::default(),
            dedupe_key: None,
            expires_at: None,
        }
    }
}

/// `text` as one line: names in it may hold anything, and a header ends with its line.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sends a mail of the outbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendMail {
    /// Which.
    pub mail_id: MailId,
}

impl Job for SendMail {
    const KIND: &'static str = "send_mail";
    // A bit more than a day.
    const MOST_ATTEMPTS: i64 = 30;
    const TIMEOUT: u64 = 120;

    fn unique_key(&self) -> Option<String> {
        Some(self.mail_id.to_string())
    }
}

/// Where the link of a mail is sealed.
pub(in crate::mail) fn place(id: MailId) -> Place<'static> {
    Place { table: "mails", row: id.0, field: "secret", version: 1 }
}

/// Writes `new` into the outbox with the job that sends it, in the caller's transaction. By nobody where the clock or
/// somebody who is not signed in caused it.
pub fn queue(
    conn: &mut Conn,
    keys: &Keys,
    by: Option<UserId>,
    now: UtcTime,
    new: &NewMail,
) -> AppResult<MailId> {
    if let Some(key) = &new.dedupe_key {
        let known: Option<MailId> =
            mails::table.filter(mails::dedupe_key.eq(key)).select(mails::id).first(conn).optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
    }
    let id: MailId = diesel::insert_into(mails::table)
        .values((
            (
                mails::kind.eq(new.kind),
                mails::recipient.eq(&new.to),
                mails::reply_to.eq(&new.reply_to),
                mails::subject.eq(&new.subject),
                mails::text.eq(&new.text),
                mails::state.eq(MailState::Queued),
                mails::message_id.eq(random_token()),
                mails::dedupe_key.eq(&new.dedupe_key),
            ),
            new.about,
            mails::queued_by.eq(by),
            mails::created_at.eq(now),
            mails::expires_at.eq(new.expires_at),
            mails::attachment_name.eq(new.attachment.as_ref().map(|it| &it.name)),
            mails::attachment_type.eq(new.attachment.as_ref().map(|it| &it.media_type)),
            mails::attachment.eq(new.attachment.as_ref().map(|it| &it.body)),
        ))
        .returning(mails::id)
        .get_result(conn)?;
    let secret = match &new.secret {
        Some(link) => Some(keys.mails().seal(place(id), link.as_bytes())?),
        None => None,
    };
    let job = jobs::enqueue(conn, now, now, &SendMail { mail_id: id })?;
    diesel::update(mails::table.find(id))
        .set((mails::secret.eq(secret), mails::job_id.eq(job)))
        .execute(conn)?;
    Ok(id)
}

/// A mail as it is listed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = mails)]
pub struct MailRow {
    /// Which.
    pub id: MailId,
    /// What it says.
    pub kind: MailKind,
    /// Whom it goes to.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// How far it is.
    pub state: MailState,
    /// Attempts so far.
    pub attempts: i64,
    /// Why the last of them failed.
    pub error: String,
    /// What it is about.
    #[diesel(embed)]
    pub about: About,
    /// When it was written.
    pub created_at: UtcTime,
    /// After that it is not sent any more.
    pub expires_at: Option<UtcTime>,
    /// When a mail server took it.
    pub sent_at: Option<UtcTime>,
}

impl MailRow {
    /// The colour of its state.
    pub fn tone(&self) -> &'static str {
        match self.state {
            MailState::Queued if self.attempts > 0 => "badge-warn",
            MailState::Queued => "badge-info",
            MailState::Sent => "badge-ok",
            MailState::Failed => "badge-bad",
        }
    }

    /// Whether it may be tried again.
    pub fn can_retry(&self, now: &UtcTime) -> bool {
        self.state != MailState::Sent && self.expires_at.is_none_or(|at| at > *now)
    }
}

/// A mail as it was written.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = mails)]
pub struct Mail {
    /// What is listed of it.
    #[diesel(embed)]
    pub row: MailRow,
    /// Whom an answer goes to.
    pub reply_to: String,
    /// What it says.
    pub text: String,
    /// The name of what came along.
    pub attachment_name: Option<String>,
    /// The job that sends it.
    pub job_id: Option<JobId>,
}

/// Mails on a page.
pub const PER_PAGE: i64 = 50;

/// Mails, the newest first, at most `limit`, older than `before`; those in `state` only where one is named.
pub fn list(
    conn: &mut Conn,
    state: Option<MailState>,
    before: Option<MailId>,
    limit: i64,
) -> AppResult<Vec<MailRow>> {
    let mut query =
        mails::table.order(mails::id.desc()).limit(limit).select(MailRow::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(mails::state.eq(state));
    }
    if let Some(before) = before {
        query = query.filter(mails::id.lt(before));
    }
    Ok(query.cached().load(conn)?)
}

/// A mail by id.
pub fn find(conn: &mut Conn, id: MailId) -> AppResult<Mail> {
    Ok(mails::table.find(id).select(Mail::as_select()).first(conn)?)
}

/// Has a mail that failed, or that waits for its next attempt, tried again at once.
pub fn retry(conn: &mut Conn, actor: &Actor, now: UtcTime, id: MailId) -> AppResult<Mail> {
    let mail = find(conn, id)?;
    if mail.row.state == MailState::Sent {
        return Err(AppError::Conflict("This mail was sent.".into()));
    }
    if !mail.row.can_retry(&now) {
        return Err(AppError::Conflict("The link in this mail opens no more; ask for a new one.".into()));
    }
    let job = jobs::enqueue_now(conn, now, &SendMail { mail_id: id })?;
    diesel::update(mails::table.find(id))
        .set((mails::state.eq(MailState::Queued), mails::job_id.eq(job)))
        .execute(conn)?;
    let entry = Entry::new(Action::Retried, Subject::Mail, id.0, &mail.row.recipient);
    audit::record(conn, Some(actor.id), now, &entry)?;
    find(conn, id)
}

/// Writes a mail to `actor` that says that mail works.
pub fn queue_test(conn: &mut Conn, keys: &Keys, actor: &Actor, now: UtcTime) -> AppResult<Mail> {
    let text = format!(
        "Hello {},\n\nthis is the test that you asked for. Mail from Bureau arrives.\n",
        one_line(&actor.name)
    );
    let new = NewMail::new(MailKind::Test, &actor.email, "Mail from Bureau works", text);
    let id = queue(conn, keys, Some(actor.id), now, &new)?;
    audit::record(conn, Some(actor.id), now, &Entry::new(Action::Queued, Subject::Mail, id.0, &actor.email))?;
    find(conn, id)
}

/// The newest mails about an invoice, few enough to stand on its page.
pub fn of_invoice(conn: &mut Conn, id: InvoiceId) -> AppResult<Vec<MailRow>> {
    let of = mails::table.filter(mails::invoice_id.eq(id));
    Ok(of.order(mails::id.desc()).limit(20).select(MailRow::as_select()).load(conn)?)
}

/// The newest mails about a quote, few enough to stand on its page.
pub fn of_quote(conn: &mut Conn, id: QuoteId) -> AppResult<Vec<MailRow>> {
    let of = mails::table.filter(mails::quote_id.eq(id));
    Ok(of.order(mails::id.desc()).limit(20).select(MailRow::as_select()).load(conn)?)
}

/// The newest mails of a letter about a late invoice.
pub fn of_reminder(conn: &mut Conn, id: ReminderId) -> AppResult<Vec<MailRow>> {
    let of = mails::table.filter(mails::reminder_id.eq(id));
    Ok(of.order(mails::id.desc()).limit(20).select(MailRow::as_select()).load(conn)?)
}
