//! The code that a banking app reads to pay an invoice (EPC069-12, "GiroCode").

use qrcode::{Color, EcLevel, QrCode};

use crate::types::money::{Currency, Money};

/// A code as an SVG path, one unit a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// Modules along each side.
    pub size: usize,
    /// The dark modules.
    pub path: String,
}

/// A credit transfer as its twelve lines. `None` where it cannot be one: other currencies than the euro, amounts
/// outside 0.01 to 999,999,999.99, no account or no name.
pub fn transfer(
    name: &str,
    iban: &str,
    bic: &str,
    cents: i64,
    currency: Currency,
    reference: &str,
) -> Option<String> {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let payable = currency == Currency::EUR && (1..=99_999_999_999).contains(&cents);
    if !payable || iban.is_empty() || name.is_empty() {
        return None;
    }
    let amount = format!("EUR{}", Money::new(cents, currency).plain());
    let lines = ["BCD", "002", "1", "SCT", bic, &cut(name, 70), iban, &amount, "", "", &cut(reference, 140)];
    Some(lines.join("\n"))
}

impl Qr {
    /// `text` with error correction of level M, as EPC069-12 asks.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let size = code.width();
        let mut path = String::new();
        for (row, modules) in code.to_colors().chunks(size).enumerate() {
            let mut column = 0;
            while column < modules.len() {
                let run = modules.iter().skip(column).take_while(|module| **module == Color::Dark).count();
                if run > 0 {
                    path.push_str(&format!("M{column} {row}h{run}v1h-{run}z"));
                }
                column += run.max(1);
            }
        }
        Some(Self { size, path })
    }
}
