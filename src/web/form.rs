//! Forms: reading what was typed, and checking it field by field.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::NaiveDate;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::App;
use crate::error::{AppError, AppResult, FormErrors};
use crate::types::money::{self, Currency};
use crate::types::text::{is_blank, turns_direction};
use crate::types::{calendar, country};

/// A posted form. Repeated names fill a `Vec`; names the form does not know are refused by its type.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            if !has_media_type(&request, "application/x-www-form-urlencoded") {
                return Err(AppError::UnsupportedMediaType.into());
            }
            let body = read_body(&request, payload).await?;
            Ok(Self(parse_fields(&FORM, &body)?))
        })
    }
}

/// What encoded fields are called when they are refused.
pub struct Encoded {
    whole: &'static str,
    part: &'static str,
}

/// A posted form.
pub const FORM: Encoded = Encoded { whole: "form", part: "field" };
/// A query string.
pub const QUERY: Encoded = Encoded { whole: "query", part: "parameter" };

/// A typed form or query from its encoded fields. Bytes that are no text are refused, not stored as question marks.
pub fn parse_fields<T: DeserializeOwned>(what: &Encoded, encoded: &[u8]) -> AppResult<T> {
    let Encoded { whole, part } = what;
    if !is_text(encoded) {
        return Err(AppError::BadRequest(format!("The {whole} holds bytes that are no UTF-8 text.")));
    }
    serde_html_form::from_bytes(encoded).map_err(|error| {
        let message = error.to_string();
        // "unknown field `x`, expected one of …": the name of the field is worth telling, the list is not.
        let field: String = message.split('`').nth(1).unwrap_or_default().chars().take(60).collect();
        AppError::BadRequest(if message.contains("unknown field") {
            format!("The {whole} holds a {part} that is not known here: {field}.")
        } else if let Some(field) = repeated(encoded) {
            format!("The {whole} holds the {part} {field} more than once.")
        } else {
            format!("The {whole} cannot be read.")
        })
    })
}

/// The first name that stands twice.
fn repeated(encoded: &[u8]) -> Option<String> {
    let mut seen = std::collections::BTreeSet::new();
    let mut names = url::form_urlencoded::parse(encoded).map(|(name, _)| name);
    names.find(|name| !seen.insert(name.clone())).map(|name| name.chars().take(60).collect())
}

/// Whether percent-encoded bytes stand for UTF-8. Separators are ASCII, so the whole is valid when its parts are.
fn is_text(encoded: &[u8]) -> bool {
    let digit = |at: usize| encoded.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while let Some(byte) = encoded.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// Whether the request's body is declared as `wanted`, whatever its parameters.
pub fn has_media_type(request: &HttpRequest, wanted: &str) -> bool {
    let value =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

/// The whole body, up to the configured size.
pub async fn read_body(request: &HttpRequest, mut payload: Payload) -> AppResult<Vec<u8>> {
    let limit = size_limit(request)?;
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| AppError::BadRequest("The request broke off.".into()))?;
        if body.len() + chunk.len() > limit {
            return Err(AppError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The largest body in bytes; refused already when the request declares a larger one.
fn size_limit(request: &HttpRequest) -> AppResult<usize> {
    let limit = largest_form(request);
    declared_within(request, limit)?;
    Ok(limit)
}

/// The largest form or document in bytes.
pub fn largest_form(request: &HttpRequest) -> usize {
    request.app_data::<web::Data<App>>().map_or(0, |app| app.config.max_body)
}

/// Refuses a request that declares a body of more than `limit` bytes.
pub fn declared_within(request: &HttpRequest, limit: usize) -> AppResult<()> {
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let is_larger = |length: &str| length.parse::<u64>().is_ok_and(|length| length > limit as u64);
    if declared.is_some_and(is_larger) { Err(AppError::TooLarge) } else { Ok(()) }
}

/// Collects values and errors, so that a form reports all its faults at once.
#[derive(Debug, Default)]
pub struct Check {
    errors: FormErrors,
}

/// Longest single-line text, in characters.
const LINE: usize = 200;
/// Longest free text, in characters.
const TEXT: usize = 20_000;

impl Check {
    /// No faults yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault.
    pub fn error(&mut self, field: &str, message: impl Into<String>) {
        self.errors.add(field, message);
    }

    /// One line of text, trimmed; may be empty, which it is when nothing of it can be seen.
    pub fn line(&mut self, field: &str, text: &str) -> String {
        self.text_up_to(field, text, LINE, false)
    }

    /// One line of text that must not be empty.
    pub fn required(&mut self, field: &str, text: &str) -> String {
        let text = self.line(field, text);
        if text.is_empty() {
            self.error(field, "can't be blank");
        }
        text
    }

    /// Several lines of text; line ends become `\n`.
    pub fn text(&mut self, field: &str, text: &str) -> String {
        self.text_up_to(field, text, TEXT, true)
    }

    fn text_up_to(&mut self, field: &str, text: &str, limit: usize, lines: bool) -> String {
        let text = text.replace("\r\n", "\n").trim().to_owned();
        if is_blank(&text) {
            return String::new();
        }
        let is_refused = |c: char| match c {
            '\n' | '\t' => !lines,
            // A name must not turn the text that stands beside it.
            c => c.is_control() || (!lines && turns_direction(c)),
        };
        if text.chars().any(is_refused) {
            self.error(field, "contains a character that cannot be stored");
        }
        if text.chars().count() > limit {
            self.error(field, format!("has more than {limit} characters"));
        }
        text
    }

    /// An e-mail address, or nothing.
    pub fn email(&mut self, field: &str, text: &str) -> String {
        let text = self.line(field, text);
        let well_formed = text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !domain.contains('@')
        });
        if !text.is_empty() && (!well_formed || text.contains(char::is_whitespace)) {
            self.error(field, "is not an e-mail address, like name@example.com");
        }
        text
    }

    /// A web address with http or https, or nothing. A bare host gets `https://`.
    pub fn website(&mut self, field: &str, text: &str) -> String {
        let text = self.line(field, text);
        if text.is_empty() {
            return text;
        }
        let with_scheme = if text.contains("://") { text.clone() } else { format!("https://{text}") };
        match url::Url::parse(&with_scheme) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.host_str().is_some_and(|host| host.contains('.')) =>
            {
                with_scheme
            }
            _ => {
                self.error(field, "is not a web address, like https://example.com");
                text
            }
        }
    }

    /// A box that is ticked ("true", "on") or not.
    pub fn flag(&mut self, field: &str, text: &str) -> bool {
        match text.trim() {
            "true" | "on" | "1" => true,
            "" | "false" | "0" => false,
            _ => {
                self.error(field, "must be true or false");
                false
            }
        }
    }

    /// A country's ISO 3166 code, or nothing.
    pub fn country(&mut self, field: &str, text: &str) -> String {
        let code = text.trim().to_uppercase();
        if !code.is_empty() && !country::is_known(&code) {
            self.error(field, "must be one of the choices");
        }
        code
    }

    /// One of an enum's values.
    pub fn choice<T: std::str::FromStr>(&mut self, field: &str, text: &str) -> Option<T> {
        let value = text.trim().parse().ok();
        if value.is_none() {
            self.error(field, "must be one of the choices");
        }
        value
    }

    /// An id, or nothing.
    pub fn id<T: std::str::FromStr>(&mut self, field: &str, text: &str) -> Option<T> {
        let text = text.trim();
        if text.is_empty() { None } else { self.choice(field, text) }
    }

    /// An id that must be there.
    pub fn required_id<T: std::str::FromStr>(&mut self, field: &str, text: &str) -> Option<T> {
        if text.trim().is_empty() {
            self.error(field, "can't be blank");
            return None;
        }
        self.choice(field, text)
    }

    /// A calendar date as `YYYY-MM-DD`, or nothing. Years 1970 to 2199.
    pub fn date(&mut self, field: &str, text: &str) -> Option<NaiveDate> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let date = parse_date(text);
        if date.is_none() {
            self.error(field, "is not a date, like 2026-02-28");
        }
        date
    }

    /// A date that must be there.
    pub fn required_date(&mut self, field: &str, text: &str) -> Option<NaiveDate> {
        if text.trim().is_empty() {
            self.error(field, "can't be blank");
        }
        self.date(field, text)
    }

    /// An amount of `currency` in minor units, or nothing.
    pub fn cents(&mut self, field: &str, text: &str, currency: Currency) -> Option<i64> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let cents = money::parse_decimal(text, currency.decimals());
        match cents {
            Some(cents) if (0..=money::MAX_CENTS).contains(&cents) => Some(cents),
            Some(_) => {
                self.error(field, "is out of range");
                None
            }
            None => {
                self.error(field, "is not an amount, like 90.00");
                None
            }
        }
    }

    /// The smallest coin of a total in minor units; 1, which does not round, if blank.
    pub fn coin(&mut self, field: &str, text: &str, currency: Currency) -> i64 {
        let cents = self.cents(field, text, currency).unwrap_or(1);
        if !(1..=1_000).contains(&cents) {
            self.error(field, "must be a coin, like 0.05");
        }
        cents
    }

    /// A percentage in thousandths, or nothing.
    pub fn percent(&mut self, field: &str, text: &str) -> Option<i64> {
        let text = text.trim().trim_end_matches('%').trim_end();
        if text.is_empty() {
            return None;
        }
        match money::parse_decimal(text, 3) {
            Some(millis) if (0..=100_000).contains(&millis) => Some(millis),
            _ => {
                self.error(field, "is not a percentage from 0 to 100, like 19 or 9.975");
                None
            }
        }
    }

    /// A duration in seconds, or nothing.
    pub fn seconds(&mut self, field: &str, text: &str, most: i64) -> Option<i64> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match crate::types::duration::parse(text) {
            Some(seconds) if seconds <= most => Some(seconds),
            Some(_) => {
                self.error(field, format!("is longer than {} hours", most / 3_600));
                None
            }
            None => {
                self.error(field, "is not a duration, like 1.5, 1:30 or 90m");
                None
            }
        }
    }

    /// A whole number between two bounds, or nothing.
    pub fn number(&mut self, field: &str, text: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let value = text.parse().ok().filter(|value| range.contains(value));
        if value.is_none() {
            self.error(field, format!("must be a whole number from {} to {}", range.start(), range.end()));
        }
        value
    }

    /// `value` when no fault was noted.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, FormErrors> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }

    /// Whether a fault was noted at `field`.
    pub fn has_error(&self, field: &str) -> bool {
        self.errors.get(field).is_some()
    }
}

/// A date as `YYYY-MM-DD` that exists, in the years a business can mean.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    calendar::date(text)
}

/// The version that a form or body was made from.
pub fn edited_version(text: &str) -> AppResult<i64> {
    text.trim().parse().map_err(|_| AppError::invalid("version", "must be the version that was read"))
}

/// A field that two people changed to different values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What the field is called on screen.
    pub label: String,
    /// What is stored.
    pub stored: String,
    /// What was typed.
    pub typed: String,
}

impl Difference {
    /// Those of `fields` (label, stored, typed) that differ.
    pub fn between<L: Into<String>, T: Into<String>>(
        fields: impl IntoIterator<Item = (L, T, T)>,
    ) -> Vec<Self> {
        fields
            .into_iter()
            .map(|(label, stored, typed)| Self {
                label: label.into(),
                stored: stored.into(),
                typed: typed.into(),
            })
            .filter(|field| field.stored != field.typed)
            .collect()
    }
}

/// What a chosen id is called among `choices`; the id itself when it is not one of them.
pub fn name_of<I: std::fmt::Display>(choices: &[(I, String)], id: &str) -> String {
    let chosen = choices.iter().find(|(choice, _)| choice.to_string() == id);
    chosen.map_or_else(|| id.to_owned(), |(_, name)| name.clone())
}
