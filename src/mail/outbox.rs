//! The outbox as the job sees it: what leaves, and what became of it.

use diesel::prelude::*;
use zeroize::Zeroizing;

use super::model::{MailState, SECRET_LINK, place};
use crate::db::Conn;
use crate::db::schema::mails;
use crate::error::{AppError, AppResult};
use crate::jobs::model::Fault;
use crate::keys::Keys;
use crate::net::post::{Attachment, Letter};
use crate::types::clock::UtcTime;
use crate::types::ids::MailId;

#[derive(Queryable, Selectable)]
#[diesel(table_name = mails)]
struct Stored {
    recipient: String,
    reply_to: String,
    subject: String,
    text: String,
    secret: Option<Vec<u8>>,
    state: MailState,
    message_id: String,
    created_at: UtcTime,
    expires_at: Option<UtcTime>,
    attachment_name: Option<String>,
    attachment_type: Option<String>,
    attachment: Option<String>,
}

/// Counts an attempt and answers with what is to leave; nothing where it has left.
pub fn begin(
    conn: &mut Conn,
    keys: &Keys,
    now: UtcTime,
    id: MailId,
) -> AppResult<Result<Option<Letter>, Fault>> {
    let mail: Stored = mails::table.find(id).select(Stored::as_select()).first(conn)?;
    if mail.state != MailState::Queued {
        return Ok(Ok(None));
    }
    if mail.expires_at.is_some_and(|at| at <= now) {
        return Ok(Err(Fault::Never("It was not sent in time: the link in it opens no more.".to_owned())));
    }
    diesel::update(mails::table.find(id)).set(mails::attempts.eq(mails::attempts + 1)).execute(conn)?;
    let text = match &mail.secret {
        Some(envelope) => {
            let link = keys.mails().open(place(id), envelope)?;
            let link = Zeroizing::new(String::from_utf8(link.to_vec()).map_err(AppError::internal)?);
            mail.text.replace(SECRET_LINK, &link)
        }
        None => mail.text,
    };
    let attachment = match (mail.attachment_name, mail.attachment_type, mail.attachment) {
        (Some(name), Some(media_type), Some(body)) => Some(Attachment { name, media_type, body }),
        _ => None,
    };
    Ok(Ok(Some(Letter {
        message_id: mail.message_id,
        to: mail.recipient,
        reply_to: mail.reply_to,
        subject: mail.subject,
        text,
        attachment,
        written_at: mail.created_at,
    })))
}

/// Notes that a mail server took it. The link in it goes.
pub fn sent(conn: &mut Conn, now: UtcTime, id: MailId) -> AppResult<()> {
    let unsent = mails::table.find(id).filter(mails::state.ne(MailState::Sent));
    diesel::update(unsent)
        .set((
            mails::state.eq(MailState::Sent),
            mails::sent_at.eq(now),
            mails::secret.eq(None::<Vec<u8>>),
            mails::error.eq(""),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes why an attempt failed. Whether it is tried again is its job's.
pub fn refused(conn: &mut Conn, id: MailId, reason: &str) -> AppResult<()> {
    let waiting = mails::table.find(id).filter(mails::state.eq(MailState::Queued));
    diesel::update(waiting).set(mails::error.eq(reason)).execute(conn)?;
    Ok(())
}
