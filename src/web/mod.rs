//! What every page shares: routing with policies, the fragment rule, the page around a page, forms, errors,
//! security headers, assets. An area calls these; nothing here knows an area.

pub mod assets;
pub mod client_ip;
pub mod compress;
pub mod csrf;
pub mod csv;
pub mod errors;
pub mod filters;
pub mod form;
pub mod headers;
pub mod json;
pub mod once;
pub mod page;
pub mod proof;
pub mod query;
pub mod rate_limit;
pub mod routes;
pub mod secret_links;
pub mod upload;

pub use crate::types::pagination;

use std::sync::Arc;

use self::rate_limit::Limiter;
use crate::config::Config;
use crate::db::Db;
use crate::db::kept::Kept;
use crate::keys::Keys;
use crate::net::post::Post;
use crate::types::clock::Clock;
use crate::types::ids::{ClientId, ProjectId};

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
    /// What lists offer to be narrowed by.
    pub offers: Arc<Offers>,
    /// Counts requests; `None` where they are not limited.
    pub limiter: Option<Limiter>,
    /// How mail leaves; `None` and it waits.
    pub post: Option<Arc<dyn Post>>,
}

/// Names that most lists offer to be narrowed by.
#[derive(Debug, Default)]
pub struct Offers {
    /// Clients that are not archived.
    pub clients: Kept<Vec<(ClientId, String)>>,
    /// Projects under way, each with its client and both names.
    pub projects: Kept<Vec<(ProjectId, ClientId, String)>>,
}
