//! Signing in and out. URLs: `/login`, `/login/second`, `/logout`, `/shortcuts`.

pub mod pages;
pub mod second;
