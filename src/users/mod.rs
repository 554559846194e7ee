//! People: how they look after themselves, and how owners and admins look after them. Who they are and what they may do
//! is `auth`; this stands after the areas whose rows go over when somebody leaves.
//! URLs: `/profile`, `/profile/sign-in`, `/profile/tokens`, `/users`, `/users/invitations`, `/invitations/{token}`, `/password-reset`; `/api/profile`, `/api/users`.

pub mod account;
pub mod invitations;
pub mod passkeys;
pub mod password_resets;
pub mod people;
pub mod profile;
pub mod second_factor;
pub mod tokens;

use crate::web::routes::Routes;

/// The pages of this area.
pub fn pages() -> Routes {
    profile::pages()
        .and(account::pages())
        .and(second_factor::pages())
        .and(passkeys::pages())
        .and(tokens::pages())
        .and(invitations::pages())
        .and(password_resets::pages())
        .and(people::pages())
}

/// The JSON API of this area.
pub fn api() -> Routes {
    profile::api()
        .and(account::api())
        .and(second_factor::api())
        .and(passkeys::api())
        .and(tokens::api())
        .and(invitations::api())
        .and(people::api())
}
