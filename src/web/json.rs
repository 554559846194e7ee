//! JSON bodies and lists.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use std::marker::PhantomData;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use super::form::{has_media_type, read_body};
use crate::error::AppError;

/// A posted JSON document. Unknown fields and wrong types are refused with their place.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            if !has_media_type(&request, "application/json") {
                return Err(AppError::UnsupportedMediaType.into());
            }
            let body = read_body(&request, payload).await?;
            // A list would be read as the fields in their order.
            if body.trim_ascii_start().first() != Some(&b'{') {
                return Err(AppError::BadRequest("The JSON must be an object, like {}.".into()).into());
            }
            match serde_json::from_slice(&body) {
                Ok(value) => Ok(Self(value)),
                Err(error) => Err(AppError::BadRequest(format!("The JSON cannot be read: {error}.")).into()),
            }
        })
    }
}

/// Reads a list of objects. A derived type alone would also take a list of values for its fields in their order.
pub fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list: Vec<Object<T>> = Deserialize::deserialize(deserializer)?;
    Ok(list.into_iter().map(|object| object.0).collect())
}

/// [`objects`], or nothing where the field is absent or null.
pub fn some_objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let list: Option<Vec<Object<T>>> = Deserialize::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|object| object.0).collect()))
}

struct Object<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: DeserializeOwned> serde::de::Visitor<'de> for Visitor<T> {
            type Value = T;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object, like {}")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Visitor(PhantomData)).map(Self)
    }
}

/// What a list says about itself.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Meta {
    /// Rows in this answer.
    pub count: usize,
    /// Pass as `after` to get the next rows; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Rows in all, up to where counting stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// A value that JSON gives as text or number and a form gives as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Typed(pub String);

impl utoipa::PartialSchema for Typed {
    fn schema() -> RefOr<Schema> {
        let kinds = vec![Type::String, Type::Number, Type::Boolean, Type::Null];
        ObjectBuilder::new().schema_type(SchemaType::Array(kinds)).into()
    }
}

impl utoipa::ToSchema for Typed {}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Typed;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text, a number, true, false or null")
            }
            fn visit_str<E>(self, text: &str) -> Result<Typed, E> {
                Ok(Typed(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Typed, E> {
                Ok(Typed(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Typed, E> {
                Ok(Typed(number.to_string()))
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Typed, E> {
                Ok(Typed(flag.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Typed, E> {
                Ok(Typed::default())
            }
            // What is no whole number of 64 bits comes as a map that only `Number` can read, digit by digit.
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Typed, A::Error> {
                let number =
                    serde_json::Number::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Typed(plain(number.as_str())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A number as people type it: without an exponent, and without the zeros that make "95.500" look like thousands.
fn plain(number: &str) -> String {
    let number = written_out(number).unwrap_or_else(|| number.to_owned());
    match number.split_once('.') {
        Some((units, fraction)) if fraction.bytes().all(|digit| digit.is_ascii_digit()) => {
            let fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() { units.to_owned() } else { format!("{units}.{fraction}") }
        }
        _ => number,
    }
}

/// A number with an exponent, digit by digit: "1e2" is "100". `None` without one, or with one that no field holds.
fn written_out(number: &str) -> Option<String> {
    let (mantissa, exponent) = number.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok().filter(|exponent| (-LARGEST..=LARGEST).contains(exponent))?;
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let (units, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    // The point as it stands among all digits, with zeros for what lies before or behind them.
    let zeros = "0".repeat(LARGEST.unsigned_abs() as usize);
    let all = format!("{zeros}{units}{fraction}{zeros}");
    let point = i32::try_from(units.len()).ok()?.checked_add(LARGEST)?.checked_add(exponent)?;
    let (units, fraction) = all.split_at_checked(usize::try_from(point).ok()?)?;
    let units = units.trim_start_matches('0');
    Some(format!("{sign}{}.{fraction}", if units.is_empty() { "0" } else { units }))
}

/// The largest exponent that is written out.
const LARGEST: i32 = 30;

impl std::ops::Deref for Typed {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: ToString> From<Option<T>> for Typed {
    fn from(value: Option<T>) -> Self {
        Self(value.map(|value| value.to_string()).unwrap_or_default())
    }
}

impl From<String> for Typed {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Typed {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
