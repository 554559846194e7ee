//! Signing in and out. URLs: `/login`, `/login/passkey`, `/login/second`, `/login/second/passkey`, `/logout`, `/shortcuts`.

mod known;
pub mod pages;
pub mod passkey;
pub mod second;
