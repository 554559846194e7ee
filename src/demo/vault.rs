//! What opens the clients' sites, who looked at it, and who works from outside. Through the verbs that people use.

use diesel::prelude::*;
use rand::SeedableRng;
use rand::distr::{Alphanumeric, SampleString};
use rand::rngs::StdRng;
use zeroize::Zeroizing;

use super::{SEED, Sample, ZONE};
use crate::auth::policy::Role;
use crate::auth::user::{self, NewUser, Standing};
use crate::clients::members::model as members;
use crate::credentials::model::{self as credentials, Access, Kind, NewCredential};
use crate::credentials::reveals::{self, Look};
use crate::credentials::secrets::{Change, Field};
use crate::db::Conn;
use crate::db::schema::clients;
use crate::error::AppResult;
use crate::keys::vault::Vault;
use crate::types::ids::ClientId;

/// Looks that one person may have in an hour, which the sample never comes near.
const LOOKS: i64 = 1_000;
/// Characters of a password by chance.
const LENGTH: usize = 20;
/// The seed of one-time codes that RFC 6238 tests with.
const TOTP: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// Whom the contractor works for.
const CONTRACTORS_CLIENT: &str = "Osk Atelier";
/// Days until the contractor comes in no more.
const CONTRACTORS_DAYS: u64 = 60;

/// What stands for a password.
enum Secret {
    Random,
    /// As people choose it.
    Typed(&'static str),
}

struct Line {
    client: &'static str,
    label: &'static str,
    kind: Kind,
    username: &'static str,
    url: &'static str,
    tags: &'static str,
    secret: Secret,
    has_totp: bool,
    access: Access,
    expires_in: Option<u64>,
    rotate_every_days: Option<i64>,
    /// Who looked at it, by their place in the team, and how many days ago.
    looks: &'static [(usize, u64)],
}

const PLAIN: Line = Line {
    client: "",
    label: "",
    kind: Kind::Login,
    username: "",
    url: "",
    tags: "",
    secret: Secret::Random,
    has_totp: false,
    access: Access::Team,
    expires_in: None,
    rotate_every_days: None,
    looks: &[],
};

const LINES: &[Line] = &[
    Line {
        client: "Halden Brewing Co.",
        label: "Shop admin",
        kind: Kind::Cms,
        username: "fielder",
        url: "https://haldenbrewing.example/admin",
        tags: "shop",
        has_totp: true,
        looks: &[(2, 9), (3, 4), (2, 1)],
        ..PLAIN
    },
    Line {
        client: "Halden Brewing Co.",
        label: "Files of the shop",
        kind: Kind::Hosting,
        username: "halden-web",
        url: "sftp://files.haldenbrewing.example",
        tags: "shop",
        rotate_every_days: Some(90),
        looks: &[(2, 12)],
        ..PLAIN
    },
    Line {
        client: "Marlow & Finch",
        label: "Domain names",
        kind: Kind::Registrar,
        username: "edward@marlowfinch.example",
        url: "https://registrar.example",
        expires_in: Some(19),
        access: Access::Named,
        ..PLAIN
    },
    Line {
        client: "Marlow & Finch",
        label: "Editor of the site",
        kind: Kind::Cms,
        username: "fielder",
        url: "https://marlowfinch.example/wp-admin",
        secret: Secret::Typed("Bridge-Street-1998"),
        looks: &[(3, 6)],
        ..PLAIN
    },
    Line {
        client: "Bryn Nurseries",
        label: "Shop admin",
        kind: Kind::Cms,
        username: "gwen",
        url: "https://brynnurseries.example/admin",
        tags: "shop",
        secret: Secret::Typed("nursery1"),
        ..PLAIN
    },
    Line {
        client: "Kessler Legal",
        label: "Database of the site",
        kind: Kind::Database,
        username: "kessler_site",
        url: "postgresql://db.kessler.example/site",
        access: Access::Client,
        ..PLAIN
    },
    Line {
        client: "Osk Atelier",
        label: "Preview server",
        kind: Kind::SshKey,
        username: "deploy",
        url: "ssh://preview.osk.example",
        looks: &[(2, 3)],
        ..PLAIN
    },
    Line {
        client: "Tidewater Co-op",
        label: "Newsletter",
        kind: Kind::ApiKey,
        username: "",
        url: "https://letters.example",
        tags: "mail",
        secret: Secret::Typed("Bridge-Street-1998"),
        ..PLAIN
    },
    Line {
        client: "Fielder Studio, internal",
        label: "Studio Wi-Fi",
        kind: Kind::Wifi,
        username: "Fielder",
        looks: &[(1, 20), (4, 2)],
        ..PLAIN
    },
];

fn client(conn: &mut Conn, name: &str) -> AppResult<ClientId> {
    Ok(clients::table.filter(clients::name.eq(name)).select(clients::id).first(conn)?)
}

/// Fills the vault, and lets somebody in who works for one client alone.
pub(super) fn fill(conn: &mut Conn, vault: &Vault, sample: &Sample, hash: &str) -> AppResult<()> {
    let (owner, kept_at) = (sample.owner(), sample.morning(140));
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut looks = Vec::new();
    for line in LINES {
        let secret = match line.secret {
            Secret::Random => Alphanumeric.sample_string(&mut rng, LENGTH),
            Secret::Typed(text) => text.to_owned(),
        };
        let new = NewCredential {
            client_id: client(conn, line.client)?,
            kind: line.kind,
            label: line.label.into(),
            username: line.username.into(),
            urls: line.url.into(),
            tags: line.tags.into(),
            access: line.access,
            expires_on: line.expires_in.map(|days| sample.days_ahead(days)),
            rotate_every_days: line.rotate_every_days,
        };
        let mut changes = vec![(Field::Secret, Change::Set(Zeroizing::new(secret)))];
        if line.has_totp {
            changes.push((Field::Totp, Change::Set(Zeroizing::new(TOTP.to_owned()))));
        }
        let kept = credentials::create(conn, vault, &owner, kept_at, &new, &changes)?;
        looks.extend(line.looks.iter().map(|&(who, days_ago)| (days_ago, who, kept.id)));
    }
    looks.sort_by_key(|&(days_ago, ..)| std::cmp::Reverse(days_ago));
    for (days_ago, who, id) in looks {
        let Some(person) = sample.team.get(who) else { continue };
        let look = Look {
            field: Field::Secret,
            version: None,
            is_copy: days_ago % 2 == 0,
            is_seed: false,
            reason: String::new(),
        };
        reveals::record(conn, person, sample.morning(days_ago), LOOKS, id, &look)?;
    }
    contractor(conn, sample, hash)
}

fn contractor(conn: &mut Conn, sample: &Sample, hash: &str) -> AppResult<()> {
    let owner = sample.owner();
    let new = NewUser {
        email: "ada@brandt.example".into(),
        name: "Ada Brandt".into(),
        role: Role::Contractor,
        password_hash: Some(hash.to_owned()),
        time_zone: ZONE.to_owned(),
    };
    let ada = user::create(conn, Some(owner.id), sample.now, &new)?;
    let standing =
        Standing { role: Role::Contractor, access_ends_on: Some(sample.days_ahead(CONTRACTORS_DAYS)) };
    user::set_standing(conn, &owner, sample.now, (ada.id, ada.version), standing)?;
    let theirs = client(conn, CONTRACTORS_CLIENT)?;
    members::add(conn, &owner, sample.now, theirs, ada.id).map(drop)
}
