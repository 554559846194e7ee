//! Tables as text: RFC 4180, with a byte order mark, so that spreadsheets read it as UTF-8.

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::Stream;

use crate::error::AppResult;

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words, of which a spreadsheet must not make a formula.
    Text(String),
    /// A number or date as it is.
    Plain(String),
}

impl Cell {
    fn written(&self) -> String {
        let guarded = match self {
            Self::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
            Self::Text(text) | Self::Plain(text) => text.clone(),
        };
        if guarded.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", guarded.replace('"', "\"\""))
        } else {
            guarded
        }
    }
}

/// A header and rows as one text.
pub fn text(header: &[&str], rows: &[Vec<Cell>]) -> String {
    format!("\u{feff}{}\r\n{}", header.join(","), lines(rows))
}

/// Rows as the lines that follow a header.
pub fn lines(rows: &[Vec<Cell>]) -> String {
    let line = |row: &Vec<Cell>| row.iter().map(Cell::written).collect::<Vec<_>>().join(",") + "\r\n";
    rows.iter().map(line).collect()
}

fn file(name: &str) -> HttpResponseBuilder {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .insert_header((header::VARY, "HX-Request"));
    response
}

/// The text as a file called `name`, which stands for letters, digits and hyphens only.
pub fn download(name: &str, text: String) -> HttpResponse {
    file(name).body(text)
}

/// The same for a text that is too long to be held at once.
pub fn streamed(name: &str, parts: impl Stream<Item = AppResult<Bytes>> + 'static) -> HttpResponse {
    file(name).streaming(parts)
}
