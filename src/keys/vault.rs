//! The vault's envelopes: each version of each secret under a random key of its own, which a key of the vault wraps.
//!
//! `format | algorithm | number of the vault's key (u32) | nonce (24) | wrapped key (48) | nonce (24) | text and tag`.
//! Both tags cover installation, table, record, field, version and the number of the vault's key, so that an envelope
//! opens nowhere but where it was put. The text is padded, so that its length does not tell a short password.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::MasterKey;
use super::cipher::{KEY_BYTES, XCHACHA20_POLY1305, bound, decrypt, encrypt};
use crate::error::{AppError, AppResult};

/// The layout above.
const FORMAT: u8 = 1;
/// A wrapped key with its nonce and tag.
const WRAPPED_BYTES: usize = 24 + KEY_BYTES + 16;
/// Texts are padded to a multiple of this.
const BUCKET: usize = 64;
/// Ends the text within its padding.
const END: u8 = 0x80;
/// The vault's key that is made of the master key.
pub const FIRST: u32 = 1;

/// Where an envelope is kept.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The record's random name.
    pub record: &'a str,
    /// The field of the record.
    pub field: &'a str,
    /// Counts what was kept there.
    pub version: i64,
}

/// Seals and opens what is kept in the vault. Without `Debug`: it holds keys.
#[derive(Clone)]
pub struct Vault {
    install_id: String,
    master_key_file: PathBuf,
    first: Zeroizing<Vec<u8>>,
    fingerprints: Zeroizing<Vec<u8>>,
}

impl Vault {
    /// The vault of the installation `install_id`.
    pub(super) fn new(master: &MasterKey, install_id: &str) -> AppResult<Self> {
        Ok(Self {
            install_id: install_id.to_owned(),
            master_key_file: master.path.clone(),
            first: key_of(master, install_id)?,
            fingerprints: master.expand("bureau/vault-fingerprint/v1", install_id)?,
        })
    }

    /// The file of a key after the first: beside the master key.
    pub fn file_of(&self, number: u32) -> PathBuf {
        let mut name = self.master_key_file.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".vault-{number}"));
        self.master_key_file.with_file_name(name)
    }

    /// Read anew for each use: another process may have made it since the start.
    fn key(&self, number: u32) -> AppResult<Zeroizing<Vec<u8>>> {
        match number {
            FIRST => Ok(self.first.clone()),
            _ => key_of(&MasterKey::read(&self.file_of(number))?, &self.install_id),
        }
    }

    /// What tells the key `number` from every other, and nothing about it.
    pub fn check_value(&self, number: u32) -> AppResult<String> {
        let key = self.key(number)?;
        Ok(BASE64.encode(Sha256::digest(bound(&[b"bureau-vault-check", &key]))))
    }

    /// What both tags of an envelope cover beside their text.
    fn bound(&self, part: &[u8], place: Place<'_>, head: &[u8]) -> Vec<u8> {
        let version = place.version.to_be_bytes();
        bound(&[
            b"bureau-vault",
            part,
            head,
            self.install_id.as_bytes(),
            b"credential_secrets",
            place.record.as_bytes(),
            place.field.as_bytes(),
            &version,
        ])
    }

    /// `text` in an envelope for `place` under the vault's key `number`.
    pub fn seal(&self, number: u32, place: Place<'_>, text: &[u8]) -> AppResult<Vec<u8>> {
        let head = [&[FORMAT, XCHACHA20_POLY1305], number.to_be_bytes().as_slice()].concat();
        let own_key = Zeroizing::new(rand::random::<[u8; KEY_BYTES]>());
        let wrapped = encrypt(&self.key(number)?, &self.bound(b"key", place, &head), own_key.as_slice())?;
        let sealed = encrypt(own_key.as_slice(), &self.bound(b"text", place, &head), &padded(text))?;
        Ok([head, wrapped, sealed].concat())
    }

    /// The text of an envelope that was sealed for `place`. Any other is refused, whatever was done to it.
    pub fn open(&self, place: Place<'_>, envelope: &[u8]) -> AppResult<Zeroizing<String>> {
        let refused = || {
            tracing::error!(
                field = place.field,
                version = place.version,
                "a secret of the vault does not open"
            );
            AppError::Conflict(
                "This secret does not open: what is stored is not what was saved here. Run bureau doctor."
                    .into(),
            )
        };
        let number = number_of(envelope).ok_or_else(refused)?;
        let key = self.key(number).map_err(|_| refused())?;
        let (head, rest) = envelope.split_at_checked(6).ok_or_else(refused)?;
        let (wrapped, sealed) = rest.split_at_checked(WRAPPED_BYTES).ok_or_else(refused)?;
        let own_key = decrypt(&key, &self.bound(b"key", place, head), wrapped).ok_or_else(refused)?;
        let text = decrypt(&own_key, &self.bound(b"text", place, head), sealed).ok_or_else(refused)?;
        let text = unpadded(&text).ok_or_else(refused)?;
        String::from_utf8(text.to_vec()).map(Zeroizing::new).map_err(|_| refused())
    }

    /// Equal for equal texts, and of no use without the master key.
    pub fn fingerprint(&self, text: &str) -> String {
        let bytes = bound(&[&self.fingerprints, text.as_bytes()]);
        BASE64.encode(Sha256::digest(Zeroizing::new(bytes)))
    }
}

/// The number of the vault's key under which an envelope was sealed; `None` where it is no envelope of ours.
pub fn number_of(envelope: &[u8]) -> Option<u32> {
    match envelope {
        [FORMAT, XCHACHA20_POLY1305, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

fn key_of(master: &MasterKey, install_id: &str) -> AppResult<Zeroizing<Vec<u8>>> {
    let mut key = master.expand("bureau/vault-kek/v1", install_id)?;
    key.truncate(KEY_BYTES);
    Ok(key)
}

fn padded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = (text.len() + 1).next_multiple_of(BUCKET);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.extend_from_slice(text);
    bytes.push(END);
    bytes.resize(length, 0);
    bytes
}

fn unpadded(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().rposition(|byte| *byte != 0)?;
    (bytes.get(end) == Some(&END)).then(|| bytes.get(..end)).flatten()
}
