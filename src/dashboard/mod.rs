//! Today: what runs, what waits, what is owed. It owns no table; every figure links to its rows and is the one that they
//! show. Who sees no money gets none of it, who does not work no week and no tasks.
//! URL: `/`.

pub mod budgets;
pub mod model;
pub mod months;
pub mod pages;
pub mod team;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new().get("/", pages::index)
}
