//! Passwords: bcrypt over a keyed hash, so that no length is truncated and a stolen table is of no use.

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::{AppError, AppResult};
use crate::keys::Keys;

/// Shortest and longest password, in characters.
pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

/// Hashes in parallel at most; the rest of the machine goes on serving pages.
static HASHERS: Semaphore = Semaphore::const_new(2);

/// A message when `password` is not acceptable for somebody called `name` with address `email`.
pub fn weakness(password: &str, name: &str, email: &str) -> Option<String> {
    let length = password.chars().count();
    if length < *LENGTH.start() {
        return Some(format!("needs at least {} characters; a few words make a good one", LENGTH.start()));
    }
    if length > *LENGTH.end() {
        return Some(format!("has more than {} characters", LENGTH.end()));
    }
    if password.contains('\0') {
        return Some("must not contain a NUL character".to_owned());
    }
    let folded = crate::types::text::fold(password);
    let mut distinct: Vec<char> = folded.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let known = [
        name,
        email,
        "password1234",
        "passwordpassword",
        "123456789012",
        "qwertyuiopas",
        "correct horse battery staple",
    ];
    if distinct.len() < 5 || known.iter().any(|known| crate::types::text::fold(known) == folded) {
        return Some("is too easy to guess".to_owned());
    }
    None
}

/// The hash to store.
pub async fn hash(keys: &Keys, cost: u32, password: &str) -> AppResult<String> {
    let peppered = keys.peppered(password)?;
    on_a_hasher(move || bcrypt::non_truncating_hash(peppered.as_str(), cost).map_err(AppError::internal))
        .await
}

/// [`hash`] for commands, on the calling thread.
pub fn hash_blocking(keys: &Keys, cost: u32, password: &str) -> AppResult<String> {
    bcrypt::non_truncating_hash(keys.peppered(password)?.as_str(), cost).map_err(AppError::internal)
}

/// Whether `password` belongs to `hash`. Without a hash it takes as long and says no, so that nobody can tell
/// who has an account.
pub async fn verify(keys: &Keys, cost: u32, password: &str, hash: Option<String>) -> AppResult<bool> {
    let peppered: Zeroizing<String> = keys.peppered(password)?;
    on_a_hasher(move || match hash {
        Some(hash) => bcrypt::verify(peppered.as_str(), &hash).map_err(AppError::internal),
        None => {
            bcrypt::non_truncating_hash(peppered.as_str(), cost).map(|_| false).map_err(AppError::internal)
        }
    })
    .await
}

async fn on_a_hasher<T: Send + 'static>(
    work: impl FnOnce() -> AppResult<T> + Send + 'static,
) -> AppResult<T> {
    let _permit = HASHERS.acquire().await.map_err(AppError::internal)?;
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| Err(AppError::internal(panic)))
}
