//! Envelopes: what is encrypted at rest, bound to the place where it is kept.
//!
//! An envelope is an algorithm byte, 24 random bytes that make it the only one of its kind, and XChaCha20-Poly1305's text
//! with its tag. Table, row, field and version go into the tag, so that an envelope opens nowhere else.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::{AppError, AppResult};

/// XChaCha20-Poly1305. Other bytes are left to other algorithms.
pub(super) const XCHACHA20_POLY1305: u8 = 1;
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Where an envelope is kept.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The row's id.
    pub row: i64,
    /// The column.
    pub field: &'a str,
    /// Counts what was kept there.
    pub version: i64,
}

impl Place<'_> {
    /// What the tag covers beside the text.
    fn bytes(&self, algorithm: u8) -> Vec<u8> {
        let (row, version) = (self.row.to_be_bytes(), self.version.to_be_bytes());
        bound(&[b"bureau", &[algorithm], self.table.as_bytes(), &row, self.field.as_bytes(), &version])
    }
}

/// Parts of what a tag covers beside the text, each with its length before it, so that none runs into another.
pub(super) fn bound(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat()).collect()
}

/// `text` under `key` with XChaCha20-Poly1305: 24 random bytes, then the text and a tag over both it and `bound`.
pub(super) fn encrypt(key: &[u8], bound: &[u8], text: &[u8]) -> AppResult<Vec<u8>> {
    let nonce = rand::random::<[u8; NONCE_BYTES]>();
    let payload = Payload { msg: text, aad: bound };
    let sealed = XChaCha20Poly1305::new_from_slice(key)
        .map_err(AppError::internal)?
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| AppError::Internal("nothing could be encrypted".into()))?;
    Ok([nonce.as_slice(), sealed.as_slice()].concat())
}

/// The text of what [`encrypt`] made with the same `key` and `bound`; of nothing else.
pub(super) fn decrypt(key: &[u8], bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload { msg: sealed, aad: bound };
    let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
    cipher.decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).ok()
}

/// Seals and opens envelopes with one key.
#[derive(Clone)]
pub struct Cipher {
    key: Zeroizing<Vec<u8>>,
}

impl Cipher {
    /// With a key of [`KEY_BYTES`].
    pub fn new(key: Zeroizing<Vec<u8>>) -> Self {
        Self { key }
    }

    /// `text` in an envelope for `place`.
    pub fn seal(&self, place: Place<'_>, text: &[u8]) -> AppResult<Vec<u8>> {
        let sealed = encrypt(&self.key, &place.bytes(XCHACHA20_POLY1305), text)?;
        Ok([&[XCHACHA20_POLY1305], sealed.as_slice()].concat())
    }

    /// The text of an envelope that was sealed for `place` with this key; any other is a fault.
    pub fn open(&self, place: Place<'_>, envelope: &[u8]) -> AppResult<Zeroizing<Vec<u8>>> {
        let fault = || {
            AppError::Internal(format!(
                "{} of row {} in {} does not open",
                place.field, place.row, place.table
            ))
        };
        let (&algorithm, sealed) = envelope.split_first().ok_or_else(fault)?;
        if algorithm != XCHACHA20_POLY1305 {
            return Err(fault());
        }
        decrypt(&self.key, &place.bytes(algorithm), sealed).ok_or_else(fault)
    }
}
