//! What leaves the machine. Nothing else opens a connection outwards, and never within a transaction.

pub mod post;
