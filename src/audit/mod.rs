//! The activity log: every change by whom and when.
//!
//! A verb records its entry in its own transaction ([`model::record`]). The database refuses to alter or remove
//! one. Entries are chained by hash afterwards, in the order in which a background pass sees them
//! ([`seal::seal_next`]), so that writers never wait for each other's hash. The whole of it is read by [`log::page`].

pub mod log;
pub mod model;
pub mod seal;
pub mod timeline;
