//! Passwords: bcrypt over a keyed hash, so that no length is truncated and a stolen table is of no use.

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::{AppError, AppResult};
use crate::keys::Keys;
use crate::types::text::fold;

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
    let folded = fold(password);
    let mut distinct: Vec<char> = folded.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let is_known = [name, email, "correct horse battery staple"].iter().any(|known| fold(known) == folded);
    if distinct.len() < 5 || is_known || is_common(&folded, name, email) {
        return Some("is too easy to guess".to_owned());
    }
    None
}

/// Words and runs of keys that lists of leaked passwords are made of, one a line, longest first.
const COMMON: &str = include_str!("common.txt");

/// Characters that must be left when everything that is guessed first is taken away.
const OWN_CHARACTERS: usize = 5;

/// Whether a password is put together from what is guessed first: common words, one's own name, years, runs of the
/// alphabet and of digits. Those of twelve characters and more are all made that way: "Password2024!", "qwertyuiop12".
fn is_common(folded: &str, name: &str, email: &str) -> bool {
    let about = fold(&format!("{name} {email}"));
    let about: Vec<&str> =
        about.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= 3).collect();
    let years = (1940..=2060).map(|year: i32| year.to_string());
    let dateless = years.fold(folded.to_owned(), |rest, year| rest.replace(&year, "\0"));
    let unleeted: String = dateless.chars().map(unleeted).collect();
    [dateless, unleeted].into_iter().any(|mut rest| {
        let mut words = 0;
        for word in about.iter().copied().chain(COMMON.lines()) {
            words += rest.matches(word).count();
            rest = rest.replace(word, "\0");
        }
        // A phrase of many common words is a good password; what stands around one or two of them is not.
        words <= 2 && surprises(&rest) < OWN_CHARACTERS
    })
}

/// Characters that do not follow from the one before.
fn surprises(text: &str) -> usize {
    let mut before = '\0';
    let mut count = 0;
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if c != '\0' && u32::from(before).abs_diff(u32::from(c)) > 1 {
            count += 1;
        }
        before = c;
    }
    count
}

/// The letter that a digit or sign is put for.
fn unleeted(c: char) -> char {
    match c {
        '@' => 'a',
        '0' => 'o',
        '$' => 's',
        '3' => 'e',
        '1' | '!' => 'i',
        c => c,
    }
}

/// The work factor of a stored hash.
pub fn cost_of(hash: &str) -> Option<u32> {
    hash.split('$').nth(2)?.parse().ok()
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
