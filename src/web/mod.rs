//! What every page shares: routing with policies, the fragment rule, the page around a page, forms, errors,
//! security headers, assets. An area calls these; nothing here knows an area.

pub mod assets;
pub mod client_ip;
pub mod csrf;
pub mod errors;
pub mod filters;
pub mod form;
pub mod headers;
pub mod json;
pub mod once;
pub mod page;
pub mod query;
pub mod routes;
pub mod upload;

pub use crate::types::pagination;

use crate::config::Config;
use crate::db::Db;
use crate::keys::Keys;
use crate::types::clock::Clock;

/// What a handler works with. Built once by [`crate::app`].
pub struct App {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// Where `now` comes from.
    pub clock: Clock,
    /// Keys derived from the master key.
    pub keys: Keys,
}
