//! The week filled in as a table: a cell is the work on one task, or on a project, on one day.
//!
//! A cell without hours makes an entry of what is typed, a cell with one changes it, emptied it deletes it; a cell with
//! several entries, or with hours that do not change any more, says so and leads to them. What is typed is what hours
//! take everywhere: `1.5`, `1:30`, `90m`, `9-10:30`. Cells are saved together or not at all; a cell that moved since it
//! was shown is not overwritten. Rows without hours are kept (`sheet_rows`), of one week or as favourites of every week.
//! URLs: `POST /time-entries/grid`, `/time-entries/rows`, `…/rows/removal`, `…/rows/copy`; `/api/time-entries/week`,
//! `/api/time-entries/rows`.

pub mod api;
pub mod copy;
pub mod form;
pub mod kept;
pub mod model;
pub mod pages;

use crate::web::routes::Routes;

/// The pages of the grid.
pub fn pages() -> Routes {
    Routes::new()
        .post("/time-entries/grid", pages::update)
        .post("/time-entries/rows", pages::add)
        .post("/time-entries/rows/removal", pages::remove)
        .post("/time-entries/rows/copy", pages::copy)
}

/// The JSON API of the grid.
pub fn api() -> Routes {
    Routes::new()
        .get("/api/time-entries/week", api::find_week)
        .put("/api/time-entries/week", api::update_week)
        .post("/api/time-entries/rows", api::add_row)
        .delete("/api/time-entries/rows", api::remove_row)
        .post("/api/time-entries/rows/copy", api::copy_rows)
}
