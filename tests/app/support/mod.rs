//! What every test stands on.
//!
//! [`TestApp::new`] starts the application that ships over a fresh database of an agency that is set up;
//! [`TestApp::empty`] one that waits for its first visit. `app.manager()` and its like are [`Visitor`]s:
//! `.post(path).form([…]).htmx().send().await` gives a [`Page`] to assert on. `app.client("Northwind")` and its like
//! arrange rows ([`factory`]). Dropping the app asserts that the database and the activity chain are sound.
#![expect(dead_code, reason = "a toolbox: not every tool is in use at any time")]

mod app;
pub mod authenticator;
pub mod browser;
pub mod database;
mod documents;
mod dump;
mod factory;
mod html;
mod http;
mod post;
mod postgres;

pub use app::{PASSWORD, TestApp};
pub use dump::{Dump, PROOFS};
pub use factory::{cents, day};
pub use http::{Page, Part, Visitor};
