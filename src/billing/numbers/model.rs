//! Number series: rows and the verb that changes them.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use crate::audit::model::{self as audit, Action, Entry, Subject};
use crate::auth::user::Actor;
use crate::billing::series::{Series, number};
use crate::db::Conn;
use crate::db::saved::Saved;
use crate::db::schema::{invoice_series, invoice_series_years};
use crate::error::{AppError, AppResult};
use crate::types::clock::UtcTime;

crate::text_enum! {
    /// What is numbered in a series of its own.
    pub enum DocumentKind {
        /// Invoices, deposits among them.
        Invoice = "invoice", "Invoices";
        /// Credit notes.
        CreditNote = "credit_note", "Credit notes";
        /// Quotes.
        Quote = "quote", "Quotes";
    }
}

/// How one kind of document is numbered.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invoice_series)]
pub struct Numbers {
    id: i64,
    /// What it numbers.
    pub kind: DocumentKind,
    /// How a number is written.
    pub pattern: String,
    /// Whether it begins anew with each year of issue.
    pub resets_yearly: bool,
    year: i64,
    /// The number that the next document takes, unless a year begins.
    pub next_seq: i64,
    /// Date of the last document that took one.
    pub last_issue_on: Option<NaiveDate>,
    /// Counts the edits.
    pub version: i64,
}

/// What a form may set.
#[derive(Debug, Clone)]
pub struct NewNumbers {
    /// How a number is written.
    pub pattern: String,
    /// Whether it begins anew with each year of issue.
    pub resets_yearly: bool,
    /// The first number; `None` stays.
    pub first: Option<i64>,
}

impl Numbers {
    /// Whether a document took a number already.
    pub fn is_begun(&self) -> bool {
        self.last_issue_on.is_some()
    }

    /// What a document issued `today` would be called.
    pub fn next(&self, today: &NaiveDate) -> String {
        let begins_anew = self.resets_yearly && self.year != 0 && self.year != i64::from(today.year());
        number(&self.pattern, *today, if begins_anew { 1 } else { self.next_seq })
    }
}

/// All series, in the order of the kinds.
pub fn all(conn: &mut Conn) -> AppResult<Vec<Numbers>> {
    let mut series: Vec<Numbers> =
        invoice_series::table.filter(invoice_series::is_default).select(Numbers::as_select()).load(conn)?;
    series.sort_by_key(|series| DocumentKind::ALL.iter().position(|kind| *kind == series.kind));
    Ok(series)
}

/// The series of one kind.
pub fn find(conn: &mut Conn, kind: DocumentKind) -> AppResult<Numbers> {
    all(conn)?.into_iter().find(|series| series.kind == kind).ok_or(AppError::NotFound)
}

/// Saves `new` over version `version`, from the next number on. Where a series starts is open until it has begun; counting
/// by year begins with a year in which no number was taken yet, since it would repeat them.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    now: UtcTime,
    today: NaiveDate,
    kind: DocumentKind,
    version: i64,
    new: &NewNumbers,
) -> AppResult<Saved<Numbers>> {
    Series::locked(conn, kind.as_str())?;
    let before = find(conn, kind)?;
    if before.version != version {
        return Ok(Saved::Stale(before));
    }
    if before.is_begun() && new.first.is_some_and(|first| first != before.next_seq) {
        return Err(AppError::invalid(
            "first",
            "is settled: the series has begun, and a jump would leave a gap",
        ));
    }
    if new.resets_yearly && !before.resets_yearly && has_numbers_of(conn, before.id, today.year())? {
        let message = format!("can begin with {}: numbers of this year are taken already", today.year() + 1);
        return Err(AppError::invalid("resets_yearly", message));
    }
    if before.resets_yearly && !new.resets_yearly && has_numbers_of(conn, before.id, 0)? {
        let message = "can't be taken back: numbers without a year were given before, and would come again";
        return Err(AppError::invalid("resets_yearly", message));
    }
    if let Some(other) =
        all(conn)?.into_iter().find(|other| other.id != before.id && may_meet(&other.pattern, &new.pattern))
    {
        let message = format!(
            "is too much like that of {}: their numbers would meet",
            other.kind.label().to_lowercase()
        );
        return Err(AppError::invalid("pattern", message));
    }
    diesel::update(invoice_series::table.find(before.id))
        .set((
            invoice_series::pattern.eq(&new.pattern),
            invoice_series::resets_yearly.eq(new.resets_yearly),
            invoice_series::next_seq.eq(new.first.unwrap_or(before.next_seq)),
            invoice_series::version.eq(invoice_series::version + 1),
        ))
        .execute(conn)?;
    let after = find(conn, kind)?;
    let yearly = |series: &Numbers| if series.resets_yearly { "each year" } else { "never" };
    let note = Entry::new(
        Action::Updated,
        Subject::Agency,
        1,
        &format!("numbers of {}", kind.label().to_lowercase()),
    )
    .change("pattern", &before.pattern, &after.pattern)
    .change("begins_anew", yearly(&before), yearly(&after))
    .change("next_number", before.next_seq, after.next_seq);
    if note.has_changes() {
        audit::record(conn, Some(actor.id), now, &note)?;
    }
    Ok(Saved::Done(after))
}

/// Whether the series counted in `year` once.
fn has_numbers_of(conn: &mut Conn, series: i64, year: i32) -> AppResult<bool> {
    let count: i64 = invoice_series_years::table
        .filter(invoice_series_years::series_id.eq(series))
        .filter(invoice_series_years::year.eq(i64::from(year)))
        .count()
        .get_result(conn)?;
    Ok(count > 0)
}

/// Whether two patterns may write the same number: they have the same signs around what is counted, whatever digits
/// stand there.
fn may_meet(one: &str, other: &str) -> bool {
    skeleton(one) == skeleton(other)
}

/// A pattern with one sign for each run of digits and placeholders: "A-{seq:3}" as "A-\0".
fn skeleton(pattern: &str) -> String {
    let mut skeleton = String::new();
    let mut is_placeholder = false;
    for c in pattern.chars() {
        let counts = is_placeholder || c == '{' || c.is_ascii_digit();
        is_placeholder = (is_placeholder || c == '{') && c != '}';
        if !counts {
            skeleton.push(c);
        } else if !skeleton.ends_with('\0') {
            skeleton.push('\0');
        }
    }
    skeleton
}
