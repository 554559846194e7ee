//! Signing in and out. URLs: `/login`, `/login/second`, `/logout`, `/shortcuts`.

mod known;
pub mod pages;
pub mod second;
