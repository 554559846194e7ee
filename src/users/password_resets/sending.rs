//! The job that makes a link and writes the mail with it, and what is written once a password was changed.

use std::sync::Arc;

use askama::Template;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::agency::model as agency;
use crate::auth::password_reset::{self, LIFETIME};
use crate::auth::user::{self, User};
use crate::db::Conn;
use crate::error::{AppError, AppResult, found};
use crate::jobs::model::{Fault, Job};
use crate::keys::Keys;
use crate::mail::model::{self as mail, About, MailKind, NewMail, SECRET_LINK};
use crate::types::clock::UtcTime;
use crate::types::ids::UserId;
use crate::web::App;
use crate::web::secret_links::address;

/// Somebody asked for a new password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendReset {
    /// Who; nobody where what was typed is nobody's address.
    pub user_id: Option<UserId>,
}

impl Job for SendReset {
    const KIND: &'static str = "send_password_reset";
    const MOST_ATTEMPTS: i64 = 5;
    const TIMEOUT: u64 = 30;
}

#[derive(Template)]
#[template(path = "mail/password_reset/body.txt")]
struct ResetText<'a> {
    agency: &'a str,
    name: &'a str,
    link: &'static str,
    minutes: i64,
}

#[derive(Template)]
#[template(path = "mail/password_changed/body.txt")]
struct ChangedText<'a> {
    agency: &'a str,
    name: &'a str,
    origin: &'a str,
}

/// Makes the link and writes the mail, for who is there and may come in.
pub async fn send(app: Arc<App>, job: SendReset) -> Result<(), Fault> {
    let Some(id) = job.user_id else { return Ok(()) };
    let (now, keys, data) = (app.clock.now(), app.keys.clone(), Arc::clone(&app));
    let written = app.db.write(move |conn| {
        let Some(user) = found(user::find(conn, id))?.filter(|user| user.disabled_at.is_none()) else {
            return Ok(());
        };
        let token = password_reset::create(conn, now, &user)?;
        let agency = agency::load(conn)?.name;
        let text = ResetText { agency: &agency, name: &user.name, link: SECRET_LINK, minutes: LIFETIME / 60 };
        let subject = format!("A new password for {agency}");
        let new = NewMail {
            secret: Some(Zeroizing::new(address(&data, &format!("/password-reset/{token}")))),
            about: About { user_id: Some(id), ..About::default() },
            expires_at: Some(now.plus_seconds(LIFETIME)),
            ..NewMail::new(
                MailKind::PasswordReset,
                &user.email,
                &subject,
                text.render().map_err(AppError::internal)?,
            )
        };
        mail::queue(conn, &keys, None, now, &new).map(|_| ())
    });
    Ok(written.await?)
}

/// Tells somebody that their password was changed, so that it shows where they did not do it.
pub fn tell_changed(conn: &mut Conn, keys: &Keys, now: UtcTime, origin: &str, user: &User) -> AppResult<()> {
    let agency = agency::load(conn)?.name;
    let text = ChangedText { agency: &agency, name: &user.name, origin };
    let subject = format!("Your password for {agency} was changed");
    let text = text.render().map_err(AppError::internal)?;
    let new = NewMail {
        about: About { user_id: Some(user.id), ..About::default() },
        ..NewMail::new(MailKind::PasswordChanged, &user.email, &subject, text)
    };
    mail::queue(conn, keys, None, now, &new).map(|_| ())
}
