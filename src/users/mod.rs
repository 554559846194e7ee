//! People as they see to themselves. Who they are and what they may do is `auth`.
//! URLs: `/profile`; `/api/profile`.

pub mod profile;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    profile::pages()
}

/// The JSON API of this area.
pub fn api() -> Routes {
    profile::api()
}
