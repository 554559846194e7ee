//! Forms with files: `multipart/form-data` into the same typed form, plus its files.

use actix_multipart::{Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::form::{FORM, declared_within, has_media_type, largest_form, parse_fields};
use crate::error::{AppError, AppResult};

/// Fields and files of one upload.
const MOST_PARTS: usize = 100;
/// The largest file that is kept, in bytes. Of a larger one no more is kept than shows that it is, so that the form
/// comes back with what was typed.
pub const LARGEST_FILE: usize = 512 * 1_024;
/// What an upload may have beyond the largest form, in bytes: files, also those that are too large to be kept.
const FILES: usize = 7 * 1_024 * 1_024;

/// A posted form and the files in it, by field name.
#[derive(Debug)]
pub struct Upload<T> {
    /// The fields.
    pub form: T,
    /// The files.
    pub files: Vec<(String, Vec<u8>)>,
}

impl<T> Upload<T> {
    /// The bytes of the file in `field`; empty when none was chosen, more than [`LARGEST_FILE`] when it is larger.
    pub fn take_file(&mut self, field: &str) -> Vec<u8> {
        let index = self.files.iter().position(|(name, _)| name == field);
        index.map(|index| self.files.swap_remove(index).1).unwrap_or_default()
    }
}

impl<T: DeserializeOwned> Upload<T> {
    /// Reads the body now, for a handler that has a reason to refuse before it looks at one.
    pub async fn read(request: &HttpRequest, payload: Payload) -> AppResult<Self> {
        if !has_media_type(request, "multipart/form-data") {
            return Err(AppError::UnsupportedMediaType);
        }
        let largest_form = largest_form(request);
        let limit = largest_form + FILES;
        declared_within(request, limit)?;
        let mut total = 0;
        // Every byte counts, also those of boundaries and of the parts' heads.
        let counted = payload.map(move |chunk| {
            let chunk = chunk?;
            total += chunk.len();
            if total > limit { Err(PayloadError::Overflow) } else { Ok(chunk) }
        });
        parse(Multipart::new(request.headers(), counted), largest_form).await
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Upload<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move { Ok(Self::read(&request, payload).await?) })
    }
}

/// A body that is not read yet.
pub type Unread = web::Payload;

/// The fields of `parts`, up to `largest_form` bytes of them, and its files.
async fn parse<T: DeserializeOwned>(mut parts: Multipart, largest_form: usize) -> AppResult<Upload<T>> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut files = Vec::new();
    let mut left = largest_form;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(refusal)?;
        if fields.len() + files.len() == MOST_PARTS {
            return Err(AppError::BadRequest(format!("The form has more than {MOST_PARTS} parts.")));
        }
        let name = part.name().ok_or_else(broken)?.to_owned();
        let is_file =
            part.content_disposition().is_some_and(|disposition| disposition.get_filename().is_some());
        left = left.checked_sub(name.len()).ok_or(AppError::TooLarge)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(refusal)?;
            if is_file {
                let room = (LARGEST_FILE + 1).saturating_sub(bytes.len());
                bytes.extend(chunk.iter().take(room));
            } else {
                left = left.checked_sub(chunk.len()).ok_or(AppError::TooLarge)?;
                bytes.extend_from_slice(&chunk);
            }
        }
        if is_file {
            files.push((name, bytes));
        } else {
            fields.push((name, String::from_utf8(bytes).map_err(|_| broken())?));
        }
    }
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Ok(Upload { form: parse_fields(&FORM, encoded.as_bytes())?, files })
}

fn broken() -> AppError {
    AppError::BadRequest("The upload cannot be read.".into())
}

fn refusal(error: MultipartError) -> AppError {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => AppError::TooLarge,
        _ => broken(),
    }
}
