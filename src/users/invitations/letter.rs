//! The mail with the link of an invitation.

use askama::Template;
use zeroize::Zeroizing;

use crate::agency::model as agency;
use crate::auth::invitation::{Invitation, LIFETIME};
use crate::auth::user::Actor;
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::mail::model::{self as mail, About, MailKind, NewMail, SECRET_LINK};
use crate::types::clock::UtcTime;
use crate::web::App;
use crate::web::secret_links::address;

#[derive(Template)]
#[template(path = "mail/invitation/body.txt")]
struct InvitationText<'a> {
    agency: &'a str,
    by: &'a str,
    email: &'a str,
    link: &'static str,
    days: i64,
}

/// Writes the mail with the link of `token` where there is a server to take it; else answers with the link, to be sent by
/// hand.
pub(super) fn deliver(
    conn: &mut Conn,
    app: &App,
    actor: &Actor,
    now: UtcTime,
    invitation: &Invitation,
    token: &str,
) -> AppResult<Option<String>> {
    let link = address(app, &format!("/invitations/{token}"));
    if app.post.is_none() {
        return Ok(Some(link));
    }
    let agency = agency::load(conn)?.name;
    let text = InvitationText {
        agency: &agency,
        by: &actor.name,
        email: &invitation.email,
        link: SECRET_LINK,
        days: LIFETIME / 86_400,
    };
    let text = text.render().map_err(AppError::internal)?;
    let new = NewMail {
        secret: Some(Zeroizing::new(link)),
        about: About { invitation_id: Some(invitation.id), ..About::default() },
        dedupe_key: Some(format!("invitation:{}", invitation.id)),
        expires_at: Some(invitation.expires_at),
        ..NewMail::new(MailKind::Invitation, &invitation.email, &format!("Join {agency}"), text)
    };
    mail::queue(conn, &app.keys, Some(actor.id), now, &new)?;
    Ok(None)
}
