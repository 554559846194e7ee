//! Every test of Bureau, in one binary: in process, with real migrations and real middleware, each against a
//! fresh database. `TEST_DATABASE_URL` picks PostgreSQL; without it the tests run on SQLite.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

mod activity;
mod agency;
mod architecture;
mod assignments;
mod auth;
mod billing;
mod billing_api;
mod billing_base;
mod billing_close;
mod billing_costs;
mod billing_credit_shares;
mod billing_credit_sums;
mod billing_credits;
mod billing_editor;
mod billing_frozen;
mod billing_issue;
mod billing_ledger;
mod billing_numbers;
mod billing_pricing;
mod billing_reissue;
mod billing_tax;
mod billing_totals;
mod billing_write_offs;
mod browser;
mod browser_vault;
mod calendar;
mod choices;
mod clients;
mod clients_api;
mod clients_contacts;
mod clients_list;
mod config;
mod credentials;
mod credentials_access;
mod credentials_envelopes;
mod credentials_intakes;
mod credentials_rotations;
mod credentials_shares;
mod dashboard;
mod demo;
mod doctor;
mod errors;
mod jobs;
mod known_browsers;
mod mail;
mod mailing;
mod mail_smtp;
mod migrations;
mod money;
mod notifications;
mod openapi;
mod passkeys;
mod password_resets;
mod payments;
mod payments_exchange;
mod payments_shared;
mod people;
mod processes;
mod project_hours;
mod projects;
mod projects_budget;
mod projects_members;
mod projects_milestones;
mod project_templates;
mod projects_retainers;
mod queries;
mod query_plans;
mod quotes;
mod quotes_answers;
mod rate_limit;
mod rates;
mod recurring;
mod reminders;
mod rounding;
mod routes;
mod second_factor;
mod sessions;
mod statement;
mod step_up;
mod task_board;
mod task_comments;
mod task_labels;
mod task_parts;
mod task_schedules;
mod task_views;
mod tasks;
mod time_entries;
mod time_entries_bulk;
mod time_entries_clock;
mod time_entries_grid;
mod time_entries_money;
mod time_entries_repricing;
mod time_entries_split;
mod time_entries_week;
mod time_leaks;
mod timesheets;
mod timer;
