//! How mail leaves: the mail server's address and the sender.

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::{ConfigError, Values};

/// How the way to the mail server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said; a server that has none is refused.
    StartTls,
    /// None: for a server on this machine.
    Plain,
}

/// A mail server and whom mail is from.
#[derive(Clone)]
pub struct MailConfig {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is secured.
    pub security: Security,
    /// User and password, where it asks for them.
    pub sign_in: Option<(String, Zeroizing<String>)>,
    /// Name and address that every mail is from.
    pub from: Mailbox,
}

/// Without user and password: settings end up in messages.
impl std::fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} ({:?}) from {}", self.host, self.port, self.security, self.from)
    }
}

/// The two settings, or what is wrong with them. The address of the server is never repeated: it holds a password.
pub(super) fn parse(values: &Values) -> Result<Option<MailConfig>, ConfigError> {
    let address = values.get("BUREAU_SMTP_URL");
    if address.is_empty() {
        return Ok(None);
    }
    let called = values.called("BUREAU_SMTP_URL");
    let wanted = || {
        ConfigError(format!(
            "{called} must be like smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587, with @, : and / of user and password as %40, %3A and %2F."
        ))
    };
    let url = Url::parse(address).map_err(|_| wanted())?;
    let host = match url.host() {
        Some(Host::Ipv6(ip)) => ip.to_string(),
        Some(host) => host.to_string(),
        None => return Err(wanted()),
    };
    let security = match (url.scheme(), url.query()) {
        ("smtps", None) => Security::Tls,
        ("smtp", None) => Security::StartTls,
        ("smtp", Some("tls=none")) => Security::Plain,
        _ => return Err(wanted()),
    };
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(wanted());
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| wanted());
    let sign_in = match (url.username(), url.password()) {
        ("", None) => None,
        (user, Some(password)) if !user.is_empty() => {
            Some((decoded(user)?, Zeroizing::new(decoded(password)?)))
        }
        _ => return Err(wanted()),
    };
    if sign_in.is_some() && security == Security::Plain && !is_here(&host) {
        return Err(ConfigError(format!(
            "{called} would send the password to another machine in the clear; leave ?tls=none away."
        )));
    }
    let port = url.port().unwrap_or(match security {
        Security::Tls => 465,
        Security::StartTls => 587,
        Security::Plain => 25,
    });
    let from =
        values.parse("BUREAU_MAIL_FROM", "an address like Fielder Studio <office@example.com>", |text| {
            text.parse::<Mailbox>().ok().filter(|_| !text.chars().any(char::is_control))
        })?;
    Ok(Some(MailConfig { host, port, security, sign_in, from }))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
