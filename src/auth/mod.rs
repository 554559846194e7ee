//! Who comes in and what they may do: people, invitations, passwords, passkeys, sessions, API tokens, the policy table.
//!
//! A route declares its policy by the type of its handler's first argument ([`extract`]); a handler without
//! one cannot be routed. Rows are only ever loaded through queries scoped to an [`user::Actor`].
//! URLs: `/login`, `/login/passkey`, `/login/second`, `/logout`, `/step-up`.

pub mod extract;
pub mod invitation;
pub mod known_browser;
pub mod passkey;
pub mod password;
pub mod password_reset;
pub mod policy;
pub mod second_factor;
pub mod session;
pub mod sign_in;
pub mod step_up;
pub mod throttle;
pub mod token;
pub mod user;
