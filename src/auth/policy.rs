//! Who may do what: one table.

use serde::Serialize;

crate::text_enum! {
    /// What a person is to the agency.
    pub enum Role {
        /// Everything, and the last of them cannot leave.
        Owner = "owner", "Owner";
        /// Everything but what only an owner may.
        Admin = "admin", "Admin";
        /// Clients, projects, everybody's hours and the money.
        Manager = "manager", "Manager";
        /// Tasks and their own hours; no money.
        Member = "member", "Member";
        /// From outside: the clients and projects they are assigned to, their own hours there; no money, until an end date.
        Contractor = "contractor", "Contractor";
        /// The money and everybody's hours; no work of their own to plan.
        Bookkeeper = "bookkeeper", "Bookkeeper";
    }
}

/// What a route asks of the one who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Nobody need be signed in. Every such route stands in the list of `app::PUBLIC`.
    Public,
    /// Anybody who is signed in.
    SignedIn,
    /// Who belongs to the agency: they see all of its clients.
    Team,
    /// Who works on tasks and logs hours.
    Work,
    /// Who opens the vault: what they see there follows from the credential.
    Vault,
    /// Who looks after clients and projects.
    Manage,
    /// Who sees amounts and makes invoices.
    Money,
    /// Who runs the installation.
    Administer,
}

impl Policy {
    /// Every policy, from the most open to the tightest.
    pub const ALL: [Self; 8] = [
        Self::Public,
        Self::SignedIn,
        Self::Team,
        Self::Work,
        Self::Vault,
        Self::Manage,
        Self::Money,
        Self::Administer,
    ];

    /// Whether `role` passes.
    pub fn allows(self, role: Role) -> bool {
        use Role::{Admin, Bookkeeper, Contractor, Manager, Member, Owner};
        match self {
            Self::Public | Self::SignedIn => true,
            Self::Team => role != Contractor,
            Self::Work | Self::Vault => matches!(role, Owner | Admin | Manager | Member | Contractor),
            Self::Manage => matches!(role, Owner | Admin | Manager),
            Self::Money => matches!(role, Owner | Admin | Manager | Bookkeeper),
            Self::Administer => matches!(role, Owner | Admin),
        }
    }
}
