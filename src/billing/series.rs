//! Series of numbers: one a kind of document, in the order of dates, without a gap.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::{invoice_series, invoice_series_years};
use crate::error::AppResult;

/// A row of numbers.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invoice_series)]
pub(in crate::billing) struct Series {
    /// Which.
    pub id: i64,
    pattern: String,
    resets_yearly: bool,
    year: i64,
    next_seq: i64,
    /// Date of the last document that took a number.
    pub last_issue_on: Option<NaiveDate>,
}

/// The next place in a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::billing) struct Place {
    /// The year it is counted in; 0 when the series never resets.
    pub year: i64,
    /// Its place in that year.
    pub seq: i64,
    /// As it is written.
    pub number: String,
}

impl Series {
    /// The series that documents of `kind` take their numbers from; its row is locked until the transaction ends, so
    /// that numbers follow each other.
    pub fn locked(conn: &mut Conn, kind: &str) -> AppResult<Self> {
        let default = || {
            invoice_series::table
                .filter(invoice_series::kind.eq(kind.to_owned()).and(invoice_series::is_default))
        };
        diesel::update(default()).set(invoice_series::next_seq.eq(invoice_series::next_seq)).execute(conn)?;
        Ok(default().select(Self::as_select()).first(conn)?)
    }

    /// The place that an invoice of `issue_on` gets. A series that resets begins anew in its second year; in its
    /// first it may begin anywhere.
    pub fn next(&self, issue_on: NaiveDate) -> Place {
        let issue_year = i64::from(issue_on.year());
        let year = if self.resets_yearly { issue_year } else { 0 };
        let begins_anew = self.resets_yearly && self.year != 0 && self.year != issue_year;
        let seq = if begins_anew { 1 } else { self.next_seq };
        Place { year, seq, number: number(&self.pattern, issue_on, seq) }
    }

    /// Takes that place.
    pub fn take(&self, conn: &mut Conn, place: &Place, issue_on: NaiveDate) -> AppResult<()> {
        diesel::update(invoice_series::table.find(self.id))
            .set((
                invoice_series::year.eq(place.year),
                invoice_series::next_seq.eq(place.seq + 1),
                invoice_series::last_issue_on.eq(issue_on),
            ))
            .execute(conn)?;
        let begun: i64 = invoice_series_years::table
            .filter(invoice_series_years::series_id.eq(self.id))
            .filter(invoice_series_years::year.eq(place.year))
            .count()
            .get_result(conn)?;
        if begun == 0 {
            diesel::insert_into(invoice_series_years::table)
                .values((
                    invoice_series_years::series_id.eq(self.id),
                    invoice_series_years::year.eq(place.year),
                    invoice_series_years::first_seq.eq(place.seq),
                ))
                .execute(conn)?;
        }
        Ok(())
    }
}

/// Writes a number by its pattern: `{Y}`, `{M}`, `{seq}` and `{seq:4}`, padded to four digits.
pub fn number(pattern: &str, issue_on: NaiveDate, seq: i64) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        match name.split_once(':').unwrap_or((name, "0")) {
            ("Y", _) => text.push_str(&issue_on.format("%Y").to_string()),
            ("M", _) => text.push_str(&issue_on.format("%m").to_string()),
            ("seq", width) => {
                let width = width.parse::<usize>().unwrap_or(0).min(18);
                text.push_str(&format!("{seq:0width$}"));
            }
            _ => text.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}
