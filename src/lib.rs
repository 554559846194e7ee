//! Bureau: clients, projects, hours and invoices of a small agency in one binary with one database.
//!
//! Read in this order; each line may use the lines above it only (`tests/app/architecture.rs` holds that):
//! 1. [`types`], [`error`], [`config`], [`keys`]: values and settings
//! 2. [`db`]: one connection type for SQLite and PostgreSQL
//! 3. [`audit`], [`auth`] (people, sessions, policy): who did what, who may
//! 4. [`net`] (what leaves the machine), [`web`]: what every page shares
//! 5. the areas, one directory each with the same file names
//! 6. [`app`]: the one list of areas; the binary's commands

#[macro_use]
pub mod types;
pub mod config;
pub mod error;
pub mod keys;

#[macro_use]
pub mod db;

pub mod audit;
pub mod auth;
pub mod net;
pub mod web;

pub mod jobs;
pub mod mail;
pub mod rates;
pub mod agency;
pub mod notifications;
pub mod clients;
pub mod projects;
pub mod tasks;
pub mod time_entries;
pub mod billing;
pub mod credentials;
pub mod users;
pub mod activity;
pub mod dashboard;

pub mod openapi;
pub mod demo;
pub mod doctor;
pub mod background;
pub mod app;
