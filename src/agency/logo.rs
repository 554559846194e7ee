//! The logo: what its header says, not what its name says.

use super::model::Logo;
use crate::error::FormErrors;
use crate::web::upload::LARGEST_FILE;

/// Its longest side, in pixels.
const LONGEST_SIDE: u32 = 10_000;

/// The picture in `bytes`; nothing when no file was chosen.
pub fn read(bytes: Vec<u8>) -> Result<Option<Logo>, FormErrors> {
    let refuse = |message: &str| {
        let mut errors = FormErrors::default();
        errors.add("logo", message);
        Err(errors)
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > LARGEST_FILE {
        return refuse("is larger than 512 KiB");
    }
    let (media_type, size) = if bytes.starts_with(PNG) {
        ("image/png", png(&bytes))
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        ("image/jpeg", jpeg(&bytes))
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        ("image/webp", webp(&bytes))
    } else if is_svg(&bytes) {
        return Ok(Some(Logo { bytes, media_type: "image/svg+xml" }));
    } else {
        return refuse("must be a PNG, JPEG, WebP or SVG picture");
    };
    match size {
        Some((width, height)) if width == 0 || height == 0 => refuse("is broken: it has no size"),
        Some((width, height)) if width.max(height) > LONGEST_SIDE => {
            refuse("is longer than 10,000 pixels on a side")
        }
        Some(_) => Ok(Some(Logo { bytes, media_type })),
        None => refuse("is broken: its size cannot be read"),
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Width and height of the header chunk, if the picture has an end as well.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let is_whole =
        bytes.get(12..16) == Some(b"IHDR") && bytes.windows(4).rev().take(16).any(|at| at == b"IEND");
    is_whole.then_some((big(bytes, 16, 4)?, big(bytes, 20, 4)?))
}

/// Width and height of the first frame: segments are walked by their lengths up to it.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        if bytes.get(at) != Some(&0xff) {
            return None;
        }
        match *bytes.get(at + 1)? {
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((big(bytes, at + 7, 2)?, big(bytes, at + 5, 2)?));
            }
            0xd8..=0xda => return None,
            _ => at += 2 + big(bytes, at + 2, 2)? as usize,
        }
    }
}

/// Width and height in the first chunk, whichever of the three kinds it is.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes.get(12..16)? {
        b"VP8X" => Some((little(bytes, 24, 3)? + 1, little(bytes, 27, 3)? + 1)),
        b"VP8L" if bytes.get(20) == Some(&0x2f) => {
            let packed = little(bytes, 21, 4)?;
            Some(((packed & 0x3fff) + 1, ((packed >> 14) & 0x3fff) + 1))
        }
        b"VP8 " if bytes.get(23..26) == Some(b"\x9d\x01\x2a") => {
            Some((little(bytes, 26, 2)? & 0x3fff, little(bytes, 28, 2)? & 0x3fff))
        }
        _ => None,
    }
}

/// Whether it is one `svg` element, from its first tag to its last.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut rest = text.trim_start_matches('\u{feff}').trim();
    let is_closed = rest.ends_with("</svg>") || rest.ends_with("/>");
    loop {
        let end = if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<!DOCTYPE svg") {
            ">"
        } else {
            break;
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
    let is_root = |rest: &str| rest.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/');
    is_closed && rest.strip_prefix("<svg").is_some_and(is_root)
}

fn big(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    let part = bytes.get(at..at.checked_add(count)?)?;
    Some(part.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
}

fn little(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    let part = bytes.get(at..at.checked_add(count)?)?;
    Some(part.iter().rev().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
}
