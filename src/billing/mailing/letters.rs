//! What a mail with an invoice or quote says at first, and how it is queued.

use askama::Template;
use chrono::NaiveDate;
use zeroize::Zeroizing;

use super::form::{MailForm, Words};
use crate::agency::model as agency;
use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::model::{self as invoices, Kind};
use crate::billing::print;
use crate::billing::quotes::{answers, model as quotes};
use crate::clients::contacts::model as contacts;
use crate::clients::model as clients;
use crate::db::Conn;
use crate::error::{AppError, AppResult};
use crate::mail::model::{self as mail, About, MailKind, MailRow, NewMail, SECRET_LINK};
use crate::net::post::Attachment;
use crate::types::clock::UtcTime;
use crate::types::ids::{ClientId, InvoiceId, MailId, QuoteId};
use crate::types::money::Money;
use crate::web::App;
use crate::web::once;
use crate::web::secret_links::address;

/// Where the link goes in the words of a quote's mail.
pub const LINK: &str = "{link}";

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub enum Document {
    /// An issued invoice or credit note, attached.
    Invoice(InvoiceId),
    /// A quote, by a link that opens it.
    Quote(QuoteId),
}

impl Document {
    /// Its page.
    pub fn href(self) -> String {
        match self {
            Self::Invoice(id) => format!("/billing/{id}"),
            Self::Quote(id) => format!("/quotes/{id}"),
        }
    }

    /// Whether its mail holds a link.
    pub fn has_link(self) -> bool {
        matches!(self, Self::Quote(_))
    }
}

/// A mail before anybody has changed its words.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The number of the invoice or quote.
    pub name: String,
    /// Whom it is for.
    pub client: String,
    /// Whom it goes to and what it says.
    pub form: MailForm,
}

#[derive(Template)]
#[template(path = "mail/invoice/body.txt")]
struct InvoiceText<'a> {
    greeting: &'a str,
    kind: &'static str,
    number: &'a str,
    total: String,
    due_on: Option<NaiveDate>,
    agency: &'a str,
}

#[derive(Template)]
#[template(path = "mail/quote/body.txt")]
struct QuoteText<'a> {
    greeting: &'a str,
    title: &'a str,
    link: &'static str,
    expires_on: Option<NaiveDate>,
    agency: &'a str,
}

/// Name and address of who gets what is billed to `client`: its billing contact, or the client itself.
fn recipient(conn: &mut Conn, actor: &Actor, client: ClientId) -> AppResult<(String, String, String)> {
    let client = clients::find(conn, actor, client)?;
    let contact = contacts::of_client(conn, client.id)?
        .into_iter()
        .find(|contact| contact.is_billing && !contact.email.is_empty());
    Ok(match contact {
        Some(contact) => (client.name, contact.name, contact.email),
        None => (client.name, String::new(), client.email),
    })
}

/// What the mail with `document` says before anybody has changed it. Refused for what is not issued, and for a quote that
/// takes no answer any more.
pub fn suggest(conn: &mut Conn, actor: &Actor, document: Document) -> AppResult<Suggestion> {
    let agency = agency::load(conn)?.name;
    let (name, client, to, subject, text) = match document {
        Document::Invoice(id) => {
            let invoice = invoices::find(conn, actor, id)?;
            let Some(number) = &invoice.number else {
                return Err(AppError::Conflict("This is a draft; issue it first.".into()));
            };
            let (client, contact, to) = recipient(conn, actor, invoice.client_id)?;
            let kind = invoice.kind.label();
            let text = InvoiceText {
                greeting: &contact,
                kind,
                number,
                total: Money::new(invoice.total_cents, invoice.currency).to_string(),
                due_on: invoice.due_on.filter(|_| invoice.kind == Kind::Invoice && invoice.balance() > 0),
                agency: &agency,
            };
            (number.clone(), client, to, format!("{kind} {number} from {agency}"), text.render())
        }
        Document::Quote(id) => {
            let row = quotes::find(conn, actor, id)?;
            let Some(sent) = row.sent().filter(|_| row.answer().is_none()) else {
                return Err(AppError::Conflict(
                    "This quote is a draft or was answered; there is nothing to ask for.".into(),
                ));
            };
            let (client, contact, to) = recipient(conn, actor, row.quote.client_id)?;
            let text = QuoteText {
                greeting: &contact,
                title: &sent.title,
                link: LINK,
                expires_on: sent.expires_on,
                agency: &agency,
            };
            let name = row.quote.name().to_owned();
            (name.clone(), client, to, format!("Quote {name} from {agency}"), text.render())
        }
    };
    let text = text.map_err(AppError::internal)?;
    Ok(Suggestion {
        name,
        client,
        form: MailForm { recipient: to, subject, text, idempotency_key: once::new_key() },
    })
}

/// Queues a mail with `document` and `words`.
pub fn queue(
    conn: &mut Conn,
    app: &App,
    actor: &Actor,
    now: UtcTime,
    document: Document,
    words: &Words,
) -> AppResult<MailId> {
    let agency = agency::load(conn)?;
    let reply_to = if agency.email.is_empty() { actor.email.clone() } else { agency.email.clone() };
    let (new, entry) = match document {
        Document::Invoice(id) => {
            let invoice = invoices::find(conn, actor, id)?;
            let Some(number) = &invoice.number else {
                return Err(AppError::Conflict("This is a draft; issue it first.".into()));
            };
            let html = print::html_of(conn, actor, &invoice, &agency)?;
            let attachment = Attachment {
                name: format!("{}.html", file_name(number)),
                media_type: "text/html; charset=utf-8".to_owned(),
                body: print::standalone(number, &html),
            };
            let new = NewMail {
                attachment: Some(attachment),
                about: About { invoice_id: Some(id), ..About::default() },
                ..NewMail::new(MailKind::Invoice, &words.to, &words.subject, words.text.clone())
            };
            let entry = Entry::new(Action::Queued, Subject::Invoice, id.0, number).invoice(id);
            (new, entry.client(invoice.client_id))
        }
        Document::Quote(id) => {
            let token = answers::share(conn, actor, now, id)?;
            let row = quotes::find(conn, actor, id)?;
            let new = NewMail {
                secret: Some(Zeroizing::new(address(app, &format!("/offers/{token}")))),
                about: About { quote_id: Some(id), ..About::default() },
                ..NewMail::new(
                    MailKind::Quote,
                    &words.to,
                    &words.subject,
                    words.text.replace(LINK, SECRET_LINK),
                )
            };
            let entry = Entry::new(Action::Queued, Subject::Quote, id.0, row.quote.name());
            (new, entry.client(row.quote.client_id))
        }
    };
    let id = mail::queue(conn, &app.keys, Some(actor.id), now, &NewMail { reply_to, ..new })?;
    audit::record(conn, Some(actor.id), now, &entry.change("recipient", "", &words.to))?;
    Ok(id)
}

/// The mails with `document`, the newest first.
pub fn list(conn: &mut Conn, actor: &Actor, document: Document) -> AppResult<Vec<MailRow>> {
    match document {
        Document::Invoice(id) => {
            let invoice = invoices::find(conn, actor, id)?;
            mail::of_invoice(conn, invoice.id)
        }
        Document::Quote(id) => {
            let row = quotes::find(conn, actor, id)?;
            mail::of_quote(conn, row.quote.id)
        }
    }
}

/// `number` as a file may be called.
fn file_name(number: &str) -> String {
    number.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}
