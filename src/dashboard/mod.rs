//! Today: what runs, what waits, what is owed. It owns no table; every figure links to its rows.
//! URL: `/`.

pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new().get("/", pages::index)
}
