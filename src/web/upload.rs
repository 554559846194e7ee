//! Forms with files: `multipart/form-data` into the same typed form, plus its files.

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::App;
use super::form::has_media_type;
use crate::error::{AppError, AppResult};

/// A posted form and the files in it, by field name.
#[derive(Debug)]
pub struct Upload<T> {
    /// The fields.
    pub form: T,
    /// The files.
    pub files: Vec<(String, Vec<u8>)>,
}

impl<T> Upload<T> {
    /// The bytes of the file in `field`; empty when none was chosen.
    pub fn take_file(&mut self, field: &str) -> Vec<u8> {
        let index = self.files.iter().position(|(name, _)| name == field);
        index.map(|index| self.files.swap_remove(index).1).unwrap_or_default()
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Upload<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            if !has_media_type(&request, "multipart/form-data") {
                return Err(AppError::UnsupportedMediaType.into());
            }
            let limit = request.app_data::<actix_web::web::Data<App>>().map_or(0, |app| app.config.max_body);
            Ok(read(Multipart::new(request.headers(), payload), limit).await?)
        })
    }
}

async fn read<T: DeserializeOwned>(mut parts: Multipart, limit: usize) -> AppResult<Upload<T>> {
    let broken = || AppError::BadRequest("The upload cannot be read.".into());
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut files = Vec::new();
    let mut total = 0;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|_| broken())?;
        let name = part.name().ok_or_else(broken)?.to_owned();
        let is_file =
            part.content_disposition().is_some_and(|disposition| disposition.get_filename().is_some());
        let mut bytes = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(|_| broken())?;
            total += chunk.len();
            if total > limit {
                return Err(AppError::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        if is_file {
            files.push((name, bytes));
        } else {
            fields.push((name, String::from_utf8(bytes).map_err(|_| broken())?));
        }
    }
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let form = serde_html_form::from_str(&encoded)
        .map_err(|_| AppError::BadRequest("The form holds a field that is not known here.".into()))?;
    Ok(Upload { form, files })
}
