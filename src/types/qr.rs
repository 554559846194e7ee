//! Codes that a camera reads.

use qrcode::{Color, EcLevel, QrCode};

/// A code as an SVG path, one unit a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// Modules along each side.
    pub size: usize,
    /// The dark modules.
    pub path: String,
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
