//! The lines of an editor as a browser sends them: a line is what stands at the same place of every list.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::line_form::LineForm;
use crate::error::{AppError, FormErrors};
use crate::web::form::{FORM, has_media_type, parse_fields, read_body};

/// The lists, and the button that was pressed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a form are named as on screen")]
pub struct LineLists {
    /// What comes after saving, as the button says.
    pub then: String,
    /// The row's number on screen, by which the answer names it.
    pub line_key: Vec<String>,
    pub line_id: Vec<String>,
    pub line_title: Vec<String>,
    pub line_details: Vec<String>,
    pub line_quantity: Vec<String>,
    pub line_unit: Vec<String>,
    pub line_price: Vec<String>,
    pub line_discount: Vec<String>,
    pub line_tax: Vec<String>,
    pub line_second_tax: Vec<String>,
    pub line_reason: Vec<String>,
}

impl LineLists {
    /// The lines. Lists of different lengths are a broken form.
    pub fn into_lines(self) -> Result<Vec<LineForm>, FormErrors> {
        let count = self.line_title.len();
        let lists = [
            &self.line_id,
            &self.line_details,
            &self.line_quantity,
            &self.line_unit,
            &self.line_price,
            &self.line_discount,
            &self.line_tax,
            &self.line_second_tax,
            &self.line_reason,
        ];
        if lists.iter().any(|list| list.len() != count) {
            let mut errors = FormErrors::default();
            errors.add("lines", "are incomplete");
            return Err(errors);
        }
        let mut lists = [
            self.line_id,
            self.line_title,
            self.line_details,
            self.line_quantity,
            self.line_unit,
            self.line_price,
            self.line_discount,
            self.line_tax,
            self.line_second_tax,
            self.line_reason,
        ]
        .map(Vec::into_iter);
        let lines = (0..count).map(|_| {
            let [id, title, details, quantity, unit, price, discount, tax, second_tax, reason] =
                lists.each_mut().map(|list| list.next().unwrap_or_default());
            LineForm {
                id: id.into(),
                title,
                details,
                quantity: quantity.into(),
                unit,
                unit_price: price.into(),
                discount: discount.into(),
                tax_rate: tax.into(),
                second_tax_rate: second_tax.into(),
                adjustment_reason: reason,
            }
        });
        Ok(lines.collect())
    }
}

/// The rows' numbers on screen; counted where they are missing.
pub(in crate::billing) fn shown_keys(keys: &[String], count: usize) -> Vec<String> {
    let shown = |key: &String| !key.is_empty() && key.len() <= 9 && key.bytes().all(|c| c.is_ascii_digit());
    (0..count)
        .map(|index| keys.get(index).filter(|key| shown(key)).cloned().unwrap_or_else(|| index.to_string()))
        .collect()
}

/// A posted editor: a form of its own beside the lines, which `T` gets in its place for them.
#[derive(Debug)]
pub struct Edited<T> {
    /// Everything but the lines.
    pub form: T,
    /// The lines that are not spare rows, in order.
    pub lines: Vec<LineForm>,
    /// Their rows' numbers on screen.
    pub keys: Vec<String>,
    /// What comes after saving.
    pub then: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Edited<T> {
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
            let is_line = |pair: &&[u8]| pair.starts_with(b"line_") || pair.starts_with(b"then=");
            let part = |wanted: bool| {
                let pairs: Vec<&[u8]> =
                    body.split(|byte| *byte == b'&').filter(|pair| is_line(pair) == wanted).collect();
                pairs.join(&b'&')
            };
            let lists: LineLists = parse_fields(&FORM, &part(true))?;
            let form: T = parse_fields(&FORM, &part(false))?;
            let (then, keys) = (lists.then.clone(), shown_keys(&lists.line_key, lists.line_title.len()));
            let lines = lists.into_lines().map_err(AppError::from)?;
            let (lines, keys) = lines.into_iter().zip(keys).filter(|(line, _)| !line.is_spare()).unzip();
            Ok(Self { form, lines, keys, then })
        })
    }
}
