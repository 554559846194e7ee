//! Today: what runs, what waits, what is owed. It owns no table; every figure links to its rows and is the one that they
//! show. Who sees no money gets none of it, who does not work no week and no tasks.
//! URL: `/`, `/api/dashboard`.

pub mod api;
pub mod budgets;
pub mod model;
pub mod months;
pub mod pages;
pub mod team;
pub mod today;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    Routes::new().get("/", pages::index)
}

/// The JSON API of this area.
pub fn api() -> Routes {
    Routes::new().get("/api/dashboard", api::find_dashboard)
}
