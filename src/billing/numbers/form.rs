//! The form of a number series, shared by page and API.

use serde::{Deserialize, Serialize};

use super::model::{DocumentKind, NewNumbers, Numbers};
use crate::error::FormErrors;
use crate::web::form::{Check, Difference};
use crate::web::json::Typed;

/// Longest pattern, in characters.
const LONGEST: usize = 40;
/// Most digits that a pattern pads to.
const MOST_DIGITS: usize = 12;
/// The highest number a series may start with.
const MOST_FIRST: i64 = 999_999_999;

/// Which series.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumbersQuery {
    /// invoice, credit_note or quote; blank is invoice.
    pub kind: String,
}

impl NumbersQuery {
    /// The kind, or what is wrong with it.
    pub fn check(&self) -> Result<DocumentKind, FormErrors> {
        let mut check = Check::new();
        let kind = check.id("kind", &self.kind).unwrap_or(DocumentKind::Invoice);
        check.finish(Some(kind))
    }
}

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NumbersForm {
    /// invoice, credit_note or quote.
    #[schema(required = true)]
    pub kind: String,
    /// `{Y}` is the year, `{M}` the month, `{seq}` the number, `{seq:4}` padded to four digits.
    #[schema(required = true)]
    pub pattern: String,
    /// Whether numbers begin anew with each year of issue.
    pub resets_yearly: Typed,
    /// The number that the first document takes; only until there is one.
    pub first: Typed,
    /// The version that was edited.
    pub version: Typed,
}

impl NumbersForm {
    /// The form of a stored series.
    pub fn filled(series: &Numbers) -> Self {
        Self {
            kind: series.kind.to_string(),
            pattern: series.pattern.clone(),
            resets_yearly: Some(series.resets_yearly).into(),
            first: if series.is_begun() { Typed::default() } else { Some(series.next_seq).into() },
            version: Some(series.version).into(),
        }
    }

    /// The kind and how it is numbered, or what is wrong.
    pub fn check(&self) -> Result<(DocumentKind, NewNumbers), FormErrors> {
        let mut check = Check::new();
        let kind: Option<DocumentKind> = check.choice("kind", &self.kind);
        let resets_yearly = check.flag("resets_yearly", &self.resets_yearly);
        let pattern = check.required("pattern", &self.pattern);
        if !check.has_error("pattern")
            && let Err(message) = check_pattern(&pattern, resets_yearly)
        {
            check.error("pattern", message);
        }
        let first = check.number("first", &self.first, 1..=MOST_FIRST);
        check.finish(kind.map(|kind| (kind, NewNumbers { pattern, resets_yearly, first })))
    }

    /// Fields in which this form and the stored series differ.
    pub fn differences(&self, stored: &Self) -> Vec<Difference> {
        let yearly = |form: &Self| if form.resets_yearly.0 == "true" { "each year" } else { "never" };
        Difference::between([
            ("Pattern", stored.pattern.as_str(), self.pattern.as_str()),
            ("Begins anew", yearly(stored), yearly(self)),
        ])
    }
}

/// Whether numbers written by `pattern` are all different, or why not.
fn check_pattern(pattern: &str, resets_yearly: bool) -> Result<(), String> {
    if pattern.chars().count() > LONGEST {
        return Err(format!("can't be longer than {LONGEST} characters"));
    }
    let (mut numbers, mut years) = (0, 0);
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let part = after.split_once('}').filter(|_| !before.contains('}'));
        let Some((name, after)) = part else { return Err("has a brace without its other half".to_owned()) };
        match name.split_once(':') {
            None if name == "Y" => years += 1,
            None if name == "M" => {}
            None if name == "seq" => numbers += 1,
            Some(("seq", width))
                if width.parse().is_ok_and(|width: usize| (1..=MOST_DIGITS).contains(&width)) =>
            {
                numbers += 1
            }
            _ => return Err(format!("knows {{Y}}, {{M}}, {{seq}} and {{seq:4}}, not {{{name}}}")),
        }
        rest = after;
    }
    if rest.contains('}') {
        return Err("has a brace without its other half".to_owned());
    }
    if numbers != 1 {
        return Err("must have {seq} or {seq:4} in it once".to_owned());
    }
    if resets_yearly && years == 0 {
        return Err("must have {Y} in it, since numbers begin anew each year".to_owned());
    }
    Ok(())
}
