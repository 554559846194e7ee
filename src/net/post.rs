//! Mail on its way out: one trait, and SMTP behind it.

use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as MimePart, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::config::{MailConfig, Security};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;

/// Seconds for which the mail server is waited for at each step.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Characters of a mail server's answer that are kept.
const LONGEST_ANSWER: usize = 300;

/// A mail to be sent as it is. Who it is from is the transport's.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// What names it, the same at each attempt; the sender's domain follows it.
    pub message_id: String,
    /// Whom it goes to: one address.
    pub to: String,
    /// Whom an answer goes to; blank for the sender.
    pub reply_to: String,
    /// Its subject, one line.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// What comes along.
    pub attachment: Option<Attachment>,
    /// When it was written.
    pub written_at: UtcTime,
}

/// A document that comes along with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its content.
    pub body: String,
}

/// Why a mail was not taken, in words that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It may be later.
    Later(String),
    /// It never will be.
    Never(String),
}

/// How mail leaves.
pub trait Post: Send + Sync {
    /// Hands `letter` over; when this is done the other side has taken it.
    fn send(&self, letter: Letter) -> BoxFuture<'_, Result<(), Refusal>>;

    /// Where it leaves and whom it is from, to be shown.
    fn shown(&self) -> String;
}

/// Mail by SMTP.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    shown: String,
}

impl Smtp {
    /// By the server of the settings. No connection is opened yet.
    pub fn new(config: &MailConfig) -> AppResult<Self> {
        let tls = || TlsParameters::new(config.host.clone()).map_err(AppError::internal);
        let security = match config.security {
            Security::Tls => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::Plain => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(config.host.clone())
            .port(config.port)
            .tls(security)
            .timeout(Some(TIMEOUT));
        if let Some((user, password)) = &config.sign_in {
            builder = builder.credentials(Credentials::new(user.clone(), password.to_string()));
        }
        let shown = format!("{}:{} as {}", config.host, config.port, config.from);
        Ok(Self { transport: builder.build(), from: config.from.clone(), shown })
    }
}

impl Post for Smtp {
    fn send(&self, letter: Letter) -> BoxFuture<'_, Result<(), Refusal>> {
        async move {
            let message = message(&self.from, letter)
                .map_err(|reason| Refusal::Never(format!("It cannot be written as a mail: {reason}.")))?;
            match self.transport.send(message).await {
                Ok(_) => Ok(()),
                Err(error) => Err(refusal(&error)),
            }
        }
        .boxed()
    }

    fn shown(&self) -> String {
        self.shown.clone()
    }
}

/// `letter` as it goes over the wire. An address or a header that would be more than one is refused here.
fn message(from: &Mailbox, letter: Letter) -> Result<Message, String> {
    let address = |text: &str| {
        let parsed: Result<Address, _> = text.parse();
        parsed.map(|address| Mailbox::new(None, address)).map_err(|_| "an address in it is none".to_owned())
    };
    if letter.subject.chars().any(char::is_control) {
        return Err("its subject is more than one line".to_owned());
    }
    let mut builder = Message::builder()
        .from(from.clone())
        .to(address(&letter.to)?)
        .subject(letter.subject)
        .date(SystemTime::from(letter.written_at.datetime()))
        .message_id(Some(format!("<{}@{}>", letter.message_id, from.email.domain())))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    if !letter.reply_to.is_empty() {
        builder = builder.reply_to(address(&letter.reply_to)?);
    }
    let text = SinglePart::plain(letter.text);
    let message = match letter.attachment {
        None => builder.singlepart(text),
        Some(attached) => {
            let media_type = ContentType::parse(&attached.media_type).map_err(|error| error.to_string())?;
            let part = MimePart::new(attached.name).body(attached.body, media_type);
            builder.multipart(MultiPart::mixed().singlepart(text).singlepart(part))
        }
    };
    message.map_err(|error| error.to_string())
}

/// What the other side said, as one line. A refusal of ourselves, not of the mail, may be mended in the settings.
fn refusal(error: &lettre::transport::smtp::Error) -> Refusal {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        cause = inner.source();
    }
    let said: String =
        said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_ANSWER).collect();
    let code = error.status().map(|code| code.to_string()).unwrap_or_default();
    let is_about_us = matches!(code.as_str(), "421" | "530" | "534" | "535" | "538");
    if error.is_permanent() && !is_about_us {
        Refusal::Never(format!("The mail server refused it: {said}"))
    } else {
        Refusal::Later(format!("The mail server did not take it: {said}"))
    }
}
