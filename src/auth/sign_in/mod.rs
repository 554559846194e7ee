//! Signing in and out. URLs: `/login`, `/logout`, `/shortcuts`.

pub mod pages;
