//! Tables as text: RFC 4180, with a byte order mark, so that spreadsheets read it as UTF-8.

use actix_web::HttpResponse;
use actix_web::http::header;

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
    let mut text = format!("\u{feff}{}\r\n", header.join(","));
    for row in rows {
        let cells: Vec<String> = row.iter().map(Cell::written).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// The text as a file called `name`, which stands for letters, digits and hyphens only.
pub fn download(name: &str, text: String) -> HttpResponse {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .insert_header((header::VARY, "HX-Request"))
        .body(text)
}
