//! The master key and the keys derived from it, one per purpose, so that a leaked one never opens another.

pub mod cipher;
pub mod vault;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::error::{AppError, AppResult};
use cipher::{Cipher, KEY_BYTES};
use vault::Vault;

/// What the process may do with the master key.
#[derive(Clone)]
pub struct Keys {
    cookie: Zeroizing<Vec<u8>>,
    pepper: Zeroizing<Vec<u8>>,
    second_factors: Cipher,
    mails: Cipher,
    vault: Vault,
    check: String,
}

impl Keys {
    /// Derives every key for the installation `install_id`.
    pub fn derive(master: &MasterKey, install_id: &str) -> AppResult<Self> {
        let expand = |label: &str| master.expand(label, install_id);
        let check = BASE64.encode(Sha256::digest(expand("bureau/key-check/v1")?.as_slice()));
        let cipher = |label: &str| -> AppResult<Cipher> {
            let mut key = expand(label)?;
            key.truncate(KEY_BYTES);
            Ok(Cipher::new(key))
        };
        Ok(Self {
            cookie: expand("bureau/cookie/v1")?,
            pepper: expand("bureau/pepper/v1")?,
            second_factors: cipher("bureau/second-factor/v1")?,
            mails: cipher("bureau/mail/v1")?,
            vault: Vault::new(master, install_id)?,
            check,
        })
    }

    /// 64 bytes that sign the session cookie.
    pub fn cookie(&self) -> &[u8] {
        &self.cookie
    }

    /// What seals the secrets of second factors.
    pub fn second_factors(&self) -> &Cipher {
        &self.second_factors
    }

    /// What seals links in mails that wait.
    pub fn mails(&self) -> &Cipher {
        &self.mails
    }

    /// What seals what is kept in the vault.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// What bcrypt hashes in place of `password`: 64 characters whatever its length, so nothing is truncated,
    /// and of no use without the key.
    pub fn peppered(&self, password: &str) -> AppResult<Zeroizing<String>> {
        let mut mac = Hmac::<Sha384>::new_from_slice(&self.pepper).map_err(AppError::internal)?;
        mac.update(password.as_bytes());
        Ok(Zeroizing::new(BASE64.encode(mac.finalize().into_bytes())))
    }

    /// Stored beside the data: equal only when the master key is the same.
    pub fn check_value(&self) -> &str {
        &self.check
    }
}

/// 32 random bytes, kept outside the database.
pub struct MasterKey {
    bytes: Zeroizing<Vec<u8>>,
    /// Its file.
    pub path: PathBuf,
    /// Whether Bureau made the file, so that there must be a database to it.
    pub is_own: bool,
}

/// The second line of a key file that Bureau made.
const OWN: &str = "# Made by Bureau. Keep a copy apart from the backups; without it they cannot be read.";

impl MasterKey {
    /// Reads the key file: base64 of 32 bytes on its first line, readable by its owner only.
    pub fn read(path: &Path) -> AppResult<Self> {
        let refuse =
            |reason: String| AppError::Internal(format!("The master key {} {reason}", path.display()));
        check_permissions(path).map_err(refuse)?;
        let text = Zeroizing::new(
            fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}.")))?,
        );
        let (first, rest) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        let bytes = BASE64.decode(first.trim()).map(Zeroizing::new);
        match bytes {
            Ok(bytes) if bytes.len() == KEY_BYTES => {
                Ok(Self { bytes, path: path.to_owned(), is_own: rest.contains(OWN) })
            }
            _ => Err(refuse("does not hold 32 bytes in base64.".to_owned())),
        }
    }

    /// Makes a new key file with mode 0600; never replaces one.
    pub fn create(path: &Path) -> AppResult<Self> {
        let fault = |error: std::io::Error| {
            AppError::Internal(format!("The master key {} cannot be written: {error}.", path.display()))
        };
        let bytes = Zeroizing::new(rand::random::<[u8; KEY_BYTES]>().to_vec());
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fault)?;
        let text = Zeroizing::new(format!("{}\n{OWN}\n", BASE64.encode(bytes.as_slice())));
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
        Ok(Self { bytes, path: path.to_owned(), is_own: true })
    }

    /// 64 bytes for the purpose that `label` names, in the installation `install_id`.
    fn expand(&self, label: &str, install_id: &str) -> AppResult<Zeroizing<Vec<u8>>> {
        let mut mac = Hmac::<Sha512>::new_from_slice(&self.bytes).map_err(AppError::internal)?;
        mac.update(format!("{label}\0{install_id}").as_bytes());
        Ok(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
    }
}

#[cfg(unix)]
fn check_permissions(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).map_err(|error| format!("cannot be read: {error}."))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(format!("is readable by others (mode {mode:04o}); set it to 0600."))
    }
}

#[cfg(not(unix))]
fn check_permissions(_path: &Path) -> Result<(), String> {
    Ok(())
}

/// Lower-case hex of the SHA-256 of `text`: how tokens and session keys are stored.
pub fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new random token of 256 bits, safe in a URL.
pub fn random_token() -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}
